use bytes::Bytes;

use super::*;
use crate::destination::websale::sample::secret;

fn response(body: &str) -> Response {
    Response { status: 200, headers: http::HeaderMap::new(), body: Bytes::copy_from_slice(body.as_bytes()) }
}

#[test]
fn an_id_is_read_in_every_form_the_documentation_leaves_open() {
    for body in [r#"{"id":66,"more":{}}"#, r#"{"id":"66"}"#, "66", r#""66""#, " 66\n"] {
        assert_eq!(dispatch_id(&response(body)).as_deref(), Some("66"), "{body}");
    }
    assert_eq!(dispatch_id(&response(r#"{"id":"a-1_B"}"#)).as_deref(), Some("a-1_B"));
    for body in ["", "ok", r#""ok""#, "{}", r#"{"id":null}"#, r#"{"id":""}"#, r#"{"id":{}}"#, "[66]", "true"] {
        assert_eq!(dispatch_id(&response(body)), None, "{body}");
    }
    for body in [r#"{"id":"../x"}"#, r#"{"id":-1.5}"#, &format!(r#"{{"id":"{}"}}"#, "9".repeat(65))] {
        assert_eq!(dispatch_id(&response(body)), None, "{body}");
    }
}

#[test]
fn an_entry_says_whether_it_was_sent() {
    for (body, sent) in [
        (r#"{"id":64,"sentStatus":0}"#, Some(false)),
        (r#"{"id":64,"sentStatus":"0"}"#, Some(false)),
        (r#"{"id":64,"sentStatus":1}"#, Some(true)),
        (r#"{"id":64,"sentStatus":"sent"}"#, Some(true)),
        (r#"{"id":64,"sentStatus":""}"#, None),
        (r#"{"id":64,"sentStatus":null}"#, None),
        (r#"{"id":64}"#, None),
    ] {
        let answer = EntryAnswer::read(&response(body));
        assert_eq!(answer, EntryAnswer { id: Some("64".into()), sent }, "{body}");
    }
    assert_eq!(EntryAnswer::read(&response("")), EntryAnswer { id: None, sent: None });
}

#[test]
fn a_status_is_read_whether_counts_are_numbers_or_text() {
    let read = |body| DispatchStatus::read(&response(body));
    let full = read(r#"{"id":66,"status":2,"countReceiver":"10","countSent":7,"countError":1,"error":null,"x":1}"#);
    let expected =
        DispatchStatus { status: Some("2".into()), receivers: Some(10), sent: Some(7), errors: Some(1), error: None };
    assert_eq!(full, expected);
    assert_eq!(read("not json"), DispatchStatus::default());
    assert_eq!(read(r#"{"countSent":-1,"countError":1.5,"status":{}}"#), DispatchStatus::default());
}

#[test]
fn the_error_text_is_masked_and_nothing_is_no_error() {
    let error = |body| DispatchStatus::read(&response(body)).error;
    assert_eq!(error(r#"{"error":"no device for\nann@example.org"}"#).as_deref(), Some("no device for ***"));
    assert_eq!(error(r#"{"error":{"code":7}}"#).as_deref(), Some(r#"{"code":7}"#));
    for none in [r#"{"error":null}"#, r#"{"error":""}"#, r#"{"error":false}"#, r#"{"error":0}"#, r#"{"error":[]}"#] {
        assert_eq!(error(none), None, "{none}");
    }
}

#[test]
fn a_dispatch_ends_by_status_by_error_or_when_all_receivers_are_accounted_for() {
    let is_final = |body| DispatchStatus::read(&response(body)).is_final(&secret());
    assert!(is_final(r#"{"status":"Finished"}"#));
    assert!(is_final(r#"{"status":"error"}"#));
    assert!(is_final(r#"{"status":"running","error":"aborted"}"#));
    assert!(is_final(r#"{"status":"running","countReceiver":3,"countSent":2,"countError":1}"#));
    assert!(is_final(r#"{"countReceiver":3,"countSent":3}"#));
    assert!(!is_final(r#"{"countReceiver":3,"countSent":2}"#));
    assert!(!is_final(r#"{"status":"running","countReceiver":0,"countSent":0,"countError":0}"#));
    assert!(!is_final(r#"{"status":"never seen before"}"#));
    assert!(!is_final(""));
}

#[test]
fn a_token_is_a_text_that_is_not_empty() {
    assert_eq!(token(&response(r#"{"token":"abc","x":1}"#)).as_deref(), Some("abc"));
    for body in ["", "{}", r#"{"token":""}"#, r#"{"token":1}"#] {
        assert_eq!(token(&response(body)), None, "{body}");
    }
}
