//! Statistics of a series of numbers: River's `stats`, and `Rolling` from its `utils`.
//!
//! A statistic that has no value before its first number gives `NaN` where River gives `None`;
//! one that has a value then (0, or ±∞ for `Min` and `Max`) gives River's.

mod extremes;
mod first_seen;
mod moments;
mod p2;
mod sorted_window;

pub mod abs_max;
pub mod count;
pub mod ew_mean;
pub mod ew_var;
pub mod iqr;
pub mod kurtosis;
pub mod mad;
pub mod max;
pub mod mean;
pub mod min;
pub mod mode;
pub mod peak_to_peak;
pub mod quantile;
pub mod rolling;
pub mod rolling_abs_max;
pub mod rolling_iqr;
pub mod rolling_max;
pub mod rolling_min;
pub mod rolling_mode;
pub mod rolling_peak_to_peak;
pub mod rolling_quantile;
pub mod sem;
pub mod shift;
pub mod skew;
pub mod sum;
pub mod var;

pub use abs_max::AbsMax;
pub use count::Count;
pub use ew_mean::EWMean;
pub use ew_var::EWVar;
pub use iqr::IQR;
pub use kurtosis::Kurtosis;
pub use mad::MAD;
pub use max::Max;
pub use mean::Mean;
pub use min::Min;
pub use mode::Mode;
pub use peak_to_peak::PeakToPeak;
pub use quantile::Quantile;
pub use rolling::Rolling;
pub use rolling_abs_max::RollingAbsMax;
pub use rolling_iqr::RollingIQR;
pub use rolling_max::RollingMax;
pub use rolling_min::RollingMin;
pub use rolling_mode::RollingMode;
pub use rolling_peak_to_peak::RollingPeakToPeak;
pub use rolling_quantile::RollingQuantile;
pub use sem::SEM;
pub use shift::Shift;
pub use skew::Skew;
pub use sum::Sum;
pub use var::Var;

pub(crate) use extremes::{Range, WindowMax, WindowRange};
pub(crate) use first_seen::{FirstSeen, Probe, Seen, VALUES_MAX};
pub(crate) use p2::P2;
pub(crate) use rolling::WindowVar;

use crate::catalog::Entry;
use crate::error::{Error, Result};

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    Mean::ENTRY,
    Var::ENTRY,
    SEM::ENTRY,
    Sum::ENTRY,
    Count::ENTRY,
    Min::ENTRY,
    Max::ENTRY,
    AbsMax::ENTRY,
    PeakToPeak::ENTRY,
    EWMean::ENTRY,
    EWVar::ENTRY,
    Quantile::ENTRY,
    IQR::ENTRY,
    MAD::ENTRY,
    Mode::ENTRY,
    Shift::ENTRY,
    Skew::ENTRY,
    Kurtosis::ENTRY,
    RollingQuantile::ENTRY,
    RollingIQR::ENTRY,
    RollingMin::ENTRY,
    RollingMax::ENTRY,
    RollingAbsMax::ENTRY,
    RollingPeakToPeak::ENTRY,
    RollingMode::ENTRY,
    Rolling::ENTRY,
];

/// The longest window, in numbers. At 8 to 24 bytes a number it bounds what one spec can ask for.
pub const WINDOW_MAX: u32 = 1_000_000;

/// Refuses windows that are missing, empty or too long.
pub(crate) fn check_window(window_size: u32) -> Result<()> {
    match window_size {
        0 => Err(Error::new(format!("window_size is needed: a number from 1 to {WINDOW_MAX}"))),
        1..=WINDOW_MAX => Ok(()),
        _ => Err(Error::new(format!(
            "window_size must lie between 1 and {WINDOW_MAX}, got {window_size}"
        ))),
    }
}

/// Refuses quantiles that are no pair.
pub(crate) fn check_quantiles(q_inf: f64, q_sup: f64) -> Result<()> {
    crate::params::check_range("q_inf", q_inf, 0.0, 1.0)?;
    crate::params::check_range("q_sup", q_sup, 0.0, 1.0)?;
    if q_inf < q_sup {
        return Ok(());
    }
    Err(Error::new(format!("q_inf must be less than q_sup, got {q_inf} and {q_sup}")))
}

/// A statistic without parameters, from a `State` with `update(x)` and `get()`.
macro_rules! plain_statistic {
    ($ty:ident, name $name:literal, $summary:literal
        $(, attribute = $attribute:expr)?
        , merge = $merge:ident $why:literal
        $(, { $($more:tt)* })?
    ) => {
        crate::params! {
            /// There are no parameters.
            pub struct Params {}
        }

        /// See the module's documentation.
        pub struct $ty {
            params: Params,
            state: State,
        }

        crate::estimator! {
            $ty in "stats" as Univariate, version 1, name $name, $summary
            $(, attribute = $attribute)?
            , merge = $merge $why
        }

        impl $ty {
            /// A statistic that has seen nothing.
            pub fn new(params: Params) -> $crate::Result<Self> {
                Ok(Self { params, state: State::default() })
            }
        }

        impl $crate::estimator::Univariate for $ty {
            fn update(&mut self, x: f64) {
                self.state.update(x);
            }

            fn get(&self) -> f64 {
                self.state.get()
            }

            $($($more)*)?
        }
    };
}
pub(crate) use plain_statistic;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::Catalog;
    use crate::estimator::Any;

    /// The series with which the values from River were made.
    pub const SERIES: [f64; 12] =
        [3.5, -1.25, 0.0, 7.0, 7.0, -4.5, 2.0, 11.75, 0.5, -1.25, 6.0, 3.0];

    /// Feeds the series and compares with River's value after each number. Saves and loads in
    /// the middle, so that every statistic is also checked to go on from its saved state.
    pub fn check(spec: &Value, river: &[f64]) {
        let catalog = Catalog::builtin();
        let mut stat = catalog.builder().univariate(spec).unwrap();
        assert_eq!(river.len(), SERIES.len());
        for (i, (&x, &want)) in SERIES.iter().zip(river).enumerate() {
            stat.update(x);
            let got = stat.get();
            let close = (got - want).abs() <= 1e-12 * want.abs().max(1.0);
            assert!(close || got.to_bits() == want.to_bits(), "{spec} [{i}]: {got}, River {want}");
            if i == 6 {
                let saved = crate::saved::save(&*stat);
                assert_eq!(saved, crate::saved::save(&*stat));
                let Any::Univariate(loaded) =
                    crate::saved::load(&saved, &catalog.builder()).unwrap()
                else {
                    panic!("{spec} came back as something else");
                };
                assert_eq!(saved, crate::saved::save(&*loaded));
                stat = loaded;
            }
        }
    }

    /// The message with which a spec is refused.
    pub fn refusal(spec: &Value) -> String {
        Catalog::builtin().builder().univariate(spec).err().map(|e| e.to_string()).unwrap()
    }

    #[test]
    fn windows_are_bounded() {
        assert_eq!(
            refusal(&json!("RollingMin")),
            "RollingMin: window_size is needed: a number from 1 to 1000000"
        );
        for spec in [
            json!({"RollingMin": {"window_size": 1_000_001}}),
            json!({"RollingQuantile": {"window_size": 1_000_001}}),
            json!({"RollingIQR": {"window_size": 1_000_001}}),
            json!({"Rolling": {"obj": "Mean", "window_size": 1_000_001}}),
        ] {
            assert!(refusal(&spec).contains("got 1000001"), "{}", refusal(&spec));
        }
    }
}
