//! Reads a text as it comes, and says what each of its tokens cost by who predicted them: the
//! frozen base, the learner, the learner with what was just said, and the mixture of the three.
//!
//! `cargo run -p her-lm --example stream -- MODEL TEXT [TOKENS] [NAME=VALUE…]`, where TEXT is a
//! file, `@random` (any tokens, all as likely) or `@repeat` (one token for ever). Names are `rate`,
//! `chunk`, `window`, `rank` and `rest`: after how many tokens it rests each time, 1,024 or a
//! multiple. Each chunk, of 32 tokens unless told, is predicted before it is learned. Two lines of
//! JSON each 1,024 tokens: since the beginning, and since the lines before. At the end its life in
//! numbers, with the spans that learning helped most as text.

use std::collections::BTreeMap;
use std::error::Error;

use her_lm::{Bits, Learner, Mixture, Model, Settings, Spec, kernel};
use serde_json::{Value, json};

const STEP: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (named, plain): (Vec<_>, Vec<_>) = arguments.iter().partition(|a| a.contains('='));
    let named: BTreeMap<&str, &str> = named.iter().filter_map(|a| a.split_once('=')).collect();
    let ([model, text] | [model, text, _]) = plain.as_slice() else {
        return Err("give MODEL TEXT [TOKENS]".into());
    };
    let most: usize = plain.get(2).map_or(Ok(8193), |n| n.parse())?;
    let model = Model::open(model.as_ref())?;
    let mut tokens = read(&model, text, most)?;
    tokens.truncate(most);
    let number = |name: &str, usual: usize| named.get(name).map_or(Ok(usual), |n| n.parse());
    let mut settings = Settings::default();
    settings.chunk = number("chunk", settings.chunk)?;
    settings.window = number("window", settings.window)?;
    settings.rate = named.get("rate").map_or(Ok(settings.rate), |n| n.parse())?;
    let rest = number("rest", usize::MAX)?;
    let spec = Spec { rank: number("rank", 4)?, seed: 1 };
    let mut mixture = Mixture::new(Learner::new(&model.base, spec, settings)?);
    let mut before = Bits::default();
    for part in tokens.chunks(STEP) {
        mixture.read(&model.base, part, true)?;
        let bits = mixture.bits();
        let newest = Bits {
            scored: bits.scored - before.scored,
            frozen: bits.frozen - before.frozen,
            learned: bits.learned - before.learned,
            recalled: bits.recalled - before.recalled,
            mixed: bits.mixed - before.mixed,
            regret: bits.regret,
        };
        println!("{}", line(&bits, "whole", &mixture));
        println!("{}", line(&newest, "newest", &mixture));
        before = bits;
        if (bits.scored as usize + 1).is_multiple_of(rest) {
            mixture.rest();
            println!("{}", json!({"rested": mixture.save()?.len()}));
        }
    }
    let mut figures = serde_json::to_value(mixture.figures())?;
    for span in figures["spans"].as_array_mut().into_iter().flatten() {
        let ids: Vec<u32> = serde_json::from_value(span["tokens"].take())?;
        span["tokens"] = Value::String(model.tokens.decode(&ids)?);
    }
    println!("{}", json!({"figures": figures, "saved": mixture.save()?.len()}));
    Ok(())
}

/// The tokens of a file, or of what is made up.
fn read(model: &Model, text: &str, most: usize) -> Result<Vec<u32>, Box<dyn Error>> {
    let vocab = model.base.config.vocab as u64;
    let next = |state: &u64| {
        Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407))
    };
    Ok(match text {
        "@random" => {
            let states = std::iter::successors(Some(7u64), next);
            states.take(most).map(|state| ((state >> 33) % vocab) as u32).collect()
        }
        "@repeat" => vec![u32::try_from(vocab / 2)?; most],
        file => model.tokens.encode(&std::fs::read_to_string(file)?)?,
    })
}

fn line(bits: &Bits, of: &str, mixture: &Mixture) -> Value {
    let each = |sum: f64| (sum / bits.scored as f64 * 1e4).round() / 1e4;
    let retention = mixture.retention();
    let above = retention.kinds.iter().map(|kind| (kind.learned - kind.frozen) * 1e3);
    json!({
        "tokens": bits.scored, "of": of, "frozen": each(bits.frozen),
        "learned": each(bits.learned), "recalled": each(bits.recalled),
        "mixed": each(bits.mixed), "gain": each(bits.frozen - bits.mixed),
        "regret": (bits.regret * 1e3).round() / 1e3,
        "weights": mixture.weights().map(|w| (w * 1e3).round() / 1e3),
        "probes_above_in_thousandths": above.map(f64::round).collect::<Vec<_>>(),
        "rollbacks": retention.rollbacks, "rate": retention.rate, "kernel": kernel::name(),
    })
}
