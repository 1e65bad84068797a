//! How the next token is chosen among the likely ones.

use serde::{Deserialize, Serialize};

use crate::error::{Result, wrong};

/// How a voice speaks. Parameters are named as in OpenAI's API, or as its imitators name them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// How far it strays from what is likeliest, 0 to 2: 0 always says the likeliest token, 1
    /// speaks as the model expects people to.
    pub temperature: f64,
    /// Only the likeliest tokens that have this share together, above 0 and at most 1.
    pub top_p: f64,
    /// Only so many of the likeliest tokens; 0 for all.
    pub top_k: usize,
    /// Only tokens at least this share as likely as the likeliest one, 0 to 1.
    pub min_p: f64,
    /// Taken off a token's logit for each time that it was said in this answer, −2 to 2; 0.4 as a
    /// rule.
    pub frequency_penalty: f64,
    /// Taken off once for a token that was said in this answer, −2 to 2.
    pub presence_penalty: f64,
    /// Divides a logit above 0, and multiplies one below, of a token that was said in this answer;
    /// 1 to 2, where 1 changes nothing.
    pub repetition_penalty: f64,
    /// What chance is drawn from: the same seed says the same after the same context.
    pub seed: u64,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            temperature: 0.7,
            top_p: 0.95,
            top_k: 0,
            min_p: 0.0,
            // A small model falls into loops without it.
            frequency_penalty: 0.4,
            presence_penalty: 0.0,
            repetition_penalty: 1.0,
            seed: 0,
        }
    }
}

impl Manner {
    /// As usual at a temperature: at 0 always the likeliest token, without penalties.
    pub fn at(temperature: f64) -> Self {
        if temperature == 0.0 { Self::greedy() } else { Self { temperature, ..Self::default() } }
    }

    /// Always the likeliest token.
    pub fn greedy() -> Self {
        Self { temperature: 0.0, frequency_penalty: 0.0, ..Self::default() }
    }

    /// Whether all is within its range.
    ///
    /// # Errors
    /// Names the first parameter that is not, its value and its range.
    pub fn check(&self) -> Result<()> {
        let within = |name: &str, x: f64, low: f64, high: f64| {
            if (low..=high).contains(&x) {
                return Ok(());
            }
            wrong(format!("{name} is {x}, but must be within {low} and {high}"))
        };
        within("temperature", self.temperature, 0.0, 2.0)?;
        within("top_p", self.top_p, 0.0, 1.0)?;
        if self.top_p == 0.0 {
            return wrong("top_p is 0, which leaves no token to say: give a share above 0");
        }
        within("min_p", self.min_p, 0.0, 1.0)?;
        within("frequency_penalty", self.frequency_penalty, -2.0, 2.0)?;
        within("presence_penalty", self.presence_penalty, -2.0, 2.0)?;
        within("repetition_penalty", self.repetition_penalty, 1.0, 2.0)
    }
}
