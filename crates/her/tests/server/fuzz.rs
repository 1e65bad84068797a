//! Mutated requests against a running server: whatever comes, it answers, and never with a fault.
//!
//! The corpus lies in `tests/corpus`; an input that broke something is kept there for ever. Runs
//! are the same every time; `HER_FUZZ_CASES` makes them longer, `HER_FUZZ_SEED` others.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::client::{Running, Wire};

/// Pieces that parsers trip over.
const PIECES: [&[u8]; 24] = [
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e309",
    b"-0.0",
    b"18446744073709551616",
    b"4294967295",
    b"\"\"",
    b"\"\\ud800\"",
    b"\\u0000",
    b"[[[[[[[[",
    b"]]",
    b"{}",
    b"{\"a\":",
    b",",
    b"\n",
    b"\r\n",
    b"\xff\xfe",
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x80",
    b"\x00",
    b"\"x\":",
    b"\"y\":",
];

/// Makes inputs of others, the same ones in every run.
pub struct Mutator {
    draw: u64,
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    /// A mutator over the files of a folder of the corpus.
    pub fn new(folder: &str) -> Self {
        let folder = corpus(folder);
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        Self::of(files.iter().map(|file| std::fs::read(file).unwrap()).collect())
    }

    pub fn of(corpus: Vec<Vec<u8>>) -> Self {
        let seed = std::env::var("HER_FUZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
        Self { draw: 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(seed | 1), corpus }
    }

    fn below(&mut self, n: usize) -> usize {
        self.draw ^= self.draw << 13;
        self.draw ^= self.draw >> 7;
        self.draw ^= self.draw << 17;
        (self.draw % n.max(1) as u64) as usize
    }

    /// The next input: first the corpus as it is, then what becomes of it.
    pub fn input(&mut self, case: usize) -> Vec<u8> {
        if let Some(kept) = self.corpus.get(case) {
            return kept.clone();
        }
        let from = self.below(self.corpus.len());
        let mut input = self.corpus[from].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut input);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(12)).min(input.len());
        let kind = self.below(8);
        match kind {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = self.below(256) as u8,
            2 if at < end => drop(input.drain(at..end)),
            3 if at < end => {
                let again = input[at..end].to_vec();
                let times = 1 + self.below(64);
                drop(input.splice(at..at, again.repeat(times)));
            }
            4 => input.truncate(at),
            5 => {
                let other = self.below(self.corpus.len());
                let other = self.corpus[other].clone();
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => {
                let piece = PIECES[self.below(PIECES.len())];
                let end = if kind == 6 { end } else { at };
                drop(input.splice(at..end.max(at), piece.iter().copied()));
            }
        }
        input.truncate(64 * 1024);
    }
}

fn corpus(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder)
}

/// Tries inputs until one is answered wrongly, which is kept. Gives that input.
pub fn fuzz(
    name: &str,
    cases: usize,
    mutator: &mut Mutator,
    mut target: impl FnMut(&[u8]) -> Result<(), String>,
) -> Option<Vec<u8>> {
    for case in 0..cases {
        let input = mutator.input(case);
        let done = catch_unwind(AssertUnwindSafe(|| target(&input)));
        let why = match done {
            Ok(Ok(())) => continue,
            Ok(Err(why)) => why,
            Err(_) => "it panics".to_owned(),
        };
        let kept = std::env::temp_dir().join(format!("her-fuzz-{name}-{case}"));
        std::fs::write(&kept, &input).unwrap();
        eprintln!("{name}, case {case}: {why}; the input is kept in {}", kept.display());
        return Some(input);
    }
    None
}

pub fn cases() -> usize {
    std::env::var("HER_FUZZ_CASES").map_or(1_500, |n| n.parse().unwrap())
}

/// Sends requests over one connection, which only a fault breaks.
struct Asking<'a> {
    running: &'a Running,
    wire: Option<Wire>,
}

impl<'a> Asking<'a> {
    fn new(running: &'a Running) -> Self {
        Self { running, wire: None }
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<(), String> {
        let head = self.running.head(method, path);
        let head = format!("{head}{headers}content-length: {}\r\n\r\n", body.len());
        let mut wire = self.wire.take().unwrap_or_else(|| self.running.connect());
        wire.stream().write_all(&[head.as_bytes(), body].concat()).map_err(|e| e.to_string())?;
        let said = wire.said();
        if said.status >= 500 {
            return Err(format!("it answers {}: {}", said.status, said.text()));
        }
        if said.header("connection") != Some("close") {
            self.wire = Some(wire);
        }
        Ok(())
    }
}

/// After all that, the identity is whole.
pub fn is_whole(running: &Running) {
    let verified = running.post("/v1/identities/sam/verify", &serde_json::json!({}));
    assert_eq!(verified.status, 200, "{}", verified.text());
}

#[test]
fn v2_tensors() {
    let r = Running::with_sam(&[]);
    let (mut asking, mut mutator) = (Asking::new(&r), Mutator::new("v2"));
    let broken = fuzz("v2", cases(), &mut mutator, |input| {
        // The first line is the length of the JSON; without one, all of it is JSON.
        let end = input.iter().position(|b| *b == b'\n');
        let (length, body) = match end.map(|end| (&input[..end], &input[end + 1..])) {
            Some((length, body)) => (std::str::from_utf8(length).unwrap_or(""), body),
            None => ("", input),
        };
        let header = match length.parse::<u64>() {
            Ok(length) => format!("inference-header-content-length: {length}\r\n"),
            Err(_) => String::new(),
        };
        asking.ask("POST", "/v2/models/sam/infer", &header, body)
    });
    assert_eq!(broken, None);
    is_whole(&r);
    r.stop();
}

#[test]
fn ndjson_lines() {
    let r = Running::with_sam(&[]);
    let (mut asking, mut mutator) = (Asking::new(&r), Mutator::new("ndjson"));
    let broken = fuzz("ndjson", cases(), &mut mutator, |input| {
        let header = "content-type: application/x-ndjson\r\n";
        asking.ask("POST", "/v1/identities/sam/learn", header, input)
    });
    assert_eq!(broken, None);
    is_whole(&r);
    r.stop();
}

#[test]
fn specs() {
    let r = Running::with_sam(&[]);
    let (mut asking, mut mutator) = (Asking::new(&r), Mutator::new("spec"));
    // The name is taken, which is only told after the model was built.
    let broken = fuzz("spec", cases(), &mut mutator, |input| {
        asking.ask("PUT", "/v1/identities/sam", "content-type: application/json\r\n", input)
    });
    assert_eq!(broken, None);
    r.stop();
}

/// Reads texts as the binary tensors have them, and trusts their lengths.
fn planted(mut bytes: &[u8]) -> usize {
    let mut texts = 0;
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        bytes = &rest[u32::from_le_bytes(*length) as usize..];
        texts += 1;
    }
    texts
}

#[test]
fn a_planted_panic_is_found() {
    let mut mutator = Mutator::of(vec![b"\x05\0\0\0Delft\0\0\0\0\x02\0\0\0hi".to_vec()]);
    let found = fuzz("planted", 2_000, &mut mutator, |input| {
        planted(input);
        Ok(())
    });
    let found = found.expect("a decoder that trusts lengths breaks");
    assert!(catch_unwind(|| planted(&found)).is_err(), "and the kept input breaks it again");
}
