//! Writing a book, new or as an edition of another.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::book::{Book, Layer};
use crate::config::Config;
use crate::contributions::Contributions;
use crate::digest::Digest;
use crate::error::{Error, Fault, Flaw, Result};
use crate::layer::{self, DELTAS_MAX, Kind};
use crate::layout::{self, BLOBS, INDEX_FILE, LAYOUT_FILE, NO_CONFIG, Place, Section};
use crate::limits::Limits;
use crate::memory::Memory;
use crate::oci::{self, Descriptor};
use crate::pack::{Packed, pack};
use crate::provenance::{self, Provenance};
use crate::sign::{self, SigningKey};
use crate::table::{self, Dictionary};
use crate::tensors::{Tensor, Tensors};
use crate::ustar;

/// The note of a delta that says to which base it is added.
pub(crate) const BASE_NOTE: &str = "base";

/// Bytes, or a file of them.
#[derive(Debug)]
pub enum Content<'a> {
    /// In memory.
    Bytes(Cow<'a, [u8]>),
    /// A file, read when the book is written.
    File(PathBuf),
}

impl<'a> From<&'a [u8]> for Content<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Content<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

/// Collects what a book shall hold, and writes it. Layers are compressed one after the other into
/// an unnamed file beside the book, so that weights and states are not in memory twice.
///
/// The same content gives the same bytes, in whatever order it is handed in. Nothing is at `path`
/// before the book is whole and synced; a file that is there already is left alone.
///
/// ```
/// use her_book::{Book, Config, Dtype, Limits, Provenance, SigningKey, Tensors, Writer};
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("sam.book");
/// let key = SigningKey::ed25519_seed(&[7; 32])?;
/// let digest = Writer::new(&path, Config::new("sam"))
///     .contract(serde_json::json!({"model": "LogisticRegression"}))
///     .base(Tensors::new().tensor("w", Dtype::F64, [1], 0.5f64.to_le_bytes().to_vec()))
///     .provenance(Provenance { identity: "sam".into(), events: 12, ..Provenance::default() })
///     .sign(&key)
///     .finish()?;
/// let book = Book::open(&path, &Limits::default())?;
/// assert_eq!(book.digest(), digest);
/// assert_eq!(book.verify(&[key.public()].into_iter().collect())?.signers, [key.public()]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer<'a> {
    path: PathBuf,
    config: Config,
    contract: Option<Value>,
    base: Option<Tensors<'a>>,
    deltas: Vec<Tensors<'a>>,
    dictionary: Option<Dictionary>,
    memories: BTreeMap<String, Memory>,
    contributions: Option<Contributions>,
    state: Option<Content<'a>>,
    provenance: Option<Provenance>,
    keys: Vec<&'a SigningKey>,
    parent: Option<&'a Book>,
}

impl<'a> Writer<'a> {
    /// A book that shall be at `path`.
    pub fn new(path: impl Into<PathBuf>, config: Config) -> Self {
        Self {
            path: path.into(),
            config,
            contract: None,
            base: None,
            deltas: Vec::new(),
            dictionary: None,
            memories: BTreeMap::new(),
            contributions: None,
            state: None,
            provenance: None,
            keys: Vec::new(),
            parent: None,
        }
    }

    /// Takes all layers of a parent as they are, but its provenance and what is handed in anew.
    /// Deltas are added behind the parent's. The parent's digest is put into the provenance.
    pub fn edition_of(mut self, parent: &'a Book) -> Self {
        self.parent = Some(parent);
        self
    }

    /// What the model is: a JSON object. The order of its keys does not matter.
    pub fn contract(mut self, contract: Value) -> Self {
        self.contract = Some(contract);
        self
    }

    /// The weights.
    pub fn base(mut self, weights: Tensors<'a>) -> Self {
        self.base = Some(weights);
        self
    }

    /// What was learned since the base and the deltas before. Its note `base` is ours: the digest
    /// of what it is added to.
    pub fn delta(mut self, weights: Tensors<'a>) -> Self {
        self.deltas.push(weights);
        self
    }

    /// Names of features, classes and tokens.
    pub fn dictionary(mut self, names: Dictionary) -> Self {
        self.dictionary = Some(names);
        self
    }

    /// Vectors of a modality; those handed in before for the same one are replaced.
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memories.insert(memory.modality.clone(), memory);
        self
    }

    /// What each origin contributed, for others to join.
    pub fn contributions(mut self, rows: Contributions) -> Self {
        self.contributions = Some(rows);
        self
    }

    /// The exact state, in a form that its reader knows.
    pub fn state(mut self, state: impl Into<Content<'a>>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Where all this comes from. No book is without.
    pub fn provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = Some(provenance);
        self
    }

    /// Signed with this key too. One Ed25519 key must be among them.
    pub fn sign(mut self, key: &'a SigningKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Writes the book and gives its digest: that of the manifest, by which registries know it.
    ///
    /// # Errors
    /// [`Fault::Input`] says what can not become a book; [`Fault::Io`] what the disk said; the
    /// faults of reading, what is wrong with the parent. Nothing is left behind.
    pub fn finish(self) -> Result<Digest> {
        self.config.check().map_err(|flaw| flaw.at(&self.path, "the config"))?;
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let spool = tempfile::tempfile_in(folder).map_err(|e| self.io(&e))?;
        let mut making = Making {
            writer: &self,
            spool: BufWriter::new(spool),
            spooled: 0,
            layers: BTreeMap::new(),
        };
        making.all()?;
        making.finish(folder)
    }

    fn io(&self, error: &io::Error) -> Error {
        Flaw::io(error).at(&self.path, "the file")
    }
}

/// A layer that was made, or is taken from the parent.
struct Made<'a> {
    packed: Packed,
    /// Of the file in it.
    size: u64,
    from: Option<&'a Book>,
    place: Place,
}

struct Making<'w, 'a> {
    writer: &'w Writer<'a>,
    spool: BufWriter<File>,
    spooled: u64,
    layers: BTreeMap<Kind, Made<'a>>,
}

impl<'a> Making<'_, 'a> {
    fn all(&mut self) -> Result<()> {
        let writer = self.writer;
        if let Some(parent) = writer.parent {
            self.inherit(parent)?;
        }
        if let Some(contract) = &writer.contract {
            let place = Kind::Contract.to_string();
            if !contract.is_object() {
                let flaw = Flaw::input("it is no JSON object", "hand in an object");
                return Err(flaw.at(&writer.path, place));
            }
            self.bytes(Kind::Contract, &oci::to_json(&oci::sorted(contract.clone())))?;
        }
        if let Some(base) = &writer.base {
            self.tensors(Kind::Base, base)?;
        }
        for delta in &writer.deltas {
            self.delta(delta)?;
        }
        if let Some(names) = &writer.dictionary {
            let bytes = table::write_dictionary(names);
            let bytes = bytes.map_err(|flaw| flaw.at(&writer.path, "dictionary.arrow"))?;
            self.bytes(Kind::Dictionary, &bytes)?;
        }
        for (modality, memory) in &writer.memories {
            let at = |flaw: Flaw| flaw.at(&writer.path, format!("memory `{modality}`"));
            let (vectors, rows) = memory.parts().map_err(at)?;
            self.tensors(Kind::Vectors(modality.clone()), &vectors)?;
            self.bytes(Kind::Rows(modality.clone()), &rows.write().map_err(at)?)?;
        }
        if let Some(rows) = &writer.contributions {
            let bytes = rows.write();
            let bytes = bytes.map_err(|flaw| flaw.at(&writer.path, "contributions.arrow"))?;
            self.bytes(Kind::Contributions, &bytes)?;
        }
        match &writer.state {
            Some(Content::Bytes(bytes)) => self.bytes(Kind::State, bytes)?,
            Some(Content::File(path)) => self.file(path)?,
            None => {}
        }
        self.provenance()
    }

    fn inherit(&mut self, parent: &'a Book) -> Result<()> {
        for layer in parent.layers() {
            if layer.kind == Kind::Provenance {
                continue;
            }
            let Layer { digest, bytes, diff_id, place, .. } = *layer;
            let packed = Packed { digest, bytes, diff_id };
            let made = Made { packed, size: layer.unpacked, from: Some(parent), place };
            self.layers.insert(layer.kind.clone(), made);
        }
        if self.writer.base.is_some() && self.layers.contains_key(&Kind::Delta(1)) {
            let found = "the parent's deltas are added to another base than the new one";
            let flaw = Flaw::input(found, "write a book of its own, or keep the base");
            return Err(flaw.at(&self.writer.path, Kind::Base.to_string()));
        }
        Ok(())
    }

    /// Packs one file into the spool.
    fn layer(
        &mut self,
        kind: Kind,
        size: u64,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        let name = kind.file_name();
        let fill = |sink: &mut dyn Write| fill(sink).map_err(|e| Flaw::io(&e));
        let packed = pack(&mut self.spool, &name, size, fill);
        let packed = packed.map_err(|flaw| flaw.at(&self.writer.path, name))?;
        let place = Place { at: self.spooled, size: packed.bytes };
        self.spooled += packed.bytes;
        self.layers.insert(kind, Made { packed, size, from: None, place });
        Ok(())
    }

    fn bytes(&mut self, kind: Kind, bytes: &[u8]) -> Result<()> {
        self.layer(kind, bytes.len() as u64, |sink| sink.write_all(bytes))
    }

    fn tensors(&mut self, kind: Kind, tensors: &Tensors<'_>) -> Result<()> {
        let file = tensors.file();
        let file = file.map_err(|flaw| flaw.at(&self.writer.path, kind.to_string()))?;
        self.layer(kind, file.len(), |sink| file.write(sink))
    }

    fn delta(&mut self, delta: &Tensors<'_>) -> Result<()> {
        let path = &self.writer.path;
        let count = self.layers.keys().filter(|kind| matches!(kind, Kind::Delta(_))).count();
        let number = count as u32 + 1;
        let at = |flaw: Flaw| flaw.at(path, Kind::Delta(number).to_string());
        if number > DELTAS_MAX {
            return Err(at(Flaw::input("there are too many deltas", "write a new base")));
        }
        let Some(base) = self.layers.get(&Kind::Base) else {
            let flaw = Flaw::input("there is no base to add it to", "hand in the base too");
            return Err(at(flaw));
        };
        if delta.notes.contains_key(BASE_NOTE) {
            let found = format!("the note {BASE_NOTE:?} is the writer's own");
            return Err(at(Flaw::input(found, "call yours otherwise")));
        }
        let lent = delta.tensors.iter().map(|tensor| Tensor {
            name: tensor.name.clone(),
            dtype: tensor.dtype,
            shape: tensor.shape.clone(),
            data: Cow::Borrowed(&tensor.data),
        });
        let noted = Tensors { tensors: lent.collect(), notes: delta.notes.clone() };
        let noted = noted.note(BASE_NOTE, base.packed.diff_id.to_string());
        self.tensors(Kind::Delta(number), &noted)
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (size, mut file) = opened.map_err(|e| {
            Flaw::io(&e).at(&self.writer.path, format!("state from {}", path.display()))
        })?;
        self.layer(Kind::State, size, |sink| io::copy(&mut file, sink).map(|_| ()))
    }

    fn provenance(&mut self) -> Result<()> {
        let writer = self.writer;
        let at = |flaw: Flaw| flaw.at(&writer.path, "provenance.json");
        let Some(mut provenance) = writer.provenance.clone() else {
            let found = "nobody said where the book comes from";
            return Err(at(Flaw::input(found, "hand in a provenance")));
        };
        let parent = writer.parent.map(Book::digest);
        provenance.parents.extend(parent.filter(|digest| !provenance.parents.contains(digest)));
        provenance.check().map_err(at)?;
        let layers = self.layers.iter();
        let layers: Vec<(String, Digest)> =
            layers.map(|(kind, made)| (kind.to_string(), made.packed.digest)).collect();
        self.bytes(Kind::Provenance, &provenance::write(&provenance, &layers))
    }

    fn finish(self, folder: &Path) -> Result<Digest> {
        let writer = self.writer;
        let at = |flaw: Flaw| flaw.at(&writer.path, "the manifest");
        let kinds: Vec<&Kind> = self.layers.keys().collect();
        let wanting = layout::check_kinds(&kinds);
        wanting.map_err(|flaw| at(Flaw::input(flaw.found, "hand it in")))?;
        let most = Limits::default().layers;
        if kinds.len() > most {
            let found = format!("there are {} layers", kinds.len());
            return Err(at(Flaw::input(found, format!("a book takes {most}"))));
        }
        let descriptors = self.layers.iter().map(|(kind, made)| {
            let Packed { digest, bytes, .. } = made.packed;
            let annotations = oci::annotations(kind, made.size);
            Descriptor { annotations, ..Descriptor::new(kind.media_type(), digest, bytes) }
        });
        let diff_ids = self.layers.values().map(|made| made.packed.diff_id).collect();
        let config = oci::to_json(&writer.config.document(diff_ids));
        let config_of = Descriptor::of(layer::CONFIG, &config);
        let version = layer::version_of(self.layers.keys());
        let manifest = layout::book_manifest(&config_of, descriptors.collect(), version);
        let manifest = oci::to_json(&manifest);
        let book = Descriptor::of(layer::MANIFEST, &manifest);
        let digest = book.digest;
        let mut documents = vec![config, manifest];
        let mut signature = None;
        if !writer.keys.is_empty() {
            let envelope = sign::envelope(&provenance::signed(&digest), &writer.keys);
            let envelope = envelope.map_err(|flaw| flaw.at(&writer.path, "the signature"))?;
            let manifest = oci::to_json(&layout::signature_manifest(&book, &envelope));
            signature = Some((Digest::of(&manifest), manifest.len() as u64));
            documents.extend([envelope, manifest, NO_CONFIG.to_vec()]);
        }
        let limit = Limits::default().json_bytes;
        if let Some(long) = documents.iter().find(|document| document.len() as u64 > limit) {
            let found = format!("a document of the layout has {} bytes", long.len());
            return Err(at(Flaw::input(found, format!("a book takes {limit}: say less"))));
        }
        let index = oci::to_json(&layout::index_of(&book, signature));
        self.write(folder, &index, &documents)?;
        Ok(digest)
    }

    fn write(self, folder: &Path, index: &[u8], documents: &[Vec<u8>]) -> Result<()> {
        let Making { writer, spool, layers, .. } = self;
        let io = |e: io::Error| writer.io(&e);
        let spool = spool.into_inner().map_err(|e| io(e.into_error()))?;
        let mut part = tempfile::Builder::new();
        // As any new file: the umask says who may read it.
        part.prefix(".book-").permissions(std::fs::Permissions::from_mode(0o666));
        let part = part.tempfile_in(folder).map_err(io)?;
        let mut tar = tar::Builder::new(BufWriter::new(part.as_file()));
        let mut add = |name: &str, size: u64, data: &mut dyn Read| {
            let header = ustar::header(name, size).map_err(|f| f.at(&writer.path, name))?;
            tar.append(&header, data).map_err(io)
        };
        add(LAYOUT_FILE, oci::LAYOUT.len() as u64, &mut &oci::LAYOUT[..])?;
        add(INDEX_FILE, index.len() as u64, &mut &*index)?;
        let mut blobs: BTreeMap<Digest, Blob<'_>> = BTreeMap::new();
        blobs.extend(documents.iter().map(|bytes| (Digest::of(bytes), Blob::Bytes(bytes))));
        for (kind, made) in &layers {
            blobs.insert(made.packed.digest, Blob::Layer(kind, made));
        }
        for (digest, blob) in &blobs {
            let name = format!("{BLOBS}{}", digest.hex());
            match blob {
                Blob::Bytes(bytes) => add(&name, bytes.len() as u64, &mut &bytes[..])?,
                Blob::Layer(kind, made) => {
                    if let Some(parent) = made.from {
                        parent.check_blob(kind)?;
                    }
                    let Place { at, size } = made.place;
                    let file = made.from.map_or(&spool, Book::handle);
                    add(&name, size, &mut Section { file, at, left: size })?;
                }
            }
        }
        let buffer = tar.into_inner().map_err(io)?;
        buffer.into_inner().map_err(|e| io(e.into_error()))?.sync_all().map_err(io)?;
        part.persist_noclobber(&writer.path).map_err(|e| match e.error.kind() {
            io::ErrorKind::AlreadyExists => {
                let flaw = Flaw::new(Fault::Input, "it is there already", "choose another name");
                flaw.at(&writer.path, "the file")
            }
            _ => io(e.error),
        })?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
    }
}

enum Blob<'m> {
    Bytes(&'m [u8]),
    Layer(&'m Kind, &'m Made<'m>),
}
