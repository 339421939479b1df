//! `shop remove`.

use std::{io::IsTerminal, process::ExitCode};

use relay::{config::Variables, shop::ShopName};
use serde_json::json;

use super::{
    ask::{Questions, Terminal},
    names,
};
use crate::{
    command::{CommandError, Outcome},
    installation::{Installation, Place},
    output,
};

/// Removes a shop's secrets. Its webhooks are refused within five minutes; what waits for delivery waits for new secrets.
#[derive(clap::Args)]
pub(super) struct Remove {
    /// The shop.
    shop: ShopName,

    /// Does not ask.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Remove {
    pub(super) async fn run(self) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let prefix = names::shop_prefix(installation.prefix(), &self.shop);
        let mut names = installation.secret_names().await?;
        names.retain(|name| name.starts_with(&prefix));
        if names.is_empty() {
            return Err(CommandError(format!("there is no shop {}", self.shop)));
        }
        if !self.yes {
            if !std::io::stdin().is_terminal() {
                return Err(CommandError(
                    "standard input is no terminal: use --yes to remove without a question".into(),
                ));
            }
            confirm(&mut Terminal, &self.shop, &names)?;
        }
        for name in &names {
            installation.delete_secret(name).await?;
        }
        if self.json {
            output::print_json(&json!({"shop": self.shop, "removed": names}))?;
        } else {
            output::print(&format!("{}: removed {}\n{}", self.shop, names.join(", "), installation.after_removal()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn confirm(questions: &mut impl Questions, shop: &ShopName, names: &[String]) -> Result<(), CommandError> {
    let answer = questions.ask(&format!("Remove {}? Type the shop's name to confirm: ", names.join(", ")))?;
    if answer == shop.as_str() { Ok(()) } else { Err(CommandError("nothing was removed".into())) }
}
