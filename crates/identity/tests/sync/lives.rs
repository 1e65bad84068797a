//! Processes that end and begin: what a former life had not told.

use super::*;

#[test]
fn a_state_that_shares_is_saved_and_loaded_to_the_bit() {
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    let mut node = Node::new(1, &spec);
    let mut other = Node::new(2, &spec);
    let learn = |node: &mut Node, from: u64| {
        for i in from..from + 40 {
            let row = Row::from_json(&json!({"a": (i * 7919 % 101) as f64, "b": (i % 7) as f64}));
            let target = Target::Bool(i * 7919 % 101 > 50);
            node.turn(What::Learn { row: row.unwrap(), target, weight: 1.0 });
        }
    };
    node.codec = Codec::I8;
    learn(&mut node, 0);
    learn(&mut other, 1000);
    other.exchange(Vec::new());
    node.exchange(other.for_peer(&BTreeMap::new()));
    learn(&mut node, 40);
    let bytes = node.state.save();
    let mut loaded = Node {
        state: State::load(&bytes, &Catalog::builtin()).unwrap(),
        me: node.me,
        codec: node.codec,
    };
    assert_eq!(loaded.state.save(), bytes);
    for node in [&mut node, &mut loaded] {
        let mut exchange = Exchange::new(node.me, node.codec);
        exchange.weigh = true;
        node.turn(What::Sync(Box::new(exchange)));
        learn(node, 80);
    }
    assert_eq!(node.state.save(), loaded.state.save());
    let trust = node.state.shared().unwrap().trust()[&other.me.peer];
    assert!(trust.events > 39.0, "{trust:?}");
}

/// A process that was killed begins a new life: what it had not told is told once.
#[test]
fn a_new_life_tells_what_the_former_one_did_not() {
    let spec = json!("MultinomialNB");
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    (10..15).for_each(|i| node.learn(i));
    let closing = node.closing();
    node.me.life = 2;
    (15..18).for_each(|i| node.learn(i));
    let mut exchange = Exchange::new(node.me, Codec::I4);
    exchange.closing = Some(closing.clone());
    node.turn(What::Sync(Box::new(exchange.clone())));
    peer.exchange(node.for_peer(&BTreeMap::new()));
    let rows = peer.state.shared().unwrap().rows().values();
    assert_eq!(rows.map(|row| row.events).collect::<Vec<_>>(), [15, 3]);
    assert_alike(&peer.state, &pooled(&spec, 0..18));
    // Its present life can't be closed at a version that it has passed.
    let error = node.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
    assert!(error.unwrap_err().message.contains("no former life"));
}

/// Who only listened has no row. Its next life can exchange all the same, and so can that of one
/// that learned and was never asked.
#[test]
fn a_life_that_contributed_nothing_is_closed_too() {
    let spec = json!("MultinomialNB");
    let (mut node, mut other) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..5).for_each(|i| other.learn(i));
    other.exchange(Vec::new());
    node.exchange(other.for_peer(&BTreeMap::new()));
    let begin = |node: &mut Node, learned: Option<u64>| {
        let closing = node.closing();
        node.me.life += 1;
        if let Some(i) = learned {
            node.learn(i);
        }
        let mut exchange = Exchange::new(node.me, Codec::Exact);
        (exchange.closing, exchange.weigh) = (Some(closing), false);
        exchange.parts = other.for_peer(&BTreeMap::new());
        node.turn(What::Sync(Box::new(exchange)));
        node.state.shared().unwrap().rows().iter().map(|(o, r)| (o.life, r.events)).collect()
    };
    let rows: Vec<(u64, u64)> = begin(&mut node, Some(50));
    assert_eq!(rows, [(2, 1), (1, 5)], "the life that only listened has no row");
    node.me.life = 3;
    node.exchange(Vec::new());
    node.learn(51);
    let rows: Vec<(u64, u64)> = begin(&mut node, None);
    assert_eq!(rows, [(2, 1), (3, 1), (1, 5)], "what the third one learned is told as its own");
    assert_alike(&node.state, &pooled(&spec, (0..5).chain([50, 51])));
}

/// Its row of that number is with peers already: it does not change under them.
#[test]
fn a_life_that_ended_when_it_contributed_leaves_its_row_as_it_is() {
    let spec = json!({"model": ["StandardScaler", "LogisticRegression"]});
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    for i in 0..20_u64 {
        let x = Row::from_json(&json!({ "a": i * 37 % 101, "b": i % 7 })).unwrap();
        let target = Target::Bool(i * 37 % 101 > 50);
        node.turn(What::Learn { row: x, target, weight: 1.0 });
    }
    node.codec = Codec::I8;
    node.exchange(Vec::new());
    assert!(!node.state.shared().unwrap().residue().is_empty(), "rounding took something off");
    peer.exchange(node.for_peer(&BTreeMap::new()));
    let mut exchange = Exchange::new(Origin { life: 2, ..node.me }, Codec::Exact);
    exchange.closing = Some(node.closing());
    node.turn(What::Sync(Box::new(exchange)));
    assert!(node.state.shared().unwrap().residue().is_empty());
    peer.exchange(node.for_peer(&peer.vector()));
    assert_eq!(peer.hash(), node.hash());
}
