//! After warm-up, neither a step nor a prediction allocates.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(unsafe_code, reason = "a global allocator that counts can't be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use her_learn::row::{Kind, Shape};
use her_learn::stream::{Event, csv, ndjson};
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target, Task};
use serde_json::{Value, json};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends may allocate when its counter is gone already; no test counts there.
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call is handed on to the system's allocator as it came; counting touches no
// memory but a thread-local integer that needs no allocation itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract, which is System's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from System with this layout, for nothing else gives out memory here.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as for `dealloc`, and the caller keeps the contract on `size`.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1u8; 100]))), 1);
    assert_eq!(allocations(|| ()), 0);
}

fn mix(i: u64) -> u64 {
    let z = i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 32)
}

fn target(task: Task, i: u64) -> Target {
    match task {
        Task::Binary | Task::Anomaly | Task::Clustering => Target::Bool(mix(i).is_multiple_of(3)),
        Task::Multiclass => Target::Number((mix(i) % 3) as f64),
        Task::Regression => Target::Number((mix(i) % 100) as f64 / 10.0),
    }
}

/// All columns, always.
fn dense() -> Vec<Row> {
    let names = (0..20).map(|k| (format!("f{k}"), Kind::Number));
    let shape = Arc::new(Shape::new(names).unwrap());
    (0..64)
        .map(|i| {
            let mut row = Row::new(Arc::clone(&shape));
            (0..20).for_each(|k| row.push_number((mix(i * 20 + k) % 100) as f64 / 50.0));
            row
        })
        .collect()
}

/// Every event lacks other columns.
fn sparse() -> Vec<Row> {
    (0..64)
        .map(|i| {
            let kept = (0..20).filter(|k| !mix(i * 31 + k).is_multiple_of(3)).collect::<Vec<_>>();
            let names = kept.iter().map(|k| (format!("f{k}"), Kind::Number));
            let mut row = Row::new(Arc::new(Shape::new(names).unwrap()));
            for k in kept {
                row.push_number((mix(i * 20 + k) % 100) as f64 / 50.0);
            }
            row
        })
        .collect()
}

/// A number, a category and a sentence.
fn texts() -> Vec<Row> {
    let words = ["river", "flows", "twice", "same", "never", "the", "into", "man"];
    let columns = [("a", Kind::Number), ("colour", Kind::Text), ("text", Kind::Text)];
    let shape = Arc::new(Shape::new(columns).unwrap());
    (0..64)
        .map(|i| {
            let mut row = Row::new(Arc::clone(&shape));
            row.push_number((mix(i) % 7) as f64);
            row.push_text(["red", "green", "blue"][mix(i + 1) as usize % 3]);
            let sentence = (0..=(mix(i) % 6)).map(|k| words[mix(i * 9 + k) as usize % 8]);
            row.push_text(&sentence.collect::<Vec<_>>().join(" "));
            row
        })
        .collect()
}

/// The first event after warm-up at which a step or a prediction allocates.
fn check(spec: &Value, rows: &[Row]) -> Result<(), String> {
    let mut model = Model::new(spec, &Catalog::builtin()).map_err(|e| e.to_string())?;
    let (mut out, mut scratch) = (Prediction::default(), Scratch::default());
    let targets: Vec<Target> = (0..640).map(|i| target(model.task(), i)).collect();
    let mut step = |i: usize| {
        let (row, y) = (&rows[i % rows.len()], &targets[i]);
        let mut result = Ok(());
        let n = allocations(|| {
            result = model
                .step(row, y, 1.0, &mut out, &mut scratch)
                .and_then(|()| model.predict(row, &mut out, &mut scratch));
        });
        result.map(|()| n).map_err(|e| e.to_string())
    };
    for i in 0..320 {
        step(i)?;
    }
    for i in 320..640 {
        match step(i)? {
            0 => {}
            n => return Err(format!("{n} allocations at event {i}")),
        }
    }
    Ok(())
}

#[test]
fn the_loop_does_not_allocate() {
    let numbers = [
        json!("LinearRegression"),
        json!("LogisticRegression"),
        json!(["StandardScaler", "LinearRegression"]),
        json!(["StandardScaler", "LogisticRegression"]),
        json!(["StandardScaler", {"LogisticRegression": {"l2": 0.1}}]),
        json!(["MinMaxScaler", {"LogisticRegression": {"optimizer": {"Adam": {}}}}]),
        json!(["StandardScaler", {"LogisticRegression": {"optimizer": {"AdaGrad": {}}}}]),
        json!(["StandardScaler", {"LogisticRegression": {"optimizer": {"FTRLProximal": {}}}}]),
        json!(["StandardScaler", "PAClassifier"]),
        json!(["StandardScaler", "SoftmaxRegression"]),
        json!(["StandardScaler", {"OneVsRestClassifier": {"classifier": "LogisticRegression"}}]),
        json!("BayesianLogisticRegression"),
        json!("GaussianNB"),
        json!("MultinomialNB"),
        json!({"HoeffdingTreeClassifier": {"grace_period": 20}}),
        json!({"HoeffdingTreeRegressor": {"grace_period": 20, "delta": 1e-300}}),
        json!({"AMFClassifier": {"max_nodes": 101}}),
        json!({"AMFRegressor": {"max_nodes": 101}}),
        json!({"KNNClassifier": {"engine": "LazySearch"}}),
        json!({"KNNRegressor": {"engine": "LazySearch", "aggregation_method": "median"}}),
    ];
    let with_texts = [
        json!(["OneHotEncoder", "LogisticRegression"]),
        json!([{"BagOfWords": {"on": "text"}}, {"Discard": ["colour"]}, "LogisticRegression"]),
        json!([{"FeatureHasher": {"n_features": 64}}, "LogisticRegression"]),
        json!([{"BagOfWords": {"on": "text"}}, "MultinomialNB"]),
        json!([{"Discard": ["text"]}, {"HoeffdingTreeClassifier": {"grace_period": 20}}]),
    ];
    let (mut run, mut failures) = (0, Vec::new());
    let streams = [("dense", dense(), &numbers[..]), ("sparse", sparse(), &numbers[..])];
    let streams = streams.into_iter().chain([("texts", texts(), &with_texts[..])]);
    for (stream, rows, specs) in streams {
        for spec in specs {
            match check(spec, &rows) {
                Ok(()) => run += 1,
                Err(e) => failures.push(format!("{stream} {spec}: {e}")),
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(run, 2 * numbers.len() + with_texts.len());
}

#[test]
fn metrics_of_two_classes_do_not_allocate() {
    use her_learn::metrics::{Observation, build};
    let classes = [her_learn::Label::Bool(false), her_learn::Label::Bool(true)];
    let specs = ["Accuracy", "Precision", "Recall", "F1", "MCC", "LogLoss", "CrossEntropy"];
    let more = [json!("ROCAUC"), json!({"ExactROCAUC": {"window_size": 64}})];
    let rolling = json!({"RollingMetric": {"obj": "LogLoss", "window_size": 64}});
    for spec in specs.map(Value::from).into_iter().chain(more).chain([rolling]) {
        let mut metric = build(&spec, &Catalog::builtin()).unwrap();
        for i in 0..512 {
            let p = (mix(i) % 1000) as f64 / 1000.0;
            let (y, predicted, proba) = (u32::from(p > 0.4), u32::from(p > 0.5), [1.0 - p, p]);
            let seen = Observation::Class { y, proba: &proba, predicted, classes: &classes };
            let n = allocations(|| metric.update(seen, 1.0));
            assert!(n == 0 || i < 256, "{spec}: {n} allocations at event {i}");
        }
    }
}

#[test]
fn decoders_do_not_allocate() {
    let (mut json, mut csv) = (ndjson::Decoder::events(), csv::Decoder::new("y").id("id"));
    let mut event = Event::default();
    csv.decode(b"a,b,t,id,y", &mut event).unwrap();
    // Two shapes in turn, three kinds of targets, the same classes and ids again and again.
    let lines: [(&[u8], &[u8]); 3] = [
        (br#"{"x":{"a":1,"b":2.5,"t":"u"},"y":"cat","id":"7"}"#, b"1,2.5,u,7,cat"),
        (br#"{"x":{"a":1,"b":2.5,"t":"v"},"y":"cat","id":"7"}"#, b"1,2.5,v,7,cat"),
        (br#"{"x":{"a":-1,"b":1e3,"t":"w"},"y":"cat","id":"7","w":2}"#, b"-1,1e3,w,7,cat"),
    ];
    for i in 0..60 {
        let (a, b) = lines[i % 3];
        let n = allocations(|| {
            json.decode(a, &mut event).unwrap();
            csv.decode(b, &mut event).unwrap();
        });
        assert!(n == 0 || i < 10, "{n} allocations at line {i}");
    }
}
