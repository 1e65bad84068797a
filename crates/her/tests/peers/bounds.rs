//! Bounds on peers, and what they were worth, between real servers.

use serde_json::{Value, json};

use super::places::{Many, name};
use super::{contributed, event};

/// An exchange, and what was refused in it.
fn refused_in(many: &Many, a: usize, b: usize) -> Vec<String> {
    let said = many.post(a, "sync", &json!({ "peer": name(b) }));
    let refused = said["exchanges"][0]["refused"].as_array().unwrap();
    refused.iter().map(|why| why.as_str().unwrap().to_owned()).collect()
}

fn both_know_each_other(many: &Many) {
    many.post(0, "peers", &json!({ "peer": name(1) }));
    many.post(1, "peers", &json!({ "peer": name(0) }));
}

#[test]
fn what_does_not_fit_into_the_day_waits_and_is_not_lost() {
    // Each knows the other; a row of these has some hundred bytes.
    let many = Many::begin(2, "sync.bytes_per_day = 1500", &json!("MultinomialNB"));
    both_know_each_other(&many);
    let (mut learned, mut waited) = (0, Vec::new());
    for _ in 0..40 {
        many.post(0, "learn", &event(learned));
        learned += 1;
        waited = refused_in(&many, 0, 1);
        if !waited.is_empty() {
            break;
        }
    }
    assert!(waited[0].contains("of 1500 bytes in 24 hours were sent to n1/sam"), "{waited:?}");
    assert!(waited[0].contains("rows that wait: 1, nothing is lost"), "{waited:?}");
    let told = many.get(0, "peers");
    let day = &told["pacts"][0]["last_day"];
    let used = day["sent_bytes"].as_u64().unwrap();
    assert!((1..=1500).contains(&used) && day["bytes_per_day"] == 1500, "{day}");
    assert!(contributed(&many.get(1, "peers")) < learned);
    // A restart does not begin a new day, nor does it forget what a peer was worth.
    let worth = || many.get(1, "peers")["contributions"][0]["worth"].clone();
    let before = worth();
    assert!(before["bytes"].as_u64().unwrap() > 0, "{before}");
    many.stop(0);
    many.stop(1);
    many.start_missing();
    assert_eq!(many.get(0, "peers")["pacts"][0]["last_day"]["sent_bytes"], used);
    assert_eq!(worth(), before);
    assert!(refused_in(&many, 0, 1)[0].contains("rows that wait: 1"));
    // With more room the rest comes.
    many.set(0, "sync.bytes_per_day = 0");
    many.set(1, "sync.bytes_per_day = 0");
    assert_eq!(refused_in(&many, 0, 1), Vec::<String>::new());
    let told = [0, 1].map(|n| many.get(n, "peers"));
    assert_eq!([contributed(&told[0]), contributed(&told[1])], [learned, learned]);
    assert_eq!(told[0]["hash"], told[1]["hash"]);
    assert_eq!(told[0]["pacts"][0]["last_day"]["bytes_per_day"], Value::Null);
}

#[test]
fn a_peer_that_diverged_is_refused_by_name_and_the_rest_goes_on() {
    let many = Many::begin(2, "sync.step_norm_max = 100.0", &json!("LinearRegression"));
    both_know_each_other(&many);
    for i in 0..8 {
        many.post(0, "learn", &json!({ "x": { "a": 1.0 }, "y": i }));
        many.post(1, "learn", &json!({ "x": { "a": 1e9 }, "y": 1e9 }));
    }
    let refused = refused_in(&many, 0, 1);
    let is_named = |why: &&String| why.contains("moved its model by") && !why.contains("there:");
    assert_eq!(refused.iter().filter(is_named).count(), refused.len(), "{refused:?}");
    assert!(!refused.is_empty());
    let told = [0, 1].map(|n| many.get(n, "peers"));
    // Node 1 has both rows, node 0 its own only.
    assert_eq!([contributed(&told[0]), contributed(&told[1])], [8, 16]);
}

#[test]
fn what_a_peer_was_worth_is_measured_by_the_readers_own_loss() {
    // Forty words, of which each node meets all, but the reader few of them by then.
    let many = Many::begin(2, "", &json!("MultinomialNB"));
    both_know_each_other(&many);
    let learn = |n: usize, i: u64| {
        let word = i.wrapping_mul(7919) % 40;
        let y = if word.is_multiple_of(2) { "even" } else { "odd" };
        many.post(n, "learn", &json!({ "x": { format!("w{word}"): 1 }, "y": y }));
    };
    (0..200).for_each(|i| learn(1, i));
    (0..4).for_each(|i| learn(0, i));
    many.exchange(0, 1).unwrap();
    for i in 0..60 {
        learn(0, i + 4);
        if i % 20 == 19 {
            many.exchange(0, 1).unwrap();
        }
    }
    let told = many.get(0, "peers");
    let rows = told["contributions"].as_array().unwrap();
    let row = rows.iter().find(|row| row["node"] == many.key(1)).unwrap();
    assert_eq!((&row["node_name"], &row["weight"]), (&json!("n1"), &json!("whole")), "{row}");
    let worth = &row["worth"];
    let figure = |key: &str| worth[key].as_f64().unwrap();
    // Read since the first exchange after which 16 events spoke: the events since then count.
    assert!(figure("gain_nats") > 0.1 && figure("events") >= 60.0, "{worth}");
    assert!(figure("bytes") > 100.0 && figure("rows") >= 1.0, "{worth}");
    let per_kb = figure("gain_nats") * 1e3 / figure("bytes");
    assert!((figure("nats_per_kb") - per_kb).abs() < 1e-9, "{worth}");
    assert!((figure("say_s") - figure("bytes") * 8.0 / 39.15).abs() < 1e-6, "{worth}");
    assert!((figure("speak_s") - figure("bytes") / 12.5).abs() < 1e-6, "{worth}");
    // What the losses say, which have a half-life that is long beside these few events.
    let losses: Vec<f64> =
        row["losses"].as_array().unwrap().iter().map(|loss| loss.as_f64().unwrap()).collect();
    assert!(figure("gain_nats") <= losses[0] - losses[2] + 1.0, "{row}");
    assert!(told["pacts"][0]["link_bytes_s"].as_f64().unwrap() > 0.0, "{told}");
    let metrics = many.text(0, "/metrics");
    let value = |metric: &str| -> f64 {
        let line = metrics.lines().find(|line| line.starts_with(metric)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let net = value("her_peer_gain_nats_total ") - value("her_peer_harm_nats_total ");
    assert!((net - figure("gain_nats")).abs() < 1e-6, "{net} {worth}");
    assert_eq!(value("her_peer_exchanges_total "), 4.0);
    assert!(value("her_peer_got_bytes_total ") >= figure("bytes"));
    assert!(value("her_peer_sent_bytes_total ") > 0.0);
    // The other side has sent and been sent the same, and began nothing.
    let there = &many.get(1, "peers")["pacts"][0]["since_start"];
    assert_eq!((&there["exchanges"], there["answered"].as_u64() > Some(4)), (&json!(0), true));
    let here = &told["pacts"][0]["since_start"];
    assert_eq!(
        (&here["sent_bytes"], &here["got_bytes"]),
        (&there["got_bytes"], &there["sent_bytes"])
    );
}
