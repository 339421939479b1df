//! `…/websale`.

use std::time::Duration;

use secrecy::SecretString;

use super::{Model, one_of, positive, seconds, some, text};
use crate::{
    callback::target::{self, MAX_URL},
    event::{FaultCode, Reader},
    http::Method,
    secret::{StatusCallback, WebsaleEndpoints, WebsaleSecret},
    standard_webhooks::is_secret,
};

pub(super) const FIELDS: [&str; 13] = [
    "shop_id",
    "subshop",
    "username",
    "password",
    "endpoints",
    "timestamp_unit",
    "final_statuses",
    "os_types",
    "emails_per_push",
    "poll",
    "login_backoff_seconds",
    "requests_per_second",
    "status_callback",
];

/// Polling and waiting end with the longest time a message may wait.
const TEN_DAYS: u64 = 10 * 24 * 3600;

impl Model for WebsaleSecret {
    fn read(place: &Reader<'_>) -> Option<Self> {
        place.deny_unknown(&FIELDS);
        let shop_id = place.required("shop_id", text);
        let subshop = place.required("subshop", text);
        let username = place.required("username", text);
        let password = place.required("password", password);
        let units = [("seconds", false), ("milliseconds", true)];
        let (poll_interval, poll_deadline) = place.optional("poll", poll).unwrap_or_default();
        Some(Self {
            shop_id: shop_id?,
            subshop: subshop?,
            username: username?,
            password: password?,
            endpoints: place.optional("endpoints", endpoints).unwrap_or_default(),
            timestamps_in_millis: place.optional("timestamp_unit", |place| one_of(place, &units)).unwrap_or(false),
            final_statuses: place
                .optional("final_statuses", |place| some(place, text))
                .unwrap_or_else(|| vec!["finished".into(), "error".into()]),
            os_types: place.optional("os_types", os_types).unwrap_or_else(|| ("ios".into(), "android".into())),
            poll_interval: poll_interval.unwrap_or(Duration::from_secs(30)),
            poll_deadline: poll_deadline.unwrap_or(Duration::from_hours(6)),
            login_backoff: place
                .optional("login_backoff_seconds", |place| seconds(place, TEN_DAYS))
                .unwrap_or(Duration::from_mins(15)),
            requests_per_second: place.optional("requests_per_second", positive),
            status_callback: place.optional("status_callback", status_callback),
            emails_per_push: place.optional("emails_per_push", addresses).filter(|number| *number > 0),
        })
    }
}

/// A number of addresses; 0 says what leaving it out says.
fn addresses(place: &Reader<'_>) -> Option<u32> {
    place.integer(0, u64::from(u32::MAX)).and_then(|number| u32::try_from(number).ok())
}

/// A password may hold blanks, also around it.
fn password(place: &Reader<'_>) -> Option<SecretString> {
    let password = place.string()?;
    if password.is_empty() { place.fault(FaultCode::Empty, "must not be empty") } else { Some(password.into()) }
}

fn poll(place: &Reader<'_>) -> Option<(Option<Duration>, Option<Duration>)> {
    place.object()?;
    place.deny_unknown(&["interval", "deadline"]);
    let within_ten_days = |place: &Reader<'_>| seconds(place, TEN_DAYS);
    Some((place.optional("interval", within_ten_days), place.optional("deadline", within_ten_days)))
}

fn status_callback(place: &Reader<'_>) -> Option<StatusCallback> {
    place.object()?;
    place.deny_unknown(&["url", "signing_secret"]);
    let url = place.required("url", |place| {
        let text = place.text_up_to(MAX_URL)?;
        target::read(text).map_or_else(|problem| place.fault(FaultCode::Invalid, problem), Some)
    });
    let signing_secret = place.required("signing_secret", |place| match text(place)? {
        secret if is_secret(&secret) => Some(SecretString::from(secret)),
        _ => place.fault(FaultCode::Invalid, "must be whsec_ and 24 to 64 bytes in base64 (Standard Webhooks)"),
    });
    Some(StatusCallback { url: url?, signing_secret: signing_secret? })
}

fn os_types(place: &Reader<'_>) -> Option<(String, String)> {
    place.object()?;
    place.deny_unknown(&["ios", "android"]);
    let ios = place.optional("ios", text).unwrap_or_else(|| "ios".into());
    let android = place.optional("android", text).unwrap_or_else(|| "android".into());
    Some((ios, android))
}

fn endpoints(place: &Reader<'_>) -> Option<WebsaleEndpoints> {
    place.object()?;
    place.deny_unknown(&["create", "edit", "send", "personalised", "status"]);
    let default = WebsaleEndpoints::default();
    let or = |field: &str, names_id: bool, default| {
        place.optional(field, |place| endpoint(place, names_id)).unwrap_or(default)
    };
    Some(WebsaleEndpoints {
        create: or("create", false, default.create),
        edit: or("edit", true, default.edit),
        send: or("send", true, default.send),
        personalised: or("personalised", false, default.personalised),
        status: or("status", true, default.status),
    })
}

/// `POST /path/{subshop}/{id}`.
fn endpoint(place: &Reader<'_>, names_id: bool) -> Option<(Method, String)> {
    let text = text(place)?;
    let (method, path) = text.split_once(' ').unwrap_or((&text, ""));
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        _ => return place.fault(FaultCode::Invalid, "must be GET, POST or PUT, a blank and a path"),
    };
    let bare = path.replace("{subshop}", "").replace("{id}", "");
    if !path.starts_with('/') || path.starts_with("//") || bare.contains([' ', '{', '}', '#', '\\']) {
        return place
            .fault(FaultCode::Invalid, "must have a path from / on, with no placeholders but {subshop} and {id}");
    }
    if path.contains("{id}") != names_id {
        let detail = if names_id { "must have {id} in its path" } else { "must not have {id} in its path" };
        return place.fault(FaultCode::Invalid, detail);
    }
    Some((method, path.to_owned()))
}
