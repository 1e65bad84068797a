//! `her model` on the real model, on files that are none, and on a model that is unfit.

#![allow(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

mod support;
use support::{Place, str_of};

/// A model that `cargo xtask data` fetches.
fn fetched(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/data/language").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask data`", path.display());
    path
}

/// SmolLM2-135M-Instruct.
fn real() -> PathBuf {
    fetched("SmolLM2-135M-Instruct.Q4_1.gguf")
}

#[test]
fn a_real_model_is_fit() {
    let place = Place::new();
    let told = place.run(&["model", "check", str_of(&real()), "--json"]).ok().json();
    assert_eq!((&told["verdict"], &told["format"]), (&json!("fit"), &json!("gguf")));
    assert_eq!(told["bytes"], 98_362_432);
    assert_eq!(told["licence"], "apache-2.0");
    let a = &told["architecture"];
    assert_eq!((&a["parameters"], &a["layers"]), (&json!(134_515_008), &json!(30)));
    assert_eq!(a["weights"], json!({ "F32": 61, "Q4_1": 210, "Q8_0": 1 }));
    // As f32 to learn with, and in few bits to speak with.
    assert_eq!(told["memory_bytes"], 134_515_008u64 * 4 + 96_436_224);
    assert_eq!((&told["tokens"]["count"], &told["tokens"]["differs"]), (&json!(49152), &json!([])));
    assert_eq!(told["tokens"]["begin"], "<|im_start|>");
    assert_eq!(told["chat_template"], true);
    assert_eq!(told["loss"]["tokens"], 436);
    let bits = told["loss"]["bits_per_token"].as_f64().unwrap();
    assert!((bits - 4.790_992).abs() < 2e-4, "{bits}");
    let name = told["kernel"]["name"].as_str().unwrap();
    assert!(["avx512", "avx2", "neon", "scalar"].contains(&name), "{name}");
    assert_eq!(told["kernel"]["bits"].as_str().map(str::len), Some(16));
    for rate in ["scored_per_s", "spoken_per_s", "learned_per_s"] {
        assert!(told["rates"][rate].as_f64().unwrap() > 0.0, "{rate}");
    }
}

#[test]
fn sentence_models_are_told_for_what_they_are() {
    let place = Place::new();
    for (name, architecture, parameters, width, kinds) in [
        ("all-MiniLM-L6-v2", "bert", 22_564_608u64, 384, json!({ "F32": 103, "I64": 1 })),
        ("wordllama-l2-supercat-256", "static", 8_192_000, 256, json!({ "F16": 1 })),
    ] {
        let told = place.run(&["model", "check", str_of(&fetched(name)), "--json"]).ok().json();
        let a = &told["architecture"];
        assert_eq!((&a["name"], &a["parameters"]), (&json!(architecture), &json!(parameters)));
        assert_eq!((&a["width"], &a["weights"]), (&json!(width), &kinds));
        assert_eq!(told["memory_bytes"], parameters * 4);
        assert_ne!(told["verdict"], "unfit", "{told}");
        assert_eq!(told["alike"]["triples"], 24);
        assert!(told["rates"]["sentences_per_s"].as_f64().unwrap() > 0.0);
        let text = place.run(&["model", "check", str_of(&fetched(name))]).ok();
        assert!(text.out.contains("embeds only"), "{}", text.out);
    }
}

#[test]
fn a_sentence_model_is_added_and_learned_on() {
    let place = Place::new();
    let (mini, word) = (fetched("all-MiniLM-L6-v2"), fetched("wordllama-l2-supercat-256"));
    place.run(&["model", "add", str_of(&mini)]).ok();
    // What vectors hang on goes along, from below the directory too.
    assert!(place.data().join("bases/all-MiniLM-L6-v2/1_Pooling/config.json").is_file());
    assert_eq!(place.run(&["model", "add", str_of(&mini), "--json"]).ok().json()["again"], true);
    place.run(&["model", "add", str_of(&word), "--link"]).ok();
    let listed = place.run(&["model", "list", "--json"]).ok().lines();
    let of = |key: &str| listed.iter().map(|m| m[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("architecture"), ["bert", "static"]);
    assert_eq!(of("speaks"), [false, false]);
    let table = place.run(&["model", "list"]).ok().out;
    assert!(table.contains("embed") && !table.contains("speak"), "{table}");

    let spec = |model: &Value| json!({ "model": model }).to_string();
    let embedding = json!({ "LanguageEmbedding": { "base": "all-MiniLM-L6-v2" } });
    let pipeline = spec(&json!([embedding, "StandardScaler", "LogisticRegression"]));
    place.run(&["new", "urgent", "--spec", &pipeline]).ok();
    let notes = place.write(
        "notes.ndjson",
        "{\"x\": {\"text\": \"The server is down and customers are calling.\"}, \"y\": true}\n\
         {\"x\": {\"text\": \"Some day we could paint the fence.\"}, \"y\": false}\n",
    );
    place.run(&["learn", "urgent", str_of(&notes)]).ok();
    let said = place.run(&["ask", "urgent", "{\"text\": \"The site is down!\"}", "--json"]).ok();
    assert!(said.json()["prediction"]["proba"]["true"].is_number(), "{}", said.out);
    place.run(&["verify", "urgent"]).ok();

    let speaker = spec(&json!({ "LanguageModel": { "base": "wordllama-l2-supercat-256" } }));
    place.run(&["new", "mute", "--spec", &speaker]).fails(7, "can neither speak nor learn");
}

#[test]
fn the_weights_of_another_model_are_unfit() {
    let place = Place::new();
    let odd = place.dir.path().join("odd");
    std::fs::create_dir(&odd).unwrap();
    let (mini, word) = (fetched("all-MiniLM-L6-v2"), fetched("wordllama-l2-supercat-256"));
    // A tokenizer of fewer tokens cuts texts into those of other words.
    std::fs::copy(mini.join("tokenizer.json"), odd.join("tokenizer.json")).unwrap();
    std::fs::copy(word.join("model.safetensors"), odd.join("model.safetensors")).unwrap();
    place.run(&["model", "check", str_of(&odd)]).fails(1, "odd: unfit");
    place.run(&["model", "add", str_of(&odd)]).fails(7, "are not what the files say");
    // One of more cannot belong to it.
    std::fs::copy(word.join("tokenizer.json"), odd.join("tokenizer.json")).unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(mini.join(file), odd.join(file)).unwrap();
    }
    place.run(&["model", "check", str_of(&odd)]).fails(7, "has no token \"[CLS]\"");
}

#[test]
fn what_is_no_model_is_told_by_file_and_place() {
    let place = Place::new();
    place.run(&["model", "check", "no-such.gguf"]).fails(3, "no-such.gguf: there is no such file");
    let odd = place.write("odd.gguf", "PK and the rest");
    place.run(&["model", "check", str_of(&odd)]).fails(7, "byte 0: a GGUF file begins with");
    let dir = str_of(place.dir.path());
    place.run(&["model", "check", dir]).fails(7, "config.json");
    // The real one, cut off in its weights and in its header.
    let whole = std::fs::read(real()).unwrap();
    let cut = place.dir.path().join("cut.gguf");
    std::fs::write(&cut, &whole[..whole.len() / 8]).unwrap();
    place.run(&["model", "check", str_of(&cut)]).fails(7, "it is cut off or damaged; fetch it");
    std::fs::write(&cut, &whole[..1_000_000]).unwrap();
    place.run(&["model", "check", str_of(&cut)]).fails(7, "are left");
}

#[test]
fn a_fit_model_is_added_once_and_listed() {
    let place = Place::new();
    assert_eq!(place.run(&["model", "list", "--json"]).ok().lines(), [] as [Value; 0]);
    let real = real();
    let add = ["model", "add", str_of(&real), "--json"];
    let told = place.run(&add).ok().json();
    assert_eq!(told["name"], "SmolLM2-135M-Instruct.Q4_1");
    assert_eq!((&told["again"], &told["linked"]), (&json!(false), &json!(false)));
    let path = place.data().join("bases/SmolLM2-135M-Instruct.Q4_1.gguf");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 98_362_432);
    assert_eq!(place.run(&add).ok().json()["again"], true);
    let listed = place.run(&["model", "list", "--json"]).ok().lines();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["bytes"], &listed[0]["format"]), (&json!(98_362_432), &json!("gguf")));
    // Somebody else's model of the same name takes nobody's place.
    std::fs::write(&path, ignorant()).unwrap();
    place.run(&add).fails(1, "is another model of the same name");
    std::fs::remove_file(&path).unwrap();
    let told = place.run(&[&add[..], &["--link"]].concat()).ok().json();
    assert_eq!(told["linked"], true);
    assert!(path.is_symlink());
}

#[test]
fn a_model_that_is_unfit_is_not_added() {
    let place = Place::new();
    let path = place.dir.path().join("ignorant.gguf");
    std::fs::write(&path, ignorant()).unwrap();
    place.run(&["model", "add", str_of(&path)]).fails(7, "unfit: ");
    place.run(&["model", "add", "no-such.gguf"]).fails(3, "there is no such file");
    let odd = place.write("odd.bin", "PK");
    place.run(&["model", "add", str_of(&odd)]).fails(7, "a model is a file NAME.gguf");
    assert!(!place.data().join("bases").exists());
}

/// A file of one layer, 8 wide, whose 258 tokens all look alike: it knows nothing.
fn ignorant() -> Vec<u8> {
    let (mut keys, mut tensors) = (Vec::new(), Vec::new());
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    };
    let mut count = 0u64;
    let mut key = |name: &str, kind: u32, value: &[u8]| {
        text(&mut keys, name);
        keys.extend(kind.to_le_bytes());
        keys.extend(value);
        count += 1;
    };
    let mut word = |name: &str, value: &str| {
        let mut bytes = Vec::new();
        text(&mut bytes, value);
        key(name, 8, &bytes);
    };
    word("general.architecture", "llama");
    word("tokenizer.ggml.model", "gpt2");
    word("tokenizer.ggml.pre", "gpt-2");
    for (name, n) in [
        ("llama.block_count", 1u32),
        ("llama.embedding_length", 8),
        ("llama.feed_forward_length", 8),
        ("llama.attention.head_count", 2),
        ("llama.context_length", 512),
    ] {
        key(name, 4, &n.to_le_bytes());
    }
    let mut letters = vec!["<s>".to_owned()];
    let mut extra = 255;
    letters.extend((0..256u32).map(|b| {
        let plain = matches!(b, 33..=126 | 161..=172 | 174..=255);
        extra += u32::from(!plain);
        char::from_u32(if plain { b } else { extra }).unwrap().to_string()
    }));
    letters.push("th".to_owned());
    for (name, texts) in
        [("tokenizer.ggml.tokens", letters), ("tokenizer.ggml.merges", vec!["t h".to_owned()])]
    {
        let mut bytes = [8u32.to_le_bytes().to_vec(), (texts.len() as u64).to_le_bytes().to_vec()];
        for t in texts {
            text(&mut bytes[1], &t);
        }
        key(name, 9, &bytes.concat());
    }
    let mut offset = 0u64;
    let shapes: [(&str, &[u64]); 11] = [
        ("token_embd", &[8, 258]),
        ("output_norm", &[8]),
        ("blk.0.attn_norm", &[8]),
        ("blk.0.ffn_norm", &[8]),
        ("blk.0.attn_q", &[8, 8]),
        ("blk.0.attn_k", &[8, 8]),
        ("blk.0.attn_v", &[8, 8]),
        ("blk.0.attn_output", &[8, 8]),
        ("blk.0.ffn_gate", &[8, 8]),
        ("blk.0.ffn_up", &[8, 8]),
        ("blk.0.ffn_down", &[8, 8]),
    ];
    for (name, dims) in shapes {
        text(&mut tensors, &format!("{name}.weight"));
        tensors.extend((dims.len() as u32).to_le_bytes());
        for d in dims {
            tensors.extend(d.to_le_bytes());
        }
        tensors.extend(0u32.to_le_bytes());
        tensors.extend(offset.to_le_bytes());
        offset += 4 * dims.iter().product::<u64>();
    }
    let mut out = b"GGUF\x03\0\0\0".to_vec();
    out.extend((shapes.len() as u64).to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(keys);
    out.extend(tensors);
    out.resize(out.len().next_multiple_of(32) + offset as usize, 0);
    out
}

#[test]
fn a_model_that_knows_nothing_is_unfit() {
    let place = Place::new();
    let file = place.dir.path().join("ignorant.gguf");
    std::fs::write(&file, ignorant()).unwrap();
    let told = place.run(&["model", "check", str_of(&file)]).fails(1, "ignorant.gguf: unfit");
    assert!(told.out.contains("7.78 bits a byte, where 3 is chance"), "{}", told.out);
    assert!(told.out.contains("7 of 7 texts come back"), "{}", told.out);
}
