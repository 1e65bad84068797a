//! The forward pass: tokens in, a logit for each token that could come next.

use crate::adapter::Adapter;
use crate::config::{Config, Site};
use crate::error::{Result, wrong};
use crate::kernel::{self, View, multiply};
use crate::math;
use crate::packed::Rounded;
use crate::turn::Turn;
use crate::weights::{Base, Layer, Matrix};

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

/// By which products a pass is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Products {
    /// In f32: what is learned and scored by.
    Exact,
    /// By weights of few bits and numbers rounded to eight: to speak. Maps that have no such
    /// weights are multiplied in f32.
    Low,
}

/// Whose tokens a pass reads: they follow those in the cache, which takes them in.
pub(crate) struct Part<'a> {
    pub adapter: Option<&'a Adapter>,
    pub cache: &'a mut Cache,
    pub tokens: &'a [u32],
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

    /// Forgets all but the first so many tokens, and whatever a pass that broke off left behind,
    /// and gives the memory back.
    pub fn truncate(&mut self, config: &Config, len: usize) {
        self.len = self.len.min(len);
        for rows in self.keys.iter_mut().chain(&mut self.values) {
            rows.truncate(self.len * config.keys());
            rows.shrink_to_fit();
        }
    }

    /// How much memory it takes, in bytes, what is left for tokens to come included.
    pub fn memory(&self) -> usize {
        let rows = self.keys.iter().chain(&self.values);
        rows.map(|rows| rows.capacity() * size_of::<f32>()).sum()
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

/// The product of some rows with a map.
fn product(products: Products, matrix: &Matrix, x: &[f32]) -> Vec<f32> {
    let (rows, columns) = (matrix.rows, matrix.columns);
    let n = x.len() / columns;
    let mut out = vec![0.0; n * rows];
    if n == 0 {
        return out;
    }
    match &matrix.packed {
        Some(packed) if products == Products::Low => {
            packed.multiply(&Rounded::new(x, columns), &mut out);
        }
        _ => {
            kernel::forward(&mut out, x, &matrix.weights, (rows, columns));
        }
    }
    out
}

/// One layer while it is computed for the tokens of all parts.
struct Step<'a> {
    config: &'a Config,
    layer: &'a Layer,
    products: Products,
    index: usize,
}

impl Step<'_> {
    /// A linear map with each adapter's share. What is kept is the last part's; a lesson has one.
    fn linear(&self, site: Site, x: &[f32], parts: &[Part<'_>], kept: &mut LayerPass) -> Vec<f32> {
        let matrix = &self.layer.linear[site as usize];
        let (rows, columns) = (matrix.rows, matrix.columns);
        let mut out = product(self.products, matrix, x);
        let mut at = 0;
        for part in parts {
            let n = part.tokens.len();
            if let Some(adapter) = part.adapter {
                let rank = adapter.spec().rank;
                let input = View::new(&x[at * columns..(at + n) * columns], n, columns);
                let down = View::new(adapter.down(self.index, site), rank, columns).turned();
                let up = View::new(adapter.up(self.index, site), rows, rank).turned();
                let mut narrow = vec![0.0; n * rank];
                multiply(&mut narrow, rank, (input, down), 1.0, false);
                let out = &mut out[at * rows..(at + n) * rows];
                multiply(out, rows, (View::new(&narrow, n, rank), up), 1.0, true);
                kept.narrow[site as usize] = narrow;
            }
            at += n;
        }
        out
    }

    /// The attention of one layer, added to the hidden state.
    fn attend(&self, h: &mut [f32], parts: &mut [Part<'_>], turn: &Turn, kept: &mut LayerPass) {
        let c = self.config;
        let (x, factors) = norm(h, &self.layer.attention_norm, c.epsilon);
        let mut queries = self.linear(Site::Query, &x, parts, kept);
        let mut keys = self.linear(Site::Key, &x, parts, kept);
        let values = self.linear(Site::Value, &x, parts, kept);
        turn.apply(&mut queries, c.heads, 1.0);
        turn.apply(&mut keys, c.kv_heads, 1.0);
        let mut mixed = vec![0.0; queries.len()];
        let mut at = 0;
        for part in parts.iter_mut() {
            let end = at + part.tokens.len();
            let cache = &mut *part.cache;
            cache.keys[self.index].extend_from_slice(&keys[at * c.keys()..end * c.keys()]);
            cache.values[self.index].extend_from_slice(&values[at * c.keys()..end * c.keys()]);
            let own = at * c.queries()..end * c.queries();
            kept.looks = self.look(&queries[own.clone()], cache, &mut mixed[own]);
            at = end;
        }
        let out = self.linear(Site::Out, &mixed, parts, kept);
        kept.before = (h.to_vec(), factors);
        kept.queries = queries;
        add(h, &out);
    }

    /// What one part's queries find in its cache, which holds its own keys and values last; gives
    /// who looked at whom.
    fn look(&self, queries: &[f32], cache: &Cache, mixed: &mut [f32]) -> Vec<f32> {
        let c = self.config;
        let (all_keys, all_values) = (&cache.keys[self.index], &cache.values[self.index]);
        let (start, n, head) = (cache.len, queries.len() / c.queries(), c.head);
        let all = start + n;
        let mut looks = vec![0.0; c.heads * n * all];
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
        looks
    }

    /// The feed-forward part of one layer, added to the hidden state.
    fn feed(&self, h: &mut [f32], parts: &[Part<'_>], kept: &mut LayerPass) {
        let (x, factors) = norm(h, &self.layer.feed_norm, self.config.epsilon);
        let gate = self.linear(Site::Gate, &x, parts, kept);
        let up = self.linear(Site::Up, &x, parts, kept);
        let open = |(g, u): (&f32, &f32)| g / (1.0 + math::exp(-g)) * u;
        let inner: Vec<f32> = gate.iter().zip(&up).map(open).collect();
        let out = self.linear(Site::Down, &inner, parts, kept);
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
        self.read_parts(&mut [Part { adapter, cache, tokens }], want, Products::Exact)
    }

    /// The same by weights of few bits, as voices speak: faster, and some thousandths of a bit a
    /// token off. No lesson is read so.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_low(
        &self,
        adapter: Option<&Adapter>,
        cache: &mut Cache,
        tokens: &[u32],
        want: Want,
    ) -> Result<Pass> {
        self.read_parts(&mut [Part { adapter, cache, tokens }], want, Products::Low)
    }

    /// The same for the tokens of several at once, who share the base's products and nothing else.
    /// With [`Want::Last`] the pass has a row of logits for each part. A lesson has one part.
    ///
    /// # Errors
    /// As [`read`](Self::read); all caches are then as they were.
    pub(crate) fn read_parts(
        &self,
        parts: &mut [Part<'_>],
        want: Want,
        products: Products,
    ) -> Result<Pass> {
        let c = &self.config;
        for part in parts.iter() {
            self.may_read(part.cache, part.tokens)?;
            part.adapter.map_or(Ok(()), |adapter| adapter.fits(c))?;
        }
        let n = parts.iter().map(|part| part.tokens.len()).sum();
        let start = parts.first().map_or(0, |part| part.cache.len);
        let mut turn = Turn::new(c);
        let mut h = Vec::with_capacity(n * c.width);
        for part in parts.iter_mut() {
            part.cache.keys.resize_with(c.layers, Vec::new);
            part.cache.values.resize_with(c.layers, Vec::new);
            turn.add(c, part.cache.len, part.tokens.len());
            for &token in part.tokens {
                let at = token as usize * c.width;
                h.extend_from_slice(&self.embedding.weights[at..at + c.width]);
            }
        }
        let mut layers = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let step = Step { config: c, layer, products, index };
            let mut kept = LayerPass::default();
            step.attend(&mut h, parts, &turn, &mut kept);
            step.feed(&mut h, parts, &mut kept);
            if want == Want::Lesson {
                layers.push(kept);
            }
        }
        let mut rows = Vec::new();
        let mut end = 0;
        for part in parts.iter_mut() {
            part.cache.len += part.tokens.len();
            end += part.tokens.len() * c.width;
            if want == Want::Last {
                rows.extend_from_slice(&h[end - c.width..end]);
            }
        }
        let rows = match want {
            Want::Context => &[],
            Want::Last => &rows[..],
            Want::States | Want::All | Want::Lesson => &h[..],
        };
        let (states, factors) = norm(rows, &self.norm, c.epsilon);
        let logits = match want {
            Want::States => Vec::new(),
            _ => product(products, self.head(), &states),
        };
        let last = if want == Want::Lesson { (h, factors) } else { Default::default() };
        Ok(Pass { tokens: n, start, states, logits, layers, last, turn })
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
