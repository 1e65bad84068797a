//! What is written comes back, in the same bytes each time; editions share what did not change.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "the example is a program too")]
#[path = "../examples/small.rs"]
mod small;

use std::collections::BTreeSet;
use std::path::Path;

use her_book::{
    Book, Config, Content, Dictionary, Digest, Dtype, Fault, Kind, Limits, Memory, Name, NameOf,
    Provenance, Range, SigningKey, Tensor, Tensors, Writer,
};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};

fn open(path: &Path) -> Book {
    Book::open(path, &Limits::default()).unwrap()
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The tensors of a file as they were handed in: sorted by name, without the writer's own note.
fn plain(mut tensors: Tensors<'_>) -> Tensors<'_> {
    tensors.notes.remove("base");
    tensors
}

fn by_name(mut tensors: Tensors<'static>) -> Tensors<'static> {
    tensors.tensors.sort_by(|a, b| a.name.cmp(&b.name));
    tensors
}

#[test]
fn every_layer_comes_back() {
    let dir = dir();
    let path = dir.path().join("1.book");
    let digest = small::first(&path).unwrap();
    let book = open(&path);
    assert_eq!(book.digest(), digest);
    assert_eq!(book.config(), small::config("1"));
    let keys: Vec<String> = book.contract().unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["classes", "model"]);
    assert_eq!(plain(book.base().unwrap().unwrap().tensors()), by_name(small::base()));
    assert_eq!(plain(book.delta(1).unwrap().unwrap().tensors()), by_name(small::delta()));
    assert!(book.delta(2).unwrap().is_none() && book.deltas() == 1);
    assert_eq!(book.dictionary().unwrap().unwrap(), small::names());
    assert_eq!(book.modalities().collect::<Vec<_>>(), ["text"]);
    assert_eq!(book.memory("text").unwrap().unwrap(), small::memory().unwrap());
    assert!(book.memory("image").unwrap().is_none());
    assert_eq!(book.state().unwrap().unwrap(), b"an exact state, in our own form");
    assert_eq!(book.provenance().unwrap(), small::provenance(120));
    let key = small::key().unwrap().public();
    let verdict = book.verify(&[key.clone()].into_iter().collect()).unwrap();
    assert_eq!((verdict.signers, verdict.layers), (vec![key.clone()], 8));
    let inspection = serde_json::to_value(book.inspect().unwrap()).unwrap();
    assert_eq!(inspection["layers"][1]["name"], json!("base.safetensors"));
    assert_eq!(inspection["signers"], json!([key.to_string()]));
    assert_eq!(inspection["provenance"]["journal"]["last"], json!(120));
}

#[test]
fn an_edition_takes_rows_over_or_has_its_own() {
    let dir = dir();
    let (one, two, three) =
        (dir.path().join("1.book"), dir.path().join("2.book"), dir.path().join("3.book"));
    small::joinable(&one).unwrap();
    small::second(&two, &open(&one)).unwrap();
    assert_eq!(open(&two).contributions().unwrap(), Some(small::contributions()));
    let rows = her_book::Contributions { contract: [1; 32], rows: Vec::new() };
    Writer::new(&three, Config::new("sam"))
        .edition_of(&open(&one))
        .contributions(rows.clone())
        .provenance(Provenance::default())
        .finish()
        .unwrap();
    open(&three).check().unwrap();
    assert_eq!(open(&three).contributions().unwrap(), Some(rows));
}

#[test]
fn an_edition_shares_all_layers_but_its_delta_and_provenance() {
    let dir = dir();
    let (one, two) = (dir.path().join("1.book"), dir.path().join("2.book"));
    let parent = small::first(&one).unwrap();
    small::second(&two, &open(&one)).unwrap();
    let (first, second) = (open(&one), open(&two));
    let digests = |book: &Book| -> BTreeSet<Digest> {
        book.layers().iter().map(|layer| layer.digest).collect()
    };
    let (old, new) = (digests(&first), digests(&second));
    assert_eq!((old.len(), new.len(), old.intersection(&new).count()), (8, 9, 7));
    assert_eq!(second.deltas(), 2);
    assert_eq!(second.provenance().unwrap().parents, [parent]);
    let trusted = [small::key().unwrap().public()].into_iter().collect();
    assert_eq!(second.verify(&trusted).unwrap().layers, 9);

    // Each layer can be replaced; what was not is the parent's.
    let three = dir.path().join("3.book");
    Writer::new(&three, Config::new("sam"))
        .edition_of(&second)
        .memory(Memory::quantise("text", "hash-3", 3, &[]).unwrap())
        .memory(Memory::quantise("image", "colour", 1, &[]).unwrap())
        .state(vec![1, 2, 3])
        .contract(json!({}))
        .provenance(Provenance::default())
        .finish()
        .unwrap();
    let third = open(&three);
    assert_eq!(third.modalities().collect::<Vec<_>>(), ["image", "text"]);
    assert!(third.memory("text").unwrap().unwrap().is_empty());
    assert_eq!(third.state().unwrap().unwrap(), [1, 2, 3]);
    assert_eq!(third.layer(&Kind::Base).unwrap().digest, first.layers()[1].digest);
    third.check().unwrap();
}

#[test]
fn a_state_larger_than_a_buffer_comes_from_a_file_and_goes_to_one() {
    let dir = dir();
    let state: Vec<u8> = (0..3_000_000u32).map(|i| (i.wrapping_mul(i) >> 9) as u8).collect();
    let (from, path) = (dir.path().join("state"), dir.path().join("big.book"));
    std::fs::write(&from, &state).unwrap();
    Writer::new(&path, Config::new("big"))
        .contract(json!({}))
        .state(Content::File(from.clone()))
        .provenance(Provenance::default())
        .finish()
        .unwrap();
    let book = open(&path);
    let to = dir.path().join("back");
    let mut sink = std::fs::File::create(&to).unwrap();
    assert_eq!(book.extract(&Kind::State, &mut sink).unwrap(), 3_000_000);
    assert!(std::fs::read(&to).unwrap() == state);
    let limits = Limits { memory_bytes: 2_999_999, ..Limits::default() };
    let refused = Book::open(&path, &limits).unwrap().state().unwrap_err();
    assert_eq!((refused.fault(), refused.place()), (Fault::TooLarge, "state.bin"), "{refused}");
    assert_eq!(
        book.extract(&Kind::Base, &mut std::io::sink()).unwrap_err().fault(),
        Fault::Missing
    );
}

#[test]
fn what_can_not_become_a_book_is_refused_and_leaves_nothing() {
    let dir = dir();
    let path = dir.path().join("x.book");
    let writer = || {
        let writer = Writer::new(&path, Config::new("x")).contract(json!({}));
        writer.provenance(Provenance::default())
    };
    let tensor = || Tensors::new().tensor("w", Dtype::I8, [1], vec![1]);
    let backwards = Range { first: 2, last: 1, head: String::new() };
    let one = dir.path().join("1.book");
    small::first(&one).unwrap();
    let parent = open(&one);
    let cases: Vec<(Writer<'_>, &str)> = vec![
        (Writer::new(&path, Config::new("x")).contract(json!({})), "provenance"),
        (Writer::new(&path, Config::new("x")).provenance(Provenance::default()), "contract.json"),
        (Writer::new(&path, Config::new("")), "name"),
        (writer().contract(json!([1])), "object"),
        (writer().delta(tensor()), "no base"),
        (writer().base(tensor()).delta(tensor().note("base", "mine")), "\"base\""),
        (writer().edition_of(&parent).base(tensor()), "another base"),
        (writer().base(Tensors::new().tensor("w", Dtype::F32, [2], vec![0; 7])), "7 bytes"),
        (writer().memory(Memory::quantise("../up", "s", 1, &[]).unwrap()), "../up"),
        (writer().memory(Memory::quantise("text", "s", 1, &[1.0]).unwrap()), "has 0 ids"),
        (writer().memory(Memory::quantise("text", "", 1, &[]).unwrap()), "space"),
        (writer().state(Content::File(dir.path().join("none"))), "none"),
        (
            writer().provenance(Provenance { journal: backwards, ..Provenance::default() }),
            "ends at 1",
        ),
        (Writer::new(&path, Config { title: Some("t".repeat(5000)), ..Config::new("x") }), "5000"),
    ];
    for (writer, named) in cases {
        let refused = writer.finish().unwrap_err();
        assert!(matches!(refused.fault(), Fault::Input | Fault::Io), "{refused}");
        let text = refused.to_string();
        assert!(text.contains(named) && text.starts_with(path.to_str().unwrap()), "{text}");
        assert!(!path.exists());
    }
    let refused = Writer::new(&one, Config::new("x")).contract(json!({}));
    let refused = refused.provenance(Provenance::default()).finish().unwrap_err();
    assert!(refused.to_string().contains("there already"), "{refused}");
    parent.check().unwrap();
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, [one]);
}

#[test]
fn a_damaged_parent_passes_nothing_on() {
    let dir = dir();
    let (one, two) = (dir.path().join("1.book"), dir.path().join("2.book"));
    small::first(&one).unwrap();
    let parent = open(&one);
    let mut bytes = std::fs::read(&one).unwrap();
    let state = parent.layer(&Kind::State).unwrap().digest.hex();
    // The name stands in the manifest as well; the header is where `blobs/sha256/` precedes it.
    let prefix = b"blobs/sha256/";
    let at = (0..bytes.len() - 77).find(|i| {
        bytes[*i..].starts_with(prefix) && bytes[*i + 13..].starts_with(state.as_bytes())
    });
    bytes[at.unwrap() + 520] ^= 1;
    std::fs::write(&one, bytes).unwrap();
    let refused = Writer::new(&two, Config::new("x")).edition_of(&parent);
    let refused = refused.provenance(Provenance::default()).finish().unwrap_err();
    assert_eq!((refused.fault(), refused.place()), (Fault::Digest, "state.bin"), "{refused}");
    assert_eq!(refused.file(), one);
    assert!(!two.exists());
}

#[test]
fn a_second_sort_of_key_changes_the_signature_and_nothing_else() {
    let dir = dir();
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let (p256, ed25519) = (SigningKey::p256(pkcs8.as_ref()).unwrap(), small::key().unwrap());
    let write = |name: &str, keys: &[&SigningKey]| {
        let writer = Writer::new(dir.path().join(name), Config::new("x")).contract(json!({}));
        let writer = writer.provenance(Provenance::default());
        keys.iter().fold(writer, |writer, key| writer.sign(key)).finish()
    };
    let one = write("one", &[&p256, &ed25519]).unwrap();
    assert_eq!(write("two", &[&ed25519, &p256]).unwrap(), one);
    assert_eq!(write("three", &[&ed25519]).unwrap(), one);
    assert_eq!(write("four", &[&p256]).unwrap_err().fault(), Fault::Input);
    let book = open(&dir.path().join("one"));
    for (trusted, other) in [(&p256, &ed25519), (&ed25519, &p256)] {
        let verdict = book.verify(&[trusted.public()].into_iter().collect()).unwrap();
        assert_eq!(verdict.signers, [trusted.public()]);
        assert_eq!(verdict.others, [other.public()]);
    }
}

/// Everything that a book is made of.
#[derive(Clone, Debug)]
struct Parts {
    contract: Value,
    base: Option<Tensors<'static>>,
    deltas: Vec<Tensors<'static>>,
    names: Option<Dictionary>,
    memories: Vec<Memory>,
    state: Option<Vec<u8>>,
    provenance: Provenance,
    signed: bool,
}

impl Parts {
    /// Handed in from one end or from the other.
    fn write(&self, path: &Path, turned: bool) -> Digest {
        let key = SigningKey::ed25519_seed(&[3; 32]).unwrap();
        let mut writer = Writer::new(path, Config::new("any"));
        let mut steps: Vec<u8> = (0..8).collect();
        if turned {
            steps.reverse();
        }
        for step in steps {
            writer = match step {
                0 => writer.contract(self.contract.clone()),
                1 => self.base.iter().fold(writer, |w, base| w.base(base.clone())),
                2 => self.deltas.iter().fold(writer, |w, delta| w.delta(delta.clone())),
                3 => self.names.iter().fold(writer, |w, names| w.dictionary(names.clone())),
                4 => self.memories.iter().fold(writer, |w, memory| w.memory(memory.clone())),
                5 => self.state.iter().fold(writer, |w, state| w.state(&state[..])),
                6 => writer.provenance(self.provenance.clone()),
                _ if self.signed => writer.sign(&key),
                _ => writer,
            };
        }
        writer.finish().unwrap()
    }
}

fn tensors() -> impl Strategy<Value = Tensors<'static>> {
    let one = ("[a-z.é]{1,12}", prop::collection::vec(any::<u8>(), 0..40), 0..4usize);
    let notes = prop::collection::btree_map("[a-z]{1,6}x", ".{0,8}", 0..4);
    (prop::collection::vec(one, 0..6), notes).prop_map(|(all, notes)| {
        let mut tensors = Tensors { notes, ..Tensors::new() };
        for (name, mut data, kind) in all {
            let (dtype, width) =
                [(Dtype::I8, 1), (Dtype::F32, 4), (Dtype::F64, 8), (Dtype::I64, 8)][kind];
            data.truncate(data.len() / width * width);
            let shape = vec![data.len() / width, 1];
            if tensors.tensors.iter().all(|tensor: &Tensor<'_>| tensor.name != name) {
                tensors = tensors.tensor(name, dtype, shape, data);
            }
        }
        by_name(tensors)
    })
}

fn contract() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    });
    tree.prop_map(|inner| json!({"z": inner, "a": 1}))
}

fn memory(modality: &'static str) -> impl Strategy<Value = Memory> {
    (0..5usize, 1..4usize).prop_flat_map(move |(n, dims)| {
        let vectors = prop::collection::vec(-1e9f32..1e9, n * dims);
        let rows = (prop::collection::vec(".{0,8}", n), prop::collection::vec(any::<i64>(), n));
        (vectors, rows).prop_map(move |(vectors, (ids, at))| {
            Memory::quantise(modality, "space", dims, &vectors).unwrap().rows(ids, at)
        })
    })
}

fn parts() -> impl Strategy<Value = Parts> {
    let names = prop::collection::vec((any::<u64>(), ".{0,9}"), 0..6).prop_map(|names| {
        names.into_iter().map(|(id, name)| Name { of: NameOf::Token, id, name }).collect()
    });
    let memories = (prop::option::of(memory("text")), prop::option::of(memory("audio-2")));
    let weights = prop::option::of((tensors(), prop::collection::vec(tensors(), 0..3)));
    let state = prop::option::of(prop::collection::vec(any::<u8>(), 0..2000));
    let rest = (prop::option::of(names), memories, state, any::<bool>(), ".{0,9}", any::<u64>());
    (contract(), weights, rest).prop_map(|(contract, weights, rest)| {
        let (names, (text, audio), state, signed, identity, events) = rest;
        let (base, deltas) = weights.map_or((None, vec![]), |(base, deltas)| (Some(base), deltas));
        let memories = text.into_iter().chain(audio).collect();
        let provenance = Provenance { identity, events, ..Provenance::default() };
        Parts { contract, base, deltas, names, memories, state, provenance, signed }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_book_comes_back_and_is_the_same_bytes_again(parts in parts()) {
        let dir = dir();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        let digest = parts.write(&one, false);
        prop_assert_eq!(parts.write(&two, true), digest);
        prop_assert!(std::fs::read(&one).unwrap() == std::fs::read(&two).unwrap());
        let book = open(&one);
        book.check().unwrap();
        prop_assert_eq!(book.contract().unwrap(), parts.contract);
        let base = book.base().unwrap();
        prop_assert_eq!(base.as_ref().map(|file| plain(file.tensors())), parts.base);
        prop_assert_eq!(book.deltas() as usize, parts.deltas.len());
        for (number, delta) in (1..).zip(&parts.deltas) {
            let file = book.delta(number).unwrap().unwrap();
            prop_assert_eq!(&plain(file.tensors()), delta);
        }
        prop_assert_eq!(book.dictionary().unwrap(), parts.names);
        prop_assert_eq!(book.modalities().count(), parts.memories.len());
        for memory in &parts.memories {
            prop_assert_eq!(&book.memory(&memory.modality).unwrap().unwrap(), memory);
        }
        prop_assert_eq!(book.state().unwrap(), parts.state);
        prop_assert_eq!(book.provenance().unwrap(), parts.provenance);
        prop_assert_eq!(book.signers().unwrap().len(), usize::from(parts.signed));
    }
}
