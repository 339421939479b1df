//! Shops are told what became of their promotions.

use relay_tests::wait::until;

use super::*;

on_both_hosts!(
    a_shop_is_told_in_order_what_became_of_a_personalised_push,
    a_shop_that_does_not_listen_is_told_later_under_the_same_id,
    a_shop_is_told_of_cancellations_and_of_promotions_given_up,
    a_promotion_whose_callback_leads_elsewhere_is_refused,
);

async fn a_shop_is_told_in_order_what_became_of_a_personalised_push(on: On) {
    let system = on.with(&[Shop::canonical("tellpush").with_callback()]).await;
    let push = json!({"id": "spring", "updated_at": time(0), "channel": "personalised_push", "name": "tellpush",
        "title": "Spring sale", "text": "20% until Sunday", "audience": "everyone"});
    tell(&system, "tellpush", "promotion.scheduled", &push).await;
    let told = system.told("tellpush", 2).await;
    let statuses: Vec<_> = told.iter().map(|callback| &callback["data"]["status"]).collect();
    assert_eq!(statuses, ["sent", "finished"], "{told:?}");
    let data = &told[1]["data"];
    assert_eq!(
        (&data["shop"], &data["id"], &data["updated_at"]),
        (&json!("tellpush"), &json!("spring"), &json!(time(0)))
    );
    let count = |field: &str| data[field].as_u64().unwrap();
    assert!(count("receivers") > 0 && count("sent") + count("errors") == count("receivers"), "{data}");
    // The shop hears of it a moment before the row says so.
    let row = until("nothing is owed any more", async || {
        Some(system.promoted("tellpush", "spring", "delivered").await).filter(|row| row["callbacks"].is_null())
    });
    assert!(row.await["expires_at"].is_string());
    assert!(told.iter().all(|callback| callback["times"] == 1), "{told:?}");
}

async fn a_shop_that_does_not_listen_is_told_later_under_the_same_id(on: On) {
    let system = on.with(&[Shop::canonical("telllate").with_callback()]).await;
    let fault = json!({"call": "shop.callback", "of": "telllate", "status": 503, "when": "after", "times": 2});
    system.websale().order(&fault).await;
    let news = json!({"id": "news", "updated_at": time(0), "channel": "news", "title": "Spring sale",
        "text": "20% until Sunday", "visible_until": "2036-01-01T00:00:00Z"});
    tell(&system, "telllate", "promotion.scheduled", &news).await;
    let told = system.told_until("telllate", |told| told.first().is_some_and(|first| first["times"] == 3)).await;
    assert_eq!((told.len(), &told[0]["data"]["status"]), (1, &json!("sent")), "{told:?}");
}

async fn a_shop_is_told_of_cancellations_and_of_promotions_given_up(on: On) {
    let system = on.with(&[Shop::canonical("telloff").with_callback()]).await;
    tell(&system, "telloff", "promotion.cancelled", &json!({"id": "off", "updated_at": time(1)})).await;
    let push = |channel: &str, version| {
        json!({"id": "given-up", "updated_at": time(version), "channel": channel, "title": "Spring sale",
            "text": "20% until Sunday", "visible_until": "2036-01-01T00:00:00Z"})
    };
    tell(&system, "telloff", "promotion.scheduled", &push("news", 0)).await;
    system.promoted("telloff", "given-up", "delivered").await;
    tell(&system, "telloff", "promotion.scheduled", &push("push", 1)).await;
    let told = system.told("telloff", 3).await;
    let mut said: Vec<_> = told
        .iter()
        .map(|callback| &callback["data"])
        .map(|data| format!("{} {} {}", data["id"], data["status"], data["reason"]).replace('"', ""))
        .collect();
    said.sort();
    assert_eq!(said, ["given-up parked channel_changed", "given-up sent null", "off cancelled null"]);
}

async fn a_promotion_whose_callback_leads_elsewhere_is_refused(on: On) {
    let system = on.with(&[Shop::canonical("tellwhere").with_callback()]).await;
    let data = json!({"id": "where", "updated_at": time(0), "channel": "news", "title": "Spring sale", "text": "Now",
        "visible_until": "2036-01-01T00:00:00Z", "callback_url": "http://127.0.0.1:1/callbacks/tellwhere"});
    let webhook = Webhook::canonical("where", "promotion.scheduled", &data);
    let answer = system.send("tellwhere", "promotion-scheduled", &webhook).await;
    assert_eq!((answer.status, &answer.body["errors"][0]["code"]), (422, &json!("callback_host")), "{answer:?}");
}
