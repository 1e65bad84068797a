//! The schemas of what an identity leaves behind.

use serde_json::{Value, json};

use super::version;

/// What is asked for, and what is told of it.
pub fn all() -> Value {
    let owner = || {
        json!({
            "description": "where the identity lives on; null where that was not told",
            "type": ["object", "null"],
            "required": ["url", "epoch"],
            "properties": { "url": { "type": "string" }, "epoch": { "type": "integer", "minimum": 0 } },
        })
    };
    let copy = json!({
        "name": { "type": "string" },
        "identity": { "type": "string", "description": "the branch" },
        "version": version(),
        "epoch": { "type": "integer" },
        "dir": { "type": "string", "description": "where it lies, on the server's machine" },
        "manifest": { "type": "string", "description": "BLAKE3 of its manifest, in hex" },
        "owner": owner(),
        "left_ms": { "type": "integer" },
    });
    json!({
        "Leave": {
            "type": "object",
            "properties": {
                "version": { "type": ["integer", "null"], "minimum": 1 },
                "owner": owner(),
            },
            "additionalProperties": false,
        },
        "Left": {
            "type": "object",
            "required": ["name", "version", "dir", "manifest", "again"],
            "properties": {
                "name": { "type": "string" },
                "version": version(),
                "epoch": { "type": "integer" },
                "dir": { "type": "string" },
                "manifest": { "type": "string" },
                "files": { "type": "integer" },
                "bytes": { "type": "integer" },
                "owner": owner(),
                "left_ms": { "type": "integer" },
                "again": { "type": "boolean", "description": "it lay there already" },
            },
        },
        "Legacy": {
            "type": "object",
            "required": ["copies"],
            "properties": {
                "copies": { "type": "array", "items": { "type": "object", "properties": copy } },
            },
        },
    })
}
