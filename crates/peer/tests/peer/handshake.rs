//! Who is let in.

use her_peer::{Error, Limits, Link, QuicLink, Settings};

use super::{connect, frame, key, link, pair, secret, until, within};

#[tokio::test]
async fn both_sides_know_whom_they_talk_to() {
    let pair = pair(Limits::default(), Limits::default()).await;
    assert_eq!((pair.caller.peer(), pair.called.peer()), (key(2), key(1)));
    assert_eq!((pair.caller.version(), pair.called.version()), (1, 1));
    for number in 0..100 {
        pair.caller.send_frame(frame(number)).await.unwrap();
        pair.called.send_frame(frame(1_000 + number)).await.unwrap();
    }
    for number in 0..100 {
        assert_eq!(within(pair.called.next_frame()).await.unwrap(), frame(number));
        assert_eq!(within(pair.caller.next_frame()).await.unwrap(), frame(1_000 + number));
    }
    let figures = pair.called.figures();
    assert_eq!((figures.frames_in, figures.frames_out), (100, 100));
    until(|| pair.called.figures().bytes_in == pair.caller.figures().bytes_out).await;
    assert!(!figures.round_trip.is_zero());
    assert_eq!(pair.links[1].figures().connections, 1);
}

#[tokio::test]
async fn an_unknown_key_is_refused_in_words() {
    let (stranger, house) =
        (link(3, &[2], Limits::default()).await, link(2, &[1], Limits::default()).await);
    let error = within(stranger.connect(key(2), &house.addresses())).await.err().unwrap();
    let reason = format!("the key {} is not on this node's list of peers", key(3));
    assert_eq!(error, Error::Refused { peer: key(2), reason });
    assert_eq!(house.figures().refused, 1);
    assert_eq!(house.figures().connections, 0);
    // The list can change while the link runs.
    house.allow(key(3));
    connect(&stranger, &house).await.unwrap();
}

#[tokio::test]
async fn one_must_allow_whom_one_calls() {
    let (caller, house) =
        (link(1, &[], Limits::default()).await, link(2, &[1], Limits::default()).await);
    let error = caller.connect(key(2), &house.addresses()).await.err().unwrap();
    assert_eq!(error, Error::NotAllowed(key(2)));
    caller.allow(key(2));
    let error = caller.connect(key(2), &[]).await.err().unwrap();
    assert!(error.to_string().contains("no address is given"), "{error}");
}

#[tokio::test]
async fn an_impostor_is_refused() {
    let caller = link(1, &[2, 3], Limits::default()).await;
    let impostor = link(3, &[1], Limits::default()).await;
    let at = impostor.addresses();
    let error = within(caller.connect(key(2), &at)).await.err().unwrap();
    assert_eq!(error, Error::Impostor { address: at[0], wanted: key(2) });
    // The same address under its own name is fine.
    connect(&caller, &impostor).await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_told() {
    let limits = Limits { handshake: std::time::Duration::from_millis(300), ..Limits::default() };
    let caller = link(1, &[2], limits).await;
    let gone = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let error = within(caller.connect(key(2), &[gone.local_addr().unwrap()])).await.err().unwrap();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_key_that_is_taken_off_the_list_is_cut_off() {
    let pair = pair(Limits::default(), Limits::default()).await;
    pair.links[1].revoke(key(1));
    let error = within(pair.caller.next_frame()).await.unwrap_err();
    let why = "this key was taken off the list of peers";
    assert_eq!(error, Error::Closed(why.to_owned()));
    assert!(within(pair.called.next_transfer()).await.is_err());
    let again = within(pair.links[0].connect(key(2), &pair.links[1].addresses())).await;
    assert!(matches!(again, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn a_key_has_two_connections_and_the_oldest_makes_room() {
    let pair = pair(Limits::default(), Limits::default()).await;
    let (_second, _there) = connect(&pair.links[0], &pair.links[1]).await.unwrap();
    let (third, there) = connect(&pair.links[0], &pair.links[1]).await.unwrap();
    // Either side may be the one that closes it.
    let error = within(pair.called.next_frame()).await.unwrap_err().to_string();
    assert!(error.contains("newer connections") || error.contains("on this side"), "{error}");
    assert_eq!(pair.links[1].figures().connections, 2);
    third.send_frame(frame(1)).await.unwrap();
    assert_eq!(within(there.next_frame()).await.unwrap(), frame(1));
}

#[tokio::test]
async fn what_cannot_be_bound_is_told() {
    let house = link(2, &[], Limits::default()).await;
    let address = house.addresses()[0];
    let taken = QuicLink::bind(Settings { address, ..Settings::new(secret(1)) }).await;
    assert!(matches!(taken.err(), Some(Error::Bind { address: a, .. }) if a == address));
    let limits = Limits { frame: 0, ..Limits::default() };
    let wrong = QuicLink::bind(Settings { limits, ..Settings::new(secret(1)) }).await;
    let error = wrong.err().unwrap().to_string();
    assert_eq!(error, "the link's limit frame is 0; give 1 to 1048576");
    let relays = vec!["no url".to_owned()];
    let wrong = QuicLink::bind(Settings { relays, ..Settings::new(secret(1)) }).await;
    assert!(wrong.err().unwrap().to_string().contains("`no url` is no URL of a relay"));
}
