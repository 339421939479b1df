use super::*;

#[tokio::test]
async fn one_shops_failure_neither_stops_nor_slows_the_others() {
    let watch = Watch::new();
    let secret = json!({"shop_id": "other", "subshop": "Deutsch", "username": "u", "password": "p"});
    watch.stage.world.secret("other/websale", secret);
    for number in 0..20 {
        watch.sent("nosecret", &format!("p{number}")).await;
    }
    let other = watch.sent("other", "summer").await;
    watch.answers(json!({"status": "finished"}));
    let polled = watch.run().await;
    assert_eq!((polled.asked, polled.ended), (1, 1));
    assert!(polled.failed >= 1);
    assert_eq!(watch.row(&other).state, State::Delivered);
    let failed: Vec<_> = watch.stage.world.ledger.rows().into_values().filter(|row| row.attention.is_some()).collect();
    assert_eq!(failed.len(), polled.failed);
    assert!(failed.iter().all(|row| row.attention == Some(Attention::ConfigurationFault) && row.lease.is_none()));
}

#[tokio::test]
async fn an_outage_is_waited_out_and_leaves_no_trace() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    watch.stage.websale.will("status", Script::Answer(503, json!({})));
    watch.stage.websale.will("status", Script::Lost);
    for code in ["http_503", "no_answer"] {
        assert_eq!(watch.run().await.failed, 1);
        let row = watch.row(&key);
        assert_eq!((row.state, row.last_error.unwrap().code.as_str()), (State::Sent, code));
        watch.wait_for(&key);
    }
    watch.answers(json!({"status": "running"}));
    assert_eq!(watch.run().await.asked, 1);
    assert_eq!(watch.row(&key).last_error, None);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_in_a_run() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    watch.run().await;
    watch.wait_for(&key);
    watch.stage.websale.expire_tokens();
    assert_eq!(watch.run().await.asked, 1);
    assert_eq!(watch.stage.websale.log_ins(), 2);
}

#[tokio::test]
async fn a_log_in_that_failed_is_no_reason_to_ask_seldom() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    for _ in 0..3 {
        watch.answers(json!({"status": "running"}));
        watch.run().await;
        watch.wait_for(&key);
    }
    watch.stage.websale.expire_tokens();
    watch.stage.websale.will("login", Script::Answer(503, json!({})));
    assert_eq!(watch.run().await.failed, 1);
    // The back-off of the log-in itself is anything up to 40 s.
    assert!((30..=40).contains(&watch.wait_for(&key)));
}

#[tokio::test]
async fn while_the_account_is_blocked_nobody_asks() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    watch.stage.websale.will("login", Script::Answer(423, json!({})));
    assert_eq!(watch.run().await.failed, 1);
    let row = watch.row(&key);
    assert_eq!((row.state, row.attention), (State::Sent, Some(Attention::CredentialsRefused)));
    assert_eq!(watch.wait_for(&key), 900);
    watch.run().await;
    assert_eq!(watch.stage.websale.log(), ["login", "login", "status"]);
}

#[tokio::test]
async fn a_dispatch_that_is_not_found_is_asked_for_again_until_the_deadline() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    watch.answers(json!({"status": "running"}));
    watch.run().await;
    watch.wait_for(&key);
    let second = watch.sent("acme", "winter").await;
    for _ in 0..200 {
        watch.stage.websale.will("status", Script::Answer(404, json!({})));
    }
    assert_eq!(watch.run().await.failed, 2, "the shop's other dispatches are asked about all the same");
    assert_eq!(watch.row(&second).state, State::Sent);
    while watch.row(&key).due.is_some() {
        watch.run().await;
        if watch.row(&key).due.is_some() {
            watch.wait_for(&key);
        }
    }
    let row = watch.row(&key);
    assert_eq!((row.state, row.attention), (State::Delivered, Some(Attention::PollDeadline)));
    assert_eq!(row.last_error.unwrap().status, Some(404));
}

#[tokio::test]
async fn nothing_is_asked_that_could_not_be_answered_before_the_deadline() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    let before = watch.row(&key);
    let polled = watch.poller.run(watch.now() + Duration::from_secs(14)).await;
    assert_eq!((polled, watch.row(&key)), (Polled::default(), before));
}

#[tokio::test]
async fn an_answer_that_is_no_status_is_no_end() {
    let watch = Watch::new();
    let key = watch.sent("acme", "summer").await;
    watch.answers(json!({"countReceiver": 5, "countSent": 2}));
    watch.run().await;
    watch.wait_for(&key);
    watch.answers(json!("ok"));
    assert_eq!(watch.run().await, Polled { asked: 1, ended: 0, told: 0, failed: 0 });
    let poll = watch.row(&key).poll.unwrap();
    assert_eq!((poll.receivers, poll.sent, poll.asked), (Some(5), Some(2), 2));
}

#[tokio::test]
async fn a_wrong_path_is_shown_with_the_setting_and_nothing_is_lost() {
    for status in [400, 404, 405, 302] {
        let watch = Watch::new();
        let key = watch.sent("acme", "summer").await;
        watch.stage.websale.will("status", Script::Answer(status, json!({"reason": "unknown action"})));
        assert_eq!(watch.run().await.failed, 1);
        let row = watch.row(&key);
        assert_eq!((row.state, row.attention), (State::Sent, Some(Attention::ConfigurationFault)), "{status}");
        let detail = row.last_error.unwrap().detail;
        assert!(detail.contains("`endpoints.status` of the shop's websale secret"), "{detail}");
        assert!(detail.contains("unknown action"), "{detail}");
        assert_eq!(watch.wait_for(&key), 900);
        watch.answers(json!({"status": "finished"}));
        assert_eq!(watch.run().await.ended, 1);
        assert_eq!(watch.row(&key).attention, None);
    }
}
