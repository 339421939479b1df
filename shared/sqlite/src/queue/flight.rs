//! Which messages are in flight, and whose turn it is.

use std::collections::{HashMap, HashSet};

use relay::shop::Destination;
use rusqlite::{Connection, OptionalExtension};

/// The most messages one shop has in flight at one destination: a shop whose account hangs holds no more than these.
pub(super) const SHOP: usize = 16;
/// So long a shop rests when none of its last [`SHOP`] messages could be settled: its connection is paused, or nobody is
/// there. Else each of a million waiting messages would be taken and put back over and over.
const REST: i64 = 1_000_000;
/// When places get scarce, a shop has no more in flight than one in so many of those that are free: dozens of shops may
/// hang, and there is room left for one that does not.
const SCARCE: usize = 8;

pub(super) const NEXT_SHOP: &str =
    "SELECT shop FROM message WHERE destination = ?1 AND shop > ?2 ORDER BY shop LIMIT 1";
pub(super) const VISIBLE: &str = "SELECT id FROM message WHERE destination = ?1 AND shop = ?2 AND visible_at <= ?3
    ORDER BY visible_at, id";

/// Messages in flight, by shop. Kept in memory: after a crash nothing is in flight.
#[derive(Debug, Default)]
pub(super) struct Flight {
    shops: HashMap<String, Shop>,
    /// The shop served last; the one after it is next.
    last: String,
}

/// What is known of a shop. Times are microseconds since 1970.
#[derive(Debug, Default)]
struct Shop {
    in_flight: HashSet<i64>,
    /// How many messages were put back since the last one that was settled.
    put_back: usize,
    rests_until: i64,
}

/// What was chosen, and when a shop that rests is to be looked at again.
#[derive(Debug, Default)]
pub(super) struct Choice {
    pub(super) messages: Vec<(i64, String)>,
    pub(super) rest_ends: Option<i64>,
}

impl Flight {
    /// Chooses visible messages and marks them in flight. Walks once round the shops that have messages; how many
    /// messages they have makes no difference.
    pub(super) fn choose(
        &mut self,
        connection: &Connection,
        destination: Destination,
        limit: usize,
        now: i64,
    ) -> rusqlite::Result<Choice> {
        let mut choice = Choice::default();
        let walked = self.walk(connection, destination, limit, now, &mut choice);
        self.shops.retain(|_, shop| !shop.is_idle());
        if let Err(error) = walked {
            self.give_back(&choice.messages);
            return Err(error);
        }
        Ok(choice)
    }

    fn walk(
        &mut self,
        connection: &Connection,
        destination: Destination,
        limit: usize,
        now: i64,
        choice: &mut Choice,
    ) -> rusqlite::Result<()> {
        let chosen = &mut choice.messages;
        let mut next_shop = connection.prepare_cached(NEXT_SHOP)?;
        let mut visible = connection.prepare_cached(VISIBLE)?;
        let first = self.last.clone();
        let (mut at, mut wrapped) = (first.clone(), false);
        while chosen.len() < limit {
            let next: Option<String> = next_shop.query_row((destination.name(), &at), |row| row.get(0)).optional()?;
            match next {
                Some(shop) if !wrapped || shop <= first => at = shop,
                None if !wrapped => {
                    (at, wrapped) = (String::new(), true);
                    continue;
                }
                _ => break,
            }
            let mine = self.shops.entry(at.clone()).or_default();
            if mine.rests_until > now {
                choice.rest_ends = Some(choice.rest_ends.map_or(mine.rests_until, |ends| ends.min(mine.rests_until)));
                continue;
            }
            let mine = &mut mine.in_flight;
            let room = most_of_one(limit - chosen.len()).saturating_sub(mine.len()).min(limit - chosen.len());
            let mut rows = visible.query((destination.name(), &at, now))?;
            let before = chosen.len();
            while chosen.len() < before + room
                && let Some(row) = rows.next()?
            {
                let id = row.get(0)?;
                if mine.insert(id) {
                    chosen.push((id, at.clone()));
                }
            }
            if chosen.len() > before {
                self.last.clone_from(&at);
            }
        }
        Ok(())
    }

    /// A message was settled for good.
    pub(super) fn done(&mut self, shop: &str, id: i64) {
        if let Some(known) = self.shops.get_mut(shop) {
            known.in_flight.remove(&id);
            (known.put_back, known.rests_until) = (0, 0);
            if known.is_idle() {
                self.shops.remove(shop);
            }
        }
    }

    /// A message has to come back another time.
    pub(super) fn back(&mut self, shop: &str, id: i64, now: i64) {
        if let Some(known) = self.shops.get_mut(shop) {
            known.in_flight.remove(&id);
            known.put_back += 1;
            if known.put_back >= SHOP {
                known.rests_until = now.saturating_add(REST);
            }
        }
    }

    /// Chosen messages were not taken after all.
    pub(super) fn give_back(&mut self, messages: &[(i64, String)]) {
        for (id, shop) in messages {
            if let Some(known) = self.shops.get_mut(shop) {
                known.in_flight.remove(id);
            }
        }
    }
}

impl Shop {
    /// Whether there is nothing to remember.
    fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.put_back == 0
    }
}

/// How many messages a shop may have in flight while so many places are free: at least one.
fn most_of_one(free: usize) -> usize {
    (free / SCARCE).clamp(1, SHOP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shops that hang, one after the other, each with more messages than it may have in flight; how many each has.
    fn held(places: usize, shops: usize) -> Vec<usize> {
        let mut held = vec![0_usize; shops];
        for shop in 0..shops {
            let free = places - held.iter().sum::<usize>();
            held[shop] = most_of_one(free).min(free);
        }
        held
    }

    #[test]
    fn shops_that_hang_leave_room_for_others_however_many_they_are() {
        for (shops, each, left) in [(1, 16, 240), (7, 16, 144), (16, 6, 46), (32, 1, 8), (48, 0, 0)] {
            let held = held(256, shops);
            let free = 256 - held.iter().sum::<usize>();
            assert_eq!((held.iter().min(), free), (Some(&each), left), "{shops}: {held:?}");
        }
    }
}
