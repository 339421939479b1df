//! What WEBSALE must have at the end of the year, from what the shops said alone. Nothing here is taken from the product:
//! it is the documentation once more, as short as it can be said, and it does not know of messages, rows or retries.
//!
//! Of everything it says when it is done at the earliest and at the latest. What depends on minutes it leaves open: such a
//! promotion is drawn anew.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    calendar::{Calendar, Shop},
    script::{Channel, Content, Promotion, Said},
};

/// It depends on minutes.
#[derive(Debug)]
pub(super) struct Unclear;

/// What is to be.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Which of the things said are refused at the door.
    pub(super) refused: BTreeSet<usize>,
    pub(super) entry: Option<Entry>,
    /// The personalised push that went out.
    pub(super) dispatched: Option<Content>,
    pub(super) seen: Seen,
}

/// An entry as it must be.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) fields: Map<String, Value>,
    pub(super) active: bool,
    pub(super) sent: bool,
}

/// What a promotion went through.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is counted by itself")]
pub(super) struct Seen {
    pub(super) changed: bool,
    pub(super) changed_after_it_was_sent: bool,
    pub(super) overtaken: bool,
    pub(super) drafted: bool,
    pub(super) called_off: bool,
    pub(super) called_off_too_late: bool,
    pub(super) other_channel: bool,
    pub(super) too_late: bool,
    pub(super) waited_for_quiet: bool,
    pub(super) delayed: bool,
}

/// From when to when something happens.
type Span = (Timestamp, Timestamp);

/// Reads what a shop says, in the order in which it is heard.
struct Reading<'a> {
    calendar: &'a Calendar,
    shop: &'a Shop,
    outcome: Outcome,
    /// The newest that was heard: its time, and that calling off wins over a schedule of the same time.
    newest: Option<(Timestamp, bool)>,
    channel: Option<Channel>,
    /// What waits to go out, and when it does.
    waiting: Option<(Content, Span)>,
    /// Until when what was heard last is being done.
    busy_until: Timestamp,
}

/// What must become of a promotion.
pub(super) fn outcome(promotion: &Promotion, calendar: &Calendar) -> Result<Outcome, Unclear> {
    let mut reading = Reading {
        calendar,
        shop: &calendar.shops[promotion.shop],
        outcome: Outcome::default(),
        newest: None,
        channel: None,
        waiting: None,
        busy_until: Timestamp::MIN,
    };
    let mut heard: Vec<(Span, usize, &Said)> = Vec::new();
    for (number, said) in promotion.said.iter().enumerate() {
        if said.content.as_ref().is_some_and(|content| reading.is_refused(content)) {
            reading.outcome.refused.insert(number);
        } else {
            heard.push((calendar.span(said.first(), said.first(), false), number, said));
        }
    }
    heard.sort_by_key(|((earliest, _), number, _)| (*earliest, *number));
    for (span, _, said) in heard {
        reading.hear(span, said)?;
    }
    reading.goes_out_before((Timestamp::MAX, Timestamp::MAX))?;
    Ok(reading.outcome)
}

impl Reading<'_> {
    /// A push that is planned for the shop's quiet hours.
    fn is_refused(&self, content: &Content) -> bool {
        content.channel.is_sent() && !content.draft && self.shop.is_quiet(content.send_at)
    }

    fn hear(&mut self, (earliest, latest): Span, said: &Said) -> Result<(), Unclear> {
        let revision = (said.updated_at, said.content.is_none());
        // In which order two are heard that come at the same time, nobody knows.
        if earliest <= self.busy_until {
            return Err(Unclear);
        }
        self.busy_until = latest;
        self.goes_out_before((earliest, latest))?;
        if self.newest.is_some_and(|newest| revision <= newest) {
            self.outcome.seen.overtaken = true;
            return Ok(());
        }
        self.newest = Some(revision);
        let at_websale = self.calendar.span(earliest, latest, true);
        self.waiting = None;
        let Some(content) = &said.content else {
            self.call_off(at_websale);
            return Ok(());
        };
        self.outcome.seen.changed |= self.channel.is_some();
        if *self.channel.get_or_insert(content.channel) != content.channel {
            self.outcome.seen.other_channel = true;
            return Ok(());
        }
        if content.channel == Channel::Personalised {
            self.personalised(content, at_websale)
        } else {
            self.entry(content, at_websale)
        }
    }

    fn call_off(&mut self, (_, latest): Span) {
        let is_out = self.outcome.dispatched.is_some() || self.outcome.entry.as_ref().is_some_and(|entry| entry.sent);
        if is_out {
            self.outcome.seen.called_off_too_late = true;
            return;
        }
        self.outcome.seen.called_off = true;
        if let Some(entry) = &mut self.outcome.entry {
            entry.active = false;
            self.busy_until = self.busy_until.max(latest);
        }
    }

    fn personalised(&mut self, content: &Content, span: Span) -> Result<(), Unclear> {
        if self.outcome.dispatched.is_some() {
            self.outcome.seen.changed_after_it_was_sent = true;
            return Ok(());
        }
        // Nothing is done at WEBSALE before it goes out.
        self.waiting = self.goes_out(content, span)?.map(|span| (content.clone(), span));
        Ok(())
    }

    fn entry(&mut self, content: &Content, span: Span) -> Result<(), Unclear> {
        let was_sent = self.outcome.entry.as_ref().is_some_and(|entry| entry.sent);
        let is_push = content.channel == Channel::Push;
        let waits = is_push && !content.draft && !was_sent;
        // One that comes too late leaves the entry as it is. What may yet keep it from going out is not known then.
        if waits && self.is_too_late(content, span)? {
            self.outcome.seen.too_late = true;
            return Ok(());
        }
        self.busy_until = self.busy_until.max(span.1);
        let entry = self.outcome.entry.get_or_insert_default();
        entry.fields = fields(content);
        self.outcome.seen.changed_after_it_was_sent |= was_sent;
        if !was_sent {
            entry.active = !is_push && !content.draft;
            self.outcome.seen.drafted |= content.draft;
        }
        if waits {
            self.waiting = self.goes_out(content, span)?.map(|span| (content.clone(), span));
        }
        Ok(())
    }

    /// Whether it could not go out in time any more, if it were looked at then.
    fn is_too_late(&self, content: &Content, (earliest, latest): Span) -> Result<bool, Unclear> {
        let seen_at = |at: Timestamp| self.shop.awake(content.send_at.max(at)) >= content.send_before;
        if seen_at(earliest) == seen_at(latest) { Ok(seen_at(earliest)) } else { Err(Unclear) }
    }

    /// When something goes out that is ready then; nothing if that is too late.
    fn goes_out(&mut self, content: &Content, ready: Span) -> Result<Option<Span>, Unclear> {
        let mut tried = (content.send_at.max(ready.0), content.send_at.max(ready.1));
        loop {
            let (earliest, latest) = self.calendar.span(tried.0, tried.1, true);
            let awake = self.shop.awake(earliest);
            if awake > earliest {
                if self.shop.awake(latest) != awake || awake <= latest {
                    return Err(Unclear);
                }
                if awake >= content.send_before {
                    self.outcome.seen.too_late = true;
                    return Ok(None);
                }
                self.outcome.seen.waited_for_quiet = true;
                tried = (awake, awake);
                continue;
            }
            if earliest >= content.send_before {
                self.outcome.seen.too_late = true;
                return Ok(None);
            }
            let turns_quiet = {
                let mut minute = earliest;
                while minute < latest && !self.shop.is_quiet(minute) {
                    minute = minute.saturating_add(jiff::SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX);
                }
                minute < latest || self.shop.is_quiet(latest)
            };
            if latest >= content.send_before || turns_quiet {
                return Err(Unclear);
            }
            self.outcome.seen.delayed |= earliest > content.send_at.max(ready.0);
            return Ok(Some((earliest, latest)));
        }
    }

    /// What waits has gone out before this begins, or does so after it.
    fn goes_out_before(&mut self, (begins, ends): Span) -> Result<(), Unclear> {
        let Some((_, (earliest, latest))) = self.waiting else { return Ok(()) };
        if ends < earliest {
            return Ok(());
        }
        if latest >= begins {
            return Err(Unclear);
        }
        let Some((content, _)) = self.waiting.take() else { return Ok(()) };
        if content.channel == Channel::Personalised {
            self.outcome.dispatched = Some(content);
        } else if let Some(entry) = &mut self.outcome.entry {
            (entry.active, entry.sent) = (true, true);
        }
        Ok(())
    }
}

/// The fields that WEBSALE documents for an entry, of this content.
fn fields(content: &Content) -> Map<String, Value> {
    let (url, kind) = link(content);
    let news_type = match content.channel {
        Channel::News => 1,
        Channel::Teaser => 2,
        _ => 0,
    };
    let from = content.visible_from.unwrap_or(content.send_at);
    let fields = json!({
        "newsType": news_type, "title": content.title, "text": content.text, "url": url, "urlType": kind,
        "image_url": content.image.clone().unwrap_or_default(),
        "validFrom": from.as_second(), "validUntil": content.visible_until.as_second(),
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// Where something leads, in WEBSALE's words.
pub(super) fn link(content: &Content) -> (&str, &'static str) {
    content.link.as_ref().map_or(("", ""), |(url, open)| {
        let kind = match *open {
            "in_app_signed_in" => "internal-login",
            "in_app" => "internal",
            _ => "external",
        };
        (url, kind)
    })
}
