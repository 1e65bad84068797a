use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::row::Target;

/// Decodes with a decoder that has met the line's shape before (the fast path wherever it can
/// take the line) and with a fresh one (the slow path): they must agree.
fn check(layout: fn() -> Decoder, before: &[&str], line: &str) -> Result<Event> {
    let (mut warm, mut event) = (layout(), Event::default());
    for line in before {
        let _ = warm.decode(line.as_bytes(), &mut event);
    }
    let by_warm = warm.decode(line.as_bytes(), &mut event).map(|_| event);
    let mut event = Event::default();
    let by_cold = layout().decode(line.as_bytes(), &mut event).map(|_| event);
    let bits = |e: &Event| e.row.numbers().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    match (&by_warm, &by_cold) {
        (Ok(a), Ok(b)) => {
            assert_eq!(a, b, "{line}");
            assert_eq!(bits(a), bits(b), "{line}");
        }
        (Err(a), Err(b)) => assert_eq!(a.message(), b.message()),
        _ => panic!("{line}: {by_warm:?} after others, {by_cold:?} alone"),
    }
    by_cold
}

#[test]
fn every_key_of_an_event_is_read() {
    let line = r#" { "x" : { "a":1e2, "t" : "é\n\u00e9", "b":true,"n":null } , "y":"cat","id":"7","w":0.5 } "#;
    let event = check(Decoder::events, &[line], line).unwrap();
    assert_eq!(event.row.to_json(), json!({"a": 100.0, "t": "é\né", "b": 1.0}));
    assert_eq!(event.target, Some(Target::Text("cat".into())));
    assert_eq!((event.id.as_deref(), event.weight), (Some("7"), 0.5));
}

#[test]
fn a_remembered_record_leaves_nothing_to_the_next() {
    let full = r#"{"x":{"a":1,"t":"u"},"y":1,"id":"i","w":2}"#;
    for next in [
        r#"{"x":{"a":1,"t":"u"}}"#,
        r#"{"x":{"a":-2.5,"t":""},"y":null,"id":null,"w":null}"#,
        r#"{"x":{},"y":false}"#,
        r#"{"x":{"a":false,"t":"v"},"y":"one","id":"j","w":0}"#,
    ] {
        let event = check(Decoder::events, &[full, next, full], next).unwrap();
        assert_eq!(event.target.is_some(), next.contains("\"y\":") && !next.contains("null"));
    }
}

#[test]
fn refusals_say_line_byte_value_and_remedy() {
    for (line, want) in [
        ("{\"x\":{\"a\":[1,2]}}", "line 1, byte 11: feature \"a\" is [1,2], expected a number"),
        ("{\"x\":{\"a\":{\"b\":1}}}", "feature \"a\" is {\"b\":1}"),
        ("{\"x\":{\"a\":1,\"a\":2}}", "line 1: feature \"a\" is given twice"),
        ("{\"x\":{},\"x\":{}}", "line 1, byte 13: \"x\" is given twice"),
        ("{\"x\":{\"a\":nan}}", "line 1, byte 11: this is not JSON"),
        ("{\"x\":{\"a\":1e999}}", "number out of range"),
        ("{\"x\":{\"a\":01}}", "this is not JSON"),
        ("{\"x\":{\"a\":1}", "this is not JSON"),
        ("{\"a\":1,\"y\":2}", "not \"a\"; put features into \"x\""),
        ("{\"y\":2}", "the event has no \"x\""),
        ("{\"x\":3}", "features must be an object"),
        ("[1]", "the record is [1], expected an object"),
        ("{\"x\":{},\"y\":[1]}", "line 1, byte 13: the target \"y\" is [1]"),
        ("{\"x\":{},\"id\":4}", "the id \"id\" is 4, expected a string"),
        ("{\"x\":{},\"w\":-1}", "the weight \"w\" is -1, expected a number of 0 or more"),
    ] {
        let error = check(Decoder::events, &[], line).unwrap_err().to_string();
        assert!(error.contains(want), "{line}\n{error}\n{want}");
    }
    let mut decoder = Decoder::events().limit(20);
    let error = decoder.decode(&[b' '; 21], &mut Event::default()).unwrap_err().to_string();
    assert!(error.starts_with("line 1: the line has 21 bytes, at most 20"), "{error}");
}

#[test]
fn what_a_remembered_record_hides_is_still_refused() {
    let before = &[r#"{"x":{"a":1,"t":"u"},"y":1,"id":"i","w":2}"#];
    let long = "z".repeat(300);
    for line in [
        r#"{"x":{"a":01,"t":"u"},"y":1,"id":"i","w":2}"#.to_owned(),
        r#"{"x":{"a":1.,"t":"u"},"y":1,"id":"i","w":2}"#.to_owned(),
        r#"{"x":{"a":inf,"t":"u"},"y":1,"id":"i","w":2}"#.to_owned(),
        r#"{"x":{"a":1,"t":"u"},"y":1,"id":"i","w":-2}"#.to_owned(),
        r#"{"x":{"a":1,"t":"u"},"y":1,"id":"i","w":2}}"#.to_owned(),
        r#"{"x":{"a":1,"t":"u"},"y":1,"id":"i","w":2"#.to_owned(),
        "{\"x\":{\"a\":1,\"t\":\"\t\"},\"y\":1,\"id\":\"i\",\"w\":2}".to_owned(),
        format!(r#"{{"x":{{"a":1,"t":"u"}},"y":"{long}","id":"i","w":2}}"#),
        format!(r#"{{"x":{{"a":1,"t":"u"}},"y":1,"id":"{long}","w":2}}"#),
    ] {
        assert!(check(Decoder::events, before, &line).is_err(), "{line}");
    }
}

#[test]
fn shapes_that_alternate_are_shared() {
    let (mut decoder, mut event) = (Decoder::flat("y"), Event::default());
    let lines: Vec<String> = (0..5).map(|i| format!("{{\"a{i}\": {i}, \"y\": 1}}")).collect();
    let mut first = Vec::new();
    for (round, line) in (0..4).flat_map(|r| lines.iter().enumerate().map(move |l| (r, l))) {
        let (i, line) = line;
        decoder.decode(line.as_bytes(), &mut event).unwrap();
        if round == 0 {
            first.push(event.row.shape().clone());
        }
        assert!(std::sync::Arc::ptr_eq(event.row.shape(), &first[i]));
    }
    // Another spacing is another record, but not another shape.
    decoder.decode(b"{\"a0\":0,\"y\":1}", &mut event).unwrap();
    assert!(std::sync::Arc::ptr_eq(event.row.shape(), &first[0]));
}

#[test]
fn blank_lines_are_no_events() {
    let (mut decoder, mut event) = (Decoder::events(), Event::default());
    assert!(!decoder.decode(b"", &mut event).unwrap());
    assert!(decoder.decode(b"{\"x\":{}}\r\n", &mut event).unwrap());
    assert!(!decoder.decode(b" \r\n", &mut event).unwrap());
    assert_eq!(decoder.line(), 3);
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |v| v.is_finite()).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        "\\PC{0,6}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn fast_and_slow_agree_on_any_values(
        names in prop::collection::btree_set("[a-z\"\\\\é]{0,3}", 0..5),
        rows in prop::collection::vec(prop::collection::vec(scalar(), 8), 2..5),
    ) {
        let lines: Vec<String> = rows.iter().map(|values| {
            let x: Map<String, Value> = names.iter().cloned().zip(values[3..].to_vec()).collect();
            let w = values[2].as_f64().map_or(json!(1), |w| json!(w.abs()));
            let short = |s: &str| json!(s.chars().take(9).collect::<String>());
            let id = values[1].as_str().map_or(Value::Null, short);
            let y = values[0].as_str().map_or_else(|| values[0].clone(), short);
            json!({"x": x, "y": y, "id": id, "w": w}).to_string()
        }).collect();
        let before: Vec<&str> = lines.iter().map(String::as_str).collect();
        for line in &lines {
            prop_assert!(check(Decoder::events, &before, line).is_ok());
        }
    }

    #[test]
    fn fast_and_slow_agree_on_damaged_lines(at in 0usize..60, byte in 0x20u8..0x7f) {
        let good = r#"{"x":{"a":-12.5e1,"t":"uv","b":true},"y":1,"id":"i","w":2}"#;
        let mut bad = good.as_bytes().to_vec();
        let n = bad.len();
        bad[at % n] = byte;
        let _ = check(Decoder::events, &[good], std::str::from_utf8(&bad).unwrap());
        let _ = check(|| Decoder::flat("y").id("id"), &[r#"{"a":1,"y":2,"id":"i"}"#],
            std::str::from_utf8(&bad).unwrap());
    }

    #[test]
    fn no_bytes_panic(line in prop::collection::vec(any::<u8>(), 0..60)) {
        let (mut decoder, mut event) = (Decoder::events(), Event::default());
        let _ = decoder.decode(&line, &mut event);
        let _ = decoder.decode(&[b"{\"x\":{\"a\":".as_slice(), &line, b"}}"].concat(), &mut event);
    }
}
