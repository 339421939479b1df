//! A shop that falls silent.

use std::time::Duration;

use super::*;
use crate::{dispatch::dispatch, telemetry::watch::Watch};

fn connection_row(world: &World) -> Row {
    world.ledger.rows().remove("acme#websand#connection#websand").unwrap()
}

/// How often somebody was called in a run of the dispatcher.
async fn calls(world: &World) -> usize {
    let watch = Watch::default();
    let _listening = watch.listen();
    let done = dispatch(&world.ports, world.ports.clock.now() + Duration::from_secs(50)).await;
    assert_eq!((done.queued, done.failed), (0, 0));
    watch.heard().matches("alarm=shop_silent shop=\"acme\"").count()
}

#[tokio::test]
async fn somebody_is_called_once_for_each_silence_of_a_shop_whose_owner_wants_it() {
    let world = world(&json!({}));
    let message = |minute| {
        let now = world.ports.clock.now();
        Message { received_at: now, silent_after_hours: Some(24), ..order("placed", "paid", minute) }
    };
    assert_eq!(settle(&world, &message(0)).await, Settlement::Done);
    let written = connection_row(&world).version;
    world.advance(HOUR);
    settle(&world, &message(0)).await;
    assert_eq!(connection_row(&world).version, written, "not each webhook is written down");
    world.advance(24 * HOUR);
    assert_eq!(calls(&world).await, 0);
    settle(&world, &message(0)).await;
    world.advance(25 * HOUR);
    assert_eq!(calls(&world).await, 0, "it was heard of again");
    world.advance(HOUR);
    assert_eq!([calls(&world).await, calls(&world).await], [1, 0]);
    settle(&world, &message(0)).await;
    world.advance(26 * HOUR);
    assert_eq!(calls(&world).await, 1);
    assert!(connection_row(&world).connection.unwrap().proven.contains(&Call::WebsandTransaction), "all else stays");
}

#[tokio::test]
async fn nobody_is_called_about_other_shops() {
    let world = world(&json!({}));
    settle(&world, &order("placed", "paid", 0)).await;
    assert_eq!(connection_row(&world).index(), None);
    world.advance(1_000 * HOUR);
    assert_eq!(calls(&world).await, 0);
}
