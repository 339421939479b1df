use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::{
    destination::websale::stage::{Script, Stage},
    ledger::Attention,
};

fn tokens(stage: &Stage) -> Tokens {
    Tokens::new(stage.ports.clone(), stage.world.config.clone())
}

fn acme() -> ShopName {
    "acme".parse().unwrap()
}

fn soon(stage: &Stage) -> Timestamp {
    stage.ports.clock.now() + Duration::from_mins(2)
}

fn text(session: &Session) -> String {
    session.token.text().expose_secret().to_owned()
}

#[tokio::test]
async fn ten_at_once_make_one_log_in_and_again_one_after_25_minutes() {
    let stage = Stage::new();
    let (tokens, shop) = (tokens(&stage), acme());
    for (age, expected) in [(0, 1), (25 * 60 - 1, 1), (1, 2)] {
        stage.world.advance(age);
        let deadline = soon(&stage);
        let all = join_all((0..10).map(|_| tokens.session(&shop, deadline))).await;
        assert!(all.iter().all(|session| text(session.as_ref().unwrap()) == expected.to_string()));
        assert_eq!(stage.websale.log_ins(), expected);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_by_one_log_in_for_all_who_had_it() {
    let stage = Stage::new();
    let (tokens, shop, deadline) = (tokens(&stage), acme(), soon(&stage));
    let old = tokens.session(&shop, deadline).await.unwrap();
    let all = join_all((0..10).map(|_| tokens.again(&shop, &old, deadline))).await;
    assert!(all.iter().all(|session| text(session.as_ref().unwrap()) == "2"));
    assert_eq!(text(&tokens.session(&shop, deadline).await.unwrap()), "2");
    assert_eq!(stage.websale.log_ins(), 2);
}

#[tokio::test]
async fn a_failed_log_in_is_shared_by_those_who_waited_and_tried_again_by_the_next() {
    let stage = Stage::new();
    let (tokens, shop, deadline) = (tokens(&stage), acme(), soon(&stage));
    stage.websale.will("login", Script::Answer(503, json!({})));
    let all = join_all((0..10).map(|_| tokens.session(&shop, deadline))).await;
    assert!(
        all.iter().all(|session| matches!(session, Err(LoginError::Failed(Ok(response))) if response.status == 503))
    );
    assert_eq!(stage.websale.log().len(), 1);
    assert!(tokens.session(&shop, deadline).await.is_ok());
}

#[tokio::test]
async fn after_403_or_423_no_process_logs_in_for_a_quarter_of_an_hour() {
    for status in [401, 403, 423] {
        let stage = Stage::new();
        let shop = acme();
        stage.websale.will("login", Script::Answer(status, json!({"reason": "no ann@example.org"})));
        let began = stage.ports.clock.now();
        for process in [tokens(&stage), tokens(&stage)] {
            let error = process.session(&shop, soon(&stage)).await.err().unwrap();
            let LoginError::Blocked { until, status: told } = error else { panic!("{error}") };
            assert_eq!((until, told), (began + Duration::from_mins(15), status));
            stage.world.advance(449);
        }
        assert_eq!(stage.websale.log(), ["login"]);
        let row = stage.world.only_row();
        assert_eq!(row.attention, Some(Attention::CredentialsRefused));
        let shown = serde_json::to_string(&row).unwrap();
        assert!(shown.contains("_installation#websale#login#acme-id/") && !shown.contains("ann"), "{shown}");

        stage.world.advance(2);
        assert!(tokens(&stage).session(&shop, soon(&stage)).await.is_ok());
        let row = stage.world.only_row();
        assert_eq!((row.attention, row.not_before), (None, None));
    }
}

#[tokio::test]
async fn a_password_changed_meanwhile_is_tried_before_the_account_counts_as_refused() {
    let stage = Stage::new();
    let (tokens, shop) = (tokens(&stage), acme());
    tokens.session(&shop, soon(&stage)).await.unwrap();
    let secret = json!({"shop_id": "acme-id", "subshop": "Deutsch", "username": "ann@example.org", "password": "new"});
    stage.world.secret("acme/websale", secret);
    stage.world.advance(26 * 60);
    stage.ports.secrets.websale(&shop).await.unwrap();
    stage.world.secret(
        "acme/websale",
        json!({"shop_id": "acme-id", "subshop": "Deutsch", "username": "ann@example.org", "password": "newer"}),
    );
    stage.world.advance(20);
    stage.websale.will("login", Script::Answer(403, json!({})));
    let session = tokens.session(&shop, soon(&stage)).await.unwrap();
    assert_eq!(session.secret.password.expose_secret(), "newer");
    assert_eq!(stage.world.ledger.rows().len(), 0);
}

#[tokio::test]
async fn no_log_in_starts_that_could_not_end_before_the_deadline() {
    let stage = Stage::new();
    let (tokens, shop, now) = (tokens(&stage), acme(), stage.ports.clock.now());
    let error = tokens.session(&shop, now + Duration::from_secs(14)).await.err().unwrap();
    assert!(matches!(error, LoginError::NoTime));
    assert_eq!(stage.websale.log().len(), 0);
    assert!(tokens.session(&shop, now + Duration::from_secs(16)).await.is_ok());
}

#[tokio::test]
async fn an_answer_without_a_token_is_a_failure() {
    let stage = Stage::new();
    stage.websale.will("login", Script::Answer(200, json!({"token": ""})));
    let error = tokens(&stage).session(&acme(), soon(&stage)).await.err().unwrap();
    assert!(matches!(error, LoginError::Failed(Err(CallError::NoAnswer(_)))));
}

#[tokio::test]
async fn shops_of_one_account_share_its_token_and_others_do_not() {
    let stage = Stage::new();
    for (name, shop_id) in [("acme-at", "acme-id"), ("other", "other-id")] {
        let secret = json!({"shop_id": shop_id, "subshop": "Deutsch", "username": "ann@example.org", "password": "p"});
        stage.world.secret(&format!("{name}/websale"), secret);
    }
    let tokens = tokens(&stage);
    for shop in ["acme", "acme-at", "other"] {
        tokens.session(&shop.parse().unwrap(), soon(&stage)).await.unwrap();
    }
    assert_eq!(stage.websale.log_ins(), 2);
}

#[tokio::test]
async fn a_block_lasts_as_the_shop_says_and_never_less_than_a_quarter_of_an_hour() {
    for (setting, expected) in [(60, 900), (7200, 7200)] {
        let stage = Stage::new();
        let mut secret = json!({"shop_id": "acme-id", "subshop": "Deutsch", "username": "u", "password": "p"});
        secret["login_backoff_seconds"] = setting.into();
        stage.world.secret("acme/websale", secret);
        stage.websale.will("login", Script::Answer(423, json!({})));
        let error = tokens(&stage).session(&acme(), soon(&stage)).await.err().unwrap();
        let LoginError::Blocked { until, .. } = error else { panic!("{error}") };
        assert_eq!(until, stage.ports.clock.now() + Duration::from_secs(expected));
    }
}
