//! The schemas of memories.

use serde_json::{Value, json};

use super::version;
use crate::nearest::{K, K_MAX};

/// A query, and what is like it.
pub(super) fn all() -> Value {
    let modality = json!({ "enum": ["text", "image", "audio"] });
    json!({
        "Query": {
            "type": "object",
            "required": ["query"],
            "additionalProperties": false,
            "properties": {
                "query": { "type": "string",
                    "description": "a plain text, or a data URL: data:image/png;base64,…" },
                "k": { "type": "integer", "minimum": 1, "maximum": K_MAX, "default": K },
                "modality": { "enum": ["text", "image", "audio", null],
                    "description": "only memories of this one; it must share the query's space" },
                "at": { "type": ["integer", "null"], "minimum": 1,
                    "description": "ask the identity as it was at this version" },
            },
            "examples": [{ "query": "where is the spare key?", "k": 3 }],
        },
        "Nearest": {
            "type": "object",
            "required": ["version", "modality", "space", "nearest"],
            "properties": {
                "version": version(),
                "modality": modality,
                "space": { "type": "string", "description": "the space that was compared in" },
                "nearest": { "type": "array", "items": {
                    "type": "object",
                    "required": ["id", "modality", "similarity", "text"],
                    "properties": {
                        "id": { "type": "string" },
                        "modality": modality,
                        "similarity": { "type": "number", "description": "a cosine; of a \
                            language model, one mixed with the share of common words" },
                        "time_ms": { "type": "integer", "description": "0 where none was told" },
                        "told": { "type": "number", "description": "how often it was told" },
                        "text": { "type": "string" },
                        "role": { "type": "string" },
                        "order": { "type": "integer" },
                        "meaning": { "type": "number" },
                        "words": { "type": "number" },
                    },
                } },
            },
        },
    })
}
