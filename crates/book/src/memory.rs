//! Memory vectors of one modality: eight bits a number, a scale for each vector.

use half::f16;

use crate::error::{Fault, Flaw};
use crate::layer::check_modality;
use crate::table::Rows;
use crate::tensors::{Dtype, TensorFile, Tensors};

/// Length of a vector.
pub const DIMS_MAX: usize = 65_536;
/// Vectors of a modality.
pub const VECTORS_MAX: usize = 1 << 28;
/// Length of an id, or of a space's name, in bytes.
pub const ID_MAX: usize = 4096;
const SPACE: &str = "space";
const ANCHORS: &str = "anchors";

/// What the numbers of each vector are multiplied by.
#[derive(Clone, Debug, PartialEq)]
pub enum Scales {
    /// In 16 bits, to about three digits.
    F16(Vec<f16>),
    /// In 32 bits.
    F32(Vec<f32>),
}

impl Scales {
    fn len(&self) -> usize {
        match self {
            Self::F16(scales) => scales.len(),
            Self::F32(scales) => scales.len(),
        }
    }

    fn get(&self, i: usize) -> f32 {
        match self {
            Self::F16(scales) => scales[i].to_f32(),
            Self::F32(scales) => scales[i],
        }
    }
}

/// What an identity remembers in one modality: texts, images, sounds, or any other.
///
/// ```
/// use her_book::Memory;
/// let memory = Memory::quantise("text", "hash-256", 2, &[1.0, -0.5, 0.0, 0.25])?
///     .rows(vec!["first".into(), "second".into()], vec![0, 1_000]);
/// assert_eq!(memory.q, [127, -64, 0, 127]);
/// assert!((memory.vector(0)[1] + 0.5).abs() < 0.005);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// Such as `text`: 1 to 32 of a-z, 0-9, `-` and `_`.
    pub modality: String,
    /// The space in which the vectors lie: those of another can not be compared with them.
    pub space: String,
    /// The digest of the anchors by which this space is turned into another, if there are some.
    pub anchors: Option<String>,
    /// Length of a vector, 1 to [`DIMS_MAX`].
    pub dims: usize,
    /// The vectors, one after the other.
    pub q: Vec<i8>,
    /// A scale for each vector.
    pub scales: Scales,
    /// An id for each vector, unique to its origin.
    pub ids: Vec<String>,
    /// When each was remembered, in milliseconds since 1970 in UTC.
    pub at_ms: Vec<i64>,
}

impl Memory {
    /// From vectors of 32-bit numbers, one after the other. The largest number of each becomes 127;
    /// what is lost is at most half of a 127th of it, and 1/2048 of the whole where the scale is
    /// kept in 16 bits, which it is if all scales are normal numbers there.
    ///
    /// # Errors
    /// A length that `dims` does not divide, and numbers that are not finite.
    pub fn quantise(
        modality: impl Into<String>,
        space: impl Into<String>,
        dims: usize,
        vectors: &[f32],
    ) -> Result<Self, String> {
        if dims == 0 || !vectors.len().is_multiple_of(dims) {
            return Err(format!("{} numbers are no vectors of {dims}", vectors.len()));
        }
        if let Some(i) = vectors.iter().position(|v| !v.is_finite()) {
            return Err(format!("vector {} holds {}, which is no number", i / dims, vectors[i]));
        }
        let largest = |vector: &[f32]| vector.iter().fold(0.0f32, |max, v| max.max(v.abs()));
        let wanted: Vec<f32> = vectors.chunks(dims).map(|v| largest(v) / 127.0).collect();
        let normal = |s: &f32| *s == 0.0 || f16::from_f32(*s).is_normal();
        let scales = if wanted.iter().all(normal) {
            Scales::F16(wanted.iter().map(|s| f16::from_f32(*s)).collect())
        } else {
            Scales::F32(wanted)
        };
        let mut q = Vec::with_capacity(vectors.len());
        for (i, vector) in vectors.chunks(dims).enumerate() {
            let scale = scales.get(i);
            let one =
                |v: &f32| if scale > 0.0 { (v / scale).round().clamp(-127.0, 127.0) } else { 0.0 };
            q.extend(vector.iter().map(|v| one(v) as i8));
        }
        let (modality, space, anchors) = (modality.into(), space.into(), None);
        Ok(Self { modality, space, anchors, dims, q, scales, ids: vec![], at_ms: vec![] })
    }

    /// With an id and a time for each vector.
    pub fn rows(self, ids: Vec<String>, at_ms: Vec<i64>) -> Self {
        Self { ids, at_ms, ..self }
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// A vector as 32-bit numbers.
    ///
    /// # Panics
    /// Beyond [`Memory::len`].
    pub fn vector(&self, i: usize) -> Vec<f32> {
        let scale = self.scales.get(i);
        let numbers = &self.q[i * self.dims..(i + 1) * self.dims];
        numbers.iter().map(|q| f32::from(*q) * scale).collect()
    }

    fn check(&self) -> Result<(), String> {
        let Self { modality, dims, q, scales, ids, at_ms, .. } = self;
        let n = ids.len();
        if !(1..=DIMS_MAX).contains(dims) || n > VECTORS_MAX {
            return Err(format!(
                "{n} vectors of {dims} numbers are beyond {VECTORS_MAX} of {DIMS_MAX}"
            ));
        }
        if q.len() != n * dims || scales.len() != n || at_ms.len() != n {
            let (q, s, t) = (q.len(), scales.len(), at_ms.len());
            return Err(format!(
                "memory `{modality}` has {n} ids, {t} times, {s} scales and {q} numbers; each \
                 vector has one of each and {dims} numbers"
            ));
        }
        if let Some(i) = (0..n).find(|i| !scales.get(*i).is_finite() || scales.get(*i) < 0.0) {
            return Err(format!("the scale of vector {i} is {}", scales.get(i)));
        }
        let longest = ids.iter().map(String::len).max().unwrap_or(0);
        if longest.max(self.space.len()) > ID_MAX || self.space.is_empty() {
            return Err(format!("an id or the space's name is empty or beyond {ID_MAX} bytes"));
        }
        Ok(())
    }

    /// The two files of this memory.
    pub(crate) fn parts(&self) -> Result<(Tensors<'static>, Rows), Flaw> {
        check_modality(&self.modality)?;
        self.check().map_err(|found| Flaw::input(found, "hand in one of each for each vector"))?;
        let name = |part: &str| format!("{}.{part}", self.modality);
        let n = self.len();
        let numbers: Vec<u8> = self.q.iter().map(|q| q.cast_unsigned()).collect();
        let tensors = Tensors::new().tensor(name("q"), Dtype::I8, [n, self.dims], numbers);
        let mut tensors = match &self.scales {
            Scales::F16(scales) => {
                let bytes: Vec<u8> = scales.iter().flat_map(|s| s.to_le_bytes()).collect();
                tensors.tensor(name("s"), Dtype::F16, [n], bytes)
            }
            Scales::F32(scales) => {
                let bytes: Vec<u8> = scales.iter().flat_map(|s| s.to_le_bytes()).collect();
                tensors.tensor(name("s"), Dtype::F32, [n], bytes)
            }
        };
        tensors = tensors.note(SPACE, &self.space);
        if let Some(anchors) = &self.anchors {
            tensors = tensors.note(ANCHORS, anchors);
        }
        let (space, ids) = (self.space.clone(), self.ids.clone());
        Ok((tensors, Rows { space, ids, at_ms: self.at_ms.clone() }))
    }

    /// From the two files.
    pub(crate) fn from_parts(
        modality: &str,
        vectors: &TensorFile,
        rows: Rows,
    ) -> Result<Self, Flaw> {
        let odd = |what: String| Flaw::damaged(Fault::Format, what);
        let part = |part: &str| {
            let name = format!("{modality}.{part}");
            vectors.get(&name).ok_or_else(|| odd(format!("tensor {name:?} is not there")))
        };
        let (q, s) = (part("q")?, part("s")?);
        if q.dtype != Dtype::I8 || q.shape.len() != 2 || q.shape[0] != rows.ids.len() {
            let (dtype, shape, n) = (q.dtype, &q.shape, rows.ids.len());
            return Err(odd(format!("{n} ids stand beside vectors of {dtype} and {shape:?}")));
        }
        let scales = match s.dtype {
            Dtype::F16 => {
                let each = s.data.chunks_exact(2);
                Scales::F16(each.map(|b| f16::from_le_bytes([b[0], b[1]])).collect())
            }
            Dtype::F32 => {
                let each = s.data.chunks_exact(4);
                Scales::F32(each.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
            }
            other => return Err(odd(format!("scales are F16 or F32, not {other}"))),
        };
        if vectors.notes().get(SPACE) != Some(&rows.space) {
            let found = "vectors and ids are said to be of two spaces".to_owned();
            return Err(odd(found));
        }
        let memory = Self {
            modality: modality.into(),
            space: rows.space,
            anchors: vectors.notes().get(ANCHORS).cloned(),
            dims: q.shape[1],
            q: q.data.iter().map(|b| b.cast_signed()).collect(),
            scales,
            ids: rows.ids,
            at_ms: rows.at_ms,
        };
        memory.check().map_err(odd)?;
        Ok(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use proptest::prelude::*;

    #[test]
    fn scales_that_sixteen_bits_can_not_hold_take_thirty_two() {
        for (vector, wide) in [([1e-9, 0.0], true), ([1e6, 1.0], false), ([1e8, 1.0], true)] {
            let memory = Memory::quantise("m", "s", 2, &vector).unwrap();
            assert_eq!(matches!(memory.scales, Scales::F32(_)), wide, "{vector:?}");
        }
        assert!(Memory::quantise("m", "s", 2, &[1.0]).is_err());
        assert!(Memory::quantise("m", "s", 0, &[]).is_err());
        assert!(Memory::quantise("m", "s", 1, &[f32::NAN]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_remembered_comes_back_nearly(
            vectors in prop::collection::vec(-1e6f32..1e6, 12), at in any::<i64>(),
        ) {
            let ids = vec!["a".to_owned(), "é".into(), String::new(), "4".into()];
            let memory = Memory::quantise("sound", "mel", 3, &vectors).unwrap();
            let memory = Memory { anchors: Some("sha256:00".into()), ..memory }
                .rows(ids, vec![at, 0, 1, -1]);
            for (i, wanted) in vectors.chunks(3).enumerate() {
                let largest = wanted.iter().fold(0.0f32, |max, v| max.max(v.abs()));
                for (got, wanted) in memory.vector(i).iter().zip(wanted) {
                    prop_assert!((got - wanted).abs() <= largest * (0.5 / 127.0 + 1.0 / 2048.0));
                }
            }
            let (tensors, rows) = memory.parts().unwrap();
            let mut bytes = Vec::new();
            tensors.file().unwrap().write(&mut bytes).unwrap();
            let file = TensorFile::new(bytes, &Limits::default()).unwrap();
            let rows = Rows::read(rows.write().unwrap()).unwrap();
            prop_assert_eq!(Memory::from_parts("sound", &file, rows).unwrap(), memory);
        }
    }
}
