//! Links in the documentation lead somewhere.

use std::path::Path;

use super::{files, name};

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for file in files("md") {
        let text = std::fs::read_to_string(&file).unwrap();
        for link in links(&text) {
            if !leads_somewhere(&file, &text, link) {
                broken.push(format!("{}: {link}", name(&file)));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn a_link_to_nothing_is_noticed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text =
        "# A title, `quoted`\n[a](Cargo.toml) [b](none.md) [c](#a-title-quoted) [d](#other) [e](https://x.example)";
    let broken: Vec<_> = links(text).into_iter().filter(|link| !leads_somewhere(&file, text, link)).collect();
    assert_eq!(broken, ["none.md", "#other"]);
}

/// The targets of `[text](target)`, outside of code.
fn links(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2);
    let targets = prose.flat_map(|part| part.split("](").skip(1));
    targets.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target).collect()
}

fn leads_somewhere(file: &Path, text: &str, link: &str) -> bool {
    if link.contains("://") || link.starts_with("mailto:") {
        return true;
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
    let target = file.parent().unwrap().join(path);
    let headings = if path.is_empty() { Ok(text.to_owned()) } else { std::fs::read_to_string(&target) };
    let exists = path.is_empty() || target.exists();
    exists && heading.is_none_or(|heading| headings.is_ok_and(|text| anchors(&text).any(|anchor| anchor == heading)))
}

/// What a heading is called in links: lower case, words joined by hyphens, nothing else.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let titles = text.lines().filter(|line| line.starts_with('#'));
    titles.map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        title.chars().filter(|character| character.is_alphanumeric() || "-_".contains(*character)).collect()
    })
}
