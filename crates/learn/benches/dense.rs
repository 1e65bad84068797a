//! `StandardScaler | LogisticRegression`, predict and learn, dense features, one thread: the
//! library beside a bare loop over slices in the same binary. Prints events a second and ratios.
//!
//! `cargo bench -p her-learn --bench dense`

#![allow(missing_docs, clippy::disallowed_methods, reason = "a measuring program")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use her_learn::row::{Kind, Shape};
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};

/// The least that the arithmetic costs: no names, no dispatch, one count for all features.
struct Bare {
    n: f64,
    mean: Vec<f64>,
    var: Vec<f64>,
    w: Vec<f64>,
    z: Vec<f64>,
    b: f64,
}

impl Bare {
    fn new(d: usize) -> Self {
        let v = || vec![0.0; d];
        Self { n: 0.0, mean: v(), var: v(), w: v(), z: v(), b: 0.0 }
    }

    fn raw(&mut self, x: &[f64]) -> f64 {
        let d = x.len();
        let (m, v, z) = (&self.mean[..d], &self.var[..d], &mut self.z[..d]);
        for i in 0..d {
            let s = v[i].sqrt();
            z[i] = if v[i] > 0.0 { (x[i] - m[i]) / s } else { 0.0 };
        }
        her_learn::math::dot(z, &self.w[..d]) + self.b
    }

    fn predict(&mut self, x: &[f64]) -> f64 {
        1.0 / (1.0 + (-self.raw(x)).exp())
    }

    fn learn(&mut self, x: &[f64], y: bool) {
        self.n += 1.0;
        let (n, d) = (self.n, x.len());
        let (m, v) = (&mut self.mean[..d], &mut self.var[..d]);
        for i in 0..d {
            let e = x[i] - m[i];
            m[i] += e / n;
            v[i] += (e * (x[i] - m[i]) - v[i]) / n;
        }
        let g = 0.01 * (1.0 / (1.0 + (-self.raw(x)).exp()) - f64::from(u8::from(y)));
        for i in 0..d {
            self.w[i] -= g * self.z[i];
        }
        self.b -= g;
    }
}

fn stream(d: usize, n: usize) -> (Vec<f64>, Vec<bool>) {
    let mut state = 42_u64;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / f64::from(1 << 30) - 1.0
    };
    let x: Vec<f64> = (0..n * d).map(|i| next() * (1.0 + (i % d) as f64)).collect();
    let y = x.chunks_exact(d).map(|r| r[0] + 0.2 * r[d - 1] > 0.3).collect();
    (x, y)
}

fn bare(d: usize, x: &[f64], y: &[bool], reps: usize) -> f64 {
    let (mut m, mut acc) = (Bare::new(d), 0.0);
    let t = Instant::now();
    for _ in 0..reps {
        for (r, &y) in x.chunks_exact(d).zip(y) {
            acc += m.predict(r);
            m.learn(r, y);
        }
    }
    black_box(acc);
    (y.len() * reps) as f64 / t.elapsed().as_secs_f64()
}

fn library(d: usize, x: &[f64], y: &[bool], reps: usize) -> f64 {
    let spec = serde_json::json!(["StandardScaler", "LogisticRegression"]);
    let mut model = Model::new(&spec, &Catalog::builtin()).expect("a valid spec");
    let names = (0..d).map(|i| (format!("V{i}"), Kind::Number));
    let mut row = Row::new(Arc::new(Shape::new(names).expect("a valid shape")));
    let (mut s, mut p, mut acc) = (Scratch::default(), Prediction::default(), 0.0);
    let t = Instant::now();
    for _ in 0..reps {
        for (r, &y) in x.chunks_exact(d).zip(y) {
            row.numbers_mut().clear();
            row.numbers_mut().extend_from_slice(r);
            model.step(&row, &Target::Bool(y), 1.0, &mut p, &mut s).expect("a valid event");
            acc += p.positive();
        }
    }
    black_box(acc);
    (y.len() * reps) as f64 / t.elapsed().as_secs_f64()
}

fn main() {
    for d in
        std::env::args().nth(1).and_then(|a| a.parse().ok()).map_or(vec![10, 30, 100], |d| vec![d])
    {
        let n = 200_000 / d;
        let (x, y) = stream(d, n);
        let mut ratios = Vec::new();
        for _ in 0..5 {
            let reps = 40;
            let (b, l) = (bare(d, &x, &y, reps), library(d, &x, &y, reps));
            ratios.push((l / b, b, l));
        }
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ratio, b, l) = ratios[2];
        println!("d={d:3}  bare {b:12.0}/s  library {l:12.0}/s  ratio {ratio:.2}");
    }
}
