//! The forward pass once more, in f64 and plain loops, from the tensors by GGUF's names: nothing
//! of it is the crate's.

use std::collections::BTreeMap;

use her_lm::{Adapter, Site};

use super::tiny::{Shape, Tiny};

type Rows = Vec<Vec<f64>>;

/// A model and an adapter, as numbers.
#[derive(Clone)]
pub struct Oracle {
    shape: Shape,
    tensors: BTreeMap<String, Rows>,
    /// A and B by the name of the map.
    pub narrow: BTreeMap<String, (Rows, Rows)>,
}

pub const SITES: [(&str, Site); 7] = [
    ("attn_q", Site::Query),
    ("attn_k", Site::Key),
    ("attn_v", Site::Value),
    ("attn_output", Site::Out),
    ("ffn_gate", Site::Gate),
    ("ffn_up", Site::Up),
    ("ffn_down", Site::Down),
];

fn rows(numbers: &[f32], columns: usize) -> Rows {
    numbers.chunks(columns).map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect()
}

fn times(matrix: &Rows, x: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
}

impl Oracle {
    pub fn new(tiny: &Tiny, adapter: Option<&Adapter>) -> Self {
        let of = |t: &(String, usize, usize, Vec<f32>)| (t.0.clone(), rows(&t.3, t.2));
        let tensors: BTreeMap<_, _> = tiny.tensors.iter().map(of).collect();
        let mut narrow = BTreeMap::new();
        for layer in 0..tiny.shape.layers {
            for (name, site) in SITES {
                let Some(adapter) = adapter else { continue };
                let key = format!("blk.{layer}.{name}.weight");
                let columns = tensors[&key][0].len();
                let down = rows(adapter.down(layer, site), columns);
                narrow.insert(key, (down, rows(adapter.up(layer, site), adapter.spec().rank)));
            }
        }
        Self { shape: tiny.shape, tensors, narrow }
    }

    fn map(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let mut out = times(&self.tensors[name], x);
        if let Some((down, up)) = self.narrow.get(name) {
            let share = times(up, &times(down, x));
            out.iter_mut().zip(share).for_each(|(out, share)| *out += share);
        }
        out
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let mean = x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64;
        let gains = self.tensors[name].concat();
        x.iter().zip(gains).map(|(x, g)| x * g / (mean + f64::from(1e-5f32)).sqrt()).collect()
    }

    fn turned(&self, x: &[f64], at: usize) -> Vec<f64> {
        let head = self.shape.width / self.shape.heads;
        let mut out = x.to_vec();
        for i in 0..x.len() / 2 {
            let pair = i % (head / 2);
            let angle = at as f64 / 1000f64.powi(2 * pair as i32).powf(1.0 / head as f64);
            let (a, b) = (x[2 * i], x[2 * i + 1]);
            out[2 * i] = a * angle.cos() - b * angle.sin();
            out[2 * i + 1] = a * angle.sin() + b * angle.cos();
        }
        out
    }

    /// The logits after each token.
    pub fn logits(&self, tokens: &[u32]) -> Rows {
        let s = self.shape;
        let head = s.width / s.heads;
        let mut h: Rows =
            tokens.iter().map(|t| self.tensors["token_embd.weight"][*t as usize].clone()).collect();
        for layer in 0..s.layers {
            let name = |part: &str| format!("blk.{layer}.{part}.weight");
            let x: Rows = h.iter().map(|h| self.norm(&name("attn_norm"), h)).collect();
            let of = |part: &str| -> Rows { x.iter().map(|x| self.map(&name(part), x)).collect() };
            let turn = |rows: Rows| -> Rows {
                rows.iter().enumerate().map(|(at, row)| self.turned(row, at)).collect()
            };
            let (q, k, v) = (turn(of("attn_q")), turn(of("attn_k")), of("attn_v"));
            for t in 0..tokens.len() {
                let mut mixed = vec![0.0; s.width];
                for i in 0..s.heads {
                    let shared = i / (s.heads / s.kv_heads) * head;
                    let look = |u: usize| {
                        let dot: f64 =
                            (0..head).map(|j| q[t][i * head + j] * k[u][shared + j]).sum();
                        (dot / (head as f64).sqrt()).exp()
                    };
                    let looks: Vec<f64> = (0..=t).map(look).collect();
                    let all: f64 = looks.iter().sum();
                    for j in 0..head {
                        let sum: f64 = (0..=t).map(|u| looks[u] * v[u][shared + j]).sum();
                        mixed[i * head + j] = sum / all;
                    }
                }
                let out = self.map(&name("attn_output"), &mixed);
                h[t].iter_mut().zip(out).for_each(|(h, o)| *h += o);
                let x = self.norm(&name("ffn_norm"), &h[t]);
                let (gate, up) = (self.map(&name("ffn_gate"), &x), self.map(&name("ffn_up"), &x));
                let inner: Vec<f64> =
                    gate.iter().zip(up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect();
                let out = self.map(&name("ffn_down"), &inner);
                h[t].iter_mut().zip(out).for_each(|(h, o)| *h += o);
            }
        }
        let own = if s.tied { "token_embd.weight" } else { "output.weight" };
        h.iter().map(|h| times(&self.tensors[own], &self.norm("output_norm.weight", h))).collect()
    }

    /// What each token after the first costs, in nats.
    pub fn losses(&self, tokens: &[u32]) -> Vec<f64> {
        let logits = self.logits(tokens);
        let cost = |(row, next): (&Vec<f64>, &u32)| {
            row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[*next as usize]
        };
        logits.iter().zip(&tokens[1..]).map(cost).collect()
    }
}
