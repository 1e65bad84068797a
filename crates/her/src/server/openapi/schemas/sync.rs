//! The schemas of thought-sync.

use serde_json::{Value, json};

fn report() -> Value {
    json!({
        "type": "object",
        "required": ["peer"],
        "properties": {
            "peer": { "type": "string" },
            "at_ms": { "type": "integer" },
            "ms": { "type": "number" },
            "sent": { "type": "integer" },
            "sent_bytes": { "type": "integer" },
            "got": { "type": "integer" },
            "got_bytes": { "type": "integer" },
            "events": { "type": ["string", "null"],
                "description": "why events were told instead of sums, if they were" },
            "same": { "type": "boolean",
                "description": "both have the same rows now, or have heard all of one another" },
            "refused": { "type": "array", "items": { "type": "string" } },
            "error": { "type": ["string", "null"] },
        },
    })
}

/// What came of a book.
fn book_joined() -> Value {
    json!({
        "type": "object",
        "required": ["name", "version", "book", "rows", "taken", "known", "refused", "hash"],
        "properties": {
            "name": { "type": "string" },
            "version": { "type": "integer" },
            "book": { "type": "object", "properties": {
                "name": { "type": "string" },
                "version": { "type": ["string", "null"] },
                "digest": { "type": "string" },
                "signers": { "type": "array", "items": { "type": "string" },
                    "description": "those who are trusted" },
            } },
            "rows": { "type": "integer", "description": "rows in the book" },
            "taken": { "type": "integer", "description": "rows that are new here" },
            "known": { "type": "integer", "description": "rows that were here, or newer" },
            "retracted": { "type": "array", "items": { "type": "string" } },
            "refused": { "type": "array", "items": { "type": "string" },
                "description": "which rows are not taken, and why" },
            "exchanges": { "type": "integer", "description": "events that it took" },
            "hash": { "type": ["string", "null"],
                "description": "equal where two have the same rows" },
            "read": { "type": "object", "description": "how its peers are read now",
                "additionalProperties": { "enum": ["none", "part", "whole", null] } },
            "translated": translated(),
        },
    })
}

/// What became of the memories of a book that was translated.
fn translated() -> Value {
    let count = |says: &str| json!({ "type": "integer", "description": says });
    let share = |says: &str| json!({ "type": ["number", "null"], "description": says });
    json!({
        "type": "object",
        "description": "only where the book and the identity are of `Memory` with other parameters",
        "required": ["read_anew", "as_they_are", "mapped", "known", "maps", "left_out"],
        "properties": {
            "read_anew": count("whole texts that were read anew"),
            "as_they_are": count("vectors of a space that is read here"),
            "mapped": count("vectors that were mapped into a space that is read here"),
            "known": count("memories that were here already"),
            "maps": { "type": "array", "items": { "type": "object", "properties": {
                "modality": { "type": "string" },
                "from": { "type": "string" },
                "to": { "type": "string" },
                "anchors": count("memories that are held in both spaces"),
                "held_out": count("anchors that the map was tried on"),
                "top_1": share("of these, how many find their partner as the nearest"),
                "top_10": share("among the ten nearest; below 0.8 nothing is mapped"),
                "found_10": share("are among the ten nearest of their partner; as well"),
                "mapped": count("memories that were mapped by it"),
            } } },
            "left_out": { "type": "array", "items": { "type": "object", "properties": {
                "why": { "type": "string" },
                "memories": { "type": "integer" },
            } } },
        },
    })
}

fn worth() -> Value {
    let number = |says: &str| json!({ "type": "number", "description": says });
    json!({
        "type": ["object", "null"],
        "description": "what its peer was worth, beyond restarts",
        "properties": {
            "gain_nats": number("what its rows, as they were read, saved of the own loss"),
            "events": { "type": "integer", "description": "own events that this is of" },
            "rows": { "type": "integer", "description": "rows and steps of it that came" },
            "bytes": { "type": "integer", "description": "their bytes, as they came" },
            "nats_per_kb": { "type": ["number", "null"] },
            "say_s": number("seconds that those bytes would take at 39 bits a second"),
            "speak_s": number("seconds that they would take as text, at 150 words a minute"),
        },
    })
}

/// A row of an identity.
fn contribution() -> Value {
    json!({
        "type": "object",
        "required": ["peer", "mine", "seq", "events", "cells", "norm"],
        "properties": {
            "peer": { "type": "string" },
            "node": { "type": "string" },
            "life": { "type": "string" },
            "mine": { "type": "boolean" },
            "seq": { "type": "integer" },
            "events": { "type": "integer" },
            "cells": { "type": "integer" },
            "norm": { "type": "number" },
            "heard": { "type": "boolean",
                "description": "its events were learned here, one by one" },
            "weight": { "enum": ["none", "part", "whole", null],
                "description": "how it is read: `part` where it is a part of a mean" },
            "weighed_events": { "type": ["number", "null"] },
            "losses": { "type": ["array", "null"], "items": { "type": "number" },
                "description": "own nats by a sum with none of it, a part, and all" },
            "node_name": { "type": ["string", "null"] },
            "worth": worth(),
        },
    })
}

fn pact() -> Value {
    json!({
        "type": "object",
        "properties": {
            "peer": { "type": "string", "description": "NODE/IDENTITY" },
            "key": { "type": ["string", "null"], "description": "that node's key" },
            "at": { "type": ["string", "null"], "description": "null where it comes to us" },
            "added": { "type": ["boolean", "null"],
                "description": "it may exchange only, and goes with its last pact" },
            "since_start": { "type": "object" },
            "last_day": {
                "type": ["object", "null"],
                "properties": {
                    "sent_bytes": { "type": "integer" },
                    "got_bytes": { "type": "integer" },
                    "bytes_per_day": { "type": ["integer", "null"] },
                },
            },
            "link_bytes_s": { "type": ["number", "null"],
                "description": "bytes of rows a second, over exchanges that began here" },
        },
    })
}

/// Pacts, rows, exchanges.
pub(super) fn all() -> Value {
    let peer = json!({ "type": "string", "description": "her://KEY@HOST:PORT, KEY or NODE, with \
                       /IDENTITY behind it unless that one is called the same" });
    let node = json!({
        "type": ["object", "null"],
        "description": "the node that was added for this pact",
        "properties": {
            "name": { "type": "string" },
            "key": { "type": "string" },
            "at": { "type": "string" },
        },
    });
    let named = |name: &str| json!({ "type": "object", "required": [name], "properties": { name: { "type": "string" } } });
    json!({
        "Pact": {
            "type": "object",
            "properties": {
                "peer": peer,
                "as": { "type": ["string", "null"],
                    "description": "the name here of a node that is new" },
                "every_s": { "type": ["number", "null"], "minimum": 0.1, "maximum": 2_592_000,
                    "description": "seconds between exchanges; null for only when asked" },
                "codec": { "enum": ["exact", "f32", "i8", "i4", "top_k", "events", "auto"], "default": "i8" },
                "weigh": { "type": "boolean", "default": true,
                    "description": "read each peer by what it does for the own predictions" },
            },
        },
        "PactMade": {
            "type": "object",
            "required": ["identity", "node", "with", "peer", "there"],
            "properties": {
                "identity": { "type": "string" },
                "node": { "type": "string" },
                "with": { "type": "string" },
                "peer": { "type": "string", "description": "NODE/IDENTITY" },
                "every_s": { "type": "number" },
                "codec": { "type": "string" },
                "weigh": { "type": "boolean" },
                "added": node,
                "away": { "type": ["string", "null"],
                    "description": "why that node can't be reached now" },
                "there": { "type": "string",
                    "description": "what makes the pact at the other node" },
            },
        },
        "NamedPeer": {
            "type": "object",
            "required": ["peer"],
            "additionalProperties": false,
            "properties": { "peer": { "type": "string" } },
        },
        "PeerRemoved": named("removed"),
        "PeerRetracted": named("retracted"),
        "SyncNow": {
            "type": "object",
            "additionalProperties": false,
            "properties": { "peer": { "type": ["string", "null"] } },
        },
        "Exchanges": {
            "type": "object",
            "required": ["exchanges"],
            "properties": { "exchanges": { "type": "array", "items": report() } },
        },
        "Book": { "type": "string", "format": "binary",
            "description": "a .book file, as `her book write` writes it" },
        "BookJoined": book_joined(),
        "PeersOf": {
            "type": "object",
            "required": ["name", "merge", "contract", "pacts", "hash", "contributions"],
            "properties": {
                "name": { "type": "string" },
                "merge": { "enum": ["stateless", "exact", "approximate", "deltas", "member"] },
                "merge_text": { "type": "string" },
                "contract": { "type": "string",
                    "description": "identities of one contract can be merged" },
                "url": { "type": ["string", "null"],
                    "description": "this node's address with its key, as a peer adds it" },
                "pacts": { "type": "array", "items": pact() },
                "hash": { "type": ["string", "null"],
                    "description": "equal where two have the same rows" },
                "uncontributed_events": { "type": "integer",
                    "description": "learned since it contributed last" },
                "contributions": { "type": "array", "items": contribution() },
                "steps": { "enum": ["sum", "mean", null],
                    "description": "how steps of peers are put together" },
                "retracted": { "type": "array", "items": { "type": "string" } },
            },
        },
    })
}
