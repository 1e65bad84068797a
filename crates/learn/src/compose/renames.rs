//! New names by old ids, remembered while learning.

use serde::{Deserialize, Serialize};

use crate::features::{Context, FeatureId, Features, Slots};

/// The state of transformers that give each feature another name: nothing that is saved, only
/// what saves putting names together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Renames {
    /// One more than the new id; 0 where it is not known.
    #[serde(skip)]
    ids: Slots<FeatureId>,
}

impl Renames {
    /// Remembers the new ids of this event's features. `write` makes a name from an old one.
    pub fn learn(&mut self, x: &Features, cx: &mut Context<'_>, write: impl Fn(&str, &mut String)) {
        self.ids.grow(x.end());
        let texts = x.texts().map(|(id, _)| id);
        for id in x.ids().iter().copied().chain(texts) {
            let new = self.ids.at(id);
            if *new == 0 {
                *new = cx.renamed(id, &write) + 1;
            }
        }
    }

    /// Copies the event under its new names.
    pub fn copy(
        &self,
        x: &Features,
        out: &mut Features,
        cx: &mut Context<'_>,
        write: impl Fn(&str, &mut String),
    ) {
        let ids = self.ids.as_slice();
        let mut new = |id: FeatureId| match ids.get(id as usize) {
            Some(&new) if new > 0 => new - 1,
            _ => cx.renamed(id, &write),
        };
        for (id, v) in x.iter() {
            out.push(new(id), v);
        }
        for (id, text) in x.texts() {
            out.push_text(new(id), text);
        }
        out.sort();
    }

    /// Ids are given to other names. Either side of a pair may be gone, so all are put aside.
    pub fn forget(&mut self) {
        self.ids = Slots::default();
    }
}
