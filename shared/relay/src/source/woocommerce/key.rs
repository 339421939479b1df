//! The keys that a secret may stand for.

use std::borrow::Cow;

/// The keys under which a shop with this secret may sign: the secret as it is written, and as WordPress decodes it.
///
/// WordPress may store a secret with its special characters escaped, and WooCommerce undoes that before it signs
/// (`generate_signature` in
/// <https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-webhook.php>), so that a
/// secret in which the shop's owner wrote `&amp;` is used with `&`. An empty secret, which WooCommerce allows, is no key:
/// anybody could sign with it.
pub(super) fn keys(secret: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let plain = special_characters_decoded(secret);
    let other = (plain != secret).then_some(plain);
    [Some(Cow::Borrowed(secret)), other.map(Cow::Owned)].into_iter().flatten().filter(|key| !key.trim().is_empty())
}

/// What WordPress's `wp_specialchars_decode` does with `ENT_QUOTES`
/// (<https://developer.wordpress.org/reference/functions/wp_specialchars_decode/>): five characters, each in a few
/// spellings and no others, decoded once.
fn special_characters_decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let reference = rest.get(at..).unwrap_or_default();
        let (character, length) = special_character(reference).unwrap_or(('&', 1));
        out.push(character);
        rest = reference.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The special character that a text begins with, and the length of its spelling in bytes. Numbers may have zeros before
/// them, and hexadecimal ones may be in upper case, but only those WordPress knows.
fn special_character(text: &str) -> Option<(char, usize)> {
    let end = text.find(';')?;
    let name = text.get(1..end)?;
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => {
            let number = name.strip_prefix('#')?;
            let hexadecimal = number.strip_prefix(['x', 'X']);
            match (hexadecimal.unwrap_or(number).trim_start_matches('0'), hexadecimal.is_some()) {
                ("60", false) => '<',
                ("62", false) => '>',
                ("38", false) | ("26", true) => '&',
                ("39", false) | ("27", true) => '\'',
                ("34", false) | ("22", true) => '"',
                _ => return None,
            }
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_escaped_characters_may_stand_for_the_decoded_one() {
        for (secret, keys) in [
            ("plain", vec!["plain"]),
            ("cs_<&>'\"-dev-#1;", vec!["cs_<&>'\"-dev-#1;"]),
            ("a&amp;b&lt;&gt;&quot;&#039;", vec!["a&amp;b&lt;&gt;&quot;&#039;", "a&b<>\"'"]),
            (
                "&#38;&#0038;&#x26;&#X0027;&#060;&#62;&#x22;",
                vec!["&#38;&#0038;&#x26;&#X0027;&#060;&#62;&#x22;", "&&&'<>\""],
            ),
            ("&amp;lt;", vec!["&amp;lt;", "&lt;"]),
            // WordPress knows none of these.
            ("&ndash;&apos;&#x3c;&AMP;&#65;&", vec!["&ndash;&apos;&#x3c;&AMP;&#65;&"]),
            ("ä&amp;🎁", vec!["ä&amp;🎁", "ä&🎁"]),
        ] {
            assert_eq!(super::keys(secret).collect::<Vec<_>>(), keys, "{secret}");
        }
    }

    #[test]
    fn an_empty_secret_is_no_key() {
        for secret in ["", " ", "\n"] {
            assert_eq!(keys(secret).count(), 0);
        }
    }
}
