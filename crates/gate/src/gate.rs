//! The state machine of one rule over one identity.
//!
//! A gate is closed until `when` was true for `for`; then it is open until it was clear for `keep`.
//! While it is open, what the rule says is done once, at a time at which `when` is true. So a
//! figure that swings around its threshold opens the gate once, not at every swing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decision::{Conjunct, Decision, Seen, Timers, Why};
use crate::expr::{self, Expr};
use crate::figures::{DECLARED, Figures, Found, STALE_MS};
use crate::{Mode, Result, Rule, wrong};

/// After a failure it is tried again so much later, and twice as long after each further one, in
/// milliseconds.
pub const RETRY_MS: u64 = 10_000;
/// The longest time between two tries.
pub const RETRY_MOST_MS: u64 = 300_000;

/// How many others the same rule was done to within its cool-down, those under way included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// By this node.
    pub node: u32,
    /// By all nodes.
    pub cluster: u32,
}

/// What came of acting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, with what there is to say about it.
    Done(Option<String>),
    /// It is not, why, and with what there is to say about it. It is tried again.
    Failed(Why, String),
}

/// What a gate remembers: what a restart goes on from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// True from when `when` was true for long enough until the gate is clear.
    pub open: bool,
    /// How far what is to be done got, since the gate opened.
    pub stage: Stage,
    /// When it was begun last.
    pub acted_ms: Option<u64>,
    /// When it was begun before that; a try that fails does not count.
    pub acted_before_ms: Option<u64>,
    /// Tries that failed since the gate opened.
    pub tries: u32,
    /// When it may be tried again.
    pub retry_at_ms: u64,
    /// True when an operator said yes, since the gate opened.
    pub approved: bool,
    /// What is to be said about the last try.
    pub told: Option<(Why, String)>,
}

/// How far what is to be done got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It is to be done.
    #[default]
    Ready,
    /// It is being done.
    UnderWay,
    /// It was done, or would have been.
    Done,
}

/// A rule at work.
#[derive(Debug, Clone)]
pub struct Gate {
    rule: Arc<Rule>,
    state: State,
    true_since: Option<u64>,
    clear_since: Option<u64>,
    stepped_ms: Option<u64>,
    last: Option<Why>,
}

/// What conditions come to at a time.
struct Truths {
    trouble: Option<(Why, String)>,
    when: Option<bool>,
    clear: Option<bool>,
    of_when: Vec<Option<bool>>,
    of_clear: Vec<Option<bool>>,
}

impl Gate {
    /// A gate that is closed.
    pub fn new(rule: Arc<Rule>) -> Self {
        Self::resume(rule, State::default(), None)
    }

    /// A gate that goes on from what it remembered, and its decision then.
    pub fn resume(rule: Arc<Rule>, mut state: State, last: Option<Why>) -> Self {
        if state.stage == Stage::UnderWay {
            // Whether it was done is not known; actions are such that a second time does no harm.
            state.stage = Stage::Ready;
            state.acted_ms = state.acted_before_ms;
            state.told = Some((Why::Interrupted, "it is tried again".into()));
        }
        Self { rule, state, true_since: None, clear_since: None, stepped_ms: None, last }
    }

    /// The rule.
    pub fn rule(&self) -> &Arc<Rule> {
        &self.rule
    }

    /// What it remembers.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// True when it counts against the budget of its rule.
    pub fn counts(&self, now_ms: u64) -> bool {
        self.state.stage == Stage::UnderWay || self.cooldown_left(now_ms).is_some()
    }

    /// Evaluates the rule. After [`Why::Act`] whoever steps does what the rule says, and tells
    /// what came of it with [`Gate::told`].
    pub fn step(&mut self, now_ms: u64, figures: &Figures, used: Used) -> Decision {
        let (truths, why, detail) = self.turn(now_ms, figures, used);
        let changed = self.last != Some(why);
        self.last = Some(why);
        Decision {
            at_ms: now_ms,
            why,
            detail,
            changed,
            open: self.state.open,
            figures: self.seen(now_ms, figures),
            when: conjuncts(&self.rule.when, &truths.of_when),
            clear: self
                .rule
                .clear
                .as_ref()
                .map_or_else(Vec::new, |c| conjuncts(c, &truths.of_clear)),
            timers: self.timers(now_ms),
        }
    }

    /// The same as [`Gate::step`] for who only wants to know what is decided: all that it was
    /// decided by is not put into words, which takes most of the time.
    pub fn decide(&mut self, now_ms: u64, figures: &Figures, used: Used) -> Why {
        let (_, why, _) = self.turn(now_ms, figures, used);
        self.last = Some(why);
        why
    }

    fn turn(
        &mut self,
        now_ms: u64,
        figures: &Figures,
        used: Used,
    ) -> (Truths, Why, Option<String>) {
        self.mind_the_gap(now_ms);
        let truths = self.truths(now_ms, figures);
        self.run_timers(now_ms, &truths);
        let (why, detail) = self.weigh(now_ms, &truths, used);
        (truths, why, detail)
    }

    /// What came of acting.
    pub fn told(&mut self, now_ms: u64, outcome: Outcome) {
        if self.state.stage != Stage::UnderWay {
            return;
        }
        match outcome {
            Outcome::Done(detail) => {
                self.state.stage = Stage::Done;
                self.state.told = detail.map(|detail| (Why::Done, detail));
            }
            Outcome::Failed(why, detail) => {
                let later = (RETRY_MS << self.state.tries.min(8)).min(RETRY_MOST_MS);
                self.state.stage = Stage::Ready;
                self.state.acted_ms = self.state.acted_before_ms;
                self.state.tries = self.state.tries.saturating_add(1);
                self.state.retry_at_ms = now_ms.saturating_add(later);
                self.state.told = Some((why, detail));
            }
        }
    }

    /// An operator says yes. It holds until the gate closes.
    pub fn approve(&mut self) -> Result<()> {
        let s = &mut self.state;
        if self.rule.spec.mode != Mode::Ask {
            return wrong("the rule's mode is not \"ask\", so there is nothing to say yes to");
        }
        if !s.open || s.stage != Stage::Ready || s.approved {
            return wrong("nothing waits for a yes: its decision is not ASKED");
        }
        s.approved = true;
        Ok(())
    }

    /// What was not seen to be true all the time did not last: after a gap in time, and when a
    /// clock went back, what must last begins anew.
    fn mind_the_gap(&mut self, now_ms: u64) {
        let before = self.stepped_ms.replace(now_ms);
        if before.is_some_and(|before| now_ms < before || now_ms - before > STALE_MS) {
            self.true_since = None;
            self.clear_since = None;
        }
        if let Some(acted) = &mut self.state.acted_ms {
            *acted = (*acted).min(now_ms);
        }
        self.state.retry_at_ms = self.state.retry_at_ms.min(now_ms.saturating_add(RETRY_MOST_MS));
    }

    fn truths(&self, now_ms: u64, figures: &Figures) -> Truths {
        let value = |place: usize| match figures.look(place, now_ms) {
            Found::Fresh(value) => value,
            Found::Missing | Found::Stale(_) | Found::Nan => f64::NAN,
        };
        let of_when = self.rule.when.truths(&value);
        let of_clear = self.rule.clear.as_ref().map_or_else(Vec::new, |c| c.truths(&value));
        // A figure that can't be used makes the whole condition so, whatever its other parts say.
        let usable = |expr: &Expr| !expr.figures().iter().any(|place| value(*place).is_nan());
        let when = expr::all(&of_when).filter(|_| usable(&self.rule.when));
        let clear = match &self.rule.clear {
            Some(clear) => expr::all(&of_clear).filter(|_| usable(clear)),
            None => when.map(|when| !when),
        };
        let trouble = when.is_none().then(|| self.trouble(now_ms, figures));
        Truths { trouble, when, clear, of_when, of_clear }
    }

    /// Why `when` can't be told.
    fn trouble(&self, now_ms: u64, figures: &Figures) -> (Why, String) {
        for place in self.rule.when.figures() {
            let name = DECLARED[*place].name;
            match figures.look(*place, now_ms) {
                Found::Missing => return (Why::MissingFigure, format!("{name} was not read")),
                Found::Stale(_) => {
                    let read = figures.get(*place).map_or(0, |reading| reading.at_ms);
                    let ago = now_ms.abs_diff(read);
                    return (Why::StaleFigure, format!("{name} was read {ago} ms ago"));
                }
                Found::Nan => return (Why::NanFigure, format!("{name} is no number")),
                Found::Fresh(_) => {}
            }
        }
        (Why::NanFigure, "what is computed of the figures is no number".into())
    }

    fn run_timers(&mut self, now_ms: u64, truths: &Truths) {
        let spec = &self.rule.spec;
        if truths.when == Some(true) {
            self.true_since.get_or_insert(now_ms);
        } else {
            self.true_since = None;
        }
        let cleared = truths.clear == Some(true) && truths.when != Some(true);
        if !self.state.open || !cleared {
            self.clear_since = None;
        } else {
            let since = *self.clear_since.get_or_insert(now_ms);
            if now_ms - since >= spec.keep_ms && self.state.stage != Stage::UnderWay {
                self.clear_since = None;
                let (acted_ms, acted_before_ms) = (self.state.acted_ms, self.state.acted_before_ms);
                self.state = State { acted_ms, acted_before_ms, ..State::default() };
            }
        }
        if !self.state.open && self.true_since.is_some_and(|t| now_ms - t >= spec.hold_ms) {
            self.state.open = true;
        }
    }

    fn weigh(&mut self, now_ms: u64, truths: &Truths, used: Used) -> (Why, Option<String>) {
        let told = || self.state.told.as_ref().map(|(_, detail)| detail.clone());
        if self.state.stage == Stage::UnderWay {
            return (Why::UnderWay, None);
        }
        if let Some((why, detail)) = &truths.trouble {
            return (*why, Some(detail.clone()));
        }
        let is_true = truths.when == Some(true);
        if !self.state.open {
            let why = if is_true { Why::ForPending } else { Why::ConditionFalse };
            return (why, None);
        }
        let spec = &self.rule.spec;
        if self.state.stage == Stage::Done {
            let why = if spec.mode == Mode::DryRun { Why::DryRun } else { Why::Done };
            return (why, told());
        }
        if !is_true {
            return (Why::Keep, None);
        }
        if now_ms < self.state.retry_at_ms {
            let why = self.state.told.as_ref().map_or(Why::Failed, |(why, _)| *why);
            return (why, told());
        }
        if self.cooldown_left(now_ms).is_some() {
            return (Why::Cooldown, None);
        }
        if used.node >= spec.budget.per_node || used.cluster >= spec.budget.cluster {
            let detail = format!(
                "{} of {} by this node, {} of {} by all",
                used.node, spec.budget.per_node, used.cluster, spec.budget.cluster
            );
            return (Why::Budget, Some(detail));
        }
        if spec.mode == Mode::Ask && !self.state.approved {
            return (Why::Asked, None);
        }
        self.state.acted_before_ms = self.state.acted_ms;
        self.state.acted_ms = Some(now_ms);
        if spec.mode == Mode::DryRun {
            self.state.stage = Stage::Done;
            return (Why::DryRun, None);
        }
        self.state.stage = Stage::UnderWay;
        (Why::Act, told())
    }

    fn cooldown_left(&self, now_ms: u64) -> Option<u64> {
        let until = self.state.acted_ms?.saturating_add(self.rule.spec.cooldown_ms);
        until.checked_sub(now_ms).filter(|left| *left > 0)
    }

    fn timers(&self, now_ms: u64) -> Timers {
        let spec = &self.rule.spec;
        let left = |since: Option<u64>, of: u64| {
            since.map(|since| of.saturating_sub(now_ms.saturating_sub(since)))
        };
        Timers {
            true_ms: self.true_since.map(|since| now_ms - since),
            for_left_ms: left(self.true_since, spec.hold_ms).filter(|_| !self.state.open),
            keep_left_ms: left(self.clear_since, spec.keep_ms),
            cooldown_left_ms: self.cooldown_left(now_ms),
            retry_left_ms: self.state.retry_at_ms.checked_sub(now_ms).filter(|left| *left > 0),
        }
    }

    fn seen(&self, now_ms: u64, figures: &Figures) -> Vec<Seen> {
        let mut places = self.rule.when.figures().clone();
        places.extend(self.rule.clear.iter().flat_map(Expr::figures));
        let seen = |place: usize| {
            let (value, state) = match figures.look(place, now_ms) {
                Found::Fresh(value) => (Some(value), "fresh"),
                Found::Stale(value) => (Some(value), "stale"),
                Found::Missing => (None, "missing"),
                Found::Nan => (None, "nan"),
            };
            Seen { name: DECLARED[place].name, unit: DECLARED[place].unit, value, state }
        };
        places.into_iter().map(seen).collect()
    }
}

fn conjuncts(expr: &Expr, truths: &[Option<bool>]) -> Vec<Conjunct> {
    let names = |i| expr.figures_of(i).iter().map(|place| DECLARED[*place].name).collect();
    expr.conjuncts()
        .zip(truths)
        .enumerate()
        .map(|(i, (text, truth))| Conjunct { text, figures: names(i), truth: *truth })
        .collect()
}
