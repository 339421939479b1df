use jiff::civil::time;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn quiet(text: &str) -> QuietHours {
    text.parse().unwrap()
}

#[test]
fn quiet_hours_go_past_midnight_and_follow_the_shops_clock() {
    let night = quiet("21:00-08:00 Europe/Berlin");
    assert!(night.cover(at("2026-06-10T19:00:00Z")), "21:00 in summer");
    assert!(!night.cover(at("2026-06-10T18:59:59Z")));
    assert!(night.cover(at("2026-06-10T05:59:59Z")));
    assert!(!night.cover(at("2026-06-10T06:00:00Z")), "08:00 in summer");
    assert!(night.cover(at("2026-12-10T06:00:00Z")), "07:00 in winter");
    let noon = at("2026-06-10T10:00:00Z");
    assert!(quiet("09:00-11:00 UTC").cover(noon));
    assert!(!quiet("11:00-12:00 UTC").cover(noon));
    assert!(!quiet("10:00-10:00 UTC").cover(noon), "no time at all");
}

#[test]
fn they_end_when_the_shops_clock_says_so_also_in_the_nights_when_it_is_moved() {
    let berlin = |hours: &str, now: &str| quiet(&format!("{hours} Europe/Berlin")).end(at(now));
    let ends = [
        ("21:00-08:00", "2026-06-10T19:00:00Z", "2026-06-11T06:00:00Z"),
        ("21:00-08:00", "2026-06-11T05:59:59.9Z", "2026-06-11T06:00:00Z"),
        ("12:00-14:00", "2026-06-11T10:30:00Z", "2026-06-11T12:00:00Z"),
        // One hour less in spring, one more in autumn.
        ("21:00-08:00", "2026-03-28T20:00:00Z", "2026-03-29T06:00:00Z"),
        ("21:00-08:00", "2026-10-24T19:00:00Z", "2026-10-25T07:00:00Z"),
        // The end is an hour that is left out: over with it.
        ("21:00-02:30", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
        // All of it is left out but the moment before.
        ("01:59-02:30", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"),
        // The end is an hour that comes twice: over with the first, and quiet once more before the second.
        ("21:00-02:30", "2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z"),
        ("21:00-02:30", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"),
        // Quiet until the clock was put back to before it began.
        ("02:45-05:00", "2026-10-25T00:50:00Z", "2026-10-25T01:00:00Z"),
        ("02:45-05:00", "2026-10-25T01:45:00Z", "2026-10-25T04:00:00Z"),
    ];
    for (hours, now, end) in ends {
        assert_eq!(berlin(hours, now), Some(at(end)), "{hours} at {now}");
    }
    assert_eq!(berlin("21:00-08:00", "2026-06-10T18:59:59Z"), None);
    // A whole day is left out.
    let samoa = quiet("21:00-08:00 Pacific/Apia");
    assert_eq!(samoa.end(at("2011-12-30T08:00:00Z")), Some(at("2011-12-30T18:00:00Z")));
}

#[test]
fn they_are_written_as_one_word_and_read_back() {
    let night = QuietHours::new(time(21, 0, 0, 0), time(8, 30, 0, 0), TimeZone::get("Europe/Berlin").unwrap());
    assert_eq!(night.to_string(), "21:00-08:30 Europe/Berlin");
    assert_eq!(night.to_string().parse(), Ok(night));
    for text in ["", "21:00-08:00", "21-08 UTC", "21:00-25:00 UTC", "21:00-08:00 Mars/Base", "21:00 UTC"] {
        assert_eq!(text.parse::<QuietHours>(), Err(BadQuietHours), "{text}");
    }
}

/// Zones with half hours, with days of 23 and 25 hours, with a change of half an hour, and without any.
const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "UTC"];

fn hours() -> impl Strategy<Value = QuietHours> {
    let of_day = || (0_i8..24, 0_i8..60).prop_map(|(hour, minute)| time(hour, minute, 0, 0));
    (of_day(), of_day(), prop::sample::select(&ZONES[..]))
        .prop_map(|(from, to, zone)| QuietHours::new(from, to, TimeZone::get(zone).unwrap()))
}

proptest! {
    /// Compared with a clock that is looked at every minute; all changes are at whole minutes.
    #[test]
    fn the_end_is_the_first_minute_that_is_not_quiet(hours in hours(), minute in 29_700_000_i64..30_300_000) {
        let start = Timestamp::from_second(60 * minute).unwrap();
        let not_quiet = (0..4 * 24 * 60).map(|more| Timestamp::from_second(60 * (minute + more)).unwrap())
            .find(|at| !hours.cover(*at));
        prop_assert_eq!(hours.end(start).or((!hours.cover(start)).then_some(start)), not_quiet);
    }
}
