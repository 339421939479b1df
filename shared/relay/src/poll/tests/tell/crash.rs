//! A poller may end at any call to a port, before or after the call was made. Whoever comes next ends the same way.

use super::*;

/// Runs the poller to its end, or until it ends at the `number`th call to a port. Whether it came that far.
async fn crashes(tale: &Tale, number: usize, crash: Crash) -> bool {
    tale.watch.stage.fuse.set(number, crash);
    let crashed = tokio::select! {
        biased;
        _ = tale.watch.run() => false,
        () = super::super::burnt(&tale.watch) => true,
    };
    tale.watch.stage.fuse.clear();
    crashed
}

#[tokio::test]
async fn neither_a_callback_nor_a_question_is_lost_by_a_crash_at_any_call() {
    for crash in [Crash::Before, Crash::After] {
        for number in 0.. {
            let tale = Tale::new();
            let asked = tale.watch.sent("acme", "summer").await;
            tale.owe(tale.watch.row(&asked), &[CallbackStatus::Sent]).await;
            for _ in 0..2 {
                tale.watch.answers(json!({"status": "finished", "countReceiver": 2, "countSent": 2}));
            }
            if !crashes(&tale, number, crash).await {
                assert!(number > 10, "{number}");
                break;
            }
            let told = format!("{crash:?} call {number}");
            for _ in 0..3 {
                tale.watch.stage.world.advance(200);
                tale.watch.run().await;
            }
            let row = tale.watch.row(&asked);
            assert_eq!((row.state, row.callbacks.clone(), row.index()), (State::Delivered, None, None), "{told}");
            assert_eq!(tale.watch.stage.world.ledger.parts(), 0, "{told}");
            // Once each, in order; twice only where the crash came between the shop's answer and the note, and then
            // under the same id and in the same words.
            let mut taken = tale.endpoint.taken();
            let calls = taken.len();
            taken.dedup();
            let statuses: Vec<_> = taken.iter().map(|taken| taken.body["data"]["status"].clone()).collect();
            assert_eq!(statuses, ["sent", "finished"], "{told}");
            assert!(calls <= 3, "{told}: {calls}");
        }
    }
}
