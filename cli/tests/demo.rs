//! The demo is the whole product in one process; it ends with 0 only if everything arrived.

use std::process::Command;

#[test]
fn the_demo_delivers_orders_customers_and_a_promotion_of_each_channel() {
    let output = Command::new(env!("CARGO_BIN_EXE_shoprelay")).args(["demo", "--once"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    for arrival in [
        "transaction lamp-shop-",
        "transaction book-shop-",
        "subscriber bob.biller@example.com",
        "subscriber ann@example.org",
        "create news",
        "create teaser",
        "send push",
        "personalised push",
        "finished, 160 of 160 sent",
    ] {
        assert_eq!(shown.matches(arrival).count(), 1, "{arrival} in\n{shown}");
    }
}
