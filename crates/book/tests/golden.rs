//! The first book of each format that was ever written: every later build opens it, for ever; this
//! build writes it in the same bytes; and the format's page shows the bytes of the oldest.
//!
//! With `HER_WRITE_GOLDEN=1` the files are written. A changed format gets a new name beside it.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "the example is a program too")]
#[path = "../examples/small.rs"]
mod small;

use std::path::PathBuf;

use her_book::{Book, Kind, Limits};
use serde_json::json;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The golden file of a format; and what this build makes of the same content.
fn golden(format: &str) -> (PathBuf, Vec<u8>) {
    let dir = tempfile::tempdir().unwrap();
    let now = dir.path().join("now.book");
    let write = if format == "1" { small::first } else { small::joinable };
    write(&now).unwrap();
    let written = std::fs::read(&now).unwrap();
    let path = folder().join(format!("tests/golden/{format}.book"));
    if std::env::var_os("HER_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &written).unwrap();
    }
    (path, written)
}

#[test]
fn the_first_book_opens_for_ever() {
    let (path, _) = golden("1");
    let book = Book::open(&path, &Limits::default()).unwrap();
    let digest = "sha256:f285e22e5db8c642bb953ad9fcea0b01371263d6d85c26622f68447b8a6ec4d2";
    assert_eq!(book.digest().to_string(), digest);
    let signer = "ed25519:ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
    let verdict = book.verify(&[signer.parse().unwrap()].into_iter().collect()).unwrap();
    assert_eq!(verdict.layers, 8);
    let contract = json!({"classes": ["fraud"], "model": ["StandardScaler", "LogisticRegression"]});
    assert_eq!(book.contract().unwrap(), contract);
    let base = book.base().unwrap().unwrap();
    let weights = [0.25f64, -1.0, 2.0].map(f64::to_le_bytes).concat();
    assert_eq!(base.get("w").unwrap().data[..], weights);
    let delta = book.delta(1).unwrap().unwrap();
    assert_eq!(delta.get("w.q").unwrap().data[..], [1, 255, 64, 0]);
    assert_eq!(delta.notes()["base"], book.layer(&Kind::Base).unwrap().diff_id.to_string());
    let names = book.dictionary().unwrap().unwrap();
    assert_eq!(names[2].name, "café");
    let memory = book.memory("text").unwrap().unwrap();
    assert_eq!((memory.ids[1].as_str(), memory.at_ms[1]), ("ed25519:aa/2", 1_764_201_601_500));
    assert_eq!(memory.q, [127, -64, 32, 0, 8, -127]);
    assert_eq!(book.state().unwrap().unwrap(), b"an exact state, in our own form");
    let provenance = book.provenance().unwrap();
    assert_eq!((provenance.events, provenance.version_vector["ed25519:aa"]), (120, 120));
}

/// If this fails after an update of zstd or Arrow, books of one content are no longer one file.
/// That breaks the sharing of layers between editions, not their reading: say so in the changelog.
#[test]
fn the_first_book_is_written_in_the_same_bytes() {
    for format in ["1", "2"] {
        let (path, now) = golden(format);
        assert!(std::fs::read(path).unwrap() == now, "format {format}");
    }
}

#[test]
fn the_first_book_with_rows_opens_for_ever() {
    let (path, _) = golden("2");
    let book = Book::open(&path, &Limits::default()).unwrap();
    let signer = small::key().unwrap().public();
    assert_eq!(book.verify(&[signer].into_iter().collect()).unwrap().layers, 4);
    assert_eq!(book.inspect().unwrap().format, "2");
    let found = book.contributions().unwrap().unwrap();
    assert_eq!((found.contract, found.rows.len()), ([0xcc; 32], 2));
    let row = &found.rows[0];
    assert_eq!((row.key, row.identity, row.life), ([0xaa; 32], [7; 16], 0x1122_3344_5566_7788));
    assert_eq!((row.number, row.events, row.sums.as_slice()), (121, 120, &b"what one learned"[..]));
    assert_eq!((row.hash, row.signature), ([0xab; 32], [0xac; 64]));
    // One without rows is of the format before, and says so.
    let old = Book::open(golden("1").0, &Limits::default()).unwrap();
    assert_eq!(old.inspect().unwrap().format, "1");
    assert_eq!(old.contributions().unwrap(), None);
}

/// Lines of the page that show bytes: offset, up to sixteen bytes, their text.
#[test]
fn the_page_shows_the_bytes_of_this_book() {
    let (path, _) = golden("1");
    let bytes = std::fs::read(path).unwrap();
    let page = folder().join("../../docs/internals/book.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (mut shown, mut inside) = (0, false);
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```hex";
        } else if inside {
            assert_eq!(line, dump(&bytes, usize::from_str_radix(&line[..6], 16).unwrap()));
            shown += 1;
        }
    }
    assert!(shown >= 30, "{shown} lines of bytes");
    let book = Book::open(folder().join("tests/golden/1.book"), &Limits::default()).unwrap();
    assert!(page.contains(&book.digest().to_string()), "{}", book.digest());
    let mut base = Vec::new();
    book.extract(&Kind::Base, &mut base).unwrap();
    let length = usize::try_from(u64::from_le_bytes(base[..8].try_into().unwrap())).unwrap();
    let (header, numbers) = base[8..].split_at(length);
    assert!(page.contains(std::str::from_utf8(header).unwrap().trim_end()));
    let digits: Vec<String> = numbers.iter().map(|b| format!("{b:02x}")).collect();
    assert!(page.contains(&digits.join(" ")));
    for layer in book.layers() {
        let row = format!(
            "| `{}` | `{}` | {} | {} |",
            layer.kind,
            &layer.digest.hex()[..12],
            layer.bytes,
            layer.unpacked
        );
        assert!(page.contains(&row), "{row}");
    }
}

fn dump(bytes: &[u8], at: usize) -> String {
    let line = &bytes[at..(at + 16).min(bytes.len())];
    let digits: Vec<String> = line.iter().map(|b| format!("{b:02x}")).collect();
    let text: String =
        line.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '.' }).collect();
    format!("{at:06x}  {}  {text}", digits.join(" "))
}
