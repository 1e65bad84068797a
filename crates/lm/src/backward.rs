//! The backward pass: how a pass's mean loss would change with every number of the adapter.
//!
//! Written out by hand, layer by layer from the last to the first. Tokens that were in the cache
//! before the pass count as given: nothing flows back into them.

use crate::adapter::Adapter;
use crate::config::{Config, Site};
use crate::error::{Result, wrong};
use crate::forward::{Cache, LayerPass, Pass};
use crate::kernel::{self, View, multiply};
use crate::math;
use crate::turn::Turn;
use crate::weights::{Base, Layer};

/// One layer while its gradient is taken.
struct Step<'a> {
    config: &'a Config,
    layer: &'a Layer,
    adapter: &'a Adapter,
    index: usize,
    tokens: usize,
    kept: &'a LayerPass,
    /// What is wanted: the gradient of all `B`s.
    gradient: &'a mut [f32],
}

/// From the gradient of a norm's result to that of what it was given, added to `out`.
fn norm(x: &[f32], gains: &[f32], factors: &[f32], upstream: &[f32], out: &mut [f32]) {
    let width = gains.len();
    let rows = x.chunks_exact(width).zip(upstream.chunks_exact(width)).zip(factors);
    let mut scaled = vec![0.0; width];
    for (((x, upstream), factor), out) in rows.zip(out.chunks_exact_mut(width)) {
        for ((scaled, up), gain) in scaled.iter_mut().zip(upstream).zip(gains) {
            *scaled = up * gain;
        }
        let shared = math::dot(&scaled, x) * factor * factor * factor / width as f32;
        for ((out, scaled), x) in out.iter_mut().zip(&scaled).zip(x) {
            *out += scaled * factor - x * shared;
        }
    }
}

impl Step<'_> {
    /// Through a linear map: takes the gradient of its `B`, and adds that of its input to `out`.
    fn linear(&mut self, site: Site, upstream: &[f32], out: Option<&mut [f32]>) {
        let matrix = &self.layer.linear[site as usize];
        let (rows, columns, n) = (matrix.rows, matrix.columns, self.tokens);
        let rank = self.adapter.spec().rank;
        let up = View::new(upstream, n, rows);
        let narrow = View::new(&self.kept.narrow[site as usize], n, rank);
        let own = &mut self.gradient[self.adapter.up_place(self.index, site)];
        multiply(own, rank, (up.turned(), narrow), 1.0, true);
        let Some(out) = out else { return };
        kernel::backward(out, upstream, &matrix.weights, (rows, columns));
        let mut thin = vec![0.0; n * rank];
        let second = View::new(self.adapter.up(self.index, site), rows, rank);
        multiply(&mut thin, rank, (up, second), 1.0, false);
        let first = View::new(self.adapter.down(self.index, site), rank, columns);
        multiply(out, columns, (View::new(&thin, n, rank), first), 1.0, true);
    }

    /// Through the feed-forward part, added to `dh`.
    fn feed(&mut self, dh: &mut [f32]) {
        let (n, c, kept) = (self.tokens, self.config, self.kept);
        let mut inner = vec![0.0; n * c.hidden];
        self.linear(Site::Down, dh, Some(&mut inner));
        let mut gate = vec![0.0; n * c.hidden];
        for (i, up) in inner.iter_mut().enumerate() {
            let share = 1.0 / (1.0 + math::exp(-kept.gate[i]));
            let open = kept.gate[i] * share;
            gate[i] = *up * kept.up[i] * (share + open * (1.0 - share));
            *up *= open;
        }
        let mut dx = vec![0.0; n * c.width];
        self.linear(Site::Gate, &gate, Some(&mut dx));
        self.linear(Site::Up, &inner, Some(&mut dx));
        norm(&kept.middle.0, &self.layer.feed_norm, &kept.middle.1, &dx, dh);
    }

    /// Through the attention; added to `dh` unless nothing below asks for it.
    fn attend(&mut self, dh: &mut [f32], cache: &Cache, start: usize, turn: &Turn) {
        let (n, c, kept) = (self.tokens, self.config, self.kept);
        let (head, all) = (c.head, start + n);
        let mut mixed = vec![0.0; n * c.queries()];
        self.linear(Site::Out, dh, Some(&mut mixed));
        let (keys, values) = (&cache.keys[self.index], &cache.values[self.index]);
        let mut dq = vec![0.0; n * c.queries()];
        let (mut dk, mut dv) = (vec![0.0; n * c.keys()], vec![0.0; n * c.keys()]);
        let mut dlooks = vec![0.0; n * all];
        let scale = 1.0 / (head as f32).sqrt();
        for (i, looks) in kept.looks.chunks_exact(n * all).enumerate() {
            let shared = i / (c.heads / c.kv_heads) * head;
            let dy = View::within(&mixed[i * head..], n, head, c.queries());
            let value = View::within(&values[shared..], all, head, c.keys());
            multiply(&mut dlooks, all, (dy, value.turned()), 1.0, false);
            // Only keys and values of this pass are learned through.
            let own = View::within(&looks[start..], n, n, all).turned();
            multiply(&mut dv[shared..], c.keys(), (own, dy), 1.0, true);
            for (t, (looks, d)) in
                looks.chunks_exact(all).zip(dlooks.chunks_exact_mut(all)).enumerate()
            {
                let (seen, later) = d.split_at_mut(start + t + 1);
                let mean = math::dot(&looks[..seen.len()], seen);
                for (d, look) in seen.iter_mut().zip(looks) {
                    *d = look * (*d - mean);
                }
                later.fill(0.0);
            }
            let key = View::within(&keys[shared..], all, head, c.keys());
            let d = View::new(&dlooks, n, all);
            multiply(&mut dq[i * head..], c.queries(), (d, key), scale, false);
            let own = View::within(&dlooks[start..], n, n, all).turned();
            let query = View::within(&kept.queries[i * head..], n, head, c.queries());
            multiply(&mut dk[shared..], c.keys(), (own, query), scale, true);
        }
        turn.apply(&mut dq, c.heads, -1.0);
        turn.apply(&mut dk, c.kv_heads, -1.0);
        if self.index == 0 {
            self.linear(Site::Query, &dq, None);
            self.linear(Site::Key, &dk, None);
            self.linear(Site::Value, &dv, None);
            return;
        }
        let mut dx = vec![0.0; n * c.width];
        self.linear(Site::Query, &dq, Some(&mut dx));
        self.linear(Site::Key, &dk, Some(&mut dx));
        self.linear(Site::Value, &dv, Some(&mut dx));
        norm(&kept.before.0, &self.layer.attention_norm, &kept.before.1, &dx, dh);
    }
}

impl Base {
    /// The gradient of the mean loss of a pass, for all that the adapter learns. The pass was a
    /// [`Lesson`](crate::Want::Lesson) with this adapter and this cache, and was scored on these
    /// targets; it is used up.
    ///
    /// # Errors
    /// When the pass was none of these.
    pub fn gradient(
        &self,
        adapter: &Adapter,
        cache: &Cache,
        pass: Pass,
        targets: &[u32],
    ) -> Result<Vec<f32>> {
        let (n, c) = (pass.tokens, &self.config);
        let whole = pass.layers.len() == c.layers && cache.len() == pass.start + n;
        if targets.len() != n || !whole || pass.logits.len() != n * c.vocab {
            return wrong("a gradient needs the last lesson of this cache, and a target a token");
        }
        let mut logits = pass.logits;
        for (row, target) in logits.chunks_exact_mut(c.vocab).zip(targets) {
            row[*target as usize] -= 1.0;
        }
        let mut dx = vec![0.0; n * c.width];
        let head = self.head();
        kernel::backward(&mut dx, &logits, &head.weights, (head.rows, head.columns));
        for x in &mut dx {
            *x /= n as f32;
        }
        let mut dh = vec![0.0; n * c.width];
        norm(&pass.last.0, &self.norm, &pass.last.1, &dx, &mut dh);
        let mut gradient = vec![0.0; adapter.learned().len()];
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let mut step = Step {
                config: c,
                layer,
                adapter,
                index,
                tokens: n,
                kept: &pass.layers[index],
                gradient: &mut gradient,
            };
            step.feed(&mut dh);
            step.attend(&mut dh, cache, pass.start, &pass.turn);
        }
        Ok(gradient)
    }
}
