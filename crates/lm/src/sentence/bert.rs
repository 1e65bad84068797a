//! An encoder of BERT's sort: every token looks at every other one, layer by layer.
//!
//! A text stands between two tokens of its own. A layer is an attention and a feed-forward part
//! with GELU; what each gives is added to what it was given, and then brought to mean 0 and
//! variance 1.
//! Products are those of the language models' forward pass, sums and exponentials those of
//! `math.rs`.
//!
//! **Source** Devlin et al. 2019; GELU: Hendrycks and Gimpel 2016, by the error function.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::config::{CONTEXT_MAX, HEADS_MAX, HIDDEN_MAX, LAYERS_MAX, VOCAB_MAX, WIDTH_MAX};
use crate::error::{Error, Result, wrong};
use crate::folder::{CONFIG, json};
use crate::kernel::{View, multiply};
use crate::math;
use crate::tensors::{Tensors, finite};
use crate::tokens::Tokens;

/// What config.json says. What is not named here does not change what is computed.
#[derive(Deserialize)]
struct Figures {
    num_hidden_layers: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_attention_heads: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f32,
    hidden_act: String,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
}

/// `rows` numbers from `columns`, and what is added to them.
struct Linear {
    rows: usize,
    columns: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

/// Brings a row to mean 0 and variance 1, then to gains and offsets.
struct Norm {
    gains: Vec<f32>,
    offsets: Vec<f32>,
    epsilon: f32,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    feed_norm: Norm,
}

/// The encoder.
pub(super) struct Bert {
    width: usize,
    heads: usize,
    /// A row a token, and a row a position with that of the first sort of text added.
    words: Vec<f32>,
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    /// The tokens that begin and end a text.
    ends: (u32, u32),
}

impl Figures {
    fn check(self) -> Result<Self> {
        for (name, n, max) in [
            ("num_hidden_layers", self.num_hidden_layers, LAYERS_MAX),
            ("hidden_size", self.hidden_size, WIDTH_MAX),
            ("intermediate_size", self.intermediate_size, HIDDEN_MAX),
            ("num_attention_heads", self.num_attention_heads, HEADS_MAX),
            ("vocab_size", self.vocab_size, VOCAB_MAX),
            ("max_position_embeddings", self.max_position_embeddings, CONTEXT_MAX),
            ("type_vocab_size", self.type_vocab_size, VOCAB_MAX),
        ] {
            if !(1..=max).contains(&n) {
                return wrong(format!("{name} is {n}, but must be within 1 and {max}"));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let (width, heads) = (self.hidden_size, self.num_attention_heads);
            return wrong(format!("hidden_size {width} cannot be shared by {heads} heads evenly"));
        }
        if !(self.layer_norm_eps.is_finite() && self.layer_norm_eps >= 0.0) {
            return wrong(format!("layer_norm_eps is {}", self.layer_norm_eps));
        }
        if self.hidden_act != "gelu" {
            let other = &self.hidden_act;
            return wrong(format!("hidden_act is {other:?}, but only \"gelu\" is computed"));
        }
        let position = self.position_embedding_type.as_deref().unwrap_or("absolute");
        if position != "absolute" {
            return wrong(format!(
                "position_embedding_type is {position:?}, but only \"absolute\" is computed"
            ));
        }
        if self.is_decoder {
            return wrong("is_decoder is true, but only encoders are computed");
        }
        Ok(self)
    }
}

/// Takes tensors by name and remembers which.
struct Reader<'a> {
    tensors: &'a Tensors,
    /// `bert.` in files that were saved with a head for another task.
    prefix: &'static str,
    taken: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn new(tensors: &'a Tensors) -> Self {
        let prefixed = tensors.names().any(|name| name.starts_with("bert."));
        Self { tensors, prefix: if prefixed { "bert." } else { "" }, taken: BTreeSet::new() }
    }

    fn numbers(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let name = format!("{}{name}", self.prefix);
        let numbers = finite(&name, self.tensors.read(&name, shape)?)?;
        self.taken.insert(name);
        Ok(numbers)
    }

    fn linear(&mut self, name: &str, rows: usize, columns: usize) -> Result<Linear> {
        let weights = self.numbers(&format!("{name}.weight"), &[rows, columns])?;
        let bias = self.numbers(&format!("{name}.bias"), &[rows])?;
        Ok(Linear { rows, columns, weights, bias })
    }

    fn norm(&mut self, name: &str, figures: &Figures) -> Result<Norm> {
        let shape = [figures.hidden_size];
        let gains = self.numbers(&format!("{name}.weight"), &shape)?;
        let offsets = self.numbers(&format!("{name}.bias"), &shape)?;
        Ok(Norm { gains, offsets, epsilon: figures.layer_norm_eps })
    }

    fn layer(&mut self, i: usize, figures: &Figures) -> Result<Layer> {
        let (width, inner) = (figures.hidden_size, figures.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{i}.{part}");
        Ok(Layer {
            query: self.linear(&name("attention.self.query"), width, width)?,
            key: self.linear(&name("attention.self.key"), width, width)?,
            value: self.linear(&name("attention.self.value"), width, width)?,
            out: self.linear(&name("attention.output.dense"), width, width)?,
            attention_norm: self.norm(&name("attention.output.LayerNorm"), figures)?,
            up: self.linear(&name("intermediate.dense"), inner, width)?,
            down: self.linear(&name("output.dense"), width, inner)?,
            feed_norm: self.norm(&name("output.LayerNorm"), figures)?,
        })
    }

    /// Refuses tensors that would be left out: vectors would be computed wrongly.
    fn strangers(&self) -> Result<()> {
        match self.tensors.names().find(|name| !self.taken.contains(*name)) {
            None => Ok(()),
            Some(name) => wrong(format!(
                "tensor {name} is none that an encoder of {CONFIG}'s figures has: it would be left \
                 out"
            )),
        }
    }
}

impl Linear {
    /// The products of some rows, and the bias.
    fn apply(&self, x: &[f32]) -> Vec<f32> {
        let n = x.len() / self.columns;
        let mut out = self.bias.repeat(n);
        let weights = View::new(&self.weights, self.rows, self.columns).turned();
        multiply(&mut out, self.rows, (View::new(x, n, self.columns), weights), 1.0, true);
        out
    }
}

impl Norm {
    fn apply(&self, x: &mut [f32]) {
        let width = self.gains.len();
        for row in x.chunks_exact_mut(width) {
            let mean = math::sum(row) / width as f32;
            for x in row.iter_mut() {
                *x -= mean;
            }
            let factor = 1.0 / (math::dot(row, row) / width as f32 + self.epsilon).sqrt();
            for ((x, gain), offset) in row.iter_mut().zip(&self.gains).zip(&self.offsets) {
                *x = *x * factor * gain + offset;
            }
        }
    }
}

impl Bert {
    pub fn load(folder: &Path, tensors: &Tensors, tokens: &Tokens) -> Result<Self> {
        let path = folder.join(CONFIG);
        let figures = json::<Figures>(&path)?.check().map_err(|e| e.of(&path))?;
        let width = figures.hidden_size;
        let mut from = Reader::new(tensors);
        let name = |part: &str| format!("embeddings.{part}_embeddings.weight");
        let words = from.numbers(&name("word"), &[figures.vocab_size, width])?;
        let shape = [figures.max_position_embeddings, width];
        let mut positions = from.numbers(&name("position"), &shape)?;
        let sorts = from.numbers(&name("token_type"), &[figures.type_vocab_size, width])?;
        for row in positions.chunks_exact_mut(width) {
            for (x, sort) in row.iter_mut().zip(&sorts) {
                *x += sort;
            }
        }
        let norm = from.norm("embeddings.LayerNorm", &figures)?;
        let layers = (0..figures.num_hidden_layers).map(|i| from.layer(i, &figures));
        let layers = layers.collect::<Result<_>>()?;
        from.strangers()?;
        let heads = figures.num_attention_heads;
        let ends = ends(folder, tokens, figures.vocab_size)?;
        Ok(Self { width, heads, words, positions, norm, layers, ends })
    }

    /// The last states of the token that begins a text, of these tokens, and of the one that ends
    /// it: a row each. All together must be no more than [`context`](Self::context), and each one
    /// of the vocabulary.
    pub fn states(&self, tokens: &[u32]) -> Vec<f32> {
        assert!(tokens.len() + 2 <= self.context(), "as many tokens as there are positions");
        let (begin, end) = self.ends;
        let all = [begin].into_iter().chain(tokens.iter().copied()).chain([end]);
        let mut h = Vec::with_capacity((tokens.len() + 2) * self.width);
        for (token, position) in all.zip(self.positions.chunks_exact(self.width)) {
            let at = token as usize * self.width;
            let word = &self.words[at..at + self.width];
            h.extend(word.iter().zip(position).map(|(word, position)| word + position));
        }
        self.norm.apply(&mut h);
        for layer in &self.layers {
            let found = layer.attend(&h, self.heads);
            add(&mut h, &found);
            layer.attention_norm.apply(&mut h);
            let found = layer.feed(&h);
            add(&mut h, &found);
            layer.feed_norm.apply(&mut h);
        }
        h
    }

    /// Length of a state.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many tokens it has positions for.
    pub fn context(&self) -> usize {
        self.positions.len() / self.width
    }

    pub fn vocab(&self) -> usize {
        self.words.len() / self.width
    }

    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// How many weights are kept.
    pub fn parameters(&self) -> u64 {
        let linear = |map: &Linear| map.weights.len() + map.bias.len();
        let norm = |norm: &Norm| norm.gains.len() + norm.offsets.len();
        let layer = |l: &Layer| {
            let maps = [&l.query, &l.key, &l.value, &l.out, &l.up, &l.down];
            maps.map(linear).iter().sum::<usize>() + norm(&l.attention_norm) + norm(&l.feed_norm)
        };
        let all = self.words.len()
            + self.positions.len()
            + norm(&self.norm)
            + self.layers.iter().map(layer).sum::<usize>();
        all as u64
    }
}

impl Layer {
    fn attend(&self, h: &[f32], heads: usize) -> Vec<f32> {
        let width = self.query.rows;
        let (n, head) = (h.len() / width, width / heads);
        let (queries, keys, values) = (self.query.apply(h), self.key.apply(h), self.value.apply(h));
        let mut mixed = vec![0.0; h.len()];
        let mut looks = vec![0.0; n * n];
        let scale = 1.0 / (head as f32).sqrt();
        for at in (0..heads).map(|i| i * head) {
            let query = View::within(&queries[at..], n, head, width);
            let key = View::within(&keys[at..], n, head, width).turned();
            multiply(&mut looks, n, (query, key), scale, false);
            for row in looks.chunks_exact_mut(n) {
                let max = math::max(row);
                math::softmax(row, max);
            }
            let value = View::within(&values[at..], n, head, width);
            multiply(&mut mixed[at..], width, (View::new(&looks, n, n), value), 1.0, false);
        }
        self.out.apply(&mixed)
    }

    fn feed(&self, h: &[f32]) -> Vec<f32> {
        let mut inner = self.up.apply(h);
        for x in &mut inner {
            *x *= 0.5 * (1.0 + math::erf(*x * std::f32::consts::FRAC_1_SQRT_2));
        }
        self.down.apply(&inner)
    }
}

fn add(to: &mut [f32], x: &[f32]) {
    for (to, x) in to.iter_mut().zip(x) {
        *to += x;
    }
}

/// The tokens that begin and end a text: as tokenizer_config.json writes them, or BERT's.
fn ends(folder: &Path, tokens: &Tokens, vocab: usize) -> Result<(u32, u32)> {
    let path = folder.join("tokenizer_config.json");
    let says: Value = if path.exists() { json(&path)? } else { Value::Null };
    let token = |key: &str, other: &str| {
        let said = says[key].as_str().or_else(|| says[key]["content"].as_str());
        let text = said.unwrap_or(other);
        let found = tokens.find(text).filter(|token| (*token as usize) < vocab);
        found.ok_or_else(|| {
            Error(format!(
                "the tokenizer has no token {text:?} ({key}), between which this encoder reads a \
                 text: they do not belong together"
            ))
        })
    };
    Ok((token("cls_token", "[CLS]")?, token("sep_token", "[SEP]")?))
}
