//! The table of everything that a spec may name.
//!
//! One row per estimator; the rows live beside their code, one slice per River module, and
//! [`Catalog::builtin`] lists the slices. A user's own estimators are added with
//! [`Catalog::with`].

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::estimator::{Any, Classifier, Regressor, Transformer};
use crate::merge::Statement;

/// One parameter, as shown by `her models`.
#[derive(Debug, Clone, Copy)]
pub struct ParamDoc {
    /// River's name.
    pub name: &'static str,
    /// Its type as written in Rust.
    pub ty: &'static str,
    /// What it does, its unit and its limits.
    pub doc: &'static str,
}

/// What kind of thing an entry builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the variants are the traits of the same names")]
pub enum Kind {
    Transformer,
    Classifier,
    Regressor,
    /// Becomes the kind of its last step or child.
    Wrapper,
    AnomalyDetector,
    Clusterer,
    DriftDetector,
    Univariate,
    Optimizer,
    Metric,
}

/// One row of the catalogue.
pub struct Entry {
    /// River's name, which is also the name on disk.
    pub name: &'static str,
    /// River's module.
    pub module: &'static str,
    /// What it builds.
    pub kind: Kind,
    /// The version of its saved state.
    pub version: u16,
    /// One line for people.
    pub summary: &'static str,
    /// How what several peers learned becomes one.
    pub merge: Statement,
    /// The parameters.
    pub params: &'static [ParamDoc],
    /// The parameters' default values.
    pub defaults: fn() -> Value,
    /// Builds it from parameters.
    pub build: fn(Value, &Builder<'_>) -> Result<Any>,
    /// A spec that exercises it, for the contracts; it may stand in a pipeline.
    pub example: fn() -> Value,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entry({}.{})", self.module, self.name)
    }
}

/// All estimators that specs may name.
#[derive(Debug, Clone)]
pub struct Catalog {
    slices: Vec<&'static [Entry]>,
    /// Names of those that take long for an event.
    heavy: Vec<&'static str>,
    /// Those whose bits hang on the machine.
    hanging: Vec<Hanging>,
    lent: Lent,
}

/// Names of estimators whose bits hang on the machine, and who says on what of it.
type Hanging = (Vec<&'static str>, fn() -> String);

/// What estimators need from outside of their specs, one of a type.
#[derive(Clone, Default)]
struct Lent(Vec<Arc<dyn std::any::Any + Send + Sync>>);

impl std::fmt::Debug for Lent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} things", self.0.len())
    }
}

impl Default for Catalog {
    fn default() -> Self {
        Self::builtin()
    }
}

impl Catalog {
    /// What comes with this crate.
    pub fn builtin() -> Self {
        Self {
            slices: vec![
                crate::compose::ENTRIES,
                crate::preprocessing::ENTRIES,
                crate::feature_extraction::ENTRIES,
                crate::linear_model::ENTRIES,
                crate::optim::ENTRIES,
                crate::naive_bayes::ENTRIES,
                crate::multiclass::ENTRIES,
                crate::dummy::ENTRIES,
                crate::stats::ENTRIES,
                crate::metrics::ENTRIES,
                crate::drift::ENTRIES,
                crate::tree::ENTRIES,
                crate::forest::ENTRIES,
                crate::anomaly::ENTRIES,
                crate::cluster::ENTRIES,
                crate::neighbors::ENTRIES,
                crate::ensemble::ENTRIES,
            ],
            heavy: Vec::new(),
            hanging: Vec::new(),
            lent: Lent::default(),
        }
    }

    /// The same with more estimators. A name that is taken already keeps its first meaning.
    pub fn with(mut self, entries: &'static [Entry]) -> Self {
        self.slices.push(entries);
        self
    }

    /// The same with estimators that take long for an event, tens of milliseconds and more: who
    /// owns a model with one works on it on a thread of its own, and keeps no frozen copy of it to
    /// predict beside it.
    pub fn with_heavy(mut self, entries: &'static [Entry]) -> Self {
        self.heavy.extend(entries.iter().map(|entry| entry.name));
        self.with(entries)
    }

    /// The same where these take long for an event. A name with a parameter behind a point, as
    /// `Memory.encoder`, means those only whose spec gives that parameter.
    pub fn heavy(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.heavy.extend(names);
        self
    }

    /// Whether a spec names one that takes long for an event. Builds nothing.
    pub fn is_heavy(&self, spec: &Value) -> bool {
        names(spec, &|name, given| is_one_of(&self.heavy, name, given))
    }

    /// The same where the bits of these estimators hang on the machine. `here` names on what of
    /// it, such as in which order its products add: where two machines say the same, the same
    /// events give the same bits. Names may have a parameter, as those of [`heavy`](Self::heavy).
    pub fn with_arithmetic(
        mut self,
        names: impl IntoIterator<Item = &'static str>,
        here: fn() -> String,
    ) -> Self {
        self.hanging.push((names.into_iter().collect(), here));
        self
    }

    /// What of this machine the bits of a model of this spec hang on; none where they are the same
    /// on every machine. Builds nothing.
    pub fn arithmetic(&self, spec: &Value) -> Option<String> {
        let hangs = |these: &[&str]| names(spec, &|name, given| is_one_of(these, name, given));
        let all = self.hanging.iter().filter(|(these, _)| hangs(these)).map(|(_, here)| here());
        let all: Vec<String> = all.collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The same with something that estimators ask for when they are built, such as large files
    /// that many of them share. Of one type, the first is kept.
    pub fn lend<T: std::any::Any + Send + Sync>(mut self, thing: Arc<T>) -> Self {
        self.lent.0.push(thing);
        self
    }

    /// All rows, module by module.
    pub fn entries(&self) -> impl Iterator<Item = &'static Entry> + '_ {
        self.slices.iter().flat_map(|s| s.iter())
    }

    /// The row of a name.
    pub fn find(&self, name: &str) -> Option<&'static Entry> {
        self.entries().find(|e| e.name == name)
    }

    /// A builder over this catalogue.
    pub fn builder(&self) -> Builder<'_> {
        Builder { catalog: self, depth: 0 }
    }
}

/// Whether a spec has a name of this sort in it, at any depth; it is asked with what is given to
/// that name.
fn names(spec: &Value, is: &dyn Fn(&str, &Value) -> bool) -> bool {
    match spec {
        Value::String(name) => is(name, &Value::Null),
        Value::Array(all) => all.iter().any(|one| names(one, is)),
        Value::Object(map) => map.iter().any(|(name, of)| is(name, of) || names(of, is)),
        _ => false,
    }
}

/// Whether a name with what is given to it is among these, of which some say a parameter.
fn is_one_of(these: &[&str], name: &str, given: &Value) -> bool {
    these.iter().any(|one| match one.split_once('.') {
        Some((estimator, param)) => estimator == name && !given[param].is_null(),
        None => *one == name,
    })
}

/// Builds estimators from specs, and their children from theirs.
#[derive(Debug, Clone, Copy)]
pub struct Builder<'a> {
    catalog: &'a Catalog,
    depth: usize,
}

/// How deep specs may nest.
pub const DEPTH_MAX: usize = 16;

impl Builder<'_> {
    /// Builds what a spec says: a name, `{"Name": {parameters}}`, or an array for a pipeline.
    pub fn build(&self, spec: &Value) -> Result<Any> {
        if self.depth >= DEPTH_MAX {
            return Err(Error::new(format!(
                "a spec may nest {DEPTH_MAX} deep, this one is deeper"
            )));
        }
        match spec {
            Value::String(name) => self.build_named(name, Value::Object(serde_json::Map::new())),
            Value::Array(_) => self.build_named("Pipeline", serde_json::json!({ "steps": spec })),
            Value::Object(map) if map.len() == 1 => {
                let (name, params) = map.iter().next().expect("the length is one");
                let params = match params {
                    Value::Null => Value::Object(serde_json::Map::new()),
                    Value::Array(_) => serde_json::json!({ list_param(name): params }),
                    other => other.clone(),
                };
                self.build_named(name, params)
            }
            other => Err(Error::new(format!(
                "expected an estimator: \"Name\", {{\"Name\": {{parameters}}}} or an array for a \
                 pipeline, got {other}"
            ))),
        }
    }

    /// The catalogue that is built from: for estimators that make children later.
    pub fn catalog(&self) -> &Catalog {
        self.catalog
    }

    /// What was lent to the catalogue of this type.
    pub fn lent<T: std::any::Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.catalog.lent.0.iter().find_map(|thing| Arc::clone(thing).downcast().ok())
    }

    /// Builds an estimator by name.
    pub fn build_named(&self, name: &str, params: Value) -> Result<Any> {
        let entry = self.catalog.find(name).ok_or_else(|| self.unknown(name))?;
        let inner = Builder { catalog: self.catalog, depth: self.depth + 1 };
        (entry.build)(params, &inner).map_err(|e| e.at(name))
    }

    /// A child that must be a transformer.
    pub fn transformer(&self, spec: &Value) -> Result<Box<dyn Transformer>> {
        self.build(spec)?.into_transformer()
    }

    /// A child that must be a classifier.
    pub fn classifier(&self, spec: &Value) -> Result<Box<dyn Classifier>> {
        match self.build(spec)? {
            Any::Classifier(c) => Ok(c),
            other => Err(wrong_kind(&other, "a classifier")),
        }
    }

    /// A child that must be a regressor.
    pub fn regressor(&self, spec: &Value) -> Result<Box<dyn Regressor>> {
        match self.build(spec)? {
            Any::Regressor(r) => Ok(r),
            other => Err(wrong_kind(&other, "a regressor")),
        }
    }

    /// A child that must be a drift detector.
    pub fn drift_detector(&self, spec: &Value) -> Result<Box<dyn crate::estimator::DriftDetector>> {
        match self.build(spec)? {
            Any::DriftDetector(d) => Ok(d),
            other => Err(wrong_kind(&other, "a drift detector")),
        }
    }

    /// A child that must be a metric.
    pub fn metric(&self, spec: &Value) -> Result<Box<dyn crate::metrics::Metric>> {
        match self.build(spec)? {
            Any::Metric(m) => Ok(m),
            other => Err(wrong_kind(&other, "a metric")),
        }
    }

    /// A child that must be an optimizer.
    pub fn optimizer(&self, spec: &Value) -> Result<Box<dyn crate::optim::Optimizer>> {
        match self.build(spec)? {
            Any::Optimizer(o) => Ok(o),
            other => Err(wrong_kind(&other, "an optimizer")),
        }
    }

    /// A child that must be a statistic.
    pub fn univariate(&self, spec: &Value) -> Result<Box<dyn crate::estimator::Univariate>> {
        match self.build(spec)? {
            Any::Univariate(u) => Ok(u),
            other => Err(wrong_kind(&other, "a statistic")),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let near = self.catalog.entries().map(|e| (distance(name, e.name), e.name)).min();
        let hint = match near {
            Some((d, best)) if d <= 1 + name.len() / 3 => format!("did you mean {best}? "),
            _ => String::new(),
        };
        Error::new(format!("there is no estimator {name:?}; {hint}`her models` lists all of them"))
    }
}

fn list_param(name: &str) -> &'static str {
    match name {
        "TransformerUnion" => "transformers",
        "Select" | "Discard" => "keys",
        "SelectType" => "types",
        _ => "steps",
    }
}

fn wrong_kind(got: &Any, wanted: &str) -> Error {
    let entry = got.estimator().entry();
    Error::new(format!("{} is no {}, {wanted} is wanted here", entry.name, wanted_word(wanted)))
}

fn wanted_word(wanted: &str) -> &str {
    wanted.split_once(' ').map_or(wanted, |(_, word)| word)
}

/// Edit distance, without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Catalog;

    #[test]
    fn a_spec_hangs_on_what_those_in_it_hang_on() {
        let catalog = Catalog::builtin()
            .with_arithmetic(["StandardScaler", "KMeans"], || "one".to_owned())
            .with_arithmetic(["LogisticRegression"], || "two".to_owned());
        let hangs = |spec| catalog.arithmetic(&spec);
        assert_eq!(hangs(json!("LinearRegression")), None);
        assert_eq!(hangs(json!("KMeans")).as_deref(), Some("one"));
        let deep = json!({"OneVsRestClassifier": {"classifier": {"LogisticRegression": {}}}});
        assert_eq!(hangs(deep).as_deref(), Some("two"));
        let both = json!(["StandardScaler", "LogisticRegression"]);
        assert_eq!(hangs(both).as_deref(), Some("one, two"));
    }

    #[test]
    fn a_parameter_may_say_which_are_meant() {
        let catalog = Catalog::builtin().heavy(["KMeans.seed"]);
        let heavy = |spec| catalog.is_heavy(&spec);
        assert!(heavy(json!([{"KMeans": {"seed": 3}}])));
        for other in
            [json!("KMeans"), json!({"KMeans": {"seed": null}}), json!({"Seed": {"seed": 3}})]
        {
            assert!(!heavy(other.clone()), "{other}");
        }
    }
}
