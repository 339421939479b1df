//! The page about cost is what its command prints from the measured figures and the prices.

use std::process::Command;

use relay_tests::binaries::repository;

#[test]
fn the_page_is_what_the_command_prints() {
    let output = Command::new("python3").arg(repository().join("infra/cost/cost.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(repository().join("docs/cost.md")).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), page, "python3 infra/cost/cost.py > docs/cost.md");
}
