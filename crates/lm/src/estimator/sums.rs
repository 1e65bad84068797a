//! What an adapter learned as sums that peers add.
//!
//! The frozen half of each map is drawn from a seed, so the learned halves of peers with one base,
//! rank and seed act on the same numbers: `B₁ (A x) + B₂ (A x) = (B₁ + B₂) (A x)`. What only one
//! of them has stays with it: its context, what was just said, how far each prediction is trusted,
//! and what it remembers word for word. No text goes to a peer.
//!
//! **Cost** a row has as many numbers as the adapter learns (622,080 for SmolLM2-135M and rank 4):
//! 10 MB of memory for each peer, 0.3 MB on the wire with four bits a number.
//!
//! **Source** Sun, Y. et al., 2024. Improving LoRA in privacy-preserving federated learning (A
//! frozen, B summed). Ilharco, G. et al., 2023. Editing models with task arithmetic.

use her_learn::merge::{Additive, Fixed, Gather, Merge, Spread};

use super::LanguageModel;

/// The tensor's name: that of the steps of all models whose steps are summed.
const WEIGHTS: &str = "weights";

impl Additive for LanguageModel {
    fn merge(&self) -> Merge {
        Merge::Deltas
    }

    fn sums(&self, out: &mut Gather<'_>) {
        let learned = self.mixture.learner().adapter().learned();
        let has_moved = self.mixture.learner().updates() > 0 || learned.iter().any(|x| *x != 0.0);
        if has_moved {
            out.tensor(WEIGHTS).block(learned.iter().map(|x| Fixed::of(f64::from(*x))));
        }
    }

    fn room(&self, from: &Spread<'_>) -> her_learn::Result<()> {
        let (theirs, numbers) =
            (from.block(WEIGHTS).len(), self.mixture.learner().adapter().learned().len());
        if theirs > numbers {
            return Err(her_learn::Error::new(format!(
                "an adapter of {theirs} numbers of a peer, this one learns {numbers}; both must \
                 have one base and rank"
            )));
        }
        Ok(())
    }

    /// Bits a token for the beginnings of the guard's texts, by the adapter: some 200 tokens.
    fn probe(&self) -> Option<f64> {
        let (base, learner) = (&self.shared.model.base, self.mixture.learner());
        // What can't be read is the worst there is.
        base.probes.beginnings(base, learner.adapter()).unwrap_or(Some(f64::NAN))
    }

    fn set_sums(&mut self, from: &Spread<'_>) {
        let block = from.block(WEIGHTS).iter().map(|x| x.to_f64() as f32);
        self.mixture.become_of(block.chain(std::iter::repeat(0.0)));
    }
}
