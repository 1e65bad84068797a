//! What all encoders end with, and the one product of vectors whose order is fixed.

use crate::{Result, wrong};

/// Rounds a feature to a multiple of `1 / steps`, so that what differs in the last digits does not
/// differ at all. `steps` is a power of two, so nothing but the rounding is lost.
pub fn to_grid(x: f64, steps: f64) -> f64 {
    (x * steps).round() / steps
}

/// Features as a vector of length 1. `content` says what was read, for the error.
///
/// # Errors
/// When all features are 0.
pub fn unit(features: &[f64], content: &str) -> Result<Vec<f32>> {
    let length = dot(features, features).sqrt();
    // What is refused for its content has been; a length is finite here.
    if length == 0.0 {
        return wrong(format!("{content} has nothing in it that could be compared"));
    }
    Ok(features.iter().map(|x| (x / length) as f32).collect())
}

/// Scalar product: eight running sums, element `i` in sum `i mod 8`, added from the left, then the
/// rest. The order is part of what a space's version promises.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0f64; 8];
    let (heads, tails) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = heads.remainder().iter().zip(tails.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in heads.zip(tails) {
        for (lane, (x, y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            *lane += x * y;
        }
    }
    lanes.iter().sum::<f64>() + rest
}
