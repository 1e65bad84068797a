//! A tokenizer from the vocabulary that a GGUF file carries.
//!
//! The file says which vocabulary and merges to use, but names the cutting that precedes them by a
//! mere word (`tokenizer.ggml.pre`). A wrong guess there gives other tokens than the model was
//! trained on without any error, so an unknown word is refused.

use std::collections::HashSet;

use tokenizers::decoders::byte_fallback::ByteFallback;
use tokenizers::decoders::fuse::Fuse;
use tokenizers::decoders::sequence::Sequence as Decoders;
use tokenizers::decoders::strip::Strip;
use tokenizers::models::bpe::{BPE, Merges};
use tokenizers::normalizers::replace::Replace;
use tokenizers::normalizers::unicode::NFC;
use tokenizers::normalizers::{Prepend, Sequence as Normalizers};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer};

use super::{Tokens, failed};
use crate::error::{Result, wrong};
use crate::gguf::Header;

const TOKENS: &str = "tokenizer.ggml.tokens";
const MERGES: &str = "tokenizer.ggml.merges";
const SCORES: &str = "tokenizer.ggml.scores";
const TYPES: &str = "tokenizer.ggml.token_type";
const PRE: &str = "tokenizer.ggml.pre";

/// Sorts of tokens.
const UNKNOWN: i128 = 2;
const CONTROL: i128 = 3;
const USER: i128 = 4;

/// What SentencePiece writes for a space.
const SPACE: &str = "▁";

/// How a text is cut before merges apply.
struct Cutting {
    name: &'static str,
    /// A digit is a piece of its own.
    digits: bool,
    /// The pieces; without it, GPT-2's.
    pattern: Option<&'static str>,
    /// A piece that is a token as it stands is not merged anew.
    whole_first: bool,
    /// Composed characters are one.
    compose: bool,
}

const CUTTINGS: &[Cutting] = &[
    Cutting { name: "smollm", digits: true, pattern: None, whole_first: false, compose: false },
    Cutting { name: "gpt-2", digits: false, pattern: None, whole_first: false, compose: false },
    Cutting {
        name: "llama-bpe",
        digits: false,
        pattern: Some(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
        whole_first: true,
        compose: false,
    },
    Cutting {
        name: "qwen2",
        digits: false,
        pattern: Some(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ),
        whole_first: false,
        compose: true,
    },
];

impl Tokens {
    /// Builds the tokenizer that a GGUF header describes.
    pub(crate) fn from_gguf(header: &Header) -> Result<Self> {
        let tokens = header.key(TOKENS)?.texts(TOKENS)?;
        let mut seen = HashSet::with_capacity(tokens.len());
        if let Some(twice) = tokens.iter().find(|token| !seen.insert(token.as_str())) {
            return wrong(format!("key {TOKENS}: {twice:?} is in it twice"));
        }
        let (mut inner, sort) = match header
            .key("tokenizer.ggml.model")?
            .text("tokenizer.ggml.model")?
        {
            "gpt2" => byte_level(header, tokens)?,
            "llama" => (sentence_piece(header, tokens)?, "SentencePiece".to_owned()),
            other => {
                return wrong(format!(
                    "its tokenizer (tokenizer.ggml.model) is {other:?}, but only gpt2 and llama are \
                     known"
                ));
            }
        };
        if let Some(types) = header.keys.get(TYPES) {
            let types = same_length(types.ints(TYPES)?, tokens, TYPES)?;
            let of = |wanted: i128, special: bool| {
                let those = tokens.iter().zip(types).filter(move |(_, sort)| **sort == wanted);
                let token =
                    move |text: &String| AddedToken::from(text.clone(), special).normalized(false);
                those.map(|(text, _)| token(text)).collect::<Vec<_>>()
            };
            let cannot = |e| failed("key tokenizer.ggml.token_type", &e);
            inner.add_special_tokens(of(CONTROL, true)).map_err(cannot)?;
            inner.add_tokens(of(USER, false)).map_err(cannot)?;
        }
        let token = |key: &str| -> Result<Option<u32>> {
            let Some(value) = header.keys.get(key) else { return Ok(None) };
            let id = value.int(key)?;
            match u32::try_from(id) {
                Ok(id) if (id as usize) < tokens.len() => Ok(Some(id)),
                _ => wrong(format!("key {key} is {id}, but there are {} tokens", tokens.len())),
            }
        };
        let begin = token("tokenizer.ggml.bos_token_id")?;
        let end = token("tokenizer.ggml.eos_token_id")?;
        // Its tokens are bytes: there is none that they do not know.
        Ok(Self { inner, begin, end, unknown: None, sort })
    }
}

fn same_length<'a, T>(values: &'a [T], tokens: &[String], key: &str) -> Result<&'a [T]> {
    if values.len() == tokens.len() {
        return Ok(values);
    }
    wrong(format!("key {key} has {} entries for {} tokens", values.len(), tokens.len()))
}

fn vocabulary(tokens: &[String]) -> impl Iterator<Item = (String, u32)> {
    tokens.iter().enumerate().map(|(id, token)| (token.clone(), id as u32))
}

/// Byte pairs over bytes that are written as letters, as GPT-2 began it.
fn byte_level(header: &Header, tokens: &[String]) -> Result<(Tokenizer, String)> {
    let word = header.text_or(PRE, "")?;
    let Some(cutting) = CUTTINGS.iter().find(|c| c.name == word) else {
        let known: Vec<&str> = CUTTINGS.iter().map(|c| c.name).collect();
        return wrong(format!(
            "its texts are cut in the way {word:?} (key {PRE}), which is not known; known are {}. A \
             guess would give the model tokens that it was not trained on; give the model as a \
             directory with tokenizer.json",
            known.join(", ")
        ));
    };
    let merges = header.key(MERGES)?.texts(MERGES)?;
    let merges: Merges = merges
        .iter()
        .enumerate()
        .map(|(i, pair)| match pair.split_once(' ') {
            Some((a, b)) => Ok((a.to_owned(), b.to_owned())),
            None => wrong(format!("key {MERGES}: entry {i}, {pair:?}, is no pair")),
        })
        .collect::<Result<_>>()?;
    let model = BPE::builder()
        .vocab_and_merges(vocabulary(tokens).collect::<tokenizers::models::bpe::Vocab>(), merges)
        .ignore_merges(cutting.whole_first)
        .build()
        .map_err(|e| failed(&format!("key {MERGES}"), &e))?;
    let mut inner = Tokenizer::new(model);
    let mut cuts = Vec::new();
    if cutting.digits {
        cuts.push(Digits::new(true).into());
    }
    if let Some(pattern) = cutting.pattern {
        let pattern = SplitPattern::Regex(pattern.to_owned());
        let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
        cuts.push(split.map_err(|e| failed(PRE, &e))?.into());
    }
    cuts.push(ByteLevel::new(false, true, cutting.pattern.is_none()).into());
    inner.with_pre_tokenizer(Some(Sequence::new(cuts)));
    inner.with_decoder(Some(ByteLevel::default()));
    if cutting.compose {
        inner.with_normalizer(Some(NFC)).map_err(|e| failed(PRE, &e))?;
    }
    Ok((inner, format!("byte-level BPE, cut as {word}")))
}

/// SentencePiece's byte pairs: of all neighbours that make a token, the best scored merge first.
fn sentence_piece(header: &Header, tokens: &[String]) -> Result<Tokenizer> {
    let scores = same_length(header.key(SCORES)?.floats(SCORES)?, tokens, SCORES)?;
    let known: HashSet<&str> = tokens.iter().map(String::as_str).collect();
    let mut scored: Vec<(f64, &str, &str)> = Vec::new();
    for (token, score) in tokens.iter().zip(scores) {
        let cuts = token.char_indices().skip(1).map(|(at, _)| token.split_at(at));
        let whole = cuts.filter(|(a, b)| known.contains(a) && known.contains(b));
        scored.extend(whole.map(|(a, b)| (*score, a, b)));
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let merges = scored.into_iter().map(|(_, a, b)| (a.to_owned(), b.to_owned())).collect();
    let types = header.key(TYPES)?.ints(TYPES)?;
    let unknown = tokens.iter().zip(types).find(|(_, sort)| **sort == UNKNOWN);
    let mut model = BPE::builder()
        .vocab_and_merges(vocabulary(tokens).collect::<tokenizers::models::bpe::Vocab>(), merges)
        .byte_fallback(true)
        .fuse_unk(true);
    if let Some((unknown, _)) = unknown {
        model = model.unk_token(unknown.clone());
    }
    let model = model.build().map_err(|e| failed(&format!("key {SCORES}"), &e))?;
    let mut inner = Tokenizer::new(model);
    let broken = |e: tokenizers::Error| failed("SentencePiece", &e);
    let spaces = Replace::new(" ", SPACE).map_err(broken)?;
    let prefix = match header.keys.get("tokenizer.ggml.add_space_prefix") {
        Some(value) => value.bool("tokenizer.ggml.add_space_prefix")?,
        None => true,
    };
    let mut normalizers = Vec::new();
    if prefix {
        normalizers.push(Prepend::new(SPACE.to_owned()).into());
    }
    normalizers.push(spaces.into());
    inner.with_normalizer(Some(Normalizers::new(normalizers))).map_err(broken)?;
    let mut decoders = vec![
        Replace::new(SPACE, " ").map_err(broken)?.into(),
        ByteFallback::new().into(),
        Fuse::new().into(),
    ];
    if prefix {
        decoders.push(Strip::new(' ', 1, 0).into());
    }
    inner.with_decoder(Some(Decoders::new(decoders)));
    Ok(inner)
}
