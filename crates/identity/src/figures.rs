//! What an identity knows about itself, in memory that does not grow.
//!
//! All of it is state: it is replayed with the events, saved with the snapshots, and equal to the
//! bit wherever the journal is folded.

use her_learn::estimator::DriftDetector;
use her_learn::{Label, Prediction, Target, Task, math};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

mod more;
mod path;
mod score;
mod series;

pub use more::{ALARMS_KEPT, Alarm, More};
pub use path::Path;
pub use score::Score;
pub use series::Series;

/// Counts, scores, drift, path and series of one identity.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Events learned from, late labels included.
    pub learned: u64,
    /// Late labels among them.
    pub labelled: u64,
    /// Predictions that were kept for a late label.
    pub remembered: u64,
    /// Kept predictions that were dropped unlabelled, by age or by number.
    pub expired: u64,
    /// The first learned event's time.
    pub first_ms: u64,
    /// The last learned event's time.
    pub last_ms: u64,
    /// How well the live model predicts.
    pub live: Score,
    /// How well the frozen shadow predicts, on the same events since it was frozen.
    pub shadow: Score,
    /// The live model's score on the events that the shadow was scored on.
    pub beside_shadow: Score,
    /// Bits of code length that learning saved against the shadow.
    pub bits_saved: f64,
    /// Drift alarms of ADWIN on the live model's loss.
    pub drift_alarms: u64,
    /// The version of the last alarm; 0 for none.
    pub drift_last: u64,
    /// The way of the weights.
    pub path: Path,
    /// The live loss over the whole life.
    pub loss_series: Series,
    /// The shadow's loss over the whole life.
    pub shadow_series: Series,
    /// Recent pace: learned events and the time they took.
    pace: Pace,
    /// What came later; the state saves it behind everything else.
    #[serde(skip)]
    pub more: More,
}

/// Events a second over about the last thousand events, by the events' own times.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Pace {
    count: u64,
    start_ms: u64,
    before: Option<(u64, u64)>,
}

impl Pace {
    const BLOCK: u64 = 500;

    fn update(&mut self, at_ms: u64) {
        if self.count == 0 {
            self.start_ms = at_ms;
        }
        self.count += 1;
        if self.count >= Self::BLOCK {
            self.before = Some((self.count, self.start_ms));
            self.count = 0;
        }
    }

    fn per_second(&self, last_ms: u64) -> Option<f64> {
        let (count, start) = match self.before {
            Some((n, start)) => (n + self.count, start),
            None => (self.count, self.start_ms),
        };
        let span = last_ms.saturating_sub(start);
        (span > 0).then(|| count as f64 * 1000.0 / span as f64)
    }
}

/// One prediction with what came of it.
pub struct Outcome<'a> {
    /// What the model predicts.
    pub task: Task,
    /// The live prediction.
    pub live: &'a Prediction,
    /// The live model's classes.
    pub classes: &'a [Label],
    /// The shadow's prediction, and its classes.
    pub shadow: Option<(&'a Prediction, &'a [Label])>,
    /// The label.
    pub target: &'a Target,
    /// When the label came, in milliseconds since 1970.
    pub at_ms: u64,
}

impl Figures {
    /// Scores a prediction against its label. Returns true when this raised a drift alarm.
    pub fn score(
        &mut self,
        seen: &Outcome<'_>,
        version: u64,
        detector: &mut dyn DriftDetector,
    ) -> bool {
        let live = score::judge(seen.task, seen.live, seen.classes, seen.target);
        let mut alarm = false;
        if let Some(live) = live {
            self.live.update(seen.task, live);
            self.loss_series.push(live.loss);
            detector.update(live.bounded());
            alarm = detector.drift_detected();
            if alarm {
                self.drift_alarms += 1;
                self.drift_last = version;
                self.more.alarm(Alarm { version, at_ms: seen.at_ms });
            }
        }
        if let Some((prediction, classes)) = seen.shadow {
            let shadow = score::judge(seen.task, prediction, classes, seen.target);
            if let (Some(live), Some(shadow)) = (live, shadow) {
                let bits = self.shadow.code_bits(seen.task, shadow)
                    - self.beside_shadow.code_bits(seen.task, live);
                self.bits_saved += bits;
                self.beside_shadow.update(seen.task, live);
                self.shadow.update(seen.task, shadow);
                self.shadow_series.push(shadow.loss);
            }
        }
        alarm
    }

    /// Counts a learned event.
    pub fn count(&mut self, at_ms: u64) {
        if self.learned == 0 {
            self.first_ms = at_ms;
        }
        self.learned += 1;
        self.last_ms = at_ms;
        self.pace.update(at_ms);
    }

    /// The figures as people and programs read them.
    pub fn to_json(&self, task: Task) -> Value {
        json!({
            "learned": self.learned,
            "late_labels": self.labelled,
            "kept_for_a_label": self.remembered,
            "expired_unlabelled": self.expired,
            "rehearsed": self.more.rehearsed,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "updates_per_s": self.pace.per_second(self.last_ms),
            "online": self.live.to_json(task),
            "online_since_shadow": self.beside_shadow.to_json(task),
            "shadow": self.shadow.to_json(task),
            "bits_saved": self.bits_saved,
            "drift_alarms": self.drift_alarms,
            "drift_last_version": self.drift_last,
            "path": self.path.to_json(),
        })
    }
}

/// The bits that a code needs for an event of this probability. A thousandth of the probability
/// is spread evenly, so that a surprise has a price and not an infinite one.
fn bits(p: f64, classes: usize) -> f64 {
    let even = 1.0 / classes.max(2) as f64;
    -math::log2(0.999 * p + 0.001 * even)
}
