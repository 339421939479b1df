//! `shop add`.

use std::{collections::BTreeMap, io::IsTerminal, path::PathBuf, process::ExitCode};

use relay::{config::Variables, shop::ShopName};
use serde::Serialize;

use super::{
    ask::{self, Terminal},
    file, names,
    summary::Summary,
    validate::{self, Values},
    wiring::{self, Subscription, UNKNOWN_BASE},
};
use crate::{
    command::{CommandError, Outcome},
    installation::{Installation, Place},
    output,
    table::Table,
};

/// Adds a shop by asking for its secrets, or many shops from a file, and says what to enter in the shop's system.
#[derive(clap::Args)]
pub(super) struct Add {
    /// The shop's name: 1 to 63 of a-z, 0-9 and '-'. It becomes part of the webhook URLs.
    #[arg(required_unless_present = "file")]
    shop: Option<ShopName>,

    /// Secrets of one or many shops, TOML or JSON, in the shape of secrets.toml.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Overwrites secrets that are there already (a new key, a rotated signing secret).
    #[arg(long)]
    replace: bool,

    /// Public address of the relay, for the webhook URLs.
    #[arg(long, value_name = "BASE")]
    url: Option<String>,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// What was done for one shop.
#[derive(Serialize)]
struct Added {
    shop: ShopName,
    written: Vec<String>,
    /// Made here and shown only now: the secret of each platform's source, and of the status callbacks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    generated: BTreeMap<&'static str, String>,
    webhooks: Vec<Subscription>,
    /// Where to enter them, a line a system.
    where_to_enter: Vec<String>,
    faults: Vec<String>,
}

impl Add {
    pub(super) async fn run(self) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let (values, generated) = self.collect(&installation).await?;
        refuse_faults(&validate::faults(installation.prefix(), &values))?;
        let written = write(&installation, &values).await?;
        let added = describe(&installation, &written, generated, self.url.as_deref()).await?;
        if self.json {
            output::print_json(&added)?;
        } else {
            output::print(&text(&added, self.url.is_none()))?;
        }
        Ok(if written.len() == values.0.len() { ExitCode::SUCCESS } else { ExitCode::from(3) })
    }

    /// The secrets to write, from the file or from a person. Known shops are refused before anybody has typed a key.
    async fn collect(
        &self,
        installation: &Installation,
    ) -> Result<(Values, BTreeMap<&'static str, String>), CommandError> {
        let present = installation.secret_names().await?;
        let prefix = installation.prefix();
        if let Some(file) = &self.file {
            let values = file::read(file, prefix, self.shop.as_ref())?;
            self.refuse_present(present.iter().filter(|name| values.0.contains_key(*name)))?;
            return Ok((values, BTreeMap::new()));
        }
        let shop = self.shop.as_ref().ok_or_else(|| CommandError("name the shop, or give --file".into()))?;
        let of_shop = |name: &&String| names::parse(prefix, name).is_some_and(|(owner, _)| owner == *shop);
        self.refuse_present(present.iter().filter(of_shop))?;
        if !std::io::stdin().is_terminal() {
            return Err(CommandError(
                "standard input is no terminal: use --file to add shops without questions".into(),
            ));
        }
        let answers = ask::ask(&mut Terminal, prefix, shop)?;
        Ok((answers.values, answers.made.into_iter().collect()))
    }

    fn refuse_present<'a>(&self, present: impl Iterator<Item = &'a String>) -> Result<(), CommandError> {
        let present: Vec<&str> = present.map(String::as_str).collect();
        if self.replace || present.is_empty() {
            return Ok(());
        }
        Err(CommandError(format!("already there: {}; use --replace to overwrite", present.join(", "))))
    }
}

fn refuse_faults(faults: &[String]) -> Result<(), CommandError> {
    match faults {
        [] => Ok(()),
        faults => Err(CommandError(format!("nothing was written:\n  {}", faults.join("\n  ")))),
    }
}

/// Writes one secret after the other and returns the names of those that were written.
async fn write(installation: &Installation, values: &Values) -> Result<Vec<String>, CommandError> {
    let mut written = Vec::new();
    for (name, value) in &values.0 {
        match installation.write_secret(name, value).await {
            Ok(()) => written.push(name.clone()),
            Err(error) if written.is_empty() => return Err(error),
            Err(error) => eprintln!("shoprelay: {name} was not written: {error}"),
        }
    }
    Ok(written)
}

async fn describe(
    installation: &Installation,
    written: &[String],
    generated: BTreeMap<&'static str, String>,
    url: Option<&str>,
) -> Result<Vec<Added>, CommandError> {
    let secrets = installation.secrets()?;
    let mut added = Vec::new();
    for shop in names::shops(installation.prefix(), written) {
        let summary = Summary::load(&secrets, shop.clone()).await;
        let (has_websand, has_websale) = (summary.websand.is_there(), summary.websale.is_there());
        let of_webhook = |webhook| wiring::subscriptions(url, &shop, webhook, has_websand, has_websale);
        let prefix = names::shop_prefix(installation.prefix(), &shop);
        added.push(Added {
            written: written.iter().filter(|name| name.starts_with(&prefix)).cloned().collect(),
            generated: generated.clone(),
            webhooks: summary.webhook.good().map(of_webhook).unwrap_or_default(),
            where_to_enter: summary.webhook.good().map(wiring::hints).unwrap_or_default(),
            faults: summary.faults(),
            shop,
        });
    }
    Ok(added)
}

fn text(added: &[Added], url_is_unknown: bool) -> String {
    let shops = added.iter().map(one).collect::<Vec<_>>().join("\n");
    if url_is_unknown {
        return format!("{shops}\n{UNKNOWN_BASE} stands for the relay's public address; --url fills it in.\n");
    }
    shops
}

fn one(added: &Added) -> String {
    let wrote = format!("{}: wrote {}\n", added.shop, added.written.join(", "));
    let faults: Vec<String> = added.faults.iter().map(|fault| format!("  but: {fault}\n")).collect();
    let shown = |(made_for, secret): (&&str, &String)| {
        let what = match *made_for {
            ask::STATUS_CALLBACK => "Secret that signs the status callbacks".to_owned(),
            platform => format!("Secret of the {platform} source"),
        };
        format!("\n{what}, shown only this once:\n  {secret}\n")
    };
    let secrets: Vec<String> = added.generated.iter().map(shown).collect();
    let mut table = Table::new(&["SYSTEM", "TOPIC", "URL"]);
    for webhook in &added.webhooks {
        table.row([webhook.platform.to_string(), webhook.topic.to_owned(), webhook.url.clone()]);
    }
    let wiring = if added.webhooks.is_empty() {
        String::new()
    } else {
        let hints: Vec<String> = added.where_to_enter.iter().map(|hint| format!("  {hint}\n")).collect();
        format!("\nEnter in the shop's system (format JSON):\n{table}\nWhere:\n{}", hints.concat())
    };
    format!("{wrote}{}{}{wiring}", faults.concat(), secrets.concat())
}
