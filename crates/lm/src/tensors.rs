//! Weights of a directory: safetensors in one file or more, mapped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use safetensors::SafeTensors;
use serde::Deserialize;

use crate::error::{Error, Result, wrong};
use crate::folder::json;
use crate::gguf::map;
use crate::quant::Kind;

pub(crate) const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// Into how many files weights may be split.
const SHARDS_MAX: usize = 256;

/// The open files.
pub(crate) struct Tensors {
    shards: Vec<Mmap>,
    /// Which shard has a tensor.
    places: BTreeMap<String, usize>,
}

impl Tensors {
    /// Maps the files of a directory; tensors that may be left out are not known by name.
    pub fn open(folder: &Path, left_out: impl Fn(&str) -> bool) -> Result<Self> {
        let mut open = Self { shards: Vec::new(), places: BTreeMap::new() };
        for path in shards(folder)? {
            let map = map(&path)?;
            let parsed = parse(&map).map_err(|e| e.of(&path))?;
            for name in parsed.names().into_iter().filter(|name| !left_out(name)) {
                if open.places.insert(name.to_owned(), open.shards.len()).is_some() {
                    return wrong(format!("{}: tensor {name} is in two files", path.display()));
                }
            }
            open.shards.push(map);
        }
        Ok(open)
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// A tensor's shape.
    pub fn shape(&self, name: &str) -> Result<Vec<usize>> {
        self.view(name, |view| Ok(view.shape().to_vec()))
    }

    /// A tensor's numbers, if it has the shape that the configuration asks for.
    pub fn read(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.view(name, |view| {
            if view.shape() != shape {
                return wrong(format!(
                    "tensor {name} has the shape {:?}, but config.json asks for {shape:?}",
                    view.shape()
                ));
            }
            let kind = Kind::from_safetensors(&view.dtype().to_string())
                .map_err(|e| Error(format!("tensor {name}: {e}")))?;
            let mut out = Vec::new();
            kind.dequantise(view.data(), &mut out);
            Ok(out)
        })
    }

    fn view<T>(
        &self,
        name: &str,
        of: impl FnOnce(safetensors::tensor::TensorView<'_>) -> Result<T>,
    ) -> Result<T> {
        let missing = || Error(format!("tensor {name} is missing: this is not a whole model"));
        let parsed = parse(&self.shards[*self.places.get(name).ok_or_else(missing)?])?;
        of(parsed.tensor(name).map_err(|e| Error(format!("tensor {name}: {e}")))?)
    }

    /// How much is on the disk, in bytes.
    pub fn bytes(&self) -> u64 {
        self.shards.iter().map(|map| map.len() as u64).sum()
    }

    /// How each tensor is written, those that are left out included.
    pub fn kinds(&self) -> Vec<String> {
        let of = |map: &Mmap| -> Vec<String> {
            let tensors = parse(map).map(|t| t.tensors()).unwrap_or_default();
            tensors.iter().map(|(_, view)| view.dtype().to_string()).collect()
        };
        self.shards.iter().flat_map(of).collect()
    }
}

/// The numbers of a tensor, if all are finite.
pub(crate) fn finite(name: &str, numbers: Vec<f32>) -> Result<Vec<f32>> {
    match numbers.iter().position(|x| !x.is_finite()) {
        None => Ok(numbers),
        Some(i) => wrong(format!(
            "tensor {name} has {} at element {i}: the file is damaged; fetch it again",
            numbers[i]
        )),
    }
}

fn parse(map: &Mmap) -> Result<SafeTensors<'_>> {
    SafeTensors::deserialize(map).map_err(|e| {
        Error(format!(
            "is no whole safetensors file ({e}): it is cut off or damaged; fetch it again"
        ))
    })
}

/// The files with the weights.
fn shards(folder: &Path) -> Result<Vec<PathBuf>> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let index = folder.join(INDEX);
    if !index.exists() {
        return Ok(vec![folder.join(WEIGHTS)]);
    }
    let files: BTreeSet<String> = json::<Index>(&index)?.weight_map.into_values().collect();
    if files.len() > SHARDS_MAX {
        let n = files.len();
        return wrong(format!("{}: names {n} files; {SHARDS_MAX} is the limit", index.display()));
    }
    match files.iter().find(|file| Path::new(file).file_name() != Some(file.as_ref())) {
        None => Ok(files.iter().map(|file| folder.join(file)).collect()),
        Some(file) => wrong(format!("{}: {file:?} is not a file beside it", index.display())),
    }
}
