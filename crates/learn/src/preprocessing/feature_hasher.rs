//! `FeatureHasher`: any number of features in, `n_features` out.
//!
//! A number `x` under the name `k` is added, with a sign, to the output feature `h mod
//! n_features`, where `h` is the signed 32-bit MurmurHash3 of `k`; a text `t` counts 1 under
//! `k=t`. With `alternate_sign` a negative `h` subtracts instead, so that features that meet in
//! one output feature cancel out on average.
//!
//! **Shape** any numbers and texts in, numbers out, named `0` to `n_features − 1`. **Cost** 8
//! bytes a name and up to 4 an output feature; a table look-up a number, a hash a text.
//! **Errors** none.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"FeatureHasher": {"n_features": 64, "seed": 42}}, "LogisticRegression"]);
//! let mut model = Model::new(&spec, &Catalog::builtin())?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for i in 0..900 {
//!     let x = Row::from_json(&json!({"city": (["Delft", "Gouda", "Leiden"][i % 3])}))?;
//!     model.step(&x, &Target::Bool(i % 3 == 2), 1.0, &mut p, &mut s)?;
//! }
//! assert!(p.positive() > 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```
//!
//! **Source** Weinberger, K. et al., 2009. Feature hashing for large scale multitask learning.
//! River, `preprocessing/feature_hasher.py`: with the same `seed`, the same indices and signs.

use serde::{Deserialize, Serialize};

use super::category::with_name;
use crate::error::{Error, Result};
use crate::estimator::Transformer;
use crate::features::{Context, FeatureId, Features, Slots};

crate::params! {
    /// Parameters of [`FeatureHasher`].
    pub struct Params {
        /// How many output features there are at most, from 1 to 4,294,967,295.
        n_features: u32 = 1_048_576,
        /// Makes another hash. `null` is 0: River draws one, a replay could not.
        seed: Option<u32> = None,
        /// Whether half of the features count negatively.
        alternate_sign: bool = true,
    }
}

/// Where a feature goes: the output feature's id, counted from 1 so that 0 is none yet, and
/// whether it is subtracted.
#[derive(Debug, Clone, Copy, Default)]
struct Goal {
    id: u32,
    negative: bool,
}

/// Only what is remembered for speed: all of it follows from the parameters.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    /// By number feature.
    #[serde(skip)]
    goals: Slots<Goal>,
    /// Ids by output feature, from 1.
    #[serde(skip)]
    outputs: Slots<u32>,
}

/// See the module's documentation.
pub struct FeatureHasher {
    params: Params,
    seed: u32,
    state: State,
}

crate::estimator! {
    FeatureHasher in "preprocessing" as Transformer, version 1, name "FeatureHasher",
    "Any number of features in, n_features out",
    example = serde_json::json!({"FeatureHasher": {"n_features": 256, "seed": 42}}),
    forget = |state: &mut State, _gone: &[FeatureId]| *state = State::default(),
    merge = stateless,
}

impl FeatureHasher {
    /// A hasher; it has nothing to learn.
    pub fn new(params: Params) -> Result<Self> {
        if params.n_features == 0 {
            return Err(Error::new("n_features must be at least 1, got 0"));
        }
        let seed = first_draw(params.seed.unwrap_or(0));
        Ok(Self { params, seed, state: State::default() })
    }

    /// The output feature of a token given in parts, and whether it is subtracted.
    fn bucket(&self, parts: &[&str]) -> (u32, bool) {
        let h = murmur3(parts, self.seed) as i32;
        let bucket = i64::from(h).rem_euclid(i64::from(self.params.n_features)) as u32;
        (bucket, self.params.alternate_sign && h < 0)
    }

    fn goal(&self, (bucket, negative): (u32, bool), cx: &mut Context<'_>) -> Goal {
        let known = self.state.outputs.get(bucket);
        let id = if known == 0 { cx.id_of(format_args!("{bucket}")) + 1 } else { known };
        Goal { id, negative }
    }

    fn of_number(&self, id: FeatureId, cx: &mut Context<'_>) -> (u32, bool) {
        with_name(cx, id, |_, name| self.bucket(&[name]))
    }

    fn of_text(&self, id: FeatureId, text: &str, cx: &mut Context<'_>) -> (u32, bool) {
        with_name(cx, id, |_, name| self.bucket(&[name, "=", text]))
    }
}

impl Transformer for FeatureHasher {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        for &id in x.ids() {
            if self.state.goals.get(id).id == 0 {
                let bucket = self.of_number(id, cx);
                let goal = self.goal(bucket, cx);
                *self.state.outputs.at(bucket.0) = goal.id;
                *self.state.goals.at(id) = goal;
            }
        }
        for (id, text) in x.texts() {
            let bucket = self.of_text(id, text, cx);
            *self.state.outputs.at(bucket.0) = self.goal(bucket, cx).id;
        }
    }

    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let (mut keys, mut values) = (cx.take_floats(), cx.take_floats());
        let mut add = |goal: Goal, value: f64| {
            keys.push(key(goal.id - 1, values.len()));
            values.push(if goal.negative { -value } else { value });
        };
        for (id, value) in x.iter() {
            let goal = match self.state.goals.get(id) {
                Goal { id: 0, .. } => self.goal(self.of_number(id, cx), cx),
                known => known,
            };
            add(goal, value);
        }
        for (id, text) in x.texts() {
            add(self.goal(self.of_text(id, text, cx), cx), 1.0);
        }
        keys.sort_unstable_by_key(|key| key.to_bits());
        for group in keys.chunk_by(|a, b| id_of(*a) == id_of(*b)) {
            let first = values[place_of(group[0])];
            let sum = group[1..].iter().fold(first, |sum, &key| sum + values[place_of(key)]);
            out.push(id_of(group[0]), sum);
        }
        cx.give_floats(keys);
        cx.give_floats(values);
    }
}

// Contributions are added by output feature in the order in which they came. To sort them in a
// borrowed buffer, id and place share the bits of one number, the id in the upper half; ids stay
// far below 0x7ff0_0000, where a pattern would begin to mean infinity or NaN.

fn key(id: FeatureId, place: usize) -> f64 {
    f64::from_bits(u64::from(id) << 32 | place as u64)
}

fn id_of(key: f64) -> FeatureId {
    (key.to_bits() >> 32) as FeatureId
}

fn place_of(key: f64) -> usize {
    key.to_bits() as u32 as usize
}

/// MurmurHash3 for 32 bits (Austin Appleby, public domain) of a text given in parts.
fn murmur3(parts: &[&str], seed: u32) -> u32 {
    let scramble =
        |block: u32| block.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (mut h, mut block, mut len) = (seed, 0_u32, 0_u32);
    for byte in parts.iter().flat_map(|part| part.bytes()) {
        block |= u32::from(byte) << (len % 4 * 8);
        len = len.wrapping_add(1);
        if len % 4 == 0 {
            h = (h ^ scramble(block)).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
            block = 0;
        }
    }
    h ^= scramble(block) ^ len;
    h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
    h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

/// The first 32 bits that a Mersenne Twister gives, seeded with a number: the hash's seed in
/// River, which draws it with NumPy.
fn first_draw(seed: u32) -> u32 {
    let mut state = [seed; 398];
    for i in 1..state.len() {
        let last = state[i - 1];
        state[i] = (last ^ last >> 30).wrapping_mul(1_812_433_253).wrapping_add(i as u32);
    }
    let mixed = state[0] & 0x8000_0000 | state[1] & 0x7fff_ffff;
    let mut y = state[397] ^ (mixed >> 1) ^ ((mixed & 1) * 0x9908_b0df);
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c_5680;
    y ^= y << 15 & 0xefc6_0000;
    y ^ y >> 18
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::preprocessing::tests::{Bench, check, refusal};

    fn rows() -> Vec<Value> {
        vec![
            json!({"dog": 1, "cat": 2, "elephant": 4, "city": "Delft"}),
            json!({"dog": 2.5, "run": 5, "city": "Gouda", "naïve": 3}),
            json!({"a": 0.1, "bb": 0.2, "ccc": 0.3, "dddd": 0.4, "eeeee": 0.5, "dog": 0.6}),
            json!({"dog": 1, "note": "a longer text, and ünïcode", "city": ""}),
        ]
    }

    #[test]
    fn river() {
        check(
            &json!({"FeatureHasher": {"n_features": 10, "seed": 42}}),
            &rows(),
            &[
                json!({"5": -3.0, "7": 2.0, "0": 1.0}),
                json!({"5": 2.5, "9": -5.0, "4": 1.0, "7": 3.0}),
                json!({"7": 0.1, "4": -0.2, "9": -0.3, "5": 0.19999999999999996, "2": -0.5}),
                json!({"5": 1.0, "0": 1.0, "6": 1.0}),
            ],
        );
        check(
            &json!({"FeatureHasher": {"seed": 7}}),
            &rows(),
            &[
                json!({"778902": 1.0, "633424": 2.0, "149682": 4.0, "422225": 1.0}),
                json!({"778902": 2.5, "599058": -5.0, "880765": 1.0, "58595": 3.0}),
                json!({
                    "168168": -0.1, "979492": 0.2, "520114": -0.3,
                    "145697": 0.4, "765551": 0.5, "778902": 0.6
                }),
                json!({"778902": 1.0, "759615": 1.0, "997741": -1.0}),
            ],
        );
        check(
            &json!({"FeatureHasher": {"n_features": 3, "seed": 0, "alternate_sign": false}}),
            &rows(),
            &[
                json!({"2": 1.0, "0": 7.0}),
                json!({"2": 5.5, "0": 5.0, "1": 1.0}),
                json!({"0": 1.0, "1": 0.5, "2": 0.6}),
                json!({"2": 1.0, "1": 1.0, "0": 1.0}),
            ],
        );
    }

    #[test]
    fn seeds_are_drawn_as_numpy_draws_them() {
        for (seed, want) in [(0, 2357136044), (1, 1791095845), (42, 1608637542)] {
            assert_eq!(first_draw(seed), want);
        }
    }

    #[test]
    fn forgetting_and_predicting_change_no_index() {
        let mut bench = Bench::new(&json!({"FeatureHasher": {"n_features": 10, "seed": 42}}));
        let before = bench.transform(&rows()[0]);
        bench.learn(&rows()[0]);
        assert_eq!(bench.transform(&rows()[0]), before);
        bench.forget(&["dog"]);
        assert_eq!(bench.transform(&rows()[0]), before);
    }

    #[test]
    fn refuses_no_features() {
        assert_eq!(
            refusal(&json!({"FeatureHasher": {"n_features": 0}})),
            "FeatureHasher: n_features must be at least 1, got 0"
        );
    }
}
