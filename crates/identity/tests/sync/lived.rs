//! Models without sums, which are told what their peers lived through.

use super::*;

/// What a peer without sums learned from one version up to another, for others to learn.
fn lived(node: &Node, from: u64, events: std::ops::Range<u64>) -> Part {
    let all: Vec<_> = events.clone().map(row).collect();
    let told = all.iter().map(|(row, target)| (row, target, 1.0));
    let content = Content::lived(told).unwrap();
    let hash = content.hash_after(from, [0; 32]);
    let (_, _, to) = *node.state.shared().unwrap().spans().last().unwrap();
    let (events, signature) = (events.end - events.start, Box::new([0; 64]));
    Part { origin: node.me, from, to, events, content, hash, signature }
}

#[test]
fn events_that_were_lived_are_learned_once_and_in_order() {
    let spec = json!({"KNNClassifier": {"n_neighbors": 3}});
    let (mut a, mut b) = (Node::new(1, &spec), Node::new(2, &spec));
    (0..20).for_each(|i| a.learn(i));
    a.exchange(Vec::new());
    let first = lived(&a, 0, 0..20);
    (20..30).for_each(|i| a.learn(i));
    a.exchange(Vec::new());
    let second = lived(&a, first.to, 20..30);
    assert_eq!(a.state.shared().unwrap().spans(), [(a.me, 0, second.to)]);
    // One that comes too early waits to be told again; one that comes twice is learned once.
    b.exchange(vec![first.clone()]);
    let gap = Part {
        from: first.to + 3,
        hash: Content::hash_after(&second.content, first.to + 3, [0; 32]),
        ..second.clone()
    };
    b.exchange(vec![gap]);
    assert_eq!(b.seen(), 20);
    b.exchange(vec![second.clone(), first.clone(), second.clone()]);
    b.exchange(vec![second.clone()]);
    assert_eq!(b.seen(), 30);
    assert_eq!(opinions(&a.state), opinions(&b.state));
    assert_eq!(b.state.figures().learned, 0, "what others lived through is not its own");
    // A saved state knows what it has heard, and does not tell it on.
    let saved = State::load(&b.state.save(), &Catalog::builtin()).unwrap();
    assert_eq!(saved.shared(), b.state.shared());
    assert_eq!(saved.shared().unwrap().missing(&BTreeMap::new()).count(), 0);
    // What was not signed so is refused before anything is learned.
    let before = b.state.save();
    let mut refused = |part: Part| {
        let mut exchange = Exchange::new(b.me, Codec::Exact);
        exchange.parts = vec![part];
        let error = b.state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default());
        assert_eq!(b.state.save(), before);
        error.unwrap_err().message
    };
    assert!(refused(Part { from: 1, ..first.clone() }).contains("not what their origin signed"));
    assert!(refused(Part { events: 21, ..first.clone() }).contains("20 events as 21"));
    let (number, _) = row(3);
    let other = Content::lived([(&number, &Target::Number(0.5), 1.0)].into_iter()).unwrap();
    let hash = other.hash_after(0, [0; 32]);
    let other = Part { content: other, hash, events: 1, ..first.clone() };
    assert!(refused(other).contains("another task"));
    // A retracted peer is not heard.
    let mut exchange = Exchange::new(b.me, Codec::Exact);
    exchange.retract = vec![a.me.peer];
    b.turn(What::Sync(Box::new(exchange)));
    let before = opinions(&b.state);
    b.exchange(vec![first]);
    assert_eq!((b.seen(), opinions(&b.state)), (0, before));
}

#[test]
fn a_branch_of_one_without_sums_goes_on_where_the_former_ends() {
    let mut node = Node::new(1, &json!("HoeffdingTreeClassifier"));
    (0..10).for_each(|i| node.learn(i));
    node.exchange(Vec::new());
    (10..15).for_each(|i| node.learn(i));
    let version = node.state.version();
    node.turn(What::Branched { parent: node.me.peer.identity, version });
    let former = node.me;
    (15..18).for_each(|i| node.learn(i));
    node.me.peer.identity = IdentityId([77; 16]);
    let mut exchange = Exchange::new(node.me, Codec::Exact);
    exchange.left = vec![former.peer];
    node.turn(What::Sync(Box::new(exchange)));
    let shared = node.state.shared().unwrap();
    assert_eq!(shared.spans(), [(former, 0, version), (node.me, version, node.state.version())]);
    let events = |origin| shared.rows()[origin].events;
    assert_eq!((events(&former), events(&node.me)), (15, 3));
}
