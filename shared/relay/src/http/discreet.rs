//! Refusals that do not repeat what was sent.
//!
//! A destination says why it refuses a call, and some say it by repeating the call. Its words end up in the ledger, in
//! dead letters and in logs, where nothing about a person may be.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{CallError, Http, Request, Response};
use crate::Async;

/// How much of a refusal is looked at, in bytes: far more than is kept of it.
const MAX_WORDS: usize = 8 * 1024;

/// How much of a text may be left at a cut, in bytes.
const CUT: usize = 3;

/// What stands for something that was sent.
const MASK: &str = "***";

/// An HTTP port over another, with everything masked in answers other than 2xx that the request itself held: each text
/// of its body, names of fields that are not plain words, and its credential. Numbers and words shorter than two characters are left.
pub(crate) struct Discreet(pub(crate) Arc<dyn Http>);

impl Http for Discreet {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        let body = request.json.clone();
        let credential = request.credential.as_ref().map(|(_, credential)| credential.clone());
        let call = self.0.call(request);
        Box::pin(async move {
            let answer = call.await?;
            if (200..300).contains(&answer.status) || answer.body.is_empty() {
                return Ok(answer);
            }
            let mut sent = Sent::default();
            if let Some(credential) = credential {
                sent.add(credential.expose_secret());
                credential.expose_secret().split(' ').for_each(|part| sent.add(part));
            }
            if let Some(body) = body.and_then(|body| serde_json::from_slice(&body).ok()) {
                sent.add_all(&body);
            }
            Ok(Response { body: sent.masked(&answer.body), ..answer })
        })
    }
}

/// The texts of a request.
#[derive(Default)]
struct Sent(BTreeSet<String>);

impl Sent {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.chars().nth(1).is_some() {
            self.0.insert(text.to_owned());
            // As it stands in JSON that the answer holds as text.
            let quoted = Value::from(text).to_string();
            self.0.insert(quoted.trim_matches('"').to_owned());
        }
    }

    fn add_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Array(elements) => elements.iter().for_each(|element| self.add_all(element)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    // A shop's further fields may have any name; those of ours help to find the fault.
                    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                        self.add(name);
                    }
                    self.add_all(field);
                }
            }
            _ => {}
        }
    }

    /// The answer with every text of the request masked.
    fn masked(&self, answer: &[u8]) -> Bytes {
        // Longest first: one may be part of another.
        let mut texts: Vec<&str> = self.0.iter().map(String::as_str).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        if answer.len() <= MAX_WORDS
            && let Ok(json) = serde_json::from_slice(answer)
        {
            return masked_json(json, &texts).to_string().into();
        }
        let words = String::from_utf8_lossy(answer.get(..MAX_WORDS).unwrap_or(answer)).into_owned();
        without_cut_end(masked_text(words, &texts), &texts).into()
    }
}

/// JSON is masked text by text, whatever its escapes.
fn masked_json(value: Value, texts: &[&str]) -> Value {
    let masked = |text: String| masked_text(text, texts);
    match value {
        Value::String(text) => Value::String(masked(text)),
        Value::Array(elements) => elements.into_iter().map(|element| masked_json(element, texts)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (masked(name), masked_json(value, texts))).collect()
        }
        other => other,
    }
}

fn masked_text(words: String, texts: &[&str]) -> String {
    texts.iter().fold(words, |words, text| if words.contains(text) { masked_once(&words, text) } else { words })
}

/// Masks the beginning of a text at the end of words that were cut in the middle of it.
fn without_cut_end(mut words: String, texts: &[&str]) -> String {
    for text in texts {
        let mut beginnings = (CUT..text.len()).rev().filter_map(|end| text.get(..end));
        if let Some(beginning) = beginnings.find(|beginning| words.ends_with(beginning)) {
            words.truncate(words.len() - beginning.len());
            words.push_str(MASK);
        }
    }
    words
}

/// Masks a text wherever it stands for itself, not as a part of a longer word.
fn masked_once(words: &str, text: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some((before, after)) = rest.split_once(text) {
        let goes_on = |left: Option<char>, right: Option<char>| {
            left.is_some_and(char::is_alphanumeric) && right.is_some_and(char::is_alphanumeric)
        };
        let left = before.chars().next_back().or_else(|| out.chars().next_back());
        let is_part = goes_on(left, text.chars().next()) || goes_on(text.chars().next_back(), after.chars().next());
        out.push_str(before);
        out.push_str(if is_part { text } else { MASK });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masked(sent: &Value, answer: &str) -> String {
        let mut texts = Sent::default();
        texts.add_all(sent);
        String::from_utf8(texts.masked(answer.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn what_was_sent_is_masked_in_whatever_form_it_comes_back() {
        let sent =
            json!({"customer": {"first": "Ann", "city": "Nürnberg", "company": "\"A\\B\" Ltd"}, "items": [{"n": 1}]});
        for (answer, expected) in [
            ("no customer Ann in Nürnberg", "no customer *** in ***"),
            (
                r#"{"error":"Ann","at":{"city":"N\u00fcrnberg","Ann":"\"A\\B\" Ltd"}}"#,
                r#"{"at":{"***":"***","city":"***"},"error":"***"}"#,
            ),
            (r#"bad: {"company":"\"A\\B\" Ltd"}"#, r#"bad: {"company":"***"}"#),
            ("Annual cannot be planned, Joann", "Annual cannot be planned, Joann"),
        ] {
            assert_eq!(masked(&sent, answer), expected);
        }
    }

    #[test]
    fn nothing_of_a_text_is_left_where_the_answer_was_cut() {
        let name = "Bartholomew".repeat(20);
        let answer = format!("{}{name}", "x ".repeat(MAX_WORDS / 2 - 40));
        let words = masked(&json!([name]), &answer);
        assert!(!words.contains("Bart") && words.ends_with("x ***"), "{words}");
    }
}
