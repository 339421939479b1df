//! Which messages are in flight, and whose turn it is.

use std::collections::{HashMap, HashSet};

use relay::shop::Destination;
use rusqlite::{Connection, OptionalExtension};

/// The most messages one shop has in flight at one destination: a shop whose account hangs holds no more than these.
pub(super) const SHOP: usize = 16;
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
    shops: HashMap<String, HashSet<i64>>,
    /// The shop served last; the one after it is next.
    last: String,
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
    ) -> rusqlite::Result<Vec<(i64, String)>> {
        let mut chosen = Vec::new();
        let walked = self.walk(connection, destination, limit, now, &mut chosen);
        self.shops.retain(|_, ids| !ids.is_empty());
        if let Err(error) = walked {
            for (id, shop) in &chosen {
                self.remove(shop, *id);
            }
            return Err(error);
        }
        Ok(chosen)
    }

    fn walk(
        &mut self,
        connection: &Connection,
        destination: Destination,
        limit: usize,
        now: i64,
        chosen: &mut Vec<(i64, String)>,
    ) -> rusqlite::Result<()> {
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

    /// A message was settled.
    pub(super) fn remove(&mut self, shop: &str, id: i64) {
        if let Some(ids) = self.shops.get_mut(shop) {
            ids.remove(&id);
            if ids.is_empty() {
                self.shops.remove(shop);
            }
        }
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
