//! Whether what is learned harms what the base could do before; and the way back.
//!
//! Every so many updates one part of some short texts of three kinds is predicted. When its kind
//! costs noticeably more than it costs the base alone, the last weights that were good are taken
//! back, and from then on steps are half as long.

use serde::{Deserialize, Serialize};

use crate::adapter::Adapter;
use crate::error::{Result, wrong};
use crate::forward::{Cache, Want};
use crate::learner::Learner;
use crate::narrow::Narrow;
use crate::probes::{KINDS, PARTS};
use crate::weights::Base;

/// After how many updates one part is looked at.
const EVERY: u32 = 16;
/// How many bits a token more than frozen are too many.
const LIMIT: f64 = 0.05;
/// After how many good looks in a row a rate that was halved is doubled: two of every part.
const CALM: u32 = 12;
/// How often weights are halved at most before they are given up.
const HALVINGS: usize = 8;

/// What is known of how much the probes cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Guard {
    /// The newest weights that passed.
    good: Option<Narrow>,
    /// Updates since the last look.
    since: u32,
    /// Which part is next.
    next: u32,
    /// Good looks in a row since the rate changed.
    calm: u32,
    rollbacks: u64,
    /// What each part cost when it was last looked at: the base, and with what was learned.
    cost: [[f64; 2]; PARTS],
}

/// What one kind of text costs, by the newest looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Retained {
    /// Which: `prose`, `talk` or `facts`.
    pub kind: &'static str,
    /// Bits a token for the base alone; 0 before the first look.
    pub frozen: f64,
    /// Bits a token with what was learned.
    pub learned: f64,
}

/// How well a learner keeps what its base could do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Retention {
    /// By kinds of text.
    pub kinds: Vec<Retained>,
    /// How often weights were taken back.
    pub rollbacks: u64,
    /// How far a weight moves by one update now.
    pub rate: f32,
}

/// The other part of a part's kind.
fn other(part: usize) -> usize {
    (part + KINDS.len()) % PARTS
}

/// What a text costs, in bits a token, each from those before it.
pub(crate) fn cost(base: &Base, adapter: Option<&Adapter>, text: &[u32]) -> Result<f64> {
    let (Some((_, targets)), Some((_, inputs))) = (text.split_first(), text.split_last()) else {
        return Ok(0.0);
    };
    let mut pass = base.read(adapter, &mut Cache::default(), inputs, Want::All)?;
    let nats: f64 = pass.score(targets)?.iter().sum();
    Ok(nats / std::f64::consts::LN_2 / targets.len() as f64)
}

impl Guard {
    /// After a chunk was learned: looks, when it is time, and takes weights back when they harm. A
    /// chunk that moved nothing, as its gradient was no number, is a reason to look at once:
    /// weights that give such gradients would stay for ever.
    pub fn watch(&mut self, base: &Base, learner: &mut Learner, moved: bool) -> Result<()> {
        self.since = if moved { self.since + 1 } else { EVERY };
        if self.since < EVERY || base.probes.is_empty() {
            return Ok(());
        }
        self.since = 0;
        let part = self.next as usize % PARTS;
        self.next = ((part + 1) % PARTS) as u32;
        self.look(base, learner, part)?;
        if self.above(part) > LIMIT {
            // Its other part was looked at long ago: only both as they are now tell of a kind.
            self.look(base, learner, other(part))?;
        }
        if self.harms(part) {
            self.calm = 0;
            self.rollbacks += 1;
            self.back(base, learner, part)?;
        } else {
            self.calm += 1;
            if self.calm >= CALM && learner.quicken() {
                self.calm = 0;
            }
        }
        self.good = Some(learner.rounded());
        Ok(())
    }

    /// Looks what a part costs with the weights of now.
    fn look(&mut self, base: &Base, learner: &Learner, part: usize) -> Result<()> {
        if let Some((text, frozen)) = base.probes.part(base, part)? {
            self.cost[part] = [frozen, cost(base, Some(learner.adapter()), text)?];
        }
        Ok(())
    }

    /// How many bits a token more than frozen a part's kind costs, by the newest looks.
    fn above(&self, part: usize) -> f64 {
        let known = [part, other(part)].map(|part| self.cost[part]);
        let known = known.iter().filter(|cost| cost[0] > 0.0);
        known.clone().map(|cost| cost[1] - cost[0]).sum::<f64>() / known.count().max(1) as f64
    }

    /// Whether a part's kind costs too much; also when that is no number.
    fn harms(&self, part: usize) -> bool {
        let above = self.above(part);
        above.is_nan() || above > LIMIT
    }

    /// Takes the last good weights back. Those passed with another kind; where they do not with
    /// this one, half of them, until they do.
    fn back(&mut self, base: &Base, learner: &mut Learner, part: usize) -> Result<()> {
        let numbers = learner.adapter().learned().len();
        let good = match &self.good {
            Some(good) => good.unpack(numbers, numbers)?,
            None => learner.adapter().learned().iter().map(|x| x * 0.5).collect(),
        };
        learner.go_back(&good);
        for halved in 0..=HALVINGS + 1 {
            for part in [part, other(part)] {
                self.look(base, learner, part)?;
            }
            if !self.harms(part) {
                break;
            }
            learner.shrink(if halved < HALVINGS { 0.5 } else { 0.0 });
        }
        Ok(())
    }

    /// The weights have moved by this, by what peers know: so have the good ones. Whether they
    /// still are good, the next looks tell.
    pub fn follow(&mut self, moved: &[f32]) {
        let numbers = moved.len();
        let good = self.good.as_ref().and_then(|good| good.unpack(numbers, numbers).ok());
        self.good = good.map(|mut good| {
            good.iter_mut().zip(moved).for_each(|(good, moved)| *good += moved);
            Narrow::pack(&good, numbers)
        });
    }

    /// Forgets the good weights: those that rest are all there is.
    pub fn rest(&mut self) {
        self.good = None;
    }

    pub fn retention(&self, rate: f32) -> Retention {
        let kind = |(i, kind): (usize, &&'static str)| {
            let parts = self.cost.iter().skip(i).step_by(KINDS.len()).filter(|part| part[0] > 0.0);
            let n = parts.clone().count().max(1) as f64;
            // From 0, as the sum of nothing is otherwise the negative one.
            let of = |who: usize| parts.clone().fold(0.0, |sum, part| sum + part[who]) / n;
            Retained { kind, frozen: of(0), learned: of(1) }
        };
        let kinds = KINDS.iter().enumerate().map(kind).collect();
        Retention { kinds, rollbacks: self.rollbacks, rate }
    }

    /// Refuses good weights that are not so many numbers.
    pub fn check(&self, numbers: usize) -> Result<()> {
        if let Some(good) = &self.good {
            good.unpack(numbers, numbers)?;
        }
        if self.cost.iter().flatten().all(|cost| cost.is_finite()) {
            return Ok(());
        }
        wrong("what the probes cost is no number")
    }
}
