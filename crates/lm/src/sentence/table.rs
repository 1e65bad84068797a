//! Static embeddings: a row of numbers a token, and the mean of the rows for a text.
//!
//! **Source** wordllama (rows of a large model's embedding, trained to be averaged) and model2vec
//! (Tulkens and van Dongen 2024: an encoder's vectors of single tokens).

use std::path::Path;

use serde::Deserialize;

use crate::config::{VOCAB_MAX, WIDTH_MAX};
use crate::error::{Error, Result, wrong};
use crate::folder::{CONFIG, json};
use crate::tensors::{Tensors, finite};

/// What the tensor with the rows is called: by wordllama, and by model2vec.
const NAMES: [&str; 2] = ["embedding.weight", "embeddings"];

/// The rows.
pub(super) struct Table {
    /// How long a row is.
    pub width: usize,
    /// A row a token, one after the other.
    pub rows: Vec<f32>,
    /// Whether vectors are made ones of length 1.
    pub normalize: bool,
}

impl Table {
    pub fn load(folder: &Path, tensors: &Tensors) -> Result<Self> {
        #[derive(Default, Deserialize)]
        struct Says {
            #[serde(default)]
            normalize: bool,
        }
        let config = folder.join(CONFIG);
        let says: Says = if config.exists() { json(&config)? } else { Says::default() };
        let known = |name: &&str| NAMES.contains(name);
        if let Some(name) = tensors.names().find(|name| !known(name)) {
            return wrong(format!(
                "tensor {name} is none that a table of vectors has: there must be one, {}; tables \
                 with weights or a mapping of tokens are not computed",
                NAMES.join(" or ")
            ));
        }
        let missing = || Error(format!("tensor {} is missing: there is no table", NAMES[0]));
        let name = tensors.names().next().ok_or_else(missing)?;
        let shape = tensors.shape(name)?;
        match *shape.as_slice() {
            [rows, width]
                if (1..=VOCAB_MAX).contains(&rows) && (1..=WIDTH_MAX).contains(&width) =>
            {
                let rows = finite(name, tensors.read(name, &shape)?)?;
                Ok(Self { width, rows, normalize: says.normalize })
            }
            _ => wrong(format!(
                "tensor {name} has the shape {shape:?}, but a table has 1 to {VOCAB_MAX} rows of 1 \
                 to {WIDTH_MAX} numbers"
            )),
        }
    }

    /// The mean of the tokens' rows, without the one that stands for what is not known: it tells
    /// nothing. Zeros, where no other is left.
    pub fn mean(&self, tokens: &[u32], unknown: Option<u32>) -> Vec<f32> {
        let mut sum = vec![0.0f32; self.width];
        let mut counted = 0;
        for &token in tokens.iter().filter(|t| Some(**t) != unknown) {
            let at = token as usize * self.width;
            for (sum, x) in sum.iter_mut().zip(&self.rows[at..at + self.width]) {
                *sum += x;
            }
            counted += 1;
        }
        let share = 1.0 / counted.max(1) as f32;
        for x in &mut sum {
            *x *= share;
        }
        sum
    }
}
