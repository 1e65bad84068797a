//! A Llama model in a GGUF file: which key and which tensor is what.

use super::{Gguf, Header, Tensor, Value};
use crate::config::{
    CONTEXT_MAX, Config, HEADS_MAX, HIDDEN_MAX, LAYERS_MAX, Part, Scaling, Site, VOCAB_MAX,
    WIDTH_MAX, turns,
};
use crate::error::{Error, Result, wrong};
use crate::quant::Kind;
use crate::weights::Source;

/// Factors of the rotary positions, one a pair.
const FACTORS: &str = "rope_freqs.weight";

fn name(part: Part) -> String {
    let site = |site| match site {
        Site::Query => "attn_q",
        Site::Key => "attn_k",
        Site::Value => "attn_v",
        Site::Out => "attn_output",
        Site::Gate => "ffn_gate",
        Site::Up => "ffn_up",
        Site::Down => "ffn_down",
    };
    match part {
        Part::Embedding => "token_embd.weight".to_owned(),
        Part::Norm => "output_norm.weight".to_owned(),
        Part::Head => "output.weight".to_owned(),
        Part::AttentionNorm(layer) => format!("blk.{layer}.attn_norm.weight"),
        Part::FeedNorm(layer) => format!("blk.{layer}.ffn_norm.weight"),
        Part::Linear(layer, at) => format!("blk.{layer}.{}.weight", site(at)),
    }
}

impl Header {
    /// Refuses what is not of the Llama architecture.
    fn llama(&self) -> Result<()> {
        let architecture = self.key("general.architecture")?.text("general.architecture")?;
        if architecture != "llama" {
            return wrong(format!(
                "its architecture (general.architecture) is {architecture:?}, but only \"llama\" is \
                 computed: give a model of the Llama architecture, such as SmolLM2 or Llama 3"
            ));
        }
        Ok(())
    }

    fn vocab(&self) -> Result<usize> {
        const KEY: &str = "tokenizer.ggml.tokens";
        let n = self.key(KEY)?.texts(KEY)?.len();
        if (1..=VOCAB_MAX).contains(&n) {
            return Ok(n);
        }
        wrong(format!("key {KEY} has {n} tokens, but must have 1 to {VOCAB_MAX}"))
    }

    fn shapes(&self, factors: Option<Vec<f64>>) -> Result<Config> {
        self.llama()?;
        let heads = self.size("llama.attention.head_count", HEADS_MAX)?;
        let or = |key: &str, other: usize, max: usize| {
            if self.keys.contains_key(key) { self.size(key, max) } else { Ok(other) }
        };
        let width = self.size("llama.embedding_length", WIDTH_MAX)?;
        let head = or("llama.attention.key_length", width / heads, WIDTH_MAX)?;
        for key in ["llama.attention.value_length", "llama.rope.dimension_count"] {
            let n = or(key, head, WIDTH_MAX)?;
            if n != head {
                return wrong(format!(
                    "key {key} is {n}, but a head's keys are {head} wide: heads whose parts differ \
                     are not computed"
                ));
            }
        }
        let base = self.float_or("llama.rope.freq_base", 10_000.0)?;
        let scaling = match factors {
            Some(factors) => Scaling::Factors(factors),
            None => self.scaling()?,
        };
        Config {
            layers: self.size("llama.block_count", LAYERS_MAX)?,
            width,
            hidden: self.size("llama.feed_forward_length", HIDDEN_MAX)?,
            heads,
            kv_heads: or("llama.attention.head_count_kv", heads, HEADS_MAX)?,
            head,
            vocab: self.vocab()?,
            context: self.size("llama.context_length", CONTEXT_MAX)?,
            epsilon: self.float_or("llama.attention.layer_norm_rms_epsilon", 1e-5)? as f32,
            turns: turns(head, base, &scaling)?,
        }
        .check()
    }

    fn scaling(&self) -> Result<Scaling> {
        match self.text_or("llama.rope.scaling.type", "none")? {
            "none" => Ok(Scaling::None),
            "linear" => Ok(Scaling::Linear(self.float_or("llama.rope.scaling.factor", 1.0)?)),
            other => wrong(format!(
                "key llama.rope.scaling.type is {other:?}, but only none and linear are computed"
            )),
        }
    }
}

impl Gguf {
    fn numbers(&self, tensor: &Tensor) -> Vec<f32> {
        let mut out = Vec::new();
        tensor.kind.dequantise(self.bytes(tensor), &mut out);
        out
    }
}

impl Source for Gguf {
    fn config(&self) -> Result<Config> {
        let factors = self.header.tensors.get(FACTORS).map(|tensor| {
            // A wrong number of them is found by the count of pairs.
            self.numbers(tensor).into_iter().map(f64::from).collect()
        });
        self.header.shapes(factors)
    }

    fn names(&self) -> Vec<&str> {
        self.header.tensors.keys().map(String::as_str).filter(|name| *name != FACTORS).collect()
    }

    fn name(&self, part: Part) -> String {
        name(part)
    }

    fn read(&self, part: Part, rows: usize, columns: usize) -> Result<Vec<f32>> {
        let name = name(part);
        let missing = || Error(format!("tensor {name} is missing: the file is not a whole model"));
        let tensor = self.header.tensors.get(&name).ok_or_else(missing)?;
        let wanted = if rows == 1 { vec![columns] } else { vec![columns, rows] };
        if tensor.dims != wanted {
            return wrong(format!(
                "tensor {name} has the shape {:?}, but the model's figures ask for {wanted:?}",
                tensor.dims
            ));
        }
        Ok(self.numbers(tensor))
    }

    fn blocks(&self, part: Part) -> Option<(Kind, &[u8])> {
        let tensor = self.header.tensors.get(&name(part))?;
        Some((tensor.kind, self.bytes(tensor)))
    }

    fn bytes(&self) -> u64 {
        self.len() as u64
    }

    fn licence(&self) -> Option<String> {
        match self.header.keys.get("general.license") {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn kinds(&self) -> Vec<String> {
        self.header.tensors.values().map(|tensor| tensor.kind.name().to_owned()).collect()
    }
}
