//! The product as it is holds; each broken one is found out.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use relay::ports::Ports;
use relay_simulation::{Kind, Plan, broken, run, scenario::Scenario};

/// Runs seeds until one shows a violation.
fn first_violation(seeds: std::ops::Range<u64>, alter: fn(Ports) -> Ports) -> Option<(u64, Vec<String>)> {
    seeds.into_iter().find_map(|seed| {
        let (plan, scenario) = Plan::drawn(seed);
        let report = run(&Plan { alter, ..plan }, &scenario);
        (!report.violations.is_empty()).then_some((seed, report.violations))
    })
}

#[test]
fn the_first_seeds_hold() {
    assert_eq!(first_violation(0..60, relay_simulation::unaltered), None);
}

#[test]
fn further_seeds_hold() {
    assert_eq!(first_violation(60..120, relay_simulation::unaltered), None);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let trace = |seed| {
        let (plan, scenario) = Plan::drawn(seed);
        run(&Plan { traced: true, ..plan }, &scenario).trace
    };
    for seed in [3, 4] {
        let first = trace(seed);
        assert!(first.len() > 100);
        assert_eq!(first, trace(seed));
    }
}

/// Lets the process die at every one of its steps.
fn dies_everywhere(kind: Kind, channel: &'static str) {
    let scenario = Scenario::fixed(channel);
    let calm = run(&Plan::calm(kind), &scenario);
    assert_eq!(calm.violations, Vec::<String>::new());
    assert!(calm.yields > 50 && calm.delivered >= 3, "{calm:?}");
    for step in 1..=calm.yields {
        let report = run(&Plan { deaths: BTreeSet::from([step]), ..Plan::calm(kind) }, &scenario);
        assert_eq!(report.violations, Vec::<String>::new(), "death at step {step} of {}", calm.yields);
    }
}

#[test]
fn a_function_may_die_at_any_step_of_a_push() {
    dies_everywhere(Kind::Lambda, "push");
}

#[test]
fn a_function_may_die_at_any_step_of_a_personalised_push() {
    dies_everywhere(Kind::Lambda, "personalised_push");
}

#[test]
fn a_function_may_die_at_any_step_of_a_teaser() {
    dies_everywhere(Kind::Lambda, "teaser");
}

#[test]
fn the_one_process_may_die_at_any_step() {
    for channel in ["push", "personalised_push", "news"] {
        dies_everywhere(Kind::Embedded, channel);
    }
}

/// A broken product is found out, and for the reason it is broken.
fn is_found_out(alter: fn(Ports) -> Ports, reason: &str) {
    let found = (0..1200).find_map(|seed| {
        first_violation(seed..seed + 1, alter)
            .filter(|(_, violations)| violations.iter().any(|violation| violation.contains(reason)))
    });
    assert!(found.is_some(), "no seed shows {reason:?}");
}

#[test]
fn two_workers_on_one_row_are_found_out() {
    is_found_out(broken::unconditional_writes, "a lease was taken while another held");
}

#[test]
fn an_older_order_over_a_newer_one_is_found_out() {
    is_found_out(broken::forgotten_revisions, "was last told as");
}

#[test]
fn a_push_after_its_cancellation_is_found_out() {
    is_found_out(broken::forgotten_cancellations, "after its cancellation");
}

#[test]
fn an_older_grant_over_a_withdrawal_is_found_out() {
    is_found_out(broken::forgotten_decisions, "Websand was last told");
}

#[test]
fn a_person_who_is_not_forgotten_is_found_out() {
    is_found_out(broken::forgotten_tombstones, "is forgotten, and Websand is told of");
}

#[test]
fn a_push_sent_twice_is_found_out() {
    is_found_out(broken::repeating_client, "went out 2 + 0 times");
}

#[test]
fn a_push_sent_again_after_a_death_is_found_out() {
    is_found_out(broken::forgotten_intents, "went out 2 + 0 times");
}

#[test]
fn a_lost_webhook_is_found_out() {
    is_found_out(broken::forgetful_queue, "has no row");
}

#[test]
fn longer_trouble_holds_too() {
    for seed in 0..6 {
        let (plan, scenario) = Plan::drawn(seed);
        let report = run(&Plan { troubled: SignedDuration::from_hours(30), fault_rate: 5, ..plan }, &scenario);
        assert_eq!(report.violations, Vec::<String>::new(), "seed {seed}");
    }
}
