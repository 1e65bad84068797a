//! Everything that can happen to an identity, and its bytes.
//!
//! An event names its features, so a journal can be read without the model that wrote it. Events
//! of one frame share a table of shapes; a frame is complete in itself.

use her_learn::{Row, Target};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::journal::IdentityId;
use crate::sync::{Exchange, Piece};

mod codec;

pub use codec::{Batch, decode};

/// Bounds on what an event may carry, besides those of [`her_learn::row::limits`].
pub mod limits {
    /// Bytes of a key under which a prediction waits for its label.
    pub const KEY_BYTES: usize = 128;
    /// Bytes of a client's name.
    pub const CLIENT_BYTES: usize = 64;
    /// Events in one frame.
    pub const FRAME_EVENTS: usize = 256;
    /// Bytes of a model that an identity begins as: its birth has to fit into a frame.
    pub const STATE_BYTES: usize = 256 * 1024;
    /// Learned events that an identity may keep for a second pass.
    pub const REHEARSE_EVENTS: u32 = 256;
}

/// A request number of a client, by which a retry is told from a new request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The client's name, of its own choosing.
    pub client: Box<str>,
    /// The number, rising by any step.
    pub n: u64,
}

/// One packet for an identity.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When it came through the door, in milliseconds since 1970.
    pub at_ms: u64,
    /// Who asked, if it may be asked again.
    pub request: Option<Request>,
    /// What happened.
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The identity came to be.
    Born(Box<Birth>),
    /// This identity goes on from a version of another one.
    Branched {
        /// The other identity.
        parent: IdentityId,
        /// The version it goes on from.
        version: u64,
    },
    /// An event with its label, if the model learns from labels: predict, then learn.
    Learn {
        /// The features.
        row: Row,
        /// The label.
        target: Target,
        /// How much it counts; 1 unless said.
        weight: f64,
    },
    /// A prediction whose label may come later.
    Remember {
        /// The key by which the label will name it.
        key: Box<str>,
        /// The features.
        row: Row,
    },
    /// A late label.
    Label {
        /// The key of the prediction.
        key: Box<str>,
        /// The label.
        target: Target,
    },
    /// The identity learns no more.
    Freeze,
    /// Events that were learned lately are learned a second time: those of these versions that
    /// are learned events, which the state still has.
    Rehearse {
        /// The version of the first.
        from: u64,
        /// The version of the last.
        to: u64,
    },
    /// The model takes the form in which it needs least room, as nobody is expected to come soon.
    Rest,
    /// What was learned becomes a contribution, and what peers contributed is taken in.
    Sync(Box<Exchange>),
    /// A piece of such an exchange that is longer than a frame; the last one makes it happen.
    Piece(Piece),
}

/// What an identity is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Birth {
    /// The model's spec, as given.
    pub model: Value,
    /// The model that it begins as, when that has learned before: the bytes of
    /// [`her_learn::Model::save`] in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Box<str>>,
    /// Everything else that may be chosen.
    #[serde(flatten)]
    pub options: Options,
}

/// What may be chosen at birth besides the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Feature names that are kept; the eighth seen longest ago is forgotten when they are more.
    pub names_max: u32,
    /// Predictions that wait for their label at one time; the oldest is dropped.
    pub late_labels_max: u32,
    /// Seconds that a prediction waits for its label.
    pub late_label_ttl_s: u64,
    /// Clients whose request numbers are remembered.
    pub clients_max: u32,
    /// The number of learned events after which the shadow is frozen; 0 for no shadow.
    pub shadow_after: u64,
    /// Events between two snapshots.
    pub snapshot_every: u64,
    /// Under which licence the identity may be used, for its card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<Box<str>>,
    /// What the identity is for, for its card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<Box<str>>,
    /// The text feature that what a person says becomes.
    #[serde(skip_serializing_if = "is_text")]
    pub say_as: Box<str>,
    /// The newest learned events that are learned a second time while a person thinks; 0 for no
    /// second pass.
    #[serde(skip_serializing_if = "is_none")]
    pub rehearse: u32,
}

/// Defaults are left out, so that births written before the option was there keep their bytes.
fn is_text(name: &str) -> bool {
    name == SAY_AS
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none(events: &u32) -> bool {
    *events == 0
}

/// See [`Options::say_as`].
const SAY_AS: &str = "text";

impl Default for Options {
    fn default() -> Self {
        Self {
            names_max: her_learn::features::Vocabulary::CAP_DEFAULT,
            late_labels_max: 10_000,
            late_label_ttl_s: 7 * 24 * 3600,
            clients_max: 16_384,
            shadow_after: 256,
            snapshot_every: 100_000,
            licence: None,
            about: None,
            say_as: SAY_AS.into(),
            rehearse: 0,
        }
    }
}

impl Birth {
    /// What a spec file or a request says: a model's spec alone, or an object with `model` (or
    /// `pipeline`), options, and the `state` of a model that has learned.
    ///
    /// ```
    /// use her_identity::event::Birth;
    /// let spec = serde_json::json!({"model": ["StandardScaler", "LogisticRegression"],
    ///                               "shadow_after": 1000});
    /// assert_eq!(Birth::from_json(&spec).unwrap().options.shadow_after, 1000);
    /// assert!(Birth::from_json(&serde_json::json!("LogisticRegression")).is_ok());
    /// ```
    pub fn from_json(spec: &Value) -> Result<Self> {
        let Some(map) = spec.as_object() else {
            return Ok(Self::of(spec));
        };
        let Some(key) = ["model", "pipeline"].into_iter().find(|k| map.contains_key(*k)) else {
            return Ok(Self::of(spec));
        };
        let mut rest = map.clone();
        let model = rest.remove(key).unwrap_or_default();
        let state = match rest.remove("state") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.into_boxed_str()),
            Some(other) => {
                return Err(Error::invalid(format!(
                    "spec: state must be the bytes of a model in base64, got {other}"
                )));
            }
        };
        let options: Options = serde_json::from_value(rest.into())
            .map_err(|e| Error::invalid(format!("spec: {}", e.to_string().replace('`', "'"))))?;
        options.check()?;
        Ok(Self { model, state, options })
    }

    /// A model that begins with nothing learned.
    fn of(model: &Value) -> Self {
        Self { model: model.clone(), state: None, options: Options::default() }
    }

    /// The birth for people: a state as its size.
    fn to_json(&self) -> Value {
        let mut shown = serde_json::json!(Self { state: None, ..self.clone() });
        if let Some(state) = &self.state {
            shown["state"] = format!("{} bytes in base64", state.len()).into();
        }
        shown
    }
}

impl Options {
    fn check(&self) -> Result<()> {
        let rules = [
            ("names_max", u64::from(self.names_max), 8, 1 << 26),
            ("late_labels_max", u64::from(self.late_labels_max), 0, 10_000_000),
            ("late_label_ttl_s", self.late_label_ttl_s, 1, 10 * 366 * 24 * 3600),
            ("clients_max", u64::from(self.clients_max), 1, 1_000_000),
            ("snapshot_every", self.snapshot_every, 1_000, u64::MAX),
            ("rehearse", u64::from(self.rehearse), 0, u64::from(limits::REHEARSE_EVENTS)),
        ];
        check_name("spec's say_as", &self.say_as, her_learn::row::limits::NAME_BYTES)?;
        for (name, value, low, high) in rules {
            if value < low || value > high {
                return Err(Error::invalid(format!(
                    "spec: {name} must lie between {low} and {high}, got {value}"
                )));
            }
        }
        let texts = [("licence", &self.licence, 256), ("about", &self.about, 4_096)];
        for (name, text, max) in texts {
            if let Some(text) = text.as_ref().filter(|text| text.len() > max) {
                return Err(Error::invalid(format!(
                    "spec: {name} has {} bytes, at most {max} are allowed",
                    text.len()
                )));
            }
        }
        Ok(())
    }
}

impl Event {
    /// Checks the bounds of what the door cannot see in the row itself.
    pub fn check(&self) -> Result<()> {
        if let Some(request) = &self.request {
            check_name("client", &request.client, limits::CLIENT_BYTES)?;
        }
        match &self.what {
            What::Learn { weight, .. } if !(weight.is_finite() && *weight >= 0.0) => {
                Err(Error::invalid(format!(
                    "the weight is {weight}, it must be a finite number of 0 or more"
                )))
            }
            What::Remember { key, .. } | What::Label { key, .. } => {
                check_name("id", key, limits::KEY_BYTES)
            }
            _ => Ok(()),
        }
    }

    /// The event as people and programs read it in a log.
    pub fn to_json(&self) -> Value {
        let mut map = match &self.what {
            What::Born(birth) => serde_json::json!({ "event": "born", "spec": birth.to_json() }),
            What::Branched { parent, version } => serde_json::json!({
                "event": "branched", "parent": parent.to_string(), "parent_version": version,
            }),
            What::Learn { row, target, weight } => {
                let mut v = serde_json::json!({ "event": "learn", "x": row.to_json() });
                if *target != Target::None {
                    v["y"] = target.to_json();
                }
                if *weight != 1.0 {
                    v["w"] = (*weight).into();
                }
                v
            }
            What::Remember { key, row } => {
                serde_json::json!({ "event": "predict", "id": key, "x": row.to_json() })
            }
            What::Label { key, target } => {
                serde_json::json!({ "event": "label", "id": key, "y": target.to_json() })
            }
            What::Freeze => serde_json::json!({ "event": "freeze" }),
            What::Rehearse { from, to } => {
                serde_json::json!({ "event": "rehearse", "from": from, "to": to })
            }
            What::Rest => serde_json::json!({ "event": "rest" }),
            What::Sync(exchange) => {
                let mut told = crate::turn::told(exchange);
                told["event"] = "sync".into();
                told
            }
            What::Piece(Piece { at, of, bytes }) => serde_json::json!({
                "event": "sync_piece", "at": at, "of": of, "bytes": bytes.len(),
            }),
        };
        map["at_ms"] = self.at_ms.into();
        if let Some(request) = &self.request {
            map["client"] = (&*request.client).into();
            map["n"] = request.n.into();
        }
        map
    }
}

fn check_name(what: &str, name: &str, max: usize) -> Result<()> {
    if name.is_empty() || name.len() > max {
        return Err(Error::invalid(format!(
            "the {what} {name:?} has {} bytes, 1 to {max} are allowed",
            name.len()
        )));
    }
    Ok(())
}
