//! Language identities in tests: a tiny model with random weights, written by the writer that
//! `her-lm` tests itself with.

use std::path::Path;

use serde_json::{Value, json};

#[allow(dead_code, clippy::needless_for_each, reason = "other tests use more of it")]
#[path = "../../../lm/tests/model/tiny.rs"]
mod tiny;

use tiny::{SMALL, Shape, Tiny, V, gguf};

/// Tokens that the tiny model takes: its own 64 are too few for a conversation.
pub const CONTEXT: u32 = 512;

/// Writes a tiny model into a data directory, where specs find it as `tiny`.
pub fn tiny_base(data: &Path) {
    base(data, "tiny", SMALL);
}

/// The same as `wide`, whose rows are long enough for weights of few bits.
#[allow(dead_code, reason = "other tests use it")]
pub fn wide_base(data: &Path) {
    base(data, "wide", Shape { width: 64, hidden: 96, heads: 4, ..SMALL });
}

fn base(data: &Path, name: &str, shape: Shape) {
    let model = Tiny::new(shape, 7);
    let mut keys = model.keys();
    for (key, value) in &mut keys {
        if key == "llama.context_length" {
            *value = V::U32(CONTEXT);
        }
    }
    let bases = data.join("bases");
    std::fs::create_dir_all(&bases).unwrap();
    std::fs::write(bases.join(format!("{name}.gguf")), gguf(&keys, &model.tensor_list())).unwrap();
}

/// An identity that stands on it and learns fast.
pub fn spec() -> Value {
    json!({ "model": { "LanguageModel": {
        "base": "tiny", "chunk": 8, "window": 128, "rate": 0.01,
    } } })
}
