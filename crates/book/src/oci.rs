//! The JSON of the layout. Each document has one spelling: fields in this order, maps sorted, no
//! spaces. What is spelled otherwise is refused, so that no two readers can understand it in two
//! ways.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::error::{Fault, Flaw};
use crate::layer::{self, FILEPATH_KEY, Kind, METADATA_KEY};

pub(crate) const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Descriptor {
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        let (artifact_type, annotations) = (None, BTreeMap::new());
        Self { media_type: media_type.into(), digest, size, artifact_type, annotations }
    }

    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Manifest {
    pub schema_version: u8,
    pub media_type: String,
    pub artifact_type: String,
    pub config: Descriptor,
    pub layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Index {
    pub schema_version: u8,
    pub media_type: String,
    pub manifests: Vec<Descriptor>,
}

/// ModelPack's description of the file in a layer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMetadata {
    name: String,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    mtime: String,
    typeflag: u8,
}

/// The annotations of a layer: its file's name and its attributes as in the tar.
pub(crate) fn annotations(kind: &Kind, size: u64) -> BTreeMap<String, String> {
    let name = kind.file_name();
    let metadata = FileMetadata {
        name: name.clone(),
        mode: 0o644,
        uid: 0,
        gid: 0,
        size,
        mtime: "1970-01-01T00:00:00Z".into(),
        typeflag: b'0',
    };
    let metadata = String::from_utf8(to_json(&metadata)).unwrap_or_default();
    BTreeMap::from([(FILEPATH_KEY.into(), name), (METADATA_KEY.into(), metadata)])
}

/// Which layer a descriptor is of, and how large its file is.
pub(crate) fn layer_of(descriptor: &Descriptor) -> Result<(Kind, u64), Flaw> {
    let odd = |what: &str| Flaw::damaged(Fault::NotCanonical, what.to_owned());
    let named = descriptor.annotations.get(FILEPATH_KEY);
    let kind = Kind::parse(named.ok_or_else(|| odd("a layer has no name"))?)?;
    let metadata = descriptor.annotations.get(METADATA_KEY).map_or("", String::as_str);
    let metadata: FileMetadata = serde_json::from_str(metadata)
        .map_err(|e| odd(&format!("the attributes of {kind} can not be read: {e}")))?;
    let mut wanted = Descriptor::new(kind.media_type(), descriptor.digest, descriptor.size);
    wanted.annotations = annotations(&kind, metadata.size);
    if wanted != *descriptor {
        return Err(odd(&format!("the descriptor of {kind} is not as a book's are")));
    }
    Ok((kind, metadata.size))
}

/// A document as bytes. These types always serialise.
pub(crate) fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// A document from bytes that are its one spelling.
pub(crate) fn from_json<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, Flaw> {
    let value: T = serde_json::from_slice(bytes).map_err(|e| {
        Flaw::damaged(Fault::NotCanonical, format!("the JSON can not be read: {e}"))
    })?;
    if to_json(&value) == bytes {
        return Ok(value);
    }
    Err(Flaw::damaged(Fault::NotCanonical, "the JSON is not spelled as a book's is"))
}

/// A manifest; one of a later format is told from a broken one.
pub(crate) fn manifest(bytes: &[u8]) -> Result<Manifest, Flaw> {
    let loose: Option<Value> = serde_json::from_slice(bytes).ok();
    let version = loose.as_ref().map(|value| &value["annotations"][layer::VERSION_KEY]);
    if let Some(Value::String(version)) = version
        && !layer::VERSIONS.contains(&version.as_str())
    {
        let shown: String = version.chars().take(20).collect();
        let known = layer::VERSIONS.join(" and ");
        let found = format!("the book's format is {shown:?}, and this program reads {known}");
        return Err(Flaw::new(Fault::Version, found, "use a newer `her`"));
    }
    let manifest: Manifest = from_json(bytes)?;
    let wanted = (2, layer::MANIFEST);
    if (manifest.schema_version, manifest.media_type.as_str()) != wanted {
        return Err(Flaw::damaged(Fault::NotCanonical, "this is no OCI image manifest"));
    }
    Ok(manifest)
}

/// The same value with the keys of all objects sorted: the order in which a caller filled a map
/// must not change a book's bytes.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let ordered: BTreeMap<String, Value> =
                map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(ordered.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
