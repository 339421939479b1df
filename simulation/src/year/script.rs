//! What shops say about their promotions, and when.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// A promotion and everything a shop says about it.
#[derive(Clone, Debug)]
pub(super) struct Promotion {
    /// Its shop's place in the calendar.
    pub(super) shop: usize,
    pub(super) id: String,
    pub(super) said: Vec<Said>,
}

/// One thing that is said, by a webhook that may come more than once.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) updated_at: Timestamp,
    /// When the webhook is sent; not in any order.
    pub(super) sent: Vec<Timestamp>,
    /// Nothing: it is called off.
    pub(super) content: Option<Content>,
}

/// What a promotion is to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Content {
    pub(super) channel: Channel,
    pub(super) title: String,
    pub(super) text: String,
    /// Where it leads, and how that is opened.
    pub(super) link: Option<(String, &'static str)>,
    pub(super) image: Option<String>,
    pub(super) visible_from: Option<Timestamp>,
    pub(super) visible_until: Timestamp,
    pub(super) send_at: Timestamp,
    pub(super) send_before: Timestamp,
    pub(super) draft: bool,
    pub(super) audience: Audience,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Push,
    News,
    Teaser,
    Personalised,
}

/// Who gets a personalised push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Connected,
    Postcodes(u32, u32),
    Addresses(Vec<String>),
}

impl Channel {
    pub(super) const ALL: [Self; 4] = [Self::Push, Self::News, Self::Teaser, Self::Personalised];

    /// Whether it is sent at a time, not just shown.
    pub(super) const fn is_sent(self) -> bool {
        matches!(self, Self::Push | Self::Personalised)
    }
}

impl Said {
    /// When it is first sent.
    pub(super) fn first(&self) -> Timestamp {
        self.sent.iter().copied().min().unwrap_or(self.updated_at)
    }

    /// The webhook: its endpoint, its type and its data.
    pub(super) fn webhook(&self, id: &str, zone: &TimeZone) -> (&'static str, &'static str, Value) {
        let updated_at = self.updated_at.to_string();
        match &self.content {
            None => ("promotion-cancelled", "promotion.cancelled", json!({"id": id, "updated_at": updated_at})),
            Some(content) => {
                let mut data = content.data(zone);
                data["id"] = json!(id);
                data["updated_at"] = json!(updated_at);
                ("promotion-scheduled", "promotion.scheduled", data)
            }
        }
    }
}

/// As the shop's clock shows it, with its offset; in the hour after the clock was put forward, as if it had not been.
fn written(at: Timestamp, zone: &TimeZone) -> String {
    let offset = zone.to_offset(at);
    let before = at.checked_sub(SignedDuration::from_hours(1)).map_or(offset, |before| zone.to_offset(before));
    at.to_zoned(TimeZone::fixed(if before < offset { before } else { offset }))
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}

impl Content {
    fn data(&self, zone: &TimeZone) -> Value {
        let local = |at: Timestamp| written(at, zone);
        let channel = match self.channel {
            Channel::Push => "push",
            Channel::News => "news",
            Channel::Teaser => "teaser",
            Channel::Personalised => "personalised_push",
        };
        let mut data = json!({"channel": channel, "title": self.title, "text": self.text});
        if let Some((url, open)) = &self.link {
            data["link"] = json!({"url": url, "open": open});
        }
        if self.channel.is_sent() {
            data["send_at"] = json!(local(self.send_at));
            data["send_before"] = json!(local(self.send_before));
        }
        if self.channel == Channel::Personalised {
            data["name"] = json!(self.title);
            data["visible_days"] = json!(7);
            data["audience"] = match &self.audience {
                Audience::Connected => json!({"connected": true}),
                Audience::Postcodes(from, to) => json!({"connected": true, "zip_areas": [{"from": from, "to": to}]}),
                Audience::Addresses(emails) => json!({"emails": emails}),
            };
            return data;
        }
        if let Some(from) = self.visible_from {
            data["visible_from"] = json!(local(from));
        }
        data["visible_until"] = json!(local(self.visible_until));
        if let Some(image) = &self.image {
            data["image_path"] = json!(image);
        }
        if self.draft {
            data["draft"] = json!(true);
        }
        data
    }
}
