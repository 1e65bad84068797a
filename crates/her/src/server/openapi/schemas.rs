//! The schemas of what routes take and give.

use serde_json::{Map, Value, json};

use super::doors;

mod channels;
mod departs;
mod gates;
mod legacy;
mod nearest;
mod openai;
mod sync;

/// Every schema by name.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    let own = [
        taken(),
        answers(),
        orders(),
        channels::all(),
        departs::all(),
        gates::all(),
        legacy::all(),
        nearest::all(),
        sync::all(),
        rest(),
    ];
    let doors = [doors::cards(), doors::v2(), doors::v2_told(), openai::all()];
    for part in own.into_iter().chain(doors) {
        if let Value::Object(part) = part {
            all.extend(part);
        }
    }
    all.into()
}

fn version() -> Value {
    json!({ "type": "integer", "minimum": 1 })
}

fn features() -> Value {
    json!({ "$ref": "#/components/schemas/Features" })
}

fn target() -> Value {
    json!({ "$ref": "#/components/schemas/Target" })
}

/// What routes take.
fn taken() -> Value {
    json!({
        "Features": {
            "description": "Names with numbers, booleans or texts; null is as good as absent.",
            "type": "object",
            "additionalProperties": { "type": ["number", "string", "boolean", "null"] },
            "examples": [{ "words": 12, "city": "Delft" }],
        },
        "Target": {
            "description": "true or false, a class by name or number, or a number to regress on.",
            "type": ["boolean", "number", "string"],
        },
        "Spec": {
            "description": "A model's spec, or an object with model, options, and the state that \
                            the model begins with: the bytes of a saved model in base64.",
            "examples": [
                ["StandardScaler", "LogisticRegression"],
                { "model": ["StandardScaler", "LogisticRegression"], "shadow_after": 1000 },
            ],
        },
        "Event": {
            "description": "x and y: learn. x and id: predict, label later. id and y: label.",
            "type": "object",
            "properties": {
                "x": features(),
                "y": target(),
                "id": { "type": "string", "maxLength": 128 },
                "w": { "type": "number", "minimum": 0 },
                "client": { "type": "string", "maxLength": 64 },
                "n": { "type": "integer", "minimum": 0 },
            },
            "additionalProperties": false,
        },
        "Question": {
            "type": "object",
            "required": ["x"],
            "properties": {
                "x": features(),
                "id": { "type": "string", "maxLength": 128 },
                "client": { "type": "string", "maxLength": 64 },
                "n": { "type": "integer", "minimum": 0 },
            },
            "additionalProperties": false,
        },
        "Label": {
            "type": "object",
            "required": ["id", "y"],
            "properties": {
                "id": { "type": "string", "maxLength": 128 },
                "y": target(),
                "client": { "type": "string", "maxLength": 64 },
                "n": { "type": "integer", "minimum": 0 },
            },
            "additionalProperties": false,
        },
    })
}

/// What routes answer about one identity.
fn answers() -> Value {
    json!({
        "Prediction": {
            "description": "Null without an opinion yet.",
            "type": ["object", "null"],
            "properties": {
                "label": { "type": ["boolean", "number", "string", "null"] },
                "proba": { "type": "object", "additionalProperties": { "type": "number" } },
                "value": { "type": "number" },
            },
        },
        "Reply": {
            "type": "object",
            "required": ["version"],
            "properties": {
                "version": version(),
                "prediction": { "$ref": "#/components/schemas/Prediction" },
                "duplicate": { "type": "boolean", "description": "done before, not done again" },
                "drift": { "type": "boolean", "description": "this event raised a drift alarm" },
                "frozen": { "type": "boolean" },
            },
        },
        "Card": {
            "type": "object",
            "required": ["name", "version", "spec"],
            "properties": {
                "name": { "type": "string" },
                "version": version(),
                "durable_version": version(),
                "task": { "type": "string" },
                "spec": { "$ref": "#/components/schemas/Spec" },
                "options": { "type": "object" },
                "top_weights": { "type": "object", "additionalProperties": { "type": "number" } },
                "figures": { "type": "object" },
                "frozen": { "type": "boolean" },
                "branch": { "type": "string" },
                "branches": { "type": "array", "items": { "type": "object" } },
                "tags": { "type": "object", "additionalProperties": { "type": "integer" } },
            },
        },
        "Model": {
            "description": "A saved model: its estimator, names and classes.",
            "type": "string",
            "format": "binary",
        },
        "Chart": {
            "description": "Mean losses in buckets of equal width, oldest first.",
            "type": "object",
            "required": ["version", "scored", "shadow_from", "loss", "shadow_loss", "weights"],
            "properties": {
                "version": version(),
                "scored": { "type": "integer" },
                "shadow_from": { "type": "integer" },
                "loss": { "type": "object" },
                "shadow_loss": { "type": "object" },
                "weights": { "type": "array", "items": { "type": "object" } },
            },
        },
        "LogLine": {
            "type": "object",
            "required": ["version", "event"],
            "properties": {
                "version": version(),
                "epoch": { "type": "integer" },
                "event": { "enum": ["born", "branched", "learn", "predict", "label", "freeze", "rehearse"] },
                "at_ms": { "type": "integer" },
                "x": features(),
                "y": target(),
            },
        },
        "Diff": {
            "type": "object",
            "required": ["from", "to", "distance", "top"],
            "properties": {
                "from": version(),
                "to": version(),
                "distance": { "type": "number" },
                "changed_weights": { "type": "integer" },
                "top": { "type": "array", "items": { "type": "object" } },
            },
        },
    })
}

/// What is done with a life.
fn orders() -> Value {
    json!({
        "Fork": {
            "type": "object",
            "required": ["name"],
            "properties": { "name": { "type": "string" }, "version": version() },
            "additionalProperties": false,
        },
        "Rewind": {
            "type": "object",
            "required": ["version"],
            "properties": { "version": version() },
            "additionalProperties": false,
        },
        "Forget": {
            "type": "object",
            "required": ["from"],
            "properties": {
                "from": version(),
                "to": version(),
                "erase": { "type": "boolean" },
                "dry_run": { "type": "boolean" },
            },
            "additionalProperties": false,
        },
        "Forgotten": {
            "type": "object",
            "required": ["name", "from", "to", "struck", "left_out", "kept", "was", "version"],
            "properties": {
                "name": { "type": "string" },
                "struck": { "type": "integer" },
                "left_out": { "type": "integer" },
                "version": version(),
                "may_return": { "type": "array", "items": { "type": "string" } },
                "left": { "type": "array", "items": { "type": "string" } },
            },
        },
        "Tag": {
            "type": "object",
            "required": ["tag"],
            "properties": { "tag": { "type": "string" }, "version": version() },
            "additionalProperties": false,
        },
        "Asked": {
            "type": "object",
            "properties": { "asked": { "type": "boolean" }, "version": version() },
        },
        "Verified": {
            "type": "object",
            "properties": {
                "verified": { "type": "boolean" },
                "version": version(),
                "from": {
                    "type": "integer",
                    "description": "the version after which it was replayed; 0 is the birth",
                },
                "why": {
                    "type": ["string", "null"],
                    "description": "why it was not replayed from birth",
                },
                "events": { "type": "integer" },
                "snapshots_compared": { "type": "integer" },
                "chain": { "type": "string" },
                "state": { "type": "string" },
            },
        },
    })
}

/// What stands by itself.
fn rest() -> Value {
    json!({
        "Alarms": {
            "description": "At most kept of them are listed, the newest first.",
            "type": "object",
            "required": ["version", "raised", "kept", "alarms"],
            "properties": {
                "version": version(),
                "raised": { "type": "integer", "minimum": 0 },
                "kept": { "type": "integer" },
                "alarms": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["version", "at_ms"],
                        "properties": { "version": version(), "at_ms": { "type": "integer" } },
                    },
                },
            },
        },
        "List": {
            "type": "object",
            "required": ["identities", "next"],
            "properties": {
                "identities": { "type": "array", "items": { "type": "object" } },
                "next": {
                    "type": ["string", "null"],
                    "description": "the value of 'after' for the next page; null on the last",
                },
            },
        },
        "Audit": {
            "type": "object",
            "required": ["records", "head"],
            "properties": {
                "records": { "type": "array", "items": { "type": "object" } },
                "head": {
                    "type": "object",
                    "description": "how many records there are, and the digest of the last",
                    "required": ["n", "hash"],
                    "properties": {
                        "n": { "type": "integer" },
                        "hash": { "type": "string" },
                    },
                },
            },
        },
        "Problem": {
            "description": "RFC 9457, with the kind that its type ends with.",
            "type": "object",
            "required": ["type", "title", "status", "detail", "kind"],
            "properties": {
                "type": { "type": "string", "examples": ["urn:her:problem:not_found"] },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "kind": { "type": "string" },
            },
        },
        "Document": { "type": "object" },
        "Text": { "type": "string" },
    })
}
