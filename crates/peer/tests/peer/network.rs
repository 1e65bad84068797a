//! The network inside one process: it must do what it says, or tests above it prove nothing.

use her_peer::testing::{Faults, MemoryLink, Network};
use her_peer::{Broken, Error, Limits, Link, Transfer};

use super::{Peer, frame, key, transfer, within};

const NONE: Faults = Faults { loss: 0.0, duplicate: 0.0, reorder: 0.0, overtake: 0 };

fn links(network: &Network) -> [MemoryLink; 2] {
    let link = |own, other| network.link(key(own), [key(other)], Limits::default()).unwrap();
    [link(1, 2), link(2, 1)]
}

async fn connected(links: &[MemoryLink; 2]) -> (Peer, Peer) {
    let caller = links[0].connect(links[1].key(), &[]).await.unwrap();
    (caller, within(links[1].accept()).await.unwrap())
}

/// What came of frames and transfers that were sent in turn, until the connection ended.
async fn life(seed: u64, faults: Faults, many: usize) -> (Vec<String>, Vec<String>) {
    let network = Network::new(seed, faults);
    let links = links(&network);
    let (caller, called) = connected(&links).await;
    let send = async {
        for number in 0..many {
            caller.send_frame(frame(number)).await.unwrap();
            match caller.send(transfer(number, 10)).await {
                Ok(()) | Err(Error::Transfer { why: Broken::Cut, .. }) => {}
                Err(e) => panic!("{e}"),
            }
        }
        caller.close().await;
    };
    let frames = async {
        let mut came = Vec::new();
        while let Ok(frame) = called.next_frame().await {
            came.push(String::from_utf8(frame.to_vec()).unwrap());
        }
        came
    };
    let transfers = async {
        let mut came = Vec::new();
        loop {
            match called.next_transfer().await {
                Ok(Transfer { name, .. }) => came.push(name),
                Err(Error::Transfer { name, .. }) => came.push(format!("{name} cut")),
                Err(_) => return came,
            }
        }
    };
    let ((), frames, transfers) = within(async { tokio::join!(send, frames, transfers) }).await;
    (frames, transfers)
}

fn in_order(count: usize) -> (Vec<String>, Vec<String>) {
    let named = |what: &str| (0..count).map(|number| format!("{what} {number}")).collect();
    (named("frame"), named("tensor"))
}

#[tokio::test]
async fn without_faults_everything_comes_once_and_in_order() {
    assert_eq!(life(1, NONE, 300).await, in_order(300));
}

#[tokio::test]
async fn loss_doubles_and_disorder_are_those_of_the_seed() {
    let faults = Faults { loss: 0.3, duplicate: 0.2, reorder: 0.4, overtake: 10 };
    let first = life(7, faults, 500).await;
    assert_eq!(life(7, faults, 500).await, first);
    assert_ne!(life(8, faults, 500).await, first);
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let (frames, transfers) = life(3, Faults { loss: 0.5, ..NONE }, 1_000).await;
    assert!((400..600).contains(&frames.len()), "{}", frames.len());
    let cut = transfers.iter().filter(|name| name.ends_with("cut")).count();
    assert!((150..350).contains(&cut), "{cut}");
    assert!((400..600).contains(&(transfers.len() - cut)), "{}", transfers.len());

    let (frames, _) = life(3, Faults { duplicate: 1.0, ..NONE }, 100).await;
    let twice: Vec<String> = in_order(100).0.into_iter().flat_map(|f| [f.clone(), f]).collect();
    assert_eq!(frames, twice);

    let (mut frames, _) = life(3, Faults { reorder: 0.5, overtake: 10, ..NONE }, 100).await;
    assert_ne!(frames, in_order(100).0);
    frames.sort_by_key(|frame| frame[6..].parse::<usize>().unwrap());
    assert_eq!(frames, in_order(100).0);
}

#[tokio::test]
async fn what_waits_to_be_overtaken_can_be_let_through() {
    let network = Network::new(1, Faults { reorder: 1.0, overtake: 50, ..NONE });
    let links = links(&network);
    let (caller, called) = connected(&links).await;
    caller.send_frame(frame(1)).await.unwrap();
    let early = tokio::time::timeout(std::time::Duration::from_millis(20), called.next_frame());
    assert!(early.await.is_err());
    network.settle().await;
    assert_eq!(within(called.next_frame()).await.unwrap(), frame(1));
}

#[tokio::test]
async fn a_way_that_is_cut_ends_connections_until_it_is_mended() {
    let network = Network::new(1, NONE);
    let links = links(&network);
    let (caller, called) = connected(&links).await;
    caller.send_frame(frame(1)).await.unwrap();
    network.partition(key(2), key(1));
    assert!(caller.send_frame(frame(2)).await.is_err());
    assert_eq!(within(called.next_frame()).await.unwrap(), frame(1));
    assert!(within(called.next_frame()).await.is_err());
    let refused = links[1].connect(key(1), &[]).await;
    assert!(matches!(refused.err(), Some(Error::Unreachable { .. })));
    assert_eq!(links[0].figures().connections, 0);
    network.heal(key(1), key(2));
    connected(&links).await;
}

#[tokio::test]
async fn the_list_decides_here_too() {
    let network = Network::new(1, NONE);
    let links = links(&network);
    let stranger = network.link(key(3), [key(2)], Limits::default()).unwrap();
    let refused = stranger.connect(key(2), &[]).await;
    assert!(matches!(refused.err(), Some(Error::Refused { .. })));
    assert_eq!(links[1].figures().refused, 1);
    let (caller, _called) = connected(&links).await;
    links[1].revoke(key(1));
    let why = "this key was taken off the list of peers";
    assert_eq!(within(caller.next_frame()).await, Err(Error::Closed(why.to_owned())));
    // A machine that starts again takes the place of what it was.
    links[1].allow(key(1));
    let (caller, _called) = connected(&links).await;
    let again = network.link(key(1), [key(2)], Limits::default()).unwrap();
    assert!(within(caller.next_frame()).await.is_err());
    again.connect(key(2), &[]).await.unwrap();
    again.shutdown().await;
    assert!(again.connect(key(2), &[]).await.is_err());
}
