//! Placeholder.
use jiff::Timestamp;
/// The instant a `Retry-After` header names (seconds or HTTP date).
pub fn parse_retry_after(_header: &str, _now: Timestamp) -> Option<Timestamp> {
    todo!()
}
