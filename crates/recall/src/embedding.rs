//! `Embedding`: a text, an image or a sound as numbers.
//!
//! The vector of the part under the name `on` becomes features `embedding[0]`, `embedding[1]`, …,
//! for ordinary estimators to learn from: `Embedding | StandardScaler | LogisticRegression` learns
//! from pictures. A part is a plain text, or a data URL such as `data:image/png;base64,…`, also
//! that of a vector ([`her_encode::Given`]) in the space that the modality is read in. Nothing is
//! learned here: the encoder is fixed, and needs no download. What it sees is in
//! [`her_encode`].
//!
//! **Shape** one part in, 256 numbers of a text, 388 of an image, 192 of a sound out; all other
//! features are left out, and an event without that part has no numbers. **Units** none; the
//! numbers are those of a vector of length 1. **Cost** no state; decoding and encoding, a
//! millisecond or so for a small picture, and nothing for learning what was just predicted.
//! **Errors** a number under the name `on`, a part of another modality, what can't be decoded.
//!
//! ```
//! use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target};
//! use serde_json::json;
//! let spec = json!([{"Embedding": {"on": "said"}}, "LogisticRegression"]);
//! let mut model = Model::new(&spec, &her_recall::extend(Catalog::builtin()))?;
//! let (mut s, mut p) = (Scratch::default(), Prediction::default());
//! for (said, about) in [("the boiler leaks again", true), ("two tickets to Bern", false)] {
//!     let row = Row::from_json(&json!({"said": said}))?;
//!     (0..20).try_for_each(|_| model.learn(&row, &Target::Bool(about), 1.0, &mut s))?;
//! }
//! model.predict(&Row::from_json(&json!({"said": "is the boiler leaking?"}))?, &mut p, &mut s)?;
//! assert!(p.positive() > 0.5);
//! # Ok::<(), her_learn::Error>(())
//! ```

use std::sync::Arc;

use her_encode::Modality;
use her_learn::catalog::{Builder, Entry, Kind};
use her_learn::estimator::{Any, Estimator, Transformer};
use her_learn::features::{Context, Features};
use her_learn::merge::Statement;
use her_learn::saved::Loader;
use her_learn::{Error, Result, params, params::read};
use serde_json::Value;

use crate::reader::Reader;

her_learn::params! {
    /// Parameters of [`Embedding`].
    pub struct Params {
        /// The name of the part.
        on: String = "text".to_owned(),
        /// What the part is: `text`, `image` or `audio`.
        modality: String = "text".to_owned(),
    }
}

/// See the module's documentation.
pub struct Embedding {
    params: Params,
    modality: Modality,
    reader: Arc<Reader>,
}

/// The row of the catalogue.
pub(crate) const ENTRY: Entry = Entry {
    name: "Embedding",
    module: "recall",
    kind: Kind::Transformer,
    version: 1,
    summary: "A text, an image or a sound as numbers",
    merge: Statement::Stateless,
    params: Params::DOCS,
    defaults: || params::write(&Params::default()),
    build,
    example: || serde_json::json!("Embedding"),
};

fn build(params: Value, builder: &Builder<'_>) -> Result<Any> {
    Ok(Any::Transformer(Box::new(Embedding::new(read(params)?, Reader::lent(builder))?)))
}

impl Embedding {
    /// One that reads by these encoders.
    ///
    /// # Errors
    /// A modality that there is none of.
    pub fn new(params: Params, reader: Arc<Reader>) -> Result<Self> {
        let modality: Modality =
            params.modality.parse().map_err(|e: her_encode::Error| Error::new(e.0))?;
        if reader.encoder(modality).is_none() {
            return Err(Error::new(format!("there is no encoder of {modality} here")));
        }
        Ok(Self { params, modality, reader })
    }
}

impl Estimator for Embedding {
    fn entry(&self) -> &'static Entry {
        &crate::ENTRIES[0]
    }

    fn params(&self) -> Value {
        params::write(&self.params)
    }

    fn save(&self, _out: &mut Vec<u8>) {}

    fn load(&mut self, _from: &mut Loader<'_>) -> Result<()> {
        Ok(())
    }
}

impl Transformer for Embedding {
    fn transform_one(&self, x: &Features, out: &mut Features, cx: &mut Context<'_>) {
        let part = match part_of(x, &self.params.on, cx, "Embedding") {
            Ok(Some(part)) => part,
            Ok(None) => return,
            Err(e) => return cx.refuse(e),
        };
        let read = self.reader.read(part).and_then(|read| {
            if read.modality == self.modality {
                return Ok(read);
            }
            Err(Error::new(format!(
                "it is of {}, and this Embedding reads {}: name another feature, or say \
                 \"modality\": \"{0}\" in the spec",
                read.modality, self.modality
            )))
        });
        match read {
            Ok(read) => {
                for (i, number) in read.numbers.iter().enumerate() {
                    let id = cx.id_of(format_args!("embedding[{i}]"));
                    out.push(id, f64::from(*number));
                }
                out.sort();
            }
            Err(e) => cx.refuse(e.at(format!("feature {:?}", self.params.on))),
        }
    }
}

/// The text under a name; none where it is absent or empty.
pub(crate) fn part_of<'x>(
    x: &'x Features,
    name: &str,
    cx: &Context<'_>,
    who: &str,
) -> Result<Option<&'x str>> {
    if x.ids().iter().any(|id| cx.names.name(*id) == name) {
        return Err(Error::new(format!(
            "feature {name:?} is a number, and {who} reads texts and data URLs there"
        )));
    }
    let found = x.texts().find(|(id, _)| cx.names.name(*id) == name);
    Ok(found.map(|(_, text)| text).filter(|text| !text.is_empty()))
}
