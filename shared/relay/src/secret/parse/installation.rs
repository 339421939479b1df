//! `_installation`.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::SecretBox;

use super::{Model, text};
use crate::{
    event::{FaultCode, Reader},
    secret::InstallationKey,
};

impl Model for InstallationKey {
    fn read(place: &Reader<'_>) -> Option<Self> {
        place.deny_unknown(&["key"]);
        place.required("key", |place| {
            let text = text(place)?;
            match STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
                Some(key) => Some(Self(SecretBox::new(Box::new(key)))),
                None => place.fault(FaultCode::Invalid, "must be 32 bytes in base64"),
            }
        })
    }
}
