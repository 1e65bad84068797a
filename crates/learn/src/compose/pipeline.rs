//! `Pipeline`: transformers one after the other, and what predicts at the end.
//!
//! Predicting transforms with the statistics as they are. Learning lets each transformer learn
//! from its input first and transform it then, as River does: `predict_one` never learns.
//!
//! **Shape** any features in; out what the last step gives. **Cost** the sum of its steps.
//!
//! ```
//! use her_learn::{Catalog, Model};
//! let spec = serde_json::json!(["StandardScaler", {"LogisticRegression": {"l2": 0.1}}]);
//! let model = Model::new(&spec, &Catalog::builtin()).unwrap();
//! assert_eq!(model.spec()["Pipeline"]["steps"][0]["StandardScaler"]["with_std"], true);
//! ```
//!
//! **Source** River, `compose/pipeline.py`.

use serde_json::Value;

use crate::catalog::{Builder, Entry, Kind};
use crate::error::{Error, Result};
use crate::estimator::{
    AnomalyDetector, Any, ClassId, Classifier, Clusterer, Estimator, Part, Regressor, Transformer,
    WeightKey,
};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::merge::parts::{self, by_parts};
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`Pipeline`].
    pub struct Params {
        /// The steps, first to last: transformers, then at the end a transformer, a classifier,
        /// a regressor, an anomaly detector or a clusterer.
        steps: Vec<Spec> = Vec::new(),
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "Pipeline",
    module: "compose",
    kind: Kind::Wrapper,
    version: 1,
    summary: "Transformers one after the other, and what predicts at the end",
    merge: Statement::Parts("the steps; after one that learns, no step is exact"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!(["StandardScaler", "LogisticRegression"]),
};

/// Transformers, then a last step: a boxed classifier, regressor, anomaly detector or clusterer, or
/// `()` when the last step is a transformer like the others.
pub struct Pipeline<L> {
    steps: Vec<Box<dyn Transformer>>,
    last: L,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let params: Params = params::read(value)?;
    let Some((last, steps)) = params.steps.split_last() else {
        return Err(Error::new("a pipeline needs at least one step"));
    };
    let mut built = Vec::with_capacity(steps.len() + 1);
    for (i, step) in steps.iter().enumerate() {
        built.push(builder.transformer(&step.0).map_err(|e| e.at(format!("steps[{i}]")))?);
    }
    let place = format!("steps[{}]", steps.len());
    let last = builder.build(&last.0).map_err(|e| e.at(&place))?;
    join(built, last).map_err(|e| e.at(place))
}

/// A pipeline of these estimators, which may have learned already: transformers, then what may
/// stand at the end.
pub fn of(mut steps: Vec<Any>) -> Result<Any> {
    let Some(last) = steps.pop() else {
        return Err(Error::new("a pipeline needs at least one step"));
    };
    join(steps.into_iter().map(Any::into_transformer).collect::<Result<_>>()?, last)
}

fn join(mut steps: Vec<Box<dyn Transformer>>, last: Any) -> Result<Any> {
    Ok(match last {
        Any::Transformer(last) => {
            steps.push(last);
            Any::Transformer(Box::new(Pipeline { steps, last: () }))
        }
        Any::Classifier(last) => Any::Classifier(Box::new(Pipeline { steps, last })),
        Any::Regressor(last) => Any::Regressor(Box::new(Pipeline { steps, last })),
        Any::AnomalyDetector(last) => Any::AnomalyDetector(Box::new(Pipeline { steps, last })),
        Any::Clusterer(last) => Any::Clusterer(Box::new(Pipeline { steps, last })),
        other => {
            let name = other.estimator().entry().name;
            return Err(Error::new(format!("{name} can't stand in a pipeline")));
        }
    })
}

/// What may stand at the end.
pub trait Last: Send + Sync {
    /// The estimator at the end, if there is one.
    fn estimator(&self) -> Option<&dyn Estimator>;
    /// The estimator at the end, if there is one.
    fn estimator_mut(&mut self) -> Option<&mut dyn Estimator>;
    /// The same, lent as a part.
    fn part(&mut self) -> Option<Part<'_>>;
}

impl Last for () {
    fn estimator(&self) -> Option<&dyn Estimator> {
        None
    }
    fn estimator_mut(&mut self) -> Option<&mut dyn Estimator> {
        None
    }
    fn part(&mut self) -> Option<Part<'_>> {
        None
    }
}

macro_rules! last {
    ($($kind:ident),*) => {$(
        impl Last for Box<dyn $kind> {
            fn estimator(&self) -> Option<&dyn Estimator> {
                Some(&**self)
            }
            fn estimator_mut(&mut self) -> Option<&mut dyn Estimator> {
                Some(&mut **self)
            }
            fn part(&mut self) -> Option<Part<'_>> {
                Some(Part::$kind(&mut **self))
            }
        }
    )*};
}

last!(Classifier, Regressor, AnomalyDetector, Clusterer);

impl<L: Last> Pipeline<L> {
    /// Transforms through all steps and hands the result on.
    #[inline]
    fn through<R>(
        &self,
        x: &Features,
        cx: &mut Context<'_>,
        then: impl FnOnce(&L, &Features, &mut Context<'_>) -> R,
    ) -> R {
        let Some((first, rest)) = self.steps.split_first() else {
            return then(&self.last, x, cx);
        };
        let mut now = cx.take();
        first.transform_one(x, &mut now, cx);
        for step in rest {
            let mut next = cx.take();
            step.transform_one(&now, &mut next, cx);
            std::mem::swap(&mut now, &mut next);
            cx.give(next);
        }
        let result = then(&self.last, &now, cx);
        cx.give(now);
        result
    }

    /// Lets each step learn, then transforms through it, and hands the result on.
    #[inline]
    fn learn_through(
        &mut self,
        x: &Features,
        cx: &mut Context<'_>,
        then: impl FnOnce(&mut L, &Features, &mut Context<'_>),
    ) {
        let Some((first, rest)) = self.steps.split_first_mut() else {
            return then(&mut self.last, x, cx);
        };
        let mut now = cx.take();
        first.learn_one(x, cx);
        first.transform_one(x, &mut now, cx);
        cx.names.touch_event(&now);
        for step in rest {
            step.learn_one(&now, cx);
            let mut next = cx.take();
            step.transform_one(&now, &mut next, cx);
            cx.names.touch_event(&next);
            std::mem::swap(&mut now, &mut next);
            cx.give(next);
        }
        then(&mut self.last, &now, cx);
        cx.give(now);
    }
}

impl<L: Last> Estimator for Pipeline<L> {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        let steps = self.steps.iter().map(|s| s.spec());
        let last = self.last.estimator().map(Estimator::spec);
        serde_json::json!({ "steps": steps.chain(last).collect::<Vec<_>>() })
    }

    fn save(&self, out: &mut Vec<u8>) {
        for step in &self.steps {
            saved::put_child(out, &**step);
        }
        if let Some(last) = self.last.estimator() {
            saved::put_child(out, last);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        for step in &mut self.steps {
            from.child(&mut **step)?;
        }
        self.last.estimator_mut().map_or(Ok(()), |last| from.child(last))
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        for step in &mut self.steps {
            step.forget(gone);
        }
        if let Some(last) = self.last.estimator_mut() {
            last.forget(gone);
        }
    }

    fn rest(&mut self) -> bool {
        let steps = self.steps.iter_mut().fold(false, |any, step| step.rest() | any);
        self.last.estimator_mut().is_some_and(Estimator::rest) | steps
    }

    crate::additive!();

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        let at: usize = name.parse().ok()?;
        if at == self.steps.len() {
            return self.last.part();
        }
        Some(Part::Transformer(&mut **self.steps.get_mut(at)?))
    }

    fn weights(&self, visit: &mut dyn FnMut(WeightKey, f64)) {
        if let Some(last) = self.last.estimator() {
            last.weights(visit);
        }
    }
}

impl<L: Last> Pipeline<L> {
    fn parts(&self) -> impl Iterator<Item = &dyn Estimator> {
        let steps = self.steps.iter().map(|step| -> &dyn Estimator { &**step });
        steps.chain(self.last.estimator())
    }

    fn parts_mut(&mut self) -> impl Iterator<Item = &mut dyn Estimator> {
        let steps = self.steps.iter_mut().map(|step| -> &mut dyn Estimator { &mut **step });
        steps.chain(self.last.estimator_mut())
    }
}

by_parts!(Pipeline<L>, parts::merge_in_turn, Self::parts, Self::parts_mut, for L: Last);

impl Transformer for Pipeline<()> {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        // The last transform of learn_through is wanted by no one here, but it is what fills the
        // caches of stateless transformers.
        self.learn_through(x, cx, |(), _, _| {});
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        self.through(x, cx, |(), x, _| out.extend(x));
    }
}

impl Classifier for Pipeline<Box<dyn Classifier>> {
    fn multiclass(&self) -> bool {
        self.last.multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        self.learn_through(x, cx, |last, x, cx| last.learn_one(x, y, w, cx));
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.through(x, cx, |last, x, cx| last.predict_proba_one(x, proba, cx));
    }

    fn only_labels(&self) -> bool {
        self.last.only_labels()
    }
}

impl Regressor for Pipeline<Box<dyn Regressor>> {
    fn learn_one(&mut self, x: &Features, y: f64, w: f64, cx: &mut Context<'_>) {
        self.learn_through(x, cx, |last, x, cx| last.learn_one(x, y, w, cx));
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        self.through(x, cx, |last, x, cx| last.predict_one(x, cx))
    }
}

impl AnomalyDetector for Pipeline<Box<dyn AnomalyDetector>> {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        self.learn_through(x, cx, |last, x, cx| last.learn_one(x, cx));
    }

    fn score_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        self.through(x, cx, |last, x, cx| last.score_one(x, cx))
    }
}

impl Clusterer for Pipeline<Box<dyn Clusterer>> {
    fn learn_one(&mut self, x: &Features, w: f64, cx: &mut Context<'_>) {
        self.learn_through(x, cx, |last, x, cx| last.learn_one(x, w, cx));
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> u32 {
        self.through(x, cx, |last, x, cx| last.predict_one(x, cx))
    }
}
