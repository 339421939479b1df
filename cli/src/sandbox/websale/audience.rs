//! Whom a filter reaches: an invented, fixed population, so that the same filter always reaches the same number.

use serde_json::Value;

use super::super::{
    answer::Answer,
    fields::{Fields, is_address},
};

/// How many devices have the app.
pub(super) const DEVICES: u64 = 500;

/// Where the invented customers live. 90402 to 90491 is the documentation's example.
const ZIPS: [&str; 10] = ["90402", "90419", "90443", "90491", "10115", "20095", "50667", "80331", "1010", "SW1A 1AA"];

/// The filter of a personalised push. Kinds are combined by *and*, the values of a list by *or*.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) connected: Option<bool>,
    os_type: Option<String>,
    email: Option<Vec<String>>,
    zip: Option<Vec<String>>,
    zip_area: Option<Vec<(u64, u64)>>,
}

/// A device and its owner.
struct Device {
    connected: bool,
    os: &'static str,
    zip: &'static str,
}

impl Filter {
    /// Reads and checks the `filter` object.
    pub(super) fn read(value: &Value) -> Result<Self, Answer> {
        let fields = Fields::new("filter".into(), value)?;
        fields.only(&["connected", "os_type", "email", "zip", "zip_area"])?;
        let os_type = fields.text("os_type")?.map(str::to_ascii_lowercase);
        if os_type.as_ref().is_some_and(|os| !["ios", "android"].contains(&os.as_str())) {
            return Err(fields.refuse("os_type", "must be ios or android"));
        }
        let email = fields.texts("email")?;
        if email.iter().flatten().any(|address| !is_address(address)) {
            return Err(fields.refuse("email", "must hold e-mail addresses"));
        }
        Ok(Self {
            connected: fields.flag("connected")?,
            os_type,
            email,
            zip: fields.texts("zip")?,
            zip_area: zip_areas(&fields)?,
        })
    }

    /// How many devices it reaches, and at how many of those delivery fails.
    pub(super) fn reach(&self) -> (u64, u64) {
        if let Some(addresses) = &self.email {
            let mut addresses: Vec<String> = addresses.iter().map(|address| address.to_lowercase()).collect();
            addresses.sort_unstable();
            addresses.dedup();
            let reached = addresses.iter().filter(|address| self.admits_owner(address)).count();
            return (reached as u64, 0);
        }
        let reached = (0..DEVICES).filter(|number| self.admits(&Device::numbered(*number)));
        reached.fold((0, 0), |(all, failed), number| (all + 1, failed + u64::from(number % 100 == 96)))
    }

    /// Every address is a customer with one connected device, but for those that start with `nobody`.
    fn admits_owner(&self, address: &str) -> bool {
        let number = address.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let device = Device { connected: true, ..Device::numbered(number) };
        !address.starts_with("nobody") && self.admits(&device)
    }

    fn admits(&self, device: &Device) -> bool {
        let in_area = |areas: &Vec<(u64, u64)>| {
            let zip = device.zip.parse::<u64>().ok();
            zip.is_some_and(|zip| areas.iter().any(|(from, to)| (*from..=*to).contains(&zip)))
        };
        self.connected.is_none_or(|connected| connected == device.connected)
            && self.os_type.as_ref().is_none_or(|os| os == device.os)
            && self.zip.as_ref().is_none_or(|zips| zips.iter().any(|zip| zip == device.zip))
            && self.zip_area.as_ref().is_none_or(in_area)
    }
}

impl Device {
    /// One in five is not connected; systems alternate; postcodes go round.
    fn numbered(number: u64) -> Self {
        let zip = usize::try_from(number % 10).map_or(ZIPS[0], |index| ZIPS[index]);
        Self {
            connected: (number / 10) % 5 != 4,
            os: if (number / 10).is_multiple_of(2) { "ios" } else { "android" },
            zip,
        }
    }
}

fn zip_areas(filter: &Fields<'_>) -> Result<Option<Vec<(u64, u64)>>, Answer> {
    let Some(list) = filter.list("zip_area")? else { return Ok(None) };
    let area = |(index, value)| {
        let area = Fields::new(filter.path(&format!("zip_area[{index}]")), value)?;
        area.only(&["from", "to"])?;
        area.required("from").and(area.required("to"))?;
        match (area.whole("from")?, area.whole("to")?) {
            (Some(from), Some(to)) if from <= to => Ok((from, to)),
            _ => Err(area.refuse("to", "must not be below from")),
        }
    };
    list.iter().enumerate().map(area).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reach(filter: &Value) -> u64 {
        Filter::read(filter).unwrap().reach().0
    }

    #[test]
    fn filters_narrow_and_a_filter_that_matches_nobody_reaches_nobody() {
        assert_eq!(reach(&json!({})), DEVICES);
        assert_eq!(reach(&json!({ "connected": true })) + reach(&json!({ "connected": false })), DEVICES);
        let nuremberg = reach(&json!({ "zip_area": [{ "from": 90402, "to": 90491 }] }));
        assert_eq!(nuremberg, DEVICES * 4 / 10);
        assert!(reach(&json!({ "zip_area": [{ "from": 90402, "to": 90491 }], "os_type": "ios" })) < nuremberg);
        assert_eq!(reach(&json!({ "zip_area": [{ "from": 1, "to": 2 }] })), 0);
        assert_eq!(reach(&json!({ "zip": ["99999"] })), 0);
    }

    #[test]
    fn each_address_is_reached_once_unless_it_is_nobodys() {
        assert_eq!(reach(&json!({ "email": ["ann@example.org", "Ann@example.org", "bob@example.com"] })), 2);
        assert_eq!(reach(&json!({ "email": ["nobody@example.org"] })), 0);
        assert_eq!(reach(&json!({ "email": ["ann@example.org"], "connected": false })), 0);
    }
}
