//! The specs of River's `tree.splitter`.

use serde::Deserialize;
use serde_json::Value;

use super::observers::ClassSplitter;
use super::target_observer::TargetSplitter;
use crate::error::{Error, Result};
use crate::params::{Spec, check_range, read};

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Gaussian {
    n_splits: u32,
}

impl Default for Gaussian {
    fn default() -> Self {
        Self { n_splits: 10 }
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Histogram {
    n_bins: u32,
    n_splits: u32,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { n_bins: 256, n_splits: 32 }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Nothing {}

/// The name and the parameters of a splitter's spec.
fn parts(spec: &Value) -> Result<(&str, Value)> {
    let empty = || Value::Object(serde_json::Map::new());
    match spec {
        Value::String(name) => Ok((name, empty())),
        Value::Object(map) if map.len() == 1 => {
            let (name, params) = map.iter().next().expect("the length is one");
            Ok((name, if params.is_null() { empty() } else { params.clone() }))
        }
        other => Err(Error::new(format!(
            "expected a splitter: \"Name\" or {{\"Name\": {{parameters}}}}, got {other}"
        ))),
    }
}

/// A splitter for classes; `GaussianSplitter` when there is no spec.
pub(crate) fn class_splitter(spec: Option<&Spec>) -> Result<ClassSplitter> {
    let Some(Spec(spec)) = spec else { return Ok(ClassSplitter::Gaussian { n_splits: 10 }) };
    let (name, params) = parts(spec).map_err(|e| e.at("splitter"))?;
    let splitter = match name {
        "GaussianSplitter" => read(params).and_then(|Gaussian { n_splits }| {
            check_range("n_splits", f64::from(n_splits), 1.0, 10_000.0)?;
            Ok(ClassSplitter::Gaussian { n_splits })
        }),
        "HistogramSplitter" => read(params).and_then(|Histogram { n_bins, n_splits }| {
            check_range("n_bins", f64::from(n_bins), 1.0, 65_536.0)?;
            check_range("n_splits", f64::from(n_splits), 1.0, 10_000.0)?;
            Ok(ClassSplitter::Histogram { n_bins, n_splits })
        }),
        "ExhaustiveSplitter" => read(params).map(|Nothing {}| ClassSplitter::Exhaustive),
        other => Err(Error::new(format!(
            "{other:?} is no splitter for classes; there are GaussianSplitter, \
             HistogramSplitter and ExhaustiveSplitter"
        ))),
    };
    splitter.map_err(|e| e.at(name).at("splitter"))
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Truncated {
    digits: u32,
}

impl Default for Truncated {
    fn default() -> Self {
        Self { digits: 1 }
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Quantizer {
    radius: f64,
    allow_multiway_splits: bool,
}

impl Default for Quantizer {
    fn default() -> Self {
        Self { radius: 0.25, allow_multiway_splits: false }
    }
}

/// A splitter for numbers as targets; `TEBSTSplitter` when there is no spec.
pub(crate) fn target_splitter(spec: Option<&Spec>) -> Result<TargetSplitter> {
    let Some(Spec(spec)) = spec else {
        return Ok(TargetSplitter::SearchTree { digits: Some(1) });
    };
    let (name, params) = parts(spec).map_err(|e| e.at("splitter"))?;
    let splitter = match name {
        "TEBSTSplitter" => read(params).and_then(|Truncated { digits }| {
            check_range("digits", f64::from(digits), 0.0, 15.0)?;
            Ok(TargetSplitter::SearchTree { digits: Some(digits) })
        }),
        "EBSTSplitter" => {
            read(params).map(|Nothing {}| TargetSplitter::SearchTree { digits: None })
        }
        "QOSplitter" => read(params).and_then(|q: Quantizer| {
            check_range("radius", q.radius, 1e-300, 1e300)?;
            Ok(TargetSplitter::Slots { radius: q.radius, multiway: q.allow_multiway_splits })
        }),
        other => Err(Error::new(format!(
            "{other:?} is no splitter for numbers as targets; there are TEBSTSplitter, \
             EBSTSplitter and QOSplitter"
        ))),
    };
    splitter.map_err(|e| e.at(name).at("splitter"))
}
