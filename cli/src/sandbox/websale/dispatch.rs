//! Dispatches of personalised pushes and how they progress.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::personalised::Push;

/// What makes a dispatch progress from `waiting` over `running` to `finished`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Each status request after the first moves it one step on.
    ByRequest,
    /// It runs after a third of this time and is finished at its end.
    ByClock(SignedDuration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Running,
    Finished,
}

/// A dispatch.
#[derive(Clone, Debug)]
pub(super) struct Dispatch {
    subshop: String,
    push: Push,
    receivers: u64,
    failures: u64,
    stage: Stage,
    asked: u32,
    created: Timestamp,
    updated: Timestamp,
}

impl Dispatch {
    pub(super) fn new(subshop: &str, push: Push, now: Timestamp) -> Self {
        let (receivers, failures) = push.filter.reach();
        Self {
            subshop: subshop.to_owned(),
            push,
            receivers,
            failures,
            stage: Stage::Waiting,
            asked: 0,
            created: now,
            updated: now,
        }
    }

    /// Called for each status request, before it is answered.
    pub(super) fn advance(&mut self, progress: Progress, now: Timestamp) {
        self.asked = self.asked.saturating_add(1);
        let stage = match progress {
            Progress::ByRequest => match self.asked {
                1 => Stage::Waiting,
                2 => Stage::Running,
                _ => Stage::Finished,
            },
            Progress::ByClock(whole) => match now.duration_since(self.created) {
                age if age >= whole => Stage::Finished,
                age if age >= whole / 3 => Stage::Running,
                _ => Stage::Waiting,
            },
        };
        if stage != self.stage {
            self.stage = stage;
            self.updated = now;
        }
    }

    /// The status answer. The receivers are not counted before the dispatch runs.
    pub(super) fn json(&self, id: u64) -> Value {
        let (status, receivers, sent, failed) = match self.stage {
            Stage::Waiting => ("waiting", 0, 0, 0),
            Stage::Running => ("running", self.receivers, self.receivers / 2, 0),
            Stage::Finished => ("finished", self.receivers, self.receivers - self.failures, self.failures),
        };
        json!({
            "id": id,
            "status": status,
            "subshop": self.subshop,
            "type": "personalized",
            "name": self.push.name,
            "createTime": self.created.as_second(),
            "updateTime": self.updated.as_second(),
            "validUntil": self.push.valid_days,
            "title": self.push.title,
            "text": self.push.text,
            "urlType": self.push.url_type,
            "url": self.push.url,
            "voucher": self.push.voucher,
            "countReceiver": receivers,
            "countSent": sent,
            "countError": failed,
            "error": "",
        })
    }
}
