//! Headers that lie: every one is an error that names the place, none a panic.

use her_lm::gguf::Header;

use super::tiny::{Dice, SMALL, T, Tiny, V, gguf};

fn parse(keys: &[(String, V)], tensors: &[T]) -> String {
    Header::parse(&gguf(keys, tensors)).unwrap_err().to_string()
}

fn open(change: impl Fn(&mut Vec<(String, V)>, &mut Vec<T>)) -> String {
    let tiny = Tiny::new(SMALL, 1);
    let (mut keys, mut tensors) = (tiny.keys(), tiny.tensor_list());
    change(&mut keys, &mut tensors);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.gguf");
    std::fs::write(&path, gguf(&keys, &tensors)).unwrap();
    let error = her_lm::Model::open(&path).err().expect("refused").to_string();
    assert!(error.starts_with(&format!("{}: ", path.display())), "names the file: {error}");
    error
}

fn set(keys: &mut Vec<(String, V)>, key: &str, value: V) {
    keys.retain(|(name, _)| name != key);
    keys.push((key.to_owned(), value));
}

#[test]
fn what_is_not_a_header_is_told() {
    let told = |bytes: &[u8]| Header::parse(bytes).unwrap_err().to_string();
    assert!(told(b"").contains("cut off"), "{}", told(b""));
    assert!(told(b"PK\x03\x04rest").contains("begins with \"GGUF\""));
    assert!(told(b"GGUF\x02\0\0\0").contains("version 2"));
    let mut huge = b"GGUF\x03\0\0\0".to_vec();
    huge.extend(u64::MAX.to_le_bytes());
    huge.extend(1u64.to_le_bytes());
    assert!(told(&huge).contains("the number of tensors is 18446744073709551615"));
}

#[test]
fn lies_about_tensors_are_told() {
    let tensor = |dims: Vec<u64>, kind| vec![("a".to_owned(), dims, kind, vec![0; 64])];
    assert!(parse(&[], &tensor(vec![1 << 40, 1 << 40], 0)).contains("reaches beyond"));
    assert!(parse(&[], &tensor(vec![17], 0)).contains("reaches beyond the file's"));
    assert!(parse(&[], &tensor(vec![0], 0)).contains("[0]"));
    assert!(parse(&[], &tensor(vec![31], 2)).contains("blocks of 32"));
    assert!(parse(&[], &tensor(vec![1; 5], 0)).contains("5 dimensions"));
    assert!(parse(&[], &tensor(vec![256], 10)).contains("Q4_K"), "the known types are listed");
    let mut twice = tensor(vec![16], 0);
    twice.extend(tensor(vec![16], 0));
    assert!(parse(&[], &twice).contains("twice"));
    let odd = [("general.alignment".to_owned(), V::U32(7))];
    assert!(parse(&odd, &tensor(vec![16], 0)).contains("power of 2"));
}

#[test]
fn another_model_is_told_by_its_name() {
    let told = open(|keys, _| set(keys, "general.architecture", V::Text("gemma3".into())));
    assert!(told.contains("\"gemma3\"") && told.contains("\"llama\""), "{told}");
    let told = open(|keys, _| set(keys, "tokenizer.ggml.pre", V::Text("tekken".into())));
    assert!(told.contains("\"tekken\"") && told.contains("smollm, gpt-2"), "{told}");
    let told = open(|keys, _| set(keys, "tokenizer.ggml.model", V::Text("bert".into())));
    assert!(told.contains("\"bert\""), "{told}");
    let told = open(|keys, _| set(keys, "llama.block_count", V::Text("two".into())));
    assert!(told.contains("key llama.block_count is a text"), "{told}");
    let told = open(|keys, _| keys.retain(|(name, _)| name != "llama.block_count"));
    assert!(told.contains("key llama.block_count is missing"), "{told}");
    let told = open(|keys, _| set(keys, "llama.attention.head_count_kv", V::U32(4)));
    assert!(told.contains("6 query heads cannot share 4"), "{told}");
    let told = open(|keys, _| set(keys, "llama.embedding_length", V::U32(48)));
    assert!(told.contains("has the shape"), "{told}");
    let told = open(|keys, _| set(keys, "llama.rope.scaling.type", V::Text("yarn".into())));
    assert!(told.contains("\"yarn\""), "{told}");
    let told = open(|keys, _| set(keys, "tokenizer.chat_template", V::Text("{% for".into())));
    assert!(told.contains("chat template"), "{told}");
}

#[test]
fn a_tensor_more_or_less_is_told() {
    let told = open(|_, tensors| tensors.retain(|t| t.0 != "blk.1.ffn_up.weight"));
    assert!(told.contains("tensor blk.1.ffn_up.weight is missing"), "{told}");
    let told = open(|_, tensors| {
        tensors.push(("blk.0.attn_q.bias".to_owned(), vec![24], 0, vec![0; 96]));
    });
    assert!(told.contains("blk.0.attn_q.bias is none that the Llama architecture has"), "{told}");
    let told = open(|_, tensors| {
        tensors[0].3[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    assert!(told.contains("NaN at element 2"), "{told}");
}

#[test]
fn no_cut_and_no_changed_byte_makes_it_panic() {
    let whole = Tiny::new(SMALL, 2).bytes();
    let header = Header::parse(&whole).unwrap();
    let data = header.tensors.values().map(|t| t.bytes.start).min().unwrap();
    for cut in 0..data.min(2000) {
        assert!(Header::parse(&whole[..cut]).is_err(), "cut at {cut}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.gguf");
    let mut dice = Dice(3);
    let (mut refused, mut opened) = (0, 0);
    for round in 0..3000 {
        let mut bytes = whole.clone();
        // Most of the header is vocabulary; the figures before it are tried more often.
        let reach = if round % 2 == 0 { 800 } else { data };
        for _ in 0..=dice.next() % 3 {
            let at = dice.next() as usize % reach;
            bytes[at] = match dice.next() % 4 {
                0 => 0,
                1 => 255,
                2 => bytes[at] ^ (1 << (dice.next() % 8)),
                _ => dice.next() as u8,
            };
        }
        if Header::parse(&bytes).is_err() {
            refused += 1;
            continue;
        }
        // A header that reads is opened as a model, too.
        std::fs::write(&path, &bytes).unwrap();
        match her_lm::Model::open(&path) {
            Ok(_) => opened += 1,
            Err(e) => assert!(e.to_string().contains("changed.gguf: "), "{e}"),
        }
    }
    assert!(refused > 500 && opened > 100, "both happen: {refused} refused, {opened} opened");
}
