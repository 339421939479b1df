//! End-to-end tests. Each module is a story; `tests/run` sets up what they need.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests, helper functions included")]

mod chaos;
mod conformance;
mod deployed;
mod embedded;
mod guard;
mod platforms;
mod probe;
