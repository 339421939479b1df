//! `_installation`.

use secrecy::SecretBox;

use super::{Model, text};
use crate::{
    event::{FaultCode, Reader},
    secret::{InstallationKey, model::HMAC_BLOCK},
};

impl Model for InstallationKey {
    fn read(place: &Reader<'_>) -> Option<Self> {
        place.deny_unknown(&["key"]);
        place.required("key", |place| {
            // Used as it is, not decoded: what generates secrets on AWS gives text of any characters.
            let text = text(place)?;
            let text = text.as_bytes();
            if !(32..=HMAC_BLOCK).contains(&text.len()) {
                return place.fault(FaultCode::Invalid, "must be a text of 32 to 64 bytes");
            }
            let mut key = Box::new([0; HMAC_BLOCK]);
            key[..text.len()].copy_from_slice(text);
            Some(Self(SecretBox::new(key)))
        })
    }
}
