//! Looking through the queues.

use relay::queue::{Entry, Judge, Place, SweepEnd, Verdict};

use super::*;

#[tokio::test]
async fn a_sweep_deletes_and_rewrites_what_it_is_told_in_one_place_of_one_destination() {
    let bench = bench();
    for number in 0..250 {
        bench.put("acme", &format!("{}-{number}", ["keep", "delete", "rewrite"][number % 3])).await;
    }
    bench.queue.enqueue(Destination::Websale, "acme".into(), "delete-other".into()).await.unwrap();
    let letter = DeadLetter {
        shop: None,
        destination: WEBSAND,
        body: "delete-dead".into(),
        reason: "permanent".into(),
        status: None,
        detail: None,
    };
    bench.queue.park(&letter).await.unwrap();
    let in_flight = bench.take(2).await;
    let judge = |entry: Entry<'_>| match entry.body.split('-').next() {
        Some("delete") => Verdict::Delete,
        Some("rewrite") => Verdict::Rewrite("rewritten".into()),
        _ => Verdict::Keep,
    };
    let sweep = |place, until| Sweep { destination: WEBSAND, place, judge: &judge, until };
    let over = bench.queue.sweep(sweep(Place::Waiting, bench.clock.now())).await.unwrap();
    assert_eq!(over, Swept { examined: 0, end: SweepEnd::OutOfTime });
    let swept = bench.queue.sweep(sweep(Place::Waiting, Timestamp::MAX)).await.unwrap();
    assert_eq!(swept, Swept { examined: 250, end: SweepEnd::Complete });
    let counts = bench.queue.counts(WEBSAND).await.unwrap();
    assert_eq!((counts.waiting, counts.dead), (167, 1));
    assert_eq!(bench.queue.counts(Destination::Websale).await.unwrap().waiting, 1);
    // A worker that has a deleted message in hand settles it without harm.
    for taken in in_flight.messages {
        bench.queue.settle(&taken.ticket, Settlement::Back { after: Duration::ZERO }).await.unwrap();
    }
    bench.pass(1);
    let (mut kept, mut rewritten) = (0, 0);
    loop {
        let batch = bench.take(300).await;
        if batch.messages.is_empty() {
            break;
        }
        for taken in batch.messages {
            match taken.body.as_str() {
                "rewritten" => rewritten += 1,
                other => kept += u32::from(other.starts_with("keep")),
            }
            bench.queue.settle(&taken.ticket, Settlement::Done).await.unwrap();
        }
    }
    assert_eq!((kept, rewritten), (84, 83));
    bench.queue.sweep(sweep(Place::Dead, Timestamp::MAX)).await.unwrap();
    assert_eq!(bench.queue.counts(WEBSAND).await.unwrap().dead, 0);
}

/// Replaces letters parked for `permanent`, deletes others, and notes what it is shown and told.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Judge for Notes {
    fn judge<'a>(&'a self, entry: Entry<'a>) -> relay::Async<'a, Verdict> {
        let Entry { id, body, since, shop, reason, status, detail } = entry;
        self.0.lock().unwrap().push(format!("{id} {body} {since} {shop:?} {reason:?} {status:?} {detail:?}"));
        let verdict = match reason {
            Some("permanent") => Verdict::Replace(Box::new(DeadLetter {
                shop: Some("acme".parse().unwrap()),
                destination: WEBSAND,
                body: "new".into(),
                reason: "unmappable".into(),
                status: None,
                detail: Some("no total".into()),
            })),
            _ => Verdict::Delete,
        };
        Box::pin(std::future::ready(verdict))
    }

    fn deleted<'a>(&'a self, id: &'a str) -> relay::Async<'a, ()> {
        self.0.lock().unwrap().push(format!("{id} is gone"));
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_judge_is_told_all_that_is_known_of_a_letter_and_when_it_is_gone() {
    let bench = bench();
    let letter = DeadLetter {
        shop: None,
        destination: WEBSAND,
        body: "old".into(),
        reason: "permanent".into(),
        status: Some(422),
        detail: None,
    };
    bench.queue.park(&letter).await.unwrap();
    bench.put("acme", "waits").await;
    let notes = Notes::default();
    for place in [Place::Dead, Place::Dead, Place::Waiting] {
        let sweep = Sweep { destination: WEBSAND, place, judge: &notes, until: Timestamp::MAX };
        assert_eq!(bench.queue.sweep(sweep).await.unwrap().examined, 1);
    }
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            r#"1 old 2026-11-21T10:00:00Z None Some("permanent") Some(422) None"#,
            r#"1 new 2026-11-21T10:00:00Z Some("acme") Some("unmappable") None Some("no total")"#,
            "1 is gone",
            r#"1 waits 2026-11-21T10:00:00Z Some("acme") None None None"#,
            "1 is gone",
        ]
    );
}
