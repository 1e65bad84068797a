//! Named tensors as safetensors. The file's header is written here because the library's writer
//! orders the metadata by a hash map; it is read and checked by the library.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;

pub use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde_json::{Map, Value};

use crate::error::{Fault, Flaw};
use crate::limits::Limits;

/// Length of a tensor's name, in bytes.
pub const NAME_MAX: usize = 256;
/// Dimensions of a tensor.
pub const RANK_MAX: usize = 8;
/// How many bytes say the length of the header.
const LENGTH: usize = 8;
const METADATA: &str = "__metadata__";

/// A tensor: its elements little-endian, in row-major order.
///
/// Quantised weights are pairs by convention: `w.q` holds integers (`I8`), `w.e` an exponent for
/// each block of them (`F8_E8M0`: 2 to the power of the byte less 127).
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'a> {
    /// Its name, 1 to [`NAME_MAX`] bytes.
    pub name: String,
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its dimensions, at most [`RANK_MAX`]; none for a single number.
    pub shape: Vec<usize>,
    /// Its elements.
    pub data: Cow<'a, [u8]>,
}

/// Tensors of a layer, with what their writer says of them.
///
/// ```
/// use her_book::{Dtype, Tensors};
/// let weights = Tensors::new()
///     .tensor("w", Dtype::F32, [2], 1.5f32.to_le_bytes().repeat(2))
///     .note("codec", "f32");
/// assert_eq!(weights.tensors[0].data.len(), 8);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors<'a> {
    /// The tensors; their order does not matter.
    pub tensors: Vec<Tensor<'a>>,
    /// Texts by name, kept in the file's `__metadata__`.
    pub notes: BTreeMap<String, String>,
}

impl<'a> Tensors<'a> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this one too.
    pub fn tensor(
        mut self,
        name: impl Into<String>,
        dtype: Dtype,
        shape: impl Into<Vec<usize>>,
        data: impl Into<Cow<'a, [u8]>>,
    ) -> Self {
        let (name, shape, data) = (name.into(), shape.into(), data.into());
        self.tensors.push(Tensor { name, dtype, shape, data });
        self
    }

    /// With this said of them.
    pub fn note(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.notes.insert(key.into(), value.into());
        self
    }

    /// The header, and the tensors in the order in which their bytes follow it: the widest
    /// elements first, so that all are aligned, then by name.
    fn laid_out(&self) -> Result<(Vec<u8>, Vec<&Tensor<'a>>), Flaw> {
        let mut order: Vec<&Tensor<'a>> = self.tensors.iter().collect();
        order.sort_by_key(|tensor| (Reverse(tensor.dtype), &tensor.name));
        let mut header = Map::new();
        if !self.notes.is_empty() {
            let notes = self.notes.iter().map(|(key, value)| (key.clone(), value.clone().into()));
            header.insert(METADATA.into(), Value::Object(notes.collect()));
        }
        let mut end = 0;
        for tensor in &order {
            check_tensor(tensor)?;
            let start = end;
            end += tensor.data.len();
            let (dtype, shape) = (tensor.dtype, tensor.shape.clone());
            let info = TensorInfo { dtype, shape, data_offsets: (start, end) };
            let info = serde_json::to_value(info).unwrap_or_default();
            if header.insert(tensor.name.clone(), info).is_some() {
                let found = format!("there are two tensors of the name {:?}", tensor.name);
                return Err(Flaw::input(found, "give each tensor a name of its own"));
            }
        }
        let mut text = serde_json::to_vec(&header).unwrap_or_default();
        text.resize(text.len().next_multiple_of(LENGTH), b' ');
        let limits = Limits::default();
        if text.len() as u64 > limits.header_bytes || order.len() > limits.tensors {
            let found = format!("{} tensors with a header of {} bytes", order.len(), text.len());
            let (tensors, bytes) = (limits.tensors, limits.header_bytes);
            let remedy = format!("a layer takes {tensors} with a header of {bytes} bytes");
            return Err(Flaw::input(found, remedy));
        }
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.append(&mut text);
        Ok((bytes, order))
    }

    /// The file that these become.
    pub(crate) fn file(&self) -> Result<ToWrite<'_, 'a>, Flaw> {
        let (header, order) = self.laid_out()?;
        Ok(ToWrite { header, order })
    }
}

/// A safetensors file that is to be written: its header, and the tensors in their order.
pub(crate) struct ToWrite<'t, 'a> {
    header: Vec<u8>,
    order: Vec<&'t Tensor<'a>>,
}

impl ToWrite<'_, '_> {
    pub fn len(&self) -> u64 {
        let data: u64 = self.order.iter().map(|tensor| tensor.data.len() as u64).sum();
        self.header.len() as u64 + data
    }

    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&self.header)?;
        self.order.iter().try_for_each(|tensor| out.write_all(&tensor.data))
    }
}

fn check_tensor(tensor: &Tensor<'_>) -> Result<(), Flaw> {
    let Tensor { name, dtype, shape, data } = tensor;
    if !(1..=NAME_MAX).contains(&name.len()) || name == METADATA {
        let shown: String = name.chars().take(40).collect();
        let remedy = format!("use 1 to {NAME_MAX} bytes, and not {METADATA}");
        return Err(Flaw::input(format!("a tensor is called {shown:?}"), remedy));
    }
    let bits = shape.iter().try_fold(dtype.bitsize(), |bits, n| bits.checked_mul(*n));
    if shape.len() > RANK_MAX || bits != data.len().checked_mul(8) {
        let found = format!("tensor {name:?} of {dtype} and {shape:?} has {} bytes", data.len());
        let remedy = format!("hand in as many bytes as the shape takes, in {RANK_MAX} dimensions");
        return Err(Flaw::input(found, remedy));
    }
    Ok(())
}

/// Where a tensor lies.
#[derive(Debug)]
struct Place {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Range<usize>,
}

/// Tensors as they were read, in the memory in which they were unpacked.
#[derive(Debug)]
pub struct TensorFile {
    bytes: Vec<u8>,
    header: Header,
}

impl TensorFile {
    pub(crate) fn new(bytes: Vec<u8>, limits: &Limits) -> Result<Self, Flaw> {
        let mut check = HeaderCheck::new(limits);
        check.write_all(&bytes).map_err(|e| Flaw::io(&e))?;
        let header = check.finish()?;
        Ok(Self { bytes, header })
    }

    /// The tensor of this name.
    pub fn get(&self, name: &str) -> Option<Tensor<'_>> {
        self.header.places.get_key_value(name).map(|(name, place)| self.view(name, place))
    }

    /// All, sorted by name, and what is said of them. Lends the elements, copies nothing.
    pub fn tensors(&self) -> Tensors<'_> {
        let tensors = self.header.places.iter().map(|(name, place)| self.view(name, place));
        Tensors { tensors: tensors.collect(), notes: self.header.notes.clone() }
    }

    /// What is said of them.
    pub fn notes(&self) -> &BTreeMap<String, String> {
        &self.header.notes
    }

    fn view(&self, name: &str, place: &Place) -> Tensor<'_> {
        let body = &self.bytes[self.header.length..];
        let (dtype, shape) = (place.dtype, place.shape.clone());
        let data = Cow::Borrowed(&body[place.data.clone()]);
        Tensor { name: name.to_owned(), dtype, shape, data }
    }
}

/// What a header says.
#[derive(Debug)]
pub(crate) struct Header {
    /// Of the header and what precedes it, in bytes.
    length: usize,
    places: BTreeMap<String, Place>,
    pub notes: BTreeMap<String, String>,
}

/// Checks a safetensors file that is written to it, and keeps only the header.
pub(crate) struct HeaderCheck<'l> {
    limits: &'l Limits,
    head: Vec<u8>,
    seen: u64,
}

impl<'l> HeaderCheck<'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Self { limits, head: Vec::new(), seen: 0 }
    }

    /// How many bytes of the file are kept, as far as is known.
    fn wanted(&self) -> u64 {
        let first = self.head.get(..LENGTH).and_then(|bytes| bytes.try_into().ok());
        let length = first.map_or(0, u64::from_le_bytes);
        // A header beyond the limit is refused at the end; nothing of it is kept.
        LENGTH as u64 + if length > self.limits.header_bytes { 0 } else { length }
    }

    pub fn finish(self) -> Result<Header, Flaw> {
        let odd = |what: String| Flaw::damaged(Fault::Format, format!("no safetensors: {what}"));
        let first = self.head.get(..LENGTH).and_then(|bytes| bytes.try_into().ok());
        let length = first.map(u64::from_le_bytes);
        let length = length.ok_or_else(|| odd(format!("{} bytes in all", self.seen)))?;
        let limit = self.limits.header_bytes;
        if length > limit {
            return Err(Flaw::too_large("a tensor header of bytes", length, limit, "header_bytes"));
        }
        let text = &self.head[LENGTH..];
        if text.len() as u64 != length {
            return Err(odd(format!("a header of {length} bytes ends after {}", text.len())));
        }
        let header: Metadata = serde_json::from_slice(text).map_err(|e| odd(e.to_string()))?;
        let tensors = header.tensors();
        if tensors.len() > self.limits.tensors {
            let (found, limit) = (tensors.len() as u64, self.limits.tensors as u64);
            return Err(Flaw::too_large("tensors:", found, limit, "tensors"));
        }
        let length = LENGTH + text.len();
        if (length + header.data_len()) as u64 != self.seen {
            let (declared, found) = (header.data_len(), self.seen - length as u64);
            return Err(odd(format!(
                "{declared} bytes of tensors are declared, {found} are there"
            )));
        }
        let place = |info: &TensorInfo| {
            let data = info.data_offsets.0..info.data_offsets.1;
            Place { dtype: info.dtype, shape: info.shape.clone(), data }
        };
        let places: BTreeMap<String, Place> =
            tensors.into_iter().map(|(name, info)| (name, place(info))).collect();
        if let Some(name) = places.keys().find(|name| name.len() > NAME_MAX) {
            return Err(odd(format!("a tensor's name has {} bytes", name.len())));
        }
        let notes = header.metadata().clone().unwrap_or_default().into_iter().collect();
        Ok(Header { length, places, notes })
    }
}

impl Write for HeaderCheck<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.seen += data.len() as u64;
        let mut rest = data;
        // Twice, since the first bytes say how many more are wanted.
        for _ in 0..2 {
            let take = (self.wanted() - self.head.len() as u64).min(rest.len() as u64) as usize;
            let (kept, after) = rest.split_at(take);
            self.head.extend_from_slice(kept);
            rest = after;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(tensors: &Tensors<'_>) -> Vec<u8> {
        let file = tensors.file().unwrap();
        let mut out = Vec::new();
        file.write(&mut out).unwrap();
        assert_eq!(out.len() as u64, file.len());
        out
    }

    fn some() -> Tensors<'static> {
        Tensors::new()
            .tensor("w.e", Dtype::F8_E8M0, [2], vec![127, 128])
            .tensor("w.q", Dtype::I8, [2, 3], vec![1, 2, 3, 4, 5, 6])
            .tensor("bias", Dtype::F64, [], 0.5f64.to_le_bytes().to_vec())
            .note("codec", "i8")
            .note("b", "2")
            .note("a", "1")
    }

    #[test]
    fn the_library_reads_what_is_written_and_order_does_not_matter() {
        let written = bytes(&some());
        let mut turned = some();
        turned.tensors.reverse();
        assert_eq!(bytes(&turned), written);
        let library = safetensors::SafeTensors::deserialize(&written).unwrap();
        assert_eq!(library.tensor("w.q").unwrap().shape(), [2, 3]);
        let ours = TensorFile::new(written, &Limits::default()).unwrap();
        turned.tensors.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(ours.tensors(), turned);
    }

    #[test]
    fn wrong_shapes_and_names_are_refused() {
        let long = "x".repeat(NAME_MAX + 1);
        for odd in [
            Tensors::new().tensor("w", Dtype::F32, [2], vec![0; 7]),
            Tensors::new().tensor("w", Dtype::F32, [usize::MAX, 8], vec![]),
            Tensors::new().tensor("w", Dtype::I8, [1; 9], vec![0]),
            Tensors::new().tensor("", Dtype::I8, [1], vec![0]),
            Tensors::new().tensor(METADATA, Dtype::I8, [1], vec![0]),
            Tensors::new().tensor(long, Dtype::I8, [1], vec![0]),
            some().tensor("bias", Dtype::I8, [1], vec![0]),
        ] {
            let flaw = odd.file().err().unwrap();
            assert_eq!(flaw.fault, Fault::Input, "{}", flaw.found);
        }
    }

    #[test]
    fn a_header_beyond_the_limit_is_refused_without_being_kept() {
        let limits = Limits { header_bytes: 64, ..Limits::default() };
        let mut check = HeaderCheck::new(&limits);
        check.write_all(&u64::MAX.to_le_bytes()).unwrap();
        check.write_all(&[b'{'; 1000]).unwrap();
        assert_eq!(check.head.len(), LENGTH);
        assert_eq!(check.finish().unwrap_err().fault, Fault::TooLarge);
        assert!(TensorFile::new(bytes(&some()), &limits).is_err());
    }

    #[test]
    fn in_pieces_as_in_one() {
        let written = bytes(&some());
        let limits = Limits::default();
        let mut check = HeaderCheck::new(&limits);
        written.chunks(3).for_each(|part| check.write_all(part).unwrap());
        assert_eq!(check.finish().unwrap().notes, some().notes);
    }
}
