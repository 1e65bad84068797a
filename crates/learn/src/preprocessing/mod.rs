//! Scaling, encoding, imputing: River's `preprocessing`.
//!
//! A missing value is a feature that is absent from the event: there is no `None`. Transformers of
//! numbers pass texts through; `OneHotEncoder`, `OrdinalEncoder` and `FeatureHasher` consume them.

mod category;
mod target;

pub mod adaptive_standard_scaler;
pub mod binarizer;
pub mod feature_hasher;
pub mod max_abs_scaler;
pub mod min_max_scaler;
pub mod normalizer;
pub mod one_hot_encoder;
pub mod ordinal_encoder;
pub mod pred_clipper;
pub mod previous_imputer;
pub mod robust_scaler;
pub mod standard_scaler;
pub mod stat_imputer;
pub mod target_min_max_scaler;
pub mod target_standard_scaler;

pub use adaptive_standard_scaler::AdaptiveStandardScaler;
pub use binarizer::Binarizer;
pub use feature_hasher::FeatureHasher;
pub use max_abs_scaler::MaxAbsScaler;
pub use min_max_scaler::MinMaxScaler;
pub use normalizer::Normalizer;
pub use one_hot_encoder::OneHotEncoder;
pub use ordinal_encoder::OrdinalEncoder;
pub use pred_clipper::PredClipper;
pub use previous_imputer::PreviousImputer;
pub use robust_scaler::RobustScaler;
pub use standard_scaler::StandardScaler;
pub use stat_imputer::StatImputer;
pub use target_min_max_scaler::TargetMinMaxScaler;
pub use target_standard_scaler::TargetStandardScaler;

use crate::catalog::Entry;
use crate::features::{FeatureId, Features, Slots};

/// This module's rows of the catalogue.
pub const ENTRIES: &[Entry] = &[
    StandardScaler::ENTRY,
    MinMaxScaler::ENTRY,
    MaxAbsScaler::ENTRY,
    RobustScaler::ENTRY,
    AdaptiveStandardScaler::ENTRY,
    Normalizer::ENTRY,
    Binarizer::ENTRY,
    OneHotEncoder::ENTRY,
    OrdinalEncoder::ENTRY,
    FeatureHasher::ENTRY,
    StatImputer::ENTRY,
    PreviousImputer::ENTRY,
    TargetStandardScaler::ENTRY,
    TargetMinMaxScaler::ENTRY,
    PredClipper::ENTRY,
];

/// Updates the slot of each number of an event, on slices when the ids are a gapless run.
#[inline]
fn update_slots<T: Clone + Default>(
    slots: &mut Slots<T>,
    x: &Features,
    mut update: impl FnMut(&mut T, f64),
) {
    slots.grow(x.end());
    let slots = slots.as_mut_slice();
    if let Some(start) = x.run() {
        for (slot, &v) in slots[start..].iter_mut().zip(x.values()) {
            update(slot, v);
        }
    } else {
        for (id, v) in x.iter() {
            update(&mut slots[id as usize], v);
        }
    }
}

/// Puts values in the place of all slots.
fn put<T: Clone + Default>(
    slots: &mut Slots<T>,
    values: &[(Option<FeatureId>, f64)],
    mut slot: impl FnMut(f64) -> T,
) {
    slots.as_mut_slice().fill(T::default());
    for (id, value) in values.iter().filter_map(|&(id, v)| Some((id?, v))) {
        *slots.at(id) = slot(value);
    }
}

/// Writes each number of an event, turned by its slot; one never met has the default slot.
#[inline]
fn map_slots<T: Clone + Default>(
    slots: &Slots<T>,
    x: &Features,
    out: &mut Features,
    map: impl Fn(&T, f64) -> f64,
) {
    let z = out.same_ids(x);
    let slots = slots.as_slice();
    match x.run() {
        Some(start) if x.end() <= slots.len() => {
            for ((z, slot), &v) in z.iter_mut().zip(&slots[start..]).zip(x.values()) {
                *z = map(slot, v);
            }
        }
        _ => {
            let unseen = T::default();
            for (z, (id, v)) in z.iter_mut().zip(x.iter()) {
                *z = map(slots.get(id as usize).unwrap_or(&unseen), v);
            }
        }
    }
}

#[cfg(test)]
mod tests;
