//! Bases as encoders of texts: what `encoder` of a `Memory` names.

use std::path::PathBuf;
use std::sync::Arc;

use her_encode::{Encoder, Modality};
use her_learn::Catalog;
use her_lm::{Bases, Embedder};
use her_recall::{Models, TextModel};

/// What specs may name: all estimators, those over texts, images and sounds, and language models
/// of the bases in a directory, by which memories may be read as well.
pub fn catalog(bases: PathBuf) -> Catalog {
    let bases = Arc::new(Bases::new(bases));
    let lent = Arc::clone(&bases);
    her_recall::extend_with(her_lm::catalog(bases), Lent(lent))
        .with_arithmetic(["Memory.encoder"], her_lm::kernel::here)
}

/// The space of a base's vectors: two bases of one name are those of one digest.
pub fn space_of(digest: &str) -> String {
    format!("base-{}", &digest[..digest.len().min(32)])
}

struct Lent(Arc<Bases>);

impl Models for Lent {
    fn text_model(&self, name: &str, digest: Option<&str>) -> her_learn::Result<TextModel> {
        let embedder = self.0.same_embedder(name, digest);
        let embedder = embedder.map_err(|e| her_learn::Error::new(e.0))?;
        let digest = embedder.digest().to_owned();
        let encoder = Box::new(Base { space: space_of(&digest), embedder });
        Ok(TextModel { encoder, digest })
    }
}

struct Base {
    embedder: Embedder,
    space: String,
}

impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Base({}, {})", self.embedder.name(), self.space)
    }
}

impl Encoder for Base {
    fn modality(&self) -> Modality {
        Modality::Text
    }

    fn space(&self) -> &str {
        &self.space
    }

    fn dims(&self) -> usize {
        self.embedder.width()
    }

    fn encode(&self, bytes: &[u8]) -> her_encode::Result<Vec<f32>> {
        let name = self.embedder.name();
        let wrong = |why: String| Err(her_encode::Error(why));
        let text = match std::str::from_utf8(bytes) {
            Ok(text) if text.trim().is_empty() => {
                return wrong("the text is empty: there is nothing to make a vector of".to_owned());
            }
            Ok(text) => text,
            Err(e) => return wrong(format!("the text is not UTF-8 ({e}): send it as UTF-8")),
        };
        let mut vector = self.embedder.embed(text).map_err(|e| her_encode::Error(e.0))?;
        if let Some(odd) = vector.iter().find(|x| !x.is_finite()) {
            return wrong(format!(
                "the base {name} makes {odd} of the text, which is no number: look at it with \
                 `her model check`"
            ));
        }
        her_lm::unit(&mut vector);
        if vector.iter().all(|x| *x == 0.0) {
            return wrong(format!(
                "the base {name} knows nothing of the text: its vector is of zeros, which are like \
                 nothing"
            ));
        }
        Ok(vector)
    }
}
