//! Adapters of peers: read by the average, and not at all where they harm.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[path = "support/tongue.rs"]
mod tongue;

use her_identity::event::{Birth, Event, What};
use her_identity::journal::IdentityId;
use her_identity::sync::shared::hash_of;
use her_identity::sync::{Codec, Content, Exchange, Origin, Part, Peer, Weight};
use her_identity::turn::{Desk, State};
use her_learn::merge::{Fixed, Sums};
use her_learn::{Catalog, Row, Target};
use her_lm::{Bases, LanguageModel};
use serde_json::json;

struct Node {
    state: State,
    me: Origin,
}

impl Node {
    fn new(n: u8, catalog: &Catalog) -> Self {
        let birth = Birth::from_json(&tongue::spec()).unwrap();
        let peer = Peer { key: [n; 32], identity: IdentityId([n; 16]) };
        Self { state: State::born(birth, catalog).unwrap(), me: Origin { peer, life: 1 } }
    }

    fn turn(&mut self, what: What) {
        let event = Event { at_ms: 1_000, request: None, what };
        self.state.turn(&event, &mut Desk::default()).unwrap();
    }

    fn read(&mut self, text: &str) {
        let row = Row::from_json(&json!({ "text": text })).unwrap();
        self.turn(What::Learn { row, target: Target::None, weight: 1.0 });
    }

    fn exchange(&mut self, parts: Vec<Part>) {
        let mut exchange = Exchange::new(self.me, Codec::I8);
        exchange.parts = parts;
        self.turn(What::Sync(Box::new(exchange)));
    }

    /// Its own row, contributed now, with every number so many times as large.
    fn tell(&mut self, times: f64) -> Part {
        self.exchange(Vec::new());
        let row = &self.state.shared().unwrap().rows()[&self.me];
        let mut part = Part::whole(self.me, row, Box::new([0; 64]));
        let mut sums = Sums::default();
        sums.combine(&row.sums, |_, x| Fixed::of(x.to_f64() * times));
        part.hash = hash_of(&sums);
        part.content = Content::Sums(sums);
        part
    }

    fn weight(&self, of: &Self) -> Weight {
        self.state.shared().unwrap().trust()[&of.me.peer].weight
    }

    fn learned(&self) -> Vec<f32> {
        let language = LanguageModel::of(self.state.model().root()).unwrap();
        language.mixture().learner().adapter().learned().to_vec()
    }
}

#[test]
fn an_honest_peer_is_read_by_the_average_and_a_poisoned_one_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    tongue::tiny_base(dir.path());
    let catalog = her_lm::catalog(Bases::new(dir.path().join("bases")));
    let [mut reader, mut honest, mut poisoned] = [1, 2, 3].map(|n| Node::new(n, &catalog));
    for i in 0..4 {
        reader.read(&format!("the sea is {i} fathoms deep"));
        honest.read(&format!("the sea is {i} leagues wide"));
        poisoned.read("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    }
    let own = reader.learned();
    let (good, bad) = (honest.tell(1.0), poisoned.tell(60.0));
    let Content::Sums(theirs) = good.content.clone() else { unreachable!("it tells sums") };
    reader.exchange(vec![good, bad]);
    assert_eq!((reader.weight(&honest), reader.weight(&poisoned)), (Weight::Part, Weight::None));
    // Of two peers and itself, a third of the honest one's steps.
    let wanted = own.iter().zip(theirs.cells()).map(|(own, x)| own + x.to_f64() as f32 / 3.0);
    for (has, wanted) in reader.learned().into_iter().zip(wanted) {
        assert!((has - wanted).abs() <= 1e-6, "{has}, not {wanted}");
    }
    // Who harms no more is read again.
    for i in 4..8 {
        reader.read(&format!("the sea is {i} fathoms deep"));
    }
    let mut tame = poisoned.tell(1e-3);
    tame.to += 1;
    reader.exchange(vec![tame]);
    assert_eq!(reader.weight(&poisoned), Weight::Part);
    // It lives the same life from a snapshot.
    let mut again = State::load(&reader.state.save(), &catalog).unwrap();
    let event = |what| Event { at_ms: 1_000, request: None, what };
    let row = Row::from_json(&json!({ "text": "and it is deeper still" })).unwrap();
    let learn = event(What::Learn { row, target: Target::None, weight: 1.0 });
    for state in [&mut reader.state, &mut again] {
        state.turn(&learn, &mut Desk::default()).unwrap();
        let exchange = Exchange::new(reader.me, Codec::I8);
        state.turn(&event(What::Sync(Box::new(exchange))), &mut Desk::default()).unwrap();
    }
    assert_eq!(again.save(), reader.state.save());
}
