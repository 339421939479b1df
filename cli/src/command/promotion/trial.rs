//! `promotion test`.

use std::process::ExitCode;

use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    event::Email,
    ingest::NotTestable,
    random::{Random, SystemRandom},
    shop::ShopName,
};
use serde_json::json;

use super::{desk::Desk, faulty, name, read, row_key};
use crate::{
    command::{CommandError, Outcome},
    installation::{Installation, Place},
    output,
};

/// Sends a personalised push to one address and nobody else, now, to see what it looks like.
///
/// It goes out under an id of its own, whatever the file says about audience and times, also in quiet hours. A voucher
/// tag uses up one number of the batch. Other channels reach everybody and are refused.
#[derive(clap::Args)]
pub(super) struct Trial {
    /// The file, JSON, as for `schedule`; - is standard input.
    file: String,

    /// Who gets it: the address of a customer whose device is connected to the shop's app.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Email,

    /// Whose promotion it is.
    #[arg(long, value_name = "NAME")]
    shop: ShopName,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

fn address(text: &str) -> Result<Email, &'static str> {
    text.parse().map_err(|_| "must be one e-mail address")
}

impl Trial {
    pub(super) async fn run(self) -> Outcome {
        let document = read(&self.file)?;
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let desk = Desk::open(&installation, &self.shop).await?;
        let nonce = format!("{:08x}", SystemRandom.next() >> 32);
        let trial = match desk.by_hand(SystemClock.now()).trial(document, self.to, &nonce) {
            Ok(trial) => trial,
            Err(NotTestable::Faults(faults)) if self.json => {
                output::print_json(&json!({"status": "refused", "errors": faults.0}))?;
                return Ok(ExitCode::FAILURE);
            }
            Err(NotTestable::Faults(faults)) => return Err(faulty(&self.file, &faults)),
            Err(error) => return Err(CommandError(format!("nothing was queued: {error}"))),
        };
        desk.queue(&trial.message).await?;
        let id = &trial.promotion.id;
        if self.json {
            output::print_json(&json!({"id": trial.message.id, "status": "queued", "promotion": id,
                "plan": trial.plan.to_json()}))?;
        } else {
            let name = name(&row_key(self.shop, id));
            output::print(&format!(
                "Queued as {name}, for that address only.\n\
                 `shoprelay promotion show {name} --follow` tells whether it arrived.\n"
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
