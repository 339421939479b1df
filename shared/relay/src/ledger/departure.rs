//! When a promotion that waits goes out. Pure: the forwarder obeys it, and the command line tells it.

use jiff::Timestamp;

use super::PendingPromotion;

#[cfg(test)]
mod tests;

/// When a promotion goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// At once.
    Now,
    /// Not before then: its time has not come, or it is quiet.
    At(Timestamp),
    /// Not any more: its time has passed, or passes before the quiet hours do.
    TooLate,
}

impl PendingPromotion {
    /// When it goes out, as seen now. What waits is to be asked again once that time has come.
    ///
    /// A push that could only go out after `send_before` is given up at once, so that whoever planned it hears of it
    /// while something can be done.
    pub fn departure(&self, now: Timestamp) -> Departure {
        let earliest = self.send_at.map_or(now, |send_at| send_at.max(now));
        let start = self.quiet_hours.as_ref().and_then(|quiet| quiet.end(earliest)).unwrap_or(earliest);
        match self.send_before {
            Some(end) if start >= end => Departure::TooLate,
            _ if start > now => Departure::At(start),
            _ => Departure::Now,
        }
    }
}
