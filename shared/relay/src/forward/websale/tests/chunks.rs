//! Audiences too large for one call: every address gets the push just once, whatever comes in between.

use serde_json::json;

use super::*;
use crate::{
    destination::websale::stage::Script,
    event::{Audience, AudienceFilter},
    ledger::{Attention, Finding, Ledger, Poll, chunk},
    message::{Kind, Person, Whose},
    poll::Poller,
};

mod crash;
mod stopped;
mod trouble;

/// Five addresses.
fn large(promotion: Promotion) -> Promotion {
    let emails = (0..5).map(|number| format!("p{number}@example.org").parse().unwrap()).collect();
    let filter = AudienceFilter { connected: Some(true), emails: Some(emails), ..AudienceFilter::default() };
    Promotion { audience: Some(Audience::Filtered(filter)), ..promotion }
}

fn large_at_once() -> Promotion {
    large(at_once(Channel::PersonalisedPush, 0))
}

impl Play {
    /// A shop that sends to two addresses at a time: five make three chunks.
    fn by_twos() -> Self {
        let play = Self::new();
        play.limits(&json!(2));
        play
    }

    fn limits(&self, emails_per_push: &Value) {
        let mut secret = json!({"shop_id": "acme-id", "subshop": "Deutsch", "username": "ann", "password": "p"});
        secret["emails_per_push"] = emails_per_push.clone();
        self.stage.world.secret("acme/websale", secret);
    }

    fn chunk(&self, number: u32) -> Option<Row> {
        let rows = self.stage.world.ledger.rows();
        rows.get(&chunk::key(&self.row().key, number).to_string()).cloned()
    }

    /// The same while there may be nothing yet.
    fn state_of_chunk(&self, number: u32) -> Option<State> {
        let is_known = self.stage.world.ledger.rows().values().any(|row| row.key.kind == Kind::Promotion);
        is_known.then(|| self.chunk(number)).flatten().map(|row| row.state)
    }

    fn chunk_states(&self) -> Vec<State> {
        (1..=3).filter_map(|number| self.chunk(number)).map(|row| row.state).collect()
    }

    /// Who got the push, in the order it went out.
    fn reached(&self) -> Vec<String> {
        let lists = self.stage.websale.dispatches().into_iter().map(|body| body["filter"]["email"].clone());
        let emails = lists.flat_map(|list| list.as_array().unwrap().clone());
        emails.map(|email| email.as_str().unwrap().split('@').next().unwrap().to_owned()).collect()
    }

    fn names(&self) -> Vec<String> {
        let name = |body: &Value| body["name"].as_str().unwrap().to_owned();
        self.stage.websale.dispatches().iter().map(name).collect()
    }

    /// Works on a message until this chunk's call is under way, lets `meanwhile` happen, and works on.
    async fn interrupted(&self, message: &Message, during: u32, meanwhile: impl AsyncFnOnce()) -> Settlement {
        let received = self.stage.world.received(message);
        let mut working = pin!(self.forwarder.handle(received));
        let mut context = Context::from_waker(std::task::Waker::noop());
        while self.state_of_chunk(during) != Some(State::Intended) {
            assert!(working.as_mut().poll(&mut context).is_pending());
        }
        meanwhile().await;
        working.await
    }

    /// The queue, the dispatcher and the poller go on until nothing more happens.
    async fn goes_on(&self, messages: &[Message]) {
        for _ in 0..3 {
            settle_some(self, messages).await;
            self.polls().await;
        }
    }

    /// Every chunk that is asked about has ended, two receivers each.
    async fn polls(&self) {
        let poller =
            Poller::new(self.stage.ports.clone(), self.stage.world.http.clone(), self.stage.world.config.clone());
        for _ in 0..4 {
            for _ in 0..3 {
                let done = json!({"status": "finished", "countReceiver": 2, "countSent": 1, "countError": 1});
                self.stage.websale.will("status", Script::Answer(200, done));
            }
            self.stage.world.advance(601);
            poller.run(self.now() + Duration::from_secs(50)).await;
            self.stage.websale.forgets("status");
        }
    }

    async fn resolves(&self, number: u32, finding: Finding) {
        let row = self.chunk(number).unwrap();
        let (mut next, _) = crate::ledger::resolve(row.clone(), finding, self.now()).unwrap();
        next.version += 1;
        self.stage.world.ledger.put(&next, crate::ledger::Expected::Version(row.version)).await.unwrap();
    }
}

async fn settle_some(play: &Play, messages: &[Message]) {
    for message in messages {
        play.stage.world.advance(200);
        play.handle(message).await;
    }
    play.stage.world.advance(700);
    play.dispatches().await;
}

const ALL: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];

#[tokio::test]
async fn a_large_audience_goes_out_in_chunks_and_their_counts_are_added_up() {
    for promotion in [large_at_once(), large(tomorrow(Channel::PersonalisedPush, 0))] {
        let play = Play::by_twos();
        play.schedules(&promotion).await;
        play.advance_to(minute(24 * 60));
        play.dispatches().await;
        assert_eq!(play.reached(), ALL);
        assert_eq!(play.names(), ["Hello (1/3)", "Hello (2/3)", "Hello (3/3)"]);
        assert_eq!((play.state(), play.chunk_states()), (State::Sent, vec![State::Sent; 3]));
        assert_eq!(play.chunk(2).unwrap().remote_id.as_deref(), Some("102"));
        assert_eq!(play.stage.world.ledger.parts(), 1, "one may turn out not to have been sent");
        play.polls().await;
        let row = play.row();
        let Poll { receivers, sent, errors, .. } = row.poll.clone().unwrap();
        assert_eq!((row.state, row.due, row.attention), (State::Delivered, None, None));
        assert_eq!((receivers, sent, errors), (Some(6), Some(3), Some(3)));
        assert_eq!(play.chunk_states(), [State::Delivered; 3]);
        assert_eq!(play.stage.world.ledger.parts(), 0);
        assert!(row.expires_at.is_some() && row.attempts.is_empty());
        for row in play.stage.world.ledger.rows().values() {
            let json = serde_json::to_string(row).unwrap();
            assert!(json.len() < 1000 && !json.contains('@'), "{json}");
        }
        play.schedules(&promotion).await;
        assert_eq!(play.reached().len(), 5, "never again");
    }
}

#[tokio::test]
async fn an_audience_that_fits_one_call_is_one_call() {
    for limit in [json!(5), json!(6), json!(0), Value::Null] {
        let play = Play::new();
        play.limits(&limit);
        play.schedules(&large_at_once()).await;
        assert_eq!((play.reached().len(), play.names(), play.chunk(1)), (5, vec!["Hello".to_owned()], None), "{limit}");
        assert_eq!(play.row().promotion.unwrap().plan, None);
    }
}

#[tokio::test]
async fn what_does_not_fit_into_the_time_of_one_message_goes_out_with_the_next() {
    let play = Play::by_twos();
    let message = play.schedule(&large_at_once());
    let settlement = play.interrupted(&message, 1, async || play.stage.world.advance(70)).await;
    assert_eq!(settlement, Settlement::Back { after: Duration::ZERO });
    let row = play.row();
    assert_eq!((row.state, row.lease), (State::Scheduled, None));
    assert_eq!(row.attempts.values().map(|attempts| attempts.blame()).sum::<u8>(), 0, "that was no attempt");
    assert_eq!(play.reached(), ["p0", "p1"]);
    play.done(&message).await;
    assert_eq!((play.reached(), play.state()), (ALL.map(str::to_owned).to_vec(), State::Sent));
}

#[tokio::test]
async fn a_limit_that_changes_in_the_middle_changes_nothing_of_what_is_on_its_way() {
    for limit in [json!(1), json!(4), Value::Null] {
        let play = Play::by_twos();
        let message = play.schedule(&large_at_once());
        play.interrupted(&message, 1, async || play.stage.world.advance(70)).await;
        play.limits(&limit);
        play.stage.world.advance(600);
        play.done(&message).await;
        assert_eq!((play.reached(), play.names().len()), (ALL.map(str::to_owned).to_vec(), 3), "{limit}");
    }
}

#[tokio::test]
async fn a_rate_counts_chunks() {
    let play = Play::by_twos();
    let mut secret = json!({"shop_id": "acme-id", "subshop": "Deutsch", "username": "ann", "password": "p"});
    secret["emails_per_push"] = json!(2);
    secret["requests_per_second"] = json!(0.1);
    play.stage.world.secret("acme/websale", secret);
    let message = play.schedule(&large_at_once());
    for sent in 1..=3 {
        let settlement = play.handle(&message).await;
        assert_eq!(play.names().len(), sent);
        let expected = if sent == 3 { State::Sent } else { State::Scheduled };
        assert_eq!((settlement == Settlement::Done, play.state()), (sent == 3, expected));
        play.stage.world.advance(30);
    }
    assert_eq!(play.reached(), ALL);
}

#[tokio::test]
async fn a_new_promotion_with_the_id_of_an_old_one_whose_chunks_are_still_known_reaches_everybody() {
    let play = Play::by_twos();
    play.schedules(&large_at_once()).await;
    play.polls().await;
    let row = play.row();
    play.stage.world.ledger.delete(&row.key, row.version).await.unwrap();
    play.schedules(&large(at_once(Channel::PersonalisedPush, 9))).await;
    assert_eq!(play.reached().len(), 10);
}
