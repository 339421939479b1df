//! When a call may be repeated, as the answer to it says: the `Retry-After` header (RFC 9110, section 10.2.3), and what
//! some shops' APIs say instead.

use crate::http::Response;
use jiff::{SignedDuration, Timestamp, civil::DateTime, fmt::rfc2822, fmt::strtime, tz::TimeZone};

/// Milliseconds until the window of requests begins anew; BigCommerce sends it with every answer and no `Retry-After`
/// (<https://docs.bigcommerce.com/developer/docs/overview/api-fundamentals/rate-limits>).
const RATE_LIMIT_RESET: &str = "x-rate-limit-time-reset-ms";

/// The instant before which the call is not to be repeated.
pub fn asked_for(response: &Response, now: Timestamp) -> Option<Timestamp> {
    let retry_after = response.header("retry-after").and_then(|header| parse_retry_after(header, now));
    // Beside any other answer the window's end says nothing about this call.
    let reset = if response.status == 429 { rate_limit_reset(response, now) } else { None };
    retry_after.max(reset)
}

/// When the window of requests begins anew.
pub fn rate_limit_reset(response: &Response, now: Timestamp) -> Option<Timestamp> {
    let millis = response.header(RATE_LIMIT_RESET)?.trim().parse::<u32>().ok()?;
    now.checked_add(SignedDuration::from_millis(millis.into())).ok()
}

/// The instant a `Retry-After` header names, as seconds from now or as an HTTP date. It may lie in the past.
///
/// All three date forms that recipients must accept (RFC 9110, section 5.6.7) are read; so are fractions of a second,
/// which some servers send, rounded up.
pub fn parse_retry_after(header: &str, now: Timestamp) -> Option<Timestamp> {
    let header = header.trim();
    if header.starts_with(|c: char| c.is_ascii_digit()) {
        return seconds(header).map(|wait| now.saturating_add(wait).unwrap_or(Timestamp::MAX));
    }
    let imf = || rfc2822::parse(header).ok().map(|zoned| zoned.timestamp());
    let rfc850 = || civil("%A, %d-%b-%y %H:%M:%S GMT", header);
    let asctime = || civil("%a %b %e %H:%M:%S %Y", header);
    imf().or_else(rfc850).or_else(asctime)
}

fn seconds(text: &str) -> Option<SignedDuration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Digits only, so that all that can go wrong is that there are too many of them.
    let seconds = whole.parse().unwrap_or(i64::MAX);
    Some(SignedDuration::from_secs(seconds.saturating_add(i64::from(!fraction.is_empty()))))
}

fn civil(format: &str, text: &str) -> Option<Timestamp> {
    let date: DateTime = strtime::parse(format, text).ok()?.to_datetime().ok()?;
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn seconds_count_from_now() {
        let after = |header| parse_retry_after(header, now()).map(|at| at.duration_since(now()).as_secs());
        assert_eq!(after("0"), Some(0));
        assert_eq!(after(" 120 "), Some(120));
        assert_eq!(after("46800"), Some(13 * 3600));
        assert_eq!(after("1.2"), Some(2));
        assert_eq!(parse_retry_after(&"9".repeat(30), now()), Some(Timestamp::MAX));
    }

    #[test]
    fn all_three_forms_of_http_dates_are_read() {
        let expected: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        for header in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse_retry_after(header, now()), Some(expected), "{header}");
        }
    }

    #[test]
    fn anything_else_is_nothing() {
        for header in ["", "soon", "-5", "5s", "1e9", "5, 6", "Sun, 32 Nov 1994 08:49:37 GMT"] {
            assert_eq!(parse_retry_after(header, now()), None, "{header}");
        }
    }
}
