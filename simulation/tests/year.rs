//! A year of promotions ends as the model says, and a broken product does not get through it.

use std::{collections::BTreeMap, thread};

use relay::ports::Ports;
use relay_simulation::{
    broken, unaltered,
    year::{Year, YearReport},
};

/// Years of these seeds, side by side.
fn years(seeds: std::ops::Range<u64>) -> Vec<YearReport> {
    thread::scope(|scope| {
        let years: Vec<_> = seeds.map(|seed| scope.spawn(move || Year::drawn(seed).run(unaltered, false))).collect();
        years.into_iter().filter_map(|year| year.join().ok()).collect()
    })
}

#[test]
fn at_the_end_of_the_year_websale_is_as_the_model_says() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let reports = years(0..3);
    assert_eq!(reports.len(), 3);
    for report in reports {
        assert_eq!(report.differences, [""; 0]);
        assert!(report.promotions > 250 && report.accepted > 900 && report.delivered > 200, "{report:?}");
        for (what, many) in report.tally {
            *seen.entry(what).or_default() += many;
        }
    }
    // Nothing that a year is to hold is missing.
    assert_eq!(seen.iter().find(|(_, many)| **many == 0), None);
}

#[test]
fn without_lost_answers_nothing_is_left_over() {
    let report = Year::without_chance(7).run(unaltered, false);
    assert_eq!((report.differences, report.left_over), (Vec::<String>::new(), 0));
}

fn is_found_out(alter: fn(Ports) -> Ports) {
    let report = Year::drawn(0).run(alter, false);
    assert!(!report.differences.is_empty());
}

#[test]
fn a_product_that_forgets_cancellations_is_found_out() {
    is_found_out(broken::forgotten_cancellations);
}

#[test]
fn a_product_that_forgets_what_it_sent_is_found_out() {
    is_found_out(broken::forgotten_steps);
}

/// One ledger call in six fails while ports do: in one year of a few some good promotion would be taken for poison. Which
/// year that is changes with every change of the product's timing.
#[test]
fn a_product_that_takes_want_of_a_ledger_for_crashes_is_found_out() {
    let is_found_out = |year: &Year| {
        year.run(broken::kept_claims, false).differences.iter().any(|what| what.contains("given up as crashed"))
    };
    let year = (12..32).map(Year::drawn).find(is_found_out).expect("it is found out in one of twenty years");
    assert_eq!(year.run(unaltered, false).differences, [""; 0]);
}
