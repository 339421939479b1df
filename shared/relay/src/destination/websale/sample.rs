//! A shop's account and promotions for tests.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    config::{Destinations, Variables},
    event::{Audience, AudienceFilter, Channel, Link, LinkOpen, Promotion},
    secret::{WebsaleEndpoints, WebsaleSecret},
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn secret() -> WebsaleSecret {
    WebsaleSecret {
        shop_id: "shop 1".into(),
        subshop: "Deutsch/Österreich".into(),
        username: "api-user".into(),
        password: "pass".to_owned().into(),
        endpoints: WebsaleEndpoints::default(),
        timestamps_in_millis: false,
        final_statuses: vec!["finished".into(), "error".into()],
        os_types: ("ios".into(), "android".into()),
        poll_interval: Duration::from_secs(30),
        poll_deadline: Duration::from_hours(6),
        login_backoff: Duration::from_mins(15),
        requests_per_second: None,
        status_callback: None,
        emails_per_push: None,
    }
}

pub(crate) fn config() -> Destinations {
    Destinations::from_variables(Variables(&|_| None)).unwrap()
}

/// A promotion with everything its channel allows, to be sent on 10 June at 06:00 UTC.
pub(crate) fn promotion(channel: Channel) -> Promotion {
    let personal = channel == Channel::PersonalisedPush;
    let pushed = matches!(channel, Channel::Push | Channel::PersonalisedPush);
    let send_at = pushed.then(|| at("2026-06-10T06:00:00Z"));
    Promotion {
        id: "summer-2026".into(),
        updated_at: at("2026-06-01T08:00:00Z"),
        channel,
        name: Some("Hello".into()),
        title: Some("Summer sale".into()),
        text: Some("20% until Sunday".into()),
        link: Some(Link { url: "https://shop.example/sale?a=b".into(), open: LinkOpen::InApp }),
        image_path: (!personal).then(|| "sale/summer.jpg".into()),
        visible_from: (!personal).then(|| at("2026-06-10T06:00:00Z")),
        visible_until: (!personal).then(|| at("2026-06-20T06:00:00Z")),
        visible_days: personal.then_some(30),
        send_at,
        send_before: None,
        voucher_batch: personal.then(|| "appvoucher".into()),
        audience: personal.then(|| {
            Audience::Filtered(AudienceFilter {
                connected: Some(true),
                emails: Some(vec!["ann@example.org".parse().unwrap(), "bob@example.org".parse().unwrap()]),
                ..AudienceFilter::default()
            })
        }),
        draft: false,
        callback_url: None,
    }
}
