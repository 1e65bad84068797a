//! `her model check`: whether a model file is one to learn on.

use std::path::PathBuf;

use her_identity::clock::{Clock, RealClock};
use her_identity::{Error, ErrorKind, Result};
use her_lm::check::{self, Verdict};
use her_lm::{Model, Opened, kernel};
use serde_json::{Value, json};

use super::super::context::Context;
use super::super::table;
use super::{invalid, missing, sentence};
use crate::client::kind::Cause;

/// Test a model: what it is, whether its tokens bring texts back, what a known text costs, how fast
/// it is here
#[derive(clap::Args)]
#[command(after_help = "Models of the Llama architecture are read: GGUF (F32, F16, BF16, Q4_0, \
Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K), or a directory with config.json, tokenizer.json and \
model.safetensors. Models that only make vectors of texts are read from such directories: encoders \
of BERT's sort, and tables of vectors (wordllama, model2vec), which need no \
config.json.\n\nExamples:\n  her model check SmolLM2-135M-Instruct.Q4_1.gguf\n  her model check ./all-MiniLM-L6-v2")]
pub struct Args {
    /// A GGUF file, or a directory with config.json, tokenizer.json and safetensors
    file: PathBuf,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    if !args.file.exists() {
        return Err(missing(&args.file));
    }
    let clock = RealClock::new();
    let opened = Opened::of(&args.file).map_err(invalid)?;
    let load_s = clock.monotonic_ns() as f64 / 1e9;
    let now = || clock.monotonic_ns();
    let (verdict, mut answer, show): (_, _, fn(&Value) -> String) = match opened {
        Opened::Language(model) => {
            let (verdict, answer) = language(&model, &now)?;
            (verdict, answer, text)
        }
        Opened::Sentence(model) => {
            let (verdict, answer) = sentence::judge(&model, &now)?;
            (verdict, answer, sentence::text)
        }
    };
    answer["file"] = args.file.display().to_string().into();
    answer["load_s"] = load_s.into();
    answer["kernel"] = json!({
        "name": kernel::name(), "bits": format!("{:016x}", kernel::bits()),
    });
    cx.answer(&answer, || show(&answer))?;
    match verdict {
        Verdict::Fit | Verdict::Weak => Ok(()),
        Verdict::Unfit => {
            let told = format!("{}: unfit", args.file.display());
            Err(Error::new(ErrorKind::Invalid, told).because(Cause::TestFailed))
        }
    }
}

/// What a language model is and does.
fn language(model: &Model, now: &dyn Fn() -> u64) -> Result<(Verdict, Value)> {
    let differs = check::round_trip(model).map_err(invalid)?;
    let loss = check::loss(model).map_err(invalid)?;
    let rates = check::rates(model, now).map_err(invalid)?;
    let (verdict, why) = check::verdict(differs.len(), &loss);
    let tokens = &model.tokens;
    let answer = json!({
        "verdict": verdict,
        "why": why,
        "format": model.format,
        "bytes": model.bytes,
        "licence": model.licence,
        "architecture": architecture(model),
        "memory_bytes": model.base.memory(),
        "tokens": {
            "sort": tokens.sort,
            "count": tokens.len(),
            "begin": tokens.begin.and_then(|t| tokens.piece(t)),
            "end": tokens.end.and_then(|t| tokens.piece(t)),
            "texts": check::TEXTS.len(),
            "differs": differs,
        },
        "chat_template": model.chat.is_some(),
        "loss": loss,
        "rates": rates,
    });
    Ok((verdict, answer))
}

fn architecture(model: &Model) -> Value {
    let c = &model.base.config;
    json!({
        "name": "llama",
        "parameters": model.base.parameters(),
        "layers": c.layers,
        "width": c.width,
        "hidden": c.hidden,
        "heads": c.heads,
        "kv_heads": c.kv_heads,
        "head": c.head,
        "context": c.context,
        "tied_head": model.base.tied(),
        "weights": model.kinds,
    })
}

fn text(answer: &Value) -> String {
    let mut lines = vec![
        ("verdict", format!("{}: {}", word(&answer["verdict"]), word(&answer["why"]))),
        ("file", format!("{}, {}", word(&answer["format"]), mib(&answer["bytes"]))),
        ("licence", word(&answer["licence"])),
    ];
    lines.extend(model(answer));
    lines.extend(figures(answer));
    let differs = answer["tokens"]["differs"].as_array().into_iter().flatten();
    lines
        .extend(differs.map(|d| ("differs", format!("{} comes back as {}", d["text"], d["back"]))));
    table::pairs(&lines)
}

pub(super) fn mib(bytes: &Value) -> String {
    format!("{:.0} MiB", bytes.as_f64().unwrap_or(0.0) / 1_048_576.0)
}

pub(super) fn word(value: &Value) -> String {
    value.as_str().unwrap_or("–").to_owned()
}

/// What the model is.
fn model(answer: &Value) -> Vec<(&'static str, String)> {
    let (a, tokens) = (&answer["architecture"], &answer["tokens"]);
    let weights = a["weights"].as_object().into_iter().flatten();
    let weights: Vec<String> = weights.map(|(kind, n)| format!("{n} {kind}")).collect();
    let head = if a["tied_head"] == true { "tied head" } else { "own head" };
    let parameters = table::count(&a["parameters"]);
    let (width, hidden) = (&a["width"], &a["hidden"]);
    let heads = format!("{} heads of {} over {} of keys", a["heads"], a["head"], a["kv_heads"]);
    let (layers, context) = (&a["layers"], &a["context"]);
    let (memory, load) = (mib(&answer["memory_bytes"]), table::figure(&answer["load_s"]));
    let chat = if answer["chat_template"] == true { "yes" } else { "none" };
    vec![
        ("architecture", format!("{}, {parameters} parameters, {head}", word(&a["name"]))),
        (
            "shape",
            format!("{layers} layers, width {width}, hidden {hidden}, {heads}, context {context}"),
        ),
        ("weights", format!("tensors: {}", weights.join(", "))),
        ("memory", format!("{memory} as f32, read in {load} s")),
        ("tokens", format!("{} of {}", table::count(&tokens["count"]), word(&tokens["sort"]))),
        ("chat template", chat.to_owned()),
    ]
}

/// What was measured of it.
fn figures(answer: &Value) -> Vec<(&'static str, String)> {
    let (tokens, loss, rates) = (&answer["tokens"], &answer["loss"], &answer["rates"]);
    let kernel = &answer["kernel"];
    let texts = tokens["texts"].as_u64().unwrap_or(0);
    let back = texts - tokens["differs"].as_array().map_or(0, Vec::len) as u64;
    let figure = |of: &Value, name: &str| table::figure(&of[name]);
    let known = format!(
        "{} bits a token, {} bits a byte, {} tokens",
        figure(loss, "bits_per_token"),
        figure(loss, "bits_per_byte"),
        loss["tokens"]
    );
    let rates = format!(
        "{} scored, {} learned, {} spoken, on one thread",
        figure(rates, "scored_per_s"),
        figure(rates, "learned_per_s"),
        figure(rates, "spoken_per_s")
    );
    vec![
        ("round trip", format!("{back} of {texts} texts come back")),
        ("known text", known),
        ("kernel", format!("{}, bits {}", word(&kernel["name"]), word(&kernel["bits"]))),
        ("tokens a second", rates),
    ]
}
