//! Peers over a network that loses, repeats and parts; and what is taken back.

use super::*;

#[test]
fn eight_peers_end_in_the_same_bytes_whatever_the_network_does() {
    let spec = json!("MultinomialNB");
    let mut chance = Chance(7);
    let mut nodes: Vec<Node> = (0..8).map(|n| Node::new(n, &spec)).collect();
    let mut learned = Vec::new();
    let mut backup = None;
    for round in 0..60_u64 {
        for node in &mut nodes {
            for _ in 0..chance.below(4) {
                let i = learned.len() as u64;
                learned.push(i);
                node.learn(i);
            }
        }
        if round == 20 {
            // Node 3 is copied here, with something that it has not told yet, and comes back as it
            // was then.
            nodes[3].exchange(Vec::new());
            let i = learned.len() as u64;
            learned.push(i);
            nodes[3].learn(i);
            backup = Some((nodes[3].state.save(), nodes[3].me));
        }
        if round == 40 {
            let (bytes, me) = backup.take().unwrap();
            let state = State::load(&bytes, &Catalog::builtin()).unwrap();
            // What it had learned and told somebody comes back from them; it told all.
            nodes[3].exchange(Vec::new());
            let told = nodes[3].for_peer(&BTreeMap::new());
            nodes[5].exchange(told);
            nodes[3] = Node { state, me: Origin { life: 2, ..me }, codec: Codec::Exact };
            let closing = nodes[3].closing();
            let i = learned.len() as u64;
            learned.push(i);
            nodes[3].learn(i);
            let mut exchange = Exchange::new(nodes[3].me, Codec::Exact);
            (exchange.weigh, exchange.closing) = (false, Some(closing));
            nodes[3].turn(What::Sync(Box::new(exchange)));
        }
        for a in 0..8_usize {
            let b = chance.below(8) as usize;
            // The halves are cut off from one another for a while; most contacts fail anyway.
            let cut = (25..45).contains(&round) && (a < 4) != (b < 4);
            if a == b || cut || chance.below(10) < 6 {
                continue;
            }
            let mut parts = nodes[a].for_peer(&nodes[b].vector());
            // Repeated, and in another order.
            parts.extend(parts.clone().into_iter().rev().collect::<Vec<_>>());
            nodes[b].exchange(parts);
        }
    }
    for node in &mut nodes {
        node.exchange(Vec::new());
    }
    let mut rounds = 0;
    while nodes.iter().any(|node| node.hash() != nodes[0].hash()) {
        rounds += 1;
        assert!(rounds <= 40, "no agreement after {rounds} rounds");
        for a in 0..8_usize {
            let b = chance.below(8) as usize;
            if a != b && chance.below(10) >= 6 {
                let parts = nodes[a].for_peer(&nodes[b].vector());
                nodes[b].exchange(parts);
            }
        }
    }
    let want = pooled(&spec, learned.iter().copied());
    for node in &nodes {
        assert_eq!(node.seen(), learned.len() as u64, "every update is there once");
        assert_alike(&node.state, &want);
    }
}

/// Jubatus lost what arrived between taking the difference and its acknowledgement: issue 840.
#[test]
fn jubatus_840_updates_while_a_contribution_is_on_its_way_are_kept() {
    let mut node = Node::new(1, &json!("MultinomialNB"));
    let mut peer = Node::new(2, &json!("MultinomialNB"));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let on_its_way = node.for_peer(&BTreeMap::new());
    (10..20).for_each(|i| node.learn(i));
    peer.exchange(on_its_way);
    node.exchange(peer.for_peer(&node.vector()));
    peer.exchange(node.for_peer(&peer.vector()));
    assert_eq!((peer.seen(), node.seen()), (20, 20));
    assert_alike(&peer.state, &node.state);
}

/// Jubatus counted twice, or parted for ever, when a broadcast reached only some: issue 470.
#[test]
fn jubatus_470_a_contribution_that_reached_only_some_is_counted_once_by_all() {
    let mut nodes: Vec<Node> = (0..3).map(|n| Node::new(n, &json!("MultinomialNB"))).collect();
    (0..9).for_each(|i| nodes[0].learn(i));
    nodes[0].exchange(Vec::new());
    let parts = nodes[0].for_peer(&BTreeMap::new());
    // It reaches one of two, and is sent to both again, as nobody knows.
    nodes[1].exchange(parts.clone());
    for n in [1, 2, 1] {
        nodes[n].exchange(parts.clone());
    }
    assert_eq!(nodes.iter().map(Node::seen).collect::<Vec<_>>(), [9, 9, 9]);
    assert!(nodes.iter().all(|node| node.hash() == nodes[0].hash()));
}

#[test]
fn a_peer_that_was_retracted_leaves_no_bit_behind() {
    let spec = json!("MultinomialNB");
    let mut with = Node::new(1, &spec);
    let mut without = Node::new(1, &spec);
    let mut other = Node::new(2, &spec);
    (0..30).for_each(|i| other.learn(i));
    other.exchange(Vec::new());
    (30..60).for_each(|i| {
        with.learn(i);
        without.learn(i);
    });
    with.exchange(other.for_peer(&BTreeMap::new()));
    without.exchange(Vec::new());
    assert_ne!(opinions(&with.state), opinions(&without.state));
    let mut exchange = Exchange::new(with.me, Codec::Exact);
    exchange.retract.push(other.me.peer);
    with.turn(What::Sync(Box::new(exchange)));
    without.exchange(Vec::new());
    assert_eq!(opinions(&with.state), opinions(&without.state), "to the bit");
    assert_eq!(with.hash(), without.hash());
    // It does not come back by itself.
    with.exchange(other.for_peer(&with.vector()));
    assert_eq!(with.hash(), without.hash());
}

#[test]
fn what_was_rewound_is_taken_back_from_every_peer() {
    let spec = json!("MultinomialNB");
    let (mut node, mut peer) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let then = node.state.save();
    (10..20).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    peer.exchange(node.for_peer(&BTreeMap::new()));
    assert_eq!(peer.seen(), 20);
    // It goes back, by which its branch has another id, and learns something else.
    let before = node.me.peer;
    node.state = State::load(&then, &Catalog::builtin()).unwrap();
    node.me.peer.identity = IdentityId([77; 16]);
    (20..25).for_each(|i| node.learn(i));
    let mut exchange = Exchange::new(node.me, Codec::Exact);
    exchange.left.push(before);
    node.turn(What::Sync(Box::new(exchange)));
    peer.exchange(node.for_peer(&peer.vector()));
    node.exchange(peer.for_peer(&node.vector()));
    assert_eq!((peer.seen(), node.seen()), (15, 15));
    assert_eq!(peer.hash(), node.hash());
    assert_alike(&peer.state, &pooled(&spec, (0..10).chain(20..25)));
}

/// What an identity learned before it moved to another node stays its own through a rewind there.
#[test]
fn a_rewind_after_a_move_keeps_what_was_learned_before_the_move() {
    let spec = json!("MultinomialNB");
    let mut node = Node::new(1, &spec);
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    node.me.peer.key = [9; 32];
    (10..15).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    let before = node.me.peer;
    node.me.peer.identity = IdentityId([77; 16]);
    let mut exchange = Exchange::new(node.me, Codec::Exact);
    exchange.left.push(before);
    node.turn(What::Sync(Box::new(exchange)));
    assert_alike(&node.state, &pooled(&spec, 0..15));
}

/// Read whole by an exchange that does not weigh, it is read on until own events speak.
#[test]
fn a_peer_that_is_read_whole_stays_so_until_own_events_speak_against_it() {
    let spec = json!("MultinomialNB");
    let (mut node, mut other) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..40).for_each(|i| other.learn(i));
    other.exchange(Vec::new());
    node.exchange(other.for_peer(&BTreeMap::new()));
    assert_alike(&node.state, &pooled(&spec, 0..40));
    node.learn(41);
    node.turn(What::Sync(Box::new(Exchange::new(node.me, Codec::Exact))));
    let trust = node.state.shared().unwrap().trust()[&other.me.peer];
    assert_eq!((trust.weight, trust.events), (Weight::Whole, 1.0));
    assert_alike(&node.state, &pooled(&spec, (0..40).chain([41])));
}

/// A label by four features, with noise, and which peer it is for.
fn noisy(i: u64, chance: &mut Chance) -> What {
    let mut x: Vec<f64> = (0..4).map(|_| chance.below(2001) as f64 / 1000.0 - 1.0).collect();
    let sum: f64 = x.iter().zip([1.0, -1.0, 0.5, 0.0]).map(|(x, w)| x * w).sum();
    let y = (sum + chance.below(2001) as f64 / 1000.0 - 1.0) > 0.0;
    x.push(i as f64 / 1e9);
    let names = ["a", "b", "c", "d", "e"].into_iter();
    let row = names.zip(x).map(|(name, x)| (name.to_owned(), x.into())).collect();
    let row = Row::from_json(&Value::Object(row)).unwrap();
    What::Learn { row, target: Target::Bool(y), weight: 1.0 }
}

/// What the first of eight loses on what comes next, when all exchange each so many events.
fn steps(lr: f64, means: bool, each: u64) -> (f64, Node) {
    let spec = json!({"LogisticRegression": {"optimizer": {"SGD": {"lr": lr}}}});
    let mut nodes: Vec<Node> = (0..8).map(|n| Node::new(n, &spec)).collect();
    let (mut chance, mut loss) = (Chance(11), 0.0);
    for i in 0..600 {
        for (n, node) in nodes.iter_mut().enumerate() {
            let event = noisy(i, &mut chance);
            if n == 0
                && let What::Learn { row, target, .. } = &event
            {
                let answer = node.state.predict(row, &mut Desk::default()).unwrap();
                let Answer::Binary(p) = answer else { panic!("{answer:?}") };
                let share = if *target == Target::Bool(true) { p } else { 1.0 - p };
                loss -= her_learn::math::ln(share.max(1e-6));
            }
            node.turn(event);
        }
        if (i + 1) % each == 0 {
            let exchange = |node: &mut Node, parts| {
                let mut exchange = Exchange::new(node.me, Codec::Exact);
                (exchange.parts, exchange.means) = (parts, means);
                node.turn(What::Sync(Box::new(exchange)));
            };
            for node in &mut nodes {
                exchange(node, Vec::new());
            }
            let parts: Vec<Part> =
                nodes.iter().flat_map(|node| node.for_peer(&BTreeMap::new())).collect();
            for node in &mut nodes {
                exchange(node, parts.clone());
            }
        }
    }
    (loss, nodes.swap_remove(0))
}

/// Large steps of many go too far when they are added up, small ones do not go far enough when they
/// are averaged: own events tell which it is. Journals of before there were means go on as ever.
#[test]
fn steps_are_read_as_their_mean_where_their_sum_goes_too_far() {
    let [(far, summed), (mean, node)] = [false, true].map(|means| steps(3.0, means, 10));
    assert!(!summed.state.shared().unwrap().together().mean);
    let shared = node.state.shared().unwrap();
    assert!(shared.together().mean && shared.together().judged.events > 16.0);
    assert!(mean < 0.8 * far, "{mean} nats by the mean, {far} by sums");
    let peers = (1..8).map(|n| origin(n, 1).peer);
    let part: Vec<Peer> = peers.filter(|peer| shared.read_as(peer) == Some(Weight::Part)).collect();
    assert!(part.len() >= 3, "{part:?}");
    let peer = part[0];
    let ([without, with], events) = shared.losses_by(&peer, shared);
    assert!(events > 16.0 && without > 0.0 && with > 0.0 && without != with);
    // It is state: as it was loaded it goes on to the bit.
    let bytes = node.state.save();
    let mut loaded = State::load(&bytes, &Catalog::builtin()).unwrap();
    assert_eq!(loaded.save(), bytes);
    let mut live = node.state;
    for state in [&mut live, &mut loaded] {
        let mut chance = Chance(5);
        for i in 0..40 {
            state.turn(&event(noisy(i, &mut chance)), &mut Desk::default()).unwrap();
        }
        let exchange = Exchange::new(node.me, Codec::Exact);
        state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default()).unwrap();
    }
    assert_eq!(live.save(), loaded.save());
    // Who reads all whole asked for sums; and small steps are better off by them.
    let mut all = Exchange::new(node.me, Codec::Exact);
    all.weigh = false;
    live.turn(&event(What::Sync(Box::new(all))), &mut Desk::default()).unwrap();
    assert_eq!(live.shared().unwrap().together(), &Together::default());
    let (small, node) = steps(0.1, true, 10);
    assert!(!node.state.shared().unwrap().together().mean);
    assert_eq!(small, steps(0.1, false, 10).0);
}
