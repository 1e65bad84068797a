use her_identity::ErrorKind;
use her_identity::migrate::Ask;

use super::super::wire::{HttpCall, Load, SyncBack, SyncCall};
use super::super::{Peer, Peers, of_dir};
use super::*;

/// Answers that show that a call came as far as here.
struct Heard;

impl Answerer for Heard {
    fn answer(&self, _: Node, call: Call) -> Back {
        match call {
            Call::Sync(_) => Back::Sync(SyncBack::Refused("heard".to_owned())),
            Call::Ask(_) | Call::Http(_) | Call::Load => Back::Load(Load::default()),
        }
    }
}

struct Two {
    _dirs: [tempfile::TempDir; 2],
    keys: [Key; 2],
    guests: Arc<Guests>,
    listener: Listener,
}

impl Two {
    fn new(right: Right) -> Self {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let keys = [of_dir(dirs[0].path()).unwrap(), of_dir(dirs[1].path()).unwrap()];
        let guests = Arc::new(Guests::default());
        guests.set(BTreeMap::from([(keys[1].node, right)]));
        let at = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::start(&keys[0], Arc::clone(&guests), at, Box::new(Heard)).unwrap();
        Self { _dirs: dirs, keys, guests, listener }
    }

    fn way(&self) -> Peers {
        let at = Some(self.listener.addr().to_string());
        let there = Peer { name: "there".into(), key: self.keys[0].node, at, url: None };
        Peers::new(&self.keys[1], &[there]).unwrap()
    }

    fn ask(&self, way: &Peers, call: &Call) -> Result<Back> {
        way.call(self.keys[0].node, call, Duration::from_secs(30))
    }
}

fn sync() -> Call {
    Call::Sync(SyncCall {
        from: "sam".into(),
        to: "sam".into(),
        contract: [0; 32],
        terms: String::new(),
        vector: Vec::new(),
        parts: Vec::new(),
    })
}

fn http() -> Call {
    Call::Http(HttpCall {
        method: "POST".into(),
        target: "/v1/identities/sam/learn".into(),
        headers: Vec::new(),
        body: Vec::new(),
        by: "them".into(),
        scopes: vec!["admin".into()],
    })
}

#[test]
fn who_was_added_to_exchange_may_do_nothing_else() {
    let two = Two::new(Right::Sync);
    let way = two.way();
    let hello = Ask::Hello {
        record: "{}".into(),
        model: "{}".into(),
        arithmetic: None,
        snapshots: Vec::new(),
        dry: true,
    };
    for call in [Call::Load, http(), Call::Ask(hello)] {
        let Back::Refused(why) = two.ask(&way, &call).unwrap() else { panic!("{call:?}") };
        assert!(why.contains("[nodes.NAME]"), "{why}");
    }
    let heard = Back::Sync(SyncBack::Refused("heard".to_owned()));
    assert_eq!(two.ask(&way, &sync()).unwrap(), heard);
    // The list is asked for each call, on the same connection too.
    two.guests.set(BTreeMap::from([(two.keys[1].node, Right::All)]));
    assert_eq!(two.ask(&way, &Call::Load).unwrap(), Back::Load(Load::default()));
    two.guests.set(BTreeMap::new());
    let refused = two.ask(&way, &Call::Load).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unavailable, "{refused}");
    let refused = two.ask(&way, &sync()).unwrap_err();
    assert!(super::super::link::is_unknown(&refused), "{refused}");
}

#[test]
fn one_that_may_exchange_only_does_not_take_every_connection() {
    let two = Two::new(Right::Sync);
    let mut ways: Vec<Peers> = (0..OF_GUEST_MAX).map(|_| two.way()).collect();
    for way in &ways {
        two.ask(way, &sync()).unwrap();
    }
    let late = two.way();
    assert_eq!(two.ask(&late, &sync()).unwrap_err().kind, ErrorKind::Unavailable);
    ways.clear();
    let mut left = 6_000;
    while two.ask(&late, &sync()).is_err() {
        assert!(left > 0, "no seat became free");
        left -= 1;
        std::thread::sleep(Duration::from_millis(10));
    }
}
