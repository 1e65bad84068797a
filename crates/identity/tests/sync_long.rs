//! Exchanges that are longer than a frame.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use her_identity::event::{Batch, Birth, Event, What, decode};
use her_identity::house::{Config, House};
use her_identity::journal::IdentityId;
use her_identity::sync::{Codec, Exchange, Origin, Part, Peer, Piece, limits};
use her_identity::turn::{Desk, State};
use her_learn::{Catalog, Row, Target};
use serde_json::json;

fn birth() -> Birth {
    Birth::from_json(&json!({ "model": "MultinomialNB", "names_max": 100_000 })).unwrap()
}

fn origin(n: u8) -> Origin {
    Origin { peer: Peer { key: [n; 32], identity: IdentityId([n; 16]) }, life: 1 }
}

fn event(what: What) -> Event {
    Event { at_ms: 1_000, request: None, what }
}

fn learn(i: u64) -> Event {
    // Names that have nothing in common.
    let name = |n: u64| format!("{:016x}", (i * 6_000 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let words = (0..6_000).map(|n| (name(n), ((n + i) % 97 + 1).into()));
    let row = Row::from_json(&serde_json::Value::Object(words.collect())).unwrap();
    let target = Target::Text(["yes", "no", "maybe"][i as usize % 3].into());
    event(What::Learn { row, target, weight: 1.0 })
}

fn born() -> State {
    State::born(birth(), &Catalog::builtin()).unwrap()
}

fn turn(state: &mut State, event: &Event) {
    state.turn(event, &mut Desk::default()).unwrap();
}

/// What a peer tells that has met tens of thousands of names.
fn told() -> Exchange {
    let (mut peer, me) = (born(), origin(1));
    for i in 0..12 {
        turn(&mut peer, &learn(i));
    }
    turn(&mut peer, &event(What::Sync(Box::new(Exchange::new(me, Codec::Exact)))));
    let row = &peer.shared().unwrap().rows()[&me];
    let mut exchange = Exchange::new(origin(2), Codec::Exact);
    exchange.parts.push(Part::whole(me, row, Box::new([0; 64])));
    exchange
}

fn pieces(exchange: Exchange) -> Vec<Event> {
    let pieces: Vec<Event> = exchange.events().unwrap().into_iter().map(event).collect();
    assert!(pieces.len() > 2, "{} bytes in {} events", limits::PIECE_BYTES, pieces.len());
    assert!(pieces.iter().all(|piece| matches!(piece.what, What::Piece(_))));
    pieces
}

/// An event as a frame brings it.
fn framed(event: &Event) -> Event {
    let (mut batch, mut read) = (Batch::default(), None);
    assert!(batch.push(event), "it fits into a frame");
    let bytes = batch.take();
    decode(&bytes, &mut Vec::new(), &mut |event| {
        read = Some(event);
        Ok(())
    })
    .unwrap();
    read.unwrap()
}

#[test]
fn what_comes_in_pieces_is_what_comes_at_once() {
    let catalog = Catalog::builtin();
    let (mut at_once, mut slowly) = (born(), born());
    for piece in pieces(told()) {
        // Others learn between, and the process begins anew from a snapshot.
        turn(&mut slowly, &framed(&piece));
        slowly = State::load(&slowly.save(), &catalog).unwrap();
        if slowly.shared().is_none() {
            turn(&mut slowly, &learn(13));
            turn(&mut at_once, &learn(13));
        }
    }
    turn(&mut at_once, &event(What::Sync(Box::new(told()))));
    let (a, b) = (at_once.shared().unwrap(), slowly.shared().unwrap());
    assert_eq!(a.rows()[&origin(1)], b.rows()[&origin(1)]);
    assert_eq!(a.rows().len(), 2);
    assert_eq!(at_once.model().sums(), slowly.model().sums());
    assert!(a.rows()[&origin(1)].sums.len() > 70_000);
}

#[test]
fn pieces_that_do_not_fit_are_refused_and_change_nothing() {
    let all = pieces(told());
    let mut state = born();
    turn(&mut state, &all[0]);
    let refused = |state: &mut State, piece: &Event, why: &str| {
        let before = state.save();
        let error = state.turn(piece, &mut Desk::default()).unwrap_err();
        assert!(error.message.contains(why), "{error}");
        assert_eq!(state.save(), before);
    };
    refused(&mut state, &all[2], "does not follow");
    // Of another exchange.
    let What::Piece(second) = &all[1].what else { unreachable!("they are pieces") };
    let other = Piece { of: second.of - 1, ..second.clone() };
    refused(&mut state, &event(What::Piece(other)), "does not follow");
    let long = Piece { at: 0, of: (limits::EXCHANGE_BYTES + 1) as u32, bytes: [1].into() };
    refused(&mut state, &event(What::Piece(long)), "coarser codec");
    let none = Piece { bytes: [].into(), ..second.clone() };
    refused(&mut state, &event(What::Piece(none)), "does not follow");
    // A process ended after the first piece: the next exchange begins with its own first one.
    for piece in &all[..all.len() - 1] {
        turn(&mut state, piece);
    }
    // What is not as it was signed is found out with the last piece.
    let last = all.last().unwrap();
    let What::Piece(piece) = &last.what else { unreachable!("they are pieces") };
    let mut spoilt = piece.clone();
    spoilt.bytes[100] ^= 1;
    let before = state.save();
    assert!(state.turn(&event(What::Piece(spoilt)), &mut Desk::default()).is_err());
    assert_eq!(state.save(), before);
    turn(&mut state, last);
    assert_eq!(state.shared().unwrap().rows().len(), 1, "nothing of its own to tell");
    let mut plain = born();
    turn(&mut plain, &event(What::Sync(Box::new(told()))));
    assert_eq!(state.shared().unwrap().hash(), plain.shared().unwrap().hash());
}

#[test]
fn a_journal_keeps_pieces_and_replays_them() {
    let dir = tempfile::tempdir().unwrap();
    let open = || House::open(Config::new(dir.path()), Catalog::builtin()).unwrap();
    let house = open();
    house.create("sam", &birth()).unwrap();
    for reply in house.submit_wait("sam", vec![learn(13), learn(14)]).unwrap() {
        reply.unwrap();
    }
    for reply in house.submit_wait("sam", pieces(told())).unwrap() {
        reply.unwrap();
    }
    let look = |house: &House| house.look("sam", |identity| identity.state().save()).unwrap();
    let lived = look(&house);
    house.verify("sam").unwrap();
    drop(house);
    let house = open();
    assert_eq!(look(&house), lived);
    let rows = house.look("sam", |identity| identity.state().shared().unwrap().rows().len());
    assert_eq!(rows.unwrap(), 2);
}
