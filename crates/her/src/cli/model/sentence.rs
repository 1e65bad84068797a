//! What `her model check` finds of a model that makes vectors of texts and nothing else.

use her_identity::Result;
use her_lm::SentenceModel;
use her_lm::check::Verdict;
use her_lm::check::sentence::{alike, rates, verdict};
use serde_json::{Value, json};

use super::super::table;
use super::check::{mib, word};
use super::invalid;

/// What it is and does; `now` tells nanoseconds.
pub(super) fn judge(model: &SentenceModel, now: &dyn Fn() -> u64) -> Result<(Verdict, Value)> {
    let alike = alike(model).map_err(invalid)?;
    let rates = rates(model, now).map_err(invalid)?;
    let (verdict, why) = verdict(&alike);
    let answer = json!({
        "verdict": verdict,
        "why": why,
        "format": "safetensors",
        "bytes": model.bytes,
        "architecture": {
            "name": model.architecture.name(),
            "parameters": model.parameters(),
            "layers": model.layers(),
            "width": model.width(),
            "context": model.context(),
            "normalizes": model.normalizes(),
            "weights": model.kinds,
        },
        "memory_bytes": model.memory(),
        "tokens": { "sort": model.tokens.sort, "count": model.tokens.len() },
        "alike": alike,
        "rates": rates,
    });
    Ok((verdict, answer))
}

/// The same for people.
pub(super) fn text(answer: &Value) -> String {
    let (a, tokens, alike) = (&answer["architecture"], &answer["tokens"], &answer["alike"]);
    let (rates, kernel) = (&answer["rates"], &answer["kernel"]);
    let weights = a["weights"].as_object().into_iter().flatten();
    let weights: Vec<String> = weights.map(|(kind, n)| format!("{n} {kind}")).collect();
    let length = if a["normalizes"] == true { "of length 1" } else { "as long as they come" };
    let context = match a["context"].as_u64() {
        Some(n) => format!("{n} tokens at once"),
        None => "each token by itself".to_owned(),
    };
    let (memory, load) = (mib(&answer["memory_bytes"]), table::figure(&answer["load_s"]));
    table::pairs(&[
        ("verdict", format!("{}: {}", word(&answer["verdict"]), word(&answer["why"]))),
        ("file", format!("{}, {}", word(&answer["format"]), mib(&answer["bytes"]))),
        (
            "architecture",
            format!(
                "{}, {} parameters, embeds only",
                word(&a["name"]),
                table::count(&a["parameters"])
            ),
        ),
        ("vectors", format!("{} numbers, {length}", a["width"])),
        ("shape", format!("{} layers, reads {context}", a["layers"])),
        ("weights", format!("tensors: {}", weights.join(", "))),
        ("memory", format!("{memory} as f32, read in {load} s")),
        ("tokens", format!("{} of {}", table::count(&tokens["count"]), word(&tokens["sort"]))),
        (
            "like sentences",
            format!(
                "{} of {}, nearer by {}",
                alike["right"],
                alike["triples"],
                table::figure(&alike["margin"])
            ),
        ),
        ("kernel", format!("{}, bits {}", word(&kernel["name"]), word(&kernel["bits"]))),
        (
            "a second",
            format!(
                "{} sentences, {} tokens of a long text, on one thread",
                table::figure(&rates["sentences_per_s"]),
                table::figure(&rates["tokens_per_s"])
            ),
        ),
    ])
}
