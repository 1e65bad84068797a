//! The schemas of `OpenAI`'s API: what is read of it, and what is told.

use serde_json::{Map, Value, json};

/// Requests and answers.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    for part in [asked(), answers(), models()] {
        if let Value::Object(part) = part {
            all.extend(part);
        }
    }
    all.into()
}

/// Members of every request to speak.
fn common() -> Map<String, Value> {
    let within = |kind: &str, low: f64, high: f64| json!({ "type": [kind, "null"], "minimum": low, "maximum": high });
    let range = |low, high| within("number", low, high);
    let tokens = within("integer", 1.0, crate::talk::TOKENS_MAX as f64);
    let flag = json!({ "type": ["boolean", "null"] });
    let members = json!({
        "model": { "type": "string", "description": "an identity, or identity@version" },
        "stream": flag,
        "learn": { "type": ["boolean", "null"],
            "description": "whether what is new is learned; by default if the token may" },
        "conversation": { "type": ["string", "null"], "maxLength": 64 },
        "max_tokens": tokens,
        "max_completion_tokens": tokens,
        "temperature": range(0.0, 2.0),
        "top_p": { "type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1 },
        "min_p": range(0.0, 1.0),
        "top_k": within("integer", 0.0, 1e6),
        "frequency_penalty": range(-2.0, 2.0),
        "presence_penalty": range(-2.0, 2.0),
        "repetition_penalty": range(1.0, 2.0),
        "seed": { "type": ["integer", "null"], "minimum": i64::MIN, "maximum": i64::MAX },
        "stop": { "type": ["string", "array", "null"] },
        "stream_options": { "type": ["object", "null"] },
    });
    members.as_object().cloned().unwrap_or_default()
}

fn asked() -> Value {
    let part = json!({ "type": "object", "required": ["type"] });
    let message = json!({
        "type": "object",
        "required": ["role", "content"],
        "properties": {
            "role": { "enum": ["system", "developer", "user", "assistant"] },
            "content": { "type": ["string", "array"], "items": part },
        },
    });
    let mut chat = common();
    chat.insert("messages".into(), json!({ "type": "array", "minItems": 1, "items": message }));
    let mut text = common();
    text.insert("prompt".into(), json!({ "type": ["string", "array"] }));
    json!({
        "OpenAiChat": {
            "type": "object",
            "required": ["model", "messages"],
            "properties": chat,
            "examples": [
                { "model": "sam", "messages": [{ "role": "user", "content": "hello" }] },
            ],
        },
        "OpenAiText": {
            "type": "object",
            "required": ["model", "prompt"],
            "properties": text,
            "examples": [{ "model": "sam", "prompt": "Once upon a time" }],
        },
        "OpenAiTexts": {
            "type": "object",
            "required": ["model", "input"],
            "properties": {
                "model": { "type": "string" },
                "input": { "type": ["string", "array"] },
                "encoding_format": { "enum": ["float", "base64", null] },
                "dimensions": { "type": ["integer", "null"], "minimum": 1 },
            },
            "examples": [{ "model": "sam", "input": ["hello", "good morning"] }],
        },
    })
}

fn answers() -> Value {
    let (text, whole) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    let answer = |object: &str| {
        json!({
            "type": "object",
            "required": ["id", "object", "created", "model", "choices", "usage", "her"],
            "properties": {
                "id": text,
                "object": { "const": object },
                "created": whole,
                "model": text,
                "choices": { "type": "array", "items": { "type": "object" } },
                "usage": { "type": "object" },
                "her": { "$ref": "#/components/schemas/OpenAiHer" },
            },
        })
    };
    json!({
        "OpenAiChatAnswer": answer("chat.completion"),
        "OpenAiTextAnswer": answer("text_completion"),
        "OpenAiHer": {
            "type": "object",
            "description": "what OpenAI's API has no word for",
            "required": ["version", "learned_tokens", "bits_per_token"],
            "properties": {
                "version": whole,
                "learned_tokens": whole,
                "bits_per_token": { "type": ["number", "null"],
                    "description": "what the learned tokens cost before they were learned" },
                "seconds": { "type": "object",
                    "description": "learning, hearing (up to the first word), speaking" },
                "learned_nothing": { "type": "string", "description": "why not" },
                "ignored": { "type": "array", "items": text,
                    "description": "members of the request that had no effect" },
            },
        },
        "OpenAiEmbeddings": {
            "type": "object",
            "required": ["object", "data", "model", "usage"],
            "properties": {
                "object": { "const": "list" },
                "data": { "type": "array", "items": { "type": "object" } },
                "model": text,
                "usage": { "type": "object" },
            },
        },
        "OpenAiError": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": {
                    "type": "object",
                    "required": ["message", "type", "param", "code"],
                    "properties": {
                        "message": text,
                        "type": text,
                        "param": { "type": ["string", "null"] },
                        "code": text,
                    },
                },
            },
        },
    })
}

fn models() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "OpenAiModel": {
            "type": "object",
            "required": ["id", "object", "created", "owned_by"],
            "properties": {
                "id": text,
                "object": { "const": "model" },
                "created": { "type": "integer" },
                "owned_by": text,
            },
        },
        "OpenAiModels": {
            "type": "object",
            "required": ["object", "data"],
            "properties": {
                "object": { "const": "list" },
                "data": {
                    "type": "array",
                    "items": { "$ref": "#/components/schemas/OpenAiModel" },
                },
            },
        },
    })
}
