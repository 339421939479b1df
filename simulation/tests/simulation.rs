//! The product as it is holds; each broken one is found out.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use relay::ports::Ports;
use relay_simulation::{Invariant, Kind, Plan, Report, Violation, broken, chance::Chance, run, scenario::Scenario};

/// A broken product that is not found out within so many of the seeds below is not found out.
const FEW_SEEDS: u64 = 20;

/// A port call fails, or its answer gets lost: each once in twelve times.
const ONE_LEDGER_CALL_IN_SIX: u64 = 12;

/// Runs seeds until one shows a violation.
fn first_violation(seeds: std::ops::Range<u64>, also: impl Fn(Plan) -> Plan) -> Option<(u64, Vec<Violation>)> {
    seeds.into_iter().find_map(|seed| {
        let (plan, scenario) = Plan::drawn(seed);
        let report = run(&also(plan), &scenario);
        (!report.violations.is_empty()).then_some((seed, report.violations))
    })
}

#[test]
fn the_first_seeds_hold() {
    assert_eq!(first_violation(0..60, |plan| plan), None);
}

#[test]
fn further_seeds_hold() {
    assert_eq!(first_violation(60..120, |plan| plan), None);
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

/// A small, orderly day, in which the process dies at each of its steps in turn: what does not hold then.
fn deaths(kind: Kind, scenario: &Scenario, alter: fn(Ports) -> Ports) -> Vec<(u64, Report)> {
    let calm = run(&Plan::calm(kind), scenario);
    assert_eq!(calm.violations, []);
    assert!(calm.yields > 100 && calm.delivered >= 4 && calm.for_a_person == 0, "{calm:?}");
    let dies = |step| Plan { deaths: BTreeSet::from([step]), alter, ..Plan::calm(kind) };
    (1..=calm.yields).map(|step| (step, run(&dies(step), scenario))).collect()
}

fn may_die_at_any_step(kind: Kind, channel: &'static str, day: fn(&'static str) -> Scenario) {
    for (step, report) in deaths(kind, &day(channel), relay_simulation::unaltered) {
        assert_eq!(report.violations, [], "death at step {step}");
        // One death is no reason to give anything up; only of a personalised push one cannot know whether it went out.
        let most = usize::from(channel == "personalised_push");
        assert!(report.for_a_person <= most, "death at step {step}: {} rows for a person", report.for_a_person);
    }
}

macro_rules! may_die {
    ($($name:ident: $kind:ident $channel:literal $day:ident;)*) => {
        $(#[test]
        fn $name() {
            may_die_at_any_step(Kind::$kind, $channel, Scenario::$day);
        })*
    };
}

may_die! {
    a_function_may_die_at_any_step_of_a_push: Lambda "push" fixed;
    a_function_may_die_at_any_step_of_news: Lambda "news" fixed;
    a_function_may_die_at_any_step_of_a_teaser: Lambda "teaser" fixed;
    a_function_may_die_at_any_step_of_a_personalised_push: Lambda "personalised_push" fixed;
    the_one_process_may_die_at_any_step_of_a_push: Embedded "push" fixed;
    the_one_process_may_die_at_any_step_of_news: Embedded "news" fixed;
    the_one_process_may_die_at_any_step_of_a_teaser: Embedded "teaser" fixed;
    the_one_process_may_die_at_any_step_of_a_personalised_push: Embedded "personalised_push" fixed;
    a_function_or_the_operator_may_die_at_any_step_of_a_pause: Lambda "personalised_push" paused;
    the_one_process_or_the_operator_may_die_at_any_step_of_a_pause: Embedded "push" paused;
}

/// An order brings down whoever tells of it, and again after a person has put it back: how many processes died, how many
/// rows called a person, and how many letters are left. Nothing else is amiss.
fn poisoned(plan: &Plan) -> (usize, usize, usize) {
    let report = run(&Plan { traced: true, ..plan.clone() }, &Scenario::poisoned("push"));
    let left: Vec<&str> = report.violations.iter().map(|violation| &*violation.what).collect();
    let (rows, letters): (Vec<&str>, Vec<&str>) =
        left.iter().partition(|what| what.starts_with("all#websand#order#poison "));
    assert!(matches!(rows[..], [row] if row.contains("ends parked") && row.contains("\"crashed\"")), "{left:?}");
    let is_of_poison = |what: &&str| what.starts_with("a letter is left: crashed") && what.contains("\"poison\"");
    assert!(!letters.is_empty() && letters.iter().all(is_of_poison), "{left:?}");
    let deaths = report.trace.iter().filter(|line| line.ends_with("dies")).count();
    (deaths, report.for_a_person, letters.len())
}

#[test]
fn what_brings_its_process_down_is_given_up_after_five_deaths() {
    assert_eq!(poisoned(&Plan::calm(Kind::Lambda)), (5 + 5, 1, 1));
    // The one process dies with all that is under way: as long as others are, its deaths count half.
    let (deaths, for_a_person, letters) = poisoned(&Plan::calm(Kind::Embedded));
    assert!(deaths > 5 + 5 && deaths <= 9 + 9, "{deaths} deaths");
    assert_eq!((for_a_person, letters), (1, 1));
}

#[test]
fn so_it_is_while_ports_fail() {
    for (seed, kind) in (0..8).flat_map(|seed| [(seed, Kind::Lambda), (seed, Kind::Embedded)]) {
        let troubled = SignedDuration::from_hours(2);
        // A webhook whose answer was lost is queued once more, and both count together until one is given up.
        let (deaths, _, letters) =
            poisoned(&Plan { seed, troubled, fault_rate: ONE_LEDGER_CALL_IN_SIX, ..Plan::calm(kind) });
        let most = if kind == Kind::Lambda { 5 + 5 } else { 9 + 9 };
        assert!((5 + 5..=most + most * 2 * (letters - 1)).contains(&deaths), "{kind:?}, seed {seed}: {deaths} deaths");
    }
}

/// No good event is given up for want of a ledger.
#[test]
fn while_one_ledger_call_in_six_fails_nothing_is_taken_for_poison() {
    let fails = |plan| Plan { troubled: SignedDuration::from_hours(10), fault_rate: ONE_LEDGER_CALL_IN_SIX, ..plan };
    assert_eq!(first_violation(0..40, fails), None);
}

/// A broken product is found out within a few seeds, and for what it breaks.
fn is_found_out(alter: fn(Ports) -> Ports, breaks: Invariant) {
    let longest = SignedDuration::from_hours(if breaks == Invariant::Rest { 24 } else { 24 * 30 });
    let is_shown = |seed: &u64| {
        let (plan, scenario) = Plan::drawn(*seed);
        let plan = Plan { alter, longest, fault_rate: plan.fault_rate.min(8), ..plan };
        let scenario = match breaks {
            Invariant::PersonalisedOnce | Invariant::PersonalisedAnnounced | Invariant::GoesOut => {
                Scenario::promotions(&mut Chance::new(*seed), "personalised_push")
            }
            Invariant::PushOnce | Invariant::CalledOff => Scenario::promotions(&mut Chance::new(*seed), "push"),
            _ => scenario,
        };
        breaks_it(&run(&plan, &scenario), breaks)
    };
    let found = (0..FEW_SEEDS).find(is_shown);
    assert!(found.is_some(), "{FEW_SEEDS} seeds do not show that this is broken: {}", breaks.words());
}

fn breaks_it(report: &Report, invariant: Invariant) -> bool {
    report.violations.iter().any(|violation| violation.of == invariant)
}

#[test]
fn a_personalised_push_sent_again_after_a_death_is_found_out() {
    let deaths = deaths(Kind::Lambda, &Scenario::fixed("personalised_push"), broken::forgotten_intents);
    assert!(deaths.iter().any(|(_, report)| breaks_it(report, Invariant::PersonalisedOnce)));
}

/// One test for each: the broken product, what it breaks, and that both are so.
macro_rules! broken_products {
    ($($name:ident: $product:ident breaks $invariant:ident;)*) => {
        $(#[test]
        fn $name() {
            is_found_out(broken::$product, Invariant::$invariant);
        })*

        #[test]
        fn every_invariant_is_shown_able_to_fail() {
            let shown = [$(Invariant::$invariant),*];
            let never: Vec<_> = Invariant::ALL.into_iter().filter(|invariant| !shown.contains(invariant)).collect();
            assert_eq!(never, []);
        }
    };
}

broken_products! {
    work_without_end_is_found_out: unwritable_rows breaks Rest;
    a_lost_webhook_is_found_out: forgetful_queue breaks FinalState;
    an_end_that_is_not_noted_is_found_out: unwritten_ends breaks FinalState;
    two_workers_on_one_row_are_found_out: unconditional_writes breaks Leases;
    a_personalised_push_sent_twice_is_found_out: repeating_client breaks PersonalisedOnce;
    a_personalised_push_that_is_not_announced_is_found_out: unannounced_calls breaks PersonalisedAnnounced;
    a_push_sent_twice_is_found_out: forgotten_steps breaks PushOnce;
    a_push_that_was_never_sent_is_found_out: confident_client breaks GoesOut;
    a_push_after_its_cancellation_is_found_out: forgotten_cancellations breaks CalledOff;
    an_older_order_over_a_newer_one_is_found_out: forgotten_revisions breaks NewestOrder;
    an_order_told_twice_is_found_out: doubling_client breaks OrderOnce;
    a_decision_that_is_not_told_is_found_out: presumed_decisions breaks NewestDecision;
    an_older_grant_over_a_withdrawal_is_found_out: forgotten_decisions breaks Withdrawal;
    a_withdrawal_that_calls_nobody_is_found_out: uncalled_people breaks PersonCalled;
    a_person_who_is_not_forgotten_is_found_out: forgotten_tombstones breaks Forgotten;
    a_call_over_a_paused_connection_is_found_out: unseen_pauses breaks Paused;
    a_letter_put_back_in_vain_is_found_out: unheard_redrives breaks PutRight;
    a_good_event_taken_for_a_bad_one_is_found_out: kept_claims breaks Blame;
}

#[test]
fn longer_trouble_holds_too() {
    for seed in 0..6 {
        let (plan, scenario) = Plan::drawn(seed);
        let report = run(&Plan { troubled: SignedDuration::from_hours(10), fault_rate: 5, ..plan }, &scenario);
        assert_eq!(report.violations, [], "seed {seed}");
    }
}
