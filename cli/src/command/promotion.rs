//! `promotion schedule`, `promotion list`, `promotion show`, `promotion cancel`, `promotion test`.

use std::{fs::File, io::Read};

use relay::{
    event::Faults,
    ingest::MAX_BODY,
    message::{Kind, RowKey},
    shop::{Destination, ShopName},
};
use serde_json::Value;

use super::{CommandError, Outcome};
use crate::table::visible;

mod cancel;
mod desk;
mod follow;
mod list;
mod schedule;
mod show;
mod trial;
mod words;

/// Schedules promotions by hand, watches them and calls them off: pushes, news, teasers, personalised pushes.
///
/// They go the way of a webhook from the marketing tool, under the same ids and revisions.
#[derive(clap::Args)]
pub(crate) struct Promotion {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Schedule(schedule::Schedule),
    List(list::List),
    Show(show::Show),
    Cancel(cancel::Cancel),
    Test(trial::Trial),
}

impl Promotion {
    pub(crate) async fn run(self) -> Outcome {
        match self.command {
            Command::Schedule(schedule) => schedule.run().await,
            Command::List(list) => list.run().await,
            Command::Show(show) => show.run().await,
            Command::Cancel(cancel) => cancel.run().await,
            Command::Test(trial) => trial.run().await,
        }
    }
}

/// Which promotion a command is about.
#[derive(clap::Args)]
struct Name {
    /// SHOP/ID, or with --shop the ID alone.
    #[arg(value_name = "PROMOTION")]
    name: String,

    /// Whose promotion it is.
    #[arg(long, value_name = "NAME")]
    shop: Option<ShopName>,
}

impl Name {
    /// The promotion's row. An id may hold slashes.
    fn key(&self) -> Result<RowKey, CommandError> {
        let named = match &self.shop {
            Some(shop) => Some((shop.clone(), self.name.as_str())),
            None => self.name.split_once('/').and_then(|(shop, id)| Some((shop.parse().ok()?, id))),
        };
        let (shop, id) = named.filter(|(_, id)| !id.is_empty()).ok_or_else(|| {
            CommandError(format!("{:?} is not SHOP/ID; with --shop NAME the id alone is enough", self.name))
        })?;
        Ok(row_key(shop, id))
    }
}

fn row_key(shop: ShopName, id: &str) -> RowKey {
    RowKey { shop: Some(shop), destination: Destination::Websale, kind: Kind::Promotion, subject: id.to_owned() }
}

/// The promotion's name for people: `SHOP/ID`.
fn name(key: &RowKey) -> String {
    format!("{}/{}", key.shop.as_ref().map_or("-", ShopName::as_str), visible(&key.subject))
}

/// The JSON document in a file; `-` is standard input.
fn read(path: &str) -> Result<Value, CommandError> {
    let failed = |error: std::io::Error| CommandError(format!("cannot read {path}: {error}"));
    let source: Box<dyn Read> = match path {
        "-" => Box::new(std::io::stdin().lock()),
        path => Box::new(File::open(path).map_err(failed)?),
    };
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BODY).unwrap_or(u64::MAX);
    source.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_BODY {
        return Err(CommandError(format!("{path} is over 4 MiB, more than any promotion may have")));
    }
    // Some editors begin a file with this mark.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if text.trim_ascii().is_empty() {
        return Err(CommandError(format!("{path} is empty")));
    }
    serde_json::from_slice(text).map_err(|fault| {
        CommandError(format!("{path} is not JSON: see line {}, column {}", fault.line(), fault.column()))
    })
}

/// All that is wrong with a file, a line each.
fn faulty(path: &str, faults: &Faults) -> CommandError {
    let lines = faults.0.iter().map(|fault| {
        let at = if fault.pointer.is_empty() { "the document" } else { &fault.pointer };
        format!("\n  {at} {}", fault.detail)
    });
    CommandError(format!("nothing was queued; {path} has {} fault(s):{}", faults.0.len(), lines.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, shop: Option<&str>) -> Option<String> {
        let shop = shop.map(|shop| shop.parse().unwrap());
        Name { name: name.into(), shop }.key().ok().map(|key| key.to_string())
    }

    #[test]
    fn a_promotion_is_named_with_its_shop_before_it_or_beside_it() {
        assert_eq!(key("acme/summer", None).unwrap(), "acme#websale#promotion#summer");
        assert_eq!(key("acme/2026/06", None).unwrap(), "acme#websale#promotion#2026/06");
        assert_eq!(key("2026/06", Some("acme")).unwrap(), "acme#websale#promotion#2026/06");
        for name in ["summer", "acme/", "Not A Shop/summer", ""] {
            assert_eq!(key(name, None), None, "{name}");
        }
    }
}
