//! Which features each member of an ensemble sees.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::features::{FeatureId, Features};
use crate::rng::Rng;

/// How many of `M` features a subspace holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum SubspaceSize {
    /// This many.
    Count(u32),
    /// This part of them.
    Share(f64),
    /// `√M + 1`.
    Sqrt,
    /// `M − √M + 1`.
    RmSqrt,
}

impl TryFrom<Value> for SubspaceSize {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match &value {
            Value::Number(n) => match (n.as_u64(), n.as_f64()) {
                (Some(k @ 2..=1_000_000), _) => return Ok(Self::Count(k as u32)),
                (None, Some(share)) if share > 0.0 && share <= 1.0 => {
                    return Ok(Self::Share(share));
                }
                _ => {}
            },
            Value::String(rule) if rule == "sqrt" => return Ok(Self::Sqrt),
            Value::String(rule) if rule == "rmsqrt" => return Ok(Self::RmSqrt),
            _ => {}
        }
        Err(format!(
            "subspace_size must be an integer from 2 to 1000000, a fraction above 0 and up to \
             1.0, \"sqrt\" or \"rmsqrt\", got {value}"
        ))
    }
}

impl From<SubspaceSize> for Value {
    fn from(size: SubspaceSize) -> Self {
        match size {
            SubspaceSize::Count(k) => k.into(),
            SubspaceSize::Share(share) => share.into(),
            SubspaceSize::Sqrt => "sqrt".into(),
            SubspaceSize::RmSqrt => "rmsqrt".into(),
        }
    }
}

impl SubspaceSize {
    /// How many of `n`; may be more than there are.
    fn of(self, n: usize) -> usize {
        let root = (n as f64).sqrt().round_ties_even() as usize;
        match self {
            Self::Count(k) => k as usize,
            Self::Share(share) => {
                let k = (n as f64 * share).round_ties_even() as usize;
                if k < 2 { k + 1 } else { k }
            }
            Self::Sqrt => root + 1,
            Self::RmSqrt => n - root + 1,
        }
    }
}

/// The ids of an event's numbers and texts, in order.
pub(super) fn all_ids(x: &Features) -> Vec<FeatureId> {
    let mut ids = x.ids().to_vec();
    ids.extend(x.texts().map(|(id, _)| id));
    ids.sort_unstable();
    ids
}

/// Subspaces of these features for `n_models` members; `None` when one would hold all features.
///
/// Of up to 20 features the combinations are gone through in order, again from the first when they
/// run out; of more, every subspace is drawn.
pub(super) fn subspaces(
    size: SubspaceSize,
    n_models: usize,
    all: &[FeatureId],
    rng: &mut Rng,
) -> Option<Vec<Vec<FeatureId>>> {
    let n = all.len();
    let mut k = size.of(n);
    if k == 0 || k >= n {
        return None;
    }
    let of = |at: &[usize]| at.iter().map(|&at| all[at]).collect();
    if n > 20 && k > 1 {
        return Some((0..n_models).map(|_| of(&rng.sample(n, k))).collect());
    }
    if k == 1 && n > 2 {
        k = 2;
    }
    let mut combination: Vec<usize> = (0..k).collect();
    let mut out = Vec::with_capacity(n_models);
    for _ in 0..n_models {
        out.push(of(&combination));
        next_combination(&mut combination, n);
    }
    Some(out)
}

/// The next of the combinations of numbers below `n`; the first one after the last.
fn next_combination(combination: &mut [usize], n: usize) {
    let k = combination.len();
    let Some(at) = (0..k).rev().find(|&i| combination[i] < n - k + i) else {
        for (i, number) in combination.iter_mut().enumerate() {
            *number = i;
        }
        return;
    };
    let first = combination[at] + 1;
    for (i, number) in combination[at..].iter_mut().enumerate() {
        *number = first + i;
    }
}
