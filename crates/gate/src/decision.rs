//! What a gate decides, and everything that it decided by.

use serde::{Deserialize, Serialize};

/// What a gate decided: to act, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Why {
    /// Now it is done what the rule says.
    Act,
    /// What the rule says is being done.
    UnderWay,
    /// It was done, and is not done again until the gate was clear.
    Done,
    /// It would be done; the rule says to try only.
    DryRun,
    /// An operator is asked, and has not said yes.
    Asked,
    /// `when` is false.
    ConditionFalse,
    /// `when` is true, and not for long enough.
    ForPending,
    /// The gate is open and `when` is not true any more; it is not clear either.
    Keep,
    /// It was done a short while ago.
    Cooldown,
    /// So many are done at this time already.
    Budget,
    /// A figure that the rule names was not read.
    MissingFigure,
    /// A figure that the rule names was read too long ago.
    StaleFigure,
    /// A figure that the rule names, or what comes of it, is no number.
    NanFigure,
    /// There is no node to go to, or it would not take more.
    TargetNotReady,
    /// What is not durable at the target yet is too much.
    LagTooHigh,
    /// As much is under way as may be.
    Busy,
    /// It was tried and failed.
    Failed,
    /// The server ended while it was done; it is tried again.
    Interrupted,
}

impl Why {
    /// Each, in order.
    pub const ALL: [Self; 18] = [
        Self::Act,
        Self::UnderWay,
        Self::Done,
        Self::DryRun,
        Self::Asked,
        Self::ConditionFalse,
        Self::ForPending,
        Self::Keep,
        Self::Cooldown,
        Self::Budget,
        Self::MissingFigure,
        Self::StaleFigure,
        Self::NanFigure,
        Self::TargetNotReady,
        Self::LagTooHigh,
        Self::Busy,
        Self::Failed,
        Self::Interrupted,
    ];

    /// Its name in answers, logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Act => "ACT",
            Self::UnderWay => "UNDER_WAY",
            Self::Done => "DONE",
            Self::DryRun => "DRY_RUN",
            Self::Asked => "ASKED",
            Self::ConditionFalse => "CONDITION_FALSE",
            Self::ForPending => "FOR_PENDING",
            Self::Keep => "KEEP",
            Self::Cooldown => "COOLDOWN",
            Self::Budget => "BUDGET",
            Self::MissingFigure => "MISSING_FIGURE",
            Self::StaleFigure => "STALE_FIGURE",
            Self::NanFigure => "NAN_FIGURE",
            Self::TargetNotReady => "TARGET_NOT_READY",
            Self::LagTooHigh => "LAG_TOO_HIGH",
            Self::Busy => "BUSY",
            Self::Failed => "FAILED",
            Self::Interrupted => "INTERRUPTED",
        }
    }

    /// What it says, for people.
    pub fn says(self) -> &'static str {
        match self {
            Self::Act => "it is done now",
            Self::UnderWay => "it is being done",
            Self::Done => "it was done; the gate is not clear yet",
            Self::DryRun => "it would have been done; the rule is a dry run",
            Self::Asked => "an operator is asked",
            Self::ConditionFalse => "the condition is false",
            Self::ForPending => "the condition is true, and not for long enough",
            Self::Keep => "the condition is not true any more, and the gate is not clear yet",
            Self::Cooldown => "it was done a short while ago",
            Self::Budget => "as many are done at this time as may be",
            Self::MissingFigure => "a figure is missing",
            Self::StaleFigure => "a figure was read too long ago",
            Self::NanFigure => "a figure, or what comes of it, is no number",
            Self::TargetNotReady => "there is no node that takes it",
            Self::LagTooHigh => "too much is not durable at the target yet",
            Self::Busy => "as much is under way as may be",
            Self::Failed => "it was tried and failed",
            Self::Interrupted => "the server ended while it was done",
        }
    }

    /// True when nothing is wrong with the figures that it was decided by.
    pub fn is_sound(self) -> bool {
        !matches!(self, Self::MissingFigure | Self::StaleFigure | Self::NanFigure)
    }
}

/// What was made of a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// The number; none where there is none.
    pub value: Option<f64>,
    /// `fresh`, `missing`, `stale` or `nan`.
    pub state: &'static str,
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conjunct {
    /// As a condition writes it.
    pub text: String,
    /// The figures that it names.
    pub figures: Vec<&'static str>,
    /// Whether it is true; none where that can't be told.
    pub truth: Option<bool>,
}

/// How long something takes yet, in milliseconds; none while it does not run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Timers {
    /// Since when `when` is true.
    pub true_ms: Option<u64>,
    /// Until it is true for long enough.
    pub for_left_ms: Option<u64>,
    /// Until the gate is clear.
    pub keep_left_ms: Option<u64>,
    /// Until it may be done again.
    pub cooldown_left_ms: Option<u64>,
    /// Until it is tried again.
    pub retry_left_ms: Option<u64>,
}

/// One evaluation of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// To act, or why not.
    pub why: Why,
    /// More about it.
    pub detail: Option<String>,
    /// True when it differs from the evaluation before.
    pub changed: bool,
    /// True from when `when` was true for long enough until the gate is clear.
    pub open: bool,
    /// Every figure that the rule names.
    pub figures: Vec<Seen>,
    /// The parts of `when`.
    pub when: Vec<Conjunct>,
    /// The parts of `clear`; none when the rule has none.
    pub clear: Vec<Conjunct>,
    /// What runs.
    pub timers: Timers,
}
