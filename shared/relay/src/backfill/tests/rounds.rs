//! Whole runs, one after the other, with deliveries in between.

use proptest::prelude::*;

use super::*;

const STATUS: [&str; 4] = ["placed", "paid", "fulfilled", "cancelled"];

/// Versions of five orders and three customers, with and without decisions, in any order.
fn files() -> impl Strategy<Value = Vec<Value>> {
    let entry = (0..5_u8, 0..6_u32, 0..4_usize, any::<bool>(), any::<bool>(), any::<bool>());
    let entry = entry.prop_map(|(who, minute, status, is_update, consents, is_customer)| {
        if is_customer {
            return json!({"type": "customer.updated", "data": {"email": format!("buyer-of-{}@example.org", who % 3),
                "first_name": if is_update { json!("Ann") } else { json!(null) },
                "marketing_consent": consents, "updated_at": format!("2026-01-05T10:{minute:02}:00Z")}});
        }
        let mut order = order(&who.to_string(), minute, STATUS[status]);
        if is_update {
            order["type"] = json!("order.updated");
        }
        order["data"]["customer"]["marketing_consent"] = json!(consents);
        order
    });
    proptest::collection::vec(entry, 0..25)
}

fn run<T>(rounds: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(rounds)
}

fn orders(file: &[Value]) -> BTreeSet<String> {
    let orders = file.iter().filter(|entry| entry["type"] != "customer.updated");
    orders.map(|entry| format!("acme-{}", entry["data"]["id"].as_str().unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_order_arrives_once_and_a_second_run_queues_nothing(file in files(), policy in 0..3_usize) {
        run(async {
            let updates = ["none", "status", "all"][policy];
            let withdrawn = json!({"field": "marketing_consent", "value": "no"});
            let shop = Shop::new(&json!({"orders": {"updates": updates}, "consent": {"withdrawn": withdrawn}}));
            shop.run(&file).await;
            shop.deliver().await;
            let posted = shop.posted();
            assert_eq!(posted.iter().cloned().collect::<BTreeSet<_>>(), orders(&file));
            if updates == "none" {
                assert_eq!(posted.len(), orders(&file).len(), "one call an order");
            }
            shop.world.advance(60);
            assert_eq!(shop.run(&file).await, 0, "{:#?}", shop.world.ledger.rows());
        });
    }

    #[test]
    fn whatever_order_entries_stand_in_the_same_ones_count(file in files(), seed in any::<u64>()) {
        let shop = Shop::new(&json!({}));
        let chosen = |file: &[Value]| {
            let mut newest = Newest::default();
            for (number, object) in file.iter().enumerate() {
                newest.note(&shop.deliverable(object), number as u64);
            }
            let age = |number: u64| {
                let entry = shop.deliverable(&file[usize::try_from(number).unwrap()]);
                (entry.message.subject.clone(), entry.dated, entry.progress(), entry.decision().is_some())
            };
            let mut ages: Vec<_> = newest.numbers().into_iter().map(age).collect();
            ages.sort();
            ages.dedup_by_key(|(subject, dated, progress, _)| (subject.clone(), *dated, *progress));
            ages.into_iter().map(|(subject, dated, progress, _)| (subject, dated, progress)).collect::<Vec<_>>()
        };
        let mut shuffled = file.clone();
        shuffled.sort_by_key(|entry| {
            entry.to_string().bytes().fold(seed, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
        });
        prop_assert_eq!(chosen(&shuffled), chosen(&file));
    }
}

#[tokio::test]
async fn force_delivers_again_once_a_run_however_often_that_is_started() {
    let mut shop = Shop::new(&json!({}));
    let file: Vec<Value> = (0..4).map(|number| order(&number.to_string(), 1, "paid")).collect();
    assert_eq!(shop.run(&file).await, 4);
    shop.deliver().await;
    shop.backfill.force = Some("first".into());
    // Killed after two: the ledger has forgotten, the messages are queued.
    assert_eq!(shop.run(&file[..2]).await, 2);
    shop.deliver().await;
    assert_eq!(shop.posted().len(), 6);
    assert_eq!(shop.run(&file).await, 2, "the first two are not delivered a third time");
    shop.deliver().await;
    assert_eq!(shop.run(&file).await, 0);
    assert_eq!(shop.posted().len(), 8);
    shop.backfill.force = Some("second".into());
    assert_eq!(shop.run(&file).await, 4);
}

#[tokio::test]
async fn a_run_that_dies_between_forgetting_and_queueing_goes_on_with_queueing() {
    let mut shop = Shop::new(&json!({}));
    let file = [order("1", 1, "paid")];
    shop.run(&file).await;
    shop.deliver().await;
    shop.backfill.force = Some("run".into());
    *shop.world.queue.down.lock().unwrap() = true;
    let Step::Queue(due) = shop.backfill.look(shop.deliverable(&file[0])).await.unwrap() else { panic!("again") };
    assert!(shop.backfill.queue(*due).await.is_err());
    *shop.world.queue.down.lock().unwrap() = false;
    assert_eq!(shop.run(&file).await, 1);
    shop.deliver().await;
    assert_eq!((shop.posted().len(), shop.run(&file).await), (2, 0));
}

#[tokio::test]
async fn nothing_is_forgotten_while_a_worker_has_the_row() {
    let mut shop = Shop::new(&json!({}));
    let file = [order("1", 1, "paid")];
    shop.run(&file).await;
    shop.deliver().await;
    shop.backfill.force = Some("run".into());
    let Step::Queue(due) = shop.backfill.look(shop.deliverable(&file[0])).await.unwrap() else { panic!("again") };
    let key = "acme#websand#order#1".parse().unwrap();
    let mut row = shop.backfill.ledger.get(&key).await.unwrap().unwrap();
    let until = shop.world.ports.clock.now() + std::time::Duration::from_secs(9);
    row.lease = Some(crate::ledger::Lease { token: "t".into(), until });
    let expected = crate::ledger::Expected::Version(row.version);
    row.version += 1;
    shop.backfill.ledger.put(&row, expected).await.unwrap();
    assert_eq!(shop.backfill.queue(*due).await, Ok(Queued::UnderWay));
    assert_eq!(shop.run(&file).await, 0);
    assert_eq!(shop.backfill.ledger.get(&key).await.unwrap().unwrap(), row);
}
