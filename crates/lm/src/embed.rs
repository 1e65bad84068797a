//! A text as a vector: the mean of what a model holds in mind while it reads it.

use crate::error::{Result, wrong};
use crate::forward::{Cache, Want};
use crate::math;
use crate::model::Model;

/// The longest text that becomes a vector, in bytes.
pub const EMBED_BYTES: usize = 1 << 15;

/// How many tokens are read with one context; what is longer is read in parts.
const SPAN: usize = 256;
const EMPTY: &str = "the text is empty: there is nothing to make a vector of";

/// The mean of the base's last hidden states over a text, as wide as the model: 576 numbers of
/// SmolLM2-135M. Where the model has a token that begins texts, that is read first and not counted:
/// the first of a context is what the others look at when they look at nothing, and says little.
/// The same text gives the same bits on the same kernel.
///
/// # Errors
/// When the text is empty or longer than [`EMBED_BYTES`].
pub fn embed(model: &Model, text: &str) -> Result<Vec<f32>> {
    within(text)?;
    let tokens = model.tokens.encode(text)?;
    if tokens.is_empty() {
        return wrong(EMPTY);
    }
    let width = model.base.config.width;
    let span = SPAN.min(model.base.config.context.saturating_sub(1)).max(1);
    let mut sum = vec![0.0f32; width];
    for part in tokens.chunks(span) {
        let begin = model.tokens.begin.into_iter();
        let read: Vec<u32> = begin.chain(part.iter().copied()).collect();
        let pass = model.base.read(None, &mut Cache::default(), &read, Want::States)?;
        let counted = (read.len() - part.len()) * width;
        for row in pass.states[counted..].chunks_exact(width) {
            for (sum, x) in sum.iter_mut().zip(row) {
                *sum += x;
            }
        }
    }
    let share = 1.0 / tokens.len() as f32;
    for x in &mut sum {
        *x *= share;
    }
    Ok(sum)
}

/// Refuses texts that are empty or too long.
pub(crate) fn within(text: &str) -> Result<()> {
    match text.len() {
        0 => wrong(EMPTY),
        n if n > EMBED_BYTES => wrong(format!(
            "a text of {n} bytes; at most {EMBED_BYTES} become one vector: cut it into several"
        )),
        _ => Ok(()),
    }
}

/// Makes a vector one of length 1; one of zeros stays as it is.
pub fn unit(vector: &mut [f32]) {
    let length = math::dot(vector, vector).sqrt();
    if length > 0.0 {
        for x in vector {
            *x /= length;
        }
    }
}
