//! GGUF version 3: one file with a model's figures, its vocabulary and its weights.
//!
//! [`Header::parse`] reads from bytes whatever they are, and never panics; [`Gguf::open`] maps a
//! file. The map is shared and read-only. Who cuts the file off while it is mapped ends the
//! process that reads there, as with every mapped file.

mod cursor;
mod model;
mod value;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::error::{Error, Result, wrong};
use crate::quant::Kind;
use cursor::Cursor;
pub use value::Value;

/// How many keys and how many tensors a header may have.
const ENTRIES_MAX: u64 = 1 << 16;
/// How many dimensions a tensor may have.
const DIMS_MAX: u32 = 4;
/// How the data is aligned unless `general.alignment` says otherwise, in bytes.
const ALIGNMENT: u64 = 32;

/// A tensor of the file: its shape, the fastest dimension first, and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Elements along each dimension; a matrix of 3 rows and 5 columns is `[5, 3]`.
    pub dims: Vec<usize>,
    /// How the elements are written.
    pub kind: Kind,
    /// Its bytes in the file.
    pub bytes: Range<usize>,
}

/// Everything before the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The model's figures and vocabulary.
    pub keys: BTreeMap<String, Value>,
    /// The weights by name.
    pub tensors: BTreeMap<String, Tensor>,
}

impl Header {
    /// Reads the header of a file of these bytes. Every tensor of it lies within them.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut c = Cursor::new(bytes);
        let magic = c.array::<4>("the magic")?;
        if &magic != b"GGUF" {
            return wrong(format!(
                "byte 0: a GGUF file begins with \"GGUF\", but this one with {:?}: give a .gguf \
                 file, or a directory with config.json and model.safetensors",
                String::from_utf8_lossy(&magic)
            ));
        }
        let version = c.u32("the version")?;
        if version != 3 {
            return wrong(format!(
                "byte 4: GGUF version {version}, but only version 3 is read: convert the model \
                 with a newer converter"
            ));
        }
        let tensors = c.count(24, ENTRIES_MAX, "the number of tensors")?;
        let keys = c.count(12, ENTRIES_MAX, "the number of keys")?;
        let keys = read_keys(&mut c, keys)?;
        let alignment = alignment(&keys)?;
        let raw = (0..tensors).map(|_| read_tensor(&mut c)).collect::<Result<Vec<_>>>()?;
        let start = (c.at() as u64).next_multiple_of(alignment);
        let mut tensors = BTreeMap::new();
        for tensor in raw {
            let (name, tensor) = tensor.placed(start, alignment, bytes.len())?;
            if tensors.insert(name.clone(), tensor).is_some() {
                return wrong(format!("tensor {name} is in the file twice: it is damaged"));
            }
        }
        Ok(Self { keys, tensors })
    }

    /// The value of a key that must be there.
    pub fn key(&self, name: &str) -> Result<&Value> {
        let missing = || Error(format!("key {name} is missing: the file is not a whole model"));
        self.keys.get(name).ok_or_else(missing)
    }

    /// A count between 1 and `max`.
    pub fn size(&self, name: &str, max: usize) -> Result<usize> {
        let n = self.key(name)?.int(name)?;
        match usize::try_from(n) {
            Ok(n) if (1..=max).contains(&n) => Ok(n),
            _ => wrong(format!("key {name} is {n}, but must be within 1 and {max}")),
        }
    }

    /// A number, or `other` when the key is not there.
    pub fn float_or(&self, name: &str, other: f64) -> Result<f64> {
        self.keys.get(name).map_or(Ok(other), |v| v.float(name))
    }

    /// A text, or `other` when the key is not there.
    pub fn text_or<'a>(&'a self, name: &str, other: &'a str) -> Result<&'a str> {
        self.keys.get(name).map_or(Ok(other), |v| v.text(name))
    }
}

fn read_keys(c: &mut Cursor<'_>, n: usize) -> Result<BTreeMap<String, Value>> {
    let mut keys = BTreeMap::new();
    for i in 0..n {
        let name = c.text(&format!("the name of key {i}"))?.to_owned();
        let value = value::read(c, &name)?;
        if keys.insert(name.clone(), value).is_some() {
            return wrong(format!("key {name} is in the file twice: it is damaged"));
        }
    }
    Ok(keys)
}

fn alignment(keys: &BTreeMap<String, Value>) -> Result<u64> {
    const KEY: &str = "general.alignment";
    let Some(value) = keys.get(KEY) else { return Ok(ALIGNMENT) };
    let n = value.int(KEY)?;
    match u64::try_from(n) {
        Ok(n) if n.is_power_of_two() && (8..=1 << 16).contains(&n) => Ok(n),
        _ => wrong(format!("key {KEY} is {n}, but must be a power of 2 within 8 and 65536")),
    }
}

/// A tensor as the header tells it.
struct Raw {
    name: String,
    dims: Vec<u64>,
    kind: u32,
    offset: u64,
}

fn read_tensor(c: &mut Cursor<'_>) -> Result<Raw> {
    let name = c.text("the name of a tensor")?.to_owned();
    let n = c.u32("the number of dimensions")?;
    if n == 0 || n > DIMS_MAX {
        return wrong(format!("tensor {name} has {n} dimensions, but must have 1 to {DIMS_MAX}"));
    }
    let dims = (0..n).map(|_| c.u64("a dimension")).collect::<Result<_>>()?;
    Ok(Raw { name, dims, kind: c.u32("a tensor's type")?, offset: c.u64("a tensor's place")? })
}

impl Raw {
    /// The tensor, once its bytes are known to lie in the file.
    fn placed(self, start: u64, alignment: u64, file: usize) -> Result<(String, Tensor)> {
        let Self { name, dims, kind, offset } = self;
        let of = |e: Error| Error(format!("tensor {name}: {e}"));
        let kind = Kind::from_gguf(kind).map_err(of)?;
        let block = kind.block();
        let shape = || format!("tensor {name} has the shape {dims:?}");
        if dims[0] % block.elements as u64 != 0 || dims.contains(&0) {
            return wrong(format!(
                "{}, but rows of {kind} come in blocks of {} elements: the file is damaged",
                shape(),
                block.elements
            ));
        }
        let elements = dims.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
        let bytes =
            elements.and_then(|n| (n / block.elements as u64).checked_mul(block.bytes as u64));
        let begin = start.checked_add(offset);
        let end = begin.zip(bytes).and_then(|(begin, n)| begin.checked_add(n));
        let (Some(begin), Some(end)) = (begin, end.filter(|end| *end <= file as u64)) else {
            return wrong(format!(
                "{} at byte {offset} of the data, which reaches beyond the file's {file} bytes: it \
                 is cut off or damaged; fetch it again",
                shape()
            ));
        };
        if offset % alignment != 0 {
            return wrong(format!("tensor {name} at byte {offset} is not aligned to {alignment}"));
        }
        let dims = dims.into_iter().map(|d| d as usize).collect();
        Ok((name, Tensor { dims, kind, bytes: begin as usize..end as usize }))
    }
}

/// An open GGUF file.
pub struct Gguf {
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself.
    pub header: Header,
    map: Mmap,
}

impl Gguf {
    /// Maps a file and reads its header.
    pub fn open(path: &Path) -> Result<Self> {
        let map = map(path)?;
        let header = Header::parse(&map).map_err(|e| e.of(path))?;
        Ok(Self { path: path.to_owned(), header, map })
    }

    /// The bytes of a tensor of this file's header.
    pub fn bytes(&self, tensor: &Tensor) -> &[u8] {
        &self.map[tensor.bytes.clone()]
    }

    /// How long the file is, in bytes.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether the file is empty, which no file with a header is.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

/// Maps a file, shared and read-only.
#[expect(unsafe_code, reason = "memmap2: the file is read only; see this module's notes")]
pub(crate) fn map(path: &Path) -> Result<Mmap> {
    let failed = |e: std::io::Error| Error(format!("{}: cannot read it: {e}", path.display()));
    let file = File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return wrong(format!("{}: is no regular file", path.display()));
    }
    unsafe { Mmap::map(&file) }.map_err(failed)
}
