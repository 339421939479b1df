//! `show`.

use std::{io::IsTerminal, process::ExitCode};

use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    erase::{Receipt as Answer, receipt_of},
    ingest::Receipt,
    ledger::Row,
    message::{Kind, RowKey},
    shop::{Destination, ShopName},
};
use serde_json::{Value, json};

use super::{CommandError, Outcome, received};
use crate::{
    installation::{Installation, Place, Wanted},
    output,
};

pub(super) mod chunks;
mod connection;
pub(super) mod json;
pub(super) mod words;

use chunks::Chunks;

/// Shows everything that is known of one order, customer or promotion: received when, delivered when, what is next.
#[derive(clap::Args)]
pub(crate) struct Show {
    /// SHOP/KIND/SUBJECT, KIND being order, customer, consent, promotion, chunk, reference or privacy; with --scan only the
    /// subject, the order number or the destination's id.
    subject: String,

    /// Looks for the subject (or a destination's id) in the whole ledger. Slow on a large one.
    #[arg(long)]
    scan: bool,

    /// Rows that --scan looks at, at most.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    limit: usize,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Receipts shown of one subject.
const RECEIPTS: usize = 20;

impl Show {
    pub(crate) async fn run(self) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let rows = if self.scan { self.search(&installation).await? } else { self.read(&installation).await? };
        let (shop, subject) = match key(&self.subject) {
            Ok(key) if !self.scan => (key.shop, key.subject),
            _ => (None, self.subject.clone()),
        };
        let wanted = Wanted { last: RECEIPTS, shop, status: None, subject: Some(subject) };
        // What the ledger knows is worth showing without the receipts, too.
        let receipts = installation.received(&wanted).await.unwrap_or_else(|error| {
            eprintln!("shoprelay: what was received is not shown: {error}");
            Vec::new()
        });
        let answers = answers(&installation, &rows).await?;
        let chunks = chunks(&installation, &rows).await?;
        if self.json {
            let rows: Vec<_> = rows.iter().zip(&chunks).map(with_chunks).collect();
            output::print_json(&json!({"deliveries": rows, "privacy_receipts": answers, "received": receipts}))?;
        } else {
            let answers: Vec<String> = answers.iter().map(|answer| format!("\n{answer}")).collect();
            output::print(&format!("{}{}", self.text(&rows, &chunks, &receipts), answers.concat()))?;
        }
        Ok(if rows.is_empty() && receipts.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    async fn read(&self, installation: &Installation) -> Result<Vec<Row>, CommandError> {
        let key = key(&self.subject)?;
        let row = installation.ledger()?.get(&key).await.map_err(|error| CommandError(error.to_string()))?;
        Ok(row.into_iter().collect())
    }

    async fn search(&self, installation: &Installation) -> Result<Vec<Row>, CommandError> {
        if std::io::stderr().is_terminal() {
            eprintln!("Looking through the ledger …");
        }
        let scanned = installation.ledger()?.scan("", self.limit).await;
        let mut rows = scanned.map_err(|error| CommandError(error.to_string()))?;
        if rows.len() >= self.limit {
            eprintln!("shoprelay: looked at the first {} rows only; --limit looks at more", self.limit);
        }
        rows.retain(|row| is_called(row, &self.subject));
        Ok(rows)
    }

    fn text(&self, rows: &[Row], chunks: &[Option<Chunks>], receipts: &[Receipt]) -> String {
        let now = SystemClock.now();
        let known = match rows {
            [] => format!("The ledger knows nothing of {}.\n", crate::table::visible(&self.subject)),
            rows => {
                let told = |(row, chunks): (&Row, &Option<Chunks>)| {
                    words::describe(row, now) + &chunks.as_ref().map(Chunks::text).unwrap_or_default()
                };
                rows.iter().zip(chunks).map(told).collect::<Vec<_>>().join("\n")
            }
        };
        if receipts.is_empty() {
            return known;
        }
        format!("{known}\nReceived, the newest first:\n{}", received::table(receipts))
    }
}

/// The chunks of each row, if it has any.
async fn chunks(installation: &Installation, rows: &[Row]) -> Result<Vec<Option<Chunks>>, CommandError> {
    let ledger = installation.ledger()?;
    let mut chunks = Vec::new();
    for row in rows {
        chunks.push(Chunks::of(&*ledger, row).await.map_err(|error| CommandError(error.to_string()))?);
    }
    Ok(chunks)
}

fn with_chunks((row, chunks): (&Row, &Option<Chunks>)) -> Value {
    let mut row = json::of(row);
    row["chunks"] = json!(chunks.as_ref().map(Chunks::json));
    row
}

/// What privacy requests among the rows were answered.
async fn answers(installation: &Installation, rows: &[Row]) -> Result<Vec<Answer>, CommandError> {
    let mut answers = Vec::new();
    for row in rows.iter().filter(|row| row.key.kind == Kind::Privacy) {
        let answer = receipt_of(&*installation.ledger()?, &row.key).await;
        answers.extend(answer.map_err(|error| CommandError(error.to_string()))?);
    }
    Ok(answers)
}

/// Whether one of a row's names is this one. Shopify's order numbers begin with `#`, which people leave out.
fn is_called(row: &Row, name: &str) -> bool {
    let number = row.order_number.as_deref().map(|number| number.trim_start_matches('#'));
    row.key.subject == name
        || row.remote_id.as_deref() == Some(name)
        || number.is_some_and(|number| number == name.trim_start_matches('#'))
}

/// The row that `SHOP/KIND/SUBJECT` names.
pub(super) fn key(subject: &str) -> Result<RowKey, CommandError> {
    parse(subject).ok_or_else(|| {
        CommandError(format!(
            "{subject:?} is not SHOP/KIND/SUBJECT with a KIND of order, customer, consent, promotion, chunk, reference, \
             privacy or connection; `shoprelay show SUBJECT --scan` looks for a subject in all shops"
        ))
    })
}

/// `SHOP/KIND/SUBJECT`; the subject may hold slashes.
fn parse(text: &str) -> Option<RowKey> {
    let mut parts = text.splitn(3, '/');
    let shop: ShopName = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let subject = parts.next().filter(|subject| !subject.is_empty())?;
    let kinds = [
        Kind::Order,
        Kind::Customer,
        Kind::Consent,
        Kind::Promotion,
        Kind::Chunk,
        Kind::Reference,
        Kind::Privacy,
        Kind::Connection,
    ];
    let kind = kinds.into_iter().find(|kind| kind.name() == name)?;
    let destination = match kind {
        Kind::Promotion | Kind::Chunk => Destination::Websale,
        Kind::Connection => Destination::ALL.into_iter().find(|destination| destination.name() == subject)?,
        _ => Destination::Websand,
    };
    Some(RowKey { shop: Some(shop), destination, kind, subject: subject.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_found_by_its_number_with_and_without_the_hash() {
        let mut row = Row::new(parse("acme/order/5678901234").unwrap(), jiff::Timestamp::UNIX_EPOCH);
        for number in ["#1001", "1001"] {
            row.order_number = Some(number.into());
            assert!(is_called(&row, "1001") && is_called(&row, "#1001") && is_called(&row, "5678901234"), "{number}");
            assert!(!is_called(&row, "100") && !is_called(&row, "#5678901234") && !is_called(&row, ""));
        }
    }

    #[test]
    fn a_subject_is_named_by_shop_kind_and_id() {
        let key = |text| parse(text).map(|key| key.to_string());
        assert_eq!(key("acme/order/a/b#1").as_deref(), Some("acme#websand#order#a/b#1"));
        assert_eq!(key("acme/reference/order/250").as_deref(), Some("acme#websand#reference#order/250"));
        assert_eq!(key("acme/privacy/e1").as_deref(), Some("acme#websand#privacy#e1"));
        assert_eq!(key("acme/connection/websale").as_deref(), Some("acme#websale#connection#websale"));
        assert_eq!(key("acme/promotion/summer").as_deref(), Some("acme#websale#promotion#summer"));
        assert_eq!(key("acme/chunk/summer/3").as_deref(), Some("acme#websale#chunk#summer/3"));
        for bad in ["acme", "acme/order", "acme/order/", "acme/login/x", "acme/connection/x", "ACME/order/1", ""] {
            assert_eq!(key(bad), None, "{bad}");
        }
    }
}
