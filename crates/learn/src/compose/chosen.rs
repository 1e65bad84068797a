//! Which features were chosen, by id, remembered while learning.

use serde::{Deserialize, Serialize};

use crate::features::{Context, FeatureId, Features, Slots};

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Choice {
    #[default]
    Unknown,
    Kept,
    Dropped,
}

/// The state of `Select` and `Discard`: nothing that is saved, only what saves looking up names.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Chosen {
    #[serde(skip)]
    choices: Slots<Choice>,
}

impl Chosen {
    /// Remembers whether this event's features are kept.
    pub fn learn(&mut self, x: &Features, cx: &Context<'_>, keeps: impl Fn(&str) -> bool) {
        self.choices.grow(x.end());
        let texts = x.texts().map(|(id, _)| id);
        for id in x.ids().iter().copied().chain(texts) {
            let choice = self.choices.at(id);
            if *choice == Choice::Unknown {
                let kept = keeps(cx.names.name(id));
                *choice = if kept { Choice::Kept } else { Choice::Dropped };
            }
        }
    }

    /// Copies the features that are kept.
    pub fn copy(
        &self,
        x: &Features,
        out: &mut Features,
        cx: &Context<'_>,
        keeps: impl Fn(&str) -> bool,
    ) {
        let choices = self.choices.as_slice();
        let kept = |id: FeatureId| match choices.get(id as usize) {
            Some(Choice::Kept) => true,
            Some(Choice::Dropped) => false,
            Some(Choice::Unknown) | None => keeps(cx.names.name(id)),
        };
        for (id, v) in x.iter() {
            if kept(id) {
                out.push(id, v);
            }
        }
        for (id, text) in x.texts() {
            if kept(id) {
                out.push_text(id, text);
            }
        }
    }

    /// Ids are given to other names.
    pub fn forget(&mut self, gone: &[FeatureId]) {
        self.choices.forget(gone);
    }
}
