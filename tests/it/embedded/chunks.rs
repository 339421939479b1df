//! A push to a large audience, with the host killed between its chunks: everybody gets it once.

use relay_tests::{host::Host, sandbox::Sandbox, shop, wait::until, webhook::Webhook};
use serde_json::{Value, json};

#[tokio::test]
async fn killed_in_the_middle_of_a_large_audience_nobody_gets_the_push_twice() {
    let sandbox = Sandbox::start(&["--fault", "websale.personalised:delay-ms=1500"]).await;
    let mut secrets = shop::secrets("acme");
    for (name, value) in &mut secrets {
        if name.ends_with("/websale") {
            value["emails_per_push"] = json!(10);
            value["status_callback"] = shop::status_callback(&sandbox.url, "acme");
        }
    }
    let mut host = Host::new(&secrets);
    host.start(&sandbox).await;
    let emails: Vec<String> = (0..25).map(|number| format!("p{number}@example.org")).collect();
    let data = json!({"id": "summer-2026", "updated_at": "2026-06-01T08:00:00Z", "channel": "personalised_push",
        "name": "Summer", "title": "Summer", "text": "Today", "audience": {"connected": true, "emails": emails}});
    let url = format!("{}/webhooks/acme/promotion-scheduled", host.url());
    let answer = Webhook::canonical("w", "promotion.scheduled", &data).post(&url, None).await;
    assert_eq!(answer.status, 202, "{answer:?}");

    until("the first chunk is out", async || (!pushes(&sandbox).await.is_empty()).then_some(())).await;
    until("the second is on its way", async || (state(&host, 2).await.as_deref() == Some("intended")).then_some(()))
        .await;
    host.kill();
    sandbox.calm().await;
    host.start(&sandbox).await;

    until("the third chunk is out", async || {
        state(&host, 3).await.filter(|state| state == "sent" || state == "delivered")
    })
    .await;
    assert_eq!(state(&host, 2).await.as_deref(), Some("outcome_unknown"), "nobody can say, so nobody repeats it");
    until("the shop is told that nobody knows of a chunk", async || {
        told(&sandbox).await.contains(&"outcome_unknown chunk".to_owned()).then_some(())
    })
    .await;
    let found = pushes(&sandbox).await.iter().any(|push| push["name"] == "Summer (2/3)");
    let finding = if found { "sent" } else { "not-sent" };
    let resolved = host.command(&sandbox, &["resolve", "acme/chunk/summer-2026/2", "--as", finding]).await;
    assert!(resolved.status.success(), "{resolved:?}");

    until("the promotion has ended", async || {
        let rows = host.rows().await;
        let row = rows.iter().find(|row| row.key.to_string() == "acme#websale#promotion#summer-2026")?;
        (row.state.name() == "delivered").then_some(())
    })
    .await;
    until("the shop is told that it has ended", async || (told(&sandbox).await.len() >= 3).then_some(())).await;
    assert_eq!(told(&sandbox).await, ["sent", "outcome_unknown chunk", "finished"]);
    let pushes = pushes(&sandbox).await;
    let reached = pushes.iter().flat_map(|push| push["filter"]["email"].as_array().unwrap().clone());
    let mut reached: Vec<String> = reached.map(|email| email.as_str().unwrap().to_owned()).collect();
    reached.sort_by_key(|email| email[1..email.find('@').unwrap()].parse::<u32>().unwrap());
    assert_eq!((pushes.len(), reached), (3, emails));
    let shown = host.command(&sandbox, &["show", "acme/promotion/summer-2026"]).await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("3 of 3 chunks sent, 10 addresses each at most"), "{shown}");
}

/// What the shop was told, in order.
async fn told(sandbox: &Sandbox) -> Vec<String> {
    let state = sandbox.state().await;
    let callbacks = state["shops"]["callbacks"].as_array().cloned().unwrap_or_default();
    let word = |callback: &Value| {
        let words = ["status", "reason"].map(|field| callback["data"][field].as_str().unwrap_or_default().to_owned());
        words.join(" ").trim().to_owned()
    };
    callbacks.iter().map(word).collect()
}

/// The bodies of the pushes that took effect.
async fn pushes(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.processed("websale.personalised").await.into_iter().map(|request| request["body"].clone()).collect()
}

/// The state of a chunk's row.
async fn state(host: &Host, number: u32) -> Option<String> {
    let key = format!("acme#websale#chunk#summer-2026/{number}");
    let rows = host.rows().await;
    rows.iter().find(|row| row.key.to_string() == key).map(|row| row.state.name().to_owned())
}
