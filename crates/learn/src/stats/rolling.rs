//! `Rolling`: a statistic of the newest numbers only.
//!
//! Each number that leaves the window is taken back from the statistic before the next one goes
//! in: for [`Mean`](super::Mean), [`Var`](super::Var), [`SEM`](super::SEM) and
//! [`Sum`](super::Sum). Taking back does not undo the rounding, so a long run drifts by last
//! bits, as in River.
//!
//! **Shape** numbers in, a number out. **Cost** 8 bytes a number of the window; two updates a
//! number. **Errors** a statistic that cannot take numbers back is refused.
//!
//! ```
//! use her_learn::Catalog;
//! let spec = serde_json::json!({"Rolling": {"obj": "Mean", "window_size": 3}});
//! let mut mean = Catalog::builtin().builder().univariate(&spec)?;
//! for x in [1.0, 3.0, 5.0, 7.0] {
//!     mean.update(x);
//! }
//! assert_eq!(mean.get(), 5.0);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `utils/rolling.py`.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Mean, SEM, Sum, Var, check_window};
use crate::catalog::{Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{Any, Estimator, Univariate};
use crate::merge::Statement;
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`Rolling`].
    pub struct Params {
        /// The statistic: `Mean`, `Var`, `SEM` or `Sum`. River takes the class and its
        /// parameters as further arguments.
        obj: Spec = Spec::name("Mean"),
        /// How many of the newest numbers count, from 1 to 1,000,000. It must be given.
        window_size: u32 = 0,
    }
}

/// The statistics that can take a number back.
enum Inner {
    Mean(Mean),
    Var(Var),
    Sem(SEM),
    Sum(Sum),
}

impl Inner {
    fn new(spec: &Value) -> Result<Self> {
        let no_params = Value::Object(serde_json::Map::new());
        let (name, params) = match spec {
            Value::String(name) => (name.as_str(), no_params),
            Value::Object(map) if map.len() == 1 => match map.iter().next() {
                Some((name, Value::Null)) => (name.as_str(), no_params),
                Some((name, params)) => (name.as_str(), params.clone()),
                None => ("", no_params),
            },
            _ => ("", no_params),
        };
        let built = match name {
            "Mean" => params::read(params).and_then(Mean::new).map(Self::Mean),
            "Var" => params::read(params).and_then(Var::new).map(Self::Var),
            "SEM" => params::read(params).and_then(SEM::new).map(Self::Sem),
            "Sum" => params::read(params).and_then(Sum::new).map(Self::Sum),
            _ => {
                return Err(Error::new(format!(
                    "{spec} can't take numbers back; Mean, Var, SEM and Sum can"
                )));
            }
        };
        built.map_err(|e| e.at(name))
    }

    fn stat(&self) -> &dyn Univariate {
        match self {
            Self::Mean(s) => s,
            Self::Var(s) => s,
            Self::Sem(s) => s,
            Self::Sum(s) => s,
        }
    }

    fn stat_mut(&mut self) -> &mut dyn Univariate {
        match self {
            Self::Mean(s) => s,
            Self::Var(s) => s,
            Self::Sem(s) => s,
            Self::Sum(s) => s,
        }
    }
}

/// The mean and the population variance of a window, to be kept by feature.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct WindowVar {
    var: super::var::State,
    window: VecDeque<f64>,
}

impl WindowVar {
    pub fn update(&mut self, x: f64, window_size: u32) {
        if self.window.len() == window_size as usize
            && let Some(oldest) = self.window.pop_front()
        {
            self.var.revert(oldest, 1.0);
        }
        self.var.update_weighted(x, 1.0);
        self.window.push_back(x);
    }

    /// The numbers that count, the oldest first.
    pub fn numbers(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.window.iter().copied()
    }

    pub fn mean(&self) -> f64 {
        self.var.mean.get()
    }

    pub fn var(&self) -> f64 {
        self.var.get(0)
    }
}

/// See the module's documentation.
pub struct Rolling {
    window_size: u32,
    inner: Inner,
    window: VecDeque<f64>,
}

impl Rolling {
    /// This estimator's row in the catalogue.
    pub const ENTRY: Entry = Entry {
        name: "Rolling",
        module: "utils",
        kind: Kind::Univariate,
        version: 1,
        summary: "A statistic of the newest numbers only",
        merge: Statement::Member("a window of a peer's own numbers"),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build: |value, _| Ok(Any::Univariate(Box::new(Self::new(&params::read(value)?)?))),
        example: || serde_json::json!({"Rolling": {"obj": "Mean", "window_size": 20}}),
    };

    /// A statistic that has seen nothing.
    pub fn new(params: &Params) -> Result<Self> {
        check_window(params.window_size)?;
        let inner = Inner::new(&params.obj.0).map_err(|e| e.at("obj"))?;
        Ok(Self { window_size: params.window_size, inner, window: VecDeque::new() })
    }
}

impl Estimator for Rolling {
    fn entry(&self) -> &'static Entry {
        &Self::ENTRY
    }

    fn params(&self) -> Value {
        let obj = Spec(self.inner.stat().spec());
        params::write(&Params { obj, window_size: self.window_size })
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.window);
        saved::put_child(out, self.inner.stat());
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.window = from.get()?;
        from.child(self.inner.stat_mut())
    }
}

impl Univariate for Rolling {
    fn update(&mut self, x: f64) {
        if self.window.len() == self.window_size as usize
            && let Some(oldest) = self.window.pop_front()
        {
            self.inner.stat_mut().revert(oldest, 1.0);
        }
        self.inner.stat_mut().update(x);
        self.window.push_back(x);
    }

    fn get(&self) -> f64 {
        self.inner.stat().get()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::stats::tests::{check, refusal};

    #[test]
    fn river() {
        check(
            &json!({"Rolling": {"obj": "Mean", "window_size": 3}}),
            &[
                3.5,
                1.125,
                0.75,
                1.9166666666666665,
                4.666666666666666,
                3.166666666666666,
                1.4999999999999993,
                3.083333333333333,
                4.75,
                3.666666666666667,
                1.7500000000000004,
                2.583333333333334,
            ],
        );
        check(
            &json!({"Rolling": {"obj": {"Var": {"ddof": 0}}, "window_size": 4}}),
            &[
                0.0,
                5.640625,
                4.041666666666667,
                10.35546875,
                14.73046875,
                23.921875,
                22.296875,
                36.32421875,
                34.69921875,
                25.40625,
                25.90625,
                7.44921875,
            ],
        );
        check(
            &json!({"Rolling": {"obj": {"SEM": {}}, "window_size": 3}}),
            &[
                0.0,
                2.375,
                1.4215601757693317,
                2.5671536334582274,
                2.3333333333333335,
                3.8333333333333335,
                3.3291640592396967,
                4.722140522169063,
                3.5266839949164717,
                4.073116469949979,
                2.184223737013528,
                2.1032382440206616,
            ],
        );
        check(
            &json!({"Rolling": {"obj": "Sum", "window_size": 1}}),
            &[3.5, -1.25, 0.0, 7.0, 7.0, -4.5, 2.0, 11.75, 0.5, -1.25, 6.0, 3.0],
        );
    }

    #[test]
    fn refuses_what_cannot_take_back() {
        assert_eq!(
            refusal(&json!({"Rolling": {"obj": "Max", "window_size": 3}})),
            "Rolling.obj: \"Max\" can't take numbers back; Mean, Var, SEM and Sum can"
        );
        assert!(
            refusal(&json!({"Rolling": {"obj": {"Var": {"dof": 1}}, "window_size": 3}}))
                .starts_with("Rolling.obj.Var: unknown field")
        );
    }
}
