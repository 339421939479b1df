//! Where a callback may go. Its address is a shop's word, and must not become a way into our own network: only public
//! addresses are called, by https. Looked at when the address is read, and again when its name has been resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::config::{ConfigError, Variables};

#[cfg(test)]
mod tests;

/// The longest address that is taken, in bytes.
pub const MAX_URL: usize = 500;

/// The variable that names what may be called besides.
const ALLOW: &str = "SHOPRELAY_CALLBACK_ALLOW";

/// What may be called although it is not public, as `host:port`. For trials on one machine; empty otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed(Vec<String>);

/// How an address may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// If its name leads to public addresses.
    IfPublic,
    /// As it is: an operator has named it.
    AsNamed,
}

impl Allowed {
    /// Reads the variable: `host:port`, several with commas.
    pub fn from_variables(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let problem = || ConfigError { name: ALLOW, problem: "must be HOST:PORT, several with commas".into() };
        let named = |entry: &str| {
            let (host, port) = entry.trim().rsplit_once(':')?;
            let port: u16 = port.parse().ok()?;
            // As a URL would have it, so that both are compared in the same form.
            let url = Url::parse(&format!("http://{host}:{port}/")).ok().filter(|url| url.path() == "/")?;
            place(&url)
        };
        let Some(text) = variables.text(ALLOW) else { return Ok(Self::default()) };
        text.split(',').map(|entry| named(entry).ok_or_else(problem)).collect::<Result<_, _>>().map(Self)
    }

    /// How this address may be called, or why not at all.
    pub(crate) fn way(&self, url: &Url) -> Result<Way, &'static str> {
        if place(url).is_some_and(|place| self.0.contains(&place)) {
            return Ok(Way::AsNamed);
        }
        check(url)?;
        match literal(url) {
            Some(address) if !is_public(address) => Err("its address is not public"),
            _ if url.scheme() != "https" => Err("it must begin with https://"),
            _ => Ok(Way::IfPublic),
        }
    }
}

/// Reads an address that somebody wrote into a secret. Loopback addresses are taken, because trials need them; they are
/// called only if the operator has [`Allowed`] it.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
    check(&url).map_err(|_| "must be an absolute URL without user name, password and fragment")?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        _ => literal(&url).is_some_and(|address| address.is_loopback()),
    };
    if loopback {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err("must begin with https://");
    }
    match literal(&url) {
        Some(address) if !is_public(address) => Err("must have a public address"),
        _ => Ok(url),
    }
}

/// Whether both are of one origin: scheme, host and port.
pub fn is_of_one_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin() && one.origin().is_tuple()
}

fn check(url: &Url) -> Result<(), &'static str> {
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_plain && is_web { Ok(()) } else { Err("it is no plain web address") }
}

/// Host and port, as [`Allowed`] has them.
fn place(url: &Url) -> Option<String> {
    Some(format!("{}:{}", url.host_str()?.to_ascii_lowercase(), url.port_or_known_default()?))
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

/// Whether an address belongs to the public internet, by the registries of special-purpose addresses
/// (<https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        // This network; private; loopback; link-local, with the clouds' metadata; benchmarks; multicast, reserved, broadcast.
        [0 | 10 | 127 | 224..=255, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] | [198, 18 | 19, ..]
        // Carriers' own; protocol assignments and documentation; the old 6to4 relays; documentation.
        | [100, 64..=127, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 51, 100, _] | [203, 0, 113, _]
        // Azure's platform, which looks public and is not.
        | [168, 63, 129, 16]
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let embedded = |high: u16, low: u16| {
        let ([first, second], [third, fourth]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(first, second, third, fourth))
    };
    match address.segments() {
        // An IPv4 address in IPv6's clothes, and behind a network's own translator (NAT64).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // Protocol assignments with Teredo; documentation; 6to4, which leads to whatever IPv4 address is in it.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // Global unicast: everything else is of a site, of a link, or nobody's.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}
