//! What every request to speak may say, whatever it is about.

use her_lm::{Manner, STOP_MAX, STOPS_MAX};
use serde_json::{Value, json};

use super::errors::Refused;
use super::fields::{Fields, kind};
use crate::locks::scope::Scope;
use crate::server::auth::granted;
use crate::talk::{How, TOKENS_MAX};

/// Whom a request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whom {
    pub name: String,
    /// None for the identity as it is now.
    pub version: Option<u64>,
}

/// What a request asks, besides the words.
pub(super) struct Asked {
    pub whom: Whom,
    pub stream: bool,
    /// Whether a stream ends with what it used.
    pub usage: bool,
    /// Whether anything is learned.
    pub learns: Learns,
    pub conversation: String,
    pub how: How,
}

/// Whether a request teaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Learns {
    Yes,
    /// It does not, and why.
    No(&'static str),
}

/// What we can't do, each with values that do not ask for it.
fn cannot() -> [(&'static str, Vec<Value>); 16] {
    let none = Vec::new;
    [
        ("n", vec![json!(1)]),
        ("best_of", vec![json!(1)]),
        ("tools", none()),
        ("tool_choice", vec![json!("none"), json!("auto")]),
        ("functions", none()),
        ("function_call", vec![json!("none"), json!("auto")]),
        ("logprobs", none()),
        ("top_logprobs", vec![json!(0)]),
        ("logit_bias", none()),
        ("response_format", vec![json!({ "type": "text" })]),
        ("modalities", vec![json!(["text"])]),
        ("audio", none()),
        ("prediction", none()),
        ("web_search_options", none()),
        ("suffix", vec![json!("")]),
        ("echo", none()),
    ]
}

impl Whom {
    /// Reads `name` or `name@version`, and asks whether the token reaches so far.
    pub fn read(model: &str) -> Result<Self, Refused> {
        let (name, version) = match model.split_once('@') {
            None => (model, None),
            Some((name, version)) => {
                let number = version.parse().ok().filter(|v| *v > 0);
                let Some(number) = number else {
                    return Err(Refused::param(
                        "model",
                        format!(
                            "{version:?} is no version; write name, or name@version such as {name}@12"
                        ),
                    ));
                };
                (name, Some(number))
            }
        };
        if let Some(granted) = granted() {
            granted.may(name)?;
        }
        Ok(Self { name: name.to_owned(), version })
    }
}

impl std::fmt::Display for Whom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version {
            None => f.write_str(&self.name),
            Some(version) => write!(f, "{}@{version}", self.name),
        }
    }
}

impl Asked {
    pub fn read(fields: &mut Fields) -> Result<Self, Refused> {
        let model = fields.text("model")?;
        let model =
            model.ok_or_else(|| Refused::param("model", "must be the name of an identity"))?;
        let whom = Whom::read(&model)?;
        for (name, neutral) in cannot() {
            fields.cannot(name, &neutral)?;
        }
        let stream = fields.flag("stream")?.unwrap_or(false);
        let usage = match fields.value("stream_options") {
            None => false,
            Some(_) if !stream => {
                return Err(Refused::param("stream_options", "only goes with stream: true"));
            }
            Some(Value::Object(options)) => match options.get("include_usage") {
                None | Some(Value::Null) => false,
                Some(Value::Bool(usage)) => *usage,
                Some(other) => {
                    let got = kind(other);
                    return Err(Refused::param(
                        "stream_options",
                        format!("include_usage must be true or false, got {got}"),
                    ));
                }
            },
            Some(other) => {
                return Err(Refused::param(
                    "stream_options",
                    format!("must be an object, got {}", kind(&other)),
                ));
            }
        };
        let learns = learns(fields.flag("learn")?, &whom)?;
        let conversation = fields.text("conversation")?.unwrap_or_default();
        if conversation.len() > 64 {
            return Err(Refused::param("conversation", "has at most 64 bytes"));
        }
        Ok(Self { whom, stream, usage, learns, conversation, how: how(fields)? })
    }
}

/// Teaching wants more of a token than asking does.
fn learns(wanted: Option<bool>, whom: &Whom) -> Result<Learns, Refused> {
    if wanted == Some(false) {
        return Ok(Learns::No("the request says learn: false"));
    }
    if whom.version.is_some() {
        if wanted == Some(true) {
            return Err(Refused::param(
                "learn",
                format!("{whom} is a past self, which learns no more; ask {}", whom.name),
            ));
        }
        return Ok(Learns::No("a past self learns no more"));
    }
    match granted().map_or(Ok(()), |granted| granted.wants(Scope::Learn)) {
        Ok(()) => Ok(Learns::Yes),
        Err(problem) if wanted == Some(true) => Err(problem.into()),
        Err(_) => Ok(Learns::No("the token may predict, but not learn")),
    }
}

fn how(fields: &mut Fields) -> Result<How, Refused> {
    let most = TOKENS_MAX as u64;
    let old = fields.whole("max_tokens", 1, most)?;
    let tokens = fields.whole("max_completion_tokens", 1, most)?.or(old);
    let manner = manner(fields)?;
    let seed = match fields.value("seed") {
        None => None,
        Some(value) => {
            let bits = value.as_u64().or_else(|| value.as_i64().map(i64::cast_unsigned));
            let got =
                || Refused::param("seed", format!("must be a whole number, got {}", kind(&value)));
            Some(bits.ok_or_else(got)?)
        }
    };
    Ok(How { tokens: tokens.map(|n| n as usize), manner, seed, stops: stops(fields)? })
}

/// How tokens are chosen; beside this protocol's own parameters those of its imitators.
fn manner(fields: &mut Fields) -> Result<Manner, Refused> {
    let mut number =
        |name, low, high, usual| fields.number(name, low, high).map(|given| given.unwrap_or(usual));
    let temperature = number("temperature", 0.0, 2.0, Manner::default().temperature)?;
    let usual = Manner::at(temperature);
    Ok(Manner {
        temperature,
        top_p: number("top_p", f64::MIN_POSITIVE, 1.0, usual.top_p)?,
        min_p: number("min_p", 0.0, 1.0, usual.min_p)?,
        frequency_penalty: number("frequency_penalty", -2.0, 2.0, usual.frequency_penalty)?,
        presence_penalty: number("presence_penalty", -2.0, 2.0, usual.presence_penalty)?,
        repetition_penalty: number("repetition_penalty", 1.0, 2.0, usual.repetition_penalty)?,
        top_k: fields.whole("top_k", 0, 1_000_000)?.map_or(usual.top_k, |k| k as usize),
        seed: usual.seed,
    })
}

fn stops(fields: &mut Fields) -> Result<Vec<String>, Refused> {
    let wrong = || {
        let why =
            format!("must be a text or at most {STOPS_MAX} texts, each of 1 to {STOP_MAX} bytes");
        Refused::param("stop", why)
    };
    let texts = match fields.value("stop") {
        None => Vec::new(),
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => {
            let text = |value| match value {
                Value::String(text) => Ok(text),
                _ => Err(wrong()),
            };
            list.into_iter().map(text).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(wrong()),
    };
    let fits = |text: &String| (1..=STOP_MAX).contains(&text.len());
    if texts.len() > STOPS_MAX || !texts.iter().all(fits) {
        return Err(wrong());
    }
    Ok(texts)
}
