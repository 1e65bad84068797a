//! Random patches of a stream: what `SRPClassifier` and `SRPRegressor` share.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::members::check_n_models;
use super::subspaces::{SubspaceSize, all_ids, subspaces};
use crate::catalog::Builder;
use crate::error::{Error, Result};
use crate::estimator::{Attribute, DriftDetector, Part};
use crate::features::{Context, FeatureId, Features, Names};
use crate::metrics::Metric;
use crate::nursery::{Child, Nursery};
use crate::parallel::{Together, each, keeps_names};
use crate::params::{Spec, check_range};
use crate::rng::Rng;
use crate::saved::{self, Loader};

/// What a member is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrainingMethod {
    /// Some features of every event.
    Subspaces,
    /// Every feature of an event, as often as chance will.
    Resampling,
    /// Some features of an event, as often as chance will.
    Patches,
}

/// Which detectors are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DisableDetector {
    /// None.
    Off,
    /// Both: members stay as they are.
    Drift,
    /// That of warnings: a member begins from nothing after a change.
    Warning,
}

/// The parameters that both have.
pub(super) struct Settings<'a> {
    pub model: &'a Spec,
    pub n_models: usize,
    pub subspace_size: SubspaceSize,
    pub training_method: TrainingMethod,
    pub lam: f64,
    pub drift_detector: &'a Spec,
    pub warning_detector: &'a Spec,
    pub disable_detector: DisableDetector,
    pub metric: &'a Spec,
    pub seed: Option<u32>,
}

/// The spec of an `ADWIN`.
pub(super) fn adwin(delta: f64) -> Spec {
    Spec(serde_json::json!({"ADWIN": {"delta": delta}}))
}

/// What patches may be learned by.
pub(super) trait Patched: Child {
    /// What is learned.
    type Target: Copy + Sync;
    /// Learns one event.
    fn learn(&mut self, x: &Features, y: Self::Target, w: f64, cx: &mut Context<'_>);
}

/// The features that a member sees.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Subspace {
    /// In the order of their ids.
    ids: Vec<FeatureId>,
    /// How many were drawn; some may have been forgotten since.
    size: u32,
}

impl Subspace {
    fn new(mut ids: Vec<FeatureId>) -> Self {
        ids.sort_unstable();
        let size = ids.len() as u32;
        Self { ids, size }
    }
}

/// A model with what follows it.
pub(super) struct Learner<M> {
    pub model: M,
    pub metric: Box<dyn Metric>,
    drift: Option<Box<dyn DriftDetector>>,
    warning: Option<Box<dyn DriftDetector>>,
    /// `None` is all features.
    subspace: Option<Subspace>,
    created_on: u64,
}

impl<M: Child> Learner<M> {
    /// Copies what this learner sees of an event.
    pub fn see(&self, x: &Features, seen: &mut Features) {
        let Some(subspace) = &self.subspace else {
            seen.push_all(x.ids(), x.values());
            seen.pass_texts(x);
            return;
        };
        let has = |id: FeatureId| subspace.ids.binary_search(&id).is_ok();
        for (id, value) in x.iter().filter(|&(id, _)| has(id)) {
            seen.push(id, value);
        }
        for (id, text) in x.texts().filter(|&(id, _)| has(id)) {
            seen.push_text(id, text);
        }
    }

    /// True when a subspace may be drawn after the next event.
    fn may_draw(&self) -> bool {
        let quiet = |d: &Option<Box<dyn DriftDetector>>| d.as_ref().is_none_or(|d| d.is_quiet());
        self.subspace.is_some() && !(quiet(&self.warning) && quiet(&self.drift))
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &(&self.subspace, self.created_on));
        saved::put_child(out, self.model.estimator());
        saved::put_child(out, &*self.metric);
        for detector in [&self.drift, &self.warning].into_iter().flatten() {
            saved::put_child(out, &**detector);
        }
    }

    fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        (self.subspace, self.created_on) = from.get()?;
        from.child(self.model.estimator_mut())?;
        from.child(&mut *self.metric)?;
        for detector in [&mut self.drift, &mut self.warning].into_iter().flatten() {
            from.child(&mut **detector)?;
        }
        Ok(())
    }

    fn forget(&mut self, gone: &[FeatureId]) {
        if let Some(subspace) = &mut self.subspace {
            subspace.ids.retain(|id| !gone.contains(id));
        }
        self.model.estimator_mut().forget(gone);
    }
}

/// A learner that predicts, and one that is being trained to take its place.
pub(super) struct Member<M> {
    pub front: Learner<M>,
    background: Option<Learner<M>>,
    n_drifts_detected: u64,
    n_warnings_detected: u64,
}

/// What is to be known of a member while an event is learned, apart from it, so that a look at it
/// takes nothing out of another thread's cache.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Note {
    /// What the detectors said of this event.
    warned: bool,
    changed: bool,
    /// A subspace may be drawn after the next one; `None` while that is not known.
    may_draw: Option<bool>,
}

impl<M: Patched> Member<M> {
    /// Learns `k` times from what it sees of an event, and so does the learner behind it from
    /// what that sees.
    fn train(
        &mut self,
        (x, seen): (&Features, &Features),
        (y, w, k): (M::Target, f64, u32),
        cx: &mut Context<'_>,
    ) {
        for _ in 0..k {
            self.front.model.learn(seen, y, w, cx);
        }
        if let Some(background) = &mut self.background {
            let mut seen = cx.take();
            background.see(x, &mut seen);
            for _ in 0..k {
                background.model.learn(&seen, y, w, cx);
            }
            cx.give(seen);
        }
    }
}

/// Gives a detector its next number. True when it reports a change.
fn updated(detector: &mut Option<Box<dyn DriftDetector>>, number: f64) -> bool {
    detector.as_mut().is_some_and(|detector| {
        detector.update(number);
        detector.drift_detected()
    })
}

/// The members, none until the first event is learned, and how to make more.
pub(super) struct Patches<M> {
    pub model: Nursery<M>,
    metric: Nursery<Box<dyn Metric>>,
    drift: Option<Nursery<Box<dyn DriftDetector>>>,
    warning: Option<Nursery<Box<dyn DriftDetector>>>,
    n_models: usize,
    subspace_size: SubspaceSize,
    lam: f64,
    pub members: Vec<Member<M>>,
    rng: Rng,
    n_seen: u64,
    /// Becomes resampling when a subspace would hold every feature.
    method: TrainingMethod,
    pub together: Arc<Together>,
    notes: Vec<Note>,
}

impl<M: Patched> Patches<M> {
    /// `of_values` says which metrics fit.
    pub fn new(settings: &Settings<'_>, of_values: bool, builder: &Builder<'_>) -> Result<Self> {
        check_n_models(settings.n_models)?;
        check_range("lam", settings.lam, 0.0, 100.0)?;
        let metric = Nursery::<Box<dyn Metric>>::new("metric", settings.metric, builder)?;
        if metric.first().of_values() != of_values {
            let (name, wanted) = (metric.first().entry().name, ["classes", "numbers"]);
            let wanted = wanted[usize::from(of_values)];
            return Err(Error::new(format!("{name} is no metric of {wanted}")).at("metric"));
        }
        let disabled = settings.disable_detector;
        let detector = |name, spec, wanted: bool| {
            wanted.then(|| Nursery::new(name, spec, builder)).transpose()
        };
        let drift = detector(
            "drift_detector",
            settings.drift_detector,
            disabled != DisableDetector::Drift,
        )?;
        let warning = detector(
            "warning_detector",
            settings.warning_detector,
            disabled == DisableDetector::Off,
        )?;
        let model: Nursery<M> = Nursery::new("model", settings.model, builder)?;
        let detectors = [&drift, &warning].into_iter().flatten().map(Nursery::spec);
        let divisible = detectors
            .chain([model.spec(), metric.spec()])
            .all(|spec| keeps_names(&spec.0, builder.catalog()));
        Ok(Self {
            model,
            metric,
            drift,
            warning,
            n_models: settings.n_models,
            subspace_size: settings.subspace_size,
            lam: settings.lam,
            members: Vec::new(),
            rng: Rng::new(u64::from(settings.seed.unwrap_or(0))),
            n_seen: 0,
            method: settings.training_method,
            together: Arc::new(Together::new(divisible)),
            notes: vec![Note::default(); settings.n_models],
        })
    }

    /// Puts the children's specs, as they were built, into parameters.
    pub fn specs(&self, params: &mut Value) {
        params["model"] = self.model.spec().0.clone();
        params["metric"] = self.metric.spec().0.clone();
        for (name, nursery) in
            [("drift_detector", &self.drift), ("warning_detector", &self.warning)]
        {
            if let Some(nursery) = nursery {
                params[name] = nursery.spec().0.clone();
            }
        }
    }

    fn learner(&self, subspace: Option<Subspace>) -> Learner<M> {
        Learner {
            model: self.model.make(),
            metric: self.metric.make(),
            drift: self.drift.as_ref().map(Nursery::make),
            warning: self.warning.as_ref().map(Nursery::make),
            subspace,
            created_on: self.n_seen,
        }
    }

    fn member(&self, subspace: Option<Subspace>) -> Member<M> {
        let front = self.learner(subspace);
        Member { front, background: None, n_drifts_detected: 0, n_warnings_detected: 0 }
    }

    /// Counts an event to be learned; the first one decides on the subspaces.
    fn begin(&mut self, x: &Features) {
        self.n_seen += 1;
        if !self.members.is_empty() {
            return;
        }
        let mut drawn = None;
        if self.method != TrainingMethod::Resampling {
            drawn = subspaces(self.subspace_size, self.n_models, &all_ids(x), &mut self.rng);
        }
        let Some(mut drawn) = drawn else {
            self.method = TrainingMethod::Resampling;
            self.members = (0..self.n_models).map(|_| self.member(None)).collect();
            return;
        };
        self.rng.shuffle(&mut drawn);
        let members = drawn.into_iter().map(|ids| self.member(Some(Subspace::new(ids))));
        self.members = members.collect();
    }

    /// How often the next member learns the event.
    fn draw(&mut self) -> u32 {
        match self.method {
            TrainingMethod::Subspaces => 1,
            _ => self.rng.poisson(self.lam),
        }
    }

    /// Has every member learn from an event. `score` is asked to tell a member's metric what it
    /// predicts, before; `number` what its detectors are given, after.
    ///
    /// Members' turns may come at once, except that a member whose detectors may report a change
    /// is waited for before the next one's draw: it may draw a subspace.
    pub fn turns(
        &mut self,
        (x, y, w): (&Features, M::Target, f64),
        cx: &mut Context<'_>,
        score: impl Fn(&mut Learner<M>, &Features, &mut Context<'_>) + Sync,
        number: impl Fn(&M, &Features, &mut Context<'_>) -> f64 + Sync,
    ) {
        self.begin(x);
        let together = Arc::clone(&self.together);
        let spell = together.spell(self.n_models);
        let watches = self.drift.is_some();
        let mut times = cx.take_floats();
        let mut from = 0;
        while from < self.n_models {
            times.clear();
            for i in from..self.n_models {
                times.push(f64::from(self.draw()));
                if !spell.at_once() || watches && self.may_draw(i) {
                    break;
                }
            }
            let to = from + times.len();
            let pairs = self.members[from..to].iter_mut().zip(&mut self.notes[from..to]);
            each(&spell, pairs, cx, |i, (member, note), cx| {
                let mut seen = cx.take();
                member.front.see(x, &mut seen);
                score(&mut member.front, &seen, cx);
                let k = times[i] as u32;
                if k > 0 {
                    member.train((x, &seen), (y, w, k), cx);
                }
                let mut new = Note::default();
                if k > 0 && watches {
                    let number = number(&member.front.model, &seen, cx);
                    new.warned = updated(&mut member.front.warning, number);
                    new.changed = updated(&mut member.front.drift, number);
                }
                new.may_draw = Some(member.front.may_draw());
                if *note != new {
                    *note = new;
                }
                cx.give(seen);
            });
            for i in from..to {
                self.replace(i, x);
            }
            from = to;
        }
        cx.give_floats(times);
    }

    /// True when a subspace may be drawn for member `i` after the next event.
    fn may_draw(&self, i: usize) -> bool {
        self.notes[i].may_draw.unwrap_or_else(|| self.members[i].front.may_draw())
    }

    /// A warning starts a learner behind member `i`; a change puts that one, or a new one, in its
    /// place.
    fn replace(&mut self, i: usize, x: &Features) {
        let Note { warned, changed, .. } = self.notes[i];
        if warned || changed {
            self.notes[i] = Note::default();
        }
        if warned {
            let subspace = self.redrawn(i, x);
            let background = self.learner(subspace);
            let member = &mut self.members[i];
            member.n_warnings_detected += 1;
            member.background = Some(background);
            member.front.warning = self.warning.as_ref().map(Nursery::make);
        }
        if changed {
            self.members[i].n_drifts_detected += 1;
            if let Some(background) = self.members[i].background.take() {
                self.members[i].front = background;
                return;
            }
            let subspace = self.redrawn(i, x);
            let mut fresh = self.learner(subspace);
            // Warnings are counted on.
            fresh.warning = self.members[i].front.warning.take();
            self.members[i].front = fresh;
        }
    }

    /// Another subspace of the size of member `i`'s, from the features of this event.
    fn redrawn(&mut self, i: usize, x: &Features) -> Option<Subspace> {
        let size = self.members[i].front.subspace.as_ref()?.size as usize;
        let all = all_ids(x);
        let drawn = self.rng.sample(all.len(), size.min(all.len()));
        Some(Subspace::new(drawn.into_iter().map(|at| all[at]).collect()))
    }

    pub fn save(&self, out: &mut Vec<u8>) {
        let made = !self.members.is_empty();
        saved::put(out, &(&self.rng, self.n_seen, self.method, made));
        for member in &self.members {
            let behind = member.background.is_some();
            saved::put(out, &(member.n_drifts_detected, member.n_warnings_detected, behind));
            member.front.save(out);
            if let Some(background) = &member.background {
                background.save(out);
            }
        }
    }

    pub fn load(&mut self, from: &mut Loader<'_>) -> Result<()> {
        let made: bool;
        (self.rng, self.n_seen, self.method, made) = from.get()?;
        self.notes.fill(Note::default());
        self.members.clear();
        for _ in 0..if made { self.n_models } else { 0 } {
            let mut member = self.member(None);
            let behind: bool;
            (member.n_drifts_detected, member.n_warnings_detected, behind) = from.get()?;
            member.front.load(from)?;
            if behind {
                let mut background = self.learner(None);
                background.load(from)?;
                member.background = Some(background);
            }
            self.members.push(member);
        }
        Ok(())
    }

    pub fn forget(&mut self, gone: &[FeatureId]) {
        for member in &mut self.members {
            member.front.forget(gone);
            if let Some(background) = &mut member.background {
                background.forget(gone);
            }
        }
    }

    /// The model of the member of a number.
    pub fn child(&mut self, name: &str) -> Option<Part<'_>> {
        let at: usize = name.parse().ok()?;
        self.members.get_mut(at).map(|member| member.front.model.part())
    }

    /// What River shows of its members, as a list with one item for each.
    pub fn attribute(&self, name: &str, names: &Names<'_>) -> Option<Attribute> {
        let int = |n: u64| Attribute::Int(n as i64);
        let of: &dyn Fn(&Member<M>) -> Attribute = match name {
            "n_drifts_detected" => &|m| int(m.n_drifts_detected),
            "n_warnings_detected" => &|m| int(m.n_warnings_detected),
            "created_on" => &|m| int(m.front.created_on),
            "features" => &|m| match &m.front.subspace {
                None => Attribute::None,
                Some(Subspace { ids, .. }) => Attribute::List(
                    ids.iter().map(|&id| Attribute::Text(names.name(id).into())).collect(),
                ),
            },
            _ => return None,
        };
        Some(Attribute::List(self.members.iter().map(of).collect()))
    }
}
