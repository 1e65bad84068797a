//! What was just said: the newest hidden states, and the token that came after each.
//!
//! A neural cache (Grave, Joulin and Usunier 2016): the next token is looked up among those that
//! followed states like the present one. It knows at once, and forgets as it fills. A state is kept
//! as a byte a number, in memory as on the disk.

use serde::{Deserialize, Serialize};

use crate::error::{Result, wrong};
use crate::kernel::{View, multiply};
use crate::math;

/// How many states are kept.
const KEPT: usize = 4000;
/// How much more a state counts that is alike: e to the power of this times its cosine.
const SHARPNESS: f32 = 32.0;
/// How many states are compared at once.
const PART: usize = 256;

/// The newest states, each as its direction in bytes, and what followed.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Recall {
    states: Vec<i8>,
    next: Vec<u32>,
}

/// A direction of length 1, of one in bytes.
fn unit(row: &[i8], out: &mut Vec<f32>) {
    let square: i32 = row.iter().map(|x| i32::from(*x) * i32::from(*x)).sum();
    let factor = 1.0 / (square as f32).sqrt().max(1.0);
    out.extend(row.iter().map(|x| f32::from(*x) * factor));
}

impl Recall {
    /// Takes in the states of a pass, a row a token, and what followed each. Gives, by what had been
    /// taken in before that token, the probability that was given to what followed, and how alike
    /// the most alike state was, as a cosine; none when nothing had been taken in.
    pub fn step(&mut self, states: &[f32], targets: &[u32]) -> Vec<Option<(f64, f64)>> {
        let n = targets.len();
        let width = states.len() / n.max(1);
        let old = self.next.len().saturating_sub(KEPT);
        self.next.drain(..old);
        self.states.drain(..old * width);
        let before = self.next.len();
        for row in states.chunks_exact(width) {
            let top = row.iter().fold(f32::MIN_POSITIVE, |top, x| top.max(x.abs()));
            self.states.extend(row.iter().map(|x| (x / top * 127.0).round() as i8));
        }
        self.next.extend_from_slice(targets);
        let all = self.next.len();
        let mut own = Vec::with_capacity(n * width);
        self.states[before * width..].chunks_exact(width).for_each(|row| unit(row, &mut own));
        let own = View::new(&own, n, width);
        let mut alike = vec![0.0; n * all];
        let mut part = Vec::with_capacity(PART * width);
        for (i, states) in self.states.chunks(PART * width).enumerate() {
            part.clear();
            states.chunks_exact(width).for_each(|row| unit(row, &mut part));
            let kept = View::new(&part, states.len() / width, width).turned();
            multiply(&mut alike[i * PART..], all, (own, kept), SHARPNESS, false);
        }
        let rows = alike.chunks_exact(all).zip(targets).enumerate();
        rows.map(|(i, (row, target))| self.given(&row[..before + i], *target)).collect()
    }

    /// The share of the states alike that were followed by a token, and how alike the most alike is.
    fn given(&self, alike: &[f32], token: u32) -> Option<(f64, f64)> {
        let (mut of_token, mut all) = (0.0f32, 0.0f32);
        let top = math::max(alike);
        for (alike, next) in alike.iter().zip(&self.next) {
            let weight = math::exp(alike - top);
            all += weight;
            if *next == token {
                of_token += weight;
            }
        }
        (all > 0.0).then(|| (f64::from(of_token / all), f64::from(top / SHARPNESS)))
    }

    /// Refuses what is none of a base with hidden states of this width.
    pub fn check(&self, width: usize) -> Result<()> {
        let n = self.next.len();
        if n > KEPT + crate::PASS_MAX || self.states.len() != n * width {
            let numbers = self.states.len();
            return wrong(format!("{n} states of what was just said, in {numbers} numbers"));
        }
        Ok(())
    }

    /// What followed the states.
    pub fn tokens(&self) -> &[u32] {
        &self.next
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
        assert_eq!(given[0], None, "nothing was said before");
        let told: Vec<(f64, f64)> = given.into_iter().flatten().collect();
        assert!(told[0].0 < 1e-9 && told[0].1 < 0.01, "8 had never followed: {told:?}");
        assert!(told[1].0 > 0.999 && told[1].1 > 0.99, "7 followed this very state: {told:?}");
        let given = recall.step(&[b, b].concat(), &[7, 8]);
        let told: Vec<f64> = given.into_iter().flatten().map(|(given, _)| given).collect();
        assert!(told[0] < 1e-9 && told[1] > 0.4 && told[1] < 0.6, "{told:?}");
        recall.clear();
        assert_eq!(recall.step(&a, &[7]), [None]);
    }

    #[test]
    fn it_forgets_the_oldest() {
        let mut recall = Recall::default();
        recall.step(&[1.0, 0.0], &[1]);
        for i in 0..=KEPT / 20 {
            let given = recall.step(&[0.0, 1.0].repeat(20), &[2; 20]);
            assert!(i == 0 || given[0].unwrap().0 > 0.99);
            assert!(recall.next.len() <= KEPT + 20);
        }
        assert!(!recall.next.contains(&1));
        assert!(recall.check(2).is_ok() && recall.check(3).is_err());
    }
}
