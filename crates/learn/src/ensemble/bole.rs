//! `BOLEClassifier`: boosting that orders its members anew for every event.
//!
//! The members are ordered by how right they have been. The worst learns an event first, as often
//! as a Poisson distribution of mean `λ = 1` says, then predicts it. If it is right, `λ` is added
//! to its right weight `c` and multiplied by `n/2c` after `n` events, and the best member that is
//! left learns next; else `λ` is added to its wrong weight `e` and multiplied by `n/2e`, and the
//! worst one learns next. A member's probabilities count `ln((1−ε)/ε)` with `ε = e/(c+e)`; members
//! beyond the `error_bound`, and those that have been only right or only wrong, count only when
//! there are no others. With a `seed`, the draws are River's.
//!
//! **Shape** that of the members. **Cost** `n_models` members, each learning about once and
//! predicting twice per event. **Errors** those of the members.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["StandardScaler", {"BOLEClassifier": {"n_models": 3, "seed": 42}}]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..300 {
//!     let x = Row::from_json(&json!({"x": i * 37 % 100}))?;
//!     let y = i * 37 % 100 > 50;
//!     model.step(&x, &Target::Bool(y), 1.0, &mut p, &mut s)?;
//!     right += u32::from((p.positive() > 0.5) == y);
//! }
//! assert!(right > 270, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Barros, R.S.M. de, Garrido T. de Carvalho Santos, S., Gonçalves Júnior, P.M., 2016. A
//! boosting-like online learning ensemble, IJCNN. River, `ensemble/boosting.py`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::boost::{Records, bounded};
use super::members::Members;
use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, Attribute, ClassId, Classifier, Estimator, Part};
use crate::features::{Context, FeatureId, Features, Names};
use crate::math;
use crate::merge::Statement;
use crate::nursery::{Nursery, label};
use crate::params::{self, Spec, check_range};
use crate::rng::Rng;
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`BOLEClassifier`].
    pub struct Params {
        /// The classifier to make members of; any spec, pipelines too.
        model: Spec = Spec::name("LogisticRegression"),
        /// How many members, 1 to 1,000.
        n_models: usize = 10,
        /// Fixes how often the members learn; as 0 when left out.
        seed: Option<u32> = None,
        /// The largest share of wrong events with which a member votes, 0 to 0.5.
        error_bound: f64 = 0.5,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "BOLEClassifier",
    module: "ensemble",
    kind: Kind::Classifier,
    version: 1,
    summary: "Boosting that orders its members anew for every event",
    merge: Statement::Member("members are ordered by a peer's own errors"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!({"BOLEClassifier": {"n_models": 3, "seed": 42}}),
};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    rng: Rng,
    records: Records,
    /// The members, best first.
    order: Vec<u32>,
    n_seen: u64,
}

/// See the module's documentation.
pub struct BOLEClassifier {
    params: Params,
    members: Members<Box<dyn Classifier>>,
    state: State,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    check_range("error_bound", params.error_bound, 0.0, 0.5)?;
    let nursery = Nursery::new("model", &params.model, builder)?;
    params.model = nursery.spec().clone();
    let members = Members::new(&nursery, params.n_models)?;
    let state = State {
        rng: Rng::new(u64::from(params.seed.unwrap_or(0))),
        records: Records::new(params.n_models),
        order: (0..params.n_models as u32).collect(),
        n_seen: 0,
    };
    Ok(Any::Classifier(Box::new(BOLEClassifier { params, members, state })))
}

impl BOLEClassifier {
    /// Puts the members that were right most often first, those before them staying before equals.
    fn reorder(&mut self) {
        let State { records, order, .. } = &mut self.state;
        let rate = |member: u32| {
            let (member, total) = (member as usize, records.total(member as usize));
            if total == 0.0 { 0.0 } else { records.correct[member] / total }
        };
        for i in 1..order.len() {
            let mut j = i;
            while j > 0 && rate(order[j - 1]) < rate(order[j]) {
                order.swap(j - 1, j);
                j -= 1;
            }
        }
    }

    /// How much a member's probabilities count.
    fn vote(&self, member: usize) -> f64 {
        let records = &self.state.records;
        if records.correct[member] == 0.0 || records.wrong[member] == 0.0 {
            return 0.0;
        }
        let error = records.wrong[member] / records.total(member) + 1e-16;
        if error <= self.params.error_bound { math::ln((1.0 - error) / error) } else { 0.0 }
    }
}

impl Estimator for BOLEClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.state);
        self.members.save(out);
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        self.state = from.get()?;
        self.members.load(from)
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        self.members.child(name)
    }

    fn attribute(&self, name: &str, _names: &Names<'_>) -> Option<Attribute> {
        match name {
            "instances_seen" => Some(Attribute::Int(self.state.n_seen as i64)),
            "order_position" => {
                let order = self.state.order.iter();
                Some(Attribute::List(order.map(|&i| Attribute::Int(i.into())).collect()))
            }
            _ => self.state.records.attribute(name),
        }
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.members.forget(gone);
    }
}

impl Classifier for BOLEClassifier {
    fn multiclass(&self) -> bool {
        self.members.0[0].multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        self.state.n_seen += 1;
        self.reorder();
        let (mut best, mut worst) = (0, self.params.n_models);
        let (mut lambda, mut right) = (1.0, false);
        for _ in 0..self.params.n_models {
            let next = if right {
                best += 1;
                best - 1
            } else {
                worst -= 1;
                worst
            };
            let at = self.state.order[next] as usize;
            for _ in 0..self.state.rng.poisson(lambda) {
                self.members.0[at].learn_one(x, y, w, cx);
            }
            right = label(&*self.members.0[at], x, cx) == Some(y);
            let side = self.state.records.note(at, right, lambda);
            lambda = bounded(lambda * (self.state.n_seen as f64 / (2.0 * side)));
        }
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.members.vote_by(x, proba, cx, |i| self.vote(i));
    }
}
