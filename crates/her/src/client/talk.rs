//! Talking through either door: the answer comes as it is spoken.

use std::io::BufRead as _;

use her_identity::{Error, ErrorKind, Result};
use serde_json::{Value, json};

use super::local::Local;
use super::remote::{self, Remote};
use crate::talk::speaker::{Ended, Speaker, TooLong, mute};
use crate::talk::turn::{self, Told, Turn};

/// Who is given the words of an answer as they come; it says whether anybody listens still.
pub type Tell<'a> = &'a mut dyn FnMut(&str) -> bool;

/// What verbs may ask about talking.
pub trait TalkDoor {
    /// Learns what is new of a conversation and answers it; a past self learns nothing. What was
    /// said and learned: `text`, `ended`, `prompt_tokens`, `tokens`, and the members of `her` in an
    /// answer of `POST /openai/v1/chat/completions`.
    fn talk(
        &self,
        name: &str,
        version: Option<u64>,
        turn: &Turn<'_>,
        tell: Tell<'_>,
    ) -> Result<Value>;
}

impl TalkDoor for Local {
    fn talk(
        &self,
        name: &str,
        version: Option<u64>,
        turn: &Turn<'_>,
        tell: Tell<'_>,
    ) -> Result<Value> {
        let house = self.house();
        let told = match version {
            None => turn::told(house, name, turn, self.host(), tell)?,
            Some(version) => {
                let past = Speaker::of(&house.at(name, version)?).ok_or_else(|| mute(name))?;
                turn::answer(&past, turn, self.host(), house.clock(), tell)?
            }
        };
        Ok(said(&told))
    }
}

fn said(told: &Told) -> Value {
    let (learned, spoken) = (&told.learned, &told.spoken);
    let per_token = (learned.tokens > 0).then(|| learned.bits / learned.tokens as f64);
    let mut said = json!({
        "text": spoken.text,
        "ended": match spoken.ended {
            Ended::Stop => "stop",
            Ended::Length => "length",
            Ended::Gone => "interrupted",
        },
        "prompt_tokens": spoken.prompt_tokens,
        "tokens": spoken.tokens,
        "version": told.version,
        "learned_tokens": learned.tokens,
        "bits_per_token": per_token,
        "seconds": told.seconds.to_json(),
    });
    if told.frozen {
        said["learned_nothing"] = "it is frozen, and learns no more".into();
    }
    said
}

impl TalkDoor for Remote {
    fn talk(
        &self,
        name: &str,
        version: Option<u64>,
        turn: &Turn<'_>,
        tell: Tell<'_>,
    ) -> Result<Value> {
        let lines = self.stream("/openai/v1/chat/completions", &asked(name, version, turn))?;
        let mut said = json!({ "text": "", "ended": "interrupted" });
        let mut text = String::new();
        for line in lines.lines() {
            let line = line.map_err(|e| broken(&e.to_string()))?;
            let Some(data) = line.strip_prefix("data: ") else { continue };
            if data == "[DONE]" {
                said["text"] = text.into();
                return Ok(said);
            }
            let chunk = remote::parse(data)?;
            if let Some(why) = chunk["error"]["message"].as_str() {
                return Err(Error::new(ErrorKind::Unavailable, why));
            }
            let choice = &chunk["choices"][0];
            if let Some(words) = choice["delta"]["content"].as_str() {
                text += words;
                if !tell(words) {
                    // The server stops when the connection closes.
                    said["text"] = text.into();
                    return Ok(said);
                }
            }
            if let Some(ended) = choice["finish_reason"].as_str() {
                said["ended"] = ended.into();
            }
            for (key, value) in chunk["her"].as_object().into_iter().flatten() {
                said[key] = value.clone();
            }
            if chunk["usage"].is_object() {
                said["prompt_tokens"] = chunk["usage"]["prompt_tokens"].clone();
                said["tokens"] = chunk["usage"]["completion_tokens"].clone();
            }
        }
        Err(broken("it ended before its end"))
    }
}

fn broken(why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the answer broke off: {why}"))
}

fn asked(name: &str, version: Option<u64>, turn: &Turn<'_>) -> Value {
    let how = turn.how;
    let mut body = json!({
        "model": version.map_or_else(|| name.to_owned(), |v| format!("{name}@{v}")),
        "messages": turn.messages,
        "conversation": turn.conversation,
        "stream": true,
        "stream_options": { "include_usage": true },
        "temperature": how.manner.temperature,
        "top_p": how.manner.top_p,
        "max_tokens": how.tokens,
        "seed": how.seed,
        "stop": how.stops,
    });
    // Unless it is said not to, a token that may not learn only asks.
    if !turn.learns {
        body["learn"] = false.into();
    }
    body
}

/// A refusal of this protocol, as an error.
pub(super) fn refusal(status: u16, body: &str) -> Option<Error> {
    let value: Value = serde_json::from_str(body).ok()?;
    let error = &value["error"];
    let (message, code) = (error["message"].as_str()?, error["code"].as_str()?);
    let kind = super::kind::parse(code).unwrap_or_else(|| super::kind::of_status(status));
    let told = Error::new(kind, message);
    Some(match code {
        "context_length_exceeded" => told.because(TooLong),
        _ if matches!(status, 401 | 403) => told.because(super::kind::Cause::Refused),
        _ => told,
    })
}
