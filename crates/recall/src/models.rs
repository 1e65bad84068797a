//! Models that a spec names to read its texts, such as a user's own embedding model.
//!
//! This crate has no files, so whoever makes the catalogue lends [`Models`], and says there where
//! they lie. A [`Reader`] is made once for each space and shared by all who name its model.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use her_encode::{Encoder, Modality};
use her_learn::catalog::Builder;
use her_learn::{Error, Result};

use crate::reader::Reader;

/// A model that makes vectors of texts.
#[derive(Debug)]
pub struct TextModel {
    /// Reads texts. Its space names the model by what its numbers hang on, not by the name that it
    /// is asked for: two models are never of one space.
    pub encoder: Box<dyn Encoder>,
    /// A digest of its files, which is written into the spec.
    pub digest: String,
}

/// Where models come from.
pub trait Models: Send + Sync {
    /// The model of a name. Costs opening its files, where it is not open.
    ///
    /// # Errors
    /// When there is none of this name, it is not as it must be, or has another digest than is
    /// asked for.
    fn text_model(&self, name: &str, digest: Option<&str>) -> Result<TextModel>;
}

/// What is lent to a catalogue: models, and the readers by their spaces.
pub(crate) struct Readers {
    models: Box<dyn Models>,
    known: Mutex<BTreeMap<String, Arc<Reader>>>,
}

impl Readers {
    pub(crate) fn of(models: Box<dyn Models>) -> Self {
        Self { models, known: Mutex::default() }
    }

    /// Those that were lent to a catalogue.
    pub(crate) fn lent(builder: &Builder<'_>) -> Result<Arc<Self>> {
        builder.lent().ok_or_else(|| {
            Error::new("no models are known here that could read texts: use `her` or its server")
        })
    }

    /// A reader whose texts this model reads, and the model's digest.
    pub(crate) fn named(&self, name: &str, digest: Option<&str>) -> Result<(Arc<Reader>, String)> {
        if name.is_empty() {
            return Err(Error::new(
                "the name is empty: name a model, as `her model list` does, or leave encoder out",
            ));
        }
        let TextModel { encoder, digest } = self.models.text_model(name, digest)?;
        if encoder.modality() != Modality::Text {
            let modality = encoder.modality();
            return Err(Error::new(format!("{name} reads {modality}, and texts are to be read")));
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = known.get(encoder.space()) {
            return Ok((Arc::clone(reader), digest));
        }
        let space = encoder.space().to_owned();
        let reader = Arc::new(Reader::with_model(encoder)?);
        known.insert(space, Arc::clone(&reader));
        Ok((reader, digest))
    }
}
