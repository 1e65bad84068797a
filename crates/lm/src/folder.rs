//! A Llama model as a directory: config.json, tokenizer.json and safetensors in one file or more.
//!
//! GGUF files have the rows of queries and keys in the order in which neighbours form a pair that
//! turns; here a pair lies half a head apart. The rows are put into GGUF's order while reading.

use std::path::Path;

use serde::Deserialize;

use crate::config::{Config, Part, Scaling, Site, WIDTH_MAX, turns};
use crate::error::{Error, Result, wrong};
use crate::quant::Kind;
use crate::tensors::Tensors;
use crate::weights::Source;

pub(crate) const CONFIG: &str = "config.json";
/// The longest file of JSON that is read, in bytes; tokenizers are the longest known, at 20 MB.
const JSON_MAX: u64 = 1 << 28;

/// What config.json says. What is not named here does not change the forward pass.
#[derive(Deserialize)]
struct Figures {
    model_type: String,
    num_hidden_layers: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    vocab_size: usize,
    max_position_embeddings: usize,
    rms_norm_eps: f32,
    rope_theta: Option<f64>,
    rope_scaling: Option<RopeScaling>,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    hidden_act: Option<String>,
}

#[derive(Deserialize)]
struct RopeScaling {
    #[serde(alias = "type")]
    rope_type: String,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
}

/// An open directory.
pub(crate) struct Folder {
    config: Config,
    tensors: Tensors,
}

/// Reads a file of JSON.
pub(crate) fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let failed = |e: &dyn std::fmt::Display| Error(format!("{}: {e}", path.display()));
    let length = std::fs::metadata(path).map_err(|e| failed(&e))?.len();
    if length > JSON_MAX {
        return Err(failed(&format!("has {length} bytes, but at most {JSON_MAX} are read")));
    }
    let bytes = std::fs::read(path).map_err(|e| failed(&e))?;
    serde_json::from_slice(&bytes).map_err(|e| failed(&e))
}

impl Folder {
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join(CONFIG);
        let figures: Figures = json(&path)?;
        let config = figures.config().map_err(|e| e.of(&path))?;
        // Some files keep what is computed from the configuration.
        let tensors = Tensors::open(folder, |name| name.ends_with("rotary_emb.inv_freq"))?;
        Ok(Self { config, tensors })
    }
}

impl Figures {
    fn config(self) -> Result<Config> {
        if self.model_type != "llama" {
            return wrong(format!(
                "model_type is {:?}, but only \"llama\" is computed: give a model of the Llama \
                 architecture, such as SmolLM2 or Llama 3",
                self.model_type
            ));
        }
        if self.attention_bias || self.mlp_bias {
            return wrong("attention_bias or mlp_bias is true, but biases are not computed");
        }
        if let Some(other) = self.hidden_act.as_deref().filter(|act| *act != "silu") {
            return wrong(format!("hidden_act is {other:?}, but only \"silu\" is computed"));
        }
        if self.num_attention_heads == 0 {
            return wrong("num_attention_heads is 0");
        }
        let head = self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads);
        let base = self.rope_theta.unwrap_or(10_000.0);
        let config = Config {
            layers: self.num_hidden_layers,
            width: self.hidden_size,
            hidden: self.intermediate_size,
            heads: self.num_attention_heads,
            kv_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            head,
            vocab: self.vocab_size,
            context: self.max_position_embeddings,
            epsilon: self.rms_norm_eps,
            turns: Vec::new(),
        };
        // A head of another width is refused by the check.
        let turns = if (2..=WIDTH_MAX).contains(&head) {
            let scaling = self.rope_scaling.map_or(Ok(Scaling::None), |s| s.read(head, base))?;
            turns(head, base, &scaling)?
        } else {
            Vec::new()
        };
        Config { turns, ..config }.check()
    }
}

impl RopeScaling {
    fn read(&self, head: usize, base: f64) -> Result<Scaling> {
        let need = |name: &str, value: Option<f64>| match value {
            Some(x) if x.is_finite() && x > 0.0 => Ok(x),
            _ => wrong(format!("rope_scaling needs {name}, a number above 0")),
        };
        match self.rope_type.as_str() {
            "default" => Ok(Scaling::None),
            "linear" => Ok(Scaling::Linear(need("factor", self.factor)?)),
            "llama3" => {
                let factor = need("factor", self.factor)?;
                let low = need("low_freq_factor", self.low_freq_factor)?;
                let high = need("high_freq_factor", self.high_freq_factor)?;
                let trained = need(
                    "original_max_position_embeddings",
                    self.original_max_position_embeddings,
                )?;
                let of = |turn: &f64| stretch(*turn, factor, low, high, trained);
                Ok(Scaling::Factors(turns(head, base, &Scaling::None)?.iter().map(of).collect()))
            }
            other => wrong(format!(
                "rope_scaling is {other:?}, but only default, linear and llama3 are computed"
            )),
        }
    }
}

/// By which factor Llama 3.1 slows a turn: not at all when it is quick, by the whole factor when
/// less than a round fits into the context that the model was trained on, and between by a blend.
fn stretch(turn: f64, factor: f64, low: f64, high: f64, trained: f64) -> f64 {
    let rounds = trained * turn / std::f64::consts::TAU;
    if rounds > high {
        1.0
    } else if rounds < low {
        factor
    } else {
        let quick = (rounds - low) / (high - low);
        1.0 / ((1.0 - quick) / factor + quick)
    }
}

fn name(part: Part) -> String {
    let site = |site| match site {
        Site::Query => "self_attn.q_proj",
        Site::Key => "self_attn.k_proj",
        Site::Value => "self_attn.v_proj",
        Site::Out => "self_attn.o_proj",
        Site::Gate => "mlp.gate_proj",
        Site::Up => "mlp.up_proj",
        Site::Down => "mlp.down_proj",
    };
    match part {
        Part::Embedding => "model.embed_tokens.weight".to_owned(),
        Part::Norm => "model.norm.weight".to_owned(),
        Part::Head => "lm_head.weight".to_owned(),
        Part::AttentionNorm(layer) => format!("model.layers.{layer}.input_layernorm.weight"),
        Part::FeedNorm(layer) => format!("model.layers.{layer}.post_attention_layernorm.weight"),
        Part::Linear(layer, at) => format!("model.layers.{layer}.{}.weight", site(at)),
    }
}

/// Rows of each head from halves to neighbours.
fn interleave(weights: &[f32], head: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(weights.len());
    for rows in weights.chunks_exact(head * columns) {
        let (first, second) = rows.split_at(head / 2 * columns);
        for (a, b) in first.chunks_exact(columns).zip(second.chunks_exact(columns)) {
            out.extend_from_slice(a);
            out.extend_from_slice(b);
        }
    }
    out
}

impl Source for Folder {
    fn config(&self) -> Result<Config> {
        Ok(self.config.clone())
    }

    fn names(&self) -> Vec<&str> {
        self.tensors.names().collect()
    }

    fn name(&self, part: Part) -> String {
        name(part)
    }

    fn read(&self, part: Part, rows: usize, columns: usize) -> Result<Vec<f32>> {
        let wanted: &[usize] = if rows == 1 { &[columns] } else { &[rows, columns] };
        let out = self.tensors.read(&name(part), wanted)?;
        Ok(match part {
            Part::Linear(_, Site::Query | Site::Key) => interleave(&out, self.config.head, columns),
            _ => out,
        })
    }

    fn blocks(&self, _: Part) -> Option<(Kind, &[u8])> {
        None
    }

    fn bytes(&self) -> u64 {
        self.tensors.bytes()
    }

    fn licence(&self) -> Option<String> {
        None
    }

    fn kinds(&self) -> Vec<String> {
        self.tensors.kinds()
    }
}
