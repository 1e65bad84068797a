//! What contributing now would take, and be worth, with each codec: how `auto` chooses.

use her_learn::Model;
use her_learn::merge::Sums;

use super::{Desk, State, invalid};
use crate::error::Result;
use crate::sync::{Codec, Content};

/// A contribution as one codec would have it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Which codec.
    pub codec: Codec,
    /// What would be told of it.
    pub content: Content,
    /// The share that it keeps of what these events were worth; none where that can't be told:
    /// they are not kept, or nothing was learned from them.
    pub gain_kept: Option<f64>,
}

impl State {
    /// What contributing now would be with each codec, for a peer that has this identity's newest
    /// row. The worth is what it saves a model that stands where this one stood at its last
    /// exchange, on the events that it learned since.
    ///
    /// Costs two predictions of each of these events, at most
    /// [`LESSON_EVENTS`](crate::sync::limits::LESSON_EVENTS), and one more for each codec that
    /// takes something off: none where counts are summed.
    pub fn offers(&self, desk: &mut Desk) -> Result<Vec<Offer>> {
        let Some(shared) = self.shared() else { return Ok(Vec::new()) };
        let mut learned = self.unpublished();
        learned.add(&shared.residue);
        learned.trim();
        let mut trial = invalid(Model::load(&self.model.save(), &self.catalog))?;
        let mut loss_with = |more: &Sums| -> Result<f64> {
            let mut sums = (*shared.reference).clone();
            sums.add(more);
            invalid(trial.set_sums(&sums))?;
            Ok(self.loss_of(&mut trial, desk))
        };
        let without = loss_with(&Sums::default())?;
        let gain = without - loss_with(&learned)?;
        let measured = self.model.task().supervised() && self.weighed.len() > 0 && gain > 0.0;
        let mut kept = |sums: &Sums| -> Result<Option<f64>> {
            Ok(match measured {
                true if *sums == learned => Some(1.0),
                true => Some((without - loss_with(sums)?) / gain),
                false => None,
            })
        };
        let mut offers = Vec::new();
        for codec in Codec::ROUNDING {
            let rounded = codec.round(&learned, self.model.merge());
            let gain_kept = kept(&rounded)?;
            offers.push(Offer { codec, content: Content::Sums(rounded), gain_kept });
        }
        if let Some(me) = shared.me()
            && let Some((sums, lesson)) = self.lesson_of(shared, me, self.uncontributed_events())?
        {
            let (codec, content) = (Codec::Events, Content::Events(lesson.events));
            offers.push(Offer { codec, content, gain_kept: kept(&sums)? });
        }
        Ok(offers)
    }

    /// The events of the newest contribution, where its row holds what they teach.
    pub fn lesson(&self) -> Option<&std::sync::Arc<crate::sync::Lesson>> {
        self.lesson.as_ref()
    }
}
