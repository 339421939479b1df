//! Operators: what they do by the command line, beside the host and in processes of their own.

use jiff::{SignedDuration, Timestamp};
use relay::{
    ledger::{self, Change, Guess, Row, connection},
    message::RowKey,
    ports::Ports,
    shop::Destination,
};

use crate::{
    chance::Chance,
    http::Call,
    invariant::Invariant,
    scenario::{SHOPS, Scenario, after, minutes},
    world::{Process, State, start},
};

mod desk;

/// A command, and when it is given; one that fails is given again.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) at: Timestamp,
    pub(crate) act: Act,
}

/// What is done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// `pause`: no call is started any more.
    Pause(RowKey),
    /// `resume`: calls may be made again.
    Resume(RowKey),
    /// `dead redrive`, for everything that is there.
    Redrive(Patience),
    /// `resolve`, for everything whose outcome is unknown.
    Resolve(Patience),
}

/// Whether an operator goes on until a command has no trouble any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// No: once is enough.
    Once,
    /// Yes.
    UntilDone,
}

/// The commands of one operator, each given once the one before is done.
pub(crate) type Script = Vec<Command>;

/// Whatever was handed over before a pause has ended by then: the longest that a function may take.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(120);

impl Scenario {
    /// Connections that are paused for minutes or hours, some of them twice.
    pub(crate) fn draw_pauses(&mut self, chance: &mut Chance) {
        while chance.one_in(2) {
            let (shop, destination) = (chance.pick(&SHOPS), chance.pick(&Destination::ALL));
            let from = minutes(chance.below(180));
            let longest = *chance.pick(&[10, 60, 400]);
            self.pause(shop, *destination, from, minutes(chance.between(1, longest)));
        }
    }

    /// Letters that are put back, and doubts that are resolved, while everything goes on; now and then by two at once.
    pub(crate) fn draw_redrives(&mut self, chance: &mut Chance) {
        while chance.one_in(2) {
            let at = after(start(), minutes(chance.below(600)));
            let redrive = vec![
                Command { at, act: Act::Redrive(Patience::Once) },
                Command { at, act: Act::Resolve(Patience::Once) },
            ];
            if chance.one_in(3) {
                self.operators.push(redrive.clone());
            }
            self.operators.push(redrive);
        }
    }

    /// An operator pauses a connection for this long.
    pub(crate) fn pause(&mut self, shop: &str, destination: Destination, from: SignedDuration, long: SignedDuration) {
        let Ok(shop) = shop.parse() else { return };
        let key = connection::row_key(&shop, destination);
        let paused_at = after(start(), from);
        self.operators.push(vec![
            Command { at: paused_at, act: Act::Pause(key.clone()) },
            Command { at: after(paused_at, long), act: Act::Resume(key) },
        ]);
    }
}

/// What is done when nothing fails any more: whatever was given up is put back once, and every doubt resolved.
pub(crate) fn last(at: Timestamp, is_first: bool) -> Script {
    let redrive = is_first.then_some(Act::Redrive(Patience::UntilDone));
    redrive.into_iter().chain([Act::Resolve(Patience::UntilDone)]).map(|act| Command { at, act }).collect()
}

impl Act {
    /// Does it, as the command does. Tells whether it is done.
    pub(crate) async fn run(&self, ports: &Ports, process: &Process) -> bool {
        match self {
            Self::Pause(key) => changed(ports, key, connection::paused).await,
            Self::Resume(key) => changed(ports, key, connection::resumed).await,
            Self::Redrive(patience) => desk::redrive(ports).await || *patience == Patience::Once,
            Self::Resolve(patience) => desk::resolve(ports, process).await || *patience == Patience::Once,
        }
    }
}

async fn changed(ports: &Ports, key: &RowKey, to: fn(Row, Timestamp) -> Row) -> bool {
    let now = ports.clock.now();
    let decide = |stored: Option<&Row>| {
        let before = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
        Change::Write(Box::new(to(before, now)), ())
    };
    ledger::update(&*ports.ledger, &*ports.random, key, Guess::Unknown, decide).await.is_ok()
}

impl State {
    /// Nobody who began after a pause was in the ledger calls, and soon nobody at all.
    pub(crate) fn is_not_paused(&mut self, call: &Call) {
        let Some((shop, destination)) = self.addressee(call) else { return };
        let key = connection::row_key(&shop, destination).to_string();
        let Some(paused_at) = self.ledger.paused.get(&key).copied() else { return };
        let began_at = self.at_work_since;
        if began_at > paused_at || self.now > after(paused_at, UNDER_WAY) {
            let what =
                format!("{destination} is called for {shop} by what began at {began_at}, paused since {paused_at}");
            self.violated(Invariant::Paused, what);
        }
    }

    /// Whose connection a call goes over.
    fn addressee(&self, call: &Call) -> Option<(relay::shop::ShopName, Destination)> {
        if call.is_to_websand() {
            return Some((call.host.split('.').next()?.parse().ok()?, Destination::Websand));
        }
        let path: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        let shop = match path[..] {
            ["api", "websaleapp2", "push", id] if call.method == relay::http::Method::Get => {
                &self.websale.dispatches.get(id.parse::<usize>().ok()?)?.subshop
            }
            ["api", "authent", "login", shop] | ["api", "websaleapp2", _, shop, ..] => shop,
            _ => return None,
        };
        Some((shop.parse().ok()?, Destination::Websale))
    }
}
