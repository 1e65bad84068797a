//! A normal distribution per class and number of a leaf: what its splits and its naive Bayes are
//! made from.
//!
//! One row per class, one column per feature, in plain vectors. Beside mean and squares, a row
//! keeps what its log densities need: `ln N(v) = slope·(v − mean)² + offset`, the offsets summed
//! over the row. An event then costs a row of multiplications, and two or three logarithms.

use serde::{Deserialize, Serialize};

use super::dist::Dist;
use crate::estimator::ClassId;
use crate::math;

/// ln √(2π)
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// Numbers of one class, column by column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Row {
    class: ClassId,
    n: Vec<f64>,
    mean: Vec<f64>,
    squares: Vec<f64>,
    min: Vec<f64>,
    max: Vec<f64>,
    /// `−1 / (2·variance)`; 0 while there is no variance.
    slope: Vec<f64>,
    /// Which event of the leaf came first here; for the order of classes.
    born: Vec<u32>,
    /// The sum of `−ln √(2π·variance)` over all columns that have a variance.
    offset: f64,
    /// How many columns have met a number.
    met: usize,
}

impl Row {
    fn insert(&mut self, at: usize) {
        for (column, v) in [
            (&mut self.n, 0.0),
            (&mut self.mean, 0.0),
            (&mut self.squares, 0.0),
            (&mut self.min, f64::INFINITY),
            (&mut self.max, f64::NEG_INFINITY),
            (&mut self.slope, 0.0),
        ] {
            column.insert(at, v);
        }
        self.born.insert(at, 0);
    }

    fn remove(&mut self, at: usize) {
        self.met -= usize::from(self.n[at] > 0.0);
        for column in [
            &mut self.n,
            &mut self.mean,
            &mut self.squares,
            &mut self.min,
            &mut self.max,
            &mut self.slope,
        ] {
            column.remove(at);
        }
        self.born.remove(at);
        self.sum_offsets();
    }

    /// Takes all columns' numbers; `NAN` stands for a column that the event lacks.
    fn learn(&mut self, values: &[f64], w: f64, event: u32) {
        if self.met < values.len() {
            for (j, v) in values.iter().enumerate() {
                if self.n[j] == 0.0 && !v.is_nan() {
                    self.born[j] = event;
                    self.met += 1;
                }
            }
        }
        let k = values.len();
        let (n, mean) = (&mut self.n[..k], &mut self.mean[..k]);
        let (squares, slope) = (&mut self.squares[..k], &mut self.slope[..k]);
        let (min, max) = (&mut self.min[..k], &mut self.max[..k]);
        for j in 0..k {
            let v = values[j];
            // Written without branches, so that columns go through the processor side by side.
            let there = !v.is_nan();
            let (before, before_n) = (mean[j], n[j]);
            let total = before_n + w;
            let after = before + w / total * (v - before);
            let squared = squares[j] + w * (v - before) * (v - after);
            n[j] = if there { total } else { before_n };
            mean[j] = if there { after } else { before };
            squares[j] = if there { squared } else { squares[j] };
            min[j] = if v < min[j] { v } else { min[j] };
            max[j] = if v > max[j] { v } else { max[j] };
            let s = -0.5 * (n[j] - 1.0) / squares[j];
            slope[j] = if n[j] > 1.0 && squares[j] > 0.0 { s } else { 0.0 };
        }
        self.sum_offsets();
    }

    /// One logarithm of a product in place of a sum of logarithms.
    fn sum_offsets(&mut self) {
        let (mut product, mut logs, mut count) = (1.0_f64, 0.0, 0.0);
        for &slope in &self.slope {
            if slope == 0.0 {
                continue;
            }
            count += 1.0;
            let factor = -2.0 * slope;
            if (1e-100..1e100).contains(&factor) {
                product *= factor;
                if !(1e-100..1e100).contains(&product) {
                    logs += math::ln(product);
                    product = 1.0;
                }
            } else {
                logs += math::ln(factor);
            }
        }
        self.offset = 0.5 * (logs + math::ln(product)) - count * HALF_LN_TAU;
    }

    /// The log density of an event that has all columns.
    #[inline]
    fn log_density(&self, values: &[f64]) -> f64 {
        let k = values.len();
        let (mean, slope) = (&self.mean[..k], &self.slope[..k]);
        let mut lanes = [0.0; 4];
        let whole = k / 4 * 4;
        for j in (0..whole).step_by(4) {
            for (i, lane) in lanes.iter_mut().enumerate() {
                let d = values[j + i] - mean[j + i];
                *lane += d * d * slope[j + i];
            }
        }
        let mut sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
        for j in whole..k {
            let d = values[j] - mean[j];
            sum += d * d * slope[j];
        }
        sum + self.offset
    }

    /// The log density of an event that lacks columns. A density of 0 counts as 1, as in River.
    fn log_density_partly(&self, values: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (j, &v) in values.iter().enumerate() {
            let slope = self.slope[j];
            if v.is_nan() || slope == 0.0 {
                continue;
            }
            let d = v - self.mean[j];
            let density = d * d * slope - HALF_LN_TAU + 0.5 * math::ln(-2.0 * slope);
            if density > f64::NEG_INFINITY {
                sum += density;
            }
        }
        sum
    }
}

/// The normal distributions of a leaf.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Gaussians {
    rows: Vec<Row>,
    columns: usize,
}

impl Gaussians {
    pub fn insert(&mut self, at: usize) {
        self.columns += 1;
        self.rows.iter_mut().for_each(|row| row.insert(at));
    }

    pub fn remove(&mut self, at: usize) {
        self.columns -= 1;
        self.rows.iter_mut().for_each(|row| row.remove(at));
    }

    pub fn bytes(&self) -> usize {
        self.rows.len() * (size_of::<Row>() + self.columns * (6 * size_of::<f64>() + 4))
    }

    pub fn learn(&mut self, values: &[f64], class: ClassId, w: f64, event: u32) {
        let at = self.rows.iter().position(|row| row.class == class).unwrap_or_else(|| {
            let k = self.columns;
            self.rows.push(Row {
                class,
                n: vec![0.0; k],
                mean: vec![0.0; k],
                squares: vec![0.0; k],
                min: vec![f64::INFINITY; k],
                max: vec![f64::NEG_INFINITY; k],
                slope: vec![0.0; k],
                born: vec![0; k],
                offset: 0.0,
                met: 0,
            });
            self.rows.len() - 1
        });
        self.rows[at].learn(values, w, event);
    }

    /// The log density of an event's numbers within a class; 0 for a class without a row. `near`
    /// is where its row is to be expected.
    #[inline]
    pub fn log_density(&self, values: &[f64], whole: bool, class: ClassId, near: usize) -> f64 {
        let row = self.rows.get(near).filter(|row| row.class == class);
        let row = row.or_else(|| self.rows.iter().find(|row| row.class == class));
        let Some(row) = row else { return 0.0 };
        if whole {
            let density = row.log_density(values);
            if density > f64::NEG_INFINITY {
                return density;
            }
        }
        row.log_density_partly(values)
    }

    /// The rows that have met a column, in the order in which they did.
    pub fn order(&self, column: usize, order: &mut Vec<usize>) {
        order.clear();
        order.extend((0..self.rows.len()).filter(|&r| self.rows[r].n[column] > 0.0));
        order.sort_unstable_by_key(|&r| self.rows[r].born[column]);
    }

    /// The thresholds to try: equally spaced between the smallest and the largest number.
    pub fn thresholds(&self, column: usize, n_splits: u32) -> impl Iterator<Item = f64> + use<> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for row in &self.rows {
            low = low.min(row.min[column]);
            high = high.max(row.max[column]);
        }
        let bin = (high - low) / (f64::from(n_splits) + 1.0);
        let n = if low < f64::INFINITY { n_splits } else { 0 };
        (0..n).map(move |i| low + bin * (f64::from(i) + 1.0)).filter(move |&t| low < t && t < high)
    }

    /// The weights by class on both sides of a threshold.
    pub fn divide(
        &self,
        column: usize,
        order: &[usize],
        t: f64,
        left: &mut Dist,
        right: &mut Dist,
    ) {
        for row in order.iter().map(|&r| &self.rows[r]) {
            let n = row.n[column];
            if t < row.min[column] {
                right.push((row.class, n));
            } else if t >= row.max[column] {
                left.push((row.class, n));
            } else {
                let variance = if n > 1.0 { row.squares[column] / (n - 1.0) } else { 0.0 };
                let sigma = variance.sqrt();
                let below = if sigma > 0.0 {
                    let z = (t - row.mean[column]) / sigma;
                    0.5 * (1.0 + math::erf(z / std::f64::consts::SQRT_2)) * n
                } else {
                    0.0
                };
                left.push((row.class, below));
                right.push((row.class, n - below));
            }
        }
    }
}
