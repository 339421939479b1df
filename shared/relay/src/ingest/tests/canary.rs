//! A canary in every place: an address, a name and a secret are put into every value of every sample of every platform,
//! one at a time, and sent all the way through. Nothing that is kept, answered or logged may hold it.
//!
//! Samples are found, not listed: all of `events/` and `tests/fixtures/`.

use std::collections::HashSet;

use super::*;
use crate::{
    event::Event,
    ledger::Row,
    message::Payload,
    queue::{Handler, Settlement},
    shop::{Destination, Platform},
};

mod cage;
mod echo;
mod samples;

use crate::telemetry::watch::Watch;
use cage::Cage;
use samples::Sample;

/// What no line, row, letter or answer may hold, in whatever letters it is written.
const SONG: &str = "kanarienvogel7f3a";

/// What is put into a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Bird {
    Address,
    Name,
    Secret,
}

impl Bird {
    const ALL: &[Self] = &[Self::Address, Self::Secret, Self::Name];

    const fn text(self) -> &'static str {
        match self {
            Self::Address => "Kanarienvogel7f3a@example.org",
            Self::Name => "Kanarienvogel7f3a van Meier",
            Self::Secret => "shpss_Kanarienvogel7f3a/+0=",
        }
    }
}

/// Where a canary sat, and where it was heard.
type Escape = String;

/// Puts every canary into every place of every sample of a platform. Tells how many there were, and which escaped.
fn fly_all(platform: Platform) -> (usize, Vec<Escape>) {
    let watch = Watch::default();
    let _guard = watch.listen();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut flights, mut seen, mut escapes) = (0, HashSet::new(), Vec::new());
    for sample in samples::of(platform) {
        let (kind, mut places) = (sample.kind(), sample.places());
        places.retain(|place| seen.insert((kind.clone(), place.shape())));
        for place in places {
            for bird in place.birds() {
                let Some(sample) = sample.with(&place, bird.text()) else { continue };
                flights += 1;
                let flight = runtime.block_on(fly(&sample, *bird, &watch));
                let song =
                    flight.heard.map(|heard| format!("{bird:?} in {} at {}: {heard}", sample.name, place.shape()));
                escapes.extend(song);
                // Where one is dropped unread, the others have nothing new to tell.
                if !flight.is_kept && place.is_inner() {
                    break;
                }
            }
        }
    }
    (flights, escapes)
}

#[test]
fn nothing_of_a_person_gets_into_logs_answers_rows_or_letters() {
    let results = std::thread::scope(|scope| {
        let threads = Platform::ALL.map(|platform| (platform, scope.spawn(move || fly_all(platform))));
        threads.map(|(platform, thread)| (platform, thread.join().unwrap()))
    });
    let escapes: Vec<&Escape> = results.iter().flat_map(|(_, (_, escapes))| escapes).collect();
    assert_eq!(escapes, Vec::<&Escape>::new(), "so many were heard: {}", escapes.len());
    for (platform, (flights, _)) in &results {
        assert!(*flights > 100, "{platform} has no samples: {flights}");
    }
}

/// How one canary fared.
struct Flight {
    /// Where it was heard, if anywhere.
    heard: Option<&'static str>,
    /// Whether it is in a message or in a dead letter's body, where it may be.
    is_kept: bool,
}

/// Sends one webhook through everything.
async fn fly(sample: &Sample, bird: Bird, watch: &Watch) -> Flight {
    watch.forget();
    let cage = Cage::new(sample);
    let Answer { response, receipt } = cage.ingest.receive(None, sample.request()).await;
    let sent = std::mem::take(&mut *cage.world.queue.sent.lock().unwrap());
    let mut kept = vec![
        ("answer", format!("{response:?} {}", String::from_utf8_lossy(response.body()))),
        ("receipt", format!("{receipt:?} {}", serde_json::to_string(&receipt).unwrap())),
        ("message", format!("{sent:?}")),
    ];
    kept.extend(cage.kept());
    let parked = cage.world.queue.parked.lock().unwrap().iter().any(|letter| letter.reason != "wrong_shop");
    let mut is_named = sent.iter().any(|message| is_named(message, bird.text()));
    let mut is_kept = parked;
    for message in sent.iter().filter(|message| sample.is_fetched_from() || is_song(&message.to_json())) {
        for status in [422, 500, 200] {
            let cage = Cage::new(sample);
            cage.echo.answers_with(status);
            let settlement = match message.destination() {
                Destination::Websand => cage.websand.handle(cage.world.received(message)).await,
                Destination::Websale => cage.websale.handle(cage.world.received(message)).await,
            };
            assert!(matches!(settlement, Settlement::Done | Settlement::Back { .. }));
            is_named |= cage.world.ledger.rows().values().any(|row| names(row, bird.text()));
            kept.extend(cage.kept());
            is_kept |= is_song(&message.to_json()) || cage.echo.sang();
            if !is_kept {
                // No destination was told it, so none can repeat it.
                break;
            }
        }
    }
    kept.push(("log", watch.heard()));
    // Ids are shown wherever something is named by them. That none is an address is checked; more cannot be.
    if is_named && bird != Bird::Address {
        return Flight { heard: None, is_kept };
    }
    Flight { heard: kept.into_iter().find(|(_, text)| is_song(text)).map(|(place, _)| place), is_kept }
}

fn is_song(text: &str) -> bool {
    text.to_lowercase().contains(SONG)
}

/// The same of a row.
fn names(row: &Row, text: &str) -> bool {
    row.key.subject.ends_with(text) || row.order_number.as_deref() == Some(text)
}

/// Whether the message is about something with this id, or with this number that buyers are shown.
fn is_named(message: &Message, text: &str) -> bool {
    let number = match &message.payload {
        Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => order.number.as_deref(),
        _ => None,
    };
    message.subject == text || number == Some(text)
}
