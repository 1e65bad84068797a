//! A whole model: a spec, its names and classes, and the estimator at its root.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::estimator::{AnomalyDetector, Any, ClassId, Estimator, WeightKey};
use crate::features::{Context, FeatureId, Features, Names, Overlay, Pool, Vocabulary};
use crate::row::{Kind, Row, Shape, Target};
use crate::saved::{self, Loader};

mod merging;

/// Classes that one model may tell apart.
pub const CLASSES_MAX: usize = 65_535;

/// The name of a class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Label {
    /// `true` or `false`.
    Bool(bool),
    /// An integer class.
    Int(i64),
    /// A named class.
    Text(Box<str>),
}

impl Label {
    /// The label as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Bool(b) => (*b).into(),
            Self::Int(i) => (*i).into(),
            Self::Text(t) => (&**t).into(),
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Text(t) => f.write_str(t),
        }
    }
}

/// What a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// `false` or `true`.
    Binary,
    /// One of the classes met so far.
    Multiclass,
    /// A number.
    Regression,
    /// An anomaly score; learns without a label.
    Anomaly,
    /// The number of a group; learns without a label.
    Clustering,
}

impl Task {
    /// True when learning needs a target.
    pub fn supervised(self) -> bool {
        !matches!(self, Self::Anomaly | Self::Clustering)
    }
}

/// One prediction: a reused buffer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prediction {
    /// Probability per class id; empty for regression and while there is no opinion.
    pub proba: Vec<f64>,
    /// The predicted number; `None` for classification.
    pub value: Option<f64>,
}

impl Prediction {
    /// The probability of `true` by a binary model; 0 while there is no opinion. A multiclass
    /// model numbers its classes by first sight: look the class up by its label there.
    pub fn positive(&self) -> f64 {
        self.proba.get(1).copied().unwrap_or(0.0)
    }

    /// The most probable class, the first of equals; `None` while there is no opinion.
    pub fn class(&self) -> Option<ClassId> {
        most_probable(&self.proba)
    }

    /// Empties the prediction, keeping its buffer.
    pub fn clear(&mut self) {
        self.proba.clear();
        self.value = None;
    }
}

/// The most probable class, the first of equals; `None` while there is no opinion.
pub(crate) fn most_probable(proba: &[f64]) -> Option<ClassId> {
    let mut best: Option<(usize, f64)> = None;
    for (i, &p) in proba.iter().enumerate() {
        if !p.is_nan() && best.is_none_or(|(_, q)| p > q) {
            best = Some((i, p));
        }
    }
    best.map(|(i, _)| i as ClassId)
}

/// Buffers for the work on one event. One per thread, shared by all models on it.
#[derive(Debug, Default)]
pub struct Scratch {
    x: Features,
    trial: Prediction,
    overlay: Overlay,
    pool: Pool,
}

/// Ids of the columns of the shape met last, so that a stream of one shape looks up no name.
#[derive(Debug, Default)]
struct Resolved {
    shape: Arc<Shape>,
    generation: u64,
    known: bool,
    numbers: Vec<FeatureId>,
    texts: Vec<FeatureId>,
    sorted: bool,
}

impl Resolved {
    fn set(&mut self, row: &Row, generation: u64, mut id_of: impl FnMut(&str) -> FeatureId) {
        self.numbers.clear();
        self.texts.clear();
        for (name, kind) in row.shape().columns() {
            match kind {
                Kind::Number => self.numbers.push(id_of(name)),
                Kind::Text => self.texts.push(id_of(name)),
            }
        }
        self.sorted = [&self.numbers, &self.texts].iter().all(|ids| ids.is_sorted());
        self.shape = Arc::clone(row.shape());
        self.generation = generation;
        self.known = true;
    }
}

/// A model that learns.
pub struct Model {
    spec: Value,
    root: Any,
    task: Task,
    names: Vocabulary,
    classes: Vec<Label>,
    resolved: Resolved,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({}, {} names)", self.spec, self.names.len())
    }
}

#[derive(Serialize, Deserialize)]
struct Door {
    names: Vocabulary,
    classes: Vec<Label>,
}

impl Model {
    /// A model that has learned nothing yet.
    pub fn new(spec: &Value, catalog: &Catalog) -> Result<Self> {
        Self::with_cap(spec, catalog, Vocabulary::CAP_DEFAULT)
    }

    /// The same with another cap on the number of feature names.
    pub fn with_cap(spec: &Value, catalog: &Catalog, names_max: u32) -> Result<Self> {
        let root = catalog.builder().build(spec).map_err(|e| e.at("spec"))?;
        let task = task_of(&root).map_err(|e| e.at("spec"))?;
        let classes = match task {
            Task::Binary => vec![Label::Bool(false), Label::Bool(true)],
            _ => Vec::new(),
        };
        let names = Vocabulary::new(names_max);
        let spec = root.estimator().spec();
        Ok(Self { spec, root, task, names, classes, resolved: Resolved::default() })
    }

    /// What the model predicts.
    pub fn task(&self) -> Task {
        self.task
    }

    /// The whole spec, defaults included.
    pub fn spec(&self) -> &Value {
        &self.spec
    }

    /// The classes by id. A binary model has `false` and `true`.
    pub fn classes(&self) -> &[Label] {
        &self.classes
    }

    /// The names of the features.
    pub fn names(&self) -> &Vocabulary {
        &self.names
    }

    /// Takes its resting form; see [`Estimator::rest`].
    pub fn rest(&mut self) -> bool {
        self.root.estimator_mut().rest()
    }

    /// The root of the spec, to be looked at.
    pub fn root(&self) -> &Any {
        &self.root
    }

    /// Visits the learned weights in a fixed order.
    pub fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        self.root.estimator().weights(visit);
    }

    /// Predicts. Changes nothing.
    pub fn predict(&self, row: &Row, out: &mut Prediction, scratch: &mut Scratch) -> Result<()> {
        row.check()?;
        self.lookup(row, scratch);
        self.predict_features(out, scratch)
    }

    /// Predicts for a row like those to come: their names are looked up only once. What the model
    /// says or saves does not change by it.
    pub fn predict_next(
        &mut self,
        row: &Row,
        out: &mut Prediction,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.meet(row);
        self.predict(row, out, scratch)
    }

    /// Predicts, then learns: the loop. A refused event leaves the model bit-identical.
    ///
    /// `weight` multiplies the event's influence where the estimator supports it.
    pub fn step(
        &mut self,
        row: &Row,
        target: &Target,
        weight: f64,
        out: &mut Prediction,
        scratch: &mut Scratch,
    ) -> Result<()> {
        row.check()?;
        self.check_target(target)?;
        check_weight(weight)?;
        self.lookup(row, scratch);
        self.before_learning(out, scratch)?;
        let score = self.learn_resolved(row, target, weight, scratch);
        out.value = score.or(out.value);
        Ok(())
    }

    /// Learns, and keeps no prediction. A refused event leaves the model bit-identical.
    pub fn learn(
        &mut self,
        row: &Row,
        target: &Target,
        weight: f64,
        scratch: &mut Scratch,
    ) -> Result<()> {
        row.check()?;
        self.check_target(target)?;
        check_weight(weight)?;
        self.lookup(row, scratch);
        // Only a trial run shows whether every step can take what reaches it.
        let mut trial = std::mem::take(&mut scratch.trial);
        let outcome = self.before_learning(&mut trial, scratch);
        scratch.trial = trial;
        outcome?;
        self.learn_resolved(row, target, weight, scratch);
        Ok(())
    }

    /// Turns names into ids, without changing the model: unknown names get temporary ids.
    fn lookup(&self, row: &Row, scratch: &mut Scratch) {
        let Scratch { x, overlay, .. } = scratch;
        x.clear();
        overlay.clear();
        let r = &self.resolved;
        if r.known && r.generation == self.names.generation() && Arc::ptr_eq(&r.shape, row.shape())
        {
            x.assign(&r.numbers, row.numbers());
            for (&id, t) in r.texts.iter().zip(row.texts()) {
                x.push_text(id, t);
            }
            if !r.sorted {
                x.sort();
            }
            return;
        }
        let mut names = Names::Predict(&self.names, overlay);
        let (mut numbers, mut texts) = (row.numbers().iter(), row.texts());
        for (name, kind) in row.shape().columns() {
            let id = names.id(name);
            match kind {
                Kind::Number => x.push(id, numbers.next().copied().unwrap_or_default()),
                Kind::Text => x.push_text(id, texts.next().unwrap_or_default()),
            }
        }
        x.sort();
    }

    fn predict_features(&self, out: &mut Prediction, scratch: &mut Scratch) -> Result<()> {
        self.predict_with(out, scratch, |a, x, cx| Some(a.score_one(x, cx)))
    }

    /// Predicts, unless learning does that as well, and finds whatever is wrong with the event.
    fn before_learning(&self, out: &mut Prediction, scratch: &mut Scratch) -> Result<()> {
        self.predict_with(out, scratch, |a, x, cx| a.before_learning(x, cx))
    }

    fn predict_with(
        &self,
        out: &mut Prediction,
        scratch: &mut Scratch,
        score: impl FnOnce(&dyn AnomalyDetector, &Features, &mut Context<'_>) -> Option<f64>,
    ) -> Result<()> {
        out.clear();
        let Scratch { x, overlay, pool, .. } = scratch;
        let mut cx =
            Context::new(Names::Predict(&self.names, overlay), pool).with_classes(&self.classes);
        match &self.root {
            Any::Classifier(c) => c.predict_proba_one(x, &mut out.proba, &mut cx),
            Any::Regressor(r) => out.value = Some(r.predict_one(x, &mut cx)),
            Any::AnomalyDetector(a) => out.value = score(&**a, x, &mut cx),
            Any::Clusterer(c) => out.value = Some(f64::from(c.predict_one(x, &mut cx))),
            _ => unreachable!("the task was checked when the model was built"),
        }
        cx.refusal().map_or(Ok(()), Err)
    }

    /// The learning half, after every check has passed; the score of before, if it gives that.
    fn learn_resolved(
        &mut self,
        row: &Row,
        target: &Target,
        weight: f64,
        scratch: &mut Scratch,
    ) -> Option<f64> {
        if let Some(gone) = self.names.begin_event() {
            self.root.estimator_mut().forget(&gone);
        }
        let r = &self.resolved;
        let known = r.known
            && r.generation == self.names.generation()
            && Arc::ptr_eq(&r.shape, row.shape());
        if !known {
            self.resolve(row);
            self.lookup(row, scratch);
        }
        let y = self.intern_target(target);
        let Scratch { x, pool, .. } = scratch;
        self.names.touch_event(x);
        let mut cx = Context::new(Names::Learn(&mut self.names), pool).with_classes(&self.classes);
        match (&mut self.root, y) {
            (Any::Classifier(c), Y::Class(y)) => c.learn_one(x, y, weight, &mut cx),
            (Any::Regressor(r), Y::Value(y)) => r.learn_one(x, y, weight, &mut cx),
            (Any::AnomalyDetector(a), _) => return a.score_and_learn_one(x, &mut cx),
            (Any::Clusterer(c), _) => c.learn_one(x, weight, &mut cx),
            _ => unreachable!("the target was checked against the task"),
        }
        None
    }

    /// Remembers the ids of a row's names for the next rows of its shape, if all are known. What a
    /// model says or saves does not change by it.
    fn meet(&mut self, row: &Row) {
        let (r, names) = (&self.resolved, &self.names);
        let met =
            r.known && r.generation == names.generation() && Arc::ptr_eq(&r.shape, row.shape());
        let all_known = || row.shape().columns().iter().all(|(n, _)| names.find(n).is_some());
        if !met && all_known() {
            self.resolved.set(row, names.generation(), |name| names.find(name).unwrap_or_default());
        }
    }

    /// Interns a row's names and remembers their ids for the next row of this shape.
    fn resolve(&mut self, row: &Row) {
        let names = &mut self.names;
        let generation = names.generation();
        self.resolved.set(row, generation, |name| names.intern(name));
    }

    /// Checks that a target fits the task, without learning it.
    pub fn check_target(&self, target: &Target) -> Result<()> {
        match (self.task, target) {
            (task, Target::None) if task.supervised() => Err(no_label()),
            (Task::Regression, Target::Number(v)) if v.is_finite() => Ok(()),
            (Task::Regression, other) => Err(Error::new(format!(
                "the target is {}, a regression learns from finite numbers",
                other.to_json()
            ))),
            // A label that comes along is not learned from; figures may use it.
            (Task::Anomaly | Task::Clustering, _) | (Task::Binary, Target::Bool(_)) => Ok(()),
            (Task::Binary, Target::Number(v)) if *v == 0.0 || *v == 1.0 => Ok(()),
            (Task::Binary, other) => Err(Error::new(format!(
                "the target is {}, this model is binary and learns from true, false, 1 or 0; \
                 wrap it in OneVsRestClassifier for more classes",
                other.to_json()
            ))),
            (Task::Multiclass, target) => {
                let label = label_of(target)?;
                if self.classes.len() >= CLASSES_MAX && !self.classes.contains(&label) {
                    return Err(Error::new(format!(
                        "class {label} would be number {}, a model tells apart {CLASSES_MAX}",
                        self.classes.len() + 1
                    )));
                }
                Ok(())
            }
        }
    }

    /// The id of the class that a target names, when the model has met it.
    pub fn class_of(&self, target: &Target) -> Option<ClassId> {
        match (self.task, target) {
            (Task::Binary, Target::Bool(b)) => Some(ClassId::from(*b)),
            (Task::Binary, Target::Number(v)) => Some(ClassId::from(*v != 0.0)),
            (Task::Multiclass, target) => {
                let label = label_of(target).ok()?;
                self.classes.iter().position(|l| *l == label).map(|i| i as ClassId)
            }
            _ => None,
        }
    }

    fn intern_target(&mut self, target: &Target) -> Y {
        match (self.task, target) {
            (Task::Regression, Target::Number(v)) => return Y::Value(*v),
            (Task::Anomaly | Task::Clustering, _) => return Y::None,
            _ => {}
        }
        if let Some(class) = self.class_of(target) {
            return Y::Class(class);
        }
        self.classes.extend(label_of(target));
        Y::Class((self.classes.len() - 1) as ClassId)
    }

    /// The exact model as bytes: the estimator's envelope, then its names and classes.
    pub fn save(&self) -> Vec<u8> {
        save_parts(self.root.estimator(), &self.names, &self.classes)
    }

    /// A model from the bytes of [`save`](Self::save).
    pub fn load(bytes: &[u8], catalog: &Catalog) -> Result<Self> {
        let (root, names, classes) = load_parts(bytes, catalog)?;
        Self::assemble(root, names, classes)
    }

    /// A model of these parts: an estimator at the root, the names and classes that it knows.
    pub fn assemble(root: Any, names: Vocabulary, classes: Vec<Label>) -> Result<Self> {
        let task = task_of(&root).map_err(|e| e.at("spec"))?;
        let spec = root.estimator().spec();
        Ok(Self { spec, root, task, names, classes, resolved: Resolved::default() })
    }

    /// The parts of [`assemble`](Self::assemble).
    pub fn into_parts(self) -> (Any, Vocabulary, Vec<Label>) {
        (self.root, self.names, self.classes)
    }

    /// A read-only copy of the model as it is now.
    pub fn freeze(&self, catalog: &Catalog) -> Result<Frozen> {
        Self::load(&self.save(), catalog).map(Frozen)
    }
}

/// The bytes of [`Model::save`], of any estimator: a transformer too.
pub fn save_parts(estimator: &dyn Estimator, names: &Vocabulary, classes: &[Label]) -> Vec<u8> {
    let mut out = Vec::new();
    saved::put_block(&mut out, &saved::save(estimator));
    saved::put(&mut out, &Door { names: names.clone(), classes: classes.to_vec() });
    out
}

/// The parts in the bytes of [`save_parts`].
pub fn load_parts(bytes: &[u8], catalog: &Catalog) -> Result<(Any, Vocabulary, Vec<Label>)> {
    let mut loader = Loader::new(bytes, saved::FORMAT);
    let root = saved::load(loader.block()?, &catalog.builder())?;
    let mut door: Door = loader.get()?;
    loader.finish()?;
    door.names.rebuild_index();
    Ok((root, door.names, door.classes))
}

/// What a root predicts.
fn task_of(root: &Any) -> Result<Task> {
    Ok(match root {
        Any::Classifier(c) if c.multiclass() => Task::Multiclass,
        Any::Classifier(_) => Task::Binary,
        Any::Regressor(_) => Task::Regression,
        Any::AnomalyDetector(_) => Task::Anomaly,
        Any::Clusterer(_) => Task::Clustering,
        other => {
            return Err(Error::new(format!(
                "{} predicts nothing: a model ends in a classifier, a regressor, an anomaly \
                 detector or a clusterer",
                other.estimator().entry().name
            )));
        }
    })
}

enum Y {
    Class(ClassId),
    Value(f64),
    None,
}

fn check_weight(weight: f64) -> Result<()> {
    if weight.is_finite() && weight >= 0.0 {
        return Ok(());
    }
    Err(Error::new(format!("the weight is {weight}, it must be a finite number of 0 or more")))
}

fn label_of(target: &Target) -> Result<Label> {
    match target {
        Target::Bool(b) => Ok(Label::Bool(*b)),
        Target::Number(v) if v.fract() == 0.0 && v.abs() <= 9_007_199_254_740_992.0 => {
            Ok(Label::Int(*v as i64))
        }
        Target::Number(v) => Err(Error::new(format!(
            "the target is {v}, a class is true, false, an integer or a string"
        ))),
        Target::Text(t) => Ok(Label::Text(t.clone())),
        Target::None => Err(no_label()),
    }
}

fn no_label() -> Error {
    Error::new(
        "the event has no label, and this model learns from labels only: give it a y, or an id by \
         which its label can come later",
    )
}

/// A model that cannot learn: the type has no method for it.
#[derive(Debug)]
pub struct Frozen(Model);

impl Frozen {
    /// Predicts for a row like those to come: their names are looked up only once.
    pub fn predict_next(
        &mut self,
        row: &Row,
        out: &mut Prediction,
        scratch: &mut Scratch,
    ) -> Result<()> {
        self.0.predict_next(row, out, scratch)
    }

    /// Predicts.
    pub fn predict(&self, row: &Row, out: &mut Prediction, scratch: &mut Scratch) -> Result<()> {
        self.0.predict(row, out, scratch)
    }

    /// The model, to look at.
    pub fn model(&self) -> &Model {
        &self.0
    }

    /// The classes by id, as they were when the model was frozen.
    pub fn classes(&self) -> &[Label] {
        self.0.classes()
    }

    /// The id of the class that a target names, when the model had met it.
    pub fn class_of(&self, target: &Target) -> Option<ClassId> {
        self.0.class_of(target)
    }

    /// The frozen model as bytes.
    pub fn save(&self) -> Vec<u8> {
        self.0.save()
    }

    /// A frozen model from the bytes of [`save`](Self::save) or [`Model::save`].
    pub fn load(bytes: &[u8], catalog: &Catalog) -> Result<Self> {
        Model::load(bytes, catalog).map(Self)
    }
}
