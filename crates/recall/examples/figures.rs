//! What a memory takes and what asking costs.
//!
//! `cargo run -p her-recall --example figures -- [MEMORIES]`: tells so many different texts and
//! pictures (1,000 if it is not said), then asks. A line of JSON for each modality.

#![allow(clippy::disallowed_methods, reason = "it tells how long things take")]

#[path = "../tests/parts/mod.rs"]
mod parts;

use std::time::Instant;

use her_learn::{Catalog, Model, Row, Scratch, Target};
use her_recall::Memory;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

/// Queries that are timed.
const ASKED: u64 = 50;

fn text(i: u64) -> String {
    let words = ["river", "boiler", "ticket", "awning", "kettle", "garden", "letter", "cellar"];
    let word = |salt: u64| words[((i * 7919 + salt * 104_729) % 8191 % 8) as usize];
    format!("{} {} number {i} beside the {}", word(1), word(2), word(3))
}

fn picture(i: u64) -> String {
    let shade = |salt: u64| ((i * 7919 + salt * 104_729) % 251) as u8;
    let (a, b) = ([shade(1), shade(2), shade(3)], [shade(4), shade(5), shade(6)]);
    let (wide, high) = (1 + i as u32 % 31, 1 + (i / 31) as u32 % 29);
    let bytes = parts::png(|x, y| if (x / wide + y / high).is_multiple_of(2) { a } else { b });
    parts::url("image/png", &bytes)
}

type Part = fn(u64) -> String;

fn main() -> Result<(), Failure> {
    let memories: u64 = std::env::args().nth(1).map_or(Ok(1_000), |n| n.parse())?;
    for (name, part) in [("text", text as Part), ("image", picture)] {
        let catalog = her_recall::extend(Catalog::builtin());
        let spec = json!({"Memory": {"memories_max": memories}});
        let mut model = Model::new(&spec, &catalog)?;
        let empty = model.save().len();
        let events: Vec<Row> = (0..memories + ASKED)
            .map(|i| Row::from_json(&json!({"text": part(i)})))
            .collect::<Result<_, _>>()?;
        let (told, asked) = events.split_at(memories as usize);
        let mut scratch = Scratch::default();
        let begin = Instant::now();
        for row in told {
            model.learn(row, &Target::None, 1.0, &mut scratch)?;
        }
        let learning = begin.elapsed().as_secs_f64();
        let kept = model.save().len() - empty;
        let recall = Memory::of(model.root()).ok_or("no memory")?.recall();
        let queries: Vec<&str> = asked.iter().filter_map(|row| row.text("text")).collect();
        let ask = |queries: &[&str]| -> her_learn::Result<f64> {
            let begin = Instant::now();
            for query in queries {
                recall.nearest(query, None, 10)?;
            }
            Ok(begin.elapsed().as_secs_f64() / queries.len() as f64)
        };
        // The first time each is encoded; right after it, it is known already.
        let encoded: f64 = queries.iter().map(|q| ask(&[q])).sum::<Result<f64, _>>()?;
        let searched: f64 = queries.iter().map(|q| ask(&[q, q])).sum::<Result<f64, _>>()?;
        let microseconds = |seconds: f64| (seconds * 1e6).round();
        let figures: Value = json!({
            "of": name,
            "memories": recall.stores().iter().map(her_recall::Store::len).sum::<usize>(),
            "dims": recall.stores().first().map(her_recall::Store::dims),
            "bytes_a_memory": kept as f64 / memories as f64,
            "microseconds_to_tell": microseconds(learning / memories as f64),
            "microseconds_to_ask": microseconds(encoded / ASKED as f64),
            "microseconds_to_ask_again": microseconds(searched / ASKED as f64),
        });
        println!("{figures}");
    }
    Ok(())
}
