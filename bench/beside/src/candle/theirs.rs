//! candle's own models of a GGUF file, and what is measured of candle.

use std::collections::HashMap;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Cursor};
use std::path::Path;
use std::rc::Rc;

use candle_core::quantized::gguf_file::{self, Content};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarBuilder, loss};
use candle_transformers::models::llama as plain;
use candle_transformers::models::quantized_llama::ModelWeights;
use her_lm::Adapter;

use crate::llama::{Cache, Gradients, Llama, Lora, MAPS, Shapes, WINDOW};
use crate::{HEARD, SAID, Text, Work};

const CPU: Device = Device::Cpu;
/// As ours learns: the rate, and after how many steps it is whole.
const RATE: f64 = 2e-3;
const WARM: usize = 16;

/// A model that reads tokens at a place and gives the logits after the last one; at 0 it begins
/// anew.
pub trait Reads: Clone + 'static {
    fn read(&mut self, tokens: &[u32], at: usize) -> Result<Tensor>;
}

/// candle's model in f32, with its cache.
#[derive(Clone)]
pub struct Plain {
    llama: Rc<plain::Llama>,
    empty: plain::Cache,
    cache: plain::Cache,
}

impl Reads for Plain {
    fn read(&mut self, tokens: &[u32], at: usize) -> Result<Tensor> {
        if at == 0 {
            self.cache = self.empty.clone();
        }
        let ids = Tensor::new(tokens, &CPU)?.unsqueeze(0)?;
        self.llama.forward(&ids, at, &mut self.cache)
    }
}

impl Reads for ModelWeights {
    fn read(&mut self, tokens: &[u32], at: usize) -> Result<Tensor> {
        self.forward(&Tensor::new(tokens, &CPU)?.unsqueeze(0)?, at)
    }
}

/// All of candle's.
pub struct Candle {
    pub own: Rc<Llama>,
    pub plain: Plain,
    pub quantised: [(&'static str, ModelWeights); 3],
}

impl Candle {
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        let content = Content::read(&mut file)?;
        let shapes = Shapes::of(&content)?;
        let mut tensor = |name: &str| content.tensor(&mut file, name, &CPU)?.dequantize(&CPU);
        let own = Rc::new(Llama::new(shapes, &mut tensor)?);
        let plain = open_plain(shapes, &mut tensor)?;
        let as_written = requantised(path, None)?;
        let eight = requantised(path, Some(GgmlDType::Q8_0))?;
        let four = requantised(path, Some(GgmlDType::Q4_0))?;
        let quantised = [
            ("candle, the file's blocks", as_written),
            ("candle, Q8_0", eight),
            ("candle, Q4_0", four),
        ];
        Ok(Self { own, plain, quantised })
    }
}

/// candle's model in f32. It turns the halves of a head and not neighbours, so the rows of queries
/// and keys go back to the order that they had before they were written to the file.
fn open_plain(shapes: Shapes, tensor: &mut dyn FnMut(&str) -> Result<Tensor>) -> Result<Plain> {
    const NAMES: [&str; 7] = [
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "mlp.gate_proj",
        "mlp.up_proj",
        "mlp.down_proj",
    ];
    let mut all = HashMap::new();
    for i in 0..shapes.layers {
        let mut put = |name: &str, tensor: Tensor| {
            all.insert(format!("model.layers.{i}.{name}.weight"), tensor);
        };
        for (name, from) in NAMES.iter().zip(MAPS) {
            let map = tensor(&format!("blk.{i}.{from}.weight"))?;
            let (rows, columns) = map.dims2()?;
            let map = if ["attn_q", "attn_k"].contains(&from) {
                let (head, half) = (shapes.head(), shapes.head() / 2);
                let neighbours = map.reshape((rows / head, half, 2, columns))?;
                neighbours.transpose(1, 2)?.contiguous()?.reshape((rows, columns))?
            } else {
                map
            };
            put(name, map);
        }
        put("input_layernorm", tensor(&format!("blk.{i}.attn_norm.weight"))?);
        put("post_attention_layernorm", tensor(&format!("blk.{i}.ffn_norm.weight"))?);
    }
    let embedding = tensor("token_embd.weight")?;
    let config = plain::Config {
        hidden_size: shapes.width,
        intermediate_size: shapes.feed,
        vocab_size: embedding.dim(0)?,
        num_hidden_layers: shapes.layers,
        num_attention_heads: shapes.heads,
        num_key_value_heads: shapes.kv_heads,
        use_flash_attn: false,
        rms_norm_eps: shapes.epsilon.into(),
        rope_theta: shapes.base,
        bos_token_id: None,
        eos_token_id: None,
        rope_scaling: None,
        max_position_embeddings: 2 * WINDOW,
        tie_word_embeddings: true,
    };
    all.insert("model.embed_tokens.weight".to_owned(), embedding);
    all.insert("model.norm.weight".to_owned(), tensor("output_norm.weight")?);
    let builder = VarBuilder::from_tensors(all, DType::F32, &CPU);
    let empty = plain::Cache::new(true, DType::F32, &config, &CPU)?;
    let llama = Rc::new(plain::Llama::load(builder, &config)?);
    Ok(Plain { llama, cache: empty.clone(), empty })
}

/// candle's model of few bits, with the file's blocks or with all maps rounded to others.
fn requantised(path: &Path, kind: Option<GgmlDType>) -> Result<ModelWeights> {
    let mut file = BufReader::new(File::open(path)?);
    let content = Content::read(&mut file)?;
    let Some(kind) = kind else { return ModelWeights::from_gguf(content, &mut file, &CPU) };
    let mut tensors = Vec::new();
    for name in content.tensor_infos.keys() {
        let mut tensor = content.tensor(&mut file, name, &CPU)?;
        if tensor.rank() == 2 {
            tensor = QTensor::quantize(&tensor.dequantize(&CPU)?, kind)?;
        }
        tensors.push((name.as_str(), tensor));
    }
    let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
    // Its tokens are not needed.
    let wanted = |name: &str| name.starts_with("llama.") || name == "general.architecture";
    let metadata = content.metadata.iter().filter(|(name, _)| wanted(name));
    let metadata: Vec<_> = metadata.map(|(name, value)| (name.as_str(), value)).collect();
    let mut written = Cursor::new(Vec::new());
    gguf_file::write(&mut written, &metadata, &tensors)?;
    written.set_position(0);
    ModelWeights::from_gguf(Content::read(&mut written)?, &mut written, &CPU)
}

/// The logits of one token.
pub fn row(logits: &Tensor) -> Result<Vec<f32>> {
    logits.flatten_all()?.to_vec1()
}

/// Reads chunks, and wants the logits after the last token of each.
pub fn heard(mut model: impl Reads, mut text: Text, chunk: usize) -> Work {
    let mut at = 0;
    Box::new(move || {
        if at + chunk > WINDOW {
            at = 0;
        }
        black_box(model.read(text.next(chunk), at)?);
        at += chunk;
        Ok(chunk)
    })
}

/// Says the likeliest token, one after the other, after the same context again and again.
pub fn spoken(mut heard: impl Reads, mut text: Text) -> Result<Work> {
    let likeliest = |logits: &Tensor| logits.argmax(D::Minus1)?.flatten_all()?.to_vec1::<u32>();
    let first = likeliest(&heard.read(text.next(HEARD), 0)?)?;
    let (mut voice, mut said, mut at) = (heard.clone(), first.clone(), HEARD);
    Ok(Box::new(move || {
        if at == HEARD + SAID {
            (voice, said, at) = (heard.clone(), first.clone(), HEARD);
        }
        said = likeliest(&voice.read(&said, at)?)?;
        at += 1;
        Ok(1)
    }))
}

/// Reads chunks, and wants the logits after every token.
pub fn scored(llama: Rc<Llama>, mut text: Text, chunk: usize) -> Work {
    let mut cache = Cache::default();
    Box::new(move || {
        if cache.len + chunk > WINDOW {
            cache = Cache::default();
        }
        let states = llama.read(text.next(chunk), &mut cache, None, Gradients::None)?;
        black_box(llama.logits(&states, Gradients::None)?);
        Ok(chunk)
    })
}

/// What a text costs the frozen base, in bits a token, in passes of 32 and contexts of 512.
pub fn cost(llama: &Llama, text: &[u32]) -> Result<f64> {
    let (mut cache, mut nats) = (Cache::default(), 0.0);
    for (part, next) in text.chunks_exact(32).zip(text[1..].chunks_exact(32)) {
        if cache.len == WINDOW {
            cache = Cache::default();
        }
        let states = llama.read(part, &mut cache, None, Gradients::None)?;
        let logits = llama.logits(&states, Gradients::None)?;
        let nll = loss::cross_entropy(&logits, &Tensor::new(next, &CPU)?)?;
        nats += f64::from(nll.to_scalar::<f32>()?) * part.len() as f64;
    }
    Ok(nats / std::f64::consts::LN_2 / (text.len() - 1) as f64)
}

/// Predicts chunks and learns each, as ours does.
pub struct Learning {
    llama: Rc<Llama>,
    lora: Lora,
    adam: AdamW,
    steps: usize,
    cache: Cache,
    read: Vec<u32>,
    newest: u32,
    gradients: Gradients,
}

impl Learning {
    /// After the first token, which has nothing before it.
    pub fn new(llama: Rc<Llama>, ours: &Adapter, first: u32, gradients: Gradients) -> Result<Self> {
        let lora = Lora::new(&llama, ours)?;
        let settings =
            ParamsAdamW { lr: RATE, beta1: 0.9, beta2: 0.99, eps: 1e-8, weight_decay: 0.0 };
        let adam = AdamW::new(lora.learned(), settings)?;
        let (steps, cache, read, newest) = (0, Cache::default(), Vec::new(), first);
        Ok(Self { llama, lora, adam, steps, cache, read, newest, gradients })
    }

    /// Predicts tokens and learns them; gives what each cost, in bits, before it was learned.
    pub fn learn(&mut self, targets: &[u32]) -> Result<f64> {
        let lora = Some(&self.lora);
        if self.read.len() + targets.len() > WINDOW {
            // The newer half is read again, with the weights of now.
            self.read.drain(..self.read.len() - WINDOW / 2);
            self.cache = Cache::default();
            self.llama.read(&self.read, &mut self.cache, lora, Gradients::None)?;
        }
        let before = targets[..targets.len() - 1].iter().copied();
        let inputs: Vec<u32> = std::iter::once(self.newest).chain(before).collect();
        let states = self.llama.read(&inputs, &mut self.cache, lora, self.gradients)?;
        let logits = self.llama.logits(&states, self.gradients)?;
        let nll = loss::cross_entropy(&logits, &Tensor::new(targets, &CPU)?)?;
        self.steps += 1;
        self.adam.set_learning_rate(RATE * self.steps.min(WARM) as f64 / WARM as f64);
        self.adam.backward_step(&nll)?;
        self.read.extend(inputs);
        self.newest = targets[targets.len() - 1];
        Ok(f64::from(nll.to_scalar::<f32>()?) / std::f64::consts::LN_2)
    }
}

/// Learns chunks of 32 tokens.
pub fn learned(
    llama: Rc<Llama>,
    ours: &Adapter,
    mut text: Text,
    gradients: Gradients,
) -> Result<Work> {
    let mut learning = Learning::new(llama, ours, text.next(1)[0], gradients)?;
    Ok(Box::new(move || {
        black_box(learning.learn(text.next(32))?);
        Ok(32)
    }))
}
