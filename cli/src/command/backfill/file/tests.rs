use std::io::Write;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A file with these bytes, not at its begin.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// Where each entry stands, and the entry.
type Entries = Vec<(u64, Place, Result<Value, String>)>;

fn all(bytes: &[u8]) -> (Entries, String) {
    let mut items = Vec::new();
    let digest = read(&file(bytes), |item| {
        assert!(item.read <= bytes.len() as u64);
        items.push((item.number, item.place, item.object));
        ControlFlow::Continue(())
    });
    (items, digest.unwrap())
}

fn objects(bytes: &[u8]) -> Vec<Value> {
    all(bytes).0.into_iter().map(|(_, _, object)| object.unwrap()).collect()
}

#[test]
fn a_faulty_line_is_named_and_hurts_no_other() {
    let (items, _) = all(b"\xef\xbb\xbf\n{\"a\":1}\r\n\n{\"a\":\"bob@example.com\n{\"a\":3}");
    let places: Vec<_> = items.iter().map(|(number, place, object)| (*number, *place, object.is_ok())).collect();
    assert_eq!(places, [(1, Place::Line(2), true), (2, Place::Line(4), false), (3, Place::Line(5), true)]);
    assert!(items[1].2.as_ref().is_err_and(|detail| !detail.contains("bob")), "{items:?}");
}

#[test]
fn a_line_that_is_too_long_is_skipped_and_not_held_in_memory() {
    let mut text = vec![b'"'; MAX_BODY + 2];
    text.extend_from_slice(b"\n{}\n");
    let (items, _) = all(&text);
    let places: Vec<_> = items.iter().map(|(_, place, object)| (*place, object.is_ok())).collect();
    assert_eq!(places, [(Place::Line(1), false), (Place::Line(2), true)]);
}

#[test]
fn after_a_fault_in_an_array_the_rest_is_given_up_and_said_to_be() {
    for text in ["[{\"a\":1},\n{\"a\":}, {\"a\":3}]", "[{\"a\":1}", "[{\"a\":1}] {\"a\":2}"] {
        let (items, digest) = all(text.as_bytes());
        assert_eq!(items[0].2.as_ref(), Ok(&json!({"a": 1})), "{text}");
        let (2, Place::Entry(2), Err(detail)) = &items[1] else { panic!("{items:?}") };
        assert!(detail.contains("line") && detail.contains("column"), "{detail}");
        assert_eq!((items.len(), digest), (2, hex(&Sha256::digest(text))));
    }
}

#[test]
fn whoever_has_enough_gets_no_more() {
    for text in ["{}\n{}\n{}", "[{}, {}, {}]"] {
        let mut seen = 0;
        let enough = |_| {
            seen += 1;
            if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        read(&file(text.as_bytes()), enough).unwrap();
        assert_eq!(seen, 2, "{text}");
    }
    assert_eq!((objects(b""), objects(b" \n\n"), objects(b"[]")), (vec![], vec![], vec![]));
}

proptest! {
    #[test]
    fn lines_and_an_array_hold_the_same_entries_in_the_same_order(
        texts in proptest::collection::vec((".{0,20}", any::<i64>()), 0..30),
        blanks in "[ \n\t]{0,3}",
    ) {
        let entries: Vec<Value> = texts.iter().map(|(text, number)| json!({"text": text, "n": [number]})).collect();
        let written: Vec<String> = entries.iter().map(Value::to_string).collect();
        let lines = format!("{blanks}{}\n", written.join(&format!("\n{blanks}")));
        let array = format!("{blanks}[{blanks}{}]{blanks}", written.join(&format!(",{blanks}")));
        prop_assert_eq!(objects(lines.as_bytes()), entries.clone());
        prop_assert_eq!(objects(array.as_bytes()), entries);
        prop_assert_eq!(all(array.as_bytes()).1, hex(&Sha256::digest(&array)));
    }
}
