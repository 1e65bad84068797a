//! Ends without loss, and ends that cannot be.

use std::time::Duration;

use her_peer::{Error, Limits, Link};

use super::raw::Raw;
use super::{frame, key, link, pair, transfer, until, within};

#[tokio::test]
async fn what_was_sent_before_an_end_arrives() {
    let pair = pair(Limits { frames: 1_000, ..Limits::default() }, Limits::default()).await;
    let sends: Vec<_> = (0..50)
        .map(|number| {
            let peer = pair.caller.clone();
            tokio::spawn(async move { peer.send(transfer(number, 200_000)).await })
        })
        .collect();
    until(|| pair.caller.figures().sending == 50).await;
    for number in 0..500 {
        pair.caller.send_frame(frame(number)).await.unwrap();
    }
    let takes = async {
        for number in 0..500 {
            assert_eq!(pair.called.next_frame().await.unwrap(), frame(number));
        }
        let mut names = Vec::new();
        loop {
            match pair.called.next_transfer().await {
                Ok(one) => names.push(one.name),
                Err(Error::Closed(why)) => break (names, why),
                Err(e) => panic!("{e}"),
            }
        }
    };
    let ((), (mut names, why)) =
        within(async { tokio::join!(pair.links[0].shutdown(), takes) }).await;
    for send in sends {
        within(send).await.unwrap().unwrap();
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 50);
    assert_eq!(why, "the other side is done");
    assert!(pair.called.send_frame(frame(1)).await.is_err());
    assert!(pair.caller.send(transfer(1, 1)).await.is_err());
    assert!(pair.links[0].accept().await.is_err());
}

#[tokio::test]
async fn what_arrived_before_an_end_can_be_taken_after_it() {
    let pair = pair(Limits::default(), Limits::default()).await;
    for number in 0..50 {
        pair.caller.send_frame(frame(number)).await.unwrap();
        pair.caller.send(transfer(number, 1_000)).await.unwrap();
    }
    within(pair.caller.close()).await;
    drop(pair.caller);
    within(pair.links[0].shutdown()).await;
    for number in 0..50 {
        assert_eq!(within(pair.called.next_frame()).await.unwrap(), frame(number));
        assert!(within(pair.called.next_transfer()).await.is_ok());
    }
    assert!(within(pair.called.next_frame()).await.is_err());
}

#[tokio::test]
async fn both_may_end_at_once() {
    let pair = pair(Limits::default(), Limits::default()).await;
    for number in 0..50 {
        pair.caller.send_frame(frame(number)).await.unwrap();
        pair.called.send_frame(frame(number)).await.unwrap();
    }
    within(async { tokio::join!(pair.caller.close(), pair.called.close()) }).await;
    for number in 0..50 {
        assert_eq!(within(pair.caller.next_frame()).await.unwrap(), frame(number));
        assert_eq!(within(pair.called.next_frame()).await.unwrap(), frame(number));
    }
}

#[tokio::test]
async fn an_end_does_not_wait_for_ever() {
    let flush = Duration::from_millis(300);
    let house = link(2, &[1], Limits { flush, ..Limits::default() }).await;
    let (raw, called) = Raw::connect(1, &house).await;
    called.send_frame(frame(1)).await.unwrap();
    // The other side never says that it has everything.
    within(called.close()).await;
    let why = raw.ended().await;
    assert!(why.contains("waited for this one in vain"), "{why}");
}

#[tokio::test]
async fn a_peer_that_is_dropped_is_gone_at_once() {
    let pair = pair(Limits::default(), Limits::default()).await;
    drop(pair.caller);
    let error = within(pair.called.next_frame()).await.unwrap_err();
    assert_eq!(error, Error::Closed("the other side dropped the connection".to_owned()));
    until(|| pair.links[1].figures().connections == 0).await;
    // And it may come again.
    within(pair.links[0].connect(key(2), &pair.links[1].addresses())).await.unwrap();
}
