//! What was just said: the newest hidden states, and the token that came after each.
//!
//! A neural cache (Grave, Joulin and Usunier 2016): the next token is looked up among those that
//! followed states like the present one. It knows at once, and forgets as it fills.

use crate::kernel::{View, multiply};
use crate::math;

/// How many states are kept.
const KEPT: usize = 4000;
/// How much more a state counts that is alike: e to the power of this times its cosine.
const SHARPNESS: f32 = 25.0;

/// The newest states, each of length 1, and what followed.
#[derive(Clone, Default)]
pub(crate) struct Recall {
    states: Vec<f32>,
    next: Vec<u32>,
}

impl Recall {
    /// Takes in the states of a pass, a row a token, and what followed each; gives the probability
    /// that was given to what followed, by what had been taken in before that token.
    pub fn step(&mut self, states: &[f32], targets: &[u32]) -> Vec<f64> {
        let n = targets.len();
        let width = states.len() / n.max(1);
        let old = self.next.len().saturating_sub(KEPT);
        self.next.drain(..old);
        self.states.drain(..old * width);
        let before = self.next.len();
        for row in states.chunks_exact(width) {
            let factor = 1.0 / math::dot(row, row).sqrt().max(f32::MIN_POSITIVE);
            self.states.extend(row.iter().map(|x| x * factor));
        }
        self.next.extend_from_slice(targets);
        let all = self.next.len();
        let mut alike = vec![0.0; n * all];
        let own = View::new(&self.states[before * width..], n, width);
        let kept = View::new(&self.states, all, width).turned();
        multiply(&mut alike, all, (own, kept), SHARPNESS, false);
        let rows = alike.chunks_exact(all).zip(targets).enumerate();
        rows.map(|(i, (row, target))| self.given(&row[..before + i], *target)).collect()
    }

    /// The share of the states alike that were followed by a token.
    fn given(&self, alike: &[f32], token: u32) -> f64 {
        let (mut of_token, mut all) = (0.0f32, 0.0f32);
        for (alike, next) in alike.iter().zip(&self.next) {
            let weight = math::exp(alike - SHARPNESS);
            all += weight;
            if *next == token {
                of_token += weight;
            }
        }
        if all > 0.0 { f64::from(of_token / all) } else { 0.0 }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_a_like_state_is_expected_and_the_future_is_not_seen() {
        let (a, b) = ([3.0f32, 0.0], [0.0f32, 0.5]);
        let mut recall = Recall::default();
        let given = recall.step(&[a, b, a].concat(), &[7, 8, 7]);
        assert_eq!(given[0], 0.0, "nothing was said before");
        assert!(given[1] < 1e-9, "8 had never followed");
        assert!(given[2] > 0.999, "7 followed this very state: {given:?}");
        let given = recall.step(&[b, b].concat(), &[7, 8]);
        assert!(given[0] < 1e-9 && given[1] > 0.4 && given[1] < 0.6, "{given:?}");
        recall.clear();
        assert_eq!(recall.step(&a, &[7]), [0.0]);
    }

    #[test]
    fn it_forgets_the_oldest() {
        let mut recall = Recall::default();
        recall.step(&[1.0, 0.0], &[1]);
        for i in 0..=KEPT / 20 {
            let given = recall.step(&[0.0, 1.0].repeat(20), &[2; 20]);
            assert!(i == 0 || given[0] > 0.99);
            assert!(recall.next.len() <= KEPT + 20);
        }
        assert!(!recall.next.contains(&1));
    }
}
