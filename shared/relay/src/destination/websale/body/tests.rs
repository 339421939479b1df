use super::*;
use crate::{
    destination::websale::sample::{at, promotion, secret},
    event::ZipArea,
};

fn text(body: &Bytes) -> String {
    let value: Value = serde_json::from_slice(body).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

fn entry(promotion: &Promotion) -> Entry {
    Entry::of(promotion, at("2026-06-01T08:00:01Z"), &secret()).unwrap()
}

#[test]
fn a_push_is_created_inactive_with_everything_it_says() {
    insta::assert_snapshot!(text(&entry(&promotion(Channel::Push)).create_body()), @r#"
    {
      "active": false,
      "image_url": "sale/summer.jpg",
      "newsType": 0,
      "text": "20% until Sunday",
      "title": "Summer sale",
      "url": "https://shop.example/sale?a=b",
      "urlType": "internal",
      "validFrom": 1781071200,
      "validUntil": 1781935200
    }
    "#);
}

#[test]
fn a_news_entry_has_its_own_type() {
    let mut news = promotion(Channel::News);
    news.link = Some(Link { url: "https://shop.example/n".into(), open: LinkOpen::InAppSignedIn });
    news.image_path = None;
    insta::assert_snapshot!(text(&entry(&news).create_body()), @r#"
    {
      "active": false,
      "newsType": 1,
      "text": "20% until Sunday",
      "title": "Summer sale",
      "url": "https://shop.example/n",
      "urlType": "internal-login",
      "validFrom": 1781071200,
      "validUntil": 1781935200
    }
    "#);
}

#[test]
fn a_teaser_may_be_a_picture_and_nothing_else() {
    let teaser = Promotion { title: None, text: None, link: None, ..promotion(Channel::Teaser) };
    insta::assert_snapshot!(text(&entry(&teaser).create_body()), @r#"
    {
      "active": false,
      "image_url": "sale/summer.jpg",
      "newsType": 2,
      "validFrom": 1781071200,
      "validUntil": 1781935200
    }
    "#);
}

#[test]
fn timestamps_are_written_in_the_unit_of_the_settings() {
    let millis = WebsaleSecret { timestamps_in_millis: true, ..secret() };
    let entry = Entry::of(&promotion(Channel::News), at("2026-06-01T08:00:01Z"), &millis).unwrap();
    let body: Value = serde_json::from_slice(&entry.create_body()).unwrap();
    assert_eq!(body["validFrom"], json!(1_781_071_200_000_i64));
    assert_eq!(body["validUntil"], json!(1_781_935_200_000_i64));
}

#[test]
fn an_edit_empties_what_was_removed_and_touches_neither_type_nor_activity() {
    let bare = Promotion { link: None, image_path: None, ..promotion(Channel::Push) };
    let nothing_known = BTreeSet::new();
    insta::assert_snapshot!(text(&entry(&bare).edit_body(&nothing_known).unwrap()), @r#"
    {
      "image_url": "",
      "text": "20% until Sunday",
      "title": "Summer sale",
      "url": "",
      "urlType": "",
      "validFrom": 1781071200,
      "validUntil": 1781935200
    }
    "#);
    let before = entry(&promotion(Channel::Push)).digests();
    insta::assert_snapshot!(text(&entry(&bare).edit_body(&before).unwrap()), @r#"
    {
      "image_url": "",
      "url": "",
      "urlType": ""
    }
    "#);
    assert_eq!(entry(&bare).edit_body(&entry(&bare).digests()), None);
    assert_eq!(&ACTIVATE[..], br#"{"active":true}"#);
    assert_eq!(&DEACTIVATE[..], br#"{"active":false}"#);
}

#[test]
fn an_entry_without_times_is_shown_from_its_revision_on_whenever_the_webhook_comes() {
    let timeless = Promotion { visible_from: None, send_at: None, ..promotion(Channel::Push) };
    let first = Entry::of(&timeless, at("2026-06-01T08:00:01Z"), &secret()).unwrap();
    let repeated = Entry::of(&timeless, at("2026-06-01T09:00:00Z"), &secret()).unwrap();
    assert_eq!(first.content_hash(), repeated.content_hash());
    // Readers of events fill the time of receipt in.
    let filled = Promotion { visible_from: Some(at("2026-06-01T08:00:01Z")), ..timeless.clone() };
    assert_eq!(entry(&filled).content_hash(), first.content_hash());
    assert_eq!(first.fields["validFrom"], json!(at("2026-06-01T08:00:00Z").as_second()));
    let ahead = Entry::of(&timeless, at("2026-06-01T07:59:00Z"), &secret()).unwrap();
    assert_eq!(ahead.fields["validFrom"], json!(at("2026-06-01T07:59:00Z").as_second()));
    let sent = Promotion { send_at: Some(at("2026-06-11T06:00:00Z")), ..timeless };
    assert_eq!(entry(&sent).fields["validFrom"], json!(at("2026-06-11T06:00:00Z").as_second()));
}

#[test]
fn the_hash_tells_every_change_apart_and_a_draft_from_its_publication() {
    let published = promotion(Channel::News);
    let draft = Promotion { draft: true, ..published.clone() };
    let renamed = Promotion { title: Some("Winter sale".into()), ..published.clone() };
    let teaser = Promotion { channel: Channel::Teaser, ..published.clone() };
    let hashes = [&published, &draft, &renamed, &teaser].map(|promotion| entry(promotion).content_hash());
    for (number, hash) in hashes.iter().enumerate() {
        assert_eq!(hash.len(), 64);
        assert!(!hashes[number + 1..].contains(hash));
    }
    let newer = Promotion { updated_at: at("2026-06-02T08:00:00Z"), ..published };
    assert_eq!(entry(&newer).content_hash(), hashes[0]);
}

#[test]
fn a_personalised_push_carries_message_and_filter() {
    let mut promotion = promotion(Channel::PersonalisedPush);
    promotion.audience = Some(Audience::Filtered(AudienceFilter {
        connected: Some(true),
        os_type: Some(OsType::Android),
        emails: Some(vec!["ann@example.org".parse().unwrap()]),
        zip_codes: Some(vec!["A-1010".into()]),
        zip_areas: Some(vec![ZipArea { from: 90402, to: 90491 }]),
    }));
    insta::assert_snapshot!(text(&personalised(&promotion, &secret()).unwrap()), @r#"
    {
      "filter": {
        "connected": true,
        "email": [
          "ann@example.org"
        ],
        "os_type": "android",
        "zip": [
          "A-1010"
        ],
        "zip_area": [
          {
            "from": 90402,
            "to": 90491
          }
        ]
      },
      "message": {
        "text": "20% until Sunday",
        "title": "Summer sale",
        "url": "https://shop.example/sale?a=b",
        "urlType": "internal",
        "validUntil": 30,
        "voucher": "appvoucher"
      },
      "name": "Hello"
    }
    "#);
}

#[test]
fn a_personalised_push_to_everyone_has_no_filter_and_no_empty_fields() {
    let mut promotion = promotion(Channel::PersonalisedPush);
    promotion.audience = Some(Audience::Everyone);
    promotion.link = None;
    promotion.voucher_batch = None;
    promotion.visible_days = None;
    insta::assert_snapshot!(text(&personalised(&promotion, &secret()).unwrap()), @r#"
    {
      "message": {
        "text": "20% until Sunday",
        "title": "Summer sale",
        "validUntil": 1
      },
      "name": "Hello"
    }
    "#);
}

#[test]
fn each_channel_has_one_kind_of_body() {
    for channel in Channel::ALL {
        let promotion = promotion(channel);
        let entry = Entry::of(&promotion, promotion.updated_at, &secret());
        let personal = personalised(&promotion, &secret());
        assert_eq!(entry.is_some(), channel != Channel::PersonalisedPush);
        assert_eq!(personal.is_some(), channel == Channel::PersonalisedPush);
    }
}
