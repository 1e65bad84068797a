//! Tokens of real texts, against a naive merger; conversations.

use std::collections::HashMap;

use her_lm::gguf::Gguf;
use her_lm::{Message, Model};

use super::tiny::{SMALL, Tiny, V, gguf, letters, real};

const TEXTS: &[&str] = &[
    "She had been forced into prudence in her youth.",
    "On 26.11.2026 we paid $1,234.50 — 10% more.",
    "Grüße aus Köln: ça va? Привет! 你好，世界 🙂👩‍👩‍👧",
    "  two  spaces,\ttabs\tand\n\n\nnew lines  \n",
    "fn main() { println!(\"{}\", 1 << 12); }",
    "it's they'll WE'VE don't 'quoted'",
    "\u{0}\u{1}\u{7f}",
    "",
];

/// Merges the best ranked pair until none is left: slow, short, and nobody else's code.
fn naive(piece: &str, ranks: &HashMap<(String, String), usize>) -> Vec<String> {
    let alphabet = letters();
    let mut parts: Vec<String> = piece.bytes().map(|b| alphabet[b as usize].clone()).collect();
    loop {
        let best = (1..parts.len())
            .filter_map(|i| Some((*ranks.get(&(parts[i - 1].clone(), parts[i].clone()))?, i)))
            .min();
        let Some((_, at)) = best else { return parts };
        let right = parts.remove(at);
        parts[at - 1] += &right;
    }
}

/// Words with the one space before them, and digits one by one.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in text.chars() {
        let kind = |c: char| (c.is_alphabetic(), c == ' ');
        let joins = !c.is_ascii_digit() && !last.is_ascii_digit();
        let goes_on = joins && c != ' ' && (last == ' ' || kind(c) == kind(last));
        match pieces.last_mut().filter(|_| goes_on) {
            Some(piece) => piece.push(c),
            None => pieces.push(c.into()),
        }
        last = c;
    }
    pieces
}

#[test]
fn the_real_tokens_are_those_of_a_naive_merger() {
    let file = Gguf::open(&real()).unwrap();
    let key = "tokenizer.ggml.merges";
    let merges = file.header.key(key).unwrap().texts(key).unwrap();
    let pair = |m: &String| m.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let ranks = merges.iter().enumerate().map(|(i, m)| (pair(m), i)).collect();
    let model = Model::open(&real()).unwrap();
    let text = "She had been forced into prudence in her youth , learned romance as she grew \
                older in 1816 or 23 years later : the natural sequel of an unnatural beginning .";
    let wanted: Vec<String> = pieces(text).iter().flat_map(|p| naive(p, &ranks)).collect();
    let found: Vec<String> = model
        .tokens
        .encode(text)
        .unwrap()
        .iter()
        .map(|t| model.tokens.piece(*t).unwrap())
        .collect();
    assert_eq!(found, wanted);
    assert!(found.len() > 30 && found.len() < 60, "{found:?}");

    // What the model was trained on; a space before `user` would be another token.
    assert_eq!(model.tokens.encode("<|im_start|>user\n").unwrap(), [1, 4093, 198]);
    for text in TEXTS {
        let tokens = model.tokens.encode(text).unwrap();
        assert_eq!(&model.tokens.decode(&tokens).unwrap(), text);
    }
    let digits = model.tokens.encode("1816").unwrap();
    assert_eq!(digits.len(), 4, "digit by digit");
    assert_eq!((model.tokens.begin, model.tokens.end), (Some(1), Some(2)));
    assert_eq!(model.licence.as_deref(), Some("apache-2.0"));
    assert_eq!((model.kinds["Q4_1"], model.kinds["Q8_0"], model.kinds["F32"]), (210, 1, 61));
    assert_eq!(model.base.parameters(), 134_515_008);
    assert!(model.base.tied());

    let chat = model.chat.unwrap();
    let said = [Message::new("user", "Hello"), Message::new("assistant", "Good day.")];
    let text = chat.render(&said, true).unwrap();
    let whole = "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nGood day.<|im_end|>\n\
                 <|im_start|>assistant\n";
    assert!(text.starts_with("<|im_start|>system\n"), "its template adds who it is: {text}");
    assert!(text.ends_with(whole), "{text}");
    let ends = [Message::new("user", "so <|im_end|> I say")];
    let refused = chat.render(&ends, true).unwrap_err().to_string();
    assert!(refused.contains("message 0") && refused.contains("<|im_end|>"), "{refused}");
}

#[test]
fn every_way_to_cut_brings_texts_back() {
    for pre in ["smollm", "gpt-2", "llama-bpe", "qwen2"] {
        let tiny = Tiny::new(SMALL, 1);
        let mut keys = tiny.keys();
        for (key, value) in &mut keys {
            if key == "tokenizer.ggml.pre" {
                *value = V::Text(pre.to_owned());
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tiny.gguf");
        std::fs::write(&path, gguf(&keys, &tiny.tensor_list())).unwrap();
        let model = Model::open(&path).unwrap();
        for text in TEXTS {
            let tokens = model.tokens.encode(text).unwrap();
            assert_eq!(&model.tokens.decode(&tokens).unwrap(), text, "{pre}");
        }
        // Only a cut between digits keeps the merge of 1 and 2 from applying.
        let single = ["smollm", "qwen2"].contains(&pre);
        assert_eq!(model.tokens.encode("12").unwrap().len(), if single { 2 } else { 1 }, "{pre}");
        let hello = model.tokens.encode("hello").unwrap();
        assert_eq!(model.tokens.piece(hello[0]).as_deref(), Some("hello"), "{pre}");
        let said = [Message::new("user", " hi "), Message::new("assistant", "so")];
        let text = model.chat.unwrap().render(&said, true).unwrap();
        assert_eq!(text, "<s>user:hi</s>\n<s>assistant:so</s>\n<s>assistant:");
    }
}

#[test]
fn sentence_piece_merges_by_score_and_falls_back_to_bytes() {
    let mut tokens = vec!["<unk>".to_owned(), "<s>".to_owned(), "</s>".to_owned()];
    tokens.extend((0..256).map(|b| format!("<0x{b:02X}>")));
    let bytes = tokens.len();
    for piece in ["▁", "a", "b", "c", "ab", "bc", "▁a", "▁ab"] {
        tokens.push(piece.to_owned());
    }
    let mut types = vec![1; tokens.len()];
    (types[0], types[1], types[2]) = (2, 3, 3);
    types[3..bytes].fill(6);
    // `bc` is the best pair, `▁a` the next one.
    let scores = (0..tokens.len()).map(|i| match tokens[i].as_str() {
        "bc" => -1.0,
        "▁a" => -2.0,
        "ab" => -3.0,
        "▁ab" => -4.0,
        _ => -9.0,
    });
    let tiny = Tiny::new(SMALL, 1);
    let mut keys = tiny.keys();
    keys.retain(|(key, _)| !key.starts_with("tokenizer."));
    let t = |key: &str, value: V| (format!("tokenizer.ggml.{key}"), value);
    keys.extend([
        t("model", V::Text("llama".into())),
        t("scores", V::Floats(scores.collect())),
        t("token_type", V::Ints(types)),
        t("tokens", V::Texts(tokens.clone())),
        t("bos_token_id", V::U32(1)),
    ]);
    let mut tensors = tiny.tensor_list();
    let width = tiny.shape.width;
    tensors[0].1 = vec![width as u64, tokens.len() as u64];
    tensors[0].3.resize(tokens.len() * width * 4, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    std::fs::write(&path, gguf(&keys, &tensors)).unwrap();
    let model = Model::open(&path).unwrap();
    let cut = |text: &str| -> Vec<String> {
        let ids = model.tokens.encode(text).unwrap();
        ids.iter().map(|id| model.tokens.piece(*id).unwrap()).collect()
    };
    assert_eq!(cut("abc"), ["▁a", "bc"]);
    assert_eq!(cut("ab ab"), ["▁ab", "▁ab"]);
    assert_eq!(cut("é"), ["▁", "<0xC3>", "<0xA9>"]);
    for text in ["abc", "a b  c", " ab", "é—🙂", "a\n"] {
        assert_eq!(model.tokens.decode(&model.tokens.encode(text).unwrap()).unwrap(), text);
    }
}
