//! AWS's Signature Version 4 by hand, for requests whose path is `/` and that have no query.

use std::fmt::Write;

use ring::{digest, hmac};

/// What is signed of a request: lower-case header names, in alphabetical order.
#[derive(Debug)]
pub struct Signed<'a> {
    /// `20260105T103000Z`.
    pub at: &'a str,
    /// Such as `eu-west-1`.
    pub region: &'a str,
    /// Such as `sqs`.
    pub service: &'a str,
    /// Names and values.
    pub headers: &'a [(&'a str, &'a str)],
    /// The whole body.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// What the key is made for: day, region and service.
    pub fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", &self.at[..8], self.region, self.service)
    }

    /// The names of the headers, with semicolons.
    pub fn names(&self) -> String {
        self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
    }

    /// The signature of a `POST /` under this secret access key.
    pub fn signature(&self, secret: &str) -> String {
        let mut canonical = "POST\n/\n\n".to_owned();
        for (name, value) in self.headers {
            canonical.extend([name, ":", value, "\n"]);
        }
        let body = hex(digest::digest(&digest::SHA256, self.body).as_ref());
        canonical.extend(["\n", &self.names(), "\n", &body]);
        let canonical = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let text = format!("AWS4-HMAC-SHA256\n{}\n{}\n{canonical}", self.at, self.scope());
        let mut key = mac(format!("AWS4{secret}").as_bytes(), &self.at[..8]);
        for part in [self.region, self.service, "aws4_request"] {
            key = mac(key.as_ref(), part);
        }
        hex(mac(key.as_ref(), &text).as_ref())
    }
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `post-vanilla` of the examples that AWS gave with the algorithm.
    #[test]
    fn an_example_of_aws_is_signed_alike() {
        let signed = Signed {
            at: "20150830T123600Z",
            region: "us-east-1",
            service: "service",
            headers: &[("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
            body: b"",
        };
        let signature = signed.signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        assert_eq!(signature, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
    }
}
