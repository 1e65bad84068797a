//! `PolynomialExtender`: products of features, up to `degree` of them.
//!
//! Each product is a feature named as its factors in alphabetical order, with `*` between: `a*b`.
//! With `interaction_only` no feature is multiplied by itself. `include_bias` adds a feature that
//! is always 1.
//!
//! **Shape** any numbers in; they and their products out; texts pass through. Of two equal names
//! the first stays: features, then products by rising degree. **Cost** one multiplication a
//! product; 20 bytes for each product ever met, and as many for those of the last event learned
//! from. Events that hold other features than the last one cost some 20 ns a product. **Errors** an
//! event of more than 262,144 products is refused.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!(["PolynomialExtender", "StandardScaler", "LogisticRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p, mut right) = (Scratch::default(), Prediction::default(), 0);
//! for i in 0..1000_u32 {
//!     // One or the other: no line can tell these apart, a product can.
//!     let (a, b) = (f64::from(i % 2) - 0.5, f64::from(i / 2 % 2) - 0.5);
//!     let y = Target::Bool((a > 0.0) != (b > 0.0));
//!     model.step(&Row::from_json(&json!({"a": a, "b": b}))?, &y, 1.0, &mut p, &mut s)?;
//!     right += usize::from(p.class() == model.class_of(&y));
//! }
//! assert!(right > 980, "{right}");
//! assert!(model.names().find("a*b").is_some());
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** River, `feature_extraction/poly.py`; of equal names, River keeps the last.

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features};
use crate::params::check_range;

crate::params! {
    /// Parameters of [`PolynomialExtender`].
    pub struct Params {
        /// The most factors of a product, 1 to 8.
        degree: u32 = 2,
        /// Whether to leave out products in which a feature comes twice.
        interaction_only: bool = false,
        /// Whether to add a feature that is always 1.
        include_bias: bool = false,
        /// The name of that feature.
        bias_name: String = "bias".to_owned(),
    }
}

const DEGREE_MAX: usize = 8;
/// Products that one event may have.
const PRODUCTS_MAX: usize = 1 << 18;
/// Products that are remembered; past it the memory starts afresh.
const REMEMBERED_MAX: usize = 1 << 20;

/// What saves putting names together: nothing that is saved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    #[serde(skip)]
    known: Products,
    #[serde(skip)]
    plan: Plan,
    /// Buffers for making a plan: by node the place of its product, and the products by id.
    #[serde(skip)]
    places: Vec<u32>,
    #[serde(skip)]
    order: Vec<(FeatureId, u32)>,
}

/// The ids of products by their factors, as a tree: a product is another one times a feature.
#[derive(Debug, Clone, Default)]
struct Products {
    table: HashTable<Product>,
    /// By node, the id of the product.
    ids: Vec<FeatureId>,
}

#[derive(Debug, Clone, Copy)]
struct Product {
    parent: u32,
    factor: FeatureId,
    node: u32,
}

const ROOT: u32 = u32::MAX;

fn hash(parent: u32, factor: FeatureId) -> u64 {
    let h = (u64::from(parent) << 32 | u64::from(factor)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (h ^ (h >> 32)).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

impl Products {
    #[inline]
    fn find(&self, parent: u32, factor: FeatureId) -> Option<u32> {
        let same = |p: &Product| p.parent == parent && p.factor == factor;
        self.table.find(hash(parent, factor), same).map(|p| p.node)
    }

    fn add(&mut self, parent: u32, factor: FeatureId, id: FeatureId) -> u32 {
        let node = self.ids.len() as u32;
        self.ids.push(id);
        let product = Product { parent, factor, node };
        self.table.insert_unique(hash(parent, factor), product, |p| hash(p.parent, p.factor));
        node
    }
}

/// What to multiply for an event of exactly these features.
#[derive(Debug, Clone, Default)]
struct Plan {
    inputs: Vec<FeatureId>,
    steps: Vec<Step>,
    outputs: Vec<FeatureId>,
    bias: Option<FeatureId>,
    made: bool,
}

/// One product: an earlier one, or 1, times an input; and its place among the outputs.
#[derive(Debug, Clone, Copy)]
struct Step {
    before: u32,
    input: u32,
    /// `u32::MAX` where an earlier product has the name.
    output: u32,
}

/// See the module's documentation.
pub struct PolynomialExtender {
    params: Params,
    state: State,
}

crate::estimator! {
    PolynomialExtender in "feature_extraction" as Transformer, version 1,
    name "PolynomialExtender",
    "Products of features",
    forget = |state: &mut State, _: &[FeatureId]| *state = State::default(),
    merge = stateless,
}

impl PolynomialExtender {
    /// One that has met no feature.
    pub fn new(params: Params) -> Result<Self> {
        check_range("degree", f64::from(params.degree), 1.0, DEGREE_MAX as f64)?;
        Ok(Self { params, state: State::default() })
    }

    /// How many products an event of `n` features has.
    fn count(&self, n: usize) -> usize {
        let (mut total, mut of_this_degree) = (0_usize, 1_usize);
        for k in 0..self.params.degree as usize {
            let factors = if self.params.interaction_only { n.saturating_sub(k) } else { n + k };
            of_this_degree = of_this_degree.saturating_mul(factors) / (k + 1);
            total = total.saturating_add(of_this_degree);
        }
        total
    }

    /// Visits the products of `n` inputs in River's order, by rising degree: their inputs, and
    /// how many of these are the same as in the product before.
    fn walk(&self, n: usize, mut visit: impl FnMut(&[u32], usize)) {
        let alone = u32::from(self.params.interaction_only);
        for degree in 1..=self.params.degree as usize {
            let mut inputs = [0; DEGREE_MAX];
            let mut same = 0;
            for k in 1..degree {
                inputs[k] = inputs[k - 1] + alone;
            }
            // The largest input at each place leaves room for those after it.
            let last = |k: usize| n as i64 - 1 - i64::from(alone) * (degree - 1 - k) as i64;
            while i64::from(inputs[degree - 1]) <= last(degree - 1) {
                visit(&inputs[..degree], same);
                let Some(k) = (0..degree).rev().find(|&k| i64::from(inputs[k]) < last(k)) else {
                    break;
                };
                inputs[k] += 1;
                for later in k + 1..degree {
                    inputs[later] = inputs[later - 1] + alone;
                }
                same = k;
            }
        }
    }

    /// Makes the plan for the features of this event.
    #[cold]
    fn prepare(&mut self, x: &Features, cx: &mut Context<'_>) {
        let mut state = std::mem::take(&mut self.state);
        let State { known, plan, places, order } = &mut state;
        if known.ids.len() > REMEMBERED_MAX {
            *known = Products::default();
        }
        plan.steps.clear();
        order.clear();
        let mut nodes = [ROOT; DEGREE_MAX + 1];
        self.walk(x.len(), |inputs, same| {
            for k in same..inputs.len() {
                let factor = x.ids()[inputs[k] as usize];
                nodes[k + 1] = known.find(nodes[k], factor).unwrap_or_else(|| {
                    let id = product_id(&inputs[..=k], x, cx);
                    known.add(nodes[k], factor, id)
                });
            }
            let (before, node) = (nodes[inputs.len() - 1], nodes[inputs.len()]);
            places.resize(known.ids.len(), 0);
            let place = plan.steps.len() as u32;
            places[node as usize] = place;
            order.push((known.ids[node as usize], place));
            let before = places.get(before as usize).copied().unwrap_or(ROOT);
            plan.steps.push(Step { before, input: inputs[inputs.len() - 1], output: 0 });
        });
        if self.params.include_bias {
            order.push((cx.names.id(&self.params.bias_name), plan.steps.len() as u32));
        }
        order.sort_unstable();
        plan.bias = None;
        plan.outputs.clear();
        for &(id, place) in &*order {
            let taken = plan.outputs.last() == Some(&id);
            let output = if taken { u32::MAX } else { plan.outputs.len() as u32 };
            if !taken {
                plan.outputs.push(id);
            }
            match plan.steps.get_mut(place as usize) {
                Some(step) => step.output = output,
                None => plan.bias = (!taken).then_some(output),
            }
        }
        plan.inputs.clear();
        plan.inputs.extend_from_slice(x.ids());
        plan.made = true;
        self.state = state;
    }

    /// An event of other features than those of the last one learned from.
    fn transform_unplanned(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let count = self.count(x.len());
        if count > PRODUCTS_MAX {
            out.push_all(x.ids(), x.values());
            cx.refuse(Error::new(format!(
                "{} features make {count} products of degree {}, at most {PRODUCTS_MAX} are \
                 allowed; Select fewer features before PolynomialExtender",
                x.len(),
                self.params.degree
            )));
            return;
        }
        let known = &self.state.known;
        let mut nodes = [Some(ROOT); DEGREE_MAX + 1];
        let mut values = [1.0; DEGREE_MAX + 1];
        self.walk(x.len(), |inputs, same| {
            for k in same..inputs.len() {
                let input = inputs[k] as usize;
                nodes[k + 1] = nodes[k].and_then(|parent| known.find(parent, x.ids()[input]));
                values[k + 1] = values[k] * x.values()[input];
            }
            let id = match nodes[inputs.len()] {
                Some(node) => known.ids[node as usize],
                None => product_id(inputs, x, cx),
            };
            out.push(id, values[inputs.len()]);
        });
        if self.params.include_bias {
            out.push(cx.names.id(&self.params.bias_name), 1.0);
        }
        out.sort();
    }
}

/// The id of a product: its factors' names, sorted.
fn product_id(inputs: &[u32], x: &Features, cx: &mut Context<'_>) -> FeatureId {
    let mut factors = [0; DEGREE_MAX];
    let factors = &mut factors[..inputs.len()];
    for (factor, &input) in factors.iter_mut().zip(inputs) {
        *factor = x.ids()[input as usize];
    }
    factors.sort_unstable_by(|&a, &b| cx.names.name(a).cmp(cx.names.name(b)));
    cx.id_of_names(factors, "*")
}

impl Transformer for PolynomialExtender {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        let plan = &self.state.plan;
        if (!plan.made || plan.inputs != x.ids()) && self.count(x.len()) <= PRODUCTS_MAX {
            self.prepare(x, cx);
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        out.pass_texts(x);
        let plan = &self.state.plan;
        let mut values = cx.take_floats();
        if plan.made && plan.inputs == x.ids() {
            let x = x.values();
            let outputs = out.values_for(&plan.outputs);
            for step in &plan.steps {
                let before = values.get(step.before as usize).copied().unwrap_or(1.0);
                let value = before * x[step.input as usize];
                values.push(value);
                if let Some(output) = outputs.get_mut(step.output as usize) {
                    *output = value;
                }
            }
            if let Some(bias) = plan.bias {
                outputs[bias as usize] = 1.0;
            }
        } else {
            self.transform_unplanned(x, out, cx);
        }
        cx.give_floats(values);
    }
}
