//! How what several peers learned becomes one model: the additive form of a model's knowledge.
//!
//! A model that can be merged shows what it learned as [`Sums`]: named numbers that add up. A count
//! of a naive Bayes model is one, a moment of a scaler, a weight of a linear model. Each peer
//! publishes only the part of these sums that its own events made, its *contribution*; a reader
//! puts the sum of all contributions into its model with
//! [`Model::set_sums`](crate::Model::set_sums).
//!
//! The numbers are integers on a grid ([`Fixed`]), since additions of floats depend on their order:
//! the same contributions give the same bits, whatever came first. Cells are named by features and
//! classes, never by ids, which differ between peers.
//!
//! **Source** Almeida, P.S., Shoker, A. and Baquero, C., 2018. Delta state replicated data types.
//! Agarwal, P.K. et al., 2013. Mergeable summaries.

use serde::Serialize;

mod cells;
pub mod fixed;
pub(crate) mod parts;
mod sums;

pub(crate) use cells::Ids;
pub use cells::{Gather, Spread, Tensor};
pub use fixed::Fixed;
pub use sums::{Key, Sums};

use crate::error::Result;

/// How an estimator is merged, the most exact first. The merge of a whole is the least exact one
/// of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Merge {
    /// It learns nothing: there is nothing to merge.
    Stateless,
    /// Sums: the merged model is the one that saw all events, up to the rounding of floats.
    Exact,
    /// Sums of terms that depend a little on what the peer knew when it made them.
    Approximate,
    /// Sums of the steps that peers made, each from where it stood: near one learner where they
    /// exchange often, too far where they seldom do and their steps are large. It is not
    /// what one learner would have become.
    Deltas,
    /// No sums: it can't be exchanged as vectors; its peers need the events.
    Member,
}

impl Merge {
    /// What people are told.
    pub fn text(self) -> &'static str {
        match self {
            Self::Stateless => "nothing to merge: it learns nothing",
            Self::Exact => "exact sums: equal to one learner that saw all events, up to rounding",
            Self::Approximate => {
                "sums that depend a little on what each peer knew: close to one learner"
            }
            Self::Deltas => "sums of steps: near one learner if exchanged often, too far if seldom",
            Self::Member => "no sums: it can't be exchanged as vectors",
        }
    }

    /// True when models are merged by adding [`Sums`].
    pub fn is_additive(self) -> bool {
        self < Self::Member
    }
}

/// What an entry of the catalogue says of its merge. Every entry says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// It learns nothing.
    Stateless,
    /// Sums: how exact with the default parameters, and what is added.
    Sums(Merge, &'static str),
    /// As its parts are merged, the least exact of them: which parts.
    Parts(&'static str),
    /// What it learned is kept by each peer for itself, and what stands beside it is merged all the
    /// same: why that does no harm.
    Local(&'static str),
    /// No sums: why.
    Member(&'static str),
}

impl Statement {
    /// In a word, as `her models` shows it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stateless => "stateless",
            Self::Sums(Merge::Exact, _) => "exact",
            Self::Sums(Merge::Deltas, _) => "deltas",
            Self::Sums(..) => "approximate",
            Self::Parts(_) => "parts",
            Self::Local(_) => "local",
            Self::Member(_) => "member",
        }
    }

    /// What is added, or why nothing is.
    pub fn why(self) -> &'static str {
        match self {
            Self::Stateless => "it learns nothing",
            Self::Sums(_, why) | Self::Parts(why) | Self::Local(why) | Self::Member(why) => why,
        }
    }
}

/// The methods of an [`Estimator`](crate::estimator::Estimator) that is [`Additive`].
#[macro_export]
macro_rules! additive {
    () => {
        fn additive(&self) -> Option<&dyn $crate::merge::Additive> {
            Some(self)
        }

        fn additive_mut(&mut self) -> Option<&mut dyn $crate::merge::Additive> {
            Some(self)
        }
    };
}

/// Whether a tensor holds sums of steps: what models whose merge is [`Merge::Deltas`] call them.
/// What stands beside them is counts and moments.
pub fn is_step(tensor: &str) -> bool {
    matches!(tensor.rsplit('/').next(), Some("weights" | "intercept"))
}

/// How much more a model's [`probe`](Additive::probe) may cost with a peer's sums, in its own unit.
pub const HARM: f64 = 0.05;

/// What an estimator that can be merged shows and takes.
pub trait Additive {
    /// How exact the merge is, with the parameters as they are.
    fn merge(&self) -> Merge;

    /// Writes what was learned as cells that add up. A model that learned nothing writes zeros or
    /// nothing.
    fn sums(&self, out: &mut Gather<'_>);

    /// Refuses cells that there is no room for.
    ///
    /// # Errors
    /// When there are more than the estimator has room for.
    fn room(&self, _from: &Spread<'_>) -> Result<()> {
        Ok(())
    }

    /// What it costs it now to predict what it could predict before it learned anything, of models
    /// that have something to look at. A peer whose sums add more than [`HARM`] to it is not read.
    fn probe(&self) -> Option<f64> {
        None
    }

    /// Becomes what these cells say. Cells that are not there are 0; what is not part of the sums,
    /// such as an optimizer's momentum, stays.
    fn set_sums(&mut self, from: &Spread<'_>);
}
