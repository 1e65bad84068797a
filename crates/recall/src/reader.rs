//! From a part of an event to its vector.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use her_encode::{Encoder, Given, Modality, builtin, part};
use her_learn::catalog::Builder;
use her_learn::{Error, Result};

use crate::vector::{DIMS_MAX, Vector};

/// Parts whose vectors are kept: an event is predicted, then learned, and a frozen copy of its
/// model predicts it too; each part is read once for all of them.
const KEPT: usize = 32;

/// A part that was read.
#[derive(Debug)]
pub struct Read {
    /// What it is.
    pub modality: Modality,
    /// The space of its vector.
    pub space: Box<str>,
    /// Its vector, of length 1.
    pub numbers: Box<[f32]>,
    /// The same in eight bits a number.
    pub vector: Vector,
    /// The first half of BLAKE3 of its bytes, as they are once a data URL is decoded, in 32
    /// hexadecimal digits: the same at whoever was told the same.
    pub id: String,
    /// The words that a vector brought with it.
    pub words: Option<String>,
}

/// By the hash of the text that carried it.
type Kept = VecDeque<([u8; 32], Arc<Read>)>;

/// The encoders of each modality. Shared by all models that read parts.
#[derive(Debug)]
pub struct Reader {
    encoders: Vec<Box<dyn Encoder>>,
    /// Whether texts are read by a model, whose last bits may hang on the machine.
    model: bool,
    kept: Mutex<Kept>,
}

impl Reader {
    /// With the encoders that need no download.
    pub fn builtin() -> Self {
        Self::with(Modality::ALL.into_iter().map(builtin).collect()).expect("they are short")
    }

    /// With these encoders, at most one of a modality; parts of others are refused.
    ///
    /// # Errors
    /// When one makes vectors of more than 65,536 numbers.
    pub fn with(encoders: Vec<Box<dyn Encoder>>) -> Result<Self> {
        if let Some(long) = encoders.iter().find(|encoder| encoder.dims() > DIMS_MAX) {
            let (space, dims) = (long.space(), long.dims());
            return Err(Error::new(format!(
                "space {space:?} has {dims} dimensions, at most {DIMS_MAX} are compared"
            )));
        }
        Ok(Self { encoders, model: false, kept: Mutex::default() })
    }

    /// With a model for texts, and for all else the encoders that need no download.
    ///
    /// # Errors
    /// When it makes vectors of more than 65,536 numbers, or of none.
    pub(crate) fn with_model(model: Box<dyn Encoder>) -> Result<Self> {
        if model.dims() == 0 {
            let space = model.space();
            return Err(Error::new(format!(
                "space {space:?} has no dimensions: 1 to {DIMS_MAX} are compared"
            )));
        }
        let others = Modality::ALL.into_iter().filter(|other| *other != model.modality());
        let others = others.map(builtin).collect::<Vec<_>>();
        let all = Self::with(std::iter::once(model).chain(others).collect())?;
        Ok(Self { model: true, ..all })
    }

    /// Whether texts are read by a model that a spec named.
    pub(crate) fn has_model(&self) -> bool {
        self.model
    }

    /// The one that was lent to a catalogue, or one with what needs no download.
    pub(crate) fn lent(builder: &Builder<'_>) -> Arc<Self> {
        builder.lent().unwrap_or_else(|| Arc::new(Self::builtin()))
    }

    /// The encoder of a modality.
    pub fn encoder(&self, modality: Modality) -> Option<&dyn Encoder> {
        self.encoders.iter().find(|encoder| encoder.modality() == modality).map(|found| &**found)
    }

    /// Reads a plain text or a data URL, which may be that of a vector ([`Given`]) in the space of
    /// one of the encoders.
    ///
    /// # Errors
    /// What is damaged, too large, empty of content, or of a modality without an encoder; a vector
    /// of a space that nothing is read in, or of another length than those of its space.
    pub fn read(&self, text: &str) -> Result<Arc<Read>> {
        let name = *blake3::hash(text.as_bytes()).as_bytes();
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, read)) = kept().iter().find(|(of, _)| *of == name) {
            return Ok(Arc::clone(read));
        }
        // Not under the lock: others have parts of their own to read.
        let read = Arc::new(self.encode(text)?);
        let mut kept = kept();
        kept.truncate(KEPT - 1);
        kept.push_front((name, Arc::clone(&read)));
        Ok(read)
    }

    fn encode(&self, text: &str) -> Result<Read> {
        if let Some(given) = Given::of(text) {
            return self.take(given.map_err(|e| Error::new(e.0))?);
        }
        let (modality, bytes) = part(text).map_err(|e| Error::new(e.0))?;
        let encoder = self
            .encoder(modality)
            .ok_or_else(|| Error::new(format!("there is no encoder of {modality} here")))?;
        let numbers = encoder.encode(&bytes).map_err(|e| Error::new(e.0))?;
        let id = id_of(&bytes);
        let vector = self.rounded(modality, &numbers);
        let (space, numbers) = (encoder.space().into(), numbers.into());
        Ok(Read { modality, space, numbers, vector, id, words: None })
    }

    /// A vector that was encoded elsewhere.
    fn take(&self, given: Given) -> Result<Read> {
        let Some(encoder) = self.encoders.iter().find(|one| one.space() == given.space) else {
            let spaces: Vec<&str> = self.encoders.iter().map(|one| one.space()).collect();
            return Err(Error::new(format!(
                "a vector of the space {:?}, and those of {} are taken here: send what it was made \
                 of, or a vector of one of these",
                given.space.chars().take(80).collect::<String>(),
                spaces.join(", ")
            )));
        };
        let (n, dims, space) = (given.numbers.len(), encoder.dims(), encoder.space());
        if n != dims {
            return Err(Error::new(format!(
                "a vector of {n} numbers, and those of {space} have {dims}"
            )));
        }
        let numbers = given.unit().map_err(|e| Error::new(e.0))?;
        let (modality, id) = (encoder.modality(), id_of(&given.bytes()));
        let vector = self.rounded(modality, &numbers);
        let (space, numbers, words) = (space.into(), numbers.into(), given.words);
        Ok(Read { modality, space, numbers, vector, id, words })
    }

    fn rounded(&self, modality: Modality, numbers: &[f32]) -> Vector {
        let rough = self.model && modality == Modality::Text;
        if rough { Vector::rough(numbers) } else { Vector::of(numbers) }
    }
}

/// The id of what has these bytes, where none is given.
pub(crate) fn id_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
}
