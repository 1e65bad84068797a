//! The schemas of other protocols.

use serde_json::{Value, json};

use super::super::routes::Content;

/// What a route gives besides its first content: when it is asked otherwise.
pub(super) fn also(id: &str) -> &'static [Content] {
    match id {
        "learn" => &[("application/x-ndjson", "Reply")],
        "model_card" => &[("text/markdown", "Text")],
        "openai_chat" | "openai_complete" => &[("text/event-stream", "Text")],
        "v2_infer" | "v2_infer_at" => &[("application/octet-stream", "Binary")],
        _ => &[],
    }
}

/// Those of the model card, and of who numbers requests.
pub(super) fn cards() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "ModelCard": {
            "description": "What an identity is and has seen, told from its journal.",
            "type": "object",
            "required": ["name", "version", "head", "licence", "model", "data", "metrics",
                         "drift", "lineage", "peers", "retold"],
            "properties": {
                "name": text,
                "version": { "type": "integer", "minimum": 1 },
                "about": { "type": ["string", "null"] },
                "licence": text,
                "head": { "type": "object" },
                "model": { "type": "object" },
                "dates": { "type": "object" },
                "data": { "type": "object" },
                "metrics": { "type": "object" },
                "drift": { "type": "object" },
                "lineage": { "type": "object" },
                "peers": { "type": "array", "items": { "type": "object" } },
                "retold": { "type": "object" },
            },
        },
        "Events": {
            "description": "A line an Event. One that can't be taken is refused by a line of the \
                            answer, and the stream goes on.",
        },
        "Client": {
            "type": "object",
            "required": ["client", "newest"],
            "properties": { "client": text, "newest": { "type": ["integer", "null"] } },
        },
    })
}

/// Those of the Open Inference Protocol's requests.
pub(super) fn v2() -> Value {
    let (text, parameters) = (json!({ "type": "string" }), json!({ "type": "object" }));
    let sizes = |low: i64| json!({ "type": "array", "maxItems": 2, "items": { "type": "integer", "minimum": low } });
    json!({
        "V2Request": {
            "description": "Inputs are features, one number, truth or text a row, or matrices of \
                            features; y is learned, and id names a prediction for its label.",
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": text,
                "parameters": parameters,
                "inputs": { "type": "array", "minItems": 1, "items": {
                    "type": "object",
                    "required": ["name", "datatype", "shape"],
                    "properties": {
                        "name": text,
                        "datatype": { "enum": [
                            "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16",
                            "UINT32", "UINT64", "FP32", "FP64", "BYTES",
                        ] },
                        "shape": sizes(1),
                        "data": { "type": "array" },
                        "parameters": parameters,
                    },
                } },
                "outputs": { "type": "array", "items": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": { "enum": ["predict", "predict_proba", "classes"] },
                        "parameters": parameters,
                    },
                } },
            },
            "examples": [{ "inputs": [
                { "name": "amount", "datatype": "FP64", "shape": [2], "data": [12.5, 7] },
                { "name": "y", "datatype": "BOOL", "shape": [2], "data": [true, false] },
            ] }],
        },
        "V2Response": {
            "type": "object",
            "required": ["model_name", "model_version", "outputs"],
            "properties": {
                "model_name": text,
                "model_version": text,
                "id": text,
                "parameters": parameters,
                "outputs": { "type": "array", "items": {
                    "type": "object",
                    "required": ["name", "datatype", "shape"],
                    "properties": {
                        "name": text, "datatype": text, "shape": sizes(0),
                        "data": { "type": "array" }, "parameters": parameters,
                    },
                } },
            },
        },
    })
}

/// Those of its other answers.
pub(super) fn v2_told() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "V2Model": {
            "type": "object",
            "required": ["name", "versions", "platform", "inputs", "outputs"],
            "properties": {
                "name": text,
                "versions": { "type": "array", "items": text },
                "platform": text,
                "inputs": { "type": "array", "items": { "type": "object" } },
                "outputs": { "type": "array", "items": { "type": "object" } },
            },
        },
        "V2Server": {
            "type": "object",
            "required": ["name", "version", "extensions"],
            "properties": {
                "name": text,
                "version": text,
                "extensions": { "type": "array", "items": text },
            },
        },
        "V2Live": {
            "type": "object",
            "required": ["live"],
            "properties": { "live": { "type": "boolean" } },
        },
        "V2Ready": {
            "type": "object",
            "required": ["ready"],
            "properties": { "name": text, "ready": { "type": "boolean" } },
        },
        "V2Error": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": text },
        },
        "Binary": { "type": "string", "format": "binary" },
    })
}
