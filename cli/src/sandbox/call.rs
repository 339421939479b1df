//! Which call of which destination a request is.

use hyper::Method;
use relay::shop::Destination;

use super::answer::Answer;

/// A call of one of the destinations. Faults are ordered by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Transaction,
    Subscriber,
    Login,
    Create,
    Edit,
    Send,
    Personalised,
    Status,
}

impl Call {
    /// All calls, in the order of the documentation.
    pub(crate) const ALL: [Self; 8] = [
        Self::Transaction,
        Self::Subscriber,
        Self::Login,
        Self::Create,
        Self::Edit,
        Self::Send,
        Self::Personalised,
        Self::Status,
    ];

    /// The name in faults and in the list of what was received.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Transaction => "websand.transaction",
            Self::Subscriber => "websand.subscriber",
            Self::Login => "websale.login",
            Self::Create => "websale.create",
            Self::Edit => "websale.edit",
            Self::Send => "websale.send",
            Self::Personalised => "websale.personalised",
            Self::Status => "websale.status",
        }
    }

    /// Whose call it is.
    pub(crate) const fn destination(self) -> Destination {
        match self {
            Self::Transaction | Self::Subscriber => Destination::Websand,
            _ => Destination::Websale,
        }
    }
}

/// A call with what its path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) call: Call,
    /// Websand's account (empty without a `/websand/{account}` prefix), or WEBSALE's shop or subshop.
    pub(super) owner: String,
    /// The entry or dispatch in the path.
    pub(super) id: Option<u64>,
}

/// Reads method and path.
///
/// WEBSALE answers 400 where it does not know an action; Websand, as web applications do, 404 and 405.
pub(super) fn route(method: &Method, path: &str) -> Result<Target, Answer> {
    let segments: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["websand", account, rest @ ..] => websand(method, account, rest),
        ["api", "data", ..] => websand(method, "", &segments),
        ["api", "authent", rest @ ..] => match (method, rest) {
            (&Method::POST, ["login", shop]) => Ok(target(Call::Login, shop, None)),
            _ => Err(Answer::refused(400, "unknown action: log in with POST /api/authent/login/{shop id}")),
        },
        ["api", "websaleapp2", rest @ ..] => websale(method, rest),
        _ => Err(Answer::refused(404, "neither Websand nor WEBSALE has this path")),
    }
}

fn websand(method: &Method, account: &str, path: &[&str]) -> Result<Target, Answer> {
    let call = match path {
        ["api", "data", "transaction"] => Call::Transaction,
        ["api", "data", "subscriber"] => Call::Subscriber,
        _ => return Err(Answer::refused(404, "Websand has /api/data/transaction and /api/data/subscriber only")),
    };
    if method == Method::POST {
        Ok(target(call, account, None))
    } else {
        Err(Answer::refused(405, "only POST is documented"))
    }
}

fn websale(method: &Method, path: &[&str]) -> Result<Target, Answer> {
    match (method, path) {
        (&Method::POST, ["news", subshop]) => Ok(target(Call::Create, subshop, None)),
        (&Method::PUT, ["news", subshop, id]) => Ok(target(Call::Edit, subshop, Some(id))),
        (&Method::POST, ["news", subshop, id, "send"]) => Ok(target(Call::Send, subshop, Some(id))),
        (&Method::POST, ["push", subshop]) => Ok(target(Call::Personalised, subshop, None)),
        (&Method::GET, ["push", id]) => Ok(target(Call::Status, "", Some(id))),
        _ => Err(Answer::refused(400, "websaleapp2 has no such action")),
    }
}

/// An id that is no number names no entry: 0 is never given out.
fn target(call: Call, owner: &str, id: Option<&str>) -> Target {
    Target { call, owner: owner.to_owned(), id: id.map(|text| text.parse().unwrap_or(0)) }
}

/// A path segment without its percent signs.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%')
            .then(|| after.get(..2).and_then(|two| std::str::from_utf8(two).ok()))
            .flatten()
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_websands_address_are_understood() {
        let plain = route(&Method::POST, "/api/data/transaction").unwrap();
        assert_eq!(plain, Target { call: Call::Transaction, owner: String::new(), id: None });
        let named = route(&Method::POST, "/websand/acme/api/data/subscriber").unwrap();
        assert_eq!(named, Target { call: Call::Subscriber, owner: "acme".into(), id: None });
        assert_eq!(route(&Method::GET, "/api/data/transaction").unwrap_err().status, 405);
        assert_eq!(route(&Method::POST, "/api/data/order").unwrap_err().status, 404);
    }

    #[test]
    fn websales_default_paths_lead_to_their_calls_and_subshops_are_decoded() {
        let edit = route(&Method::PUT, "/api/websaleapp2/news/%C3%96sterreich/64").unwrap();
        assert_eq!(edit, Target { call: Call::Edit, owner: "Österreich".into(), id: Some(64) });
        let status = route(&Method::GET, "/api/websaleapp2/push/66").unwrap();
        assert_eq!((status.call, status.id), (Call::Status, Some(66)));
        let personalised = route(&Method::POST, "/api/websaleapp2/push/66").unwrap();
        assert_eq!(personalised.call, Call::Personalised);
    }

    #[test]
    fn an_action_websale_does_not_know_is_a_bad_request() {
        for (method, path) in [
            (Method::POST, "/api/websaleapp2/news/Deutsch/64/publish"),
            (Method::DELETE, "/api/websaleapp2/news/Deutsch/64"),
            (Method::POST, "/api/authent/logout/shop"),
        ] {
            assert_eq!(route(&method, path).unwrap_err().status, 400, "{method} {path}");
        }
    }
}
