//! Llama by candle's operations, with an adapter as ours: candle's own model keeps its linear maps
//! to itself and gives the logits of the last token only. Nothing can be learned or scored by it.

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::{
    CpuStorage, CustomOp1, D, DType, Device, Layout, Result, Shape, Tensor, Var, bail,
};
use candle_nn::ops::{rms_norm, rms_norm_slow, softmax, softmax_last_dim};
use candle_nn::rotary_emb::{rope_i, rope_i_slow};
use her_lm::{Adapter, Site};

/// The seven maps of a layer, by their names in a GGUF file.
pub const MAPS: [&str; 7] =
    ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
/// So many tokens of context at most.
pub const WINDOW: usize = 512;

/// A model's shape.
#[derive(Debug, Clone, Copy)]
pub struct Shapes {
    pub layers: usize,
    pub width: usize,
    pub feed: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub base: f32,
    pub epsilon: f32,
}

impl Shapes {
    /// What a file says of it.
    pub fn of(content: &Content) -> Result<Self> {
        let value = |name: &str| -> Result<&Value> {
            let name = format!("llama.{name}");
            let found = content.metadata.get(&name);
            found.ok_or_else(|| candle_core::Error::Msg(format!("the file has no {name}")))
        };
        let count = |name: &str| Ok::<_, candle_core::Error>(value(name)?.to_u32()? as usize);
        Ok(Self {
            layers: count("block_count")?,
            width: count("embedding_length")?,
            feed: count("feed_forward_length")?,
            heads: count("attention.head_count")?,
            kv_heads: count("attention.head_count_kv")?,
            base: value("rope.freq_base")?.to_f32()?,
            epsilon: value("attention.layer_norm_rms_epsilon")?.to_f32()?,
        })
    }

    pub fn head(&self) -> usize {
        self.width / self.heads
    }
}

/// How a pass counts gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gradients {
    /// Not at all, by candle's fused operations.
    None,
    /// As candle does: also those of the frozen maps.
    All,
    /// The frozen maps by an operation of our own, which leaves their gradients out.
    Learned,
}

/// A product with a frozen map.
struct Frozen(Tensor);

impl CustomOp1 for Frozen {
    fn name(&self) -> &'static str {
        "frozen"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let Some((from, to)) = layout.contiguous_offsets() else {
            bail!("a frozen map wants rows that lie together");
        };
        let rows = &storage.as_slice::<f32>()?[from..to];
        let rows = Tensor::from_slice(rows, layout.shape(), &Device::Cpu)?;
        let product = rows.matmul(&self.0.t()?)?;
        let shape = product.shape().clone();
        Ok((CpuStorage::F32(product.flatten_all()?.to_vec1()?), shape))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(gradient.matmul(&self.0)?))
    }
}

/// An adapter: `W x + B (A x)` on all maps of all layers, A frozen, B learned.
pub struct Lora {
    down: Vec<Tensor>,
    up: Vec<Var>,
}

impl Lora {
    /// One that has learned nothing, with A as ours has it.
    pub fn new(llama: &Llama, ours: &Adapter) -> Result<Self> {
        let (mut down, mut up) = (Vec::new(), Vec::new());
        for (i, layer) in llama.layers.iter().enumerate() {
            for (site, map) in Site::ALL.into_iter().zip(&layer.maps) {
                let ((rows, columns), rank) = (map.dims2()?, ours.spec().rank);
                down.push(Tensor::from_slice(ours.down(i, site), (rank, columns), &Device::Cpu)?);
                up.push(Var::zeros((rows, rank), DType::F32, &Device::Cpu)?);
            }
        }
        Ok(Self { down, up })
    }

    /// What is learned.
    pub fn learned(&self) -> Vec<Var> {
        self.up.clone()
    }
}

/// Keys and values of the tokens that were read, for each layer.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    rows: Vec<(Tensor, Tensor)>,
    pub len: usize,
}

struct Layer {
    maps: Vec<Tensor>,
    norms: [Tensor; 2],
}

/// A model in f32.
pub struct Llama {
    pub shapes: Shapes,
    embedding: Tensor,
    layers: Vec<Layer>,
    norm: Tensor,
    cos: Tensor,
    sin: Tensor,
}

/// What stays the same within a pass.
struct Pass<'a> {
    lora: Option<&'a Lora>,
    gradients: Gradients,
    start: usize,
    n: usize,
    mask: Tensor,
}

impl Llama {
    /// From tensors by their names in a GGUF file, which has the rows of queries and keys in the
    /// order for turning neighbours.
    pub fn new(shapes: Shapes, tensor: &mut dyn FnMut(&str) -> Result<Tensor>) -> Result<Self> {
        let mut layers = Vec::new();
        for i in 0..shapes.layers {
            let mut of = |name: &str| tensor(&format!("blk.{i}.{name}.weight"));
            let norms = [of("attn_norm")?, of("ffn_norm")?];
            layers.push(Layer { maps: MAPS.into_iter().map(of).collect::<Result<_>>()?, norms });
        }
        let half = shapes.head() / 2;
        let by = |i: usize| shapes.base.powf(-(i as f32) / half as f32);
        let by: Vec<f32> = (0..half).map(by).collect();
        let at = Tensor::arange(0u32, WINDOW as u32, &Device::Cpu)?;
        let at = at.to_dtype(DType::F32)?.reshape((WINDOW, 1))?;
        let angles = at.matmul(&Tensor::from_vec(by, (1, half), &Device::Cpu)?)?;
        let (embedding, norm) = (tensor("token_embd.weight")?, tensor("output_norm.weight")?);
        Ok(Self { shapes, embedding, layers, norm, cos: angles.cos()?, sin: angles.sin()? })
    }

    /// Reads tokens that follow those in the cache; gives their last hidden states.
    pub fn read(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        lora: Option<&Lora>,
        gradients: Gradients,
    ) -> Result<Tensor> {
        let (start, n) = (cache.len, tokens.len());
        let all = start + n;
        let seen = |at: usize| if at % all > start + at / all { f32::NEG_INFINITY } else { 0.0 };
        let mask: Vec<f32> = (0..n * all).map(seen).collect();
        let mask = Tensor::from_vec(mask, (n, all), &Device::Cpu)?;
        let pass = Pass { lora, gradients, start, n, mask };
        let ids = Tensor::new(tokens, &Device::Cpu)?;
        let mut h = self.embedding.index_select(&ids, 0)?;
        for i in 0..self.layers.len() {
            h = (&h + self.attend(&pass, i, &h, cache)?)?;
            h = (&h + self.feed(&pass, i, &h)?)?;
        }
        cache.len += n;
        self.normed(&h, &self.norm, gradients)
    }

    /// The logits after hidden states.
    pub fn logits(&self, states: &Tensor, gradients: Gradients) -> Result<Tensor> {
        if gradients == Gradients::Learned {
            return states.apply_op1(Frozen(self.embedding.clone()));
        }
        states.matmul(&self.embedding.t()?)
    }

    fn normed(&self, x: &Tensor, gains: &Tensor, gradients: Gradients) -> Result<Tensor> {
        let norm = if gradients == Gradients::None { rms_norm } else { rms_norm_slow };
        norm(x, gains, self.shapes.epsilon)
    }

    fn linear(&self, pass: &Pass<'_>, (layer, site): (usize, usize), x: &Tensor) -> Result<Tensor> {
        let map = &self.layers[layer].maps[site];
        let out = if pass.gradients == Gradients::Learned {
            x.apply_op1(Frozen(map.clone()))?
        } else {
            x.matmul(&map.t()?)?
        };
        let Some(lora) = pass.lora else { return Ok(out) };
        let i = layer * MAPS.len() + site;
        let up = match pass.gradients {
            Gradients::None => lora.up[i].as_detached_tensor(),
            _ => lora.up[i].as_tensor().clone(),
        };
        out + x.matmul(&lora.down[i].t()?)?.matmul(&up.t()?)?
    }

    /// Heads beside each other become heads one after the other, turned by their places.
    fn turned(&self, pass: &Pass<'_>, x: &Tensor, heads: usize) -> Result<Tensor> {
        let cos = self.cos.narrow(0, pass.start, pass.n)?;
        let sin = self.sin.narrow(0, pass.start, pass.n)?;
        let x = x.reshape((1, pass.n, heads, self.shapes.head()))?.transpose(1, 2)?.contiguous()?;
        let rope = if pass.gradients == Gradients::None { rope_i } else { rope_i_slow };
        rope(&x, &cos, &sin)?.squeeze(0)
    }

    fn attend(&self, pass: &Pass<'_>, i: usize, h: &Tensor, cache: &mut Cache) -> Result<Tensor> {
        let Shapes { width, heads, kv_heads, .. } = self.shapes;
        let x = self.normed(h, &self.layers[i].norms[0], pass.gradients)?;
        let queries = self.turned(pass, &self.linear(pass, (i, 0), &x)?, heads)?;
        let mut keys = self.turned(pass, &self.linear(pass, (i, 1), &x)?, kv_heads)?;
        let values = self.linear(pass, (i, 2), &x)?;
        let values = values.reshape((pass.n, kv_heads, self.shapes.head()))?;
        let mut values = values.transpose(0, 1)?.contiguous()?;
        if let Some((old_keys, old_values)) = cache.rows.get(i) {
            keys = Tensor::cat(&[old_keys, &keys], 1)?;
            values = Tensor::cat(&[old_values, &values], 1)?;
        }
        let kept = (keys.detach(), values.detach());
        match cache.rows.get_mut(i) {
            Some(rows) => *rows = kept,
            None => cache.rows.push(kept),
        }
        // Heads that share keys are multiplied with them at once, so nothing is repeated.
        let (shared, all) = (heads / kv_heads * pass.n, pass.start + pass.n);
        let queries = queries.reshape((kv_heads, shared, self.shapes.head()))?;
        let scale = 1.0 / (self.shapes.head() as f64).sqrt();
        let looks = (queries.matmul(&keys.t()?)? * scale)?.reshape((heads, pass.n, all))?;
        let looks = looks.broadcast_add(&pass.mask)?;
        let looks = match pass.gradients {
            Gradients::None => softmax_last_dim(&looks)?,
            _ => softmax(&looks, D::Minus1)?,
        };
        let mixed = looks.reshape((kv_heads, shared, all))?.matmul(&values)?;
        let mixed = mixed.reshape((heads, pass.n, self.shapes.head()))?.transpose(0, 1)?;
        let mixed = mixed.contiguous()?.reshape((pass.n, width))?;
        self.linear(pass, (i, 3), &mixed)
    }

    fn feed(&self, pass: &Pass<'_>, i: usize, h: &Tensor) -> Result<Tensor> {
        let x = self.normed(h, &self.layers[i].norms[1], pass.gradients)?;
        let gate = self.linear(pass, (i, 4), &x)?.silu()?;
        let up = self.linear(pass, (i, 5), &x)?;
        self.linear(pass, (i, 6), &(gate * up)?)
    }
}
