//! The demo is the whole product in one process; it ends with 0 only if everything arrived.

use std::process::Command;

#[test]
fn the_demo_delivers_what_each_platform_sends_and_a_promotion_of_each_channel() {
    let output = Command::new(env!("CARGO_BIN_EXE_shoprelay")).args(["demo", "--once"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    for (arrival, times) in [
        // Placed, then shipped.
        ("transaction lamp-shop-", 2),
        ("transaction tea-shop-", 1),
        ("transaction bike-shop-", 1),
        ("BigCommerce ← read order", 1),
        ("transaction toy-shop-", 1),
        // Its page was loaded twice.
        ("shoe-shop   → order.placed", 2),
        ("transaction shoe-shop-", 1),
        ("transaction book-shop-", 1),
        ("subscriber bob.biller@example.com", 1),
        ("subscriber ann@example.org", 1),
        ("subscriber hanako.yamada@example.com 200 marketing_consent_false", 1),
        ("hanako.yamada@example.com, marketing_consent_true", 1),
        ("hanako.yamada@example.com, no word of consent", 1),
        ("create news", 1),
        ("create teaser", 1),
        ("send push", 1),
        ("personalised push", 1),
        ("finished, 160 of 160 sent", 1),
    ] {
        assert_eq!(shown.matches(arrival).count(), times, "{arrival} in\n{shown}");
    }
}
