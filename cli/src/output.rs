//! What commands write to standard output: text for people, JSON for programs.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use crate::command::CommandError;

/// Writes the text as it is.
pub(crate) fn print(text: &str) -> Result<(), CommandError> {
    write(&mut io::stdout().lock(), text)
}

/// Writes one JSON document.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CommandError> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| CommandError(format!("cannot write JSON: {error}")))?;
    print(&format!("{text}\n"))
}

/// A reader that went away (`| head`) is no error.
fn write(out: &mut impl Write, text: &str) -> Result<(), CommandError> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// The instant for a table: UTC, to the second.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// How far away the instant is, in words: `in 5 min`, `3 h ago`.
pub(crate) fn distance(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.as_second() - now.as_second();
    match (seconds, span(seconds.unsigned_abs())) {
        (0, _) => "now".to_owned(),
        (1.., span) => format!("in {span}"),
        (_, span) => format!("{span} ago"),
    }
}

/// A length of time in its largest unit, rounded down.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone(io::ErrorKind);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_but_a_full_disk_is() {
        assert!(write(&mut Gone(io::ErrorKind::BrokenPipe), "x").is_ok());
        assert!(write(&mut Gone(io::ErrorKind::StorageFull), "x").is_err());
    }

    #[test]
    fn times_are_shown_in_utc_and_as_a_distance() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        assert_eq!(time(now), "2026-11-18 11:06:40Z");
        for (seconds, words) in [
            (0, "now"),
            (90, "in 90 s"),
            (-119, "119 s ago"),
            (600, "in 10 min"),
            (-9_000, "2 h ago"),
            (200_000, "in 2 days"),
        ] {
            assert_eq!(distance(Timestamp::from_second(1_795_000_000 + seconds).unwrap(), now), words);
        }
    }
}
