//! Entries: news, teasers and general pushes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{answer::Answer, fields::Fields},
    audience,
};

/// What `urlType` may say.
pub(super) const URL_TYPES: [&str; 3] = ["internal-login", "internal", "external"];

const FIELDS: [&str; 8] = ["title", "text", "urlType", "url", "image_url", "validFrom", "validUntil", "active"];

const PUSH: u64 = 0;
const TEASER: u64 = 2;

/// An entry as WEBSALE keeps it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    subshop: String,
    news_type: u64,
    title: String,
    text: String,
    url_type: String,
    url: String,
    image_url: String,
    valid_from: u64,
    valid_until: u64,
    active: bool,
    sent: bool,
    created: Timestamp,
    updated: Timestamp,
}

impl Entry {
    /// A new entry.
    pub(super) fn create(subshop: &str, body: &Value, now: Timestamp) -> Result<Self, Answer> {
        let fields = Fields::of_body(body)?;
        fields.required("newsType")?;
        let Some(news_type @ PUSH..=TEASER) = fields.whole("newsType")? else {
            return Err(fields.refuse("newsType", "must be 0 (push), 1 (news) or 2 (teaser)"));
        };
        let mut known = FIELDS.to_vec();
        known.push("newsType");
        fields.only(&known)?;
        let mut entry = Self {
            subshop: subshop.to_owned(),
            news_type,
            title: String::new(),
            text: String::new(),
            url_type: String::new(),
            url: String::new(),
            image_url: String::new(),
            valid_from: 0,
            valid_until: 0,
            active: false,
            sent: false,
            created: now,
            updated: now,
        };
        entry.take(&fields)?;
        Ok(entry)
    }

    /// Updates only the fields that are given; a refused edit changes nothing.
    pub(super) fn edit(&mut self, body: &Value, now: Timestamp) -> Result<(), Answer> {
        let fields = Fields::of_body(body)?;
        if fields.get("newsType").is_some() {
            return Err(fields.refuse("newsType", "cannot be changed"));
        }
        fields.only(&FIELDS)?;
        let mut edited = self.clone();
        edited.take(&fields)?;
        edited.updated = now;
        *self = edited;
        Ok(())
    }

    /// Sends a general push, once.
    pub(super) fn send(&mut self) -> Result<(), Answer> {
        let problem = if self.news_type != PUSH {
            "the entry is not a push message"
        } else if !self.active {
            "the push message is not active"
        } else if self.sent {
            "the push message has already been sent"
        } else {
            self.sent = true;
            return Ok(());
        };
        Err(Answer::refused(406, problem))
    }

    pub(super) fn subshop(&self) -> &str {
        &self.subshop
    }

    /// The entry as create and edit return it. Times of creation and change are Unix seconds.
    pub(super) fn json(&self, id: u64) -> Value {
        json!({
            "id": id,
            "title": self.title,
            "sendCount": if self.sent { audience::DEVICES } else { 0 },
            "newsType": self.news_type,
            "active": self.active,
            "sentStatus": u8::from(self.sent),
            "text": self.text,
            "urlType": self.url_type,
            "url": self.url,
            "image_url": self.image_url,
            "validFrom": self.valid_from,
            "validUntil": self.valid_until,
            "subshop": self.subshop,
            "createTime": self.created.as_second(),
            "updateTime": self.updated.as_second(),
        })
    }

    fn take(&mut self, fields: &Fields<'_>) -> Result<(), Answer> {
        set(&mut self.title, fields.short_text("title", 64)?);
        set(&mut self.text, fields.short_text("text", 160)?);
        set(&mut self.url_type, url_type(fields)?);
        set(&mut self.url, fields.short_text("url", 160)?);
        set(&mut self.image_url, image_path(fields)?);
        self.valid_from = fields.whole("validFrom")?.unwrap_or(self.valid_from);
        self.valid_until = fields.whole("validUntil")?.unwrap_or(self.valid_until);
        self.active = fields.flag("active")?.unwrap_or(self.active);
        if self.active { self.refuse_incomplete(fields) } else { Ok(()) }
    }

    /// "All mandatory fields must be set correctly for a message to be activated."
    fn refuse_incomplete(&self, fields: &Fields<'_>) -> Result<(), Answer> {
        let needed = [
            ("title", self.title.is_empty() && self.news_type != TEASER),
            ("text", self.text.is_empty() && self.news_type != TEASER),
            ("image_url", self.image_url.is_empty() && self.news_type == TEASER),
            ("url", self.url.is_empty() && !self.url_type.is_empty()),
            ("validFrom", self.valid_from == 0),
            ("validUntil", self.valid_until == 0),
        ];
        if let Some((name, _)) = needed.into_iter().find(|(_, missing)| *missing) {
            return Err(fields.refuse(name, "must be set before the entry can be active"));
        }
        if self.valid_until <= self.valid_from {
            return Err(fields.refuse("validUntil", "must be later than validFrom"));
        }
        Ok(())
    }
}

fn set(field: &mut String, value: Option<&str>) {
    if let Some(value) = value {
        value.clone_into(field);
    }
}

/// One of the three words, or nothing.
pub(super) fn url_type<'a>(fields: &Fields<'a>) -> Result<Option<&'a str>, Answer> {
    match fields.text("urlType")? {
        Some(word) if !word.is_empty() && !URL_TYPES.contains(&word) => {
            Err(fields.refuse("urlType", "must be internal-login, internal or external"))
        }
        word => Ok(word),
    }
}

/// A path below the shop's image folder.
fn image_path<'a>(fields: &Fields<'a>) -> Result<Option<&'a str>, Answer> {
    match fields.text("image_url")? {
        Some(path) if path.starts_with('/') || path.contains("://") || path.split('/').any(|part| part == "..") => {
            Err(fields.refuse("image_url", "must be a path relative to the image folder"))
        }
        path => Ok(path),
    }
}
