//! `her model check`: whether a model file is one to learn on.

use std::fmt::Write as _;
use std::path::PathBuf;

use her_identity::clock::{Clock, RealClock};
use her_identity::{Error, ErrorKind, Result};
use her_lm::check::{self, Verdict};
use her_lm::{Model, kernel};
use serde_json::{Value, json};

use super::super::context::Context;
use super::super::table;
use crate::client::kind::Cause;

/// Test a model: what it is, whether its tokens bring texts back, what a known text costs, how fast
/// it is here
#[derive(clap::Args)]
#[command(after_help = "Models of the Llama architecture are read: GGUF (F32, F16, BF16, Q4_0, \
Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K), or a directory with config.json, tokenizer.json and \
model.safetensors.\n\nExample:\n  her model check SmolLM2-135M-Instruct.Q4_1.gguf")]
pub struct Args {
    /// A GGUF file, or a directory with config.json, tokenizer.json and safetensors
    file: PathBuf,
}

fn invalid(e: her_lm::Error) -> Error {
    let message = e.to_string();
    Error::invalid(message).because(e)
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    if !args.file.exists() {
        return Err(Error::not_found(format!("{}: there is no such file", args.file.display())));
    }
    let clock = RealClock::new();
    let model = Model::open(&args.file).map_err(invalid)?;
    let load_s = clock.monotonic_ns() as f64 / 1e9;
    let differs = check::round_trip(&model).map_err(invalid)?;
    let loss = check::loss(&model).map_err(invalid)?;
    let rates = check::rates(&model, &|| clock.monotonic_ns()).map_err(invalid)?;
    let (verdict, why) = check::verdict(differs.len(), &loss);
    let tokens = &model.tokens;
    let answer = json!({
        "file": args.file.display().to_string(),
        "verdict": verdict,
        "why": why,
        "format": model.format,
        "bytes": model.bytes,
        "licence": model.licence,
        "architecture": architecture(&model),
        "memory_bytes": model.base.memory(),
        "load_s": load_s,
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
        "kernel": { "name": kernel::name(), "bits": format!("{:016x}", kernel::bits()) },
        "rates": rates,
    });
    cx.answer(&answer, || text(&answer))?;
    match verdict {
        Verdict::Fit | Verdict::Weak => Ok(()),
        Verdict::Unfit => {
            let told = format!("{}: unfit", args.file.display());
            Err(Error::new(ErrorKind::Invalid, told).because(Cause::TestFailed))
        }
    }
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
    let (a, tokens, loss) = (&answer["architecture"], &answer["tokens"], &answer["loss"]);
    let rates = &answer["rates"];
    let mib = |bytes: &Value| format!("{:.0} MiB", bytes.as_f64().unwrap_or(0.0) / 1_048_576.0);
    let word = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let weights = a["weights"].as_object().into_iter().flatten();
    let weights: Vec<String> = weights.map(|(kind, n)| format!("{n} {kind}")).collect();
    let differs = tokens["differs"].as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = tokens["texts"].as_u64().unwrap_or(0);
    let head = if a["tied_head"] == true { "tied head" } else { "own head" };
    let mut out = table::pairs(&[
        ("verdict", format!("{}: {}", word(&answer["verdict"]), word(&answer["why"]))),
        ("file", format!("{}, {}", word(&answer["format"]), mib(&answer["bytes"]))),
        ("licence", word(&answer["licence"])),
        (
            "architecture",
            format!("{}, {} parameters, {head}", word(&a["name"]), table::count(&a["parameters"])),
        ),
        (
            "shape",
            format!(
                "{} layers, width {}, hidden {}, {} heads of {} over {} of keys, context {}",
                a["layers"],
                a["width"],
                a["hidden"],
                a["heads"],
                a["head"],
                a["kv_heads"],
                a["context"]
            ),
        ),
        ("weights", format!("tensors: {}", weights.join(", "))),
        (
            "memory",
            format!(
                "{} as f32, read in {} s",
                mib(&answer["memory_bytes"]),
                table::figure(&answer["load_s"])
            ),
        ),
        ("tokens", format!("{} of {}", table::count(&tokens["count"]), word(&tokens["sort"]))),
        ("round trip", format!("{} of {texts} texts come back", texts - differs.len() as u64)),
        ("chat template", if answer["chat_template"] == true { "yes" } else { "none" }.to_owned()),
        (
            "known text",
            format!(
                "{} bits a token, {} bits a byte, {} tokens",
                table::figure(&loss["bits_per_token"]),
                table::figure(&loss["bits_per_byte"]),
                loss["tokens"]
            ),
        ),
        (
            "kernel",
            format!(
                "{}, bits {}",
                word(&answer["kernel"]["name"]),
                word(&answer["kernel"]["bits"])
            ),
        ),
        (
            "tokens a second",
            format!(
                "{} scored, {} learned, {} spoken, on one thread",
                table::figure(&rates["scored_per_s"]),
                table::figure(&rates["learned_per_s"]),
                table::figure(&rates["spoken_per_s"])
            ),
        ),
    ]);
    for d in differs {
        let _ = writeln!(out, "differs: {} comes back as {}", d["text"], d["back"]);
    }
    out
}
