//! The schemas of departures.

use serde_json::{Value, json};

/// Jobs, nodes, places.
pub(super) fn all() -> Value {
    let place = json!({
        "type": "object",
        "required": ["at"],
        "properties": {
            "at": { "enum": ["here", "departing", "waiting", "moved"] },
            "node": { "type": "string", "description": "the owner's key, when it moved" },
            "epoch": { "type": "integer" },
            "name": { "type": ["string", "null"] },
            "url": { "type": ["string", "null"] },
            "followed": {
                "type": "object",
                "description": "the node that it left and that is kept up to date, and its version",
                "properties": { "node": { "type": "string" }, "version": { "type": "integer" } },
            },
        },
    });
    let job = json!({ "$ref": "#/components/schemas/Departure" });
    json!({
        "Depart": {
            "type": "object",
            "required": ["to"],
            "additionalProperties": false,
            "properties": {
                "to": { "type": "string", "description": "a node's name, key or URL" },
                "dry_run": { "type": "boolean", "default": false },
                "leave": { "type": "boolean", "default": true,
                    "description": "a read-only copy stays behind" },
            },
        },
        "Departure": {
            "type": "object",
            "required": ["id", "identity", "to", "started_ms", "figures"],
            "properties": {
                "id": { "type": "string" },
                "identity": { "type": "string" },
                "to": { "type": "string" },
                "node": { "type": "string" },
                "started_ms": { "type": "integer" },
                "ended_ms": { "type": ["integer", "null"] },
                "step": {},
                "figures": { "type": "object" },
                "outcome": { "type": ["string", "null"], "description": "null while under way" },
                "why": { "type": ["string", "null"] },
                "verified": { "type": ["boolean", "null"] },
                "by_state": {
                    "type": ["object", "null"],
                    "description": "set where the state itself goes, as the same events give other \
                                    bits at the target: on what they hang here and there",
                    "properties": {
                        "here": { "type": ["string", "null"] },
                        "there": { "type": ["string", "null"] },
                    },
                },
                "leaves": { "type": "boolean" },
                "left": { "type": ["string", "null"], "description": "where the copy lies" },
            },
        },
        "Departures": {
            "type": "object",
            "required": ["departures"],
            "properties": { "departures": { "type": "array", "items": job } },
        },
        "DeparturesOf": {
            "type": "object",
            "required": ["place", "departures"],
            "properties": { "place": place, "departures": { "type": "array", "items": job } },
        },
        "Placed": {
            "type": "object",
            "required": ["name", "place"],
            "properties": { "name": { "type": "string" }, "place": place },
        },
        "Adopted": {
            "type": "object",
            "required": ["name", "version", "epoch"],
            "properties": {
                "name": { "type": "string" },
                "version": { "type": "integer" },
                "epoch": { "type": "integer" },
            },
        },
        "Nodes": {
            "type": "object",
            "required": ["node", "nodes"],
            "properties": {
                "node": { "type": ["string", "null"], "description": "this node's key" },
                "nodes": { "type": "array", "items": { "type": "object" } },
                "places": { "type": "array", "items": { "type": "object" } },
            },
        },
    })
}
