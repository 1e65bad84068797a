//! How an encoder's states become one vector: what sentence-transformers writes beside the weights.
//!
//! `modules.json` names the steps, `1_Pooling/config.json` says what is averaged, and
//! `sentence_bert_config.json` how many tokens are read at once. Without them, the mean of all
//! states is made a vector of length 1, as most of these models do.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::bert::Bert;
use crate::error::{Result, wrong};
use crate::folder::json;
use crate::forward::PASS_MAX;

const MODULES: &str = "modules.json";
const LENGTH: &str = "sentence_bert_config.json";
/// Below a directory of an encoder: where it is said what is averaged.
pub const POOLING: &str = "1_Pooling/config.json";
/// Files that vectors hang on, besides those that every model has.
pub(crate) const FILES: [&str; 3] = [MODULES, LENGTH, POOLING];
/// A token that begins a part, one of the text, and one that ends it.
const LONGEST_MIN: usize = 3;

/// Of which states the vector is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pooling {
    /// The mean of all.
    Mean,
    /// The first one, of the token that begins a text.
    First,
}

/// How states become a vector.
pub(super) struct Recipe {
    pooling: Pooling,
    /// Whether it is made one of length 1.
    pub normalize: bool,
    /// How many tokens are read at once, those that begin and end a text included.
    pub longest: usize,
}

#[derive(Deserialize)]
struct Module {
    #[serde(rename = "type")]
    sort: String,
}

impl Recipe {
    /// Reads what lies in a directory; `context` is how many tokens the encoder takes.
    pub fn read(folder: &Path, context: usize) -> Result<Self> {
        let modules = folder.join(MODULES);
        let normalize = if modules.exists() {
            normalizes(&json::<Vec<Module>>(&modules)?).map_err(|e| e.of(&modules))?
        } else {
            true
        };
        let pooling = folder.join(POOLING);
        let pooling = if pooling.exists() {
            pooled(&json::<BTreeMap<String, Value>>(&pooling)?).map_err(|e| e.of(&pooling))?
        } else {
            Pooling::Mean
        };
        Ok(Self { pooling, normalize, longest: longest(folder, context)? })
    }

    /// The vector of a text's tokens.
    pub fn pool(&self, bert: &Bert, tokens: &[u32]) -> Vec<f32> {
        let mut sum = vec![0.0f32; bert.width()];
        let mut counted = 0;
        let mut take = |part: &[u32]| {
            let states = bert.states(part);
            let rows = states.chunks_exact(bert.width());
            let some = if self.pooling == Pooling::Mean { rows.len() } else { 1 };
            for row in rows.take(some) {
                for (sum, x) in sum.iter_mut().zip(row) {
                    *sum += x;
                }
            }
            counted += some;
        };
        // A text of no tokens is what lies between the two that begin and end it.
        if tokens.is_empty() {
            take(&[]);
        }
        tokens.chunks(self.longest - (LONGEST_MIN - 1)).for_each(take);
        let share = 1.0 / counted.max(1) as f32;
        for x in &mut sum {
            *x *= share;
        }
        sum
    }
}

/// Whether the steps end with one that makes vectors ones of length 1.
fn normalizes(modules: &[Module]) -> Result<bool> {
    let mut normalizes = false;
    for module in modules {
        match module.sort.rsplit('.').next().unwrap_or_default() {
            "Transformer" | "Pooling" => {}
            "Normalize" => normalizes = true,
            other => {
                return wrong(format!(
                    "the step {other:?} is not computed: only Transformer, Pooling and Normalize \
                     are"
                ));
            }
        }
    }
    Ok(normalizes)
}

/// Of which states the vector is made.
fn pooled(config: &BTreeMap<String, Value>) -> Result<Pooling> {
    let mut modes: Vec<&str> = Vec::new();
    for (key, value) in config {
        match (key.strip_prefix("pooling_mode"), value) {
            (Some(""), Value::String(mode)) => modes.push(mode),
            (Some(mode), Value::Bool(true)) => modes.push(mode.trim_start_matches('_')),
            _ => {}
        }
    }
    match modes.as_slice() {
        ["mean" | "mean_tokens"] => Ok(Pooling::Mean),
        ["cls" | "cls_token"] => Ok(Pooling::First),
        other => wrong(format!(
            "the pooling is {other:?}, but it must be one of mean_tokens and cls_token: others are \
             not computed"
        )),
    }
}

fn longest(folder: &Path, context: usize) -> Result<usize> {
    #[derive(Deserialize)]
    struct Says {
        max_seq_length: Option<usize>,
    }
    let path = folder.join(LENGTH);
    let said = if path.exists() { json::<Says>(&path)?.max_seq_length } else { None };
    let longest = said.unwrap_or(context).min(context).min(PASS_MAX);
    if longest < LONGEST_MIN {
        return wrong(format!(
            "it reads {longest} tokens at once, but needs {LONGEST_MIN} at least: see \
             max_position_embeddings in config.json and max_seq_length in {LENGTH}"
        ));
    }
    Ok(longest)
}
