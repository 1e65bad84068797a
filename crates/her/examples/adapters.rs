//! What a peer's adapter is worth to a language model, beside its words: two read different
//! people, then the reader goes on with what its peer knows, told in several ways.
//!
//! `cargo run --profile quick -p her --example adapters -- MODEL TEXT [EVENTS] [AFTER]`, where
//! MODEL is a GGUF file and TEXT conversations (`cargo xtask data` makes one). The reader learns
//! the first EVENTS messages and the peer the next EVENTS; the figures are of the AFTER messages
//! that follow, which the reader learns as they come. A line of JSON each: bits per token, the gain
//! to the reader alone, bytes on the wire, and processor time of one core to take it in.

use std::path::Path;

use her_identity::clock::{Clock as _, RealClock};
use her_identity::sync::{Codec, pack};
use her_learn::merge::{Merge, Sums};
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
use her_lm::{Bases, LanguageModel};
use serde_json::{Value, json};

type Failed = Box<dyn std::error::Error>;

/// Longer messages are left out.
const MESSAGE_BYTES: usize = 400;

/// What a part of a peer's steps is read by: one of so many.
const PARTS: u32 = 2;

fn bits(model: &Model) -> Result<her_lm::Bits, Failed> {
    let language = LanguageModel::of(model.root()).ok_or("no language model")?;
    Ok(language.mixture().bits())
}

/// Learns messages. Gives bits per token over them: of the mixture and of the learner.
fn read(model: &mut Model, said: &[String]) -> Result<[f64; 2], Failed> {
    let (before, mut live) = (bits(model)?, Prediction::default());
    let mut scratch = Scratch::default();
    for text in said {
        let row = Row::from_json(&json!({ "text": text }))?;
        model.step(&row, &Target::None, 1.0, &mut live, &mut scratch)?;
    }
    let after = bits(model)?;
    let scored = (after.scored - before.scored) as f64;
    Ok([(after.mixed - before.mixed) / scored, (after.learned - before.learned) / scored])
}

/// The reader with what a peer tells, in part or whole.
fn with(reader: &[u8], told: &Sums, whole: bool, catalog: &Catalog) -> Result<Model, Failed> {
    let mut model = Model::load(reader, catalog)?;
    let mut sums = model.sums();
    let parts = if whole { 1 } else { PARTS };
    sums.combine(told, |mine, theirs| mine.add(theirs.divided(parts)));
    model.set_sums(&sums)?;
    Ok(model)
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, text, rest @ ..] = arguments.as_slice() else {
        return Err("give MODEL TEXT [EVENTS] [AFTER]".into());
    };
    let number = |at: usize, usual| rest.get(at).map_or(Ok(usual), |n: &String| n.parse());
    let (events, after) = (number(0, 120)?, number(1, 60)?);
    let text = std::fs::read_to_string(text)?;
    let said = text.split("<|im_start|>").skip(1);
    let said: Vec<String> = said
        .filter_map(|part| part.split_once('\n')?.1.split("<|im_end|>").next())
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty() && part.len() <= MESSAGE_BYTES)
        .take(2 * events + after)
        .collect();
    if said.len() < 2 * events + after {
        return Err(format!("the text has {} messages", said.len()).into());
    }
    let clock = RealClock::new();
    let dir = Path::new(path).parent().ok_or("a model lies in a directory")?;
    let name = Path::new(path).file_stem().and_then(|name| name.to_str()).ok_or("a name")?;
    let catalog = her_lm::catalog(Bases::new(dir));
    let spec = json!({ "LanguageModel": { "base": name } });
    let (first, others) = said.split_at(events);
    let (second, next) = others.split_at(events);
    let mut reader = Model::new(&spec, &catalog)?;
    let mut peer = Model::new(&spec, &catalog)?;
    read(&mut reader, first)?;
    let begin = clock.monotonic_ns();
    read(&mut peer, second)?;
    let learning = (clock.monotonic_ns() - begin) / 1_000_000;
    let reader = reader.save();

    let mut alone = None;
    let mut line = |way: &str, bytes: usize, ms: u64, costs: [f64; 2]| {
        let alone = *alone.get_or_insert(costs);
        let shown = |x: f64| (x * 1e4).round() / 1e4;
        let line: Value = json!({
            "way": way, "bits": shown(costs[0]), "gain": shown(alone[0] - costs[0]),
            "learner": shown(costs[1]), "gain_of_learner": shown(alone[1] - costs[1]),
            "bytes": bytes, "ms": ms,
        });
        println!("{line}");
    };
    line("alone", 0, 0, read(&mut Model::load(&reader, &catalog)?, next)?);
    for codec in [Codec::Exact, Codec::I8, Codec::I4, Codec::TopK] {
        for whole in [false, true] {
            let told = codec.round(&peer.sums(), Merge::Deltas);
            let bytes = zstd::bulk::compress(&pack::pack(&told), 9)?.len();
            let begin = clock.monotonic_ns();
            let mut model = with(&reader, &told, whole, &catalog)?;
            let ms = (clock.monotonic_ns() - begin) / 1_000_000;
            let way = format!("{} {}", codec.name(), if whole { "whole" } else { "half" });
            line(&way, bytes, ms, read(&mut model, next)?);
        }
    }
    let mut words = Model::load(&reader, &catalog)?;
    let begin = clock.monotonic_ns();
    read(&mut words, second)?;
    let ms = (clock.monotonic_ns() - begin) / 1_000_000;
    let bytes = zstd::bulk::compress(second.join("\n").as_bytes(), 19)?.len();
    line("its words", bytes, ms, read(&mut words, next)?);
    println!("{}", json!({ "events": events, "after": after, "peer_ms": learning }));
    Ok(())
}
