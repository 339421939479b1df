use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Value {
    Json::parse(text.as_bytes()).unwrap().to_value()
}

#[test]
fn it_says_what_serde_json_says() {
    for text in [
        "null",
        "[]",
        r#"{"a": {"b": [true, false, null, "c\u00e4\n"]}, "\u0062": "plain"}"#,
        r#"{"twice": 1, "twice": [2], "other": 0, "twice": {"last": 3}}"#,
        "[0, -0, 19.90, 1e999, 820982911946154508, 123456789012345678901234567890, -1.5E-7]",
    ] {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(parse(text), value, "{text}");
        assert_eq!(Json::from(&value).to_value(), value, "{text}");
    }
}

#[test]
fn of_fields_with_one_name_the_last_counts() {
    let tree = Json::parse(br#"{"id": 1, "id": 2}"#).unwrap();
    assert_eq!(tree.get("id").and_then(Json::as_u64), Some(2));
}

#[test]
fn texts_and_names_are_borrowed_unless_they_have_escapes() {
    let tree = Json::parse(br#"{"plain": "text", "with\tescape": "\n"}"#).unwrap();
    let Json::Object(fields) = &tree else { panic!("no object") };
    let borrowed: Vec<_> = fields
        .iter()
        .map(|(name, value)| {
            let Json::String(text) = value else { panic!("no text") };
            [matches!(name, Cow::Borrowed(_)), matches!(text, Cow::Borrowed(_))]
        })
        .collect();
    assert_eq!(borrowed, [[true, true], [false, false]]);
}

#[test]
fn what_is_broken_is_refused_at_the_same_place() {
    for bytes in [&b"{\"a\": \"\xff\"}"[..], b"{\n\"a\": }", b"[1,", b"{} {}", b""] {
        let place = |fault: &serde_json::Error| (fault.line(), fault.column());
        let expected = serde_json::from_slice::<Value>(bytes).unwrap_err();
        assert_eq!(place(&Json::parse(bytes).unwrap_err()), place(&expected), "{}", bytes.escape_ascii());
    }
}

#[test]
fn no_text_passes_for_a_number() {
    assert!(Json::parse(br#"{"$serde_json::private::Number": "many"}"#).is_err());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_serde_json_writes_comes_back(value in any_value()) {
        prop_assert_eq!(&parse(&value.to_string()), &value);
        prop_assert_eq!(Json::from(&value).to_value(), value);
    }

    #[test]
    fn any_bytes_are_refused_or_mean_the_same(bytes in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'{'), Just(b'}'), Just(b':'), Just(b','), Just(b'1'), any::<u8>()], 0..24)) {
        let value = serde_json::from_slice::<Value>(&bytes).ok();
        prop_assert_eq!(Json::parse(&bytes).ok().map(|tree| tree.to_value()), value);
    }
}
