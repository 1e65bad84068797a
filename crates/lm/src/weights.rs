//! A base model's weights: read once, shared by all who learn on top of them, never changed.

use std::collections::BTreeSet;

use crate::config::{Config, Part, Site};
use crate::error::{Result, wrong};
use crate::packed::Packed;
use crate::probes::Probes;
use crate::quant::Kind;
use crate::tensors::finite;

/// Where weights come from.
pub(crate) trait Source {
    /// The model's shape, checked.
    fn config(&self) -> Result<Config>;
    /// All tensors that are there.
    fn names(&self) -> Vec<&str>;
    /// What a tensor is called there.
    fn name(&self, part: Part) -> String;
    /// A tensor's numbers, a row after the other. One row may be written without that dimension.
    fn read(&self, part: Part, rows: usize, columns: usize) -> Result<Vec<f32>>;
    /// The blocks in which a tensor lies in the file, a row after the other, where it is one that
    /// [`read`](Self::read) reads as it lies there.
    fn blocks(&self, part: Part) -> Option<(Kind, &[u8])>;
    /// How much is on the disk, in bytes.
    fn bytes(&self) -> u64;
    /// What it says of its licence.
    fn licence(&self) -> Option<String>;
    /// How each tensor is written.
    fn kinds(&self) -> Vec<String>;
}

/// A linear map: `rows` numbers from `columns`, a row after the other.
pub struct Matrix {
    /// How many numbers it gives.
    pub rows: usize,
    /// How many it takes.
    pub columns: usize,
    /// `rows × columns` weights.
    pub weights: Vec<f32>,
    /// The same in few bits, to speak with; none where its rows are not whole blocks, and on a
    /// processor that would not be faster with them.
    pub(crate) packed: Option<Packed>,
}

impl Matrix {
    fn load(source: &dyn Source, part: Part, config: &Config) -> Result<Self> {
        let (rows, columns) = config.shape_of(part);
        let weights = numbers(source, part, config)?;
        let as_they_are =
            || source.blocks(part).and_then(|(kind, b)| Packed::new(kind, b, rows, columns));
        let packed = crate::packed::name()
            .and_then(|_| as_they_are().or_else(|| Packed::round(&weights, rows, columns)));
        Ok(Self { rows, columns, weights, packed })
    }
}

/// One layer's weights.
pub struct Layer {
    /// Gains of the norm before the attention.
    pub attention_norm: Vec<f32>,
    /// Gains of the norm before the feed-forward part.
    pub feed_norm: Vec<f32>,
    /// The linear maps, in the order of [`Site::ALL`].
    pub linear: [Matrix; 7],
}

/// A base model.
pub struct Base {
    /// Its shape.
    pub config: Config,
    /// Its layers.
    pub layers: Vec<Layer>,
    /// A row a token.
    pub embedding: Matrix,
    /// Gains of the last norm.
    pub norm: Vec<f32>,
    /// Its own head, where it is not the embedding.
    head: Option<Matrix>,
    /// What who learns on top of it must not forget.
    pub(crate) probes: Probes,
}

impl Base {
    /// Reads all weights. Memory: 4 bytes a parameter and about one to speak with, and one tensor
    /// more while reading.
    pub(crate) fn load(source: &dyn Source) -> Result<Self> {
        let config = source.config()?;
        let own_head = source.names().contains(&source.name(Part::Head).as_str());
        strangers(source, &config)?;
        let matrix = |part| Matrix::load(source, part, &config);
        let layers = (0..config.layers)
            .map(|i| {
                let [q, k, v, o, gate, up, down] = Site::ALL.map(|site| Part::Linear(i, site));
                Ok(Layer {
                    attention_norm: numbers(source, Part::AttentionNorm(i), &config)?,
                    feed_norm: numbers(source, Part::FeedNorm(i), &config)?,
                    linear: [
                        matrix(q)?,
                        matrix(k)?,
                        matrix(v)?,
                        matrix(o)?,
                        matrix(gate)?,
                        matrix(up)?,
                        matrix(down)?,
                    ],
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            layers,
            embedding: matrix(Part::Embedding)?,
            norm: numbers(source, Part::Norm, &config)?,
            head: if own_head { Some(matrix(Part::Head)?) } else { None },
            probes: Probes::default(),
            config,
        })
    }

    /// From the last hidden state to a logit a token.
    pub fn head(&self) -> &Matrix {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// Whether the head is the embedding.
    pub fn tied(&self) -> bool {
        self.head.is_none()
    }

    /// How many weights there are; a tied head counts once.
    pub fn parameters(&self) -> u64 {
        let matrix = |m: &Matrix| m.weights.len();
        let layer = |l: &Layer| {
            l.attention_norm.len() + l.feed_norm.len() + l.linear.iter().map(matrix).sum::<usize>()
        };
        let all = self.layers.iter().map(layer).sum::<usize>()
            + matrix(&self.embedding)
            + self.norm.len()
            + self.head.as_ref().map_or(0, matrix);
        all as u64
    }

    /// How much memory the weights take, in bytes.
    pub fn memory(&self) -> u64 {
        let maps = self.layers.iter().flat_map(|layer| &layer.linear);
        let maps = maps.chain([&self.embedding]).chain(&self.head);
        let packed = maps.filter_map(|map| map.packed.as_ref()).map(Packed::memory).sum::<u64>();
        self.parameters() * size_of::<f32>() as u64 + packed
    }
}

/// A tensor's numbers, all of them finite.
fn numbers(source: &dyn Source, part: Part, config: &Config) -> Result<Vec<f32>> {
    let (rows, columns) = config.shape_of(part);
    finite(&source.name(part), source.read(part, rows, columns)?)
}

/// Refuses tensors that the forward pass would leave out: the model would be computed wrongly.
fn strangers(source: &dyn Source, config: &Config) -> Result<()> {
    let mut known: BTreeSet<String> =
        [Part::Embedding, Part::Norm, Part::Head].map(|part| source.name(part)).into();
    for i in 0..config.layers {
        known.extend([Part::AttentionNorm(i), Part::FeedNorm(i)].map(|part| source.name(part)));
        known.extend(Site::ALL.map(|site| source.name(Part::Linear(i, site))));
    }
    match source.names().into_iter().find(|name| !known.contains(*name)) {
        None => Ok(()),
        Some(name) => wrong(format!(
            "tensor {name} is none that the Llama architecture has: a model with biases, experts or \
             other parts is not computed; give one without"
        )),
    }
}
