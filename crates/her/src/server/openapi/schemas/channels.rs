//! The schemas of channels.

use serde_json::{Value, json};

use super::{features, target};

/// What people and devices say, and what they hear.
pub(super) fn all() -> Value {
    json!({
        "Message": {
            "description": "n with x or say: asks; with y too: learns. n, of and y: the truth \
                            about message number of.",
            "type": "object",
            "required": ["n", "resume"],
            "properties": {
                "resume": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
                "n": { "type": "integer", "minimum": 1 },
                "x": features(),
                "say": { "type": "string", "description": "becomes the feature say_as" },
                "of": { "type": "integer", "minimum": 1 },
                "y": target(),
            },
            "additionalProperties": false,
        },
        "Frame": {
            "description": "A hello, the answer to a message, a pulse, or the end of a channel.",
            "type": "object",
            "properties": {
                "hello": { "type": "string", "description": "the identity's name" },
                "session": { "type": "string" },
                "resume": { "type": "string", "description": "the token to come back with" },
                "n": { "type": "integer" },
                "version": { "type": "integer" },
                "updates": { "type": "integer", "description": "since the version of seq" },
                "gap": { "type": "boolean", "description": "older answers are not told" },
                "prediction": { "$ref": "#/components/schemas/Prediction" },
                "duplicate": { "type": "boolean" },
                "drift": { "type": "boolean" },
                "frozen": { "type": "boolean" },
                "error": { "type": "object" },
                "pulse": { "type": "object" },
                "rewound": { "type": "integer" },
                "parked": { "type": "string" },
            },
        },
        "Channels": {
            "type": "object",
            "required": ["channels", "next", "open", "present", "away", "server", "speech"],
            "properties": {
                "channels": { "type": "array", "items": { "type": "object" } },
                "next": { "type": ["string", "null"] },
                "open": { "type": "integer" },
                "present": { "type": "integer" },
                "away": { "type": "integer" },
                "server": { "type": "object" },
                "speech": { "type": "object" },
            },
        },
    })
}
