//! Each verb's happy path and the shape of its JSON, with the real binary.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use serde_json::json;

mod support;
use support::{LINEAR, Place, events, str_of};

#[test]
fn an_identity_is_born_learns_and_answers() {
    let place = Place::new();
    let born = place.run(&["new", "eve", "--spec", LINEAR, "--json"]).ok().json();
    assert_eq!(
        (&born["name"], &born["version"], &born["task"]),
        (&json!("eve"), &json!(1), &json!("binary"))
    );
    let file = place.write("some.ndjson", &events(0, 600));
    let learned = place.run(&["learn", "eve", str_of(&file), "--json"]).ok().json();
    assert_eq!(learned["events"], 600);
    assert_eq!((&learned["refused"], &learned["version"]), (&json!(0), &json!(601)));
    assert_eq!(learned["interrupted"], false);
    let more = place.feed(&["learn", "eve", "-", "--format", "ndjson"], &events(600, 700)).ok();
    assert!(more.out.contains("100 events") && more.out.contains("701"), "{}", more.out);

    let answer = place.run(&["ask", "eve", r#"{"a": 100, "b": 1}"#, "--json"]).ok().json();
    assert_eq!((&answer["prediction"]["label"], &answer["version"]), (&json!(true), &json!(701)));
    let past = place.run(&["ask", "eve", r#"{"a": 100}"#, "--at", "1", "--json"]).ok().json();
    assert_eq!((&past["prediction"]["proba"]["true"], &past["version"]), (&json!(0.5), &json!(1)));

    let shown = place.run(&["show", "eve", "--top", "1", "--json"]).ok().json();
    assert_eq!(shown["figures"]["learned"], 700);
    assert_eq!(shown["top_weights"].as_object().map(serde_json::Map::len), Some(1));
    assert_eq!(place.run(&["show", "eve", "--at", "5", "--json"]).ok().json()["version"], 5);
    assert_eq!(place.run(&["list", "--json"]).ok().json()["learned"], 700);
}

#[test]
fn the_past_of_an_identity() {
    let place = Place::new();
    place.born("eve");
    place.feed(&["learn", "eve", "--format", "ndjson"], &events(0, 50)).ok();
    let log = place.run(&["log", "eve", "--from", "2", "--limit", "3", "--json"]).ok().lines();
    let seen: Vec<_> = log.iter().map(|l| (l["version"].clone(), l["event"].clone())).collect();
    assert_eq!(seen, (2..5).map(|v| (json!(v), json!("learn"))).collect::<Vec<_>>());
    let newest = place.run(&["log", "eve", "--from", "-2", "--json"]).ok().lines();
    assert_eq!(newest.iter().map(|l| l["version"].clone()).collect::<Vec<_>>(), [50, 51]);

    let diff = place.run(&["diff", "eve", "10", "51", "--top", "2", "--json"]).ok().json();
    assert_eq!(diff["top"].as_array().map(Vec::len), Some(2));
    let verified = place.run(&["verify", "eve", "--json"]).ok().json();
    assert_eq!((&verified["verified"], &verified["version"]), (&json!(true), &json!(51)));
    let tagged = place.run(&["tag", "eve", "before", "--at", "20", "--json"]).ok().json();
    assert_eq!((&tagged["tag"], &tagged["version"]), (&json!("before"), &json!(20)));

    let would = place.run(&["rewind", "eve", "20", "--dry-run", "--json"]).ok().json();
    assert_eq!(would["events_set_aside"], 31);
    assert_eq!(place.run(&["show", "eve", "--json"]).json()["version"], 51, "nothing happened");
    let gone_back = place.run(&["rewind", "eve", "20", "--json"]).ok().json();
    assert_eq!((&gone_back["rewound_to"], &gone_back["version"]), (&json!(20), &json!(21)));

    let fork = place.run(&["fork", "eve", "adam", "--at", "15", "--json"]).ok().json();
    assert_eq!((&fork["name"], &fork["version"]), (&json!("adam"), &json!(16)));
    assert_eq!(place.run(&["freeze", "eve", "--json"]).ok().json()["frozen"], true);
    let snapshot = place.run(&["snapshot", "adam", "--json"]).ok().json();
    assert_eq!(snapshot["version"], 16);
    let names: Vec<_> =
        place.run(&["list", "--json"]).ok().lines().iter().map(|l| l["name"].clone()).collect();
    assert_eq!(names, ["adam", "eve"]);
    let all = place.run(&["verify", "--json"]).ok().lines();
    assert!(all.len() == 2 && all.iter().all(|v| v["verified"] == true));
}

#[test]
fn what_should_not_have_been_learned_is_forgotten() {
    let place = Place::new();
    place.born("eve");
    place.feed(&["learn", "eve", "--format", "ndjson"], &events(0, 50)).ok();
    let range = ["forget", "eve", "--from", "10", "--to", "19"];
    let would = place.run(&[&range[..], &["--dry-run", "--json"]].concat()).ok().json();
    assert_eq!(
        (&would["struck"], &would["was"], &would["kept"]),
        (&json!(10), &json!(51), &json!(9))
    );
    assert_eq!(place.run(&["show", "eve", "--json"]).json()["version"], 51, "nothing happened");
    let told = place.run(&range).ok();
    assert!(told.out.contains("10 learned events"), "{}", told.out);
    assert!(told.out.contains("keeps what was struck"), "{}", told.out);
    let one = place.run(&["forget", "eve", "--from", "2", "--erase", "--json"]).ok().json();
    assert_eq!((&one["struck"], &one["version"]), (&json!(1), &json!(40)));
    assert_eq!(one["erased"]["branches"], 2);
    let verified = place.run(&["verify", "eve", "--json"]).ok().json();
    assert_eq!((&verified["events"], &verified["version"]), (&json!(40), &json!(40)));
    place.run(&["forget", "eve", "--from", "99"]).fails(3, "no version 99");
    place.run(&["forget", "eve", "--from", "1"]).fails(7, "learned nothing");
    place.run(&["freeze", "eve"]).ok();
    place.run(&["forget", "eve", "--from", "5"]).fails(5, "let the fork forget");
}

#[test]
fn labels_come_late() {
    let place = Place::new();
    place.born("eve");
    let asked = place.run(&["ask", "eve", r#"{"a": 1}"#, "--id", "k-1", "--json"]).ok().json();
    assert_eq!(asked["version"], 2);
    let labelled = place.run(&["label", "eve", "k-1", "true", "--json"]).ok().json();
    assert_eq!(labelled["version"], 3);
    assert_eq!(place.run(&["show", "eve", "--json"]).json()["figures"]["late_labels"], 1);
    place.run(&["label", "eve", "k-1", "true"]).fails(3, "k-1");
    let stream = "{\"x\":{\"a\":2},\"id\":\"k-2\"}\n{\"id\":\"k-2\",\"y\":false}\n";
    let told = place.feed(&["learn", "eve", "--format", "ndjson", "--json"], stream).ok().json();
    assert_eq!((&told["events"], &told["version"]), (&json!(2), &json!(5)));
}

#[test]
fn files_of_every_format_are_learned_alike() {
    let place = Place::new();
    let csv = "a,b,ok,who\n1,2,true,x\n2,,false,y\n3,1,true,z\n";
    let csv = place.write("some.csv", csv);
    let flat =
        "{\"a\":1,\"b\":2,\"ok\":true}\n\n{\"a\":2,\"ok\":false}\n{\"a\":3,\"b\":1,\"ok\":true}\n";
    let flat = place.write("flat.jsonl", flat);
    let (stream, file) = arrow(&place);
    let mut weights = Vec::new();
    for (name, path, more) in [
        ("csv", &csv, ["--id", "who"].as_slice()),
        ("ndjson", &flat, &[]),
        ("stream", &stream, &[]),
        ("file", &file, &[]),
    ] {
        place.born(name);
        let mut args = vec!["learn", name, str_of(path), "--target", "ok", "--json"];
        args.extend(more);
        assert_eq!(place.run(&args).ok().json()["events"], 3, "{name}");
        weights.push(place.run(&["show", name, "--json"]).ok().json()["top_weights"].clone());
    }
    assert!(weights.windows(2).all(|w| w[0] == w[1]), "{weights:?}");
    let args = ["eval", "--spec", LINEAR, "--data", str_of(&csv), "--target", "ok"];
    place.run(&args).fails(7, "line 2, event 0: feature \"who\" is a text");
}

/// The same three records as an Arrow stream and as an Arrow file.
fn arrow(place: &Place) -> (std::path::PathBuf, std::path::PathBuf) {
    use arrow_array::{ArrayRef, BooleanArray, Float64Array, Int32Array, RecordBatch};
    use std::sync::Arc;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new(Int32Array::from(vec![1, 2, 3]))),
        ("b", Arc::new(Float64Array::from(vec![Some(2.0), None, Some(1.0)]))),
        ("ok", Arc::new(BooleanArray::from(vec![true, false, true]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let (stream, file) = (place.path("some.arrows"), place.path("some.arrow"));
    let mut to = arrow_ipc::writer::StreamWriter::try_new(
        std::fs::File::create(&stream).unwrap(),
        &batch.schema(),
    )
    .unwrap();
    to.write(&batch).unwrap();
    to.finish().unwrap();
    let mut to = arrow_ipc::writer::FileWriter::try_new(
        std::fs::File::create(&file).unwrap(),
        &batch.schema(),
    )
    .unwrap();
    to.write(&batch).unwrap();
    to.finish().unwrap();
    (stream, file)
}

#[test]
fn a_spec_is_validated_on_a_file() {
    let place = Place::new();
    let data = place.write("some.ndjson", &events(0, 500));
    let spec = place.write("spec.toml", "model = ['StandardScaler', 'LogisticRegression']\n");
    let args =
        ["eval", "--spec", str_of(&spec), "--data", str_of(&data), "--target", "y", "--json"];
    let told = place.run(&args).ok().json();
    assert_eq!(told["events"], 500);
    assert!(told["metrics"]["Accuracy"].as_f64().unwrap() > 0.9, "{told}");
    assert!(told["metrics"]["LogLoss"].is_f64() && told["updates_per_s"].is_f64());
    let mut more = args.to_vec();
    more.extend(["--metric", "F1", "--metric", "ROCAUC", "--delay", "10"]);
    let metrics = place.run(&more).ok().json()["metrics"].clone();
    assert_eq!(metrics.as_object().unwrap().keys().collect::<Vec<_>>(), ["F1", "ROCAUC"]);
    let regression = r#"["StandardScaler", "LinearRegression"]"#;
    let numbers = place.write("n.csv", "a,y\n1,2.5\n2,4\n3,5.5\n");
    let told = place
        .run(&["eval", "--spec", regression, "--data", str_of(&numbers), "--target", "y", "--json"])
        .ok()
        .json();
    assert!(told["metrics"]["MAE"].is_f64() && told["metrics"]["RMSE"].is_f64());
}

#[test]
fn what_is_there_is_told() {
    let place = Place::new();
    let models = place.run(&["models", "--json"]).ok().lines();
    assert!(models.len() > 20, "{}", models.len());
    let one = place.run(&["models", "LogisticRegression", "--json"]).ok().json();
    let has = |name: &str| one["params"].as_array().unwrap().iter().any(|p| p["name"] == name);
    assert!(has("optimizer") && has("l2"), "{one}");
    assert_eq!(one["merge"]["how"], "deltas", "{one}");
    assert!(place.run(&["models", "linear_model"]).ok().out.contains("LogisticRegression"));
    let text = place.run(&["models", "StandardScaler"]).ok().out;
    assert!(text.contains("preprocessing") && text.contains("with_std"), "{text}");
    assert!(text.contains("exact: count, sum and sum of squares"), "{text}");

    let config = place.run(&["config", "show", "--origin", "--json"]).ok().json();
    assert!(config.to_string().contains("HER_DATA_DIR"), "{config}");
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.run(&["completions", shell]).ok().out.contains("learn"));
    }
    assert!(place.run(&["man"]).ok().out.starts_with(".ie"));
    assert!(place.run(&["man", "learn"]).ok().out.contains("\\-\\-target"));

    let nothing = place.run(&["doctor", "--json"]).ok().json();
    assert_eq!((&nothing["exists"], &nothing["troubles"]), (&json!(false), &json!([])));
    place.born("eve");
    let doctor = place.run(&["doctor", "--json"]).ok().json();
    assert_eq!((&doctor["identities"], &doctor["in_use"]), (&json!(1), &json!(false)));
    assert!(doctor["journals"].as_array().is_some_and(|j| !j.is_empty()));
    assert!(doctor["free_bytes"].as_u64().is_some());
}

#[test]
fn text_for_people_is_plain_and_aligned() {
    let place = Place::new();
    place.born("eve");
    place.feed(&["learn", "eve", "--format", "ndjson"], &events(0, 300)).ok();
    for args in
        [vec!["list"], vec!["show", "eve"], vec!["models"], vec!["log", "eve"], vec!["doctor"]]
    {
        let ran = place.run(&args).ok();
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{args:?} has colour");
        assert!(ran.out.lines().all(|l| l == l.trim_end()), "{args:?} has spaces at line ends");
    }
    let list = place.run(&["list"]).ok().out;
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("name  task    version  learned"), "{list}");
    assert!(lines[1].starts_with("eve   binary      301      300"), "{list}");
}
