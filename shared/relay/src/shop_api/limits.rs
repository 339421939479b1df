//! How much a shop's API still takes. A shop counts its callers' requests, all webhooks of a busy hour included; a worker
//! that goes on at its limit only makes the shop refuse it for longer.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::{
    http::Response,
    retry::{PUT_BACK, asked_for, rate_limit_reset},
    shop::ShopName,
};

/// BigCommerce: requests left in the present window
/// (<https://docs.bigcommerce.com/developer/docs/overview/api-fundamentals/rate-limits>).
const REQUESTS_LEFT: &str = "x-rate-limit-requests-left";
/// Shopify: requests in the bucket and its size, as `39/40`
/// (<https://shopify.dev/docs/api/admin-rest/usage/rate-limits>).
const CALL_LIMIT: &str = "x-shopify-shop-api-call-limit";

/// Until when no call is made to which shop. Known to this process only: others find out by themselves.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<HashMap<ShopName, Timestamp>>);

impl Limits {
    /// Until when the shop is left alone, if it is.
    pub(crate) fn until(&self, shop: &ShopName, now: Timestamp) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(shop).copied().filter(|until| *until > now)
    }

    /// Remembers what an answer says about the requests that are left.
    pub(super) fn note(&self, shop: &ShopName, response: &Response, now: Timestamp) {
        if response.status != 429 && !is_last(response) {
            return;
        }
        let until = asked_for(response, now).or_else(|| rate_limit_reset(response, now));
        let until = until.unwrap_or_else(|| after(now, PUT_BACK)).max(now);
        let mut shops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shops.retain(|_, until| *until > now);
        shops.insert(shop.clone(), until);
    }
}

/// Whether this was the last request that the shop takes for now.
fn is_last(response: &Response) -> bool {
    let left = response.header(REQUESTS_LEFT).and_then(|left| left.trim().parse::<i64>().ok());
    let room = response.header(CALL_LIMIT).and_then(|limit| limit.split_once('/')).and_then(|(used, size)| {
        let (used, size): (i64, i64) = (used.trim().parse().ok()?, size.trim().parse().ok()?);
        Some(size.saturating_sub(used))
    });
    left.into_iter().chain(room).any(|left| left <= 0)
}

fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    /// The seconds that the shop is left alone after an answer with these headers.
    fn pause(status: u16, headers: &[(&'static str, &str)]) -> Option<i64> {
        let header = |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().unwrap());
        let headers: HeaderMap = headers.iter().map(header).collect();
        let response = Response { status, headers, body: bytes::Bytes::new() };
        let (limits, shop) = (Limits::default(), "acme".parse().unwrap());
        limits.note(&shop, &response, at(0));
        assert_eq!(limits.until(&"other".parse().unwrap(), at(0)), None);
        let until = limits.until(&shop, at(0))?;
        assert_eq!(limits.until(&shop, until), None);
        Some(until.duration_since(at(0)).as_secs())
    }

    #[test]
    fn the_last_request_of_a_window_ends_it_for_the_shop() {
        let reset = ("x-rate-limit-time-reset-ms", "15000");
        assert_eq!(pause(200, &[("x-rate-limit-requests-left", "0"), reset]), Some(15));
        assert_eq!(pause(200, &[("x-rate-limit-requests-left", "1"), reset]), None);
        assert_eq!(pause(200, &[("x-shopify-shop-api-call-limit", "40/40")]), Some(30));
        assert_eq!(pause(200, &[("x-shopify-shop-api-call-limit", "39/40")]), None);
        assert_eq!(pause(200, &[("x-shopify-shop-api-call-limit", "many")]), None);
        assert_eq!(pause(200, &[]), None);
    }

    #[test]
    fn a_refusal_is_heeded_by_all_messages_of_the_shop() {
        assert_eq!(pause(429, &[("retry-after", "2")]), Some(2));
        assert_eq!(pause(429, &[("x-rate-limit-time-reset-ms", "1500")]), Some(1));
        assert_eq!(pause(429, &[("retry-after", "2"), ("x-rate-limit-time-reset-ms", "9000")]), Some(9));
        assert_eq!(pause(429, &[]), Some(30));
        assert_eq!(pause(503, &[("retry-after", "120")]), None, "that concerns this message only");
    }
}
