//! Writes a small book, a second edition of it, and one with rows to join, into a folder:
//!
//! ```sh
//! cargo run -p her-book --example small -- /tmp/books
//! ```
//!
//! Tests open what this writes with the tools of others, and one of them with every later build.

use std::path::Path;

use her_book::{
    Book, Config, Contribution, Contributions, Dictionary, Digest, Dtype, Limits, Memory, Name,
    NameOf, Provenance, Range, SigningKey, Tensors, Writer,
};
use serde_json::json;

type Fails = Box<dyn std::error::Error>;

/// A key for examples: everybody knows it.
pub fn key() -> Result<SigningKey, String> {
    SigningKey::ed25519_seed(&[7; 32])
}

fn numbers(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The weights as they were born.
pub fn base() -> Tensors<'static> {
    Tensors::new()
        .tensor("bias", Dtype::F64, [], numbers(&[-0.5]))
        .tensor("w", Dtype::F64, [3], numbers(&[0.25, -1.0, 2.0]))
        .note("estimator", "LogisticRegression")
}

/// What was learned since: integers, and an exponent for each block of two.
pub fn delta() -> Tensors<'static> {
    Tensors::new()
        .tensor("w.q", Dtype::I8, [4], vec![1, 255, 64, 0])
        .tensor("w.e", Dtype::F8_E8M0, [2], vec![120, 121])
        .note("codec", "i8")
}

/// The names that the weights are of.
pub fn names() -> Dictionary {
    let name = |of, id, name: &str| Name { of, id, name: name.into() };
    vec![
        name(NameOf::Feature, 0, "amount"),
        name(NameOf::Feature, 1, "hour"),
        name(NameOf::Feature, 2, "café"),
        name(NameOf::Class, 0, "fraud"),
    ]
}

/// Two texts, in a space of three numbers.
pub fn memory() -> Result<Memory, String> {
    let vectors = [1.0, -0.5, 0.25, 0.0, 0.125, -2.0];
    let memory = Memory::quantise("text", "hash-3", 3, &vectors)?;
    let ids = vec!["ed25519:aa/1".to_owned(), "ed25519:aa/2".to_owned()];
    let memory = memory.rows(ids, vec![1_764_201_600_000, 1_764_201_601_500]);
    Ok(Memory { anchors: Some(Digest::of(b"anchors").to_string()), ..memory })
}

/// Where it comes from.
pub fn provenance(last: u64) -> Provenance {
    Provenance {
        identity: "0b5e0000000000000000000000000007".into(),
        journal: Range { first: 1, last, head: "blake3:c0ffee".into() },
        version_vector: [("ed25519:aa".to_owned(), last)].into(),
        parents: Vec::new(),
        code: "her 0.1.0".into(),
        events: last,
        licence: Some("CC-BY-4.0".into()),
        consent: Some("asked, and given for research".into()),
        data_classes: vec!["synthetic".into()],
    }
}

/// What the book says of itself.
pub fn config(version: &str) -> Config {
    Config {
        version: Some(version.into()),
        licenses: vec!["CC-BY-4.0".into()],
        precision: Some("float64".into()),
        ..Config::new("sam")
    }
}

/// A first edition.
pub fn first(path: &Path) -> Result<Digest, Fails> {
    let key = key()?;
    let written = Writer::new(path, config("1"))
        .contract(json!({"model": ["StandardScaler", "LogisticRegression"], "classes": ["fraud"]}))
        .base(base())
        .delta(delta())
        .dictionary(names())
        .memory(memory()?)
        .state(&b"an exact state, in our own form"[..])
        .provenance(provenance(120))
        .sign(&key)
        .finish()?;
    Ok(written)
}

/// A second one, with one delta more.
pub fn second(path: &Path, parent: &Book) -> Result<Digest, Fails> {
    let key = key()?;
    let written = Writer::new(path, config("2"))
        .edition_of(parent)
        .delta(delta())
        .provenance(provenance(240))
        .sign(&key)
        .finish()?;
    Ok(written)
}

/// What two origins contributed. The sums and signatures are of nobody.
pub fn contributions() -> Contributions {
    let row = |key: u8, number, sums: &[u8]| Contribution {
        key: [key; 32],
        identity: [7; 16],
        life: 0x1122_3344_5566_7788,
        number,
        events: number - 1,
        hash: [key + 1; 32],
        signature: [key + 2; 64],
        sums: sums.to_vec(),
    };
    let rows = vec![row(0xaa, 121, b"what one learned"), row(0xbb, 9, b"")];
    Contributions { contract: [0xcc; 32], rows }
}

/// One that others can join.
pub fn joinable(path: &Path) -> Result<Digest, Fails> {
    let key = key()?;
    let written = Writer::new(path, config("1"))
        .contract(json!({"model": "GaussianNB"}))
        .base(base())
        .contributions(contributions())
        .provenance(provenance(120))
        .sign(&key)
        .finish()?;
    Ok(written)
}

fn main() -> Result<(), Fails> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    std::fs::create_dir_all(&folder)?;
    let (one, two) = (Path::new(&folder).join("1.book"), Path::new(&folder).join("2.book"));
    println!("{} {}", first(&one)?, one.display());
    let parent = Book::open(&one, &Limits::default())?;
    println!("{} {}", second(&two, &parent)?, two.display());
    let rows = Path::new(&folder).join("rows.book");
    println!("{} {}", joinable(&rows)?, rows.display());
    Ok(())
}
