//! Whatever happened before: nothing of the person is left but the tombstone, nothing of others is touched, and nothing
//! that is older comes back.

use super::*;

/// One thing that happens in the shop.
#[derive(Clone, Debug)]
enum Happening {
    Order { canary: bool, id: u8 },
    Customer { canary: bool, consent: Option<bool> },
    Promotion { id: u8, audience: Audience },
    Rejected { canary: bool },
    Reference { canary: bool },
    Request { canary: bool },
}

#[derive(Clone, Copy, Debug)]
enum Audience {
    Canary,
    Other,
    Both,
}

fn happening() -> impl Strategy<Value = Happening> {
    let audience = prop_oneof![Just(Audience::Canary), Just(Audience::Other), Just(Audience::Both)];
    prop_oneof![
        (any::<bool>(), 0..4_u8).prop_map(|(canary, id)| Happening::Order { canary, id }),
        (any::<bool>(), any::<Option<bool>>()).prop_map(|(canary, consent)| Happening::Customer { canary, consent }),
        (0..3_u8, audience).prop_map(|(id, audience)| Happening::Promotion { id, audience }),
        any::<bool>().prop_map(|canary| Happening::Rejected { canary }),
        any::<bool>().prop_map(|canary| Happening::Reference { canary }),
        any::<bool>().prop_map(|canary| Happening::Request { canary }),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![Just(Fate::Delivered), Just(Fate::Failing), Just(Fate::Refused), Just(Fate::Waiting)]
}

/// Its message, dated by its number.
fn message_of(happening: &Happening, number: usize) -> Message {
    let (event, minute) = (format!("e-{number}"), i64::try_from(number).unwrap());
    let email = |canary: bool| if canary { CANARY } else { OTHER };
    let id = |canary: bool| person(email(canary), 0).customer_id.unwrap();
    match happening {
        Happening::Order { canary, id } => {
            order(&event, &format!("{}-{id}", if *canary { "c" } else { "o" }), email(*canary), minute)
        }
        Happening::Customer { canary, consent } => {
            let data = json!({"id": id(*canary), "email": email(*canary), "updated_at": time(minute),
                "marketing_consent": consent});
            message(&event, "customer.updated", "unused", minute, &data)
        }
        Happening::Promotion { id, audience } => {
            let emails: &[&str] = match audience {
                Audience::Canary => &[CANARY],
                Audience::Other => &[OTHER],
                Audience::Both => &[OTHER, CANARY],
            };
            promotion(&event, &format!("p-{id}"), emails, minute)
        }
        Happening::Rejected { canary } => rejected(&event, &format!("{{\"email\": \"{}\"}}", email(*canary)), minute),
        Happening::Reference { canary } => {
            let data =
                json!({"platform": "shopify", "kind": "customer", "id": id(*canary), "event": "customer.updated"});
            message(&event, "customer.referenced", &id(*canary), minute, &data)
        }
        Happening::Request { canary } => {
            let data = json!({"email": email(*canary), "customer_id": id(*canary), "requested_at": time(minute)});
            message(&event, "customer.data_request", "unused", minute, &data)
        }
    }
}

/// The subject is the customer key, as ingest sets it.
fn with_subject(message: Message, keys: &[String; 2]) -> Message {
    use crate::{event::Event, message::Payload};
    match &message.payload {
        Payload::Event(Event::CustomerUpdated(customer)) => {
            let subject = keys[usize::from(customer.email.as_str() == CANARY)].clone();
            Message { subject, ..message }
        }
        _ => message,
    }
}

async fn plays(happenings: Vec<(Happening, Fate)>) {
    let town = Town::new();
    let keys = [town.customer_key(OTHER).await, town.customer_key(CANARY).await];
    let mut messages = Vec::new();
    for (number, (happening, fate)) in happenings.iter().enumerate() {
        let message = with_subject(message_of(happening, number), &keys);
        match happening {
            // These are never delivered here: they wait, or were given up.
            Happening::Rejected { .. } | Happening::Request { .. } => town.park(&message),
            Happening::Reference { .. } if !matches!(fate, Fate::Waiting) => town.park(&message),
            Happening::Reference { .. } => town.happens(&message, Fate::Waiting).await,
            _ => {
                town.happens(&message, *fate).await;
                messages.push(message);
            }
        }
    }
    let others = |town: &Town| {
        let is_theirs = |key: &String| key.contains("#o-") || key.contains(&keys[0]) || key.contains("#promotion#");
        town.rows().into_keys().filter(is_theirs).collect::<Vec<_>>()
    };
    let (before, listed) =
        (others(&town), town.walk(Whose::Person(person(CANARY, 30)), Reach::Everything, false).await);
    let receipt = town.walk(Whose::Person(person(CANARY, 30)), Reach::Everything, true).await;
    assert_eq!(others(&town), before);
    assert_eq!(receipt.found.counts(), listed.found.counts(), "listed is what is deleted");
    let tombstone = format!("acme#websand#consent#{}", keys[1]);
    assert_eq!(town.rows()[&tombstone].erased_at, Some(time(30)));
    nothing_of(&town, &tombstone, &keys[1]);
    let text = format!("{receipt}{}", serde_json::to_string(&receipt).unwrap());
    assert!(!text.contains(CANARY) && !text.contains(&keys[1]), "{text}");
    // A second time there is nothing to do.
    let again = town.walk(Whose::Person(person(CANARY, 30)), Reach::Everything, true).await;
    assert!(again.found.is_empty(), "{again}");
    // Shops send everything again, and what waits is worked on.
    let seen = town.world.http.seen().len();
    let waiting = std::mem::take(&mut *town.world.queue.sent.lock().unwrap());
    for message in messages.iter().chain(&waiting) {
        if message.row_key().is_some_and(|key| key.kind != crate::message::Kind::Reference) {
            town.handle(message).await;
            town.world.advance(4000);
        }
    }
    town.world.queue.parked.lock().unwrap().clear();
    nothing_of(&town, &tombstone, &keys[1]);
    let told = town.world.http.seen().split_off(seen);
    assert!(!format!("{told:?}").contains(CANARY), "{told:?}");
    // A new order is a new relationship.
    let new = order("e-new", "c-new", CANARY, 31);
    assert_eq!(town.handle(&new).await, Settlement::Done);
    assert!(format!("{:?}", town.world.http.seen()).contains(CANARY));
    assert_eq!(town.rows()[&tombstone].erased_at, Some(time(30)));
}

fn nothing_of(town: &Town, tombstone: &str, key: &str) {
    let dump = town.dump(tombstone);
    for trace in [CANARY, key, "c-canary-example.com"] {
        let found = dump.lines().find(|line| line.contains(trace));
        assert_eq!(found, None, "{trace}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_of_a_person_is_left_and_nothing_of_others_is_touched(
        happenings in prop::collection::vec((happening(), fate()), 0..12)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(plays(happenings));
    }

    #[test]
    fn an_order_is_stopped_if_it_was_placed_or_received_before(placed in -500..500_i64, received in -500..500_i64) {
        let row = tombstone::of(Row::new("acme#websand#consent#k".parse().unwrap(), time(0)), time(0), time(0));
        let crate::message::Payload::Event(crate::event::Event::OrderPlaced(order)) =
            order("e", "1", CANARY, placed).payload else { panic!("not an order") };
        let stopped = tombstone::stops_order(Some(&row), &order, time(received));
        prop_assert_eq!(stopped, placed <= 0 || received <= 0);
        prop_assert!(!tombstone::stops_order(None, &order, time(received)));
    }

    #[test]
    fn an_erasure_never_moves_back_and_never_ends(first in -500..500_i64, second in -500..500_i64) {
        let row = Row::new("acme#websand#consent#k".parse().unwrap(), time(0));
        let row = tombstone::of(tombstone::of(row, time(first), time(0)), time(second), time(1));
        prop_assert_eq!(row.erased_at, Some(time(first.max(second))));
        let settled = crate::ledger::transition::settled(row, "e", State::Delivered, time(2));
        prop_assert_eq!(settled.expires_at, None);
        prop_assert_eq!(crate::ledger::transition::restart(settled.clone(), true, time(3)).erased_at, settled.erased_at);
    }
}
