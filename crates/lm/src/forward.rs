//! The forward pass: tokens in, a logit for each token that could come next.

use crate::adapter::Adapter;
use crate::config::{Config, Site};
use crate::error::{Result, wrong};
use crate::kernel::{View, multiply};
use crate::math;
use crate::weights::{Base, Layer};

/// How many tokens one pass reads at most.
pub const PASS_MAX: usize = 512;

/// What a pass shall give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Nothing: the tokens become context.
    Context,
    /// The last hidden states of every token, without logits.
    States,
    /// The logits after the last token.
    Last,
    /// The logits after every token.
    All,
    /// The same, and what the backward pass needs.
    Lesson,
}

/// Keys and values of the tokens that were read.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    /// For each layer, a row a token.
    pub(crate) keys: Vec<Vec<f32>>,
    pub(crate) values: Vec<Vec<f32>>,
    pub(crate) len: usize,
}

impl Cache {
    /// How many tokens are in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// What a layer did, kept for the backward pass.
#[derive(Default)]
pub(crate) struct LayerPass {
    /// The hidden state before the attention and before the feed-forward part, and what each was
    /// multiplied with by its norm.
    pub before: (Vec<f32>, Vec<f32>),
    pub middle: (Vec<f32>, Vec<f32>),
    /// Queries, turned.
    pub queries: Vec<f32>,
    /// Who looked at whom: for each head, a row a token over all tokens in the cache.
    pub looks: Vec<f32>,
    /// The feed-forward part's two halves.
    pub gate: Vec<f32>,
    pub up: Vec<f32>,
    /// What each linear map was given, where the adapter needs it: its own narrow state.
    pub narrow: [Vec<f32>; 7],
}

/// What a pass gave.
pub struct Pass {
    /// How many tokens it read.
    pub tokens: usize,
    /// How many were in the cache before.
    pub start: usize,
    /// Last hidden states after the last norm, a row for each row of logits.
    pub states: Vec<f32>,
    /// Logits, a row a token or only one, as was wanted.
    pub logits: Vec<f32>,
    pub(crate) layers: Vec<LayerPass>,
    /// The last hidden states before the last norm, and what this multiplied them with.
    pub(crate) last: (Vec<f32>, Vec<f32>),
    pub(crate) turn: Turn,
}

/// Cosines and sines for the positions of a pass.
#[derive(Default)]
pub(crate) struct Turn {
    pairs: Vec<(f32, f32)>,
    each: usize,
}

impl Turn {
    fn new(config: &Config, start: usize, tokens: usize) -> Self {
        let angle = |at: usize, turn: &f64| (start + at) as f64 * turn;
        let both = |angle: f64| (libm::cos(angle) as f32, libm::sin(angle) as f32);
        let row = |at: usize| config.turns.iter().map(move |turn| both(angle(at, turn)));
        Self { pairs: (0..tokens).flat_map(row).collect(), each: config.turns.len() }
    }

    /// Turns every pair of every head, a row a token; `way` is −1 to turn back.
    pub fn apply(&self, x: &mut [f32], heads: usize, way: f32) {
        let row = heads * self.each * 2;
        for (x, turns) in x.chunks_exact_mut(row).zip(self.pairs.chunks_exact(self.each)) {
            for head in x.chunks_exact_mut(self.each * 2) {
                for (pair, (cos, sin)) in head.chunks_exact_mut(2).zip(turns) {
                    let (a, b, sin) = (pair[0], pair[1], sin * way);
                    pair[0] = a * cos - b * sin;
                    pair[1] = a * sin + b * cos;
                }
            }
        }
    }
}

/// Rows divided by the root of their mean square and multiplied with gains; gives the rows and what
/// each was divided by, inverted.
pub(crate) fn norm(x: &[f32], gains: &[f32], epsilon: f32) -> (Vec<f32>, Vec<f32>) {
    let width = gains.len();
    let mut out = Vec::with_capacity(x.len());
    let mut factors = Vec::with_capacity(x.len() / width);
    for row in x.chunks_exact(width) {
        let factor = 1.0 / (math::dot(row, row) / width as f32 + epsilon).sqrt();
        out.extend(row.iter().zip(gains).map(|(x, gain)| x * factor * gain));
        factors.push(factor);
    }
    (out, factors)
}

/// One layer while it is computed: its weights, the adapter's share, the number of tokens.
struct Step<'a> {
    config: &'a Config,
    layer: &'a Layer,
    adapter: Option<&'a Adapter>,
    index: usize,
    tokens: usize,
}

impl Step<'_> {
    /// A linear map with the adapter's share.
    fn linear(&self, site: Site, x: &[f32], kept: &mut LayerPass) -> Vec<f32> {
        let matrix = &self.layer.linear[site as usize];
        let (rows, columns, n) = (matrix.rows, matrix.columns, self.tokens);
        let mut out = vec![0.0; n * rows];
        let input = View::new(x, n, columns);
        let weights = View::new(&matrix.weights, rows, columns).turned();
        multiply(&mut out, rows, (input, weights), 1.0, false);
        if let Some(adapter) = self.adapter {
            let rank = adapter.spec().rank;
            let down = View::new(adapter.down(self.index, site), rank, columns).turned();
            let up = View::new(adapter.up(self.index, site), rows, rank).turned();
            let mut narrow = vec![0.0; n * rank];
            multiply(&mut narrow, rank, (input, down), 1.0, false);
            multiply(&mut out, rows, (View::new(&narrow, n, rank), up), 1.0, true);
            kept.narrow[site as usize] = narrow;
        }
        out
    }

    /// The attention of one layer, added to the hidden state.
    fn attend(&self, h: &mut [f32], cache: &mut Cache, turn: &Turn, kept: &mut LayerPass) {
        let c = self.config;
        let (x, factors) = norm(h, &self.layer.attention_norm, c.epsilon);
        let mut queries = self.linear(Site::Query, &x, kept);
        let mut keys = self.linear(Site::Key, &x, kept);
        let values = self.linear(Site::Value, &x, kept);
        turn.apply(&mut queries, c.heads, 1.0);
        turn.apply(&mut keys, c.kv_heads, 1.0);
        let start = cache.len;
        let (all_keys, all_values) = (&mut cache.keys[self.index], &mut cache.values[self.index]);
        all_keys.extend_from_slice(&keys);
        all_values.extend_from_slice(&values);
        let (n, all, head) = (self.tokens, start + self.tokens, c.head);
        let mut looks = vec![0.0; c.heads * n * all];
        let mut mixed = vec![0.0; n * c.queries()];
        let scale = 1.0 / (head as f32).sqrt();
        for (i, looks) in looks.chunks_exact_mut(n * all).enumerate() {
            let shared = i / (c.heads / c.kv_heads) * head;
            let query = View::within(&queries[i * head..], n, head, c.queries());
            let key = View::within(&all_keys[shared..], all, head, c.keys());
            multiply(looks, all, (query, key.turned()), scale, false);
            for (t, row) in looks.chunks_exact_mut(all).enumerate() {
                let (seen, later) = row.split_at_mut(start + t + 1);
                let max = math::max(seen);
                math::softmax(seen, max);
                later.fill(0.0);
            }
            let value = View::within(&all_values[shared..], all, head, c.keys());
            let out = &mut mixed[i * head..];
            multiply(out, c.queries(), (View::new(looks, n, all), value), 1.0, false);
        }
        let out = self.linear(Site::Out, &mixed, kept);
        kept.before = (h.to_vec(), factors);
        (kept.queries, kept.looks) = (queries, looks);
        add(h, &out);
    }

    /// The feed-forward part of one layer, added to the hidden state.
    fn feed(&self, h: &mut [f32], kept: &mut LayerPass) {
        let (x, factors) = norm(h, &self.layer.feed_norm, self.config.epsilon);
        let gate = self.linear(Site::Gate, &x, kept);
        let up = self.linear(Site::Up, &x, kept);
        let open = |(g, u): (&f32, &f32)| g / (1.0 + math::exp(-g)) * u;
        let inner: Vec<f32> = gate.iter().zip(&up).map(open).collect();
        let out = self.linear(Site::Down, &inner, kept);
        kept.middle = (h.to_vec(), factors);
        (kept.gate, kept.up) = (gate, up);
        add(h, &out);
    }
}

fn add(to: &mut [f32], x: &[f32]) {
    for (to, x) in to.iter_mut().zip(x) {
        *to += x;
    }
}

impl Base {
    /// Refuses tokens that cannot be read after those in the cache.
    fn may_read(&self, cache: &Cache, tokens: &[u32]) -> Result<()> {
        let (n, room) = (tokens.len(), self.config.context.saturating_sub(cache.len));
        if n == 0 || n > PASS_MAX {
            return wrong(format!("{n} tokens to read at once, but it must be 1 to {PASS_MAX}"));
        }
        if n > room {
            return wrong(format!(
                "{n} tokens more are too long a context: the model takes {}, and {} are there",
                self.config.context, cache.len
            ));
        }
        match tokens.iter().find(|t| **t as usize >= self.config.vocab) {
            None => Ok(()),
            Some(t) => wrong(format!("token {t} is none of the model's {}", self.config.vocab)),
        }
    }

    /// Reads tokens that follow those in the cache, which takes their keys and values in.
    ///
    /// # Errors
    /// When there is no token or are more than [`PASS_MAX`], when the context becomes longer than
    /// the model takes, and when a token is none of its. The cache is then as it was.
    pub fn read(
        &self,
        adapter: Option<&Adapter>,
        cache: &mut Cache,
        tokens: &[u32],
        want: Want,
    ) -> Result<Pass> {
        self.may_read(cache, tokens)?;
        let c = &self.config;
        if let Some(adapter) = adapter {
            adapter.fits(c)?;
        }
        cache.keys.resize_with(c.layers, Vec::new);
        cache.values.resize_with(c.layers, Vec::new);
        let (n, start, width) = (tokens.len(), cache.len, c.width);
        let turn = Turn::new(c, start, n);
        let mut h = Vec::with_capacity(n * width);
        for &token in tokens {
            let at = token as usize * width;
            h.extend_from_slice(&self.embedding.weights[at..at + width]);
        }
        let mut layers = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let step = Step { config: c, layer, adapter, index, tokens: n };
            let mut kept = LayerPass::default();
            step.attend(&mut h, cache, &turn, &mut kept);
            step.feed(&mut h, &mut kept);
            if want == Want::Lesson {
                layers.push(kept);
            }
        }
        cache.len += n;
        let rows = match want {
            Want::Context => &h[..0],
            Want::Last => &h[(n - 1) * width..],
            Want::States | Want::All | Want::Lesson => &h[..],
        };
        let (states, factors) = norm(rows, &self.norm, c.epsilon);
        let logits = if want == Want::States { Vec::new() } else { self.logits(&states) };
        let last = if want == Want::Lesson { (h, factors) } else { Default::default() };
        Ok(Pass { tokens: n, start, states, logits, layers, last, turn })
    }

    fn logits(&self, states: &[f32]) -> Vec<f32> {
        let (rows, head) = (states.len() / self.config.width, self.head());
        let mut out = vec![0.0; rows * head.rows];
        if rows > 0 {
            let states = View::new(states, rows, head.columns);
            let weights = View::new(&head.weights, head.rows, head.columns).turned();
            multiply(&mut out, head.rows, (states, weights), 1.0, false);
        }
        out
    }
}

impl Pass {
    /// How much each of these tokens cost, in nats; turns the logits into probabilities.
    ///
    /// # Errors
    /// When there are not as many tokens as rows of logits, or one is none of the model's.
    pub fn score(&mut self, targets: &[u32]) -> Result<Vec<f64>> {
        let rows = targets.len();
        if rows == 0 || !self.logits.len().is_multiple_of(rows) {
            return wrong(format!("{rows} tokens to score by {} logits", self.logits.len()));
        }
        let vocab = self.logits.len() / rows;
        if let Some(t) = targets.iter().find(|t| **t as usize >= vocab) {
            return wrong(format!("token {t} is none of the model's {vocab}"));
        }
        let score = |(row, target): (&mut [f32], &u32)| {
            let max = math::max(row);
            let own = f64::from(row[*target as usize] - max);
            math::softmax(row, max) - own
        };
        Ok(self.logits.chunks_exact_mut(vocab).zip(targets).map(score).collect())
    }
}
