//! One turn of a conversation: what is new is learned, then the identity answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use her_identity::clock::Clock;
use her_identity::event::{Event, Request, What};
use her_identity::identity::Identity;
use her_identity::turn::Answer;
use her_identity::{Error, House, Result};
use her_learn::{Row, Target};
use her_lm::{EVENT_BYTES, Message};
use serde_json::{Value, json};

use super::How;
use super::batch::Batches;
use super::history::{History, New, Sort};
use super::kept::Kept;
use super::speaker::{Speaker, Spoken, mute};

/// Answers whose words are still known here, and bytes of one of them.
const GIVEN: usize = 256;
const GIVEN_BYTES: usize = 16 << 10;

/// Events that are handed in together.
const AT_ONCE: usize = 64;

/// What is said, and how it shall be answered.
pub struct Turn<'a> {
    /// The whole conversation. One message without a role is a text to go on with.
    pub messages: &'a [Message],
    /// Conversations of different names have nothing in common.
    pub conversation: &'a str,
    /// Whether what is new is learned.
    pub learns: bool,
    /// How the answer is spoken.
    pub how: &'a How,
}

/// What was learned of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Learned {
    /// Tokens that were predicted and learned.
    pub tokens: u64,
    /// What they cost all together, in bits, before they were learned.
    pub bits: f64,
    /// Events that were taken.
    pub events: u64,
}

/// How long the parts of a turn took, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Seconds {
    /// Learning what was new.
    pub learning: f64,
    /// From the last word that was learned to the first that was answered.
    pub hearing: f64,
    /// From the first word of the answer to its last.
    pub speaking: f64,
}

impl Seconds {
    /// The parts for people and programs.
    pub fn to_json(&self) -> Value {
        json!({ "learning": self.learning, "hearing": self.hearing, "speaking": self.speaking })
    }
}

/// What came of a turn.
#[derive(Debug, Clone)]
pub struct Told {
    /// The version that spoke.
    pub version: u64,
    /// The identity learns no more.
    pub frozen: bool,
    /// What was learned before.
    pub learned: Learned,
    /// What was answered.
    pub spoken: Spoken,
    /// How long it took.
    pub seconds: Seconds,
}

/// What the turns of one house have in common.
#[derive(Default)]
pub struct Host {
    given: Given,
    /// Who is spoken to among others; none where one person talks alone.
    batches: Option<Batches>,
    kept: Arc<Kept>,
}

impl Host {
    /// A host of many: who speaks at once shares passes of a base.
    pub fn of_many() -> Self {
        Self { batches: Some(Batches::default()), ..Self::default() }
    }
}

/// The newest answers, by who gave them and to what: one that comes back cut off is known by it.
#[derive(Default)]
struct Given(Mutex<VecDeque<Gave>>);

/// Who answered, to which message, and what.
struct Gave {
    name: Box<str>,
    key: Box<str>,
    text: Box<str>,
}

impl Given {
    fn all(&self) -> MutexGuard<'_, VecDeque<Gave>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, name: &str, key: &str, text: &str) {
        let mut all = self.all();
        if all.len() >= GIVEN {
            all.pop_front();
        }
        let end = text.floor_char_boundary(GIVEN_BYTES);
        all.push_back(Gave { name: name.into(), key: key.into(), text: text[..end].into() });
    }

    /// True when a text is the beginning of an answer that `name` gave to the message of a key.
    fn begins(&self, name: &str, key: &str, text: &str) -> bool {
        let text = text.trim();
        let is = |gave: &Gave| {
            *gave.name == *name && *gave.key == *key && gave.text.trim().starts_with(text)
        };
        !text.is_empty() && self.all().iter().any(is)
    }
}

/// Learns what is new of a conversation, then answers. `tell` is given each piece of the answer as
/// it is said, and says whether anybody listens still.
pub fn told(
    house: &House,
    name: &str,
    turn: &Turn<'_>,
    host: &Host,
    tell: &mut dyn FnMut(&str) -> bool,
) -> Result<Told> {
    let speaker = speaker(house, name)?;
    // What can't be answered is not learned either.
    speaker.room(speaker.prompt(turn.messages)?.len(), turn.how)?;
    let (clock, given) = (house.clock(), &host.given);
    if !turn.learns || speaker.frozen {
        return answer(&speaker, turn, host, clock, tell);
    }
    let begun = clock.monotonic_ns();
    let history = History::new(turn.conversation, turn.messages);
    let requests = history.requests();
    let done = house.look(name, move |identity: &Identity| {
        let clients = identity.state().clients();
        let done = |r| clients.is_done(r).is_ok_and(|done| done);
        requests.iter().map(done).collect::<Vec<bool>>()
    })?;
    let new = history.new_to(&done, |key, text| given.begins(name, key, text));
    let mut words = Vec::new();
    for new in &new {
        words.extend(pieces(&turn.messages[new.at], new));
    }
    let conversation = history.name();
    let learned = learn(house, name, &speaker, &conversation, &words)?;
    let learning = seconds(begun, clock.monotonic_ns());
    let speaker = self::speaker(house, name)?;
    let told = answer(&speaker, turn, host, clock, tell)?;
    let told = Told { learned, seconds: Seconds { learning, ..told.seconds }, ..told };
    let text = &told.spoken.text;
    if !text.trim().is_empty() && turn.messages.iter().all(|m| !m.role.is_empty()) {
        let request = history.answer(text);
        given.add(name, &request.client, text);
        let own = Piece { role: "assistant", text, learn: false, request };
        learn(house, name, &speaker, &conversation, &[own])?;
    }
    Ok(told)
}

/// Answers, and learns nothing.
pub fn answer(
    speaker: &Speaker,
    turn: &Turn<'_>,
    host: &Host,
    clock: &dyn Clock,
    tell: &mut dyn FnMut(&str) -> bool,
) -> Result<Told> {
    let prompt = speaker.reminded(turn.messages, turn.how)?;
    let begun = clock.monotonic_ns();
    let mut first = None;
    let mut tell = |text: &str| {
        if !text.is_empty() {
            first.get_or_insert_with(|| clock.monotonic_ns());
        }
        tell(text)
    };
    // Where something was learned in between, other weights read it.
    let kept = (!turn.learns || speaker.frozen).then_some(&host.kept);
    let spoken = match &host.batches {
        Some(batches) => batches.say(speaker, &prompt, turn.how, kept, &mut tell)?,
        None => speaker.say(&prompt, turn.how, kept, &mut tell)?,
    };
    let ended = clock.monotonic_ns();
    let first = first.unwrap_or(ended);
    let (hearing, speaking) = (seconds(begun, first), seconds(first, ended));
    Ok(Told {
        version: speaker.version,
        frozen: speaker.frozen,
        learned: Learned::default(),
        spoken,
        seconds: Seconds { learning: 0.0, hearing, speaking },
    })
}

fn seconds(from_ns: u64, to_ns: u64) -> f64 {
    to_ns.saturating_sub(from_ns) as f64 / 1e9
}

/// An identity as it speaks now.
pub fn speaker(house: &House, name: &str) -> Result<Speaker> {
    house.look(name, |identity| Speaker::of(identity.state()))?.ok_or_else(|| mute(name))
}

/// What one event tells.
struct Piece<'a> {
    role: &'a str,
    text: &'a str,
    learn: bool,
    request: Request,
}

/// A message as one event, or as several where it is long. The last one has the message's own
/// number, so that what was broken off goes on where it was.
fn pieces<'a>(message: &'a Message, new: &New) -> Vec<Piece<'a>> {
    let mut texts = Vec::new();
    let mut rest = &*message.content;
    while rest.len() > EVENT_BYTES {
        let most = rest.floor_char_boundary(EVENT_BYTES);
        let space = rest[..most].rfind(char::is_whitespace).filter(|at| *at > 0);
        let (text, after) = rest.split_at(space.unwrap_or(most));
        texts.push(text);
        rest = after;
    }
    texts.push(rest);
    let last = texts.len() - 1;
    let one = |(i, text): (usize, &'a str)| {
        let mut request = new.request.clone();
        if i < last {
            request.client = format!("{}/{i}", request.client).into();
        }
        Piece { role: &message.role, text, learn: new.sort != Sort::Answer, request }
    };
    texts.into_iter().enumerate().filter(|(_, text)| !text.trim().is_empty()).map(one).collect()
}

/// Hands events in; durable when this returns.
fn learn(
    house: &House,
    name: &str,
    speaker: &Speaker,
    conversation: &str,
    pieces: &[Piece<'_>],
) -> Result<Learned> {
    let mut learned = Learned::default();
    for some in pieces.chunks(AT_ONCE) {
        let event = |piece: &Piece<'_>| event(house, conversation, piece);
        let events = some.iter().map(event).collect::<Result<Vec<_>>>()?;
        let replies = house.submit_wait(name, events)?;
        for (piece, reply) in some.iter().zip(replies) {
            let reply = reply?;
            learned.events += u64::from(!reply.duplicate);
            if let Some(Answer::Value(bits)) = reply.answer.filter(|_| piece.learn) {
                let tokens = speaker.count(piece.text)?;
                learned.tokens += tokens as u64;
                learned.bits += bits * tokens as f64;
            }
        }
    }
    Ok(learned)
}

fn event(house: &House, conversation: &str, piece: &Piece<'_>) -> Result<Event> {
    let mut x = json!({ "text": piece.text, "conversation": conversation, "learn": piece.learn });
    if !piece.role.is_empty() {
        x["role"] = piece.role.into();
    }
    let row = Row::from_json(&x).map_err(|e| Error::invalid(e.to_string()))?;
    let what = What::Learn { row, target: Target::None, weight: 1.0 };
    let event = Event { request: Some(piece.request.clone()), ..house.event(what) };
    event.check()?;
    Ok(event)
}
