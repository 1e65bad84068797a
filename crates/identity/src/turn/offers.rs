//! What contributing now would take, and be worth, with each codec: how `auto` chooses.

use her_learn::Model;
use her_learn::merge::Sums;

use super::recent::Recent;
use super::weigh::loss_of;
use super::{Desk, State, invalid};
use crate::error::Result;
use crate::sync::{Codec, Content, Shared};

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
    /// exchange, on events that it learned since: evenly spread over that time, or the newest ones
    /// after it was loaded.
    ///
    /// Costs two predictions of each of these events, 1,024 and a mebibyte at most, and one more
    /// for each codec that takes something off: none where counts are summed.
    pub fn offers(&self, desk: &mut Desk) -> Result<Vec<Offer>> {
        let Some(shared) = self.shared() else { return Ok(Vec::new()) };
        let mut learned = self.unpublished();
        learned.add(&shared.residue);
        learned.trim();
        let mut trial = Trial::of(self, shared, &learned, desk)?;
        let mut kept = |sums: &Sums| match &mut trial {
            Some(_) if *sums == learned => Ok(Some(1.0)),
            Some(trial) => trial.kept(self, shared, sums, desk).map(Some),
            None => Ok(None),
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

    /// The own events since the last exchange by which codecs are judged.
    fn judges(&self) -> &Recent {
        // What is spread is not saved: one that was loaded has the newest ones.
        let loaded = self.spread.seen() < self.weighed.len() as u64;
        if loaded { &self.weighed } else { self.spread.events() }
    }

    /// The events of the newest contribution, where its row holds what they teach.
    pub fn lesson(&self) -> Option<&std::sync::Arc<crate::sync::Lesson>> {
        self.lesson.as_ref()
    }
}

/// A model that stands where an identity stood at its last exchange, to see what sums do for it.
struct Trial {
    model: Model,
    /// What the events since then cost it, in nats or squared errors.
    without: f64,
    /// What all that was learned from them would have saved.
    gain: f64,
}

impl Trial {
    /// None where nothing can be told: without labels there is no loss, or nothing was gained.
    fn of(state: &State, shared: &Shared, learned: &Sums, desk: &mut Desk) -> Result<Option<Self>> {
        if !state.model.task().supervised() || state.judges().len() == 0 {
            return Ok(None);
        }
        let model = invalid(Model::load(&state.model.save(), &state.catalog))?;
        let mut trial = Self { model, without: 0.0, gain: 0.0 };
        trial.without = trial.loss_with(state, shared, &Sums::default(), desk)?;
        trial.gain = trial.without - trial.loss_with(state, shared, learned, desk)?;
        Ok((trial.gain > 0.0).then_some(trial))
    }

    fn loss_with(
        &mut self,
        state: &State,
        shared: &Shared,
        more: &Sums,
        desk: &mut Desk,
    ) -> Result<f64> {
        let mut sums = (*shared.reference).clone();
        sums.add(more);
        invalid(self.model.set_sums(&sums))?;
        Ok(loss_of(state.judges(), &mut self.model, desk))
    }

    /// The share of the gain that these sums keep.
    fn kept(
        &mut self,
        state: &State,
        shared: &Shared,
        sums: &Sums,
        desk: &mut Desk,
    ) -> Result<f64> {
        Ok((self.without - self.loss_with(state, shared, sums, desk)?) / self.gain)
    }
}
