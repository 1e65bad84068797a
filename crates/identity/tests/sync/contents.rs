//! What a part holds: sums or events, how it is rounded, and what is refused.

use super::*;

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut node = Node::new(1, &json!("MultinomialNB"));
    let mut other = Node::new(2, &json!("MultinomialNB"));
    (0..9).for_each(|i| {
        node.learn(i);
        other.learn(i + 100);
    });
    other.exchange(Vec::new());
    let part = other.for_peer(&BTreeMap::new()).remove(0);
    let before = node.state.save();
    let mut refused = |parts: Vec<Part>| {
        let mut exchange = Exchange::new(node.me, Codec::Exact);
        exchange.parts = parts;
        let error = node.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
        assert_eq!(node.state.save(), before);
        error.unwrap_err().message
    };
    let other_hash = Part { hash: [9; 32], ..part.clone() };
    assert!(refused(vec![other_hash]).contains("not what its origin signed"));
    assert!(refused(vec![part.clone(); 65]).contains("an exchange of 65 parts"));
    let tree = Node::new(3, &json!("HoeffdingTreeClassifier"));
    let mut exchange = Exchange::new(tree.me, Codec::Exact);
    exchange.parts = vec![part];
    let mut state = tree.state;
    let error = state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
    assert!(error.unwrap_err().message.contains("send its peers the events"));
}

#[test]
fn parts_and_exchanges_come_back_from_their_bytes_and_damage_is_refused() {
    let mut node = Node::new(1, &json!("MultinomialNB"));
    (0..50).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let part = node.for_peer(&BTreeMap::new()).remove(0);
    let bytes = part.to_bytes();
    assert_eq!(Part::from_bytes(&bytes).unwrap(), part);
    for at in 0..bytes.len() {
        // Whatever it is, it does not come in as something that was signed.
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        if let Ok(other) = Part::from_bytes(&damaged) {
            let mut peer = Node::new(2, &json!("MultinomialNB"));
            let same = other.content == part.content;
            let mut exchange = Exchange::new(peer.me, Codec::Exact);
            exchange.parts.push(other);
            let turned =
                peer.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
            assert!(same || turned.is_err() || peer.seen() == 0, "byte {at}");
        }
        assert!(Part::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
    }
}

/// What a peer that has `theirs` gets, as events where the newest contribution is of events.
fn by_events(node: &Node, theirs: &BTreeMap<Origin, u64>) -> Vec<Part> {
    let lesson = node.state.lesson().expect("a contribution by events");
    let mut parts = node.for_peer(theirs);
    let part = parts.iter_mut().find(|part| part.origin == lesson.origin).unwrap();
    assert_eq!((lesson.from, lesson.to), (theirs.get(&node.me).copied().unwrap_or(0), part.to));
    (part.from, part.content) = (lesson.from, Content::Events(lesson.events.clone()));
    parts
}

#[test]
fn events_told_become_the_same_rows_as_sums() {
    for spec in [
        json!("MultinomialNB"),
        json!({"pipeline": ["StandardScaler", "LogisticRegression"]}),
        json!("BayesianLinearRegression"),
    ] {
        let spec = if spec.is_string() { spec } else { spec["pipeline"].clone() };
        let binary = spec.is_array();
        let learn = |node: &mut Node, i: u64| {
            let (row, target) = row(i);
            let target = match &spec {
                _ if binary => Target::Bool(i.is_multiple_of(3)),
                spec if *spec == json!("MultinomialNB") => target,
                _ => Target::Number(i as f64 / 7.0),
            };
            let weight = if i.is_multiple_of(4) { 2.0 } else { 1.0 };
            node.turn(What::Learn { row, target, weight });
        };
        let mut nodes = [1, 2, 3].map(|n| Node::new(n, &spec));
        for node in &mut nodes {
            node.exchange(Vec::new());
        }
        for round in 0..4_u64 {
            for (n, node) in (0_u64..).zip(&mut nodes) {
                (0..20 + round).for_each(|i| learn(node, 1_000 * n + 100 * round + i));
                node.codec = if round == 3 { Codec::F32 } else { Codec::Events };
            }
            let [a, b, c] = &mut nodes;
            a.exchange(Vec::new());
            // The one learns what it is told, the other takes the sums.
            let told = if round == 3 {
                assert!(a.state.lesson().is_none());
                a.for_peer(&b.vector())
            } else {
                by_events(a, &b.vector())
            };
            b.exchange(told);
            c.exchange(a.for_peer(&c.vector()));
            assert_eq!(
                b.state.shared().unwrap().rows()[&a.me].hash,
                a.state.shared().unwrap().rows()[&a.me].hash,
                "{spec}"
            );
            // By events, who learned nothing contributes nothing: what rounding left stays.
            for node in &mut nodes {
                node.codec = Codec::Events;
            }
            for (from, to) in [(1, 0), (2, 0), (0, 1), (0, 2), (2, 1), (1, 2)] {
                let parts = nodes[from].for_peer(&nodes[to].vector());
                nodes[to].exchange(parts);
            }
            assert_eq!(nodes[0].hash(), nodes[1].hash(), "round {round} of {spec}");
            assert_eq!(nodes[0].hash(), nodes[2].hash(), "round {round} of {spec}");
        }
    }
}

#[test]
fn events_that_are_told_wrongly_are_refused() {
    let spec = json!("MultinomialNB");
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    node.exchange(Vec::new());
    (0..9).for_each(|i| node.learn(i));
    node.codec = Codec::Events;
    node.exchange(Vec::new());
    let part = by_events(&node, &peer.vector()).remove(0);
    let before = peer.state.save();
    let written = |events: &[Event]| {
        let mut batch = her_identity::event::Batch::default();
        assert!(events.iter().all(|event| batch.push(event)));
        batch.take()
    };
    let mut refused = |events: Vec<u8>| {
        let content = Content::Events(events.into());
        let mut exchange = Exchange::new(peer.me, Codec::Exact);
        exchange.parts = vec![Part { content, ..part.clone() }];
        let error = peer.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
        assert_eq!(peer.state.save(), before);
        error.unwrap_err().message
    };
    let learn = |i| {
        let (row, target) = row(i);
        event(What::Learn { row, target, weight: 1.0 })
    };
    let eight: Vec<Event> = (0..8).map(learn).collect();
    assert!(refused(written(&eight)).contains("not what its origin signed"));
    // No frame of ours holds so many.
    let (one, two) = (written(&[learn(1)]), written(&[learn(1), learn(1)]));
    let many = [&one[..], &two[one.len()..].repeat(256)].concat();
    assert!(refused(many).contains("more than 256 events"));
    assert!(refused(written(&[event(What::Freeze)])).contains("none of learning"));
    let (row, _) = row(1);
    let number = What::Learn { row, target: Target::Number(0.5), weight: 1.0 };
    assert!(!refused(written(&[event(number)])).is_empty());
    let exchange = Exchange { parts: vec![part], ..Exchange::new(peer.me, Codec::Exact) };
    peer.turn(What::Sync(Box::new(exchange)));
    assert_eq!(peer.seen(), 9, "as it was told, it is taken");
}

#[test]
fn more_events_than_one_part_takes_go_as_numbers_and_offers_tell_what_they_keep() {
    let spec = json!(["StandardScaler", "LogisticRegression"]);
    let mut node = Node::new(1, &spec);
    let learn = |node: &mut Node, i: u64| {
        let row = Row::from_json(&json!({ "a": (i * 7919 % 13) as f64, "b": 1.0 })).unwrap();
        let target = Target::Bool(i * 7919 % 13 > 6);
        node.turn(What::Learn { row, target, weight: 1.0 });
    };
    node.exchange(Vec::new());
    assert!(node.state.offers(&mut Desk::default()).unwrap().iter().all(|o| o.gain_kept.is_none()));
    (0..200).for_each(|i| learn(&mut node, i));
    let offers = node.state.offers(&mut Desk::default()).unwrap();
    let kept = |codec| offers.iter().find(|o| o.codec == codec).unwrap().gain_kept.unwrap();
    assert_eq!(offers.len(), 6);
    assert_eq!(kept(Codec::Exact), 1.0);
    assert!(kept(Codec::F32) > 0.9999 && kept(Codec::Events) > 0.97, "{}", kept(Codec::Events));
    assert!(kept(Codec::TopK) < kept(Codec::I8));
    (200..300).for_each(|i| learn(&mut node, i));
    let offers = node.state.offers(&mut Desk::default()).unwrap();
    assert!(offers.iter().all(|offer| offer.codec != Codec::Events), "300 events are too many");
    node.codec = Codec::Events;
    node.exchange(Vec::new());
    assert!(node.state.lesson().is_none());
}

/// Codecs are judged by the whole time since the last exchange: by the newest events alone, which
/// have nothing to learn from here, nothing could be said of them.
#[test]
fn what_a_codec_keeps_is_told_by_old_events_too() {
    let still = json!({"LogisticRegression": {"intercept_lr": 0.0}});
    let mut node = Node::new(1, &still);
    node.exchange(Vec::new());
    let mut learn = |x: Value, y| {
        let row = Row::from_json(&x).unwrap();
        node.turn(What::Learn { row, target: Target::Bool(y), weight: 1.0 });
    };
    (0..500).for_each(|i| learn(json!({ "a": if i % 2 == 0 { 1.0 } else { -1.0 } }), i % 2 == 0));
    (0..300).for_each(|i| learn(json!({}), i % 2 == 0));
    let told = |state: &State| {
        let offers = state.offers(&mut Desk::default()).unwrap();
        offers.into_iter().map(|offer| offer.gain_kept).collect::<Vec<_>>()
    };
    let kept = told(&node.state);
    assert!(kept.iter().all(|kept| kept.is_some_and(|kept| kept > 0.9)), "{kept:?}");
    // A process that began since has the newest ones, which are state.
    let loaded = State::load(&node.state.save(), &Catalog::builtin()).unwrap();
    assert!(told(&loaded).iter().all(Option::is_none));
}
