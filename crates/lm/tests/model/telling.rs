//! Tokens as text while they are said.

use her_lm::{End, Model, Teller};

use super::passes::open;
use super::tiny::{SMALL, Tiny};

/// What is shown after each token, and why it ended.
fn told(model: &Model, stops: &[&str], said: &[u32]) -> (Vec<String>, Option<End>) {
    let mut teller = Teller::new(stops.iter().map(|s| (*s).to_owned()).collect()).unwrap();
    let (mut shown, mut end) = (Vec::new(), None);
    for token in said {
        let told = teller.take(&model.tokens, *token).unwrap();
        shown.push(told.text);
        end = told.end;
    }
    shown.push(teller.finish());
    (shown, end)
}

#[test]
fn characters_come_whole() {
    let model = open(&Tiny::new(SMALL, 1));
    let text = "hello wörld, 12 Ж and 😀😀 more";
    let said = model.tokens.encode(text).unwrap();
    let (shown, end) = told(&model, &[], &said);
    assert_eq!((shown.concat().as_str(), end), (text, None));
    assert!(shown.len() > text.chars().count() / 2, "as they come, not at the end");
    assert!(shown.iter().all(|part| !part.contains(char::REPLACEMENT_CHARACTER)), "{shown:?}");
    // Bytes that are no character do not hold up the others for ever.
    let broken = model.tokens.encode("é").unwrap()[1];
    let said = [vec![broken; 40], model.tokens.encode(" then").unwrap()].concat();
    let (shown, _) = told(&model, &[], &said);
    assert!(shown[..20].concat().contains(char::REPLACEMENT_CHARACTER));
    assert!(shown.concat().ends_with("\u{fffd} then"), "{shown:?}");
    // An answer that is cut off within a character does not show half of it.
    let half = &model.tokens.encode("a😀").unwrap()[..4];
    assert_eq!(told(&model, &[], half).0.concat(), "a");
}

#[test]
fn nothing_of_a_stop_is_shown() {
    let model = open(&Tiny::new(SMALL, 1));
    let said = |text: &str| model.tokens.encode(text).unwrap();
    for (text, stops, wanted, end) in [
        ("one END two", &["END"][..], "one ", Some(End::Stop(0))),
        ("one EN END", &["END"], "one EN ", Some(End::Stop(0))),
        ("one ENDE", &["ENDLESS", "DE"], "one EN", Some(End::Stop(1))),
        ("aaab", &["aab"], "a", Some(End::Stop(0))),
        ("over: ho", &["hollow"], "over: ho", None),
        ("a 😀 b", &["😀"], "a ", Some(End::Stop(0))),
        ("an ö.", &["ü"], "an ö.", None),
        ("both at once", &["th at", "both"], "", Some(End::Stop(1))),
    ] {
        let (shown, why) = told(&model, stops, &said(text));
        assert_eq!((shown.concat().as_str(), why), (wanted, end), "{text:?} with {stops:?}");
    }
    let (shown, _) = told(&model, &["END"], &said("one END two"));
    assert!(shown[..3].concat().starts_with("one"), "what is no stop comes at once: {shown:?}");
}

#[test]
fn control_tokens_end_and_are_not_shown() {
    let model = open(&Tiny::new(SMALL, 1));
    let mut said = model.tokens.encode("hello w").unwrap();
    said.extend([1, 70, 71]);
    let (shown, end) = told(&model, &["world"], &said);
    assert_eq!((shown.concat().as_str(), end), ("hello w", Some(End::Token(1))));
    said[2] = 0;
    assert_eq!(told(&model, &[], &said).1, Some(End::Token(0)), "any of them");
}

#[test]
fn stops_have_bounds() {
    let refused = |stops: Vec<String>| Teller::new(stops).unwrap_err().to_string();
    assert!(refused(vec!["a".into(); 17]).contains("17 stop texts; at most 16"));
    assert!(refused(vec!["a".into(), String::new()]).contains("stop text 1 has 0 bytes"));
    assert!(refused(vec!["a".repeat(257)]).contains("stop text 0 has 257 bytes"));
}
