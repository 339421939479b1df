//! Which letters a command means.

use jiff::{SignedDuration, Timestamp};
use relay::{
    dead::Wanted,
    shop::{Destination, ShopName},
};

/// Narrows the letters down.
#[derive(clap::Args)]
pub(super) struct Filter {
    /// Only this shop's.
    #[arg(long, value_name = "NAME")]
    shop: Option<ShopName>,

    /// Only those for websand, or for websale.
    #[arg(long, value_name = "NAME", value_parser = destination)]
    destination: Option<Destination>,

    /// Only those parked for this reason, such as `permanent`.
    #[arg(long)]
    reason: Option<String>,

    /// Only those parked at least so long ago: 90s, 30m, 6h, 3d.
    #[arg(long, value_name = "TIME", value_parser = age)]
    older_than: Option<SignedDuration>,
}

impl Filter {
    /// The letters that are meant: of these ids, if any are named.
    pub(super) fn wanted(&self, ids: &[String], now: Timestamp) -> Wanted {
        Wanted {
            ids: ids.iter().cloned().collect(),
            shop: self.shop.clone(),
            destination: self.destination,
            reason: self.reason.clone(),
            parked_until: self.older_than.map(|age| now.saturating_sub(age).unwrap_or(Timestamp::MIN)),
        }
    }
}

fn destination(text: &str) -> Result<Destination, &'static str> {
    Destination::ALL.into_iter().find(|known| known.name() == text).ok_or("it is websand or websale")
}

fn age(text: &str) -> Result<SignedDuration, &'static str> {
    const WRONG: &str = "it is a number with s, m, h or d, such as 3d";
    let unit = text.chars().last().ok_or(WRONG)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(WRONG),
    };
    let number: u32 = text.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| WRONG)?;
    Ok(SignedDuration::from_secs(i64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_with_a_unit() {
        for (text, hours) in [("3d", 72), ("6h", 6), ("120m", 2), ("7200s", 2)] {
            assert_eq!(age(text), Ok(SignedDuration::from_hours(hours)), "{text}");
        }
        for wrong in ["", "3", "d", "-3d", "3w", "3 d", "1.5h", "ß"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
