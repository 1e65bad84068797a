//! What River 0.26.1 makes of the same texts.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{letters, words};
use crate::features::testing::{Bench, assert_close};

type Row =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Texts, and their tokens by default, with accents kept, and with capitals kept.
#[rustfmt::skip]
const TOKENS: &[Row] = &[
    ("a", &[], &[], &[]),
    ("ab", &["ab"], &["ab"], &["ab"]),
    ("a-", &[], &[], &[]),
    ("ab-", &["ab"], &["ab"], &["ab"]),
    ("a--b--", &["a--b"], &["a--b"], &["a--b"]),
    ("-ab", &["ab"], &["ab"], &["ab"]),
    ("a-b-", &["a-b"], &["a-b"], &["a-b"]),
    ("x--", &[], &[], &[]),
    ("_a", &["_a"], &["_a"], &["_a"]),
    ("1-2 3-", &["1-2"], &["1-2"], &["1-2"]),
    ("ab--cd- e", &["ab--cd"], &["ab--cd"], &["ab--cd"]),
    ("don't stop", &["don", "stop"], &["don", "stop"], &["don", "stop"]),
    ("é-è ñandú", &["e-e", "nandu"], &["é-è", "ñandú"], &["e-e", "nandu"]),
    ("٣٤", &["٣٤"], &["٣٤"], &["٣٤"]),
    ("e\u{301}te", &["ete"], &["te"], &["ete"]),
    ("a\u{301}", &[], &[], &[]),
    ("İstanbul", &["istanbul"], &["stanbul"], &["Istanbul"]),
    ("ǅ ß", &["dz"], &[], &["Dz"]),
    ("中文 字", &["中文"], &["中文"], &["中文"]),
    ("हिन\u{94d}दी", &["नद"], &[], &["नद"]),
    ("क\u{94d}षि नमस\u{94d}ते", &["कष", "नमसत"], &["नमस"], &["कष", "नमसत"]),
    ("①② ½x", &["12", "2x"], &["①②", "½x"], &["12", "2x"]),
    ("a\u{200d}b", &[], &[], &[]),
    ("Σς ΟΔΟΣ ΟΣ", &["σς", "οδος", "ος"], &["σς", "οδος", "ος"], &["Σς", "ΟΔΟΣ", "ΟΣ"]),
    ("x²y Ⓐⓑ 🅐b", &["x2y", "ab"], &["x²y"], &["x2y", "Ab"]),
    ("naïve CAFÉ—bar", &["naive", "cafe", "bar"], &["naïve", "café", "bar"], &["naive", "CAFE", "bar"]),
    ("ab-é", &["ab-e"], &["ab-é"], &["ab-e"]),
    ("é-", &[], &[], &[]),
    ("--é--a--", &["e--a"], &["é--a"], &["e--a"]),
    ("ＦＵＬＬ ﬁne", &["full", "fine"], &["ｆｕｌｌ", "ﬁne"], &["FULL", "fine"]),
];

fn names(bag: &Value) -> Vec<&str> {
    bag.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn tokens_are_rivers_in_every_script() {
    for (text, by_default, accents, capitals) in TOKENS {
        for (params, want) in [
            (json!({}), by_default),
            (json!({"strip_accents": false}), accents),
            (json!({"lowercase": false}), capitals),
        ] {
            let mut bow = Bench::new(&json!({"BagOfWords": params}));
            let bag = bow.transform(&json!({"x": text}));
            assert_eq!(names(&bag), *want, "{text:?} {params}");
        }
    }
}

#[test]
fn words_are_counted_in_rivers_order_and_ngrams_after_words() {
    let text = "I love the smell of napalm in the morning - Oh, in the morning";
    let mut bow = Bench::new(&json!({"BagOfWords": {"on": "x", "ngram_range": [1, 2]}}));
    bow.learn(&json!({"x": text, "y": "ignored text", "z": 3}));
    let want = json!({
        "love": 1.0, "the": 3.0, "smell": 1.0, "of": 1.0, "napalm": 1.0, "in": 2.0, "morning": 2.0,
        "oh": 1.0, "love the": 1.0, "the smell": 1.0, "smell of": 1.0, "of napalm": 1.0,
        "napalm in": 1.0, "in the": 2.0, "the morning": 2.0, "morning oh": 1.0, "oh in": 1.0,
    });
    let got = bow.transform(&json!({"x": text}));
    assert_eq!(got, want);
    assert_eq!(names(&got), names(&want));
    let params = json!({"ngram_range": [2, 3], "stop_words": ["the", "of"]});
    let got = Bench::new(&json!({"BagOfWords": params})).transform(&json!({"x": text}));
    let want = json!({
        "love smell": 1.0, "smell napalm": 1.0, "napalm in": 1.0, "in morning": 2.0,
        "morning oh": 1.0, "oh in": 1.0, "love smell napalm": 1.0, "smell napalm in": 1.0,
        "napalm in morning": 1.0, "in morning oh": 1.0, "morning oh in": 1.0, "oh in morning": 1.0,
    });
    assert_eq!(got, want);
}

#[test]
fn without_a_name_all_texts_are_read_and_no_ngram_crosses() {
    let mut bow = Bench::new(&json!({"BagOfWords": {"ngram_range": [1, 2]}}));
    let got = bow.transform(&json!({"a": "one two", "n": 4, "b": "two three"}));
    let want = json!({"one": 1.0, "two": 2.0, "one two": 1.0, "three": 1.0, "two three": 1.0});
    assert_eq!(got, want);
    assert_eq!(bow.transform(&json!({"n": 4})), json!({}));
    let mut on = Bench::new(&json!({"BagOfWords": {"on": "text"}}));
    assert_eq!(on.transform(&json!({"other": "one two"})), json!({}));
    let refusal = on.try_transform(&json!({"text": 4.5})).unwrap_err().to_string();
    assert!(refusal.contains("\"text\" is the number 4.5"), "{refusal}");
}

#[test]
fn tfidf_is_rivers() {
    let corpus = [
        "This is the first document.",
        "This document is the second document.",
        "And this is the third one.",
        "Is this the first document?",
    ];
    let want = [
        json!({"this": 0.447_213_595_499_957_9, "is": 0.447_213_595_499_957_9,
            "the": 0.447_213_595_499_957_9, "first": 0.447_213_595_499_957_9,
            "document": 0.447_213_595_499_957_9}),
        json!({"this": 0.318_355_967_925_778_8, "document": 0.636_711_935_851_557_6,
            "is": 0.318_355_967_925_778_8, "the": 0.318_355_967_925_778_8,
            "second": 0.539_023_509_507_964_8}),
        json!({"and": 0.521_203_040_964_757_1, "this": 0.248_356_041_646_711_27,
            "is": 0.248_356_041_646_711_27, "the": 0.248_356_041_646_711_27,
            "third": 0.521_203_040_964_757_1, "one": 0.521_203_040_964_757_1}),
        json!({"is": 0.364_544_396_761_379_8, "this": 0.364_544_396_761_379_8,
            "the": 0.364_544_396_761_379_8, "first": 0.617_227_317_565_456_3,
            "document": 0.469_417_284_322_377_84}),
    ];
    let mut tfidf = Bench::new(&json!("TFIDF"));
    for (text, want) in corpus.iter().zip(&want) {
        assert_close(&tfidf.transform(&json!({"x": text})), want);
        tfidf.learn(&json!({"x": text}));
        tfidf.reload();
    }
    let unseen = json!({"the": 0.570_144_368_547_947_8, "unseen": 0.743_878_165_424_907_7,
        "document": 0.348_684_203_853_767_25});
    assert_close(&tfidf.transform(&json!({"x": "the the unseen document"})), &unseen);

    let mut raw = Bench::new(&json!({"TFIDF": {"normalize": false, "ngram_range": [1, 2]}}));
    for text in corpus {
        raw.learn(&json!({"x": text}));
    }
    let unseen = json!({"the": 0.285_714_285_714_285_7, "unseen": 0.372_776_844_633_442_9,
        "document": 0.174_734_793_044_887_1, "the the": 0.372_776_844_633_442_9,
        "the unseen": 0.372_776_844_633_442_9, "unseen document": 0.372_776_844_633_442_9});
    assert_close(&raw.transform(&json!({"x": "the the unseen document"})), &unseen);
    assert_eq!(raw.transform(&json!({"x": "- ! a"})), json!({}));
}

#[test]
fn what_can_not_be_done_is_refused_by_name() {
    let builder = crate::Catalog::builtin();
    for (params, part) in [
        (json!({"tokenizer_pattern": "[a-z]+"}), "tokenizer_pattern must be"),
        (json!({"ngram_range": [2, 1]}), "ngram_range must be"),
        (json!({"ngram_range": [1, 9]}), "ngram_range must be"),
        (json!({"preprocessor": "lower"}), "preprocessor must be null"),
    ] {
        let error = builder.builder().build(&json!({"TFIDF": params})).err().unwrap().to_string();
        assert!(error.starts_with("TFIDF: ") && error.contains(part), "{error}");
    }
}

#[test]
fn products_are_rivers() {
    let event = json!({"y": 2.0, "x": 3.0, "z": 0.1});
    let singles = json!({"y": 2.0, "x": 3.0, "z": 0.1});
    let squares = json!({"y*y": 4.0, "x*y": 6.0, "y*z": 0.2, "x*x": 9.0,
        "x*z": 0.300_000_000_000_000_04, "z*z": 0.010_000_000_000_000_002});
    let cubes = json!({"y*y*y": 8.0, "x*y*y": 12.0, "y*y*z": 0.4, "x*x*y": 18.0,
        "x*y*z": 0.600_000_000_000_000_1, "y*z*z": 0.020_000_000_000_000_004, "x*x*x": 27.0,
        "x*x*z": 0.9, "x*z*z": 0.030_000_000_000_000_006, "z*z*z": 0.001_000_000_000_000_000_2});
    let mixed = json!({"y": 2.0, "x": 3.0, "z": 0.1, "x*y": 6.0, "y*z": 0.2,
        "x*z": 0.300_000_000_000_000_04, "x*y*z": 0.600_000_000_000_000_1, "bias": 1.0});
    let joined = |parts: &[&Value]| {
        let all = parts.iter().flat_map(|p| p.as_object().unwrap().clone());
        Value::Object(all.collect())
    };
    for (params, want) in [
        (json!({}), joined(&[&singles, &squares])),
        (json!({"degree": 3}), joined(&[&singles, &squares, &cubes])),
        (json!({"degree": 3, "interaction_only": true, "include_bias": true}), mixed),
        (json!({"degree": 1}), singles.clone()),
    ] {
        let mut poly = Bench::new(&json!({"PolynomialExtender": params}));
        // Before anything is known, from what is remembered, and by plan; names in River's order.
        assert_eq!(poly.transform(&event), want);
        poly.learn(&event);
        let got = poly.transform(&event);
        assert_eq!(got, want);
        assert_eq!(names(&got), names(&want));
        poly.learn(&json!({"x": 1.0, "w": 1.0}));
        assert_eq!(poly.transform(&event), want);
        poly.learn(&event);
        poly.reload();
        assert_eq!(poly.transform(&event), want);
        assert_eq!(poly.transform(&json!({})).as_object().unwrap().get("x"), None);
        poly.learn(&json!({}));
        poly.learn(&json!({"x": 5.0}));
        assert_eq!(poly.transform(&json!({"x": 5.0}))["x"], 5.0);
    }
}

#[test]
fn products_of_forgotten_names_are_named_anew_and_too_many_are_refused() {
    let mut poly = Bench::new(&json!({"PolynomialExtender": {"interaction_only": true}}));
    poly.names = crate::features::Vocabulary::new(8);
    for i in 0..50 {
        let (name, other) = (format!("f{i}"), format!("f{}", i + 1));
        let event = json!({name.as_str(): 2.0, other.as_str(): 3.0});
        poly.learn(&event);
        let product =
            if name < other { format!("{name}*{other}") } else { format!("{other}*{name}") };
        assert_eq!(poly.transform(&event), json!({name: 2.0, other: 3.0, product: 6.0}));
    }
    let mut poly = Bench::new(&json!({"PolynomialExtender": {"degree": 4}}));
    let many = (0..60).map(|i| (format!("f{i}"), json!(i))).collect();
    let refusal = poly.try_transform(&Value::Object(many)).unwrap_err().to_string();
    assert!(refusal.contains("60 features make 635375 products of degree 4"), "{refusal}");
}

proptest! {
    #[test]
    fn cutting_by_blocks_is_cutting_by_characters(text in "[aZ09_ .-]{0,200}") {
        let mut slow = Vec::new();
        letters::tokens(&text, |start, end| slow.push((start, end)));
        let (mut fast, mut padded) = (Vec::new(), text.clone());
        while padded.len() < text.len() + 16 || padded.len() % 64 != 0 {
            padded.push('\0');
        }
        words::tokens(&padded, true, |start, end| fast.push((start, end)));
        prop_assert_eq!(fast, slow);
    }

    #[test]
    fn sorting_is_sorting(ids in proptest::collection::vec(0..30_u32, 0..50)) {
        let (mut fast, mut slow) = (ids.clone(), ids);
        words::sort(&mut fast);
        slow.sort_unstable();
        prop_assert_eq!(fast, slow);
    }
}
