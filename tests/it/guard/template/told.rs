//! The table in `infra/README.md` says what each function may do in ledger and secrets, and must be right.

use std::collections::BTreeSet;

use relay_tests::{
    binaries::repository,
    permission::{Permission, allowed},
    stack::{FUNCTIONS, logical},
    template::Template,
};

pub(super) fn faults(template: &Template) -> Vec<String> {
    let readme = std::fs::read_to_string(repository().join("infra/README.md")).unwrap();
    FUNCTIONS.iter().filter_map(|function| fault(&readme, function, &allowed(template, &role(function)))).collect()
}

fn role(function: &str) -> String {
    format!("{}Role", logical(function))
}

fn fault(readme: &str, function: &str, allowed: &BTreeSet<Permission>) -> Option<String> {
    let name = format!("`{function}`");
    let mut rows = readme.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        (cells.len() == 6 && cells[1].split(", ").any(|cell| cell == name)).then_some(cells)
    });
    let Some(cells) = rows.next() else { return Some(format!("README: {function} is not in the table")) };
    let ledger: BTreeSet<_> =
        cells[3].split(", ").filter(|word| *word != "–").map(|word| word.replace(" (due)", "")).collect();
    let secrets: BTreeSet<_> = cells[4].split('`').skip(1).step_by(2).filter(|word| *word != "callback_url").collect();
    let in_ledger = allowed.iter().filter(|one| one.resource.starts_with("Ledger"));
    let verb = |one: &Permission| one.action.trim_start_matches("dynamodb:").trim_end_matches("Item").to_lowercase();
    let read: BTreeSet<_> = allowed.iter().filter_map(|one| one.resource.strip_prefix("secret ")).collect();
    let right = in_ledger.map(verb).collect::<BTreeSet<_>>() == ledger && read == secrets;
    (!right).then(|| format!("README: {function} does not do {ledger:?} in the ledger and read {secrets:?}"))
}
