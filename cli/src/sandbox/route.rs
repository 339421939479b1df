//! Reads method and path.

use hyper::Method;

use super::{answer::Answer, call::Call};

/// A call with what its path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) call: Call,
    /// Websand's account (empty without a `/websand/{account}` prefix), WEBSALE's shop or subshop, BigCommerce's store,
    /// what is searched for at Shopware, or the shop that is told something.
    pub(super) owner: String,
    /// The entry, dispatch or object in the path or query.
    pub(super) id: Option<u64>,
    /// The query string, as it was sent.
    pub(super) query: String,
}

/// Reads method and path.
///
/// WEBSALE answers 400 where it does not know an action; Websand, as web applications do, 404 and 405.
pub(super) fn route(method: &Method, path: &str, query: &str) -> Result<Target, Answer> {
    let segments: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let target = match segments.as_slice() {
        ["websand", account, rest @ ..] => websand(method, account, rest),
        ["api", "data", ..] => websand(method, "", &segments),
        ["api", "authent", rest @ ..] => match (method, rest) {
            (&Method::POST, ["login", shop]) => Ok(target(Call::Login, shop, None)),
            _ => Err(Answer::refused(400, "unknown action: log in with POST /api/authent/login/{shop id}")),
        },
        ["api", "websaleapp2", rest @ ..] => websale(method, rest),
        ["api", "oauth", "token"] if method == Method::POST => Ok(target(Call::ShopwareToken, "", None)),
        ["api", "search", entity] if method == Method::POST => Ok(target(Call::ShopwareSearch, entity, None)),
        ["api", "search-ids", entity] if method == Method::POST => Ok(target(Call::ShopwareSearchIds, entity, None)),
        ["stores", store, rest @ ..] => bigcommerce(method, store, rest, query),
        ["admin", "api", _version, rest @ ..] => shopify(method, rest),
        ["callbacks", shop, ..] if method == Method::POST => Ok(target(Call::Callback, shop, None)),
        _ => Err(Answer::refused(404, "nobody who lives here has this path")),
    };
    target.map(|target| Target { query: query.to_owned(), ..target })
}

fn bigcommerce(method: &Method, store: &str, path: &[&str], query: &str) -> Result<Target, Answer> {
    let (call, id) = match path {
        // Lists name no object.
        ["v2", "orders"] => return read_only(method, target(Call::BigcommerceOrder, store, None)),
        ["v3", "customers", "subscribers"] => {
            return read_only(method, target(Call::BigcommerceSubscriber, store, None));
        }
        ["v2", "orders", id] => (Call::BigcommerceOrder, *id),
        ["v2", "orders", id, "products"] => (Call::BigcommerceProducts, *id),
        ["v2", "orders", id, "coupons"] => (Call::BigcommerceCoupons, *id),
        ["v3", "customers"] => {
            let wanted = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "id:in");
            let id = wanted.map(|(_, id)| id);
            return read_only(method, target(Call::BigcommerceCustomers, store, id.as_deref()));
        }
        ["v3", "customers", "subscribers", id] => (Call::BigcommerceSubscriber, *id),
        _ => return Err(Answer::refused(404, "of BigCommerce there are orders, customers and subscribers only")),
    };
    read_only(method, target(call, store, Some(id)))
}

fn shopify(method: &Method, path: &[&str]) -> Result<Target, Answer> {
    let (call, file) = match path {
        ["orders", file] => (Call::ShopifyOrder, file),
        ["customers", file] => (Call::ShopifyCustomer, file),
        _ => return Err(Answer::refused(404, "of Shopify there are orders and customers only")),
    };
    let id = file.strip_suffix(".json").ok_or_else(|| Answer::refused(406, "the path must end in .json"))?;
    read_only(method, target(call, "", Some(id)))
}

fn read_only(method: &Method, target: Target) -> Result<Target, Answer> {
    if method == Method::GET { Ok(target) } else { Err(Answer::refused(405, "shops' objects are only read here")) }
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
    let id = id.map(|text| text.parse().unwrap_or(0));
    Target { call, owner: owner.to_owned(), id, query: String::new() }
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

    fn route(method: &Method, path: &str) -> Result<Target, Answer> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        super::route(method, path, query)
    }

    fn called(call: Call, owner: &str, id: Option<u64>) -> Target {
        Target { call, owner: owner.into(), id, query: String::new() }
    }

    #[test]
    fn both_forms_of_websands_address_are_understood() {
        let plain = route(&Method::POST, "/api/data/transaction").unwrap();
        assert_eq!(plain, called(Call::Transaction, "", None));
        let named = route(&Method::POST, "/websand/acme/api/data/subscriber").unwrap();
        assert_eq!(named, called(Call::Subscriber, "acme", None));
        assert_eq!(route(&Method::GET, "/api/data/transaction").unwrap_err().status, 405);
        assert_eq!(route(&Method::POST, "/api/data/order").unwrap_err().status, 404);
    }

    #[test]
    fn websales_default_paths_lead_to_their_calls_and_subshops_are_decoded() {
        let edit = route(&Method::PUT, "/api/websaleapp2/news/%C3%96sterreich/64").unwrap();
        assert_eq!(edit, called(Call::Edit, "Österreich", Some(64)));
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

    #[test]
    fn shops_objects_are_named_as_in_their_own_apis() {
        for (path, call, owner, id) in [
            ("/stores/abc/v2/orders/118", Call::BigcommerceOrder, "abc", 118),
            ("/stores/abc/v2/orders/118/products?limit=250", Call::BigcommerceProducts, "abc", 118),
            ("/stores/abc/v3/customers?id:in=7", Call::BigcommerceCustomers, "abc", 7),
            ("/stores/abc/v3/customers?limit=1&id%3Ain=7", Call::BigcommerceCustomers, "abc", 7),
            ("/stores/abc/v3/customers/subscribers/5", Call::BigcommerceSubscriber, "abc", 5),
            ("/admin/api/2026-01/orders/9.json", Call::ShopifyOrder, "", 9),
            ("/admin/api/2026-01/customers/9.json", Call::ShopifyCustomer, "", 9),
        ] {
            let found = route(&Method::GET, path).unwrap();
            assert_eq!((found.call, found.owner.as_str(), found.id), (call, owner, Some(id)), "{path}");
            assert_eq!(route(&Method::DELETE, path).unwrap_err().status, 405, "{path}");
        }
        for path in
            ["/stores/abc/v2/orders?limit=1", "/stores/abc/v3/customers", "/stores/abc/v3/customers/subscribers"]
        {
            assert_eq!(route(&Method::GET, path).unwrap().id, None, "{path}");
        }
        assert_eq!(route(&Method::POST, "/api/search/order").unwrap().owner, "order");
        assert_eq!(route(&Method::GET, "/api/oauth/token").unwrap_err().status, 404);
    }
}
