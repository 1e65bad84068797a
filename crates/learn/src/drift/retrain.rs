//! `DriftRetrainingClassifier`: a classifier that is replaced when its errors change.
//!
//! Before it learns an event, the classifier predicts it, and the `drift_detector` takes 1 for an
//! error and 0 for none. While that warns, a classifier in the background learns too; at a change
//! it takes the place of the first, and a new one waits in the background. Without
//! `train_in_background` a new one begins at a change.
//!
//! **Shape** that of the classifier. **Cost** one classifier that predicts twice, and one that
//! waits. **Errors** those of the classifier and of the detector.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"DriftRetrainingClassifier": {"model": "GaussianNB"}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1500 {
//!     let x = Row::from_json(&json!({"x": i * 37 % 100}))?;
//!     let y = Target::Bool((i * 37 % 100 > 50) == (i < 500));
//!     model.step(&x, &y, 1.0, &mut p, &mut s)?;
//!     right += u32::from(i >= 1000 && p.class() == model.class_of(&y));
//! }
//! assert!(right > 450, "{right}");
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `drift/retrain.py`.

use serde_json::Value;

use crate::catalog::{Builder, Entry, Kind};
use crate::error::Result;
use crate::estimator::{Any, ClassId, Classifier, DriftDetector, Estimator, Part};
use crate::features::{Context, FeatureId, Features};
use crate::merge::Statement;
use crate::nursery::{Nursery, label};
use crate::params::{self, Spec};
use crate::saved::{self, Loader};

crate::params! {
    /// Parameters of [`DriftRetrainingClassifier`].
    pub struct Params {
        /// The classifier; any spec, pipelines too.
        model: Spec = Spec::name("LogisticRegression"),
        /// The detector of changes; one that warns if there is training in the background.
        drift_detector: Spec = Spec::name("DDM"),
        /// True when a classifier learns in the background while the detector warns.
        train_in_background: bool = true,
    }
}

/// The catalogue's row.
pub const ENTRY: Entry = Entry {
    name: "DriftRetrainingClassifier",
    module: "drift",
    kind: Kind::Classifier,
    version: 1,
    summary: "A classifier that is replaced when its errors change",
    merge: Statement::Member("the model begins anew when a peer's own stream drifts"),
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!(["StandardScaler", "DriftRetrainingClassifier"]),
};

/// See the module's documentation.
pub struct DriftRetrainingClassifier {
    params: Params,
    nursery: Nursery<Box<dyn Classifier>>,
    model: Box<dyn Classifier>,
    background: Option<Box<dyn Classifier>>,
    detector: Box<dyn DriftDetector>,
}

fn build(value: Value, builder: &Builder<'_>) -> Result<Any> {
    let mut params: Params = params::read(value)?;
    let nursery = Nursery::<Box<dyn Classifier>>::new("model", &params.model, builder)?;
    let detector = builder.drift_detector(&params.drift_detector.0);
    let detector = detector.map_err(|e| e.at("drift_detector"))?;
    params.model = nursery.spec().clone();
    params.drift_detector = Spec(detector.spec());
    let model = nursery.make();
    let background = params.train_in_background.then(|| nursery.make());
    let new = DriftRetrainingClassifier { params, nursery, model, background, detector };
    Ok(Any::Classifier(Box::new(new)))
}

impl Estimator for DriftRetrainingClassifier {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put_child(out, &*self.detector);
        saved::put_child(out, &*self.model);
        if let Some(background) = &self.background {
            saved::put_child(out, &**background);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        from.child(&mut *self.detector)?;
        from.child(&mut *self.model)?;
        self.background.as_mut().map_or(Ok(()), |background| from.child(&mut **background))
    }

    fn child(&mut self, name: &str) -> Option<Part<'_>> {
        match name {
            "model" => Some(Part::Classifier(&mut *self.model)),
            "bkg_model" => Some(Part::Classifier(&mut **self.background.as_mut()?)),
            "drift_detector" => Some(Part::DriftDetector(&mut *self.detector)),
            _ => None,
        }
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        self.model.forget(gone);
        if let Some(background) = &mut self.background {
            background.forget(gone);
        }
    }
}

impl Classifier for DriftRetrainingClassifier {
    fn multiclass(&self) -> bool {
        self.model.multiclass()
    }

    fn learn_one(&mut self, x: &Features, y: ClassId, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        if let Some(label) = label(&*self.model, x, cx) {
            self.detector.update(f64::from(u8::from(label != y)));
            let drift = self.detector.drift_detected();
            match &mut self.background {
                Some(background) if self.detector.warning_detected() => {
                    background.learn_one(x, y, w, cx);
                }
                Some(background) if drift => {
                    self.model = std::mem::replace(background, self.nursery.make());
                }
                None if drift => self.model = self.nursery.make(),
                _ => {}
            }
        }
        self.model.learn_one(x, y, w, cx);
    }

    fn predict_proba_one(&self, x: &Features, proba: &mut Vec<f64>, cx: &mut Context<'_>) {
        self.model.predict_proba_one(x, proba, cx);
    }

    fn only_labels(&self) -> bool {
        self.model.only_labels()
    }
}
