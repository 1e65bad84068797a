//! The least that the arithmetic costs: no names, no dispatch, one count for all features.

use her_learn::math;

/// `StandardScaler | LogisticRegression` over slices.
pub struct Bare {
    n: f64,
    mean: Vec<f64>,
    var: Vec<f64>,
    w: Vec<f64>,
    z: Vec<f64>,
    b: f64,
}

impl Bare {
    pub fn new(d: usize) -> Self {
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
        math::dot(z, &self.w[..d]) + self.b
    }

    /// Predicts and learns; gives the prediction.
    pub fn step(&mut self, x: &[f64], y: bool) -> f64 {
        let p = 1.0 / (1.0 + math::exp(-self.raw(x)));
        self.n += 1.0;
        let (n, d) = (self.n, x.len());
        let (m, v) = (&mut self.mean[..d], &mut self.var[..d]);
        for i in 0..d {
            let e = x[i] - m[i];
            m[i] += e / n;
            v[i] += (e * (x[i] - m[i]) - v[i]) / n;
        }
        let g = 0.01 * (1.0 / (1.0 + math::exp(-self.raw(x))) - f64::from(u8::from(y)));
        for i in 0..d {
            self.w[i] -= g * self.z[i];
        }
        self.b -= g;
        p
    }
}
