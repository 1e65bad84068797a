//! What is too large, too much or not understood.

use std::time::Duration;

use her_peer::{Broken, Error, Limits, NAME_BYTES, Rate, Transfer};

use super::raw::Raw;
use super::{frame, link, pair, transfer, until, within};

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    let pair = pair(Limits { transfer: 1_000, ..Limits::default() }, Limits::default()).await;
    let error = pair.caller.send_frame(vec![0; 65_537].into()).await.unwrap_err();
    assert!(error.to_string().contains("65537 bytes; 65536 is the limit"), "{error}");
    let error = pair.caller.send(transfer(1, 1_001)).await.unwrap_err();
    assert!(error.to_string().contains("1001 bytes; 1000 is the limit"), "{error}");
    let name = "n".repeat(NAME_BYTES + 1);
    let error = pair.caller.send(Transfer { name, ..transfer(1, 1) }).await.unwrap_err();
    assert!(error.to_string().contains("257 bytes; 256 is the limit"), "{error}");
    // The largest that fits does.
    pair.caller.send_frame(vec![7; 65_536].into()).await.unwrap();
    assert_eq!(within(pair.called.next_frame()).await.unwrap(), vec![7; 65_536]);
    let name = "n".repeat(NAME_BYTES);
    pair.caller.send(Transfer { name: name.clone(), ..transfer(1, 1_000) }).await.unwrap();
    assert_eq!(within(pair.called.next_transfer()).await.unwrap().name, name);
}

#[tokio::test]
async fn a_frame_that_is_too_large_drops_the_peer_in_words() {
    let wide = Limits { frame: 1 << 20, ..Limits::default() };
    let pair = pair(wide, Limits::default()).await;
    pair.caller.send_frame(frame(1)).await.unwrap();
    pair.caller.send_frame(vec![0; 70_000].into()).await.unwrap();
    let error = within(pair.caller.next_frame()).await.unwrap_err();
    let why = "a frame of 70000 bytes came; 65536 is the limit here";
    assert_eq!(error, Error::Closed(why.to_owned()));
    // What came before it is still there.
    assert_eq!(within(pair.called.next_frame()).await.unwrap(), frame(1));
    assert!(within(pair.called.next_frame()).await.is_err());
}

#[tokio::test]
async fn a_transfer_that_is_too_large_is_refused_and_the_peer_kept() {
    let small = Limits { transfer: 1_000, room: 10_000, ..Limits::default() };
    let pair = pair(Limits::default(), small).await;
    let error = within(pair.caller.send(transfer(7, 1_001))).await.unwrap_err();
    assert_eq!(error, Error::Transfer { name: "tensor 7".to_owned(), why: Broken::TooLarge });
    assert_eq!(within(pair.called.next_transfer()).await, Err(error));
    assert_eq!((pair.called.figures().refused, pair.called.figures().broken), (1, 0));
    within(pair.caller.send(transfer(7, 1_000))).await.unwrap();
    assert_eq!(within(pair.called.next_transfer()).await.unwrap(), transfer(7, 1_000));
}

#[tokio::test]
async fn what_nobody_takes_out_fills_the_room_and_not_the_memory() {
    let small = Limits { transfer: 1_000, room: 2_500, ..Limits::default() };
    let pair = pair(Limits::default(), small).await;
    for number in 0..2 {
        within(pair.caller.send(transfer(number, 1_000))).await.unwrap();
    }
    let error = within(pair.caller.send(transfer(2, 1_000))).await.unwrap_err();
    assert_eq!(error, Error::Transfer { name: "tensor 2".to_owned(), why: Broken::NoRoom });
    for number in 0..2 {
        assert_eq!(within(pair.called.next_transfer()).await.unwrap(), transfer(number, 1_000));
    }
    assert_eq!(within(pair.called.next_transfer()).await, Err(error));
    within(pair.caller.send(transfer(2, 1_000))).await.unwrap();
    assert_eq!(within(pair.called.next_transfer()).await.unwrap(), transfer(2, 1_000));
}

#[tokio::test]
async fn headers_of_strangers_languages_are_refused_and_the_peer_kept() {
    let house = link(2, &[1], Limits::default()).await;
    let (raw, called) = Raw::connect(1, &house).await;
    let long = [&[0xff, 0xff][..], &[0; 1_000]].concat();
    let unreadable = [&[20, 0][..], &[0xff; 20]].concat();
    for (number, bytes) in [&long[..], &unreadable, &[5, 0, 1], &[]].into_iter().enumerate() {
        let mut stream = raw.connection.open_uni().await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.finish().unwrap();
        let name = "(without a header)".to_owned();
        let damaged = Error::Transfer { name, why: Broken::Damaged };
        assert_eq!(within(called.next_transfer()).await, Err(damaged));
        assert_eq!(called.figures().broken, number as u64 + 1);
    }
    raw.send("tensor 7", b"whole").await;
    assert_eq!(within(called.next_transfer()).await.unwrap().content, "whole");
}

#[tokio::test]
async fn a_control_stream_that_breaks_the_rules_drops_the_peer_in_words() {
    let house = link(2, &[1], Limits::default()).await;
    let (mut raw, _called) = Raw::connect(1, &house).await;
    raw.control.write_all(&[9]).await.unwrap();
    assert!(raw.ended().await.contains("a unit of kind 9 is not known here"));
    let (mut raw, _called) = Raw::connect(1, &house).await;
    raw.control.finish().unwrap();
    assert!(raw.ended().await.contains("ended without a word"));
}

#[tokio::test]
async fn other_versions_and_protocols_are_refused_in_words() {
    let house = link(2, &[1], Limits::default()).await;
    let mut raw = Raw::knock(1, &house, b"her/sync/1").await.unwrap();
    raw.control.write_all(&[2, 9, 7]).await.unwrap();
    let why = raw.ended().await;
    assert!(why.contains("versions 1 to 1 of the link here, 7 to 9 there"), "{why}");
    let mut raw = Raw::knock(1, &house, b"her/sync/1").await.unwrap();
    raw.control.write_all(&[1, 0xff]).await.unwrap();
    assert!(raw.ended().await.contains("the hello of the other side cannot be read"));
    assert!(Raw::knock(1, &house, b"her/sync/0").await.is_err());
    // Who says nothing is given up; the house goes on.
    let (raw, called) = Raw::connect(1, &house).await;
    raw.send("tensor 7", b"whole").await;
    assert_eq!(within(called.next_transfer()).await.unwrap().content, "whole");
}

/// One byte a second and a burst: what passes in a test is the burst, however slow the machine.
fn quota(burst: u64) -> Rate {
    Rate { bytes_per_second: 1, burst }
}

#[tokio::test]
async fn a_receivers_quota_is_kept() {
    let slow = Limits { receive: Some(quota(50_000)), ..Limits::default() };
    let pair = pair(Limits::default(), slow).await;
    let began = tokio::time::Instant::now();
    let may = || 50_000 + began.elapsed().as_secs() + 1;
    let sends: Vec<_> = (0..20)
        .map(|number| {
            let peer = pair.caller.clone();
            tokio::spawn(async move { peer.send(transfer(number, 10_000)).await })
        })
        .collect();
    // All of it is on its way, and the quota is used up to the last byte, but not beyond.
    until(|| pair.called.figures().bytes_in >= 50_000).await;
    until(|| pair.caller.figures().bytes_out >= 200_000).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let into = pair.called.figures().bytes_in;
    assert!(into <= may(), "{into} bytes; {} may pass", may());
    for send in sends {
        send.abort();
    }
}

#[tokio::test]
async fn a_senders_quota_is_kept() {
    let slow = Limits { send: Some(quota(50_000)), ..Limits::default() };
    let pair = pair(slow, Limits::default()).await;
    let began = tokio::time::Instant::now();
    let peer = pair.caller.clone();
    let send = tokio::spawn(async move { peer.send(transfer(1, 200_000)).await });
    until(|| pair.called.figures().bytes_in >= 50_000).await;
    // Two bytes begin the stream of verdicts, which goes beside the quota.
    let out = pair.caller.figures().bytes_out - 2;
    assert!(out <= 50_000 + began.elapsed().as_secs() + 1, "{out}");
    // The other direction has its own.
    pair.called.send_frame(vec![7; 60_000].into()).await.unwrap();
    assert_eq!(within(pair.caller.next_frame()).await.unwrap().len(), 60_000);
    send.abort();
}
