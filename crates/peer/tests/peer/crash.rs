//! A machine that is killed in the middle, and comes back.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use her_peer::{Broken, Error, Limits, Link, Rate};

use super::{key, link, transfer, until, within};

const HOUSE: &str = "HER_PEER_TEST_HOUSE";
const SLOW: &str = "HER_PEER_TEST_SLOW";

/// The machine that is killed: this test program again, as another process.
#[tokio::test]
#[ignore = "a child of the test below"]
async fn child() {
    let at = std::env::var(HOUSE).unwrap().parse().unwrap();
    let slow = std::env::var_os(SLOW).is_some();
    // It stops in the middle of its second transfer.
    let send = slow.then_some(Rate { bytes_per_second: 1, burst: 150_000 });
    let child = link(1, &[2], Limits { send, ..Limits::default() }).await;
    let house = child.connect(key(2), &[at]).await.unwrap();
    for number in [1, 2] {
        house.send(transfer(number, 100_000)).await.unwrap();
    }
    within(house.close()).await;
}

fn start(at: std::net::SocketAddr, slow: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--ignored"]).env(HOUSE, at.to_string());
    if slow {
        command.env(SLOW, "1");
    }
    command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap()
}

#[tokio::test]
async fn a_machine_that_is_killed_comes_back() {
    let idle = Duration::from_secs(5);
    let house = link(2, &[1], Limits { idle, ..Limits::default() }).await;
    let at = house.addresses()[0];
    let mut child = start(at, true);
    let peer = within(house.accept()).await.unwrap();
    assert_eq!(within(peer.next_transfer()).await.unwrap(), transfer(1, 100_000));
    until(|| peer.figures().bytes_in > 149_000).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let cut = Error::Transfer { name: "tensor 2".to_owned(), why: Broken::Cut };
    assert_eq!(within(peer.next_transfer()).await, Err(cut));
    let gone = Error::Closed("no sign of life came from the other side".to_owned());
    assert_eq!(within(peer.next_transfer()).await, Err(gone));

    let mut child = start(at, false);
    let peer = within(house.accept()).await.unwrap();
    for number in [1, 2] {
        assert_eq!(within(peer.next_transfer()).await.unwrap(), transfer(number, 100_000));
    }
    // On another thread: this one serves the child until its end.
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap());
    assert!(within(status).await.unwrap().success());
}
