//! `KMeans`: groups around centres that move towards what falls to them.
//!
//! An event belongs to the centre with the smallest `Σ |cᵢ − xᵢ|ᵖ` over all features known so far,
//! an absent one being 0; of equals the first. That centre then moves by `halflife · (x − c)`. A
//! centre's place on a feature is drawn from a normal distribution when the feature is first seen.
//!
//! River draws those places in the order of a set of names, so that two processes differ. Here they
//! are drawn centre by centre, an event's new features in the order of their names; with a `seed`
//! and features that come one at a time, they are River's. A prediction sees what learning would
//! draw.
//!
//! **Shape** numbers in, the number of a centre out, from 0. **Cost** 8 bytes a centre and feature;
//! an event passes over all of them. **Errors** a text that reaches it is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!({"KMeans": {"n_clusters": 2, "halflife": 0.4, "sigma": 3.0, "seed": 1}});
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! let mut group = |x: f64, y: f64| {
//!     let row = Row::from_json(&json!({"x": x, "y": y})).unwrap();
//!     model.step(&row, &Target::Bool(true), 1.0, &mut p, &mut s).unwrap();
//!     p.value.unwrap()
//! };
//! for i in 0..60 {
//!     let near = f64::from(i % 3);
//!     group(5.0 + near, 5.0 - near);
//!     group(-5.0 - near, near - 5.0);
//! }
//! assert_ne!(group(6.0, 6.0), group(-6.0, -6.0));
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Sculley, D., 2010. Web-scale k-means clustering, WWW. River, `cluster/k_means.py`.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::estimator::{Attribute, Clusterer};
use crate::features::{Context, FeatureId, Features, Names, Slots};
use crate::math;
use crate::params::check_range;
use crate::rng::Rng;

crate::params! {
    /// Parameters of [`KMeans`].
    pub struct Params {
        /// How many centres, 1 to 10,000.
        n_clusters: usize = 5,
        /// Which share of the way the closest centre moves towards an event, 0 to 1.
        halflife: f64 = 0.5,
        /// The mean of the normal distribution that centres are drawn from.
        mu: f64 = 0.0,
        /// Its standard deviation, 0 or more.
        sigma: f64 = 1.0,
        /// The power of the distance: 1 for Manhattan's, 2 for Euclid's; 1 to 100.
        p: f64 = 2.0,
        /// Fixes the centres; as 0 when left out.
        seed: Option<u32> = None,
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    rng: Rng,
    known: Slots<bool>,
    centers: Vec<Slots<f64>>,
}

/// See the module's documentation.
pub struct KMeans {
    params: Params,
    state: State,
}

crate::estimator! {
    KMeans in "cluster" as Clusterer, version 1, name "KMeans",
    "Groups around centres that move towards what falls to them",
    example = serde_json::json!({"KMeans": {"n_clusters": 3, "seed": 42}}),
    forget = |state: &mut State, gone: &[FeatureId]| {
        state.known.forget(gone);
        for center in &mut state.centers {
            center.forget(gone);
        }
    },
    attribute = |model: &KMeans, name: &str, names: &Names<'_>| {
        (name == "centers").then(|| model.centers(names))
    },
    merge = member
        "a centre moves towards what comes and forgets: it is no sum, and peers number theirs differently",
}

impl KMeans {
    /// Centres that are nowhere yet.
    pub fn new(params: Params) -> Result<Self> {
        check_range("n_clusters", params.n_clusters as f64, 1.0, 10_000.0)?;
        check_range("halflife", params.halflife, 0.0, 1.0)?;
        check_range("mu", params.mu, f64::MIN, f64::MAX)?;
        check_range("sigma", params.sigma, 0.0, f64::MAX)?;
        check_range("p", params.p, 1.0, 100.0)?;
        let state = State {
            rng: Rng::new(u64::from(params.seed.unwrap_or(0))),
            known: Slots::default(),
            centers: vec![Slots::default(); params.n_clusters],
        };
        Ok(Self { params, state })
    }

    /// Where the centres are: a list of places by feature.
    fn centers(&self, names: &Names<'_>) -> Attribute {
        let known = self.state.known.as_slice();
        let place = |center: &Slots<f64>| {
            let features = known.iter().enumerate().filter(|(_, known)| **known);
            Attribute::Map(
                features
                    .map(|(id, _)| {
                        let id = id as FeatureId;
                        (names.name(id).to_owned(), Attribute::Float(center.get(id)))
                    })
                    .collect(),
            )
        };
        Attribute::List(self.state.centers.iter().map(place).collect())
    }

    /// Whether a feature of the event has no place at the centres yet.
    fn has_new(&self, x: &Features) -> bool {
        x.ids().iter().any(|&id| !self.state.known.get(id))
    }

    /// Draws a place on each of the event's new features for every centre.
    #[cold]
    fn draw(&self, x: &Features, names: &Names<'_>, rng: &mut Rng) -> Drawn {
        let new = x.ids().iter().filter(|&&id| !self.state.known.get(id));
        let mut ids: Vec<FeatureId> = new.copied().collect();
        ids.sort_unstable_by_key(|&id| names.name(id));
        let count = ids.len() * self.state.centers.len();
        let places = (0..count).map(|_| rng.gauss(self.params.mu, self.params.sigma)).collect();
        Drawn { ids, places }
    }

    /// Keeps what was drawn.
    fn keep(&mut self, drawn: &Drawn) {
        let State { known, centers, .. } = &mut self.state;
        for (center, places) in centers.iter_mut().zip(drawn.places.chunks(drawn.ids.len())) {
            for (&id, &place) in drawn.ids.iter().zip(places) {
                *center.at(id) = place;
            }
        }
        for &id in &drawn.ids {
            *known.at(id) = true;
        }
    }

    #[inline]
    fn power(&self, difference: f64) -> f64 {
        if self.params.p == 2.0 {
            return difference * difference;
        }
        math::pow(difference.abs(), self.params.p)
    }

    /// What the features that the event lacks, from one id to another, add to a distance.
    #[inline]
    fn absent(&self, center: &Slots<f64>, from: usize, to: usize, sum: &mut f64) {
        let known = self.state.known.as_slice();
        let to = to.min(known.len());
        for (&place, _) in center
            .as_slice()
            .get(from..to)
            .unwrap_or_default()
            .iter()
            .zip(&known[from.min(to)..to])
            .filter(|(_, known)| **known)
        {
            *sum += self.power(place);
        }
    }

    /// The closest centre, where new features have the places of `drawn`.
    fn closest(&self, x: &Features, drawn: Option<&Drawn>) -> usize {
        let (mut best, mut least) = (0, f64::INFINITY);
        // The usual event has every feature and no other: the centres are plain runs then.
        if drawn.is_none() && x.run() == Some(0) && x.len() == self.state.known.len() {
            let values = x.values();
            for (number, center) in self.state.centers.iter().enumerate() {
                let mut sum = 0.0;
                for (place, value) in center.as_slice().iter().zip(values) {
                    sum += self.power(place - value);
                }
                if sum < least {
                    (best, least) = (number, sum);
                }
            }
            return best;
        }
        for (number, center) in self.state.centers.iter().enumerate() {
            let (mut sum, mut next) = (0.0, 0);
            for (id, value) in x.iter() {
                self.absent(center, next, id as usize, &mut sum);
                let new = drawn.and_then(|drawn| drawn.place(number, id));
                sum += self.power(new.unwrap_or_else(|| center.get(id)) - value);
                next = id as usize + 1;
            }
            self.absent(center, next, usize::MAX, &mut sum);
            if sum < least {
                (best, least) = (number, sum);
            }
        }
        best
    }
}

/// Places on new features: `ids` in the order of their names, centre after centre.
struct Drawn {
    ids: Vec<FeatureId>,
    places: Vec<f64>,
}

impl Drawn {
    fn place(&self, center: usize, id: FeatureId) -> Option<f64> {
        let at = self.ids.iter().position(|&new| new == id)?;
        self.places.get(center * self.ids.len() + at).copied()
    }
}

impl Clusterer for KMeans {
    fn learn_one(&mut self, x: &Features, w: f64, cx: &mut Context<'_>) {
        if w <= 0.0 {
            return;
        }
        if self.has_new(x) {
            let mut rng = self.state.rng.clone();
            let drawn = self.draw(x, &cx.names, &mut rng);
            self.keep(&drawn);
            self.state.rng = rng;
        }
        let closest = self.closest(x, None);
        let center = &mut self.state.centers[closest];
        center.grow(x.end());
        for (id, value) in x.iter() {
            let place = center.at(id);
            *place += self.params.halflife * (value - *place);
        }
    }

    fn predict_one(&self, x: &Features, cx: &mut Context<'_>) -> u32 {
        cx.refuse_texts(x, "KMeans");
        let mut rng = self.has_new(x).then(|| self.state.rng.clone());
        let drawn = rng.as_mut().map(|rng| self.draw(x, &cx.names, rng));
        self.closest(x, drawn.as_ref()) as u32
    }
}
