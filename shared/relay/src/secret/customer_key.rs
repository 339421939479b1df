//! Customer keys: how a person is named where no address may stand.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use super::InstallationKey;
use crate::{event::Email, text::hex};

impl InstallationKey {
    /// HMAC-SHA-256 of the lower-cased address under the installation's key, in hexadecimal digits. The same person has
    /// the same key in all shops of an installation, and no address can be guessed back without the key.
    pub fn customer_key(&self, email: &Email) -> String {
        let mut mac = Hmac::<Sha256>::new(self.0.expose_secret().into());
        mac.update(email.as_str().as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::secret::parse::parse;

    #[test]
    fn the_key_ignores_case_and_depends_on_the_installation() {
        let key = |text: &str| parse::<InstallationKey>(&json!({"key": text})).unwrap();
        let email = |text: &str| text.parse::<Email>().unwrap();
        let one = key("0123456789abcdef0123456789abcdef");
        let bob = one.customer_key(&email("Bob@Example.com"));
        // Computed with: printf bob@example.com | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        assert_eq!(bob, "0f03a80a5bb45cb698165b3a48abad4fe7183d604b79e6bb198aa8b354f296e9");
        assert_eq!(bob, one.customer_key(&email("bob@example.com")));
        let other = key("fedcba9876543210fedcba9876543210");
        assert_ne!(bob, other.customer_key(&email("bob@example.com")));
    }
}
