use bytes::Bytes;
use http::{HeaderMap, header};
use proptest::prelude::*;

use super::*;
use crate::http::Response;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn circumstances() -> Circumstances {
    Circumstances { refreshed: false, proven: true, attempt: 0, sent_at: at(0), now: at(10), random: 0 }
}

fn response(status: u16) -> Response {
    Response { status, headers: HeaderMap::new(), body: Bytes::new() }
}

fn response_with(status: u16, retry_after: &str) -> Response {
    let headers = HeaderMap::from_iter([(header::RETRY_AFTER, retry_after.parse().unwrap())]);
    Response { headers, ..response(status) }
}

fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Delivered => "delivered",
        Decision::Gone => "gone",
        Decision::Refresh => "refresh",
        Decision::Retry { .. } => "retry",
        Decision::Mend { .. } => "mend",
        Decision::Park { .. } => "park",
        Decision::Unknown { .. } => "unknown",
    }
}

fn code(decision: &Decision) -> &str {
    match decision {
        Decision::Retry { failure, .. }
        | Decision::Mend { failure, .. }
        | Decision::Park { failure }
        | Decision::Unknown { failure } => &failure.code,
        Decision::Delivered | Decision::Gone | Decision::Refresh => "",
    }
}

/// The rows of the documented table: the first cell, and a decision for each group of calls.
fn documented() -> Vec<Vec<&'static str>> {
    let page = include_str!("../../../../../docs/retries.md");
    let table = page.split("| answer |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The calls of the documented table's columns.
const COLUMNS: [&[Call]; 6] = [
    &[Call::WebsandTransaction, Call::WebsandSubscriber, Call::WebsaleCreate],
    &[Call::WebsaleEdit, Call::WebsaleSend, Call::WebsaleStatus],
    &[Call::WebsaleLogin, Call::ShopToken],
    &[Call::WebsalePersonalised],
    &[Call::ShopRead],
    &[Call::ShopCallback],
];

/// The outcomes a row's first cell stands for. `named` are the statuses of all other rows.
fn outcomes(cell: &str, named: &[u16]) -> Vec<Outcome> {
    let others = |statuses: std::ops::RangeInclusive<u16>| {
        statuses.filter(|status| !named.contains(status)).map(|status| Ok(response(status))).collect::<Vec<_>>()
    };
    match cell {
        "not sent" => vec![Err(CallError::NotSent("refused".into()))],
        "no answer" => vec![Err(CallError::NoAnswer("reset".into()))],
        "any other 400-499" => others(400..=499),
        cell => match cell.split_once('-') {
            Some((first, last)) => others(first.parse().unwrap()..=last.parse().unwrap()),
            None => vec![Ok(response(cell.split(' ').next().unwrap().parse().unwrap()))],
        },
    }
}

#[test]
fn every_row_of_the_documented_table_is_what_the_code_does() {
    let rows = documented();
    let named: Vec<u16> = rows.iter().filter_map(|row| row[0].parse().ok()).collect();
    let mut seen = 0;
    for row in &rows {
        for (column, calls) in COLUMNS.iter().enumerate() {
            for call in *calls {
                for outcome in outcomes(row[0], &named) {
                    let refreshed = row[0].ends_with("after a refresh");
                    let proven = !row[0].ends_with("before a success");
                    let decision = decide(*call, &outcome, &Circumstances { refreshed, proven, ..circumstances() });
                    assert_eq!(word(&decision), row[column + 1], "{} of {outcome:?} ({})", call.name(), row[0]);
                    seen += 1;
                }
            }
        }
    }
    // 400 statuses, four of them once more, and two outcomes without a status.
    assert_eq!(seen, 406 * Call::ALL.len(), "the table leaves a case out");
}

#[test]
fn what_is_no_final_status_is_as_good_as_no_answer() {
    for status in [0, 100, 199, 600, 999] {
        assert_eq!(word(&decide(Call::WebsandTransaction, &Ok(response(status)), &circumstances())), "retry");
        assert_eq!(word(&decide(Call::WebsalePersonalised, &Ok(response(status)), &circumstances())), "unknown");
    }
}

#[test]
fn a_retry_after_is_never_shortened() {
    for (call, status, header, expected) in [
        (Call::WebsandTransaction, 429, "3600", 3600),
        (Call::WebsandTransaction, 503, "46800", 46_800),
        (Call::WebsalePersonalised, 429, "60", 60),
        (Call::WebsaleCreate, 403, "7200", 7200),
        (Call::WebsaleCreate, 403, "60", 900),
        (Call::WebsandTransaction, 503, "Thu, 01 Jan 1970 00:00:00 GMT", 0),
        (Call::WebsandTransaction, 503, "nonsense", 0),
    ] {
        let (Decision::Retry { at, .. } | Decision::Mend { at, .. }) =
            decide(call, &Ok(response_with(status, header)), &circumstances())
        else {
            panic!("{status} {header}");
        };
        assert_eq!(at.duration_since(circumstances().now).as_secs(), expected, "{status} {header}");
    }
}

#[test]
fn the_end_of_a_shops_window_is_awaited_after_a_refusal_only() {
    let wait = |status| {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-rate-limit-time-reset-ms"),
            "15500".parse().unwrap(),
        )]);
        let decision = decide(Call::ShopRead, &Ok(Response { headers, ..response(status) }), &circumstances());
        let Decision::Retry { at, .. } = decision else { panic!("{status}") };
        at.duration_since(circumstances().now).as_millis()
    };
    assert_eq!((wait(429), wait(503)), (15_500, 0));
}

#[test]
fn a_retry_after_beyond_the_limit_parks_at_once() {
    let hours_72 = 72 * 3600;
    let last = Ok(response_with(429, &(hours_72 - 10).to_string()));
    assert_eq!(word(&decide(Call::WebsandTransaction, &last, &circumstances())), "retry");
    let beyond =
        decide(Call::WebsandTransaction, &Ok(response_with(429, &(hours_72 - 9).to_string())), &circumstances());
    assert_eq!((word(&beyond), code(&beyond)), ("park", "retry_after_beyond_limit"));
    let mend = decide(Call::WebsandTransaction, &Ok(response_with(403, &(hours_72 - 9).to_string())), &circumstances());
    assert_eq!(word(&mend), "mend", "a person has ten days");
}

#[test]
fn retrying_ends_after_72_hours_and_mending_after_ten_days() {
    let decided = |status, hours: i64, seconds| {
        let now = at(hours * 3600 + seconds);
        decide(
            Call::WebsandTransaction,
            &Ok(response(status)),
            &Circumstances { now, refreshed: true, ..circumstances() },
        )
    };
    assert_eq!(word(&decided(503, 72, -1)), "retry");
    assert_eq!((word(&decided(503, 72, 0)), code(&decided(503, 72, 0))), ("park", "retries_exhausted"));
    for status in [301, 401, 403, 404] {
        assert_eq!(word(&decided(status, 240, -1)), "mend");
        assert_eq!((word(&decided(status, 240, 0)), code(&decided(status, 240, 0))), ("park", "never_mended"));
    }
}

#[test]
fn the_back_off_doubles_from_five_seconds_to_an_hour() {
    let longest = |attempt| {
        let limits = [5_000, 10_000, 20_000, 2_560_000, 3_600_000];
        let random = limits.into_iter().find(|limit| {
            let wait = |random| backoff(&Circumstances { attempt, random, ..circumstances() });
            wait(*limit) == Duration::from_millis(*limit) && wait(limit + 1) == Duration::ZERO
        });
        random.unwrap_or_default() / 1000
    };
    assert_eq!([0, 1, 2, 9, 10, 31, 32, u32::MAX].map(longest), [5, 10, 20, 2560, 3600, 3600, 3600, 3600]);
}

#[test]
fn the_destinations_words_are_kept_short_and_without_addresses() {
    let body = format!("no such user bob@example.com {}", "x".repeat(400));
    let refused = Ok(Response { body: body.into(), ..response(422) });
    let Decision::Park { failure } = decide(Call::WebsandSubscriber, &refused, &circumstances()) else { panic!() };
    assert_eq!((failure.code.as_str(), failure.status, failure.detail.len()), ("permanent", Some(422), 300));
    assert!(failure.detail.starts_with("no such user *** xxx"), "{}", failure.detail);

    let body = Bytes::from_static(b"wrong: {\"username\":\"u\",\"password\":\"s3cret\"}");
    let refused = Ok(Response { body, ..response(400) });
    for call in [Call::WebsaleLogin, Call::ShopToken] {
        let decision = decide(call, &refused, &circumstances());
        assert!(!format!("{decision:?}").contains("s3cret"), "{decision:?}");
        assert_eq!(code(&decision), "http_400");
    }

    let decision = decide(Call::WebsandSubscriber, &Err(CallError::NoAnswer("reset".into())), &circumstances());
    assert_eq!(code(&decision), "no_answer");
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let header = prop_oneof![Just(None), (0u32..1_000_000).prop_map(|seconds| Some(seconds.to_string()))];
    prop_oneof![
        8 => (0u16..700, header)
            .prop_map(|(status, retry_after)| {
                Ok(retry_after.map_or_else(|| response(status), |header| response_with(status, &header)))
            }),
        1 => Just(Err(CallError::NotSent(String::new()))),
        1 => Just(Err(CallError::NoAnswer(String::new()))),
    ]
}

proptest! {
    #[test]
    fn nothing_comes_back_too_soon_and_no_push_is_risked_twice(
        call in proptest::sample::select(&Call::ALL[..]),
        outcome in any_outcome(),
        refreshed: bool,
        proven: bool,
        attempt: u32,
        age in 0i64..1_000_000,
        random: u64,
    ) {
        let circumstances = Circumstances { refreshed, proven, attempt, sent_at: at(0), now: at(age), random };
        let decision = decide(call, &outcome, &circumstances);
        if let Decision::Retry { at, .. } | Decision::Mend { at, .. } = &decision {
            prop_assert!(*at >= circumstances.now);
            let header = outcome.as_ref().ok().and_then(|response| response.header("retry-after"));
            let asked_for = header.and_then(|header| crate::retry::parse_retry_after(header, circumstances.now));
            prop_assert!(asked_for.is_none_or(|asked_for| *at >= asked_for));
        }
        let perhaps_done = match &outcome {
            Ok(response) => matches!(response.status, 408 | 409 | 500..=599),
            Err(error) => matches!(error, CallError::NoAnswer(_)),
        };
        if call.is_irrevocable() && perhaps_done {
            prop_assert_eq!(word(&decision), "unknown");
        }
        let success = outcome.as_ref().is_ok_and(|response| (200..300).contains(&response.status));
        prop_assert_eq!(decision == Decision::Delivered, success);
    }
}
