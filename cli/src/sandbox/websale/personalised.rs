//! The rules of a personalised push.

use serde_json::Value;

use super::{
    super::{answer::Answer, fields::Fields},
    audience::Filter,
    entry::url_type,
};

/// The documented tags. The documentation prints the city's without its closing tilde; both forms are taken.
const TAGS: [&str; 10] = [
    "~A-FirstName~",
    "~A-LastName~",
    "~A-Street1~",
    "~A-Street2~",
    "~A-Title~",
    "~A-Salutation~",
    "~A-City~",
    "~A-Zip~",
    "~A-CompleteSalutation~",
    VOUCHER,
];

const VOUCHER: &str = "~VOUCHER-Number~";

/// A personalised push that keeps every rule.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) url_type: String,
    pub(super) url: String,
    pub(super) voucher: String,
    pub(super) valid_days: u64,
    pub(super) filter: Filter,
}

/// Reads the body.
pub(super) fn read(body: &Value) -> Result<Push, Answer> {
    let fields = Fields::of_body(body)?;
    fields.only(&["name", "message", "filter"])?;
    let name = fields.required_text("name")?.to_owned();
    let message = fields.object("message")?;
    message.only(&["title", "text", "urlType", "url", "voucher", "validUntil"])?;
    message.required_text("title")?;
    message.required_text("text")?;
    let text = |name, most| message.short_text(name, most).map(|text| text.unwrap_or_default().to_owned());
    let push = Push {
        name,
        title: text("title", 64)?,
        text: text("text", 160)?,
        url_type: url_type(&message)?.unwrap_or_default().to_owned(),
        url: text("url", 128)?,
        voucher: message.text("voucher")?.unwrap_or_default().to_owned(),
        valid_days: valid_days(&message)?,
        filter: fields.get("filter").map_or_else(|| Ok(Filter::default()), Filter::read)?,
    };
    if !push.url_type.is_empty() && push.url.is_empty() {
        return Err(message.refuse("url", "must be set when urlType is"));
    }
    for (name, content) in [("title", &push.title), ("text", &push.text)] {
        check_tags(&message, name, content, &push)?;
    }
    Ok(push)
}

/// Here `validUntil` is a number of days, not a timestamp.
fn valid_days(message: &Fields<'_>) -> Result<u64, Answer> {
    message.required("validUntil")?;
    match message.whole("validUntil")? {
        Some(days @ 1..=31) => Ok(days),
        _ => Err(message.refuse("validUntil", "must be a number of days from 1 to 31")),
    }
}

fn check_tags(message: &Fields<'_>, name: &str, content: &str, push: &Push) -> Result<(), Answer> {
    for tag in tags(content) {
        if !TAGS.contains(&tag) {
            return Err(message.refuse(name, &format!("has the unknown tag {tag}")));
        }
        if push.filter.connected != Some(true) {
            return Err(message.refuse(name, "may have tags only when filter.connected is true"));
        }
        if tag == VOUCHER && push.voucher.is_empty() {
            return Err(message.refuse("voucher", "must be set when ~VOUCHER-Number~ is used"));
        }
    }
    Ok(())
}

/// Everything of the form `~LETTERS-Word~`.
fn tags(content: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = content;
    while let Some(start) = rest.find('~') {
        let inside = &rest[start + 1..];
        let Some(length) = inside.find('~') else { break };
        if is_tag(&inside[..length]) {
            found.push(&rest[start..=start + 1 + length]);
            rest = &inside[length + 1..];
        } else {
            rest = inside;
        }
    }
    found
}

fn is_tag(inside: &str) -> bool {
    let word = |part: &str, allowed: fn(char) -> bool| !part.is_empty() && part.chars().all(allowed);
    inside.split_once('-').is_some_and(|(group, field)| {
        word(group, |letter| letter.is_ascii_uppercase()) && word(field, |letter| letter.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_among_other_tildes() {
        assert_eq!(tags("Hi ~A-FirstName~, ~50 % ~VOUCHER-Number~ ~x~"), ["~A-FirstName~", "~VOUCHER-Number~"]);
        assert_eq!(tags("~A-Firstname~"), ["~A-Firstname~"]);
        assert!(tags("from ~A-City to here").is_empty());
    }
}
