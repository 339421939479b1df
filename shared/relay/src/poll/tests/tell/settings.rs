//! What the shop's secret says, or does not say.

use super::*;

#[tokio::test]
async fn a_secret_that_was_rotated_is_read_anew() {
    let tale = Tale::new();
    tale.over("acme", "one", &[CallbackStatus::Sent]).await;
    tale.watch.run().await;
    tale.watch.stage.world.advance(11);
    tale.wants("acme", ROTATED);
    tale.over("acme", "two", &[CallbackStatus::Sent]).await;
    tale.endpoint.taken();
    tale.endpoint.will(Ok(answer(401, &json!({}))));
    assert_eq!(tale.watch.run().await.told, 1);
    let signed: Vec<_> = tale.endpoint.taken().into_iter().map(|taken| taken.signed).collect();
    assert_eq!(signed, [SECRET, ROTATED]);
}

#[tokio::test]
async fn a_shop_without_a_callback_is_owed_nothing_and_that_costs_one_write() {
    let tale = Tale::new();
    let plain = json!({"shop_id": "i", "subshop": "D", "username": "u", "password": "p"});
    tale.watch.stage.world.secret("plain/websale", plain);
    let key = tale.over("plain", "summer", &[CallbackStatus::Sent, CallbackStatus::TooLate]).await;
    let before = tale.watch.row(&key).version;
    assert_eq!(tale.watch.run().await, Polled::default());
    let row = tale.watch.row(&key);
    assert_eq!((row.callbacks, row.attention, row.expires_at.is_some()), (None, None, true));
    assert_eq!((row.version, tale.endpoint.taken()), (before + 1, vec![]));
}

#[tokio::test]
async fn a_removed_shop_is_waited_for_and_then_all_it_is_owed_is_given_up_with_the_reason() {
    let tale = Tale::new();
    let key = tale.over("gone", "summer", &[CallbackStatus::Sent, CallbackStatus::TooLate]).await;
    let began = tale.watch.now();
    while tale.owes(&key).is_some() {
        tale.watch.stage.world.advance(900);
        assert_eq!(tale.watch.run().await.failed, 1);
    }
    assert_eq!(tale.watch.now().duration_since(began).as_secs() / 3600, 72);
    let row = tale.watch.row(&key);
    assert_eq!((row.attention, row.expires_at.is_some()), (Some(Attention::CallbackFailed), true));
    let error = row.last_error.unwrap();
    assert_eq!(error.code, "secret_missing");
    assert!(error.detail.contains("shoprelay/gone/websale") && error.detail.contains("removed?"), "{error:?}");
    tale.watch.stage.world.advance(900);
    assert_eq!(tale.watch.run().await, Polled::default(), "and that is that");
    assert_eq!(tale.endpoint.taken(), []);
}

#[tokio::test]
async fn a_promotions_own_address_is_called_if_the_shop_still_has_that_host() {
    let tale = Tale::new();
    for (subject, own, called) in [
        ("a", "https://shop.example/hooks/summer?x=1", "https://shop.example/hooks/summer?x=1"),
        ("b", "https://shop.example:8443/hooks", "https://shop.example/hooks/status"),
        ("c", "https://evil.example/hooks", "https://shop.example/hooks/status"),
    ] {
        let key = tale.watch.sent("acme", subject).await;
        let mut row = Row { due: None, state: State::Delivered, ..tale.watch.row(&key) };
        row.promotion.as_mut().unwrap().callback_url = Some(own.into());
        tale.owe(row, &[CallbackStatus::Sent]).await;
        tale.watch.run().await;
        assert_eq!(tale.endpoint.taken().pop().unwrap().url, called);
    }
}
