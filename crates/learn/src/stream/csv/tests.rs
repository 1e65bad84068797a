use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Decodes the last record after the others and alone: they must agree.
fn check(header: &str, records: &[&str]) -> Result<Event> {
    let run = |records: &[&str]| {
        let (mut decoder, mut event) = (Decoder::new("y"), Event::default());
        decoder.decode(header.as_bytes(), &mut event).unwrap();
        let mut last = Ok(false);
        for record in records {
            last = decoder.decode(record.as_bytes(), &mut event);
        }
        last.map(|_| event)
    };
    let (after, alone) = (run(records), run(&records[records.len() - 1..]));
    match (&after, &alone) {
        (Ok(a), Ok(b)) => assert_eq!(a, b, "{records:?}"),
        (Err(a), Err(b)) => assert_eq!(a.message(), b.message()),
        _ => panic!("{records:?}: {after:?} after others, {alone:?} alone"),
    }
    alone
}

#[test]
fn every_kind_of_field_is_read() {
    let event =
        check("a,b,c,y", &["1,2,3,1", "x,,3,0", " -1e3 ,\"a \"\"b\"\",\n\",007,True"]).unwrap();
    assert_eq!(event.row.to_json(), json!({"a": -1000.0, "b": "a \"b\",\n", "c": 7.0}));
    assert_eq!(event.target, Some(Target::Bool(true)));
    for (y, want) in [
        ("", None),
        ("false", Some(Target::Bool(false))),
        ("1.5", Some(Target::Number(1.5))),
        ("\"1.5\"", Some(Target::Number(1.5))),
        ("cat", Some(Target::Text("cat".into()))),
    ] {
        assert_eq!(check("a,y", &["1,dog", &format!("1,{y}")]).unwrap().target, want);
    }
}

#[test]
fn refusals_say_line_column_value_and_remedy() {
    for (record, want) in [
        ("1", "line 2: the record has 1 fields, the header names 3"),
        ("1,2,3,4", "line 2: the record has 4 fields, the header names 3"),
        ("1,\"b,3", "line 2.column \"b\": the quote before \"b,3\" is never closed"),
        ("1,\"b\"x,3", "line 2.column \"b\": a quoted field is followed by \"x,3\""),
        ("nan,1,2", "line 2: feature \"a\" is NaN, only finite numbers"),
        ("1,1,inf", "line 2.column \"y\": the target is inf"),
    ] {
        for before in ["7,7,7", "x,\"y\",z"] {
            let error = check("a,b,y", &[before, record]).unwrap_err().to_string();
            let want = want.split_once(": ").unwrap().1;
            assert!(error.contains(want), "{record}\n{error}\n{want}");
        }
        let error = check("a,b,y", &[record]).unwrap_err().to_string();
        assert!(error.starts_with(want), "{record}\n{error}\n{want}");
    }
    let header = |text: &str| {
        Decoder::new("y").decode(text.as_bytes(), &mut Event::default()).unwrap_err().to_string()
    };
    assert!(header("a,b").contains("no column \"y\"; the header names a, b"));
    assert!(header("a,a,y").contains("given twice"));
}

#[test]
fn a_record_may_span_lines() {
    let decoder = Decoder::new("y");
    let text = b"\"a \"\"b\"\"\nc\",1\n5\" disk,2\n\"open\n";
    let first = decoder.record_end(text).unwrap();
    assert_eq!(&text[..first], b"\"a \"\"b\"\"\nc\",1\n");
    let second = decoder.record_end(&text[first..]).unwrap();
    assert_eq!(&text[first..first + second], b"5\" disk,2\n");
    assert_eq!(decoder.record_end(&text[first + second..]), None);
}

#[test]
fn shapes_that_alternate_are_shared() {
    let (mut decoder, mut event) = (Decoder::new("y").id("i"), Event::default());
    decoder.decode(b"\xef\xbb\xbfa,b,i,y\r\n", &mut event).unwrap();
    let mut shape = |record: &[u8]| {
        assert!(decoder.decode(record, &mut event).unwrap());
        event.row.shape().clone()
    };
    let (both, one) = (shape(b"1,2,x,1"), shape(b"1,,x,1"));
    assert!(Arc::ptr_eq(&both, &shape(b"3,4,,1")));
    assert!(Arc::ptr_eq(&one, &shape(b"3,,y,")));
    assert!(!decoder.decode(b"\r\n", &mut event).unwrap());
}

fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|v| v.to_string()),
        any::<i32>().prop_map(|v| v.to_string()),
        "[ -~]{0,4}",
        Just(String::new()),
        "[a-z]{0,3}".prop_map(|s| format!("\"{s}\"\"\"")),
    ]
}

proptest! {
    #[test]
    fn what_came_before_changes_nothing(
        rows in prop::collection::vec(prop::collection::vec(field(), 3..5), 2..5),
    ) {
        let lines: Vec<String> = rows.iter().map(|r| r.join(",")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let _ = check("a,b,c,y", &lines);
    }

    #[test]
    fn texts_come_back(texts in prop::collection::vec("[ -~é\n]{1,5}", 1..4)) {
        let header: Vec<String> = (0..texts.len()).map(|i| format!("f{i}")).collect();
        let quoted: Vec<String> =
            texts.iter().map(|t| format!("\"x{}\"", t.replace('"', "\"\""))).collect();
        let event = check(&format!("{},y", header.join(",")), &[&format!("{},", quoted.join(","))]).unwrap();
        let got: Vec<&str> = event.row.texts().collect();
        let want: Vec<String> = texts.iter().map(|t| format!("x{t}")).collect();
        prop_assert_eq!(got, want);
    }

    #[test]
    fn no_bytes_panic(record in prop::collection::vec(any::<u8>(), 0..60)) {
        let (mut decoder, mut event) = (Decoder::new("y"), Event::default());
        decoder.decode(b"a,b,y", &mut event).unwrap();
        for r in [&record[..], b"1,2,3", &record[..]] {
            let _ = decoder.decode(r, &mut event);
        }
        let _ = decoder.record_end(&record);
    }
}
