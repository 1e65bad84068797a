//! ModelPack's config: what anybody may know of a model without unpacking it.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::Flaw;

/// Length of a text in a config, in bytes.
pub const TEXT_MAX: usize = 4096;
/// Entries of a list in a config.
pub const LIST_MAX: usize = 64;

/// What the book says of itself in ModelPack's `application/vnd.cncf.model.config.v1+json`. All but
/// the name may be left out. There is no time of making unless you give one: it would make two
/// books of one content.
///
/// ```
/// use her_book::Config;
/// let config = Config { version: Some("3".into()), ..Config::new("samantha") };
/// assert_eq!(config.name, "samantha");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// When it was made, as RFC 3339 writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// Who made it, freely written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// What kind of model, such as `llama`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The name.
    pub name: String,
    /// The edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A title for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A description for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// SPDX expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// How it computes; not part of ModelPack's `descriptor`.
    #[serde(skip)]
    pub architecture: Option<String>,
    /// How many numbers it learned, as ModelPack writes it: `6.7b`.
    #[serde(skip)]
    pub param_size: Option<String>,
    /// Types of its weights, as ModelPack writes them: `float32`, `int8`.
    #[serde(skip)]
    pub precision: Option<String>,
}

impl Config {
    /// A config that says only a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    pub(crate) fn check(&self) -> Result<(), Flaw> {
        if self.name.is_empty() {
            return Err(Flaw::input("the config has no name", "give the book a name"));
        }
        let single = [
            &self.created_at,
            &self.family,
            &self.version,
            &self.title,
            &self.description,
            &self.architecture,
            &self.param_size,
            &self.precision,
        ];
        let lists = self.authors.iter().chain(&self.licenses);
        let mut texts = single.into_iter().flatten().chain(lists).chain([&self.name]);
        if let Some(text) = texts.find(|text| text.len() > TEXT_MAX) {
            let start: String = text.chars().take(20).collect();
            let found = format!("the text {start:?}… has {} bytes", text.len());
            return Err(Flaw::input(found, format!("say it in {TEXT_MAX} bytes")));
        }
        let longest = self.authors.len().max(self.licenses.len());
        if longest > LIST_MAX {
            let found = format!("a list of the config has {longest} entries");
            return Err(Flaw::input(found, format!("say it in {LIST_MAX}")));
        }
        Ok(())
    }

    /// The document.
    pub(crate) fn document(&self, diff_ids: Vec<Digest>) -> Document {
        Document {
            descriptor: self.clone(),
            config: Technical {
                architecture: self.architecture.clone(),
                format: "safetensors".into(),
                param_size: self.param_size.clone(),
                precision: self.precision.clone(),
            },
            modelfs: Files { kind: "layers".into(), diff_ids },
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    descriptor: Config,
    config: Technical,
    pub modelfs: Files,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Technical {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    architecture: Option<String>,
    format: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    param_size: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    precision: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Files {
    #[serde(rename = "type")]
    kind: String,
    pub diff_ids: Vec<Digest>,
}

impl Document {
    /// The config as its writer handed it in.
    pub fn config(&self) -> Config {
        let Technical { architecture, param_size, precision, .. } = self.config.clone();
        Config { architecture, param_size, precision, ..self.descriptor.clone() }
    }
}
