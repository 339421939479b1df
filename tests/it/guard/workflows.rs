//! What runs in our workflows is what we looked at: every action is pinned by the hash of its commit.

use super::{files, name};

#[test]
fn every_action_is_pinned_by_a_commits_hash() {
    let mut loose = Vec::new();
    for file in files("yml") {
        let text = std::fs::read_to_string(&file).unwrap();
        loose.extend(unpinned(&text).map(|action| format!("{}: {action}", name(&file))));
    }
    assert_eq!(loose, Vec::<String>::new());
}

#[test]
fn a_tag_or_a_short_hash_is_noticed() {
    let text = "- uses: actions/checkout@v5\n  - uses: a/b@08c6903 # v1\n- uses: c/d\n- uses: ./.github/workflows/ci.yml\n\
        - uses: e/f@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0";
    let loose: Vec<_> = unpinned(text).collect();
    assert_eq!(loose, ["actions/checkout@v5", "a/b@08c6903", "c/d"]);
}

/// The actions of others that are not named by a whole hash.
fn unpinned(text: &str) -> impl Iterator<Item = &str> {
    let used = text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses:"));
    let actions = used.filter_map(|used| used.split_whitespace().next());
    actions.filter(|action| !action.starts_with("./") && !is_pinned(action))
}

fn is_pinned(action: &str) -> bool {
    action
        .split_once('@')
        .is_some_and(|(_, commit)| commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()))
}
