//! Reads a promotion from its canonical JSON and fills in what its channel defaults to, so that a promotion that was
//! read says all its times itself.

use jiff::{SignedDuration, Timestamp};

use super::{
    Audience, Cancellation, Channel, Link, LinkOpen, Promotion,
    matrix::{MATRIX, Need},
    tags,
};
use crate::event::{fault::FaultCode, read::Reader};

const FIELDS: [&str; 17] = [
    "id",
    "updated_at",
    "channel",
    "name",
    "title",
    "text",
    "link",
    "image_path",
    "visible_from",
    "visible_until",
    "visible_days",
    "send_at",
    "send_before",
    "voucher_batch",
    "audience",
    "draft",
    "callback_url",
];
/// WEBSALE's limits, in characters.
const MAX_TITLE: usize = 64;
const MAX_TEXT: usize = 160;
/// Ours: enough for any of these, and small beside a queue message.
const MAX_NAME: usize = 200;
const MAX_PATH: usize = 255;
const MAX_CALLBACK: usize = 500;
/// How long a promotion may be late unless it says otherwise.
const LATE: SignedDuration = SignedDuration::from_hours(6);

impl Promotion {
    /// Reads the data of `promotion.scheduled`; `now` stands in for times left out.
    pub fn read(place: &Reader<'_>, now: Timestamp) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&FIELDS);
        let (id, updated_at) = subject(place, now);
        let channel = place.required("channel", |place| place.one_of(&Channel::ALL, Channel::name));
        if let Some(channel) = channel {
            check_matrix(place, channel);
        }
        let texts = Texts::read(place, channel);
        let times = Times::read(place, channel.unwrap_or(Channel::Push), now);
        let audience = place.optional("audience", |place| audience(place, channel));
        texts.check_tags(place, channel, audience.as_ref());
        let days = |place: &Reader<'_>| place.integer(1, 31).and_then(|days| u8::try_from(days).ok());
        let visible_days = place.optional("visible_days", days);
        let text = |field: &str, most: usize| place.optional(field, |place| place.text_up_to(most)).map(str::to_owned);
        let (name, voucher_batch) = (text("name", MAX_NAME), text("voucher_batch", MAX_NAME));
        let image_path = place.optional("image_path", image_path);
        let draft = place.optional("draft", Reader::boolean).unwrap_or_default();
        let callback_url = place.optional("callback_url", |place| place.url(MAX_CALLBACK)).map(str::to_owned);
        let (id, updated_at, channel) = (id?, updated_at?, channel?);
        let is_personalised = channel == Channel::PersonalisedPush;
        Some(Self {
            id,
            updated_at,
            channel,
            name,
            title: texts.title,
            text: texts.text,
            link: texts.link,
            image_path,
            visible_from: times.visible_from,
            visible_until: times.visible_until,
            visible_days: if is_personalised { visible_days.or(Some(1)) } else { None },
            send_at: times.send_at,
            send_before: times.send_before,
            voucher_batch,
            audience,
            draft,
            callback_url,
        })
    }
}

impl Cancellation {
    /// Reads the data of `promotion.cancelled`.
    pub fn read(place: &Reader<'_>, now: Timestamp) -> Option<Self> {
        place.object()?;
        place.deny_unknown(&["id", "updated_at"]);
        let (id, updated_at) = subject(place, now);
        Some(Self { id: id?, updated_at: updated_at? })
    }
}

fn subject(place: &Reader<'_>, now: Timestamp) -> (Option<String>, Option<Timestamp>) {
    (place.required("id", Reader::id), place.required("updated_at", |place| place.revision_time(now)))
}

fn check_matrix(place: &Reader<'_>, channel: Channel) {
    for (field, _) in MATRIX {
        let said = match field {
            // A draft that is none says nothing.
            "draft" => place.value().get(field).is_some_and(|draft| draft != &serde_json::Value::Bool(false)),
            _ => true,
        };
        let _: Option<()> = match (channel.need(field), place.has(field)) {
            (Need::Required, false) => {
                place.fault_at(field, FaultCode::Missing, format!("is required for {}", channel.name()))
            }
            (Need::Refused, true) if said => {
                place.fault_at(field, FaultCode::NotForChannel, format!("is not for {}", channel.name()))
            }
            _ => None,
        };
    }
}

/// What a promotion says.
struct Texts {
    title: Option<String>,
    text: Option<String>,
    link: Option<Link>,
    /// The tags in title and text.
    tags: Vec<&'static str>,
}

impl Texts {
    fn read(place: &Reader<'_>, channel: Option<Channel>) -> Self {
        let mut tags = Vec::new();
        let mut text = |field: &str, most: usize| {
            place.optional(field, |place| {
                let text = place.text_up_to(most);
                tags.extend(tags_in(place, channel));
                text.map(str::to_owned)
            })
        };
        let (title, text) = (text("title", MAX_TITLE), text("text", MAX_TEXT));
        Self { title, text, link: place.optional("link", |place| link(place, channel)), tags }
    }

    /// WEBSALE fills tags in only for devices connected to an account, and voucher numbers only from a batch.
    fn check_tags(&self, place: &Reader<'_>, channel: Option<Channel>, audience: Option<&Audience>) {
        if channel != Some(Channel::PersonalisedPush) || self.tags.is_empty() {
            return;
        }
        if !audience.is_some_and(Audience::is_connected) {
            const WHAT: &str = "must be true when title or text has tags";
            let _: Option<()> = place.fault_at("audience", FaultCode::TagNeedsConnected, format!("connected {WHAT}"));
        }
        if self.tags.contains(&tags::VOUCHER) && !place.has("voucher_batch") {
            const WHAT: &str = "is required when title or text has ~VOUCHER-Number~";
            let _: Option<()> = place.fault_at("voucher_batch", FaultCode::TagNeedsVoucher, WHAT);
        }
    }
}

fn tags_in(place: &Reader<'_>, channel: Option<Channel>) -> Vec<&'static str> {
    let text = place.value().as_str().unwrap_or_default();
    match channel {
        Some(Channel::PersonalisedPush) => return tags::read(place, text),
        Some(channel) if tags::any(text) => {
            let detail = format!("has a tag, which is not filled in for {}", channel.name());
            let _: Option<()> = place.fault(FaultCode::NotForChannel, detail);
        }
        _ => (),
    }
    Vec::new()
}

fn link(place: &Reader<'_>, channel: Option<Channel>) -> Option<Link> {
    place.object()?;
    place.deny_unknown(&["url", "open"]);
    let most = channel.map_or(Channel::Push.max_link(), Channel::max_link);
    let url = place.required("url", |place| place.url(most));
    let open = place.required("open", |place| place.one_of(&LinkOpen::ALL, LinkOpen::name));
    Some(Link { url: url?.to_owned(), open: open? })
}

/// Below WEBSALE's image folder: a path that cannot leave it.
fn image_path(place: &Reader<'_>) -> Option<String> {
    let path = place.text_up_to(MAX_PATH)?;
    let leaves = path.starts_with('/') || path.contains(['\\', ':']) || path.split('/').any(|part| part == "..");
    if leaves || path.chars().any(char::is_control) {
        return place
            .fault(FaultCode::Invalid, "must be a path below the image folder: no scheme, no leading /, no ..");
    }
    Some(path.to_owned())
}

/// Everybody, or for a personalised push those who pass the filters.
fn audience(place: &Reader<'_>, channel: Option<Channel>) -> Option<Audience> {
    let audience = Audience::read(place)?;
    match channel {
        Some(channel) if channel != Channel::PersonalisedPush && audience != Audience::Everyone => {
            place.fault(FaultCode::NotForChannel, format!("must be everyone or absent for {}", channel.name()))
        }
        _ => Some(audience),
    }
}

/// When a promotion is shown and sent.
struct Times {
    visible_from: Option<Timestamp>,
    visible_until: Option<Timestamp>,
    send_at: Option<Timestamp>,
    send_before: Option<Timestamp>,
}

impl Times {
    fn read(place: &Reader<'_>, channel: Channel, now: Timestamp) -> Self {
        let time = |field: &str| place.optional(field, Reader::time);
        let (from, until) = (time("visible_from"), time("visible_until"));
        let (send_at, send_before) = (time("send_at"), time("send_before"));
        let takes = |field: &str| channel.need(field) != Need::Refused;
        let until = until.filter(|_| takes("visible_until"));
        let visible_from = takes("visible_from").then(|| from.or(send_at).unwrap_or(now));
        let send_at = takes("send_at").then(|| send_at.or(from).unwrap_or(now));
        let latest = |at: Timestamp| at.saturating_add(LATE).unwrap_or(Timestamp::MAX);
        let send_before =
            send_at.map(|at| send_before.unwrap_or_else(|| until.map_or(latest(at), |until| until.min(latest(at)))));
        let times = Self { visible_from, visible_until: until, send_at, send_before };
        times.check_order(place);
        times
    }

    fn check_order(&self, place: &Reader<'_>) {
        let wrong = |field: &str, detail: &str| {
            let _: Option<()> = place.fault_at(field, FaultCode::WrongOrder, detail);
        };
        let both = |a: Option<Timestamp>, b: Option<Timestamp>| a.zip(b);
        if both(self.visible_from, self.visible_until).is_some_and(|(from, until)| until <= from) {
            return wrong("visible_until", "must be after visible_from");
        }
        if both(self.send_at, self.visible_from).is_some_and(|(send, from)| send < from) {
            wrong("send_at", "must not be before visible_from");
        }
        if both(self.send_at, self.visible_until).is_some_and(|(send, until)| send >= until) {
            return wrong("send_at", "must be before visible_until");
        }
        if both(self.send_before, self.send_at).is_some_and(|(before, at)| before <= at) {
            wrong("send_before", "must be after send_at");
        }
        if both(self.send_before, self.visible_until).is_some_and(|(before, until)| before > until) {
            wrong("send_before", "must not be after visible_until");
        }
    }
}
