//! What people decide.

use super::*;

on_both_hosts!(a_withdrawal_is_not_undone_by_an_older_grant);

async fn a_withdrawal_is_not_undone_by_an_older_grant(on: On) {
    let words = |value: &str| json!({"field": "marketing_consent", "value": value});
    let consent = json!({"granted": words("yes"), "withdrawn": words("no")});
    let system = on.with(&[Shop::canonical("decided").with_websand(json!({"consent": consent}))]).await;
    let email = "dora.decided@example.org";
    for (version, granted) in [(1, true), (3, false), (2, true)] {
        let at = time(version);
        let customer = json!({"email": email, "city": format!("Ulm {version}"), "marketing_consent": granted,
            "consent_at": at, "updated_at": at});
        tell(&system, "decided", "customer.updated", &customer).await;
        system.drained(Destination::Websand).await;
    }
    let subscribers = system.subscribers(email).await;
    let told: Vec<_> = subscribers.iter().filter_map(|subscriber| subscriber["marketing_consent"].as_str()).collect();
    assert_eq!(told, ["yes", "no"], "{subscribers:?}");
}
