//! Nodes that are added while servers run: what they may do, and when they go.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::places::{Many, name};
use super::{contributed, event};

fn strangers() -> Many {
    Many::begin_with(2, "", &json!("MultinomialNB"), |_, _| false)
}

fn refused_to_exchange(many: &Many) -> String {
    many.exchange(0, 1).unwrap_err()
}

#[test]
fn two_strangers_exchange_without_a_restart() {
    let many = strangers();
    many.post(0, "learn", &event(1));
    many.post(1, "learn", &event(2));
    let wish = json!({ "peer": format!("{}/sam", many.url(1)), "as": name(1) });
    let said = many.post(0, "peers", &wish);
    assert_eq!((&said["added"]["name"], &said["away"]), (&json!("n1"), &Value::Null), "{said}");
    // The other one has to agree; what it takes is told.
    let there = format!("her peer add sam {}/sam", many.url(0));
    assert_eq!(said["there"], json!(there));
    let refused = refused_to_exchange(&many);
    assert!(refused.contains("does not know this one") && refused.contains(&there), "{refused}");
    // By its key alone: it comes, and is not called.
    let said = many.post(1, "peers", &json!({ "peer": many.key(0) }));
    assert_eq!(said["node"], json!(many.key(0)[..12]));
    let refused = many.refused(1, "sync", &json!({ "peer": many.key(0) }));
    assert!(refused.contains("has no address here"), "{refused}");
    let refused = many.refused(1, "peers", &json!({ "peer": many.key(0), "every_s": 1.0 }));
    assert!(refused.contains("sam can't begin"), "{refused}");
    many.exchange(0, 1).unwrap();
    let told = [0, 1].map(|n| many.get(n, "peers"));
    assert_eq!([contributed(&told[0]), contributed(&told[1])], [2, 2]);
    assert_eq!(told[0]["hash"], told[1]["hash"]);
    let pact = &told[0]["pacts"][0];
    assert_eq!((&pact["key"], &pact["added"]), (&json!(many.key(1)), &json!(true)), "{pact}");
    assert_eq!(json!(format!("{}/sam", many.url(0))), json!(there.rsplit(' ').next()));
    // Both know it after a restart still.
    many.kill(0);
    many.kill(1);
    many.start_missing();
    many.post(0, "learn", &event(3));
    many.exchange(0, 1).unwrap();
    assert_eq!(contributed(&many.get(1, "peers")), 3);
    // With the last pact goes the node.
    many.post(1, "peers/remove", &json!({ "peer": format!("{}/sam", many.key(0)) }));
    assert_eq!(many.get(1, "peers")["pacts"], json!([]));
    // The connection that was kept is closed; a new one is not let in.
    refused_to_exchange(&many);
    let refused = refused_to_exchange(&many);
    assert!(refused.contains("does not know this one"), "{refused}");
    let refused = many.refused(1, "sync", &json!({ "peer": many.key(0) }));
    assert!(refused.contains("no pact with"), "{refused}");
}

#[test]
fn who_was_added_to_exchange_moves_nothing_here() {
    // Node 0 has node 1 in its settings; there, it was only added as a peer.
    let many = Many::begin_with(2, "", &json!("MultinomialNB"), |a, b| (a, b) == (0, 1));
    many.put_one(0, "tom", &json!("MultinomialNB"));
    many.post_of(0, "tom", "learn", &event(1));
    many.post(1, "peers", &json!({ "peer": many.key(0) }));
    many.post(0, "peers", &json!({ "peer": name(1) }));
    many.exchange(0, 1).unwrap();
    let said = many.post_of(0, "tom", "depart", &json!({ "to": name(1), "dry_run": true }));
    assert_eq!(said["outcome"], "TARGET_NOT_READY", "{said}");
    let why = said["why"].as_str().unwrap();
    assert!(why.contains("exchange what identities learned and may do nothing else"), "{said}");
    let (status, said) = many.ask(1, "GET", "/v1/identities", None);
    assert_eq!((status, said.to_string().contains("tom")), (200, false), "{said}");
    let (_, said) = many.ask(0, "GET", "/v1/nodes", None);
    assert_eq!(said["nodes"][0]["ready"], false, "its load is not told either: {said}");
    // The other way round node 1 has no node 0 to move anything to.
    let refused = many.refused(1, "depart", &json!({ "to": many.key(0) }));
    assert!(refused.contains("no node"), "{refused}");
    many.exchange(0, 1).unwrap();
}

#[test]
fn a_peer_that_is_away_is_told_and_kept_and_what_is_wrong_is_named() {
    let many = strangers();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = format!("her://{}@{free}", "ab".repeat(32));
    let said = many.post(0, "peers", &json!({ "peer": away }));
    assert!(said["away"].as_str().unwrap().contains("is away"), "{said}");
    assert_eq!(many.get(0, "peers")["pacts"].as_array().unwrap().len(), 1);
    // Somebody else answers there: its key says so.
    let wrong = many.url(1).replace(&many.key(1), &"cd".repeat(32));
    let said = many.post(0, "peers", &json!({ "peer": wrong }));
    assert!(said["away"].as_str().unwrap().contains("is away"), "{said}");
    for (peer, says) in [
        (many.url(0), "of this node itself"),
        (away.replace(&free.to_string(), "127.0.0.1:1"), "has this key and is at"),
        (away.replace("abab", "ab"), "is not 64 hex digits"),
        (format!("{away}/"), "names no identity"),
        ("her://127.0.0.1:7401".to_owned(), "names no key"),
    ] {
        let refused = many.refused(0, "peers", &json!({ "peer": peer }));
        assert!(refused.contains(says), "{peer}: {refused}");
    }
}

#[test]
fn two_that_begin_at_once_both_get_through() {
    let many = Many::begin(2, "", &json!("MultinomialNB"));
    many.post(0, "peers", &json!({ "peer": name(1) }));
    many.post(1, "peers", &json!({ "peer": name(0) }));
    for i in 0..25 {
        many.post(0, "learn", &event(2 * i));
        many.post(1, "learn", &event(2 * i + 1));
        let both = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            let begin = |a, b| {
                both.wait();
                many.exchange(a, b)
            };
            let other = scope.spawn(move || begin(1, 0));
            begin(0, 1).unwrap();
            other.join().unwrap().unwrap();
        });
    }
    many.exchange(0, 1).unwrap();
    let told = [0, 1].map(|n| many.get(n, "peers"));
    assert_eq!([contributed(&told[0]), contributed(&told[1])], [50, 50]);
    assert_eq!(told[0]["hash"], told[1]["hash"]);
}
