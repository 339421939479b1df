//! What the end-to-end tests stand on: the real binaries as processes, an AWS emulator, and a client that speaks AWS's
//! protocols to it.
//!
//! Everything listens on loopback, on ports that were free, and ends when the tests end, however they end.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot be set up has failed")]
#![allow(clippy::missing_panics_doc, reason = "everything here panics when the set-up fails")]

pub mod aws;
pub mod binaries;
pub mod emulator;
pub mod host;
pub mod leash;
pub mod package;
pub mod permission;
pub mod recorder;
pub mod sandbox;
pub mod shop;
pub mod stack;
pub mod system;
pub mod template;
pub mod wait;
pub mod webhook;
