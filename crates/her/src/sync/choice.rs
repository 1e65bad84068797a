//! How what is sent is rounded: as one codec has it, or the shortest that keeps its worth.

use her_identity::sync::Codec;
use her_identity::turn::Offer;
use her_identity::{Error, Result};
use serde::{Deserialize, Serialize};

use super::rows::LEVEL;

/// The share of what the events were worth that the shortest form has to keep.
pub const KEPT: f64 = 0.97;

/// What a pact says of how its numbers are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// At each exchange the shortest that keeps [`KEPT`] of what the events since the last one
    /// were worth: the events themselves while they are few.
    Auto,
    /// Always this one.
    #[serde(untagged)]
    Of(Codec),
}

impl Default for Choice {
    fn default() -> Self {
        Self::Of(Codec::default())
    }
}

impl Choice {
    /// All of them by name, as settings have them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let codecs = Codec::ROUNDING.into_iter().chain([Codec::Events]);
        codecs.map(Codec::name).chain(["auto"])
    }
}

/// The codec whose message is the shortest of those that keep enough.
///
/// # Errors
/// When zstd can't squeeze one.
pub fn shortest(offers: &[Offer]) -> Result<Codec> {
    let mut best = None;
    for offer in offers {
        // Where nothing was measured, what rounds more than usual is not tried.
        let usual = matches!(offer.codec, Codec::I8 | Codec::Events);
        if !offer.gain_kept.map_or(usual, |kept| kept >= KEPT) {
            continue;
        }
        let bytes = zstd::bulk::compress(&offer.content.to_bytes(), LEVEL)
            .map_err(|e| Error::io("squeezing an offer", e))?
            .len();
        if best.is_none_or(|(_, least)| bytes < least) {
            best = Some((offer.codec, bytes));
        }
    }
    Ok(best.map_or(Codec::default(), |(codec, _)| codec))
}

#[cfg(test)]
mod tests {
    use her_identity::sync::Content;

    use super::*;

    fn offer(codec: Codec, bytes: usize, gain_kept: Option<f64>) -> Offer {
        // Bytes that nothing squeezes.
        let mut at = 7_u64;
        let noise = (0..bytes).map(|_| {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (at >> 40) as u8
        });
        Offer { codec, content: Content::Events(noise.collect()), gain_kept }
    }

    #[test]
    fn the_shortest_that_keeps_enough_is_taken() {
        let offers = |i8, i4, events| {
            [
                offer(Codec::Exact, 900, Some(1.0)),
                offer(Codec::I8, 300, i8),
                offer(Codec::I4, 100, i4),
                offer(Codec::Events, 400, events),
            ]
        };
        let of = |i8, i4, events| shortest(&offers(i8, i4, events)).unwrap();
        assert_eq!(of(Some(1.0), Some(0.98), Some(1.0)), Codec::I4);
        assert_eq!(of(Some(1.0), Some(0.96), Some(1.0)), Codec::I8);
        assert_eq!(of(Some(0.9), Some(0.96), Some(1.0)), Codec::Events);
        assert_eq!(of(Some(0.9), Some(0.96), Some(0.5)), Codec::Exact);
        assert_eq!(of(None, None, None), Codec::I8, "nothing is known of four bits");
        assert_eq!(shortest(&[]).unwrap(), Codec::I8);
    }

    #[test]
    fn choices_are_written_by_name() {
        for name in Choice::names() {
            let choice: Choice = serde_json::from_value(name.into()).unwrap();
            assert_eq!(serde_json::to_value(choice).unwrap(), name);
        }
        assert!(serde_json::from_value::<Choice>("best".into()).is_err());
    }
}
