//! The file as an OCI image layout: which blobs lie where. Reads headers and small documents only,
//! and accepts what the writer writes and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::config::Document;
use crate::digest::Digest;
use crate::error::{Error, FETCH_AGAIN, Fault, Flaw, Result};
use crate::layer::{self, Kind};
use crate::limits::Limits;
use crate::oci::{self, Descriptor, Index, Manifest};
use crate::ustar::{self, BLOCK};

pub(crate) const INDEX_FILE: &str = "index.json";
pub(crate) const LAYOUT_FILE: &str = "oci-layout";
pub(crate) const BLOBS: &str = "blobs/sha256/";
/// Of an artifact without a config: OCI's empty document.
pub(crate) const NO_CONFIG: &[u8] = b"{}";

/// A part of a file, read as a stream without moving anybody's position.
pub(crate) struct Section<'f> {
    pub file: &'f File,
    pub at: u64,
    pub left: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.left.min(buffer.len() as u64) as usize;
        let n = self.file.read_at(&mut buffer[..wanted], self.at)?;
        if n == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += n as u64;
        self.left -= n as u64;
        Ok(n)
    }
}

/// Where a blob lies in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub at: u64,
    pub size: u64,
}

/// What the layout says.
pub(crate) struct Layout {
    pub digest: Digest,
    pub config: Document,
    /// In the manifest's order, each with the size of its file, its DiffID and its place.
    pub layers: Vec<(Kind, Descriptor, u64, Digest, Place)>,
    /// The DSSE envelope, if somebody signed.
    pub envelope: Option<Vec<u8>>,
}

struct Opening<'o> {
    path: &'o Path,
    file: &'o File,
    length: u64,
    limits: &'o Limits,
    blobs: BTreeMap<Digest, Place>,
    used: BTreeSet<Digest>,
}

pub(crate) fn open(path: &Path, file: &File, limits: &Limits) -> Result<Layout> {
    let io = |e: io::Error| Flaw::io(&e).at(path, "the file");
    let length = file.metadata().map_err(io)?.len();
    if length > limits.file_bytes {
        let flaw = Flaw::too_large("its bytes are", length, limits.file_bytes, "file_bytes");
        return Err(flaw.at(path, "the file"));
    }
    let (blobs, used) = (BTreeMap::new(), BTreeSet::new());
    let mut opening = Opening { path, file, length, limits, blobs, used };
    let index = opening.walk()?;
    opening.layout(&index)
}

impl Opening<'_> {
    fn bytes(&self, place: Place, name: &str) -> Result<Vec<u8>> {
        if place.size > self.limits.json_bytes {
            let flaw =
                Flaw::too_large("its bytes are", place.size, self.limits.json_bytes, "json_bytes");
            return Err(flaw.at(self.path, name));
        }
        let mut bytes = vec![0; place.size as usize];
        self.read(&mut bytes, place.at)?;
        Ok(bytes)
    }

    fn read(&self, buffer: &mut [u8], at: u64) -> Result<()> {
        if at + buffer.len() as u64 > self.length {
            let found = format!("the file ends there, and needs {} bytes more", buffer.len());
            let flaw = Flaw::damaged(Fault::Truncated, found);
            return Err(flaw.at(self.path, format!("byte {}", self.length)));
        }
        let read = self.file.read_exact_at(buffer, at);
        read.map_err(|e| Flaw::io(&e).at(self.path, format!("byte {at}")))
    }

    /// Goes from header to header; gives `index.json`.
    fn walk(&mut self) -> Result<Vec<u8>> {
        let (name, place, mut at) = self.entry(0)?.ok_or_else(|| self.not_a_book())?;
        if name != LAYOUT_FILE || self.bytes(place, LAYOUT_FILE)? != oci::LAYOUT {
            return Err(self.not_a_book());
        }
        let (name, place, next) = self.entry(at)?.ok_or_else(|| self.not_a_book())?;
        if name != INDEX_FILE {
            return Err(self.not_a_book());
        }
        let index = self.bytes(place, INDEX_FILE)?;
        at = next;
        while let Some((name, place, next)) = self.entry(at)? {
            self.blob(&name, place, at)?;
            at = next;
        }
        // The first block of zeros was read as the end; the second must be there, and no more.
        let mut last = [0; BLOCK];
        self.read(&mut last, at + BLOCK as u64)?;
        let end = at + 2 * BLOCK as u64;
        if last != [0; BLOCK] || end != self.length {
            let found = format!("the book ends at byte {end}, the file at {}", self.length);
            return Err(Flaw::damaged(Fault::Extra, found).at(self.path, format!("byte {end}")));
        }
        Ok(index)
    }

    fn not_a_book(&self) -> Error {
        let remedy = "name a file that `her book write` wrote";
        let flaw = Flaw::new(Fault::NotABook, "this is no book: no OCI layout in a tar", remedy);
        flaw.at(self.path, "its start")
    }

    /// The file whose header is at this byte, and where the next is; none at the end.
    fn entry(&self, at: u64) -> Result<Option<(String, Place, u64)>> {
        let mut block = [0; BLOCK];
        self.read(&mut block, at)?;
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let place = || format!("byte {at}");
        let (name, size) = match ustar::parse(&block) {
            Ok(parsed) => parsed,
            Err(flaw) if at == 0 && flaw.fault != Fault::Path => return Err(self.not_a_book()),
            Err(flaw) => return Err(flaw.at(self.path, place())),
        };
        let start = at + BLOCK as u64;
        let mut zeros = vec![0; ustar::padding(size)];
        self.read(&mut zeros, start + size)?;
        if zeros.iter().any(|b| *b != 0) {
            let flaw = Flaw::damaged(Fault::Extra, "there is something behind the end of the file");
            return Err(flaw.at(self.path, name));
        }
        let next = start + size + zeros.len() as u64;
        Ok(Some((name, Place { at: start, size }, next)))
    }

    fn blob(&mut self, name: &str, place: Place, at: u64) -> Result<()> {
        let digest = name.strip_prefix(BLOBS).and_then(Digest::from_hex).ok_or_else(|| {
            let flaw = Flaw::damaged(Fault::Path, format!("{name:?} is not part of a book"));
            flaw.at(self.path, format!("byte {at}"))
        })?;
        if self.blobs.last_key_value().is_some_and(|(last, _)| *last >= digest) {
            let flaw = Flaw::damaged(Fault::NotCanonical, "the blobs are not in their order");
            return Err(flaw.at(self.path, name));
        }
        // Beside the layers: manifest, config, and three of the signature.
        let most = self.limits.layers + 5;
        if self.blobs.len() == most {
            let flaw = Flaw::too_large("blobs:", most as u64 + 1, most as u64, "layers");
            return Err(flaw.at(self.path, name));
        }
        self.blobs.insert(digest, place);
        Ok(())
    }

    /// A blob that is named, of the size that it should have.
    fn named(&mut self, wanted: &Descriptor, whose: &str) -> Result<Place> {
        let Some(place) = self.blobs.get(&wanted.digest).copied() else {
            let found = format!("blob {} is not there", wanted.digest);
            return Err(Flaw::damaged(Fault::Missing, found).at(self.path, whose));
        };
        if place.size != wanted.size {
            let found = format!("blob {} has {} bytes", wanted.digest, place.size);
            let flaw =
                Flaw::new(Fault::Digest, format!("{found}, not {}", wanted.size), FETCH_AGAIN);
            return Err(flaw.at(self.path, whose));
        }
        self.used.insert(wanted.digest);
        Ok(place)
    }

    /// A small document by its descriptor.
    fn document(&mut self, wanted: &Descriptor, whose: &str) -> Result<Vec<u8>> {
        let place = self.named(wanted, whose)?;
        let bytes = self.bytes(place, whose)?;
        let found = Digest::of(&bytes);
        if found != wanted.digest {
            let found = format!("its digest is {found}, not {}", wanted.digest);
            return Err(Flaw::damaged(Fault::Digest, found).at(self.path, whose));
        }
        Ok(bytes)
    }

    fn odd(&self, place: &str, found: impl Into<String>) -> Error {
        Flaw::damaged(Fault::NotCanonical, found).at(self.path, place)
    }

    fn layout(mut self, index: &[u8]) -> Result<Layout> {
        let path = self.path;
        let index: Index = oci::from_json(index).map_err(|flaw| flaw.at(path, INDEX_FILE))?;
        if !(1..=2).contains(&index.manifests.len()) {
            return Err(self.odd(INDEX_FILE, "it names no book, or more than one"));
        }
        let book = index.manifests[0].clone();
        let manifest = self.document(&book, "the manifest")?;
        let manifest = oci::manifest(&manifest).map_err(|flaw| flaw.at(path, "the manifest"))?;
        let mut signature = None;
        let mut envelope = None;
        if let Some(descriptor) = index.manifests.get(1) {
            let bytes = self.document(descriptor, "the signature")?;
            let read = oci::manifest(&bytes).map_err(|flaw| flaw.at(path, "the signature"))?;
            let [signed] = read.layers.as_slice() else {
                return Err(self.odd("the signature", "it is not one envelope"));
            };
            envelope = Some(self.document(signed, "the signature")?);
            self.document(&read.config, "the signature")?;
            signature = Some(descriptor.digest);
            let wanted = signature_manifest(&plain(&book), envelope.as_deref().unwrap_or_default());
            if oci::to_json(&wanted) != bytes {
                return Err(self.odd("the signature", "it is not as a book's is"));
            }
        }
        let signed = index.manifests.get(1).map(|descriptor| descriptor.size);
        let wanted = index_of(&plain(&book), signature.zip(signed));
        if wanted != index {
            return Err(self.odd(INDEX_FILE, "it is not as a book's is"));
        }
        let layers = self.layers(&manifest)?;
        let config = self.document(&manifest.config, "the config")?;
        let config: Document = oci::from_json(&config).map_err(|f| f.at(path, "the config"))?;
        let ids = &config.modelfs.diff_ids;
        if ids.len() != layers.len() {
            let found = format!("it names {} layers, the manifest {}", ids.len(), layers.len());
            return Err(self.odd("the config", found));
        }
        if let Some(extra) = self.blobs.keys().find(|digest| !self.used.contains(*digest)) {
            let flaw = Flaw::damaged(Fault::Extra, "nothing names this blob");
            return Err(flaw.at(path, extra.to_string()));
        }
        let layers = layers
            .into_iter()
            .zip(ids)
            .map(|((kind, descriptor, size, place), id)| (kind, descriptor, size, *id, place));
        Ok(Layout { digest: book.digest, layers: layers.collect(), config, envelope })
    }

    fn layers(&mut self, manifest: &Manifest) -> Result<Vec<(Kind, Descriptor, u64, Place)>> {
        let path = self.path;
        if manifest.layers.len() > self.limits.layers {
            let (found, limit) = (manifest.layers.len() as u64, self.limits.layers as u64);
            return Err(Flaw::too_large("layers:", found, limit, "layers").at(path, "the manifest"));
        }
        let mut layers = Vec::new();
        let mut total = 0u64;
        for descriptor in &manifest.layers {
            let (kind, size) =
                oci::layer_of(descriptor).map_err(|flaw| flaw.at(path, "the manifest"))?;
            total = total.saturating_add(size);
            let limit = self.limits.unpacked_bytes;
            if total > limit {
                let what = "the layers up to this one unpack to bytes:";
                return Err(Flaw::too_large(what, total, limit, "unpacked_bytes")
                    .at(path, kind.to_string()));
            }
            let place = self.named(descriptor, &kind.to_string())?;
            layers.push((kind, descriptor.clone(), size, place));
        }
        let kinds: Vec<&Kind> = layers.iter().map(|(kind, ..)| kind).collect();
        let version = layer::version_of(kinds.iter().copied());
        if *manifest != book_manifest(&manifest.config, manifest.layers.clone(), version) {
            return Err(self.odd("the manifest", "it is not as a book's is"));
        }
        check_kinds(&kinds).map_err(|flaw| flaw.at(path, "the manifest"))?;
        Ok(layers)
    }
}

/// Which layers make a book.
pub(crate) fn check_kinds(kinds: &[&Kind]) -> Result<(), Flaw> {
    let odd = |found: String| Err(Flaw::damaged(Fault::NotCanonical, found));
    let mut pairs = kinds.iter().zip(kinds.iter().skip(1));
    if let Some((first, second)) = pairs.find(|(first, second)| first >= second) {
        return odd(format!("layer {second} stands behind {first}"));
    }
    let has = |kind: &Kind| kinds.binary_search(&kind).is_ok();
    for kind in kinds {
        let needed = match kind {
            Kind::Delta(1) => Kind::Base,
            Kind::Delta(n) => Kind::Delta(n - 1),
            Kind::Vectors(modality) => Kind::Rows(modality.clone()),
            Kind::Rows(modality) => Kind::Vectors(modality.clone()),
            _ => continue,
        };
        if !has(&needed) {
            return Err(Flaw::damaged(Fault::Missing, format!("{kind} is there without {needed}")));
        }
    }
    let must = [Kind::Contract, Kind::Provenance];
    match must.iter().find(|kind| !has(kind)) {
        Some(kind) => Err(Flaw::damaged(Fault::Missing, format!("layer {kind} is not there"))),
        None => Ok(()),
    }
}

/// A descriptor as a subject names it.
fn plain(descriptor: &Descriptor) -> Descriptor {
    Descriptor::new(layer::MANIFEST, descriptor.digest, descriptor.size)
}

pub(crate) fn book_manifest(
    config: &Descriptor,
    layers: Vec<Descriptor>,
    version: &str,
) -> Manifest {
    let config = Descriptor::new(layer::CONFIG, config.digest, config.size);
    Manifest {
        schema_version: 2,
        media_type: layer::MANIFEST.into(),
        artifact_type: layer::MODEL.into(),
        config,
        layers,
        subject: None,
        annotations: [(layer::VERSION_KEY.into(), version.into())].into(),
    }
}

/// The referrer that signs the book of this descriptor.
pub(crate) fn signature_manifest(book: &Descriptor, envelope: &[u8]) -> Manifest {
    Manifest {
        schema_version: 2,
        media_type: layer::MANIFEST.into(),
        artifact_type: layer::ENVELOPE.into(),
        config: Descriptor::of(layer::EMPTY, NO_CONFIG),
        layers: vec![Descriptor::of(layer::ENVELOPE, envelope)],
        subject: Some(book.clone()),
        annotations: BTreeMap::new(),
    }
}

pub(crate) fn index_of(book: &Descriptor, signature: Option<(Digest, u64)>) -> Index {
    let mut book = book.clone();
    book.artifact_type = Some(layer::MODEL.into());
    book.annotations = [(layer::REF_NAME_KEY.into(), layer::REF_NAME.into())].into();
    let mut manifests = vec![book];
    if let Some((digest, size)) = signature {
        let mut signature = Descriptor::new(layer::MANIFEST, digest, size);
        signature.artifact_type = Some(layer::ENVELOPE.into());
        manifests.push(signature);
    }
    Index { schema_version: 2, media_type: layer::INDEX.into(), manifests }
}
