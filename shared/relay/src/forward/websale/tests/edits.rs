//! Edits carry what has changed, and what may have.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    destination::websale::{body::Entry, stage::Script},
    event::{Link, LinkOpen},
};

#[tokio::test]
async fn an_edit_carries_only_what_has_changed() {
    for channel in [Channel::Push, Channel::News, Channel::Teaser] {
        let play = Play::new();
        play.schedules(&tomorrow(channel, 0)).await;
        play.calls();
        play.schedules(&titled("New", tomorrow(channel, 1))).await;
        assert_eq!(play.calls(), [r#"edit 64 {"title":"New"}"#], "{channel:?}");
        play.schedules(&Promotion { link: None, ..titled("New", tomorrow(channel, 2)) }).await;
        assert_eq!(play.calls(), [r#"edit 64 {"url":"","urlType":""}"#], "{channel:?}");
    }
}

#[tokio::test]
async fn a_draft_that_is_published_as_it_is_is_only_switched_on() {
    let play = Play::new();
    play.schedules(&Promotion { draft: true, ..tomorrow(Channel::News, 0) }).await;
    play.schedules(&tomorrow(Channel::News, 1)).await;
    assert_eq!(play.calls(), ["create", r#"edit 64 {"active":true}"#]);
}

#[tokio::test]
async fn what_a_call_without_an_answer_may_have_changed_is_sent_again() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::News, 0)).await;
    play.calls();
    play.stage.websale.will("edit", Script::Lost);
    let changed = play.schedule(&titled("New", tomorrow(Channel::News, 1)));
    assert!(matches!(play.handle(&changed).await, Settlement::Back { .. }));
    assert_eq!(play.title(), "New");
    play.stage.world.advance(3600);
    // As it was at first: whoever believed the ledger would leave the title out.
    play.schedules(&tomorrow(Channel::News, 2)).await;
    assert_eq!(play.calls(), [r#"edit 64 {"title":"New"}"#, r#"edit 64 {"title":"Summer sale"}"#]);
    assert_eq!(play.title(), "Summer sale");
}

#[tokio::test]
async fn a_row_that_does_not_know_what_was_sent_is_edited_in_full() {
    let play = Play::new();
    play.schedules(&tomorrow(Channel::News, 0)).await;
    play.calls();
    let row = Row { entry_fields: BTreeSet::new(), version: play.row().version + 1, ..play.row() };
    let expected = crate::ledger::Expected::Version(row.version - 1);
    play.stage.ports.ledger.put(&row, expected).await.unwrap();
    play.schedules(&titled("New", tomorrow(Channel::News, 1))).await;
    let [edit] = play.calls().try_into().unwrap();
    assert_eq!(edit.matches("\":").count(), 7, "{edit}");
}

/// What becomes of the worker that has a revision first.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Well,
    /// The edit is done or not, and no answer says so.
    Unheard(bool),
    Refused(u16),
    Dies(usize, Crash),
}

fn fate() -> impl Strategy<Value = Fate> {
    let crash = prop_oneof![Just(Crash::Before), Just(Crash::After)];
    prop_oneof![
        Just(Fate::Well),
        any::<bool>().prop_map(Fate::Unheard),
        proptest::sample::select(vec![429_u16, 422, 503]).prop_map(Fate::Refused),
        (1..8_usize, crash).prop_map(|(number, crash)| Fate::Dies(number, crash)),
    ]
}

fn variant(channel: Channel, revision: usize, (title, link, days): (u8, bool, i64)) -> Promotion {
    let url = "https://shop.example/sale".into();
    Promotion {
        link: link.then_some(Link { url, open: LinkOpen::Browser }),
        visible_until: Some(minute((9 + days) * 24 * 60)),
        ..titled(&format!("Title {title}"), tomorrow(channel, i64::try_from(revision).unwrap()))
    }
}

/// Lets WEBSALE, or the worker, do with this revision as fate has it.
async fn befalls(play: &mut Play, message: &Message, fate: Fate) {
    match fate {
        Fate::Well => {}
        Fate::Unheard(true) => play.stage.websale.will("edit", Script::Lost),
        Fate::Unheard(false) => play.stage.websale.will("edit", Script::NotSent),
        Fate::Refused(status) => play.stage.websale.will("edit", Script::Answer(status, Value::Null)),
        Fate::Dies(number, crash) => {
            play.crashes(play.stage.world.received(message), number, crash);
            return play.restarted();
        }
    }
    play.handle(message).await;
    play.stage.websale.forgets("edit");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever was lost on the way: when the newest revision is settled, the entry says what it says.
    #[test]
    fn the_entry_is_the_newest_revision_whatever_answers_were_lost(
        channel in prop_oneof![Just(Channel::Push), Just(Channel::News)],
        revisions in proptest::collection::vec((((0..3_u8), any::<bool>(), (0..2_i64)), fate()), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut play = Play::new();
            play.schedules(&variant(channel, 0, (0, true, 0))).await;
            let mut newest = None;
            for (number, (what, fate)) in revisions.into_iter().enumerate() {
                let promotion = variant(channel, number + 1, what);
                let message = play.schedule(&promotion);
                befalls(&mut play, &message, fate).await;
                // By then leases have lapsed, and nothing waits for another try any more.
                play.stage.world.advance(2 * 3600);
                newest = Some((promotion, message));
            }
            let (promotion, message) = newest.unwrap();
            for _ in 0..3 {
                play.handle(&message).await;
                play.stage.world.advance(2 * 3600);
            }
            let secret = play.stage.ports.secrets.websale(&"acme".parse().unwrap()).await.unwrap();
            let wanted = Entry::of(&promotion, message.received_at, &secret).unwrap().edit_body(&BTreeSet::new());
            let wanted: Value = serde_json::from_slice(&wanted.unwrap()).unwrap();
            let entry = &play.stage.websale.entries()[&64];
            for (name, value) in wanted.as_object().unwrap() {
                assert_eq!(entry.fields.get(name).unwrap_or(&Value::from("")), value, "{name}");
            }
        });
    }
}
