//! A run in which everything is well, and what is found when one thing is not.

use jiff::Timestamp;
use relay::ledger::{LastError, Lease};
use serde_json::json;

use super::{
    super::{
        evidence::Kill,
        load::{Decision, Promotion},
    },
    *,
};

const ORDER: &str = "shop-0#websand#order#order-1";
const PUSH: &str = "shop-0#websale#promotion#push";
const PERSONALISED: &str = "shop-0#websale#promotion#personalised";

#[test]
fn a_run_in_which_everything_is_well_has_no_violation() {
    assert_eq!(found(|_| {}), Findings::default());
}

#[test]
fn each_violation_is_found() {
    type Break = fn(&mut Evidence);
    let cases: [(&str, Break); 13] = [
        ("still wait", |run| run.waiting = 1),
        ("not settled", |run| row(run, ORDER).state = State::Open),
        ("not settled", |run| row(run, ORDER).lease = Some(Lease { token: "t".into(), until: second(9) })),
        ("not for a 422", |run| row(run, ORDER).state = State::Parked),
        ("in version Some(0)", |run| run.calls.retain(|call| version(&call.body["transaction"]) != Some(1))),
        ("without a cause", |run| run.calls.push(posted(1, 5))),
        ("sooner than Retry-After", |run| {
            run.calls.insert(1, Call { status: Some(429), processed: false, ..posted(1, 2) });
        }),
        ("too many", |run| run.state["websand"]["transactions"] = json!([{"_id": "a"}, {"_id": "a"}])),
        ("decided marketing_consent_false", |run| run.calls.retain(|call| call.name != "websand.subscriber")),
        ("sent 2 times", |run| {
            run.state["websale"]["entries"] = json!([{"id": 64, "title": "push"}, {"id": 65, "title": "push"}]);
            run.calls.push(call("websale.send", 6, json!(null), json!({"id": 65})));
        }),
        ("sent 2 times", |run| {
            run.calls.push(call("websale.personalised", 6, json!({"name": "personalised"}), json!({})));
        }),
        ("OutcomeUnknown", |run| unknown(run, "worker_vanished")),
        ("OutcomeUnknown", |run| unknown(run, "no_answer")),
    ];
    for (violation, break_it) in cases {
        let violations = found(break_it).violations;
        assert!(violations.iter().any(|found| found.contains(violation)), "{violation}: {violations:?}");
    }
}

#[test]
fn a_transaction_is_posted_again_after_a_kill_or_without_an_answer() {
    let killed = found(|run| {
        run.kills.push(kill(ORDER, State::Open));
        run.calls.push(posted(1, 5));
    });
    assert_eq!(killed, Findings { repeated_after_kill: 1, ..Findings::default() });
    let lost = found(|run| {
        run.calls[1].status = None;
        run.calls.push(posted(1, 5));
    });
    assert_eq!(lost, Findings { repeated_after_loss: 1, ..Findings::default() });
}

#[test]
fn a_personalised_push_is_unknown_after_a_kill_or_without_an_answer() {
    let wanted = Findings { unknown: 1, ..Findings::default() };
    let killed = found(|run| {
        unknown(run, "worker_vanished");
        run.kills.push(kill(PERSONALISED, State::Intended));
    });
    assert_eq!(killed, wanted);
    let lost = found(|run| {
        unknown(run, "no_answer");
        run.calls.iter_mut().filter(|call| call.name == "websale.personalised").for_each(|call| call.status = None);
    });
    assert_eq!(lost, wanted);
}

fn found(alter: impl FnOnce(&mut Evidence)) -> Findings {
    let (load, mut evidence) = (load(), evidence());
    alter(&mut evidence);
    reconcile(&load, &evidence)
}

/// An order with a later version, a person who signed off, and two pushes.
fn load() -> Load {
    let promotion = |row: &str, channel| Promotion { row: row.to_owned(), channel };
    Load {
        webhooks: Vec::new(),
        orders: [("shop-0-order-1".to_owned(), Order { row: ORDER.to_owned(), newest: 1 })].into(),
        people: [("ann@example.org".to_owned(), Decision { shop: "shop-0".into(), version: 1, granted: false })].into(),
        promotions: [
            ("push".to_owned(), promotion(PUSH, Channel::Push)),
            ("personalised".to_owned(), promotion(PERSONALISED, Channel::Personalised)),
        ]
        .into(),
    }
}

fn evidence() -> Evidence {
    let withdrawn = json!({"subscriber": {"email": "ann@example.org", "marketing_consent": "marketing_consent_false"}});
    let rows = [ORDER, PUSH, PERSONALISED].map(|key| {
        let row = Row { state: State::Delivered, ..Row::new(key.parse().unwrap(), second(0)) };
        (key.to_owned(), row)
    });
    Evidence {
        kills: Vec::new(),
        calls: vec![
            posted(0, 1),
            posted(1, 2),
            call("websand.subscriber", 3, withdrawn, json!({})),
            call("websale.send", 3, json!(null), json!({"id": 64})),
            call("websale.personalised", 3, json!({"name": "personalised"}), json!({})),
        ],
        state: json!({"websand": {"transactions": [{"_id": "shop-0-order-1"}]},
            "websale": {"entries": [{"id": 64, "title": "push"}]}}),
        rows: rows.into(),
        letters: Vec::new(),
        waiting: 0,
    }
}

fn posted(version: u32, at: i64) -> Call {
    let body = json!({"transaction": {"_id": "shop-0-order-1", "total": {"total": version + 1}}});
    call("websand.transaction", at, body, json!({}))
}

fn call(name: &str, at: i64, body: Value, subject: Value) -> Call {
    Call { at: second(at), name: name.to_owned(), status: Some(200), processed: true, body, subject }
}

fn kill(row: &str, state: State) -> Kill {
    Kill { at: second(4), in_hand: [(row.to_owned(), state)].into() }
}

fn row<'r>(run: &'r mut Evidence, key: &str) -> &'r mut Row {
    run.rows.get_mut(key).unwrap()
}

fn unknown(run: &mut Evidence, code: &str) {
    let error = LastError { code: code.to_owned(), status: None, detail: String::new(), at: second(4) };
    let row = row(run, PERSONALISED);
    (row.state, row.last_error) = (State::OutcomeUnknown, Some(error));
}

fn second(number: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + number).unwrap()
}
