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
    until(|| pair.caller.figures().bytes_out == pair.called.figures().bytes_in).await;
    until(|| pair.called.figures().bytes_out == pair.caller.figures().bytes_in).await;
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
    assert_eq!(within(still.stopped()).await.unwrap(), Some(17_u32.into()));
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
    let pair = pair(Limits::default(), Limits::default()).await;
    // The most urgent begins last; all fit into the send window.
    for number in 0..8 {
        let peer = Arc::clone(&pair.caller);
        let one = Transfer { priority: number, ..transfer(number as usize, 1 << 20) };
        tokio::spawn(async move { peer.send(one).await });
    }
    let mut order = Vec::new();
    for _ in 0..8 {
        order.push(within(pair.called.next_transfer()).await.unwrap().kind);
    }
    let at = |kind| order.iter().position(|one| *one == kind);
    assert!(at(7) < at(0), "{order:?}");
}

#[tokio::test]
async fn frames_that_nobody_takes_out_hold_no_transfer_up() {
    let few = Limits { frames: 2, ..Limits::default() };
    let pair = pair(few, few).await;
    let peers = [Arc::clone(&pair.caller), Arc::clone(&pair.called)];
    let floods: Vec<_> = peers
        .into_iter()
        .map(|peer| {
            tokio::spawn(async move {
                loop {
                    peer.send_frame(vec![0; 60_000].into()).await.unwrap();
                }
            })
        })
        .collect();
    // Until the way for frames is full on both sides: no more goes out while transfers do.
    for number in 0..200 {
        within(pair.caller.send(transfer(number, 1_000))).await.unwrap();
        within(pair.called.send(transfer(number, 1_000))).await.unwrap();
        assert_eq!(within(pair.called.next_transfer()).await.unwrap(), transfer(number, 1_000));
        assert_eq!(within(pair.caller.next_transfer()).await.unwrap(), transfer(number, 1_000));
    }
    assert!(pair.caller.figures().frames_out > 2);
    for flood in floods {
        flood.abort();
    }
}
