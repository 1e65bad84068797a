//! A histogram per class of one number: River's `HistogramSplitter` over `sketch.Histogram`.

use serde::{Deserialize, Serialize};

use super::dist::{Dist, total};
use super::work::Work;
use crate::estimator::ClassId;
use crate::math;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Bin {
    left: f64,
    right: f64,
    count: f64,
}

/// Bins in rising order; where there are too many, the two closest become one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Histogram {
    bins: Vec<Bin>,
    n: f64,
}

impl Histogram {
    fn update(&mut self, x: f64, bins_max: usize) {
        self.n += 1.0;
        let at = self.bins.partition_point(|bin| bin.right < x);
        match self.bins.get_mut(at) {
            Some(bin) if x >= bin.left => bin.count += 1.0,
            _ => self.bins.insert(at, Bin { left: x, right: x, count: 1.0 }),
        }
        if self.bins.len() > bins_max {
            self.merge_closest();
        }
    }

    fn merge_closest(&mut self) {
        let (mut least, mut at) = (f64::INFINITY, 0);
        for (i, pair) in self.bins.windows(2).enumerate() {
            let gap = pair[1].right - pair[0].right;
            if gap < least {
                (least, at) = (gap, i);
            }
        }
        let gone = self.bins.remove(at + 1);
        let bin = &mut self.bins[at];
        bin.left = bin.left.min(gone.left);
        bin.right = bin.right.max(gone.right);
        bin.count += gone.count;
    }

    /// River's `cond_proba`: by the bin after the value, else by the last.
    fn share(&self, x: f64) -> f64 {
        let after = self.bins.partition_point(|bin| x >= bin.left);
        let Some(bin) = self.bins.get(after).or(self.bins.last()) else { return 0.0 };
        if bin.left == bin.right {
            return bin.count / self.n;
        }
        bin.count * (x - bin.left) / (bin.right - bin.left) / self.n
    }

    /// The share of values below a threshold. `from` is the bin that the last one ended at, and
    /// how many values lie below that; thresholds come in rising order.
    fn below(&self, x: f64, from: &mut (usize, f64)) -> f64 {
        while let Some(bin) = self.bins.get(from.0).filter(|bin| x >= bin.right) {
            from.1 += bin.count;
            from.0 += 1;
        }
        match self.bins.get(from.0) {
            Some(b) if x > b.left => {
                (from.1 + b.count * (x - b.left) / (b.right - b.left)) / self.n
            }
            _ => from.1 / self.n,
        }
    }
}

/// The histograms of one number, in the order in which their classes came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Histograms(Vec<(ClassId, Histogram)>);

impl Histograms {
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(_, h)| 40 + h.bins.len() * size_of::<Bin>()).sum()
    }

    /// Counts a value as often as its weight says, whole times only.
    pub fn learn(&mut self, x: f64, class: ClassId, w: f64, bins_max: usize) {
        let times = w.min(1e6) as u32;
        if times == 0 {
            return;
        }
        let known = self.0.iter().position(|(c, _)| *c == class);
        let at = known.unwrap_or_else(|| {
            self.0.push((class, Histogram::default()));
            self.0.len() - 1
        });
        for _ in 0..times {
            self.0[at].1.update(x, bins_max);
        }
    }

    /// The logarithm of a value's share within a class; 0 for a share of 0.
    pub fn log_share(&self, x: f64, class: ClassId) -> f64 {
        let of_class = self.0.iter().find(|(c, _)| *c == class);
        let share = of_class.map_or(0.0, |(_, histogram)| histogram.share(x));
        if share > 0.0 { math::ln(share) } else { 0.0 }
    }

    /// Lends equally spaced thresholds, with the weights by class on both sides.
    pub fn each_threshold(
        &self,
        before: &Dist,
        n_splits: u32,
        work: &mut Work,
        lend: &mut dyn FnMut(f64, &[Dist]),
    ) {
        let rights = |pick: fn(&[Bin]) -> Option<&Bin>| {
            let ends = self.0.iter().filter_map(move |(_, h)| pick(&h.bins));
            ends.map(|bin| bin.right).fold(f64::INFINITY, f64::min)
        };
        let (low, high) = (rights(<[Bin]>::first), rights(<[Bin]>::last));
        let bins = self.0.iter().map(|(_, h)| h.bins.len()).max().unwrap_or(0);
        if bins == 0 || low >= high {
            return;
        }
        let n = n_splits.min(bins as u32 - 1);
        let step = (high - low) / (f64::from(n) + 1.0);
        let sum = total(before);
        work.ends.clear();
        work.ends.resize(self.0.len(), (0, 0.0));
        let mut t = low;
        for _ in 0..n {
            t += step;
            work.empty(2);
            let [left, right] = &mut work.after[..2] else { break };
            for &(class, weight) in before {
                if let Some(at) = self.0.iter().position(|(c, _)| *c == class) {
                    let below = self.0[at].1.below(t, &mut work.ends[at]);
                    let of_class = weight / sum;
                    left.push((class, sum * of_class * below));
                    right.push((class, sum * of_class * (1.0 - below)));
                }
            }
            lend(t, &work.after[..2]);
        }
    }
}
