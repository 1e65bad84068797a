//! Tiny encoders and tables that the test writes: how they may be written, and what is wrong.

use std::collections::BTreeMap;
use std::path::Path;

use her_lm::{Bases, Opened, SentenceModel};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

use super::tiny::Dice;

const WIDTH: usize = 16;
const INNER: usize = 24;
const CONTEXT: usize = 12;
const PIECES: [&str; 8] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "##ish"];

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn encoder() -> Tensors {
    let (mut dice, mut tensors) = (Dice(11), Tensors::new());
    let mut add = |name: String, shape: &[usize]| {
        let (centre, spread) = match name.rsplit_once("LayerNorm.") {
            Some((_, "weight")) => (1.0, 0.2),
            _ => (0.0, 0.7),
        };
        let n = shape.iter().product::<usize>();
        let numbers = (0..n).map(|_| centre + spread * dice.number()).collect();
        tensors.insert(name, (shape.to_vec(), numbers));
    };
    for (name, rows) in [("word", PIECES.len()), ("position", CONTEXT), ("token_type", 2)] {
        add(format!("embeddings.{name}_embeddings.weight"), &[rows, WIDTH]);
    }
    let norm = |name: &str| ["weight", "bias"].map(|part| format!("{name}.LayerNorm.{part}"));
    norm("embeddings").into_iter().for_each(|name| add(name, &[WIDTH]));
    for layer in (0..2).map(|i| format!("encoder.layer.{i}")) {
        for (name, rows, columns) in [
            ("attention.self.query", WIDTH, WIDTH),
            ("attention.self.key", WIDTH, WIDTH),
            ("attention.self.value", WIDTH, WIDTH),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", INNER, WIDTH),
            ("output.dense", WIDTH, INNER),
        ] {
            add(format!("{layer}.{name}.weight"), &[rows, columns]);
            add(format!("{layer}.{name}.bias"), &[rows]);
        }
        for name in ["attention.output", "output"] {
            norm(&format!("{layer}.{name}")).into_iter().for_each(|name| add(name, &[WIDTH]));
        }
    }
    tensors
}

fn config() -> Value {
    json!({
        "model_type": "bert", "num_hidden_layers": 2, "hidden_size": WIDTH,
        "intermediate_size": INNER, "num_attention_heads": 4, "vocab_size": PIECES.len(),
        "max_position_embeddings": CONTEXT, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
        "hidden_act": "gelu", "position_embedding_type": "absolute",
    })
}

fn tokenizer(pieces: &[&str]) -> Value {
    let vocab: BTreeMap<&str, usize> = pieces.iter().enumerate().map(|(i, p)| (*p, i)).collect();
    json!({
        "version": "1.0",
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"type": "WordPiece", "vocab": vocab, "unk_token": "[UNK]",
                  "continuing_subword_prefix": "##", "max_input_chars_per_word": 100},
    })
}

/// A number as it is written in so many bits; small ones become 0 in half floats.
fn written(x: f32, kind: Dtype) -> Vec<u8> {
    let bits = x.to_bits();
    match kind {
        Dtype::BF16 => bits.to_le_bytes()[2..].to_vec(),
        Dtype::F16 => {
            let exponent = (bits >> 23 & 255) as i32 - 112;
            let rest = if exponent > 0 { (exponent as u32) << 10 | bits >> 13 & 1023 } else { 0 };
            ((bits >> 31 << 15 | rest) as u16).to_le_bytes().to_vec()
        }
        _ => bits.to_le_bytes().to_vec(),
    }
}

fn weights(folder: &Path, tensors: &Tensors, kind: Dtype) {
    let bytes: BTreeMap<&String, Vec<u8>> = tensors
        .iter()
        .map(|(name, (_, x))| (name, x.iter().flat_map(|x| written(*x, kind)).collect()))
        .collect();
    let views: BTreeMap<&String, TensorView<'_>> = tensors
        .iter()
        .map(|(name, (shape, _))| {
            (name, TensorView::new(kind, shape.clone(), &bytes[name]).unwrap())
        })
        .collect();
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::write(folder.join("model.safetensors"), file).unwrap();
}

fn put(folder: &Path, name: &str, value: &Value) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, value.to_string()).unwrap();
}

fn write(folder: &Path) {
    weights(folder, &encoder(), Dtype::F32);
    put(folder, "config.json", &config());
    put(folder, "tokenizer.json", &tokenizer(&PIECES));
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|x| x * x).sum::<f32>().sqrt()
}

/// The vector that a changed directory gives of a text.
fn vector(text: &str, change: impl Fn(&Path)) -> Vec<f32> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    change(folder.path());
    SentenceModel::open(folder.path()).unwrap().embed(text).unwrap()
}

/// Why a changed directory is refused.
fn refused(change: impl Fn(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    change(folder.path());
    let error = Opened::of(folder.path()).err().expect("refused").to_string();
    assert!(error.starts_with(&folder.path().display().to_string()), "names the place: {error}");
    error
}

#[test]
fn weights_of_16_bits_and_names_with_a_head_are_read() {
    let plain = vector("red greenish blue", |_| {});
    assert_eq!(plain.len(), WIDTH);
    assert!((length(&plain) - 1.0).abs() < 1e-6);
    for (kind, least) in [(Dtype::F16, 0.999), (Dtype::BF16, 0.99)] {
        let other = vector("red greenish blue", |folder| weights(folder, &encoder(), kind));
        let near: f32 = plain.iter().zip(&other).map(|(a, b)| a * b).sum();
        assert!(near > least && other != plain, "{kind:?}: {near}");
    }
    let headed = vector("red greenish blue", |folder| {
        let named = encoder().into_iter().map(|(name, tensor)| (format!("bert.{name}"), tensor));
        let mut named: Tensors = named.collect();
        for name in ["bert.pooler.dense.bias", "cls.predictions.bias"] {
            named.insert(name.to_owned(), (vec![3], vec![1.0; 3]));
        }
        weights(folder, &named, Dtype::F32);
    });
    assert_eq!(headed, plain);
}

#[test]
fn the_recipe_beside_the_weights_is_followed() {
    let plain = vector("red blue", |_| {});
    let module = |sort: &str| json!({"type": format!("sentence_transformers.models.{sort}")});
    let steps = |folder: &Path, last: &[&str]| {
        let all = ["Transformer", "Pooling"].iter().chain(last).map(|sort| module(sort));
        put(folder, "modules.json", &all.collect::<Value>());
    };
    assert_eq!(vector("red blue", |folder| steps(folder, &["Normalize"])), plain);
    let mut raw = vector("red blue", |folder| steps(folder, &[]));
    assert!((length(&raw) - 1.0).abs() > 1e-3);
    her_lm::unit(&mut raw);
    assert!(raw.iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-6));
    let pooling = |mode: &'static str| {
        move |folder: &Path| {
            let mut config = json!({"word_embedding_dimension": WIDTH});
            config[mode] = true.into();
            put(folder, "1_Pooling/config.json", &config);
        }
    };
    assert_eq!(vector("red blue", pooling("pooling_mode_mean_tokens")), plain);
    assert_ne!(vector("red blue", pooling("pooling_mode_cls_token")), plain);
    assert!(refused(pooling("pooling_mode_max_tokens")).contains("[\"max_tokens\"]"));
    assert!(refused(|folder| steps(folder, &["Dense"])).contains("\"Dense\" is not computed"));
    // More than it reads at once: in parts, each between the two tokens of its own.
    let length = |n: usize| {
        move |folder: &Path| {
            put(folder, "sentence_bert_config.json", &json!({"max_seq_length": n}));
        }
    };
    let long = "red blue green red blue green red blue green red blue green";
    assert_eq!(vector("red blue", length(4)), plain);
    assert_ne!(vector(long, length(4)), vector(long, |_| {}));
    let twice = vector("red red red red", length(4));
    let once = vector("red red", length(4));
    assert!(twice.iter().zip(&once).all(|(a, b)| (a - b).abs() < 1e-6), "{twice:?} {once:?}");
    assert!(refused(length(2)).contains("it reads 2 tokens at once"));
}

#[test]
fn what_is_wrong_with_an_encoder_is_told() {
    let changed = |key: &str, value: Value| {
        let mut config = config();
        config[key] = value;
        let told = refused(|folder| put(folder, "config.json", &config));
        assert!(told.contains("config.json") || told.contains("tensor"), "{told}");
        told
    };
    assert!(changed("model_type", json!("roberta")).contains("\"roberta\""));
    assert!(changed("model_type", Value::Null).contains("\"missing\""));
    assert!(changed("hidden_act", json!("relu")).contains("\"relu\""));
    assert!(changed("position_embedding_type", json!("relative_key")).contains("relative_key"));
    assert!(changed("num_attention_heads", json!(3)).contains("cannot be shared by 3 heads"));
    assert!(changed("num_attention_heads", json!(0)).contains("within 1 and"));
    assert!(changed("num_hidden_layers", json!(1u64 << 40)).contains("within 1 and"));
    assert!(changed("num_hidden_layers", json!(3)).contains("encoder.layer.2"));
    assert!(changed("num_hidden_layers", json!(1)).contains("would be left out"));
    assert!(changed("hidden_size", json!(32)).contains("config.json asks for [8, 32]"));
    assert!(changed("layer_norm_eps", json!(-1.0)).contains("layer_norm_eps is -1"));
    assert!(changed("is_decoder", json!(true)).contains("only encoders"));
    assert!(changed("vocab_size", json!("many")).contains("many"));

    let without = |gone: &str| {
        let mut tensors = encoder();
        assert!(tensors.remove(gone).is_some());
        refused(|folder| weights(folder, &tensors, Dtype::F32))
    };
    let gone = "encoder.layer.1.output.dense.bias";
    assert!(without(gone).contains("tensor encoder.layer.1.output.dense.bias is missing"));
    let mut tensors = encoder();
    tensors.get_mut("embeddings.LayerNorm.bias").unwrap().1[3] = f32::INFINITY;
    let told = refused(|folder| weights(folder, &tensors, Dtype::F32));
    assert!(told.contains("embeddings.LayerNorm.bias has inf at element 3"), "{told}");

    let pieces =
        |pieces: &[&str]| refused(|folder| put(folder, "tokenizer.json", &tokenizer(pieces)));
    let more = [&PIECES[..], &["more"]].concat();
    assert!(pieces(&more).contains("9 tokens, but the model only 8: they do not belong"));
    assert!(pieces(&["[UNK]", "red"]).contains("no token \"[CLS]\""));
    let gone =
        |name: &'static str| refused(|folder| std::fs::remove_file(folder.join(name)).unwrap());
    assert!(gone("tokenizer.json").contains("tokenizer.json"));
    assert!(gone("model.safetensors").contains("model.safetensors"));
    // Without its figures it is taken for a table of vectors, and is none.
    assert!(gone("config.json").contains("none that a table of vectors has"));
}

#[test]
fn a_table_is_the_mean_of_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<f32> = (0..PIECES.len() * 3).map(|i| i as f32).collect();
    let table = |name: &str, shape: &[usize]| {
        let tensors = Tensors::from([(name.to_owned(), (shape.to_vec(), rows.clone()))]);
        weights(folder.path(), &tensors, Dtype::F32);
    };
    table("embedding.weight", &[8, 3]);
    put(folder.path(), "tokenizer.json", &tokenizer(&PIECES));
    let embed = |text: &str| SentenceModel::open(folder.path()).unwrap().embed(text).unwrap();
    assert_eq!(embed("red blue"), [15.0, 16.0, 17.0]);
    assert_eq!(embed("red mauve"), [12.0, 13.0, 14.0], "what is not known does not count");
    assert_eq!(embed("mauve"), [0.0; 3]);
    table("embeddings", &[8, 3]);
    put(folder.path(), "config.json", &json!({"model_type": "model2vec", "normalize": true}));
    assert!((length(&embed("red blue")) - 1.0).abs() < 1e-6);
    assert_eq!(embed("mauve"), [0.0; 3]);

    let told = || SentenceModel::open(folder.path()).err().unwrap().to_string();
    table("embeddings", &[24]);
    assert!(told().contains("has the shape [24], but a table has"), "{}", told());
    table("mapping", &[8, 3]);
    assert!(told().contains("tensor mapping is none that a table of vectors has"), "{}", told());
    table("embeddings", &[6, 4]);
    assert!(told().contains("8 tokens, but the model only 6"), "{}", told());
}

#[test]
fn no_cut_and_no_changed_byte_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    put(folder.path(), "modules.json", &json!([{"type": "a.Transformer"}]));
    put(folder.path(), "1_Pooling/config.json", &json!({"pooling_mode_cls_token": true}));
    let mut dice = Dice(5);
    for (name, rounds) in [
        ("model.safetensors", 600),
        ("config.json", 400),
        ("tokenizer.json", 300),
        ("modules.json", 200),
        ("1_Pooling/config.json", 200),
    ] {
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        let reach = match name {
            "model.safetensors" => 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize,
            _ => whole.len(),
        };
        let mut bad = 0;
        for round in 0..rounds {
            let mut bytes = whole.clone();
            let at = dice.next() as usize % if round % 8 == 0 { 8 } else { reach };
            match round % 3 {
                0 => bytes.truncate(at),
                1 => bytes[at] = dice.next() as u8,
                _ => bytes[at] ^= 1 << (dice.next() % 8),
            }
            std::fs::write(&path, &bytes).unwrap();
            match Opened::of(folder.path()) {
                Err(e) => {
                    assert!(e.to_string().contains(&folder.path().display().to_string()), "{e}");
                    bad += 1;
                }
                Ok(Opened::Sentence(model)) => {
                    // What opens computes, whatever comes out; or tells why not.
                    let _ = model.embed("red greenish blue mauve");
                }
                Ok(Opened::Language(_)) => panic!("it is none"),
            }
        }
        std::fs::write(&path, &whole).unwrap();
        assert!(bad > rounds / 3, "{name}: {bad} of {rounds} refused");
    }
    assert!(SentenceModel::open(folder.path()).is_ok());
}

#[test]
fn what_vectors_hang_on_is_in_the_digest() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("tiny")).unwrap();
    write(&dir.path().join("tiny"));
    let digest = || Bases::new(dir.path()).embedder("tiny").unwrap().digest().to_owned();
    let before = digest();
    assert_eq!(digest(), before);
    for (name, value) in [
        ("modules.json", json!([{"type": "Transformer"}])),
        ("1_Pooling/config.json", json!({"pooling_mode_mean_tokens": true})),
        ("sentence_bert_config.json", json!({"max_seq_length": 8})),
    ] {
        let before = digest();
        put(&dir.path().join("tiny"), name, &value);
        assert_ne!(digest(), before, "{name}");
    }
    assert_eq!(Bases::new(dir.path()).names().unwrap(), ["tiny"]);
    std::fs::remove_file(dir.path().join("tiny/config.json")).unwrap();
    assert_eq!(Bases::new(dir.path()).names().unwrap(), ["tiny"], "as a table would be");
}
