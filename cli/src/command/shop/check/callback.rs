//! Whether a shop's status callback can be called: everything but the callback itself.

use std::time::Duration;

use relay::{
    http::{Http, Method, Request},
    secret::StatusCallback,
};
use url::Url;

use crate::finding::Finding;

const CHECK: &str = "status callback";

/// Asks for the start page of the callback's host, through the client that callbacks go through, without credentials: that
/// proves that its name leads to a public address, and its certificate. What is at the path is not called, because
/// nothing can be told there that did not happen.
pub(super) async fn finding(callback: &StatusCallback, guarded: &dyn Http, timeout: Duration) -> Finding {
    let host = callback.url.origin().ascii_serialization();
    let request = Request {
        method: Method::Get,
        url: start_page(&callback.url),
        credential: None,
        headers: Vec::new(),
        json: None,
        timeout,
        fresh_connection: false,
        max_answer: 0,
    };
    match guarded.call(request).await {
        Ok(_) => {
            let detail = format!("{host} answers; path and signing secret are not proven: only a real callback could");
            Finding::ok(CHECK, detail)
        }
        Err(error) => Finding::fail(
            CHECK,
            format!("{host}: {error}"),
            "check `status_callback.url` of the websale secret: a public https:// address with a valid certificate, or for \
             trials one that SHOPRELAY_CALLBACK_ALLOW names, here and where the relay runs",
        ),
    }
}

fn start_page(url: &Url) -> Url {
    let mut page = url.clone();
    page.set_path("/");
    page.set_query(None);
    page
}
