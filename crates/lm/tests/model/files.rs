//! The same model from a GGUF file and from a directory; what a directory may lack.

use std::collections::BTreeMap;
use std::path::Path;

use her_lm::{Model, Site};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};

use super::tiny::{Dice, SMALL, Shape, Tiny, vocabulary};

fn hf_name(name: &str) -> String {
    let part = |part: &str| match part {
        "attn_norm" => "input_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        _ => "mlp.down_proj",
    };
    match name.split('.').collect::<Vec<_>>().as_slice() {
        ["token_embd", _] => "model.embed_tokens.weight".into(),
        ["output_norm", _] => "model.norm.weight".into(),
        ["output", _] => "lm_head.weight".into(),
        [_, layer, name, _] => format!("model.layers.{layer}.{}.weight", part(name)),
        other => panic!("{other:?}"),
    }
}

/// Rows of each head from neighbours to halves, one row at a time.
fn halves(numbers: &[f32], head: usize, columns: usize) -> Vec<f32> {
    let row = |r: usize| &numbers[r * columns..(r + 1) * columns];
    let rows = numbers.len() / columns;
    let from = |r: usize| {
        let (which, i) = (r / head, r % head);
        which * head + if i < head / 2 { 2 * i } else { 2 * (i - head / 2) + 1 }
    };
    (0..rows).flat_map(|r| row(from(r)).to_vec()).collect()
}

fn config(shape: Shape) -> Value {
    json!({
        "model_type": "llama", "num_hidden_layers": shape.layers, "hidden_size": shape.width,
        "intermediate_size": shape.hidden, "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads, "vocab_size": vocabulary().len(),
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 1000.0,
        "hidden_act": "silu",
    })
}

fn write(tiny: &Tiny, folder: &Path) {
    let head = tiny.shape.width / tiny.shape.heads;
    let mut views = BTreeMap::new();
    let mut kept = Vec::new();
    for (name, rows, columns, numbers) in &tiny.tensors {
        let turned = name.contains("attn_q") || name.contains("attn_k.");
        let numbers = if turned { halves(numbers, head, *columns) } else { numbers.clone() };
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let shape = if *rows == 1 { vec![*columns] } else { vec![*rows, *columns] };
        kept.push((hf_name(name), shape, bytes));
    }
    for (name, shape, bytes) in &kept {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        views.insert(name.clone(), view);
    }
    let bytes = safetensors::serialize(views, None).unwrap();
    std::fs::write(folder.join("model.safetensors"), bytes).unwrap();
    std::fs::write(folder.join("config.json"), config(tiny.shape).to_string()).unwrap();
    let vocab: serde_json::Map<String, Value> =
        vocabulary().into_iter().enumerate().map(|(i, t)| (t, json!(i))).collect();
    let special = |id: usize, text: &str| {
        json!({"id": id, "content": text, "special": true, "normalized": false,
               "single_word": false, "lstrip": false, "rstrip": false})
    };
    let tokenizer = json!({
        "version": "1.0",
        "added_tokens": [special(0, "<s>"), special(1, "</s>")],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
        "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
        "model": {"type": "BPE", "vocab": vocab, "merges": [["h", "e"], ["l", "l"], ["he", "ll"]]},
    });
    std::fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let more = json!({"bos_token": "<s>", "eos_token": {"content": "</s>"},
                      "chat_template": "{{ bos_token }}{{ messages[0].content }}"});
    std::fs::write(folder.join("tokenizer_config.json"), more.to_string()).unwrap();
}

#[test]
fn a_directory_gives_the_weights_of_the_gguf_file() {
    for shape in [SMALL, Shape { tied: false, ..SMALL }] {
        let folder = tempfile::tempdir().unwrap();
        let tiny = Tiny::new(shape, 7);
        write(&tiny, folder.path());
        let one = Model::open(&tiny.write(folder.path())).unwrap();
        let two = Model::open(folder.path()).unwrap();
        assert_eq!((one.format, two.format), ("gguf", "safetensors"));
        // GGUF keeps the base of the turns as f32; 1000 is exact in both.
        assert_eq!(one.base.config, two.base.config);
        assert_eq!(one.base.tied(), shape.tied);
        assert_eq!(one.base.parameters(), two.base.parameters());
        assert_eq!(one.base.head().weights, two.base.head().weights);
        for (a, b) in one.base.layers.iter().zip(&two.base.layers) {
            assert_eq!(a.attention_norm, b.attention_norm);
            for site in Site::ALL {
                let at = site as usize;
                assert_eq!(a.linear[at].weights, b.linear[at].weights, "{site:?}");
            }
        }
        assert_eq!((two.tokens.begin, two.tokens.end), (Some(0), Some(1)));
        let said = her_lm::Message::new("user", "hi");
        assert_eq!(two.chat.unwrap().render(&[said], false).unwrap(), "<s>hi");
    }
}

#[test]
fn what_is_wrong_in_a_directory_is_told_by_file() {
    let told = |file: &str, content: &dyn Fn(&Path) -> Option<Vec<u8>>| {
        let folder = tempfile::tempdir().unwrap();
        write(&Tiny::new(SMALL, 7), folder.path());
        let path = folder.path().join(file);
        match content(&path) {
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let error = Model::open(folder.path()).err().expect("refused").to_string();
        assert!(error.contains(&path.display().to_string()), "names the file: {error}");
        error
    };
    let changed = |key: &str, value: Value| {
        let mut config = config(SMALL);
        config[key] = value;
        told("config.json", &|_| Some(config.to_string().into_bytes()))
    };
    assert!(changed("model_type", json!("qwen2")).contains("\"qwen2\""));
    assert!(changed("attention_bias", json!(true)).contains("biases"));
    assert!(changed("num_attention_heads", json!(0)).contains("is 0"));
    assert!(changed("num_hidden_layers", json!(-1)).contains("-1"));
    assert!(changed("head_dim", json!(1e9 as u64)).contains("within 1 and"));
    assert!(changed("rope_scaling", json!({"rope_type": "yarn"})).contains("\"yarn\""));
    assert!(told("config.json", &|_| None).contains("config.json"));
    assert!(told("tokenizer.json", &|_| Some(b"{}".to_vec())).contains("tokenizer"));
    let cut = |path: &Path| std::fs::read(path).map(|b| b[..b.len() / 2].to_vec()).ok();
    assert!(told("model.safetensors", &cut).contains("cut off"));
    let outside = json!({"weight_map": {"a": "../model.safetensors"}}).to_string().into_bytes();
    let folder = tempfile::tempdir().unwrap();
    write(&Tiny::new(SMALL, 7), folder.path());
    std::fs::write(folder.path().join("model.safetensors.index.json"), outside).unwrap();
    let error = Model::open(folder.path()).err().expect("refused").to_string();
    assert!(error.contains("is not a file beside it"), "{error}");
}

#[test]
fn no_changed_byte_of_safetensors_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    write(&Tiny::new(SMALL, 7), folder.path());
    let path = folder.path().join("model.safetensors");
    let whole = std::fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let (mut dice, mut refused) = (Dice(4), 0);
    for round in 0..600 {
        let mut bytes = whole.clone();
        let at = dice.next() as usize % if round % 8 == 0 { 8 } else { header };
        bytes[at] = if round % 2 == 0 { dice.next() as u8 } else { bytes[at] ^ 1 };
        std::fs::write(&path, &bytes).unwrap();
        if let Err(e) = Model::open(folder.path()) {
            assert!(e.to_string().contains(&folder.path().display().to_string()), "{e}");
            refused += 1;
        }
    }
    assert!(refused > 300, "{refused} of 600 refused");
}

#[test]
fn llama_3_slows_its_turns_as_published() {
    let open = |scaling: Value| {
        let folder = tempfile::tempdir().unwrap();
        let tiny = Tiny::new(SMALL, 7);
        write(&tiny, folder.path());
        let mut config = config(SMALL);
        config["rope_scaling"] = scaling;
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        Model::open(folder.path()).unwrap().base.config.turns
    };
    let plain = open(Value::Null);
    let linear = open(json!({"rope_type": "linear", "factor": 4.0}));
    let llama = open(json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                            "high_freq_factor": 4.0, "original_max_position_embeddings": 64}));
    assert!(plain.iter().zip(&linear).all(|(a, b)| (a / 4.0 - b).abs() < 1e-15));
    // The first pair turns ten times in 64 positions, the second 0.3 times.
    assert_eq!(llama[0], plain[0]);
    assert!((llama[1] - plain[1] / 8.0).abs() < 1e-15);
}
