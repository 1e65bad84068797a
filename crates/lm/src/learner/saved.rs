//! A learner as it is kept.

use serde::{Deserialize, Serialize};

use super::{Learner, Life, Settings};
use crate::adam::{Adam, Kept};
use crate::adapter::Spec;
use crate::context::Context;
use crate::error::{Result, wrong};
use crate::math;
use crate::narrow::Narrow;
use crate::weights::Base;

/// All of it that is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Saved {
    settings: Settings,
    spec: Spec,
    learned: Learned,
    adam: Kept,
    context: Vec<Narrow>,
    read: Vec<u32>,
    newest: Option<u32>,
    life: Life,
}

/// The same as version 2 of the format has it.
#[derive(Deserialize)]
pub(crate) struct Before {
    settings: Settings,
    spec: Spec,
    learned: Learned,
    adam: Kept,
    context: Vec<Narrow>,
    /// In which passes the context was read.
    _cuts: Vec<u32>,
    read: Vec<u32>,
    newest: Option<u32>,
    life: Life,
}

impl From<Before> for Saved {
    fn from(before: Before) -> Self {
        let Before { settings, spec, learned, adam, context, read, newest, life, .. } = before;
        Self { settings, spec, learned, adam, context, read, newest, life }
    }
}

/// What was learned, as it is kept.
#[derive(Serialize, Deserialize)]
enum Learned {
    Whole(Vec<f32>),
    /// Of one that rests.
    Resting(Narrow),
}

impl Saved {
    /// How many tokens the context has.
    pub fn tokens(&self) -> usize {
        self.read.len()
    }
}

impl Learner {
    pub(crate) fn save(&self) -> Saved {
        let weights = self.adapter.learned();
        Saved {
            settings: self.settings,
            spec: self.adapter.spec(),
            learned: if self.rested {
                Learned::Resting(self.rounded())
            } else {
                Learned::Whole(weights.to_vec())
            },
            adam: self.adam.keep(self.rested),
            context: self.context.pack(),
            read: self.read.clone(),
            newest: self.newest,
            life: self.life,
        }
    }

    /// A learner from what was kept.
    ///
    /// # Errors
    /// When it was saved with a base of another shape, or says what cannot be.
    pub(crate) fn load(base: &Base, saved: Saved) -> Result<Self> {
        let mut learner = Self::new(base, saved.spec, saved.settings)?;
        let numbers = learner.adapter.learned().len();
        learner.rested = matches!(saved.learned, Learned::Resting(_));
        let weights = match saved.learned {
            Learned::Whole(weights) => weights,
            Learned::Resting(weights) => weights.unpack(numbers, numbers)?,
        };
        if weights.len() != numbers || !math::dot(&weights, &weights).is_finite() {
            return wrong("what was learned is of another shape, or no numbers");
        }
        learner.adapter.learned_mut().copy_from_slice(&weights);
        learner.adam = Adam::of(saved.adam, numbers)?;
        let Life { rate, path, .. } = saved.life;
        if !(rate > 0.0 && rate <= 1.0 && path >= 0.0 && path.is_finite()) {
            return wrong(format!("its rate is {rate} and its path {path}"));
        }
        let mut tokens = saved.read.iter().chain(&saved.newest);
        let read = saved.read.len();
        if read > saved.settings.window || tokens.any(|t| *t as usize >= base.config.vocab) {
            return wrong("its context is none of this base's");
        }
        learner.context = Context::unpack(&base.config, &saved.context, read)?;
        (learner.read, learner.newest, learner.life) = (saved.read, saved.newest, saved.life);
        Ok(learner)
    }
}
