//! Foreign words made safe to keep: addresses masked, length capped.

/// An error and its causes in one line, as they are: for words that may hold foreign text, [`safe`] comes after.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The text on one line, with everything that looks like an e-mail address replaced by `***`, at most `limit` bytes.
pub fn safe(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let separator = if out.is_empty() { "" } else { " " };
        let masked = mask_word(word);
        let room = limit.saturating_sub(out.len() + separator.len());
        if masked.len() <= room {
            out.push_str(separator);
            out.push_str(&masked);
            continue;
        }
        let end = (0..=room).rev().find(|end| masked.is_char_boundary(*end)).unwrap_or(0);
        if end > 0 {
            out.push_str(separator);
            out.push_str(masked.get(..end).unwrap_or_default());
        }
        break;
    }
    out
}

/// A word of somebody else's, such as a topic or a host, if it looks like one; `***` if it might be anything else.
pub fn word(text: &str) -> &str {
    const MOST: usize = 200;
    let looks_like_one = |c: char| c.is_ascii_alphanumeric() || "_-./:".contains(c);
    if !text.is_empty() && text.len() <= MOST && text.chars().all(looks_like_one) { text } else { "***" }
}

/// Whether something in the text may be an e-mail address, also a percent-encoded one.
pub fn holds_address(text: &str) -> bool {
    text.contains('@') || text.contains("%40")
}

/// How URLs, JSON and HTML may write an `@`: a destination's words are kept as they came.
const WRITTEN_AT: [&str; 5] = ["%40", "\\u0040", "&#64;", "&#x40;", "&commat;"];

/// Masks the run of address characters around every `@`, also one that is written otherwise.
fn mask_word(word: &str) -> String {
    let word = WRITTEN_AT.iter().fold(word.to_owned(), |word, at| word.replace(at, "@"));
    if !word.contains('@') {
        return word;
    }
    let part_of_address = |c: char| c.is_alphanumeric() || "@.!#$%&'*+-/=?^_`{|}~".contains(c);
    let mut out = String::new();
    let mut rest = word.as_str();
    while !rest.is_empty() {
        let run_end = rest.find(|c| !part_of_address(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(run_end);
        out.push_str(if run.contains('@') { "***" } else { run });
        let other_end = after.find(part_of_address).unwrap_or(after.len());
        let (other, next) = after.split_at(other_end);
        out.push_str(other);
        rest = next;
    }
    out
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| DIGITS[usize::from(nibble)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked_wherever_they_stand() {
        assert_eq!(safe("no user bob@example.com here", 300), "no user *** here");
        assert_eq!(safe(r#"{"email":"bob.o'hara+x@example.com","a":1}"#, 300), r#"{"email":"***","a":1}"#);
        assert_eq!(safe("q?e=bob%40example.com", 300), "***");
        assert_eq!(safe("ünï@exämple.com,next", 300), "***,next");
        assert_eq!(safe(r#"{"email":"bob\u0040example.com"}"#, 300), r#"{"email":"***"}"#);
        assert_eq!(safe("<b>bob&#64;example.com</b> bob&#x40;example.com", 300), "<b>***</b> ***");
    }

    #[test]
    fn a_word_is_repeated_only_if_it_looks_like_one() {
        for good in
            ["orders/create", "store/order/statusUpdated", "state_enter.order.state.paid", "acme.example.com:8080"]
        {
            assert_eq!(word(good), good);
        }
        for bad in ["", "Ann Sample", "ann@example.com", "a%40b", "k3y+/==", &"a".repeat(201)] {
            assert_eq!(word(bad), "***");
        }
    }

    #[test]
    fn long_and_multi_line_words_are_cut_at_character_boundaries() {
        assert_eq!(safe("a\nb\tc", 300), "a b c");
        assert_eq!(safe(&"ä".repeat(10), 5), "ää");
        assert_eq!(safe("abc def", 5), "abc d");
    }
}
