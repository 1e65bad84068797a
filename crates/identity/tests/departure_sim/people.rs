//! Those who use the identity: clients that number what they send, readers that ask for a
//! version, and planners that move it about.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::net::{Answer, Net, Question};
use crate::world::{DESKS, HOUSES, Learned, PLACES, World};

/// How long a client waits before it asks elsewhere, in milliseconds.
const PATIENCE_MS: u64 = 300;
/// Requests of each client that must be acknowledged once the faults are over.
const LAST: u64 = 3;
/// People who must be content at the end of a run: clients, and one planner.
pub const PEOPLE: usize = 2 * DESKS + 1;

/// The life of a desk with its people.
pub async fn run(world: Rc<World>, desk: usize) -> turmoil::Result {
    let net = Net::bind(&world, &format!("desk{desk}")).await?;
    let answers = Rc::clone(&net);
    world.spawn(async move {
        loop {
            answers.next().await;
        }
    });
    if desk == 0 {
        first_move(&world, &net).await;
    }
    while !world.born.get() {
        pause(5).await;
    }
    for i in 0..2 {
        let acked = Rc::new(Cell::new(0));
        let name = format!("client{}", desk * 2 + i);
        let (w, n) = (Rc::clone(&world), Rc::clone(&net));
        world.spawn(client(w, n, name, Rc::clone(&acked)));
        world.spawn(reader(Rc::clone(&world), Rc::clone(&net), acked));
    }
    planner(&world, &net).await;
    if desk == 0 {
        there_and_back(&world, &net).await;
        world.content.set(world.content.get() + 1);
    }
    std::future::pending().await
}

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// From its birthplace to a place, before any fault.
async fn first_move(world: &World, net: &Rc<Net>) {
    let from = &world.machines[world.mix.birthplace].name;
    loop {
        let ask = Question::Depart { to: 1, cancel_after_ms: None };
        match net.call(from, ask, PATIENCE_MS).await {
            Some(Answer::Moved(1)) => return world.born.set(true),
            _ => pause(100).await,
        }
    }
}

/// Learns numbered rows, one after the other; goes on from some that were not answered.
async fn client(world: Rc<World>, net: Rc<Net>, name: String, newest: Rc<Cell<u64>>) {
    let (mut at, mut last) = (world.lots.below(PLACES), 0);
    for n in 1.. {
        pause(world.lots.between(10, 60)).await;
        let begin = world.now();
        loop {
            let ask = Question::Learn { client: name.clone(), n };
            match net.call(&world.machines[at].name, ask, PATIENCE_MS).await {
                Some(Answer::Learned { version, duplicate }) => {
                    let (client, end) = (name.clone(), world.now());
                    let ack = Learned { client, n, begin, end, version, duplicate, node: at };
                    world.trace(format_args!("ACK {ack:?}"));
                    world.history.borrow_mut().learned.push(ack);
                    newest.set(newest.get().max(version));
                    last += u64::from(world.calm.get());
                    break;
                }
                Some(Answer::Moved(to)) => at = to,
                _ => at = world.lots.below(PLACES),
            }
            if !world.calm.get() && world.lots.one_in(8) {
                world.history.borrow_mut().given_up += 1;
                break;
            }
            pause(world.lots.between(10, 80)).await;
        }
        if last == LAST {
            return world.content.set(world.content.get() + 1);
        }
    }
}

/// Reads anywhere: at least what its client wrote, and never what is older than it saw.
async fn reader(world: Rc<World>, net: Rc<Net>, written: Rc<Cell<u64>>) {
    let mut seen = 0;
    loop {
        pause(world.lots.between(20, 90)).await;
        let (at, row) = (world.lots.below(HOUSES), world.lots.draw());
        let min = seen.max(written.get());
        let read = net.call(&world.machines[at].name, Question::Read { row, min }, PATIENCE_MS);
        if let Some(Answer::Read { version, durable, .. }) = read.await {
            if version < min {
                world.accuse(format!("I5: node {at} gives version {version}, not {min} or later"));
            }
            // What was applied and is not durable yet, a crash may take back.
            seen = seen.max(version.min(durable));
        }
    }
}

/// Moves it about until the faults are over.
async fn planner(world: &World, net: &Rc<Net>) {
    let mut at = world.lots.below(PLACES);
    while !world.calm.get() {
        pause(world.lots.between(50, 600)).await;
        if world.mix.hands_over && world.lots.one_in(6) {
            net.call(&world.machines[at].name, Question::BringHome, PATIENCE_MS).await;
        }
        let cancel = world.lots.one_in(8).then(|| world.lots.between(0, 200));
        let ask = Question::Depart { to: world.lots.below(PLACES), cancel_after_ms: cancel };
        match net.call(&world.machines[at].name, ask, PATIENCE_MS).await {
            Some(Answer::Moved(to)) => at = to,
            Some(Answer::Done) => {}
            _ => at = world.lots.below(PLACES),
        }
    }
}

/// With no fault left, it moves where it is sent, and comes back.
async fn there_and_back(world: &World, net: &Rc<Net>) {
    let (mut at, mut from, mut moves) = (0, None, 0);
    while moves < 2 {
        pause(100).await;
        let to = match from {
            Some(from) if from != at => from,
            _ => (at + 1) % PLACES,
        };
        let ask = Question::Depart { to, cancel_after_ms: None };
        match net.call(&world.machines[at].name, ask, PATIENCE_MS).await {
            Some(Answer::Moved(owner)) => {
                moves += u32::from(from == Some(at) || from == Some(owner) && moves == 1);
                at = owner;
            }
            Some(Answer::Done) => from = from.or(Some(at)),
            _ => at = (at + 1) % PLACES,
        }
    }
}
