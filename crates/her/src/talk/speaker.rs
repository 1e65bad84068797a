//! An identity's way of speaking, as it was when it was asked.

use std::sync::Arc;

use her_identity::turn::State;
use her_identity::{Error, House, Result};
use her_lm::{Adapter, Cache, LanguageModel, Memory, Message, Shared, Voice};
use serde_json::Value;

use super::kept::{Kept, Weights};
use super::utterance::Utterance;
use super::{How, TOKENS};

/// What speaks: the shared base, and what the identity learned. It holds nobody up.
#[derive(Clone)]
pub struct Speaker {
    shared: Arc<Shared>,
    adapter: Arc<Adapter>,
    memory: Arc<Memory>,
    /// The version that it is of.
    pub version: u64,
    /// The identity learns no more.
    pub frozen: bool,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With a stop, of the model or of the request.
    Stop,
    /// With as many tokens as there may be.
    Length,
    /// Nobody listened any more.
    Gone,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Its words.
    pub text: String,
    /// Tokens that were heard before.
    pub prompt_tokens: usize,
    /// Tokens that were said.
    pub tokens: usize,
    /// Why it ended.
    pub ended: Ended,
}

/// The context has no room for what was said and for an answer.
#[derive(Debug)]
pub struct TooLong;

impl std::fmt::Display for TooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the context is too long")
    }
}

impl std::error::Error for TooLong {}

/// Whether an identity is a language model, by its spec: it need not come into memory for that.
pub fn speaks(house: &House, name: &str) -> Result<bool> {
    let born = house.log(name, 1, 1)?;
    let model = born.first().map_or(&Value::Null, |line| &line["spec"]["model"]);
    Ok(model.get("LanguageModel").is_some())
}

/// What is told of an identity that does not speak.
pub fn mute(name: &str) -> Error {
    Error::not_found(format!(
        "{name} is no language model and does not speak; one that does is made by her new NAME \
         --spec '{{\"model\": {{\"LanguageModel\": {{\"base\": \"…\"}}}}}}'"
    ))
}

pub(super) fn invalid(e: her_lm::Error) -> Error {
    let message = e.to_string();
    Error::invalid(message).because(e)
}

impl Speaker {
    /// How an identity speaks; none when it is no language model.
    pub fn of(state: &State) -> Option<Self> {
        let model = LanguageModel::of(state.model().root())?;
        Some(Self {
            shared: Arc::clone(model.shared()),
            adapter: model.adapter(),
            memory: Arc::clone(model.memory()),
            version: state.version(),
            frozen: state.is_frozen(),
        })
    }

    /// One that has learned nothing.
    #[cfg(test)]
    pub(super) fn newborn(shared: Arc<Shared>) -> Self {
        let spec = her_lm::Spec { rank: 2, seed: 1 };
        let adapter = Adapter::new(&shared.model.base.config, spec).unwrap();
        let memory = Arc::new(Memory::new(0).unwrap());
        Self { shared, adapter: Arc::new(adapter), memory, version: 1, frozen: false }
    }

    /// The base, with tokens and template.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What was learned.
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Tokens of a text.
    pub fn count(&self, text: &str) -> Result<usize> {
        self.shared.model.tokens.encode(text).map(|tokens| tokens.len()).map_err(invalid)
    }

    /// What is heard of a conversation: up to where the identity begins to speak. One message
    /// without a role is a text to go on with.
    pub fn prompt(&self, messages: &[Message]) -> Result<Vec<u32>> {
        let model = &self.shared.model;
        if let [Message { role, content }] = messages
            && role.is_empty()
        {
            return model.tokens.encode(content).map_err(invalid);
        }
        let Some(chat) = &model.chat else {
            return Err(Error::invalid(format!(
                "the base {} has no template for conversations: let it go on with a text instead",
                self.shared.name
            )));
        };
        let text = chat.render(messages, true).map_err(invalid)?;
        model.tokens.encode(&text).map_err(invalid)
    }

    /// The same with what is remembered of other conversations before it, if there is room.
    pub fn reminded(&self, messages: &[Message], how: &How) -> Result<Vec<u32>> {
        let model = &self.shared.model;
        let reminded = self.memory.remind(model, messages).map_err(invalid)?;
        if reminded != messages {
            let prompt = self.prompt(&reminded)?;
            if self.room(prompt.len(), how).is_ok() {
                return Ok(prompt);
            }
        }
        self.prompt(messages)
    }

    /// A voice of its own that goes on after what was read.
    pub(super) fn voice(&self, read: Cache) -> Voice {
        Voice::with(Some(Arc::clone(&self.adapter)), read, None)
    }

    /// What its weights are known by.
    pub(super) fn weights(&self) -> Weights {
        let spec = self.adapter.spec();
        let mut hash = blake3::Hasher::new();
        hash.update(self.shared.digest.as_bytes());
        hash.update(&(spec.rank as u64).to_le_bytes()).update(&spec.seed.to_le_bytes());
        let mut bytes = Vec::with_capacity(4 << 10);
        for some in self.adapter.learned().chunks(1 << 10) {
            bytes.clear();
            bytes.extend(some.iter().flat_map(|x| x.to_le_bytes()));
            hash.update(&bytes);
        }
        *hash.finalize().as_bytes()
    }

    /// Says what comes next, alone on this thread; [`super::batch`] says the same among others.
    /// `tell` is given each piece of text as it is said, and an empty one from time to time; it
    /// says whether anybody listens still.
    pub(super) fn say(
        &self,
        prompt: &[u32],
        how: &How,
        kept: Option<&Arc<Kept>>,
        tell: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Spoken> {
        let base = &self.shared.model.base;
        let mut own = Utterance::new(self, prompt, how, kept)?;
        let mut spoken = Spoken::nothing(prompt.len());
        while own.voice.reads() {
            if !tell("") {
                return Ok(spoken);
            }
            own.read_some()?;
        }
        loop {
            let said = own.voice.say(base, &mut own.sampler, 0);
            if !spoken.goes_on(&own.take(said)?, tell) {
                return Ok(spoken);
            }
        }
    }

    /// How many tokens there may be behind this many.
    ///
    /// # Errors
    /// When there are none to go on with, and [`TooLong`] when there is no room for as many as are
    /// wanted.
    pub fn room(&self, heard: usize, how: &How) -> Result<usize> {
        let context = self.shared.model.base.config.context;
        if heard == 0 {
            return Err(Error::invalid("there are no tokens to go on with: say something"));
        }
        let room = context.saturating_sub(heard);
        let wanted = how.tokens.unwrap_or(1);
        if wanted > room {
            return Err(Error::invalid(format!(
                "the context has {context} tokens; {heard} were said, and {wanted} are to be \
                 answered: leave the oldest messages out, or ask for fewer tokens"
            ))
            .because(TooLong));
        }
        Ok(how.tokens.unwrap_or(TOKENS.min(room)))
    }

    /// A text as numbers of length 1, by the base alone; and how many tokens it has. Texts of
    /// like meaning point the same way.
    pub fn embed(&self, text: &str) -> Result<(Vec<f32>, usize)> {
        let model = &self.shared.model;
        let tokens = model.tokens.encode(text).map_err(invalid)?;
        let context = model.base.config.context;
        if tokens.is_empty() || tokens.len() > context {
            let n = tokens.len();
            return Err(Error::invalid(format!(
                "a text of {n} tokens; the base takes 1 to {context}: cut it into several"
            ))
            .because(TooLong));
        }
        let mut vector = her_lm::embed(model, text).map_err(invalid)?;
        her_lm::unit(&mut vector);
        Ok((vector, tokens.len()))
    }
}

pub(super) fn random() -> Result<u64> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|e| {
        let why = format!("the system gives no random numbers: {e}");
        Error::new(her_identity::ErrorKind::Unavailable, why)
    })?;
    Ok(u64::from_le_bytes(bytes))
}
