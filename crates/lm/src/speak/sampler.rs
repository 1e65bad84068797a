//! Chance with a seed: which token is said, by the model's logits and a [`Manner`].

use std::collections::BTreeMap;

use super::manner::Manner;
use crate::adapter::split_mix;
use crate::error::Result;
use crate::math;

/// One answer's chance: its manner, and what it has said.
#[derive(Debug, Clone)]
pub struct Sampler {
    manner: Manner,
    state: u64,
    /// How often each token was said.
    said: BTreeMap<u32, u32>,
    /// Logits on their way to be weights, kept for their memory.
    scratch: Vec<f32>,
}

impl Sampler {
    /// A sampler for a new answer.
    ///
    /// # Errors
    /// When the manner is out of its ranges.
    pub fn new(manner: Manner) -> Result<Self> {
        manner.check()?;
        Ok(Self { manner, state: manner.seed, said: BTreeMap::new(), scratch: Vec::new() })
    }

    /// How it speaks.
    pub fn manner(&self) -> &Manner {
        &self.manner
    }

    /// The next token, by logits that are finite.
    pub(crate) fn pick(&mut self, logits: &[f32]) -> u32 {
        let mut weights = std::mem::take(&mut self.scratch);
        weights.clear();
        weights.extend_from_slice(logits);
        self.punish(&mut weights);
        let max = math::max(&weights);
        let token = if self.manner.temperature == 0.0 {
            weights.iter().position(|x| *x == max).unwrap_or_default()
        } else {
            let sharpness = (1.0 / self.manner.temperature) as f32;
            for x in &mut weights {
                *x = math::exp((*x - max) * sharpness);
            }
            self.draw(&weights)
        } as u32;
        *self.said.entry(token).or_default() += 1;
        self.scratch = weights;
        token
    }

    /// Makes what was said less likely, as the manner asks.
    fn punish(&self, logits: &mut [f32]) {
        let m = &self.manner;
        for (token, times) in &self.said {
            let Some(x) = logits.get_mut(*token as usize) else { continue };
            let repeated = m.repetition_penalty as f32;
            *x = if *x > 0.0 { *x / repeated } else { *x * repeated };
            *x -= (m.frequency_penalty * f64::from(*times) + m.presence_penalty) as f32;
        }
    }

    /// A number within 0 and 1, without 1.
    fn unit(&mut self) -> f64 {
        (split_mix(&mut self.state) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of the weights by chance; the greatest of them is 1.
    fn draw(&mut self, weights: &[f32]) -> usize {
        let Manner { top_p, top_k, min_p, .. } = self.manner;
        if top_p == 1.0 && top_k == 0 && min_p == 0.0 {
            let chance = self.unit();
            return by_chance(weights.iter().copied().enumerate(), chance);
        }
        let mut least = min_p as f32;
        if top_k == 0 {
            // All that are rarer than this have less than `1 − top_p` together: none is needed.
            let rest = (1.0 - top_p) * f64::from(math::sum(weights)) / weights.len() as f64;
            least = least.max(rest as f32);
        }
        let mut likely: Vec<(usize, f32)> =
            weights.iter().copied().enumerate().filter(|(_, w)| *w >= least).collect();
        let order = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if (1..likely.len()).contains(&top_k) {
            likely.select_nth_unstable_by(top_k - 1, order);
            likely.truncate(top_k);
        }
        likely.sort_unstable_by(order);
        let all: f64 = if top_k == 0 {
            f64::from(math::sum(weights))
        } else {
            likely.iter().map(|(_, w)| f64::from(*w)).sum()
        };
        let mut sum = 0.0;
        let enough = likely.iter().position(|(_, w)| {
            sum += f64::from(*w);
            sum >= top_p * all
        });
        likely.truncate(enough.map_or(likely.len(), |last| last + 1));
        let chance = self.unit();
        by_chance(likely.into_iter(), chance)
    }
}

/// The token at a share of the sum of all weights.
fn by_chance(weights: impl Iterator<Item = (usize, f32)> + Clone, share: f64) -> usize {
    let mut left = share * weights.clone().map(|(_, w)| f64::from(w)).sum::<f64>();
    let mut last = 0;
    for (token, weight) in weights {
        last = token;
        left -= f64::from(weight);
        if left < 0.0 {
            break;
        }
    }
    last
}
