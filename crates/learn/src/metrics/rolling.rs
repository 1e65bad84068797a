//! `RollingMetric`: any metric that can take observations back, over the last `window_size`
//! events.
//!
//! **Shape** that of the metric. **Cost** the metric's, twice an event, and 24 bytes an event of
//! the window, with 8 more a class where the metric looks at probabilities. **Errors** a metric
//! that can't take observations back, a window of 0 or above 10⁷ events.
//!
//! ```
//! use her_learn::metrics::{self, Observation};
//! let spec = serde_json::json!({"RollingMetric": {"obj": "MSE", "window_size": 2}});
//! let mut mse = metrics::build(&spec, &her_learn::Catalog::builtin())?;
//! for (y, predicted) in [(3.0, 0.0), (1.0, 0.0), (2.0, 2.0)] {
//!     mse.update(Observation::Value { y, predicted }, 1.0);
//! }
//! assert_eq!(mse.get(), 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `utils/rolling.py`, where `Rolling` takes metrics as well as statistics; ours
//! of that name takes [statistics](crate::stats), as the two keep different things.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rolling_roc_auc::WINDOW_MAX;
use super::{Metric, Observation, not_a_metric};
use crate::catalog::{Builder, Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{Any, ClassId, Estimator};
use crate::merge::Statement;
use crate::model::Label;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`RollingMetric`].
    pub struct Params {
        /// The metric.
        obj: Spec = Spec::name("Accuracy"),
        /// How many events the window holds.
        window_size: usize = 1_000,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "RollingMetric",
    module: "utils",
    kind: Kind::Metric,
    version: 1,
    summary: "A metric over the last events only",
    merge: Statement::Local("a figure is about one peer's own predictions"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"RollingMetric": {"obj": "LogLoss", "window_size": 50}}),
};

/// The observations of the window, the oldest first; the probabilities lie one event after the
/// other in a queue of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    events: VecDeque<Kept>,
    proba: VecDeque<f64>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Kept {
    Class { y: ClassId, predicted: ClassId, n_proba: u32, w: f64 },
    Value { y: f64, predicted: f64, w: f64 },
}

/// See the module's documentation.
pub struct RollingMetric {
    params: Params,
    metric: Box<dyn Metric>,
    state: State,
    oldest: Vec<f64>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    if !(1..=WINDOW_MAX).contains(&params.window_size) {
        return Err(Error::new(format!(
            "window_size must lie between 1 and {WINDOW_MAX}, got {}",
            params.window_size
        )));
    }
    let metric = match builder.build(&params.obj.0).map_err(|e| e.at("obj"))? {
        Any::Metric(metric) if metric.reverts() => metric,
        Any::Metric(metric) => {
            let name = metric.entry().name;
            return Err(Error::new(format!("{name} can't take observations back")).at("obj"));
        }
        other => return Err(not_a_metric(&other).at("obj")),
    };
    let (state, oldest) = (State::default(), Vec::new());
    Ok(Any::Metric(Box::new(RollingMetric { params, metric, state, oldest })))
}

impl RollingMetric {
    /// Takes the oldest observation out of the window and the metric.
    fn forget_oldest(&mut self, classes: &[Label]) {
        match self.state.events.pop_front() {
            Some(Kept::Class { y, predicted, n_proba, w }) => {
                self.oldest.clear();
                self.oldest.extend(self.state.proba.drain(..n_proba as usize));
                let seen = Observation::Class { y, proba: &self.oldest, predicted, classes };
                self.metric.revert(seen, w);
            }
            Some(Kept::Value { y, predicted, w }) => {
                self.metric.revert(Observation::Value { y, predicted }, w);
            }
            None => {}
        }
    }
}

impl Estimator for RollingMetric {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        let Params { window_size, .. } = self.params;
        serde_json::json!({ "obj": self.metric.spec(), "window_size": window_size })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put_child(out, &*self.metric);
        saved::put(out, &self.state);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        from.child(&mut *self.metric)?;
        self.state = from.get()?;
        Ok(())
    }
}

impl Metric for RollingMetric {
    fn update(&mut self, seen: Observation<'_>, w: f64) {
        if matches!(seen, Observation::Value { .. }) != self.metric.of_values() {
            return;
        }
        let (kept, classes) = match seen {
            Observation::Class { y, proba, predicted, classes } => {
                let proba = if self.metric.requires_labels() { &[] } else { proba };
                self.state.proba.extend(proba);
                (Kept::Class { y, predicted, n_proba: proba.len() as u32, w }, classes)
            }
            Observation::Value { y, predicted } => (Kept::Value { y, predicted, w }, &[][..]),
        };
        if self.state.events.len() >= self.params.window_size {
            self.forget_oldest(classes);
        }
        self.metric.update(seen, w);
        self.state.events.push_back(kept);
    }

    fn get(&self) -> f64 {
        self.metric.get()
    }

    fn of_values(&self) -> bool {
        self.metric.of_values()
    }

    fn requires_labels(&self) -> bool {
        self.metric.requires_labels()
    }

    fn bigger_is_better(&self) -> bool {
        self.metric.bigger_is_better()
    }
}
