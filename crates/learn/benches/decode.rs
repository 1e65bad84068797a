//! Speed of the decoders: events a second on one core, beside a bare loop over `fast-float2`
//! that knows the layout and checks nothing. `cargo bench -p her-learn --bench decode`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use her_learn::stream::{Event, csv, lines, ndjson};

const RUNS: usize = 5;

/// The best of a few runs, in events a second: what the machine can do without its neighbours.
fn best(n: usize, mut run: impl FnMut() -> f64) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
        let start = std::time::Instant::now();
        black_box(run());
        best = best.min(start.elapsed());
    }
    n as f64 / best.as_secs_f64()
}

/// Numbers that look like measurements: a sign now and then, six decimals.
fn rows(n: usize, d: usize) -> Vec<Vec<f64>> {
    let mut state = 42u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) as f64 / f64::from(1u32 << 31) - 0.5) * 6.0
    };
    (0..n).map(|_| (0..d).map(|_| next()).collect()).collect()
}

fn ndjson_text(rows: &[Vec<f64>]) -> String {
    let mut text = String::new();
    for row in rows {
        text.push_str("{\"x\":{");
        for (i, v) in row.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\"f{i}\":{v:.6}");
        }
        let _ = writeln!(text, "}},\"y\":{}}}", row[0] > 0.0);
    }
    text
}

fn csv_text(rows: &[Vec<f64>]) -> String {
    let mut text = String::new();
    for i in 0..rows[0].len() {
        let _ = write!(text, "f{i},");
    }
    text.push_str("y\n");
    for row in rows {
        for v in row {
            let _ = write!(text, "{v:.6},");
        }
        let _ = writeln!(text, "{}", u8::from(row[0] > 0.0));
    }
    text
}

/// Jumps over each key by its length and parses with `fast-float2`.
fn bare_ndjson(text: &[u8], d: usize) -> f64 {
    let keys: Vec<usize> = (0..d).map(|i| format!(",\"f{i}\":").len()).collect();
    let (mut row, mut sum, mut at) = (vec![0.0; d], 0.0, 0);
    while at < text.len() {
        at += "{\"x\":{".len() - 1;
        for (slot, key) in row.iter_mut().zip(&keys) {
            at += key;
            let (v, n) = fast_float2::parse_partial::<f64, _>(&text[at..]).unwrap_or((0.0, 1));
            *slot = v;
            at += n;
        }
        sum += row[0];
        at += memchr::memchr(b'\n', &text[at..]).map_or(1, |n| n + 1);
    }
    sum
}

fn bare_csv(text: &[u8], d: usize) -> f64 {
    let (mut row, mut sum) = (vec![0.0; d + 1], 0.0);
    let mut at = memchr::memchr(b'\n', text).map_or(0, |n| n + 1);
    while at < text.len() {
        for slot in &mut row {
            let (v, n) = fast_float2::parse_partial::<f64, _>(&text[at..]).unwrap_or((0.0, 1));
            *slot = v;
            at += n + 1;
        }
        sum += row[0];
    }
    sum
}

fn decode_ndjson(text: &[u8]) -> f64 {
    let (mut decoder, mut event, mut sum) = (ndjson::Decoder::events(), Event::default(), 0.0);
    for line in lines(text) {
        decoder.decode(line, &mut event).expect("the text is well-formed");
        sum += event.row.numbers()[0];
    }
    sum
}

fn decode_csv(text: &[u8]) -> f64 {
    let (mut decoder, mut event, mut sum) = (csv::Decoder::new("y"), Event::default(), 0.0);
    for line in lines(text) {
        if decoder.decode(line, &mut event).expect("the text is well-formed") {
            sum += event.row.numbers()[0];
        }
    }
    sum
}

fn main() {
    println!("{:<14} {:>12} {:>12} {:>7}", "", "ev/s", "bare ev/s", "ratio");
    for d in [10, 30, 100] {
        let n = 1_500_000 / d;
        let rows = rows(n, d);
        let (json, csv) = (ndjson_text(&rows), csv_text(&rows));
        let bytes = json.len() / n;
        let lines: [(&str, f64, f64); 2] = [
            (
                "ndjson",
                best(n, || decode_ndjson(json.as_bytes())),
                best(n, || bare_ndjson(json.as_bytes(), d)),
            ),
            (
                "csv",
                best(n, || decode_csv(csv.as_bytes())),
                best(n, || bare_csv(csv.as_bytes(), d)),
            ),
        ];
        for (name, ours, bare) in lines {
            println!(
                "{:<14} {ours:>12.0} {bare:>12.0} {:>7.2}",
                format!("{name} d={d}"),
                ours / bare
            );
        }
        println!("  ({bytes} bytes an NDJSON line)");
    }
}
