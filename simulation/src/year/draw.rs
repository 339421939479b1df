//! Promotions by chance: their times near what is the matter, their webhooks late, repeated and out of order.

use jiff::{SignedDuration, Timestamp};

use super::{
    calendar::{self, Calendar, begin},
    model::{self, Outcome},
    script::{Audience, Channel, Content, Promotion, Said},
};
use crate::{
    chance::Chance,
    scenario::{after, minutes},
};

/// How many promotions each shop has.
const EACH: usize = 75;
/// What depends on minutes is drawn anew, at most so often.
const TRIES: usize = 400;
const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

/// Promotions, with what must become of them.
pub(super) fn promotions(chance: &mut Chance, calendar: &Calendar) -> Vec<(Promotion, Outcome)> {
    let mut promotions = Vec::new();
    for shop in 0..calendar.shops.len() {
        for number in 0..EACH {
            let channel = Channel::ALL[number % Channel::ALL.len()];
            let drawn = (0..TRIES).find_map(|_| {
                let due = due(chance, calendar, number / Channel::ALL.len());
                let promotion = draw(chance, shop, &format!("p{number}"), channel, due);
                model::outcome(&promotion, calendar).ok().map(|outcome| (promotion, outcome))
            });
            promotions.extend(drawn);
        }
    }
    promotions
}

fn draw(chance: &mut Chance, shop: usize, id: &str, channel: Channel, due: Timestamp) -> Promotion {
    let mut content = content(chance, id, channel, due);
    let mut at = before(due, minutes(chance.between(2 * HOUR, 20 * DAY))).max(begin());
    let mut said = vec![Said { updated_at: at, sent: sent(chance, at), content: Some(content.clone()) }];
    for number in 1..=chance.below(5) {
        at = next(chance, at, content.send_at);
        let called_off = chance.one_in(4);
        if !called_off {
            change(chance, &mut content, id, number);
        }
        // Called off at the very time of the last change: that is what counts.
        let updated_at = if called_off && chance.one_in(5) { said[said.len() - 1].updated_at } else { at };
        said.push(Said { updated_at, sent: sent(chance, at), content: (!called_off).then(|| content.clone()) });
        if chance.one_in(12) {
            content.channel = *chance.pick(&Channel::ALL);
            fit(&mut content);
        }
    }
    Promotion { shop, id: id.to_owned(), said }
}

/// When it is to go out: of every ten, five while something is the matter or just before, and one near a moved clock.
fn due(chance: &mut Chance, calendar: &Calendar, number: usize) -> Timestamp {
    let at = match number % 10 {
        0..=4 => {
            let trouble = chance.pick(&calendar.troubles);
            let length = u64::try_from(trouble.until.duration_since(trouble.from).as_mins()).unwrap_or(HOUR);
            after(before(trouble.from, minutes(HOUR / 2)), minutes(chance.below(length + HOUR)))
        }
        5 => after(before(*chance.pick(&calendar::moved()), minutes(4 * HOUR)), minutes(30 * chance.below(16))),
        _ => after(begin(), minutes(chance.between(2 * DAY, 350 * DAY))),
    };
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(at)
}

fn content(chance: &mut Chance, id: &str, channel: Channel, due: Timestamp) -> Content {
    let late = *chance.pick(&[HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR]);
    let audience = match chance.below(4) {
        0 => Audience::Connected,
        1 => Audience::Postcodes(90_402, 90_491),
        _ => Audience::Addresses((0..chance.between(1, 60)).map(|person| format!("{person}@{id}.example")).collect()),
    };
    let mut content = Content {
        channel,
        title: format!("{id} r0"),
        text: "Sale".into(),
        link: chance.one_in(2).then(|| link(chance)),
        image: (channel == Channel::Teaser || chance.one_in(2)).then(|| "sale/summer.png".to_owned()),
        visible_from: chance.one_in(2).then_some(due),
        visible_until: after(due, minutes(DAY * chance.between(2, 20))),
        send_at: due,
        send_before: after(due, minutes(late)),
        draft: chance.one_in(6),
        audience,
    };
    fit(&mut content);
    content
}

/// Leaves what its channel allows.
fn fit(content: &mut Content) {
    if content.channel == Channel::Teaser {
        content.image.get_or_insert_with(|| "sale/teaser.png".to_owned());
    }
    if !content.channel.is_sent() {
        content.visible_from = Some(content.visible_from.unwrap_or(content.send_at));
    }
    content.draft &= content.channel != Channel::Personalised;
}

fn link(chance: &mut Chance) -> (String, &'static str) {
    let open = *chance.pick(&["in_app_signed_in", "in_app", "browser"]);
    (format!("https://shop.example/{}", chance.below(3)), open)
}

/// Something else is wanted now.
fn change(chance: &mut Chance, content: &mut Content, id: &str, number: u64) {
    match chance.below(6) {
        // Nothing but the time of the change.
        0 => {}
        1 => content.draft = !content.draft,
        2 => {
            let later = minutes(chance.between(HOUR, 3 * DAY));
            content.send_at = after(content.send_at, later);
            content.send_before = after(content.send_before, later);
            content.visible_until = after(content.visible_until, later);
        }
        3 => content.link = content.link.is_none().then(|| link(chance)),
        4 => content.visible_until = after(content.visible_until, minutes(DAY)),
        // Back to what it was, now and then.
        _ => content.title = format!("{id} r{}", if chance.one_in(3) { 0 } else { number }),
    }
    fit(content);
}

/// When the shop thinks of something else: mostly before it goes out, now and then soon after what it said last.
fn next(chance: &mut Chance, last: Timestamp, due: Timestamp) -> Timestamp {
    let left = u64::try_from(due.duration_since(last).as_mins()).unwrap_or_default();
    let wait = match chance.below(4) {
        0 => chance.between(2, 90),
        1 => left + chance.between(30, 4 * DAY),
        _ => chance.between(1, left.max(2)),
    };
    after(last, minutes(wait))
}

/// Some webhooks come late, and some more than once.
fn sent(chance: &mut Chance, at: Timestamp) -> Vec<Timestamp> {
    let late = if chance.one_in(4) { chance.below(12 * HOUR) } else { 0 };
    let mut sent = vec![after(at, minutes(late))];
    while chance.one_in(3) {
        sent.push(after(sent[0], minutes(chance.below(20 * DAY))));
    }
    sent
}

fn before(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.saturating_sub(wait).unwrap_or(Timestamp::MIN)
}
