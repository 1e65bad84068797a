//! Tiny models with random weights, written by the test's own writer, and the real one.

use std::path::{Path, PathBuf};

/// SmolLM2-135M-Instruct, which `cargo xtask data` fetches.
pub fn real() -> PathBuf {
    fetched("language/SmolLM2-135M-Instruct.Q4_1.gguf")
}

/// A sentence model, or a stream of texts, which `cargo xtask data` fetches.
pub fn fetched(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/data").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask data`", path.display());
    path
}

/// A value of a key.
#[derive(Clone)]
pub enum V {
    U32(u32),
    F32(f32),
    Text(String),
    Texts(Vec<String>),
    Ints(Vec<i32>),
    Floats(Vec<f32>),
}

/// A tensor: name, dimensions with the fastest first, type, bytes.
pub type T = (String, Vec<u64>, u32, Vec<u8>);

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn many<X>(out: &mut Vec<u8>, kind: u32, items: &[X], put: impl Fn(&mut Vec<u8>, &X)) {
    out.extend(9u32.to_le_bytes());
    out.extend(kind.to_le_bytes());
    out.extend((items.len() as u64).to_le_bytes());
    items.iter().for_each(|item| put(out, item));
}

/// A GGUF file.
pub fn gguf(keys: &[(String, V)], tensors: &[T]) -> Vec<u8> {
    let mut out = b"GGUF".to_vec();
    out.extend(3u32.to_le_bytes());
    out.extend((tensors.len() as u64).to_le_bytes());
    out.extend((keys.len() as u64).to_le_bytes());
    for (key, value) in keys {
        text(&mut out, key);
        let number = |out: &mut Vec<u8>, kind: u32, bytes: [u8; 4]| {
            out.extend(kind.to_le_bytes());
            out.extend(bytes);
        };
        match value {
            V::U32(n) => number(&mut out, 4, n.to_le_bytes()),
            V::F32(x) => number(&mut out, 6, x.to_le_bytes()),
            V::Text(s) => {
                out.extend(8u32.to_le_bytes());
                text(&mut out, s);
            }
            V::Texts(texts) => many(&mut out, 8, texts, |out, s| text(out, s)),
            V::Ints(ints) => many(&mut out, 5, ints, |out, n| out.extend(n.to_le_bytes())),
            V::Floats(floats) => many(&mut out, 6, floats, |out, x| out.extend(x.to_le_bytes())),
        }
    }
    let mut offset = 0;
    for (name, dims, kind, bytes) in tensors {
        text(&mut out, name);
        out.extend((dims.len() as u32).to_le_bytes());
        dims.iter().for_each(|d| out.extend(d.to_le_bytes()));
        out.extend(kind.to_le_bytes());
        out.extend((offset as u64).to_le_bytes());
        offset += bytes.len().next_multiple_of(32);
    }
    for (_, _, _, bytes) in tensors {
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(bytes);
    }
    out
}

/// Numbers that look random, the same ones for a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 33
    }

    /// Within −1 and 1.
    pub fn number(&mut self) -> f32 {
        self.next() as f32 / (1u64 << 30) as f32 - 1.0
    }
}

/// The shape of a tiny model.
#[derive(Clone, Copy)]
pub struct Shape {
    pub layers: usize,
    pub width: usize,
    pub hidden: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub tied: bool,
}

pub const SMALL: Shape =
    Shape { layers: 2, width: 24, hidden: 40, heads: 6, kv_heads: 2, tied: true };

/// A tiny model: its tensors by GGUF's names, in f32.
pub struct Tiny {
    pub shape: Shape,
    pub tensors: Vec<(String, usize, usize, Vec<f32>)>,
}

/// The bytes as GPT-2 writes them as letters.
pub fn letters() -> Vec<String> {
    let plain =
        |b: u32| (33..=126).contains(&b) || (161..=172).contains(&b) || (174..=255).contains(&b);
    let mut extra = 256;
    let of = |b: u32| {
        let code = if plain(b) {
            b
        } else {
            extra += 1;
            extra - 1
        };
        char::from_u32(code).unwrap().to_string()
    };
    (0..256).map(of).collect()
}

const MERGES: &[&str] = &["h e", "l l", "he ll", "hell o", "Ġ w", "1 2"];

impl Tiny {
    pub fn new(shape: Shape, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let head = shape.width / shape.heads;
        let vocab = vocabulary().len();
        let mut tensors = Vec::new();
        let mut add = |name: String, rows: usize, columns: usize, centre: f32, spread: f32| {
            let numbers = (0..rows * columns).map(|_| centre + spread * dice.number()).collect();
            tensors.push((name, rows, columns, numbers));
        };
        add("token_embd.weight".into(), vocab, shape.width, 0.0, 1.0);
        add("output_norm.weight".into(), 1, shape.width, 1.0, 0.2);
        if !shape.tied {
            add("output.weight".into(), vocab, shape.width, 0.0, 0.5);
        }
        for i in 0..shape.layers {
            let (d, f, kv) = (shape.width, shape.hidden, shape.kv_heads * head);
            for norm in ["attn_norm", "ffn_norm"] {
                add(format!("blk.{i}.{norm}.weight"), 1, d, 1.0, 0.2);
            }
            for (name, rows, columns) in [
                ("attn_q", d, d),
                ("attn_k", kv, d),
                ("attn_v", kv, d),
                ("attn_output", d, d),
                ("ffn_gate", f, d),
                ("ffn_up", f, d),
                ("ffn_down", d, f),
            ] {
                let spread = 2.0 / (columns as f32).sqrt();
                add(format!("blk.{i}.{name}.weight"), rows, columns, 0.0, spread);
            }
        }
        Self { shape, tensors }
    }

    pub fn keys(&self) -> Vec<(String, V)> {
        let s = self.shape;
        let n = |key: &str, n: usize| (key.to_owned(), V::U32(n as u32));
        let mut types = vec![1; vocabulary().len()];
        (types[0], types[1]) = (3, 3);
        let merges = MERGES.iter().map(|&m| m.to_owned()).collect();
        let t = |key: &str, text: &str| (key.to_owned(), V::Text(text.to_owned()));
        vec![
            t("general.architecture", "llama"),
            n("llama.block_count", s.layers),
            n("llama.embedding_length", s.width),
            n("llama.feed_forward_length", s.hidden),
            n("llama.attention.head_count", s.heads),
            n("llama.attention.head_count_kv", s.kv_heads),
            n("llama.context_length", 64),
            ("llama.attention.layer_norm_rms_epsilon".into(), V::F32(1e-5)),
            ("llama.rope.freq_base".into(), V::F32(1000.0)),
            t("tokenizer.ggml.model", "gpt2"),
            t("tokenizer.ggml.pre", "smollm"),
            ("tokenizer.ggml.tokens".into(), V::Texts(vocabulary())),
            ("tokenizer.ggml.token_type".into(), V::Ints(types)),
            ("tokenizer.ggml.merges".into(), V::Texts(merges)),
            n("tokenizer.ggml.bos_token_id", 0),
            n("tokenizer.ggml.eos_token_id", 1),
            t(
                "tokenizer.chat_template",
                "{% for m in messages %}\n<s>{{ m.role }}:{{ m['content'].strip() }}</s>\n\
                 {% endfor %}\n{% if add_generation_prompt %}<s>assistant:{% endif %}",
            ),
        ]
    }

    pub fn tensor_list(&self) -> Vec<T> {
        let bytes = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let dims = |rows: usize, columns: usize| match rows {
            1 => vec![columns as u64],
            _ => vec![columns as u64, rows as u64],
        };
        let one = |(name, rows, columns, numbers): &(String, usize, usize, Vec<f32>)| {
            (name.clone(), dims(*rows, *columns), 0, bytes(numbers))
        };
        self.tensors.iter().map(one).collect()
    }

    pub fn bytes(&self) -> Vec<u8> {
        gguf(&self.keys(), &self.tensor_list())
    }

    /// Writes it into a folder as a GGUF file.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join("tiny.gguf");
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }
}

/// Two control tokens, the bytes, and what the merges make.
pub fn vocabulary() -> Vec<String> {
    let mut tokens = vec!["<s>".to_owned(), "</s>".to_owned()];
    tokens.extend(letters());
    tokens.extend(MERGES.iter().map(|pair| pair.replace(' ', "")));
    tokens
}
