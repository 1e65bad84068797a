//! Rotary positions: each pair of a head turns by an angle that grows with the position.

use crate::config::Config;

/// Cosines and sines for the positions of a pass.
#[derive(Default)]
pub(crate) struct Turn {
    pairs: Vec<(f32, f32)>,
    each: usize,
}

impl Turn {
    /// Of no token yet.
    pub fn new(config: &Config) -> Self {
        Self { pairs: Vec::new(), each: config.turns.len() }
    }

    /// The same one for so many tokens, by as many positions.
    pub fn by(config: &Config, positions: usize, tokens: usize) -> Self {
        let mut turn = Self::new(config);
        turn.add(config, positions, 1);
        turn.pairs = turn.pairs.repeat(tokens);
        turn
    }

    /// Adds those of tokens from a position on.
    pub fn add(&mut self, config: &Config, start: usize, tokens: usize) {
        let angle = |at: usize, turn: &f64| (start + at) as f64 * turn;
        let both = |angle: f64| (libm::cos(angle) as f32, libm::sin(angle) as f32);
        let row = |at: usize| config.turns.iter().map(move |turn| both(angle(at, turn)));
        self.pairs.extend((0..tokens).flat_map(row));
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
