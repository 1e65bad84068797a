//! The laws of joining, packing and rounding, on inputs nobody thought of.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use her_identity::journal::IdentityId;
use her_identity::sync::shared::hash_of;
use her_identity::sync::{Codec, Content, Joined, Origin, Part, Peer, Shared, pack};
use her_learn::Label;
use her_learn::merge::{Fixed, Key, Merge, Sums};
use proptest::prelude::*;

fn key() -> impl Strategy<Value = Key> {
    let tensor = prop::sample::select(vec!["0/n", "0/sum", "1/weights", ""]);
    let class = prop_oneof![
        Just(None),
        any::<bool>().prop_map(|b| Some(Label::Bool(b))),
        any::<i64>().prop_map(|n| Some(Label::Int(n))),
        "[a-c]{0,3}".prop_map(|t| Some(Label::Text(t.into()))),
    ];
    let name = || prop::option::of("[a-bå]{0,4}");
    (tensor, class, name(), name()).prop_map(|(tensor, class, feature, other)| Key {
        tensor: tensor.into(),
        class,
        feature: feature.map(Into::into),
        other: other.map(Into::into),
    })
}

fn cell() -> impl Strategy<Value = Fixed> {
    prop_oneof![
        Just(Fixed::ZERO),
        (-1e6..1e6_f64).prop_map(Fixed::of),
        (0..1000_u32).prop_map(|n| Fixed::of(f64::from(n))),
        any::<i128>().prop_map(|n| Fixed(n >> 20)),
    ]
}

fn sums() -> impl Strategy<Value = Sums> {
    let block = prop::collection::vec(cell(), 1..90);
    let one = cell().prop_map(|cell| vec![cell]);
    let blocks = (key(), prop_oneof![4 => one, 1 => block]);
    prop::collection::vec(blocks, 0..80).prop_map(|blocks| {
        let mut sums: Sums = blocks.into_iter().map(|(k, b)| (k, b.into_boxed_slice())).collect();
        sums.trim();
        sums
    })
}

/// The rows of a few origins, each with a few numbers, one after the other.
fn parts() -> impl Strategy<Value = Vec<Part>> {
    prop::collection::vec((0..4_u8, 1..5_u64), 1..30).prop_map(|names| {
        let part = |(n, seq): (u8, u64)| {
            let origin = Origin {
                peer: Peer { key: [n % 2; 32], identity: IdentityId([n; 16]) },
                life: u64::from(n),
            };
            let key = Key { tensor: "n".into(), class: None, feature: None, other: None };
            // What an origin signs under a number is always the same.
            let cells = Box::from([Fixed::of(f64::from(n) * 100.0 + seq as f64)]);
            let sums: Sums = [(key, cells)].into_iter().collect();
            let hash = hash_of(&sums);
            let signature = Box::new([0; 64]);
            let content = Content::Sums(sums);
            Part { origin, from: 0, to: seq, events: seq, content, hash, signature }
        };
        names.into_iter().map(part).collect()
    })
}

fn joined(parts: &[Part]) -> Shared {
    let mut shared = Shared::default();
    for part in parts {
        let joined = shared.join(part, |_, _| unreachable!("no part tells events")).unwrap();
        assert!(matches!(joined, Joined::Taken | Joined::Known));
    }
    shared
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn joining_is_idempotent_commutative_and_associative(mut parts in parts(), at in 0..30_usize) {
        let once = joined(&parts);
        let twice = joined(&[parts.clone(), parts.clone()].concat());
        prop_assert_eq!(once.hash(), twice.hash());
        let at = at.min(parts.len());
        // (a, b), c and a, (b, c): what two know is handed on as their rows.
        let (first, rest) = parts.split_at(at);
        let rows = |shared: &Shared| -> Vec<Part> {
            parts
                .iter()
                .filter(|part| shared.rows().get(&part.origin).is_some_and(|r| r.seq == part.to))
                .cloned()
                .collect()
        };
        let other = joined(&[rows(&joined(rest)), rows(&joined(first))].concat());
        prop_assert_eq!(once.hash(), other.hash());
        parts.reverse();
        prop_assert_eq!(once.hash(), joined(&parts).hash());
    }

    #[test]
    fn sums_come_back_from_their_bytes(sums in sums()) {
        let bytes = pack::pack(&sums);
        prop_assert_eq!(pack::unpack(&bytes).unwrap(), sums);
        for end in 0..bytes.len() {
            prop_assert!(pack::unpack(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn rubbish_is_sums_or_an_error(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(version) = bytes.first_mut() {
            *version = 1;
        }
        if let Ok(sums) = pack::unpack(&bytes) {
            prop_assert_eq!(pack::unpack(&pack::pack(&sums)).unwrap(), sums);
        }
    }

    /// What rounding leaves is sent later: after a few empty rounds all of it has come.
    #[test]
    fn rounding_loses_nothing(sums in sums(), codec in prop::sample::select(Codec::ROUNDING.to_vec())) {
        let (mut sent, mut left) = (Sums::default(), sums.clone());
        for _ in 0..600 {
            let step = codec.round(&left, Merge::Deltas);
            left.sub(&step);
            left.trim();
            sent.add(&step);
            if left.is_empty() {
                break;
            }
        }
        sent.trim();
        prop_assert!(left.is_empty(), "{codec:?} leaves {} numbers", left.len());
        prop_assert_eq!(sent, sums);
    }

    #[test]
    fn counts_are_never_rounded(sums in sums(), at in 0..Codec::ROUNDING.len()) {
        let codec = Codec::ROUNDING[at];
        prop_assert_eq!(codec.round(&sums, Merge::Exact), sums);
    }
}
