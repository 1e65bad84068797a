//! Whoever changes a book, by chance or on purpose, is found out, and told by name what is wrong.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

#[allow(dead_code, reason = "the example is a program too")]
#[path = "../examples/small.rs"]
mod small;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use her_book::{Book, Digest, Error, Fault, Limits, SigningKey, TrustedKeys, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

const BLOBS: &str = "blobs/sha256/";

fn trusted() -> TrustedKeys {
    [small::key().unwrap().public()].into_iter().collect()
}

fn verify(path: &Path) -> Result<Verdict, Error> {
    Book::open(path, &Limits::default())?.verify(&trusted())
}

/// A book, in a folder that goes away.
struct Written {
    _dir: tempfile::TempDir,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// The small book, which is written once.
static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sam.book");
    small::first(&path).unwrap();
    std::fs::read(&path).unwrap()
});

fn written() -> Written {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sam.book");
    let bytes = SMALL.clone();
    std::fs::write(&path, &bytes).unwrap();
    Written { _dir: dir, path, bytes }
}

impl Written {
    fn refused(&self, bytes: &[u8]) -> Error {
        std::fs::write(&self.path, bytes).unwrap();
        verify(&self.path).unwrap_err()
    }
}

/// An error that names the file, some place, what was found, and what to do.
fn told(error: &Error, path: &Path) {
    let text = error.to_string();
    assert!(text.starts_with(path.to_str().unwrap()), "{text}");
    assert!(!error.place().is_empty() && text.contains(error.place()), "{text}");
    let advice = text.rsplit_once("; ").map_or("", |(_, advice)| advice);
    assert!(advice.len() > 10 && !text.ends_with('.'), "{text}");
}

#[test]
fn no_byte_can_be_changed() {
    let book = written();
    let file = File::options().write(true).open(&book.path).unwrap();
    let mut faults: BTreeMap<String, usize> = BTreeMap::new();
    for (i, byte) in book.bytes.iter().enumerate() {
        for changed in [byte ^ (1 << (i % 8)), !byte] {
            file.write_all_at(&[changed], i as u64).unwrap();
            let Err(refused) = verify(&book.path) else {
                panic!("byte {i} was {byte}, is {changed}, and nobody noticed");
            };
            told(&refused, &book.path);
            *faults.entry(format!("{:?}", refused.fault())).or_default() += 1;
        }
        file.write_all_at(&[*byte], i as u64).unwrap();
    }
    assert!(verify(&book.path).is_ok());
    println!("{} bytes, each in two ways: {faults:?}", book.bytes.len());
}

#[test]
fn a_file_that_ends_early_or_goes_on_is_refused() {
    let book = written();
    let whole = book.bytes.len();
    // At each block, beside each block, and everywhere in the last two.
    let blocks = (0..whole).step_by(512).flat_map(|at| [at, at + 1, at + 511]);
    for end in blocks.chain(whole - 1024..whole) {
        let refused = book.refused(&book.bytes[..end]);
        let fault = refused.fault();
        assert!(matches!(fault, Fault::Truncated | Fault::NotABook), "{end}: {refused}");
        told(&refused, &book.path);
    }
    for more in [1, 512, 1024] {
        let refused = book.refused(&[&book.bytes[..], &vec![0; more]].concat());
        assert_eq!(refused.fault(), Fault::Extra, "{refused}");
    }
    let twice = book.refused(&[&book.bytes[..], &book.bytes[..]].concat());
    assert_eq!(twice.fault(), Fault::Extra, "{twice}");
    for other in [&b""[..], b"GGUF", &[0; 1024], &[b'x'; 4096]] {
        let refused = book.refused(other);
        assert!(matches!(refused.fault(), Fault::Truncated | Fault::NotABook), "{refused}");
    }
}

/// The files of a book, as somebody sees them who can write any tar.
struct Forge {
    files: Vec<(String, Vec<u8>)>,
}

impl Forge {
    fn of(bytes: &[u8]) -> Self {
        let mut files = Vec::new();
        for entry in tar::Archive::new(bytes).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            files.push((name, data));
        }
        Self { files }
    }

    fn get(&self, name: &str) -> Vec<u8> {
        self.files.iter().find(|(n, _)| n == name).unwrap().1.clone()
    }

    fn blob(&self, descriptor: &Value) -> Vec<u8> {
        self.get(&descriptor["digest"].as_str().unwrap().replace("sha256:", BLOBS))
    }

    fn index(&self) -> Value {
        serde_json::from_slice(&self.get("index.json")).unwrap()
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&self.blob(&self.index()["manifests"][0])).unwrap()
    }

    fn remove(&mut self, descriptor: &Value) {
        let name = descriptor["digest"].as_str().unwrap().replace("sha256:", BLOBS);
        self.files.retain(|(n, _)| *n != name);
    }

    /// Adds a blob, and says its digest and size in a descriptor.
    fn put(&mut self, bytes: Vec<u8>, descriptor: &mut Value) {
        let digest = Digest::of(&bytes);
        descriptor["digest"] = json!(digest);
        descriptor["size"] = json!(bytes.len());
        self.files.push((format!("{BLOBS}{}", digest.hex()), bytes));
    }

    /// Puts another manifest in, with digests that are right all the way; the signature goes.
    fn with_manifest(mut self, manifest: &Value) -> Vec<u8> {
        let mut index = self.index();
        for descriptor in index["manifests"].as_array().unwrap().clone() {
            self.remove(&descriptor);
        }
        let envelope = self.files.iter().position(|(_, data)| data.starts_with(b"{\"payload\""));
        self.files.remove(envelope.unwrap());
        self.files.retain(|(_, data)| data != b"{}");
        index["manifests"].as_array_mut().unwrap().truncate(1);
        let bytes = serde_json::to_vec(manifest).unwrap();
        let mut descriptor = index["manifests"][0].clone();
        self.put(bytes, &mut descriptor);
        index["manifests"][0] = descriptor;
        self.set("index.json", serde_json::to_vec(&index).unwrap());
        self.tar()
    }

    /// Puts another envelope in, with digests that are right all the way.
    fn with_envelope(mut self, envelope: Vec<u8>) -> Vec<u8> {
        let mut index = self.index();
        let mut manifest: Value =
            serde_json::from_slice(&self.blob(&index["manifests"][1])).unwrap();
        self.remove(&index["manifests"][1]);
        self.remove(&manifest["layers"][0]);
        let mut descriptor = manifest["layers"][0].clone();
        self.put(envelope, &mut descriptor);
        manifest["layers"][0] = descriptor;
        let mut descriptor = index["manifests"][1].clone();
        self.put(serde_json::to_vec(&manifest).unwrap(), &mut descriptor);
        index["manifests"][1] = descriptor;
        self.set("index.json", serde_json::to_vec(&index).unwrap());
        self.tar()
    }

    /// Puts another file into a layer, honest in all but what was changed.
    fn with_layer(mut self, layer: usize, packed: Vec<u8>, tar: &[u8], size: u64) -> Vec<u8> {
        let mut manifest = self.manifest();
        self.remove(&manifest["layers"][layer]);
        let mut config: Value = serde_json::from_slice(&self.blob(&manifest["config"])).unwrap();
        self.remove(&manifest["config"]);
        config["modelfs"]["diffIds"][layer] = json!(Digest::of(tar));
        let mut descriptor = manifest["config"].clone();
        self.put(serde_json::to_vec(&config).unwrap(), &mut descriptor);
        manifest["config"] = descriptor;
        let mut descriptor = manifest["layers"][layer].clone();
        self.put(packed, &mut descriptor);
        let key = "org.cncf.model.file.metadata+json";
        let metadata = descriptor["annotations"][key].as_str().unwrap();
        let mut metadata: Value = serde_json::from_str(metadata).unwrap();
        metadata["size"] = json!(size);
        descriptor["annotations"][key] = json!(serde_json::to_string(&metadata).unwrap());
        manifest["layers"][layer] = descriptor;
        self.with_manifest(&manifest)
    }

    fn set(&mut self, name: &str, data: Vec<u8>) {
        self.files.iter_mut().find(|(n, _)| n == name).unwrap().1 = data;
    }

    fn tar(mut self) -> Vec<u8> {
        self.files[2..].sort();
        let mut out = Vec::new();
        for (name, data) in &self.files {
            out.extend_from_slice(&entry(name, data));
        }
        out.resize(out.len() + 1024, 0);
        out
    }
}

/// A file in a tar, its header as ours are.
fn entry(name: &str, data: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    let mut out = [header.as_bytes(), data].concat();
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn packed(tar: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.write_all(tar).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_forger_who_changes_nothing_makes_the_same_book() {
    let book = written();
    assert!(Forge::of(&book.bytes).tar() == book.bytes);
    // Without its signature it opens, is whole, and is nobody's.
    let forge = Forge::of(&book.bytes);
    let manifest = forge.manifest();
    let unsigned = forge.with_manifest(&manifest);
    let refused = book.refused(&unsigned);
    assert_eq!(refused.fault(), Fault::Unsigned, "{refused}");
    told(&refused, &book.path);
    Book::open(&book.path, &Limits::default()).unwrap().check().unwrap();
}

type Change = fn(&mut Value);

#[test]
fn layouts_that_are_not_ours_are_refused_by_name() {
    let book = written();
    let cases: &[(Change, Fault, &str)] = &[
        (|m| m["annotations"]["heraclitus.book.version"] = json!("3"), Fault::Version, "newer"),
        (
            |m| m["annotations"]["heraclitus.book.version"] = json!("2"),
            Fault::NotCanonical,
            "manif",
        ),
        (|m| m["layers"][0]["mediaType"] = json!("text/plain"), Fault::NotCanonical, "contract"),
        (|m| m["artifactType"] = json!("text/plain"), Fault::NotCanonical, "manifest"),
        (|m| m["schemaVersion"] = json!(1), Fault::NotCanonical, "manifest"),
        (|m| m["surprise"] = json!(1), Fault::NotCanonical, "surprise"),
        (|m| m["annotations"]["other"] = json!("1"), Fault::NotCanonical, "manifest"),
        (|m| name(m, 0, "../../etc/passwd"), Fault::Path, "../../etc/passwd"),
        (|m| name(m, 0, "/etc/passwd"), Fault::Path, "/etc/passwd"),
        (|m| name(m, 0, "memory/../x.arrow"), Fault::Path, "memory/../x"),
        (|m| name(m, 2, "delta-0001.safetensors"), Fault::Path, "delta-0001"),
        (|m| name(m, 2, "delta-000.safetensors"), Fault::Path, "delta-000"),
        (|m| name(m, 2, "delta-002.safetensors"), Fault::Missing, "delta-001"),
        (|m| layers(m, |l| l.swap(1, 2)), Fault::NotCanonical, "stands behind"),
        (|m| layers(m, |l| l.insert(1, l[1].clone())), Fault::NotCanonical, "stands behind"),
        (|m| m["layers"][3]["size"] = json!(1), Fault::Digest, "dictionary.arrow"),
        (
            |m| m["layers"][3]["digest"] = json!(Digest::of(b"else")),
            Fault::Missing,
            "dictionary.arrow",
        ),
    ];
    for (change, fault, named) in cases {
        let forge = Forge::of(&book.bytes);
        let mut manifest = forge.manifest();
        change(&mut manifest);
        let refused = book.refused(&forge.with_manifest(&manifest));
        assert!(refused.fault() == *fault && refused.to_string().contains(named), "{refused}");
        told(&refused, &book.path);
    }
}

fn layers(manifest: &mut Value, change: fn(&mut Vec<Value>)) {
    change(manifest["layers"].as_array_mut().unwrap());
}

/// Calls a layer otherwise, in both of its annotations.
fn name(manifest: &mut Value, layer: usize, name: &str) {
    let annotations = &mut manifest["layers"][layer]["annotations"];
    annotations["org.cncf.model.filepath"] = json!(name);
    let key = "org.cncf.model.file.metadata+json";
    let metadata = annotations[key].as_str().unwrap();
    let mut metadata: Value = serde_json::from_str(metadata).unwrap();
    metadata["name"] = json!(name);
    annotations[key] = json!(serde_json::to_string(&metadata).unwrap());
}

#[test]
fn blobs_that_are_missing_extra_or_out_of_order_are_refused() {
    let book = written();
    for layer in 0..8 {
        let mut forge = Forge::of(&book.bytes);
        let manifest = forge.manifest();
        forge.remove(&manifest["layers"][layer]);
        let refused = book.refused(&forge.tar());
        assert_eq!(refused.fault(), Fault::Missing, "{refused}");
        let named = manifest["layers"][layer]["annotations"]["org.cncf.model.filepath"].clone();
        assert_eq!(json!(refused.place()), named, "{refused}");
    }
    let mut forge = Forge::of(&book.bytes);
    forge.put(b"hidden".to_vec(), &mut json!({}));
    let refused = book.refused(&forge.tar());
    assert_eq!(refused.fault(), Fault::Extra, "{refused}");
    let mut forge = Forge::of(&book.bytes);
    forge.files.push(("blobs/sha512/ab".into(), Vec::new()));
    assert_eq!(book.refused(&forge.tar()).fault(), Fault::Path);
    let mut forge = Forge::of(&book.bytes);
    forge.files.push(("../up".into(), Vec::new()));
    let refused = book.refused(&forge.tar());
    assert!(refused.fault() == Fault::Path && refused.to_string().contains("../up"), "{refused}");
    // The order of the blobs is part of the format; so is that each is there once.
    let forge = Forge::of(&book.bytes);
    let mut turned = Vec::new();
    let (first, rest) = forge.files.split_at(2);
    for (name, data) in first.iter().chain(rest.iter().rev()) {
        turned.extend_from_slice(&entry(name, data));
    }
    turned.resize(turned.len() + 1024, 0);
    assert_eq!(book.refused(&turned).fault(), Fault::NotCanonical);
}

#[test]
fn bombs_and_lies_about_sizes_are_refused_by_the_layers_name() {
    let book = written();
    let zeros = vec![0; 64 << 20];
    let tar = [entry("state.bin", &zeros), vec![0; 1024]].concat();
    let bomb = packed(&tar);
    assert!(bomb.len() < 10_000, "{} bytes", bomb.len());
    // Declared as it is, it is over the reader's limit before anything is unpacked.
    let honest = Forge::of(&book.bytes).with_layer(6, bomb.clone(), &tar, zeros.len() as u64);
    std::fs::write(&book.path, &honest).unwrap();
    let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    let refused = Book::open(&book.path, &limits).unwrap_err();
    assert_eq!((refused.fault(), refused.place()), (Fault::TooLarge, "state.bin"), "{refused}");
    assert!(refused.to_string().contains("unpacked_bytes"), "{refused}");
    let opened = Book::open(&book.path, &Limits::default()).unwrap();
    assert!(opened.state().unwrap().unwrap() == zeros);
    // Whole, and not what the provenance is about.
    assert_eq!(opened.check().unwrap_err().place(), "provenance.json");
    // Declared as less, it is not unpacked beyond its header.
    for size in [0, 31, 1 << 20] {
        let lie = Forge::of(&book.bytes).with_layer(6, bomb.clone(), &tar, size);
        std::fs::write(&book.path, &lie).unwrap();
        let refused = Book::open(&book.path, &Limits::default()).unwrap().check().unwrap_err();
        assert_eq!((refused.fault(), refused.place()), (Fault::NotCanonical, "state.bin"));
    }
    // With a header that lies as the manifest does, it is stopped where the file should end.
    let mut lying = [entry("state.bin", &[0; 31]), vec![0; 1024]].concat();
    lying.resize(64 << 20, 0);
    let lie = Forge::of(&book.bytes).with_layer(6, packed(&lying), &lying, 31);
    std::fs::write(&book.path, &lie).unwrap();
    let refused = Book::open(&book.path, &Limits::default()).unwrap().check().unwrap_err();
    assert_eq!((refused.fault(), refused.place()), (Fault::TooLarge, "state.bin"), "{refused}");
}

#[test]
fn layers_that_are_not_of_their_format_are_refused_by_name() {
    let book = written();
    let header = |length: u64, text: &str| [&length.to_le_bytes()[..], text.as_bytes()].concat();
    let of_another = her_base(&Digest::of(b"another base").to_string());
    let cases: Vec<(usize, &str, Vec<u8>, &str)> = vec![
        (0, "contract.json", b"[]".to_vec(), "object"),
        (0, "contract.json", br#"{"b":1,"a":2}"#.to_vec(), "sorted"),
        (0, "contract.json", br#"{"a": 1}"#.to_vec(), "spelled"),
        (1, "base.safetensors", header(1 << 60, "{}"), "header"),
        (1, "base.safetensors", header(2, "[]"), "safetensors"),
        (1, "base.safetensors", header(2, "{}x"), "0 bytes of tensors"),
        (1, "base.safetensors", b"abc".to_vec(), "3 bytes"),
        (2, "delta-001.safetensors", of_another, "another base"),
        (3, "dictionary.arrow", b"ARROW1\0\0".to_vec(), "Arrow"),
        (5, "memory/text.arrow", vec![0; 64], "Arrow"),
        (4, "memory/text.safetensors", header(2, "{}"), "text.q"),
        (7, "provenance.json", b"{}".to_vec(), "JSON"),
    ];
    for (layer, name, data, named) in cases {
        let tar = [entry(name, &data), vec![0; 1024]].concat();
        let forged = Forge::of(&book.bytes);
        let forged = forged.with_layer(layer, packed(&tar), &tar, data.len() as u64);
        std::fs::write(&book.path, &forged).unwrap();
        let opened = Book::open(&book.path, &Limits::default()).unwrap();
        let refused = opened.check().unwrap_err();
        assert!(refused.to_string().contains(named), "{refused}");
        // A layer that the provenance is about can not be exchanged without it.
        let provenance = opened.provenance().unwrap_err();
        assert_eq!(provenance.place(), "provenance.json");
        told(&refused, &book.path);
    }
    // A layer's tar that names another file, or holds a second one.
    let state = b"an exact state, in our own form";
    let other = [entry("../state.bin", state), vec![0; 1024]].concat();
    let two = [entry("state.bin", state), entry("more", b"x"), vec![0; 1024]].concat();
    for (tar, fault) in [(other, Fault::Path), (two, Fault::Extra)] {
        let forged = Forge::of(&book.bytes).with_layer(6, packed(&tar), &tar, state.len() as u64);
        std::fs::write(&book.path, &forged).unwrap();
        let opened = Book::open(&book.path, &Limits::default()).unwrap();
        let refused = opened.state().unwrap_err();
        assert_eq!((refused.fault(), refused.place()), (fault, "state.bin"), "{refused}");
    }
}

/// A delta's file that says to which base it is added.
fn her_base(base: &str) -> Vec<u8> {
    let mut text = json!({"__metadata__": {"base": base}}).to_string();
    text.push_str(&" ".repeat(text.len().next_multiple_of(8) - text.len()));
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

#[test]
fn signatures_of_others_and_of_other_books_are_refused() {
    let book = written();
    let other = SigningKey::ed25519_seed(&[9; 32]).unwrap().public();
    let opened = Book::open(&book.path, &Limits::default()).unwrap();
    let refused = opened.verify(&[other].into_iter().collect()).unwrap_err();
    assert_eq!(refused.fault(), Fault::UnknownSigner, "{refused}");
    let signer = small::key().unwrap().public().to_string();
    assert!(refused.to_string().contains(&signer), "{refused}");
    assert_eq!(opened.verify(&TrustedKeys::default()).unwrap_err().fault(), Fault::UnknownSigner);

    // The envelope of the second edition, brought into the first with right digests.
    let second = book.path.with_file_name("second.book");
    small::second(&second, &opened).unwrap();
    let envelope = |bytes: &[u8]| {
        let forge = Forge::of(bytes);
        forge.files.iter().find(|(_, data)| data.starts_with(b"{\"payload\"")).unwrap().1.clone()
    };
    let theirs = envelope(&std::fs::read(&second).unwrap());
    let refused = book.refused(&Forge::of(&book.bytes).with_envelope(theirs.clone()));
    assert_eq!(refused.fault(), Fault::Signature, "{refused}");
    assert!(refused.to_string().contains("another book"), "{refused}");

    // The right payload and the right key's name, under a signature of something else.
    let field = |envelope: &[u8]| -> Value {
        let envelope: Value = serde_json::from_slice(envelope).unwrap();
        envelope["signatures"][0]["sig"].clone()
    };
    let ours = String::from_utf8(envelope(&book.bytes)).unwrap();
    let (sig, other) = (field(ours.as_bytes()), field(&theirs));
    let forged = ours.replace(sig.as_str().unwrap(), other.as_str().unwrap());
    assert_ne!(forged, ours);
    let refused = book.refused(&Forge::of(&book.bytes).with_envelope(forged.into_bytes()));
    assert_eq!(refused.fault(), Fault::Signature, "{refused}");
    assert!(refused.to_string().contains(&signer), "{refused}");
}

#[test]
fn each_limit_is_kept_and_named() {
    let book = written();
    let whole = Limits::default;
    let cases = [
        (Limits { file_bytes: 4096, ..whole() }, "file_bytes"),
        (Limits { json_bytes: 300, ..whole() }, "json_bytes"),
        (Limits { layers: 2, ..whole() }, "layers"),
        (Limits { unpacked_bytes: 900, ..whole() }, "unpacked_bytes"),
        (Limits { memory_bytes: 16, ..whole() }, "memory_bytes"),
        (Limits { table_bytes: 16, ..whole() }, "table_bytes"),
        (Limits { header_bytes: 16, ..whole() }, "header_bytes"),
        (Limits { tensors: 1, ..whole() }, "tensors"),
    ];
    for (limits, named) in cases {
        let refused =
            Book::open(&book.path, &limits).and_then(|book| book.verify(&trusted())).unwrap_err();
        assert_eq!(refused.fault(), Fault::TooLarge, "{refused}");
        assert!(refused.to_string().contains(&format!("`{named}`")), "{named}: {refused}");
        told(&refused, &book.path);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    /// Headers and documents of nonsense, with checksums and digests that are right where that is
    /// what a forger would do: always an error, never a panic, never a book.
    #[test]
    fn nonsense_is_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        document in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        kind in 0..4u8,
    ) {
        let book = written();
        let mut forge = Forge::of(&book.bytes);
        let bytes = match kind {
            // A header, its checksum put right.
            0 => {
                let mut bytes = book.bytes.clone();
                let starts: Vec<usize> = {
                    let mut starts = vec![0];
                    for (_, data) in &forge.files {
                        let last = starts[starts.len() - 1];
                        starts.push(last + 512 + data.len().next_multiple_of(512));
                    }
                    starts.pop();
                    starts
                };
                let start = *document.get(&starts);
                for (at, byte) in &changes {
                    bytes[start + at.index(512)] = *byte;
                }
                let mut header = tar::Header::new_old();
                header.as_mut_bytes().copy_from_slice(&bytes[start..start + 512]);
                header.set_cksum();
                bytes[start..start + 512].copy_from_slice(header.as_bytes());
                bytes
            }
            // A document or layer, named by the digest that it then has.
            1 => {
                let at = document.index(forge.files.len());
                let data = &mut forge.files[at].1;
                for (at, byte) in &changes {
                    let at = at.index(data.len());
                    data[at] = *byte;
                }
                if at >= 2 {
                    forge.files[at].0 = format!("{BLOBS}{}", Digest::of(&forge.files[at].1).hex());
                }
                forge.tar()
            }
            // The manifest, named by the digest that it then has.
            2 => {
                let text = serde_json::to_string(&forge.manifest()).unwrap().into_bytes();
                let mut changed = text.clone();
                for (at, byte) in &changes {
                    changed[at.index(text.len())] = *byte;
                }
                match serde_json::from_slice::<Value>(&changed) {
                    Ok(manifest) => forge.with_manifest(&manifest),
                    Err(_) => changed,
                }
            }
            // Pieces in another order.
            _ => {
                let at = cut.index(book.bytes.len());
                [&book.bytes[at..], &book.bytes[..at]].concat()
            }
        };
        prop_assume!(bytes != book.bytes);
        told(&book.refused(&bytes), &book.path);
    }
}
