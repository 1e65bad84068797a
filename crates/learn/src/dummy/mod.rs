//! What can be said without looking: River's `dummy`. Figures that any model must beat.

pub mod no_change;
pub mod prior;
pub mod statistic;

pub use no_change::NoChangeClassifier;
pub use prior::PriorClassifier;
pub use statistic::StatisticRegressor;

use crate::catalog::Entry;

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] =
    &[NoChangeClassifier::ENTRY, PriorClassifier::ENTRY, statistic::ENTRY];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::features::testing::assert_predictions;

    #[test]
    fn the_share_of_each_class() {
        assert_predictions(
            &json!("PriorClassifier"),
            &[
                [0.5, 0.5, f64::NAN],
                [0.4, 0.4, 0.2],
                [0.363_636_363_636_363_65, 0.272_727_272_727_272_7, 0.363_636_363_636_363_65],
                [0.413_793_103_448_275_86, 0.275_862_068_965_517_24, 0.310_344_827_586_206_9],
                [0.406_779_661_016_949_2, 0.254_237_288_135_593_2, 0.338_983_050_847_457_6],
            ],
        );
    }

    #[test]
    fn the_last_class() {
        assert_predictions(
            &json!("NoChangeClassifier"),
            &[
                [0.0, 1.0, f64::NAN],
                [0.0, 0.0, 1.0],
                [1.0, 0.0, 0.0],
                [0.0, 0.0, 1.0],
                [1.0, 0.0, 0.0],
            ],
        );
    }
}
