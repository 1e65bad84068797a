//! The link between nodes, over loopback: what thought-sync sends goes by `Peers::call`, one
//! message after the other, each answered. `bench/beside` has a raw QUIC stream beside it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use her_identity::migrate::Node;
use her_identity::{Error, Result};

use super::meter::{Line, Meter};
use super::room::Room;
use crate::node::{
    Answerer, Back, Call, Guests, Listener, Peer, Peers, Right, SyncBack, SyncCall,
    of_dir as key_of,
};

/// Bytes that are sent in large messages, and in one of them: as much as an exchange puts in one.
const LARGE: usize = 64 << 20;
const MESSAGE: usize = 4 << 20;
/// Small messages, and the bytes of one.
const SMALL: usize = 1000;
const SMALL_BYTES: usize = 1024;
const LIMIT: Duration = Duration::from_mins(1);

/// Takes everything and tells nothing.
struct Deaf;

impl Answerer for Deaf {
    fn answer(&self, _: Node, _: Call) -> Back {
        let (vector, parts, refused) = (Vec::new(), Vec::new(), Vec::new());
        Back::Sync(SyncBack::Took { vector, hash: [0; 32], parts, refused })
    }
}

pub fn measure() -> Result<Vec<Line>> {
    let room = Room::new(&std::env::temp_dir())?;
    let key = |name: &str| {
        let dir = room.dir.join(name);
        std::fs::create_dir_all(&dir)
            .map_err(|e| Error::io(format!("making {}", dir.display()), e))?;
        key_of(&dir)
    };
    let (here, there) = (key("here")?, key("there")?);
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let guests = Arc::new(Guests::default());
    guests.set(BTreeMap::from([(here.node, Right::Sync)]));
    let mut listener = Listener::start(&there, guests, loopback, Box::new(Deaf))?;
    let at = Some(listener.addr().to_string());
    let peer = Peer { name: "there".to_owned(), key: there.node, at, url: None };
    let peers = Peers::new(&here, &[peer])?;
    let send = |bytes: usize| -> Result<()> {
        let call = Call::Sync(SyncCall {
            from: "here".to_owned(),
            to: "there".to_owned(),
            contract: [0; 32],
            terms: String::new(),
            vector: Vec::new(),
            parts: vec![vec![7; bytes]],
        });
        peers.call(there.node, &call, LIMIT).map(|_| ())
    };
    // The connection is made before.
    send(1)?;
    let mut large = Meter::of_waiting("her, 64 MiB");
    large.part(|| {
        (0..LARGE / MESSAGE).try_for_each(|_| send(MESSAGE))?;
        Ok(LARGE as u64)
    })?;
    let mut small = Meter::of_waiting("her, 1 KiB each");
    small.part(|| {
        (0..SMALL).try_for_each(|_| send(SMALL_BYTES))?;
        Ok(SMALL as u64)
    })?;
    listener.stop();
    Ok(vec![large.line(), small.line()])
}
