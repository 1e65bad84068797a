//! What a memory knew at one time, and what of it is like a query.

use std::sync::Arc;

use her_encode::Modality;
use her_learn::{Error, Result};

use crate::memory::State;
use crate::reader::{Read, Reader};
use crate::store::{Found, Store};

/// What a [`Memory`](crate::Memory) knew at one time, to be asked.
#[derive(Debug, Clone)]
pub struct Recall {
    pub(crate) state: Arc<State>,
    pub(crate) reader: Arc<Reader>,
}

/// What is most like a query.
#[derive(Debug)]
pub struct Nearest<'a> {
    /// What the query is.
    pub modality: Modality,
    /// The space in which it was compared.
    pub space: Box<str>,
    /// The memories, the most alike first, of equals the newest.
    pub found: Vec<Found<'a>>,
}

impl Recall {
    /// Whether a text is read by a model that the spec names, which may take as long as a pass of
    /// it.
    pub fn is_slow(&self) -> bool {
        self.reader.has_model()
    }

    /// What is remembered, by modality and space.
    pub fn stores(&self) -> &[Store] {
        &self.state.stores
    }

    /// The memories most like a plain text or a data URL, at most `most`: of all modalities in the
    /// query's space, or of the one that is asked for. Costs the encoding, and a product of vectors
    /// with each memory.
    ///
    /// # Errors
    /// A query that can't be read, and a modality whose memories lie in another space.
    pub fn nearest(
        &self,
        query: &str,
        modality: Option<Modality>,
        most: usize,
    ) -> Result<Nearest<'_>> {
        let read = self.reader.read(query).map_err(|e| e.at("query"))?;
        if let Some(wanted) = modality.filter(|wanted| !self.compares(*wanted, &read)) {
            return Err(Error::new(format!(
                "memories of {wanted} are not in the space of the query, {:?}, which is of {}: ask \
                 with one of {wanted}",
                read.space, read.modality
            )));
        }
        let mut found = Vec::new();
        for store in self.stores().iter().filter(|store| *store.space() == *read.space) {
            if modality.is_none_or(|wanted| wanted.name() == store.modality()) {
                store.nearest(&read.vector, most, &mut found);
            }
        }
        Ok(Nearest { modality: read.modality, space: read.space.clone(), found })
    }

    /// Whether memories of a modality can be compared with what was read.
    fn compares(&self, modality: Modality, read: &Read) -> bool {
        let kept = self.stores().iter().any(|store| store.is(modality.name(), &read.space));
        let encoder = self.reader.encoder(modality);
        kept || encoder.is_some_and(|encoder| encoder.space() == &*read.space)
    }
}
