//! Whether a text of any form holds an address.

/// Looks for the address (lower-cased), also as forms and JSON escape it. An address that is only the end or the
/// beginning of a longer one is not it.
pub(super) fn mentions(text: &str, email: &str) -> bool {
    let text = text.to_lowercase();
    let plain = ["%40", "\\u0040"].iter().fold(text.clone(), |text, at| text.replace(at, "@")).replace("%2b", "+");
    holds(&plain, email) || holds(&text, email)
}

fn holds(text: &str, email: &str) -> bool {
    if email.is_empty() {
        return false;
    }
    text.match_indices(email).any(|(start, found)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let mut after = text.get(start + found.len()..).unwrap_or_default().chars();
        let (next, second) = (after.next(), after.next());
        let goes_on = match next {
            Some('.') => second.is_some_and(char::is_alphanumeric),
            Some(next) => next.is_alphanumeric() || next == '-',
            None => false,
        };
        !before.is_some_and(is_local) && !goes_on
    })
}

/// What the part before the `@` may hold, as far as it does not also separate words in practice (`=`, `&`, `'` …).
fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._+-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_however_it_is_written() {
        let bob = "bob+x@example.com";
        for text in [
            "bob+x@example.com",
            r#"{"email":"Bob+X@Example.com"}"#,
            r#"{"email":"bob+x\u0040example.com"}"#,
            "email=bob%2Bx%40example.com&id=1",
            "write to bob+x@example.com.",
            "<bob+x@example.com>",
        ] {
            assert!(mentions(text, bob), "{text}");
        }
    }

    #[test]
    fn longer_addresses_are_other_addresses() {
        let bob = "bob@example.com";
        for text in ["jimbob@example.com", "x.bob@example.com", "bob@example.com.au", "bob@example.community", "bob"] {
            assert!(!mentions(text, bob), "{text}");
        }
        assert!(!mentions("anything", ""));
    }
}
