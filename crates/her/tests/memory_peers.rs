//! Identities that remember exchange what they remember, as all others do what they learned.

#![allow(clippy::unwrap_used, reason = "a test")]

use her_identity::event::{Birth, Event, What};
use her_identity::journal::IdentityId;
use her_identity::sync::{Codec, Exchange, Origin, Part, Peer};
use her_identity::turn::{Desk, State};
use her_learn::{Catalog, Row, Target};
use her_recall::Memory;
use serde_json::json;

struct Node {
    state: State,
    me: Origin,
}

impl Node {
    fn new(n: u8, most: usize) -> Self {
        let birth = Birth::from_json(&json!({"Memory": {"memories_max": most}})).unwrap();
        let catalog = her_recall::extend(Catalog::builtin());
        let peer = Peer { key: [n; 32], identity: IdentityId([n; 16]) };
        Self { state: State::born(birth, &catalog).unwrap(), me: Origin { peer, life: 1 } }
    }

    fn turn(&mut self, what: What) {
        let event = Event { at_ms: 1_000, request: None, what };
        self.state.turn(&event, &mut Desk::default()).unwrap();
    }

    fn tell(&mut self, text: &str) {
        let row = Row::from_json(&json!({ "text": text })).unwrap();
        self.turn(What::Learn { row, target: Target::None, weight: 1.0 });
    }

    /// Publishes, and takes what is given.
    fn exchange(&mut self, parts: Vec<Part>, retract: Vec<Peer>) {
        // The coarsest: memories must go whole all the same.
        let mut exchange = Exchange::new(self.me, Codec::TopK);
        (exchange.parts, exchange.retract) = (parts, retract);
        self.turn(What::Sync(Box::new(exchange)));
    }

    fn rows(&self) -> Vec<Part> {
        let rows = self.state.shared().unwrap().rows().iter();
        let part = |(origin, row): (&Origin, &std::sync::Arc<her_identity::sync::Row>)| {
            Part::whole(*origin, row, Box::new([0; 64]))
        };
        rows.map(part).collect()
    }

    fn hash(&self) -> [u8; 32] {
        self.state.shared().unwrap().hash()
    }

    /// Words and how often they were told, in alphabetical order.
    fn known(&self) -> Vec<(String, f64)> {
        let recall = Memory::of(self.state.model().root()).unwrap().recall();
        let items = recall.stores().iter().flat_map(her_recall::Store::items);
        let mut known: Vec<_> = items.map(|i| (i.text.to_string(), i.told())).collect();
        known.sort_by(|a, b| a.0.cmp(&b.0));
        known
    }
}

fn meet(a: &mut Node, b: &mut Node) {
    a.exchange(Vec::new(), Vec::new());
    b.exchange(a.rows(), Vec::new());
    a.exchange(b.rows(), Vec::new());
}

fn counted(all: &[(&str, f64)]) -> Vec<(String, f64)> {
    all.iter().map(|(text, told)| ((*text).to_owned(), *told)).collect()
}

#[test]
fn peers_end_with_the_same_memories_and_nothing_counts_twice() {
    let (mut a, mut b) = (Node::new(1, 100), Node::new(2, 100));
    a.tell("only a knows");
    a.tell("both were told");
    b.tell("both were told");
    meet(&mut a, &mut b);
    let want = counted(&[("both were told", 2.0), ("only a knows", 1.0)]);
    assert_eq!((a.known(), b.known()), (want.clone(), want.clone()));
    assert_eq!(a.hash(), b.hash());
    // Again and again changes nothing.
    meet(&mut a, &mut b);
    meet(&mut b, &mut a);
    assert_eq!((a.known(), a.hash()), (want, b.hash()));
    b.tell("news");
    meet(&mut a, &mut b);
    assert_eq!((a.known().len(), a.known()), (3, b.known()));
    // A peer is taken out: what was told here stays, once.
    let peer = a.me.peer;
    b.exchange(Vec::new(), vec![peer]);
    assert_eq!(b.known(), counted(&[("both were told", 1.0), ("news", 1.0)]));
}

#[test]
fn what_was_let_go_here_is_not_taken_from_the_peers() {
    let (mut a, mut b) = (Node::new(1, 3), Node::new(2, 3));
    a.tell("first");
    meet(&mut a, &mut b);
    for text in ["second", "third", "fourth"] {
        a.tell(text);
    }
    let own = counted(&[("fourth", 1.0), ("second", 1.0), ("third", 1.0)]);
    assert_eq!(a.known(), own);
    a.exchange(Vec::new(), Vec::new());
    assert_eq!(a.known(), own, "what is told to others again finds no room here");
    b.tell("mine");
    meet(&mut a, &mut b);
    assert_eq!(a.known(), own);
    // The peer has room for three, its own among them.
    assert!(b.known().len() == 3 && b.known().contains(&("mine".to_owned(), 1.0)));
    assert_eq!(a.hash(), b.hash());
}
