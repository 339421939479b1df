//! Orders that may not go to Websand now: the connection is paused or misconfigured, or Websand is down.

use super::*;
use crate::{ledger::Connection, message::Kind, retry::MEND_FOR};

/// The order with this id, placed at eight.
fn numbered(id: u32) -> Message {
    let mut message = order("placed", "placed", 0);
    message.id = format!("e-{id}");
    message.subject = id.to_string();
    message
}

/// A world with one process that goes on from message to message.
struct Office {
    world: World,
    forwarder: WebsandForwarder,
}

impl Office {
    fn new(settings: &Value) -> Self {
        let world = World::new();
        let mut secret = json!({"account": "acme", "api_key": "key", "orders": {"consent": "all"}});
        secret.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        world.secret("acme/websand", secret);
        let forwarder = WebsandForwarder::new(world.ports.clone(), world.config.clone());
        Self { world, forwarder }
    }

    /// The seconds until the message comes back, if it does.
    async fn waits(&self, message: &Message) -> Option<u64> {
        match self.forwarder.handle(self.world.received(message)).await {
            Settlement::Done => None,
            Settlement::Back { after } => Some(after.as_secs()),
        }
    }

    fn calls(&self) -> usize {
        self.world.http.seen().len()
    }

    fn connection(&self) -> Row {
        self.world.ledger.rows()["acme#websand#connection#websand"].clone()
    }

    /// Rows of what is delivered.
    fn rows(&self) -> usize {
        self.world.ledger.rows().values().filter(|row| row.key.kind == Kind::Order).count()
    }

    async fn set(&self, change: fn(Row, jiff::Timestamp) -> Row) {
        let (ports, now) = (&self.world.ports, self.world.ports.clock.now());
        let key = "acme#websand#connection#websand".parse().unwrap();
        let decide = |row: Option<&Row>| {
            let row = row.cloned().unwrap_or_else(|| Row::new("acme#websand#connection#websand".parse().unwrap(), now));
            crate::ledger::Change::Write(Box::new(change(row, now)), ())
        };
        crate::ledger::update(&*ports.ledger, &*ports.random, &key, Guess::Unknown, decide).await.unwrap();
    }
}

#[tokio::test]
async fn what_works_is_noted_once() {
    let office = Office::new(&json!({}));
    assert_eq!(office.waits(&numbered(1)).await, None);
    let version = office.connection().version;
    assert_eq!(office.waits(&numbered(2)).await, None);
    assert_eq!(office.connection().version, version, "two writes an order, none for the connection");
    let Some(Connection { proven, .. }) = office.connection().connection else { panic!("no connection") };
    assert_eq!(proven.into_iter().collect::<Vec<_>>(), [Call::WebsandTransaction]);
}

#[tokio::test]
async fn while_paused_no_call_is_made_and_no_row_begins() {
    let office = Office::new(&json!({}));
    office.set(crate::ledger::connection::paused).await;
    let wait = office.waits(&numbered(1)).await.unwrap();
    assert!((300..=330).contains(&wait), "{wait}");
    assert_eq!((office.calls(), office.rows()), (0, 0));
    assert_eq!(office.connection().attention, Some(Attention::Paused));
    office.set(crate::ledger::connection::resumed).await;
    assert_eq!(office.waits(&numbered(1)).await, None);
    assert_eq!((office.calls(), office.rows()), (1, 1));
}

#[tokio::test]
async fn paused_for_too_long_it_is_parked_and_what_was_delivered_before_is_not() {
    let office = Office::new(&json!({}));
    assert_eq!(office.waits(&numbered(1)).await, None);
    office.set(crate::ledger::connection::paused).await;
    let mut late = [numbered(1), numbered(2)].map(|message| office.world.received(&message));
    office.world.advance(MEND_FOR.as_secs() + 1);
    for received in &mut late {
        received.deadline = office.world.ports.clock.now() + Duration::from_mins(1);
        assert_eq!(office.forwarder.handle(received.clone()).await, Settlement::Done);
    }
    assert_eq!(office.calls(), 1);
    let parked = office.world.queue.parked.lock().unwrap().clone();
    assert_eq!(parked.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(), ["paused_too_long"]);
    assert!(parked[0].body.contains(r#""e-2""#));
}

#[tokio::test]
async fn three_wrong_paths_in_a_row_make_all_orders_wait_for_one_that_tries() {
    let office = Office::new(&json!({}));
    for id in 1..=3 {
        office.world.http.will_answer(404, &json!("no such account"));
        assert_eq!(office.waits(&numbered(id)).await, Some(900));
    }
    let row = office.connection();
    assert_eq!((row.attention, row.last_error.unwrap().status), (Some(Attention::ConfigurationFault), Some(404)));
    for id in 4..=20 {
        let wait = office.waits(&numbered(id)).await.unwrap();
        assert!((900..=930).contains(&wait), "{wait}");
    }
    assert_eq!((office.calls(), office.rows()), (3, 3), "no call and no row for those that wait");
    office.world.advance(901);
    office.world.http.will_answer(404, &json!("no such account"));
    assert_eq!(office.waits(&numbered(4)).await, Some(900));
    assert!(office.waits(&numbered(5)).await.is_some());
    assert_eq!(office.calls(), 4, "one tries");
    office.world.advance(901);
    assert_eq!(office.waits(&numbered(6)).await, None);
    assert_eq!(office.waits(&numbered(7)).await, None);
    assert_eq!(office.connection().attention, None);
}

#[tokio::test]
async fn a_missing_secret_touches_the_rows_of_three_messages_only() {
    let office = Office::new(&json!({}));
    office.world.secrets.0.lock().unwrap().remove("shoprelay/acme/websand");
    for id in 1..=10 {
        assert!(office.waits(&numbered(id)).await.is_some());
    }
    assert_eq!(office.rows(), 3);
    office.world.secret("acme/websand", json!({"account": "acme", "api_key": "key"}));
    office.world.advance(901);
    for id in 1..=10 {
        assert_eq!(office.waits(&numbered(id)).await, None);
    }
    assert_eq!(office.connection().attention, None);
}

#[tokio::test]
async fn a_400_is_the_message_s_fault_only_once_the_call_has_worked() {
    let office = Office::new(&json!({}));
    office.world.http.will_answer(400, &json!("bad"));
    assert_eq!(office.waits(&numbered(1)).await, Some(900));
    assert_eq!(office.waits(&numbered(2)).await, None);
    office.world.http.will_answer(400, &json!("bad"));
    assert_eq!(office.waits(&numbered(3)).await, None);
    assert_eq!(office.world.queue.parked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_destination_that_is_down_is_spared_and_then_tried_by_one() {
    let office = Office::new(&json!({}));
    for id in 1..=5 {
        office.world.http.will_answer(503, &json!("down"));
        assert!(office.waits(&numbered(id)).await.is_some());
    }
    for id in 6..=20 {
        assert_eq!(office.waits(&numbered(id)).await, Some(30));
    }
    assert_eq!((office.calls(), office.rows()), (5, 5));
    office.world.advance(30);
    assert_eq!(office.waits(&numbered(6)).await, None);
    assert_eq!(office.waits(&numbered(7)).await, None);
}

#[tokio::test]
async fn no_more_requests_are_made_than_the_shop_allows() {
    let office = Office::new(&json!({"requests_per_second": 2}));
    let mut waits = Vec::new();
    for id in 1..=5 {
        waits.push(office.waits(&numbered(id)).await);
    }
    assert_eq!(waits, [None, None, Some(30), Some(30), Some(31)]);
    assert_eq!((office.calls(), office.rows()), (2, 2));
}
