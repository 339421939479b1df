//! Customer keys: how a person is named where no address may stand.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;

use super::InstallationKey;
use crate::event::Email;

impl InstallationKey {
    /// HMAC-SHA-256 of the lower-cased address under the installation's key (the key's text as bytes), in hex. The same
    /// person has the same key in all shops of an installation, and no address can be guessed back without the key.
    pub fn customer_key(&self, email: &Email) -> String {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()) else {
            return String::new();
        };
        mac.update(email.as_str().as_bytes());
        let digest = mac.finalize().into_bytes();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_ignores_case_and_depends_on_the_installation() {
        let key = InstallationKey("0123456789abcdef0123456789abcdef".into());
        let email = |text: &str| text.parse::<Email>().unwrap();
        let bob = key.customer_key(&email("Bob@Example.com"));
        // Computed with: printf bob@example.com | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
        assert_eq!(bob, "0f03a80a5bb45cb698165b3a48abad4fe7183d604b79e6bb198aa8b354f296e9");
        assert_eq!(bob, key.customer_key(&email("bob@example.com")));
        let other = InstallationKey("fedcba9876543210fedcba9876543210".into());
        assert_ne!(bob, other.customer_key(&email("bob@example.com")));
    }
}
