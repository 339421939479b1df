use proptest::prelude::*;

use super::*;
use crate::{event::Channel, quiet::QuietHours, revision::Revision};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// To be sent on 10 June at 20:30, and not after `send_before`; quiet from 21:00 to 08:00 in Berlin.
fn evening(send_before: Option<Timestamp>) -> PendingPromotion {
    let send_at = at("2026-06-10T18:30:00Z");
    PendingPromotion {
        revision: Revision { time: None, received_at: send_at, rank: 0, sequence: None },
        channel: Channel::Push,
        send_at: Some(send_at),
        send_before,
        quiet_hours: Some("21:00-08:00 Europe/Berlin".parse().unwrap()),
        content: None,
        parts: 0,
        former: None,
        draft: false,
        callback_url: None,
        plan: None,
    }
}

#[test]
fn a_push_waits_for_its_time_and_for_the_end_of_the_quiet_hours_it_was_delayed_into() {
    let push = evening(Some(at("2026-06-11T10:00:00Z")));
    let morning = at("2026-06-11T06:00:00Z");
    for (now, then) in [
        ("2026-06-10T12:00:00Z", Departure::At(at("2026-06-10T18:30:00Z"))),
        ("2026-06-10T18:30:00Z", Departure::Now),
        ("2026-06-10T18:59:59Z", Departure::Now),
        ("2026-06-10T19:00:00Z", Departure::At(morning)),
        ("2026-06-11T05:59:59Z", Departure::At(morning)),
        ("2026-06-11T06:00:00Z", Departure::Now),
        ("2026-06-11T09:59:59Z", Departure::Now),
        ("2026-06-11T10:00:00Z", Departure::TooLate),
    ] {
        assert_eq!(push.departure(at(now)), then, "{now}");
    }
}

#[test]
fn what_may_not_go_out_before_the_quiet_hours_end_is_given_up_when_they_begin() {
    for end in ["2026-06-11T00:30:00Z", "2026-06-11T06:00:00Z"] {
        let push = evening(Some(at(end)));
        assert_eq!(push.departure(at("2026-06-10T18:59:59Z")), Departure::Now);
        assert_eq!(push.departure(at("2026-06-10T19:00:00Z")), Departure::TooLate, "until {end}");
    }
    assert_eq!(evening(None).departure(at("2026-06-10T19:00:00Z")), Departure::At(at("2026-06-11T06:00:00Z")));
}

#[test]
fn without_quiet_hours_only_the_push_itself_counts() {
    let push = PendingPromotion { quiet_hours: None, ..evening(None) };
    assert_eq!(push.departure(at("2026-06-10T23:00:00Z")), Departure::Now);
    let at_once = PendingPromotion { send_at: None, ..push };
    assert_eq!(at_once.departure(at("2026-06-10T12:00:00Z")), Departure::Now);
}

proptest! {
    #[test]
    fn nothing_goes_out_in_quiet_hours_and_nothing_waits_longer_than_to_their_end(
        hours in prop::sample::select(vec!["21:00-08:00", "02:15-02:45", "00:00-23:59", "12:00-13:00"]),
        zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
        now in 1_782_000_000_i64..1_814_000_000,
        send_in in -90_000_i64..90_000,
        send_before_in in prop::option::of(0_i64..180_000),
    ) {
        let second = |second| Timestamp::from_second(second).unwrap();
        let quiet: QuietHours = format!("{hours} {zone}").parse().unwrap();
        let send_before = send_before_in.map(|after| second(now + after));
        let push = PendingPromotion {
            send_at: Some(second(now + send_in)),
            send_before,
            quiet_hours: Some(quiet.clone()),
            ..evening(None)
        };
        let earliest = second(now + send_in.max(0));
        match push.departure(second(now)) {
            Departure::Now => {
                prop_assert!(!quiet.cover(second(now)) && send_in <= 0);
                prop_assert!(send_before.is_none_or(|end| second(now) < end));
            }
            Departure::At(then) => {
                prop_assert!(then > second(now) && send_before.is_none_or(|end| then < end));
                prop_assert_eq!(then, quiet.end(earliest).unwrap_or(earliest));
                prop_assert_eq!(push.departure(then), Departure::Now, "asked again then, it goes out");
            }
            Departure::TooLate => {
                let start = quiet.end(earliest).unwrap_or(earliest);
                prop_assert!(send_before.is_some_and(|end| end <= start));
            }
        }
    }
}
