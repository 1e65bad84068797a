//! Many transfers side by side, and what becomes of those that break.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use her_peer::{Broken, Error, Limits, Rate, Transfer};

use super::raw::Raw;
use super::{link, pair, transfer, until, within};

#[tokio::test]
async fn a_thousand_travel_side_by_side() {
    let pair = pair(Limits::default(), Limits::default()).await;
    let sends: Vec<_> = (0..1_000)
        .map(|number| {
            let peer = Arc::clone(&pair.caller);
            tokio::spawn(async move { peer.send(transfer(number, 1_024)).await })
        })
        .collect();
    let mut came: BTreeMap<String, Transfer> = BTreeMap::new();
    for _ in 0..1_000 {
        let one = within(pair.called.next_transfer()).await.unwrap();
        came.insert(one.name.clone(), one);
    }
    for (number, send) in sends.into_iter().enumerate() {
        within(send).await.unwrap().unwrap();
        let wanted = transfer(number, 1_024);
        assert_eq!(came.get(&wanted.name), Some(&wanted));
    }
    let (out, into) = (pair.caller.figures(), pair.called.figures());
    assert_eq!((out.transfers_out, into.transfers_in), (1_000, 1_000));
    assert_eq!((out.sending, into.receiving, into.broken, into.refused), (0, 0, 0, 0));
    assert_eq!(out.bytes_out, into.bytes_in);
}

#[tokio::test]
async fn sizes_from_nothing_to_megabytes_arrive_whole() {
    let pair = pair(Limits::default(), Limits::default()).await;
    for (number, bytes) in [0, 1, 65_535, 65_536, 65_537, 5 << 20].into_iter().enumerate() {
        let sent = transfer(number, bytes);
        let (send, came) = within(async {
            tokio::join!(pair.caller.send(sent.clone()), pair.called.next_transfer())
        })
        .await;
        send.unwrap();
        assert_eq!(came.unwrap(), sent);
    }
}

#[tokio::test]
async fn a_stalled_one_blocks_no_other_and_is_reported_by_name() {
    let stall = Duration::from_millis(500);
    let house = link(2, &[1], Limits { stall, ..Limits::default() }).await;
    let (raw, called) = Raw::connect(1, &house).await;
    // Its header and half of its bytes, then nothing; on the same connection go a hundred others.
    let mut still = raw.begin("tensor 7", &[7; 10_000]).await;
    still.write_all(&[7; 5_000]).await.unwrap();
    until(|| called.figures().bytes_in > 5_000).await;
    for number in 0..100 {
        let Transfer { name, content, .. } = transfer(number, 10_000);
        raw.send(&name, &content).await;
        let came = within(called.next_transfer()).await.unwrap();
        assert_eq!((came.name, came.content), (name, content));
    }
    let stalled = Error::Transfer { name: "tensor 7".to_owned(), why: Broken::Stalled };
    assert_eq!(within(called.next_transfer()).await, Err(stalled));
    assert_eq!((called.figures().broken, called.figures().receiving), (1, 0));
    // The sender is told, and may begin again.
    assert_eq!(within(still.stopped()).await.unwrap().map(|code| code.into_inner()), Some(17));
    raw.send("tensor 7", &[7; 10_000]).await;
    assert_eq!(within(called.next_transfer()).await.unwrap().content, vec![7; 10_000]);
}

#[tokio::test]
async fn one_that_is_cut_is_reported_and_can_be_sent_again() {
    let house = link(2, &[1], Limits::default()).await;
    let (raw, called) = Raw::connect(1, &house).await;
    let mut cut = raw.begin("tensor 7", &[7; 10_000]).await;
    cut.write_all(&[7; 5_000]).await.unwrap();
    until(|| called.figures().bytes_in > 5_000).await;
    cut.reset(16_u32.into()).unwrap();
    let broken = Error::Transfer { name: "tensor 7".to_owned(), why: Broken::Cut };
    assert_eq!(within(called.next_transfer()).await, Err(broken));
    raw.send("tensor 7", &[7; 10_000]).await;
    assert_eq!(within(called.next_transfer()).await.unwrap().content, vec![7; 10_000]);
}

#[tokio::test]
async fn one_that_its_sender_gives_up_is_cut() {
    // Its quota lets 5,000 bytes out, and then one a second.
    let send = Some(Rate { bytes_per_second: 1, burst: 5_000 });
    let pair = pair(Limits { send, ..Limits::default() }, Limits::default()).await;
    let peer = Arc::clone(&pair.caller);
    let sending = tokio::spawn(async move { peer.send(transfer(7, 10_000)).await });
    until(|| pair.called.figures().bytes_in > 4_000).await;
    sending.abort();
    let broken = Error::Transfer { name: "tensor 7".to_owned(), why: Broken::Cut };
    assert_eq!(within(pair.called.next_transfer()).await, Err(broken));
    until(|| pair.caller.figures().sending == 0).await;
}

#[tokio::test]
async fn what_is_not_what_its_header_said_is_refused() {
    let house = link(2, &[1], Limits::default()).await;
    let (raw, called) = Raw::connect(1, &house).await;
    for (said, sent) in [(&[1; 100], &[2; 100][..]), (&[1; 100], &[1; 99]), (&[1; 100], &[1; 101])]
    {
        let mut stream = raw.begin("tensor 7", said).await;
        stream.write_all(sent).await.unwrap();
        stream.finish().unwrap();
        let broken = Error::Transfer { name: "tensor 7".to_owned(), why: Broken::Damaged };
        assert_eq!(within(called.next_transfer()).await, Err(broken));
    }
    raw.send("tensor 7", &[1; 100]).await;
    assert_eq!(within(called.next_transfer()).await.unwrap().content, vec![1; 100]);
}

#[tokio::test]
async fn the_urgent_go_first() {
    // Nothing passes but by the quota, so that all wait for each other in one place.
    let send = Some(Rate { bytes_per_second: 4 << 20, burst: 1 });
    let pair = pair(Limits { send, ..Limits::default() }, Limits::default()).await;
    let last = Transfer { priority: -1, ..transfer(1, 1 << 20) };
    let first = Transfer { priority: 1, ..transfer(2, 1_000) };
    let (slow, fast, order) = within(async {
        tokio::join!(pair.caller.send(last), pair.caller.send(first), async {
            [pair.called.next_transfer().await, pair.called.next_transfer().await]
        })
    })
    .await;
    slow.unwrap();
    fast.unwrap();
    assert_eq!(order.map(|one| one.unwrap().name), ["tensor 2", "tensor 1"]);
}
