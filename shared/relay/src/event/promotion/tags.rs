//! Tags that WEBSALE fills in for each receiver of a personalised push, such as `~A-FirstName~`.

use crate::event::{fault::FaultCode, read::Reader};

/// The documented tags. `~A-City~` is printed without its closing tilde there, which we take for a misprint.
pub(super) const KNOWN: [&str; 10] = [
    "~A-FirstName~",
    "~A-LastName~",
    "~A-Street1~",
    "~A-Street2~",
    "~A-Title~",
    "~A-Salutation~",
    "~A-City~",
    "~A-Zip~",
    "~A-CompleteSalutation~",
    "~VOUCHER-Number~",
];

/// Filled with a number of the voucher batch.
pub(super) const VOUCHER: &str = "~VOUCHER-Number~";

/// How like a known tag something must be to be taken for a misspelt one.
const LIKE: f64 = 0.8;

/// The tags in a text, as known names; a misspelt one is a fault with the nearest known one.
pub(super) fn read(place: &Reader<'_>, text: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for candidate in candidates(text) {
        let known = KNOWN.into_iter().find(|known| *known == candidate.text);
        if let Some(known) = known {
            found.push(known);
        } else if let Some(nearest) = misspelt(&candidate) {
            let _: Option<()> = place.fault(
                FaultCode::UnknownTag,
                format!("has an unknown tag at character {}; did you mean {nearest}?", candidate.at + 1),
            );
        }
    }
    found
}

/// Whether the text has anything of a tag's exact form.
pub(super) fn any(text: &str) -> bool {
    candidates(text).any(|candidate| candidate.is_exact())
}

/// Something that begins as a tag does.
struct Candidate<'t> {
    text: &'t str,
    /// Where it stands, in characters.
    at: usize,
}

impl Candidate<'_> {
    /// The form of a tag: `~`, upper-case letters, `-`, letters and digits, `~`.
    fn is_exact(&self) -> bool {
        let inner = self.text.strip_prefix('~').and_then(|rest| rest.strip_suffix('~'));
        inner.and_then(|inner| inner.split_once('-')).is_some_and(|(kind, name)| {
            let whole = !kind.is_empty() && !name.is_empty();
            whole && kind.bytes().all(|b| b.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
        })
    }
}

/// Every `~` with the run of letters, digits, `-`, `_` and blanks after it, up to and with the next `~` if that ends the run.
fn candidates(text: &str) -> impl Iterator<Item = Candidate<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text.get(from..)?.find('~')?;
        let rest = text.get(start + 1..)?;
        let run =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' '))).unwrap_or(rest.len());
        let closed = rest.get(run..).is_some_and(|after| after.starts_with('~'));
        // Without its end a tag cannot have blanks: it ends where the word does.
        let run =
            if closed { run } else { rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(run) };
        let end = start + 1 + run + usize::from(closed);
        let candidate = Candidate { text: text.get(start..end)?, at: text.get(..start)?.chars().count() };
        // Its closing `~` may open the next one, unless it is a tag itself.
        from = if misspelt(&candidate).is_some() { end } else { start + 1 };
        Some(candidate)
    })
}

/// The nearest known tag, if this was to be one: it has the form of a tag, or is very like one.
fn misspelt(candidate: &Candidate<'_>) -> Option<&'static str> {
    let lower = candidate.text.to_lowercase();
    let likeness = |known: &str| strsim::normalized_levenshtein(&known.to_lowercase(), &lower);
    let best = KNOWN.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (candidate.is_exact() || likeness(best) >= LIKE).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(text: &str) -> Vec<&'static str> {
        candidates(text).filter(|c| !KNOWN.contains(&c.text)).filter_map(|c| misspelt(&c)).collect()
    }

    #[test]
    fn known_tags_are_found_wherever_they_stand() {
        let text = "Hi ~A-FirstName~~A-LastName~: ~VOUCHER-Number~";
        let found: Vec<_> = candidates(text).map(|c| c.text).collect();
        assert_eq!(found, ["~A-FirstName~", "~A-LastName~", "~VOUCHER-Number~"]);
        assert!(nearest(text).is_empty());
    }

    #[test]
    fn a_misspelt_tag_is_recognised_with_the_nearest_known_one() {
        for (text, known) in [
            ("~A-Firstname~", "~A-FirstName~"),
            ("~a-firstname~", "~A-FirstName~"),
            ("~A-City in winter", "~A-City~"),
            ("~A-Vorname~", "~A-LastName~"),
            ("~VOUCHER-Nummber~", "~VOUCHER-Number~"),
            ("~A_FirstName~", "~A-FirstName~"),
            ("~A FirstName~", "~A-FirstName~"),
        ] {
            assert_eq!(nearest(text).len(), 1, "{text}");
            if text != "~A-Vorname~" {
                assert_eq!(nearest(text), [known], "{text}");
            }
        }
    }

    #[test]
    fn a_tilde_in_ordinary_text_is_no_tag() {
        let found: Vec<_> = candidates("~Hi~A-Zip~").filter(Candidate::is_exact).map(|c| c.text).collect();
        assert_eq!(found, ["~A-Zip~"]);
        for text in ["~20 % off~", "~ mid-June ~", "about ~30-40", "~~~", "a~b", "~ende~", "~mid-June"] {
            assert!(nearest(text).is_empty(), "{text}");
        }
    }
}
