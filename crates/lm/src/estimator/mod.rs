//! `LanguageModel`: a frozen base, and what an identity learns on top of it from every token.
//!
//! An event is a text (`text`), as it stands or as a message of a conversation (`role`: `user`,
//! `assistant` or `system`; `conversation`: any name). It is predicted chunk by chunk, each chunk
//! before it is learned. What the assistant and the system say is context and not learned, unless
//! the event says `learn: true` or the spec `own_words: true`.
//!
//! **Shape** `text`, `role`, `conversation`, and `learn` in; bits per token out, by the mixture of
//! the base, the adapter and what was just said. **Cost** some 10 ms a token on one core for a base
//! of 135 M weights, and a thread of its own (it is heavy); 8 MB of memory beside the shared base,
//! 3 at rest, and 46 kB a token of context. **Errors** a text that is empty or longer than
//! [`EVENT_BYTES`], other features, a role that is none, control tokens in messages.
//!
//! **Source** dynamic evaluation: Krause et al. 2018; LoRA: Hu et al. 2021, with A frozen: Sun et
//! al. 2024; neural cache: Grave et al. 2016; fixed share: Herbster and Warmuth 1998.

use std::any::Any as Concrete;
use std::sync::Arc;

use her_learn::Catalog;
use her_learn::catalog::{Builder, Entry, Kind};
use her_learn::estimator::{AnomalyDetector, Any, Estimator};
use her_learn::features::{Context, Features};
use her_learn::merge::{Merge, Statement};
use her_learn::saved::{self, Loader};
use her_learn::{params, params::read};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adapter::{Adapter, Spec};
use crate::bases::{Bases, Shared};
use crate::error::{Error, Result};
use crate::kernel;
use crate::learner::{Learner, Settings};
use crate::memory::{MEMORIES, Memory};
use crate::mixture::Mixture;

mod embedding;
mod event;
mod sums;

pub use embedding::LanguageEmbedding;
pub use event::{CONVERSATION_BYTES, EVENT_BYTES};

her_learn::params! {
    /// Parameters of [`LanguageModel`].
    pub struct Params {
        /// The name of a base: a model file that was added with `her model add`.
        base: String = String::new(),
        /// BLAKE3 of the base's files; filled in at birth, and compared whenever it is loaded.
        digest: Option<String> = None,
        /// How wide the adapter is, 1 to 64.
        rank: usize = 4,
        /// What the adapter's frozen half is drawn from; peers that are to share must agree on it.
        seed: u64 = 1,
        /// After how many tokens the weights move, 1 to 512.
        chunk: usize = Settings::default().chunk,
        /// How many tokens of context it sees, at least twice the chunk.
        window: usize = Settings::default().window,
        /// How far a weight moves by one update, above 0 and at most 1.
        rate: f64 = 2e-3,
        /// The longest gradient that is taken as it is.
        clip: f64 = 1.0,
        /// Whether it learns from its own words as well. Doing so was seen to collapse it.
        own_words: bool = false,
        /// How many things that were told it remembers word for word, 0 to 65,536; the oldest are
        /// dropped. Each takes at most some 1.2 kB.
        memories: usize = MEMORIES,
    }
}

/// What is kept besides the mixture.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    /// The conversation that is going on.
    conversation: String,
    /// Whether something of it was read.
    begun: bool,
    /// By which products it learned last, as [`kernel::here`] tells them; empty before.
    kernel: String,
}

/// See the module's documentation.
pub struct LanguageModel {
    params: Params,
    shared: Arc<Shared>,
    mixture: Mixture,
    place: Place,
    memory: Arc<Memory>,
}

/// This crate's rows of the catalogue, for one that [`Bases`] were lent to.
pub static ENTRIES: &[Entry] = &[
    Entry {
        name: "LanguageModel",
        module: "language",
        kind: Kind::AnomalyDetector,
        version: 1,
        summary: "A language model that learns from every token it reads",
        merge: Statement::Sums(
            Merge::Deltas,
            "steps of the adapter's learned half, over one frozen half; what was said and what is \
             remembered word for word stay with who heard it",
        ),
        params: Params::DOCS,
        defaults: || params::write(&Params::default()),
        build,
        example: || serde_json::json!({"LanguageModel": {"base": "SmolLM2-135M-Instruct.Q4_1"}}),
    },
    embedding::ENTRY,
];

/// Everything that specs may name, language models of these bases included.
pub fn catalog(bases: impl Into<Arc<Bases>>) -> Catalog {
    Catalog::builtin()
        .with_heavy(ENTRIES)
        .with_arithmetic(ENTRIES.iter().map(|entry| entry.name), kernel::here)
        .lend(bases.into())
}

fn build(params: Value, builder: &Builder<'_>) -> her_learn::Result<Any> {
    let params: Params = read(params)?;
    let bases = Bases::lent(builder)?;
    Ok(Any::AnomalyDetector(Box::new(LanguageModel::new(params, &bases).map_err(told)?)))
}

fn told(e: Error) -> her_learn::Error {
    her_learn::Error::new(e.0)
}

impl LanguageModel {
    /// One that has read nothing.
    ///
    /// # Errors
    /// When there is no such base or it is another one than the digest says, and when a parameter
    /// is out of its range.
    pub fn new(mut params: Params, bases: &Bases) -> Result<Self> {
        let shared = bases.same(&params.base, params.digest.as_deref())?;
        params.digest = Some(shared.digest.clone());
        let Params { rank, seed, chunk, window, rate, clip, memories, .. } = params;
        let settings = Settings { chunk, window, rate: rate as f32, clip: clip as f32 };
        let learner = Learner::new(&shared.model.base, Spec { rank, seed }, settings)?;
        let (mixture, place) = (Mixture::new(learner), Place::default());
        let memory = Arc::new(Memory::new(memories)?);
        Ok(Self { params, shared, mixture, place, memory })
    }

    /// The language model at the root of a model, if it is one.
    pub fn of(root: &Any) -> Option<&Self> {
        root.estimator().as_any()?.downcast_ref()
    }

    /// Its base, with tokens and template.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What it has learned and what that brought.
    pub fn mixture(&self) -> &Mixture {
        &self.mixture
    }

    /// By which products it learned last, as [`kernel::here`] tells them; empty before it learned.
    /// Where that is not what is here, its life would not replay to the same bits.
    pub fn kernel(&self) -> &str {
        &self.place.kernel
    }

    /// What it was told, to be found again when it speaks.
    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// What it has learned, to speak with it: as much of it as it is trusted to predict better than
    /// the base, so that a few words do not turn what the base could say.
    pub fn adapter(&self) -> Arc<Adapter> {
        Arc::new(self.mixture.trusted())
    }

    /// Whether it learns such an event.
    fn learns(&self, said: &event::Said<'_>) -> bool {
        let by_role = matches!(said.role, None | Some("user"));
        said.learn.unwrap_or(by_role || self.params.own_words)
    }

    /// Whether the event begins a conversation.
    fn is_first(&self, said: &event::Said<'_>) -> bool {
        !self.place.begun || said.conversation != self.place.conversation
    }

    /// What an event costs, in bits per token; learns it if it is to be learned.
    fn read(&mut self, said: &event::Said<'_>, learn: bool) -> Result<f64> {
        let first = self.is_first(said);
        let tokens = said.tokens(&self.shared, first)?;
        if first && self.place.begun {
            self.mixture.begin_anew();
        }
        let kernel = if learn { kernel::here() } else { std::mem::take(&mut self.place.kernel) };
        self.place = Place { conversation: said.conversation.to_owned(), begun: true, kernel };
        let cost = self.mixture.read(&self.shared.model.base, &tokens, learn)?;
        if learn {
            let (model, role) = (&self.shared.model, said.role.unwrap_or("user"));
            Arc::make_mut(&mut self.memory).hear(model, role, said.text)?;
        }
        Ok(cost.mixed / cost.scored.max(1) as f64)
    }
}

impl Estimator for LanguageModel {
    fn entry(&self) -> &'static Entry {
        &ENTRIES[0]
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, out: &mut Vec<u8>) {
        saved::put(out, &self.place);
        saved::put_block(out, &self.mixture.save().expect("a mixture is plain data"));
        saved::put_block(out, &self.memory.save());
    }

    fn load(&mut self, from: &mut Loader<'_>) -> her_learn::Result<()> {
        let place = from.get()?;
        self.mixture = Mixture::load(&self.shared.model.base, from.block()?).map_err(told)?;
        self.memory = Arc::new(Memory::load(from.block()?).map_err(told)?);
        self.place = place;
        Ok(())
    }

    fn rest(&mut self) -> bool {
        self.mixture.rest();
        true
    }

    her_learn::additive!();

    fn as_any(&self) -> Option<&dyn Concrete> {
        Some(self)
    }
}

impl AnomalyDetector for LanguageModel {
    fn learn_one(&mut self, x: &Features, cx: &mut Context<'_>) {
        self.score_and_learn_one(x, cx);
    }

    /// Reads it on a copy, and learns nothing.
    fn score_one(&self, x: &Features, cx: &mut Context<'_>) -> f64 {
        let read = event::Said::of(x, cx).and_then(|said| {
            let (params, shared) = (self.params.clone(), Arc::clone(&self.shared));
            let (mixture, place) = (self.mixture.clone(), self.place.clone());
            let memory = Arc::clone(&self.memory);
            Self { params, shared, mixture, place, memory }.read(&said, false)
        });
        read.unwrap_or_else(|e| {
            cx.refuse(told(e));
            f64::NAN
        })
    }

    fn before_learning(&self, x: &Features, cx: &mut Context<'_>) -> Option<f64> {
        let checked = event::Said::of(x, cx)
            .and_then(|said| said.tokens(&self.shared, self.is_first(&said)).map(drop));
        if let Err(e) = checked {
            cx.refuse(told(e));
        }
        None
    }

    fn score_and_learn_one(&mut self, x: &Features, cx: &mut Context<'_>) -> Option<f64> {
        let read = event::Said::of(x, cx).and_then(|said| {
            let learn = self.learns(&said);
            self.read(&said, learn)
        });
        // Whatever could be wrong was found before.
        read.ok()
    }
}
