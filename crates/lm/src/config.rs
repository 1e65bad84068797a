//! The figures of a Llama-architecture model: what shapes its weights have and how positions turn.

use crate::error::{Result, wrong};

/// Bounds of what is read; the largest published models of this architecture lie below all.
pub(crate) const LAYERS_MAX: usize = 512;
pub(crate) const WIDTH_MAX: usize = 1 << 16;
pub(crate) const HIDDEN_MAX: usize = 1 << 18;
pub(crate) const HEADS_MAX: usize = 1 << 10;
pub(crate) const VOCAB_MAX: usize = 1 << 20;
pub(crate) const CONTEXT_MAX: usize = 1 << 24;

/// A model's shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How many layers.
    pub layers: usize,
    /// Length of a hidden state.
    pub width: usize,
    /// Length of the feed-forward part's inner state.
    pub hidden: usize,
    /// How many query heads.
    pub heads: usize,
    /// How many key and value heads; several query heads share one.
    pub kv_heads: usize,
    /// Length of one head's query, key or value; even.
    pub head: usize,
    /// How many tokens there are.
    pub vocab: usize,
    /// For how many tokens of context it was trained.
    pub context: usize,
    /// What RMSNorm adds to a mean square.
    pub epsilon: f32,
    /// How many radians each pair of a head turns per position; `head / 2` of them.
    pub turns: Vec<f64>,
}

/// How a model stretches positions for contexts longer than the ones that it was first trained on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scaling {
    None,
    /// All turns are slower by one factor.
    Linear(f64),
    /// Each pair's turn is slower by its own factor.
    Factors(Vec<f64>),
}

/// How many radians each pair turns per position.
pub(crate) fn turns(head: usize, base: f64, scaling: &Scaling) -> Result<Vec<f64>> {
    if !(1.0..=1e12).contains(&base) {
        return wrong(format!("the base of its rotary positions is {base}, outside 1 to 1e12"));
    }
    let plain = |i: usize| libm::pow(base, -(2.0 * i as f64) / head as f64);
    let factor = |i: usize| match scaling {
        Scaling::None => 1.0,
        Scaling::Linear(factor) => *factor,
        Scaling::Factors(factors) => factors.get(i).copied().unwrap_or(f64::NAN),
    };
    let turns: Vec<f64> = (0..head / 2).map(|i| plain(i) / factor(i)).collect();
    if turns.iter().all(|t| t.is_finite() && *t > 0.0) {
        return Ok(turns);
    }
    wrong("the factors of its rotary positions are not finite numbers above 0, one a pair")
}

impl Config {
    /// Whether the figures fit each other.
    pub(crate) fn check(self) -> Result<Self> {
        let sized = |name: &str, n: usize, max: usize| {
            if (1..=max).contains(&n) {
                return Ok(());
            }
            wrong(format!("its {name} is {n}, but must be within 1 and {max}"))
        };
        sized("number of layers", self.layers, LAYERS_MAX)?;
        sized("width", self.width, WIDTH_MAX)?;
        sized("feed-forward width", self.hidden, HIDDEN_MAX)?;
        sized("number of heads", self.heads, HEADS_MAX)?;
        sized("number of key heads", self.kv_heads, HEADS_MAX)?;
        sized("head's width", self.head, WIDTH_MAX)?;
        sized("vocabulary", self.vocab, VOCAB_MAX)?;
        sized("context", self.context, CONTEXT_MAX)?;
        if !self.heads.is_multiple_of(self.kv_heads) {
            let (heads, kv) = (self.heads, self.kv_heads);
            return wrong(format!("{heads} query heads cannot share {kv} key heads evenly"));
        }
        if !self.head.is_multiple_of(2) {
            return wrong(format!("a head of width {} has no pairs to turn", self.head));
        }
        if self.turns.len() != self.head / 2 {
            let (turns, pairs) = (self.turns.len(), self.head / 2);
            return wrong(format!("{turns} rotary frequencies for {pairs} pairs of a head"));
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return wrong(format!("the epsilon of its norms is {}", self.epsilon));
        }
        Ok(self)
    }

    /// Length of all heads' queries together.
    pub fn queries(&self) -> usize {
        self.heads * self.head
    }

    /// Length of all heads' keys together, and of the values.
    pub fn keys(&self) -> usize {
        self.kv_heads * self.head
    }

    /// How much memory a token of context takes, in bytes: its keys and values.
    pub fn token_memory(&self) -> usize {
        2 * self.layers * self.keys() * size_of::<f32>()
    }

    /// Rows and columns of a linear map: it gives `rows` numbers from `columns`.
    pub fn shape(&self, site: Site) -> (usize, usize) {
        match site {
            Site::Query => (self.queries(), self.width),
            Site::Key | Site::Value => (self.keys(), self.width),
            Site::Out => (self.width, self.queries()),
            Site::Gate | Site::Up => (self.hidden, self.width),
            Site::Down => (self.width, self.hidden),
        }
    }
}

/// The seven linear maps of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// Queries of the attention.
    Query,
    /// Its keys.
    Key,
    /// Its values.
    Value,
    /// From its heads back to the hidden state.
    Out,
    /// What opens the feed-forward part.
    Gate,
    /// What goes through it.
    Up,
    /// Back from it to the hidden state.
    Down,
}

impl Site {
    /// All of them, in the order of the forward pass.
    pub const ALL: [Self; 7] =
        [Self::Query, Self::Key, Self::Value, Self::Out, Self::Gate, Self::Up, Self::Down];
}

/// A tensor of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A row a token.
    Embedding,
    /// The gains of the last norm.
    Norm,
    /// From the last hidden state to a logit a token; without it, the embedding's transpose.
    Head,
    /// The gains of the norm before the attention of a layer.
    AttentionNorm(usize),
    /// The gains of the norm before the feed-forward part of a layer.
    FeedNorm(usize),
    /// A linear map of a layer.
    Linear(usize, Site),
}

impl Config {
    /// Rows and columns of a tensor.
    pub(crate) fn shape_of(&self, part: Part) -> (usize, usize) {
        match part {
            Part::Embedding | Part::Head => (self.vocab, self.width),
            Part::Norm | Part::AttentionNorm(_) | Part::FeedNorm(_) => (1, self.width),
            Part::Linear(_, site) => self.shape(site),
        }
    }
}
