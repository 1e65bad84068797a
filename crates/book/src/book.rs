//! A book that was opened: what it holds, layer by layer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::config::{Config, Document};
use crate::contributions::Contributions;
use crate::digest::{Digest, Hashing};
use crate::error::{Fault, Flaw, Result};
use crate::layer::Kind;
use crate::layout::{self, Place, Section};
use crate::limits::Limits;
use crate::memory::Memory;
use crate::oci;
use crate::pack::unpack;
use crate::provenance::{self, Provenance};
use crate::table::{self, Dictionary, Rows};
use crate::tensors::TensorFile;
use crate::writer::BASE_NOTE;

/// A layer of a book.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// What it holds; in JSON, its file's name.
    #[serde(rename = "name")]
    pub kind: Kind,
    /// Its media type.
    pub media_type: &'static str,
    /// The digest of its blob. Two books that name the same hold the same layer.
    pub digest: Digest,
    /// Length of the blob, in bytes.
    pub bytes: u64,
    /// Length of the file in it, in bytes, as the manifest declares it.
    pub unpacked: u64,
    /// The digest of its tar without compression, as the config declares it.
    pub diff_id: Digest,
    #[serde(skip)]
    pub(crate) place: Place,
}

/// A book that was opened. Opening reads the layout and no layer; each reader checks its layer's
/// digest before it unpacks it, and the unpacked tar's before it gives anything away. Whether
/// somebody trusted wrote it all is for [`Book::verify`] to say.
///
/// Layers are read with `&self`, from several threads if you like.
#[derive(Debug)]
pub struct Book {
    path: PathBuf,
    file: File,
    limits: Limits,
    digest: Digest,
    config: Document,
    layers: Vec<Layer>,
    pub(crate) envelope: Option<Vec<u8>>,
}

impl Book {
    /// Opens a book whose layout is whole and spelled as ours is.
    ///
    /// # Errors
    /// What is wrong with the file, by its place; see [`Fault`].
    pub fn open(path: impl AsRef<Path>, limits: &Limits) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|e| Flaw::io(&e).at(path, "the file"))?;
        Self::of_file(file, path, limits)
    }

    /// Opens a book that is open as a file already, such as one without a name. Errors call it
    /// `path`.
    ///
    /// # Errors
    /// As [`Book::open`].
    pub fn of_file(file: File, path: impl AsRef<Path>, limits: &Limits) -> Result<Self> {
        let path = path.as_ref();
        let layout = layout::open(path, &file, limits)?;
        let layers =
            layout.layers.into_iter().map(|(kind, descriptor, unpacked, diff_id, place)| {
                let media_type = kind.media_type();
                let (digest, bytes) = (descriptor.digest, descriptor.size);
                Layer { kind, media_type, digest, bytes, unpacked, diff_id, place }
            });
        Ok(Self {
            path: path.to_owned(),
            layers: layers.collect(),
            file,
            limits: limits.clone(),
            digest: layout.digest,
            config: layout.config,
            envelope: layout.envelope,
        })
    }

    /// The book's digest: that of its manifest, by which registries and editions know it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Where it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of itself.
    pub fn config(&self) -> Config {
        self.config.config()
    }

    /// All layers, in the manifest's order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The layer of this kind.
    pub fn layer(&self, kind: &Kind) -> Option<&Layer> {
        self.layers.binary_search_by(|layer| layer.kind.cmp(kind)).ok().map(|i| &self.layers[i])
    }

    pub(crate) fn handle(&self) -> &File {
        &self.file
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn at<T>(&self, kind: &Kind, done: Result<T, Flaw>) -> Result<T> {
        done.map_err(|flaw| flaw.at(&self.path, kind.to_string()))
    }

    /// Whether the layer's blob has its digest.
    pub(crate) fn check_blob(&self, kind: &Kind) -> Result<&Layer> {
        let Some(layer) = self.layer(kind) else {
            let remedy = "see in the inspection what it holds";
            let flaw = Flaw::new(Fault::Missing, "the book has no such layer", remedy);
            return Err(flaw.at(&self.path, kind.to_string()));
        };
        let mut hash = Hashing::new(io::sink());
        let copied = io::copy(&mut self.section(layer), &mut hash);
        self.at(kind, copied.map_err(|e| Flaw::io(&e)))?;
        let (_, found, _) = hash.finish();
        if found != layer.digest {
            let found = format!("its digest is {found}, not {}", layer.digest);
            return self.at(kind, Err(Flaw::damaged(Fault::Digest, found)));
        }
        Ok(layer)
    }

    fn section(&self, layer: &Layer) -> Section<'_> {
        Section { file: &self.file, at: layer.place.at, left: layer.place.size }
    }

    /// Unpacks a layer's file into `sink` and gives its length. On an error, what was written to
    /// the sink is worth nothing.
    ///
    /// # Errors
    /// [`Fault::Missing`] without such a layer; else what is wrong with it, or with the sink.
    pub fn extract(&self, kind: &Kind, sink: &mut dyn Write) -> Result<u64> {
        let layer = self.check_blob(kind)?;
        let diff_id = self.at(kind, unpack(self.section(layer), kind, layer.unpacked, sink))?;
        if diff_id != layer.diff_id {
            let found = format!("it unpacks to {diff_id}, and the config says {}", layer.diff_id);
            return self.at(kind, Err(Flaw::damaged(Fault::Digest, found)));
        }
        Ok(layer.unpacked)
    }

    /// A layer's file in memory, if there is one.
    fn load(&self, kind: &Kind, limit: u64, knob: &str) -> Result<Option<Vec<u8>>> {
        let Some(layer) = self.layer(kind) else { return Ok(None) };
        if layer.unpacked > limit {
            let flaw = Flaw::too_large("its bytes unpacked are", layer.unpacked, limit, knob);
            return self.at(kind, Err(flaw));
        }
        let mut bytes = Vec::new();
        self.extract(kind, &mut bytes)?;
        Ok(Some(bytes))
    }

    fn table(&self, kind: &Kind) -> Result<Option<Vec<u8>>> {
        self.load(kind, self.limits.table_bytes, "table_bytes")
    }

    fn tensors(&self, kind: &Kind) -> Result<Option<TensorFile>> {
        let bytes = self.load(kind, self.limits.memory_bytes, "memory_bytes")?;
        let file = bytes.map(|bytes| TensorFile::new(bytes, &self.limits)).transpose();
        self.at(kind, file)
    }

    /// What the model is: a JSON object, its keys sorted.
    pub fn contract(&self) -> Result<Value> {
        let bytes = self.table(&Kind::Contract)?.unwrap_or_default();
        let read: Result<Value, Flaw> = oci::from_json(&bytes);
        let contract = self.at(&Kind::Contract, read)?;
        // Maps are equal in any order; bytes are not.
        if !contract.is_object() || oci::to_json(&oci::sorted(contract.clone())) != bytes {
            let found = "it is no JSON object with sorted keys";
            return self.at(&Kind::Contract, Err(Flaw::damaged(Fault::NotCanonical, found)));
        }
        Ok(contract)
    }

    /// The weights to which the deltas are added.
    pub fn base(&self) -> Result<Option<TensorFile>> {
        self.tensors(&Kind::Base)
    }

    /// How many deltas there are; they are numbered from 1.
    pub fn deltas(&self) -> u32 {
        self.layers.iter().filter(|layer| matches!(layer.kind, Kind::Delta(_))).count() as u32
    }

    /// A delta; it says itself to which base it is added, and this book's is that.
    pub fn delta(&self, number: u32) -> Result<Option<TensorFile>> {
        let kind = Kind::Delta(number);
        let file = self.tensors(&kind)?;
        let fits = file.as_ref().map_or(Ok(()), |file| self.fits(&kind, file.notes()));
        fits.map(|()| file)
    }

    /// Whether a layer's notes name this book's base, if it is a delta.
    pub(crate) fn fits(&self, kind: &Kind, notes: &BTreeMap<String, String>) -> Result<()> {
        let base = self.layer(&Kind::Base).map(|base| base.diff_id.to_string());
        if matches!(kind, Kind::Delta(_)) && notes.get(BASE_NOTE) != base.as_ref() {
            let found = "it is to be added to another base than the book's";
            return self.at(kind, Err(Flaw::damaged(Fault::Format, found)));
        }
        Ok(())
    }

    /// The names of features, classes and tokens.
    pub fn dictionary(&self) -> Result<Option<Dictionary>> {
        let bytes = self.table(&Kind::Dictionary)?;
        self.at(&Kind::Dictionary, bytes.map(table::read_dictionary).transpose())
    }

    /// The modalities in which something is remembered, sorted.
    pub fn modalities(&self) -> impl Iterator<Item = &str> {
        self.layers.iter().filter_map(|layer| match &layer.kind {
            Kind::Vectors(modality) => Some(modality.as_str()),
            _ => None,
        })
    }

    /// What is remembered in a modality.
    pub fn memory(&self, modality: &str) -> Result<Option<Memory>> {
        let (vectors, rows) = (Kind::Vectors(modality.into()), Kind::Rows(modality.into()));
        let Some(tensors) = self.tensors(&vectors)? else { return Ok(None) };
        let table = self.table(&rows)?.unwrap_or_default();
        let table = self.at(&rows, Rows::read(table))?;
        self.at(&vectors, Memory::from_parts(modality, &tensors, table)).map(Some)
    }

    /// What each origin contributed, if the model is one whose rows can be joined.
    pub fn contributions(&self) -> Result<Option<Contributions>> {
        let kind = Kind::Contributions;
        let bytes = self.load(&kind, self.limits.memory_bytes, "memory_bytes")?;
        self.at(&kind, bytes.map(Contributions::read).transpose())
    }

    /// The exact state. One too large for memory is read with [`Book::extract`].
    pub fn state(&self) -> Result<Option<Vec<u8>>> {
        self.load(&Kind::State, self.limits.memory_bytes, "memory_bytes")
    }

    /// Where the book comes from.
    pub fn provenance(&self) -> Result<Provenance> {
        let bytes = self.table(&Kind::Provenance)?.unwrap_or_default();
        let others = self.layers.iter().filter(|layer| layer.kind != Kind::Provenance);
        let layers: Vec<(String, Digest)> =
            others.map(|layer| (layer.kind.to_string(), layer.digest)).collect();
        self.at(&Kind::Provenance, provenance::read(&bytes, &layers))
    }
}
