use super::*;
use crate::destination::websale::sample::{config, secret};

fn shown(request: &Request) -> String {
    let header = request.credential.as_ref().map(|(name, value)| format!("{name}: {}", value.expose_secret()));
    format!("{request:?} {}", header.unwrap_or_default())
}

#[test]
fn every_call_goes_to_its_path_with_the_token() {
    let (secret, config, token) = (secret(), config(), SecretString::from("tok".to_owned()));
    let calls = Calls { secret: &secret, config: &config, token: &token };
    let body = || Bytes::from_static(b"{}");
    let all = [
        calls.create(body()),
        calls.edit("64", body()),
        calls.send("65"),
        calls.personalised(body()),
        calls.status("66"),
    ];
    insta::assert_snapshot!(all.each_ref().map(shown).join("\n"), @r"
    Post https://websale.de/api/websaleapp2/news/Deutsch%2F%C3%96sterreich X-Authorization: Bearer tok
    Put https://websale.de/api/websaleapp2/news/Deutsch%2F%C3%96sterreich/64 X-Authorization: Bearer tok
    Post https://websale.de/api/websaleapp2/news/Deutsch%2F%C3%96sterreich/65/send X-Authorization: Bearer tok
    Post https://websale.de/api/websaleapp2/push/Deutsch%2F%C3%96sterreich X-Authorization: Bearer tok
    Get https://websale.de/api/websaleapp2/push/66 X-Authorization: Bearer tok
    ");
    assert_eq!(all.each_ref().map(|call| call.json.is_some()), [true, true, false, true, false]);
}

#[test]
fn only_the_personalised_send_has_a_connection_of_its_own_and_the_long_time_out() {
    let (secret, config, token) = (secret(), config(), SecretString::from("tok".to_owned()));
    let calls = Calls { secret: &secret, config: &config, token: &token };
    let personalised = calls.personalised(Bytes::new());
    assert_eq!((personalised.fresh_connection, personalised.timeout), (true, config.send_timeout));
    let send = calls.send("65");
    assert_eq!((send.fresh_connection, send.timeout), (false, config.http_timeout));
}

#[test]
fn the_log_in_names_the_shop_id_and_carries_no_token() {
    let (secret, config) = (secret(), config());
    let request = login(&secret, &config);
    assert_eq!(shown(&request).trim(), "Post https://www.websale.de/api/authent/login/shop%201");
    assert_eq!(request.json.as_deref(), Some(&br#"{"password":"pass","username":"api-user"}"#[..]));
}

#[test]
fn a_path_from_the_settings_never_changes_the_host() {
    let base = Url::parse("http://127.0.0.1:81/prefix/").unwrap();
    for (path, expected) in [
        ("/a/{id}", "http://127.0.0.1:81/prefix/a/1%3F%2F..%23"),
        ("//evil.example/a", "http://127.0.0.1:81/prefix/evil.example/a"),
        ("@evil.example", "http://127.0.0.1:81/prefix/@evil.example"),
        ("/a?id={id}&x=1", "http://127.0.0.1:81/prefix/a?id=1%3F%2F..%23&x=1"),
    ] {
        assert_eq!(on_base(&base, path, &[("{id}", "1?/..#")]).as_str(), expected);
    }
}
