//! The schemas of gates.

use serde_json::{Value, json};

/// Rules, explanations, recorded figures.
pub(super) fn all() -> Value {
    json!({
        "Gates": {
            "type": "object",
            "required": ["gates", "watched", "left_out"],
            "properties": {
                "gates": { "type": "array", "items": { "type": "object" } },
                "watched": { "type": "integer", "description": "identities under some rule" },
                "left_out": { "type": "integer", "description": "those beyond the bound" },
            },
        },
        "Explained": {
            "type": "object",
            "required": ["identity", "at_ms", "gates", "figures", "history"],
            "properties": {
                "identity": { "type": "string" },
                "at_ms": { "type": "integer" },
                "gates": { "type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "rule": { "type": "object" },
                        "decision": { "type": ["object", "null"] },
                        "acted_ms": { "type": ["integer", "null"] },
                        "approved": { "type": "boolean" },
                    },
                } },
                "figures": {
                    "type": "object",
                    "description": "every figure by name: value, unit, state, age_ms",
                    "additionalProperties": { "type": "object" },
                },
                "trouble": { "type": ["string", "null"] },
                "history": { "type": "array", "items": { "type": "object" } },
            },
        },
        "Recorded": {
            "description": "An object that names the figures, then arrays of a time and their \
                            numbers, null for one that was not read.",
            "type": ["object", "array"],
        },
        "Approved": {
            "type": "object",
            "required": ["identity", "gate", "approved"],
            "properties": {
                "identity": { "type": "string" },
                "gate": { "type": "string" },
                "approved": { "type": "boolean" },
            },
        },
    })
}
