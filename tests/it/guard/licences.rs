//! The licences of everything we are built from permit what ours permit.

use super::{list, metadata, text};

/// Permissive licences: notices must be kept, nothing else is asked of who uses the product.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn every_dependency_has_a_licence_that_ours_are_compatible_with() {
    let packages = list(metadata(), "packages").map(|package| (text(package, "name"), text(package, "license")));
    let refused: Vec<_> = packages.filter(|(_, licence)| !allowed(licence)).collect();
    assert_eq!(refused, Vec::<(&str, &str)>::new());
}

#[test]
fn a_licence_that_asks_for_more_or_none_at_all_is_refused() {
    for licence in
        ["GPL-3.0", "AGPL-3.0-only", "MIT AND GPL-3.0", "", "(MIT OR Apache-2.0) AND MPL-2.0", "LGPL-2.1/GPL-2.0"]
    {
        assert!(!allowed(licence), "{licence}");
    }
    for licence in
        ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0 AND ISC"]
    {
        assert!(allowed(licence), "{licence}");
    }
}

/// Whether an SPDX expression can be fulfilled with allowed licences alone. `AND` binds more tightly than `OR`; the old
/// form with a slash means `OR`.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    any(&expression)
}

fn any(expression: &str) -> bool {
    split(expression, " OR ").into_iter().any(|part| split(part, " AND ").into_iter().all(one))
}

fn one(part: &str) -> bool {
    let part = part.trim();
    match part.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => any(inner),
        None => ALLOWED.contains(&part),
    }
}

/// Splits at a separator outside of parentheses.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (index, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && text[index..].starts_with(separator) => {
                parts.push(&text[start..index]);
                start = index + separator.len();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
