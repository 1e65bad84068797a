use super::*;

fn vector(x: f32, y: f32) -> Vec<f32> {
    vec![x, y, 0.3, -0.2]
}

fn texts<'a>(found: &[Found<'a>]) -> Vec<&'a str> {
    found.iter().map(|found| found.text).collect()
}

#[test]
fn what_is_alike_in_words_or_in_meaning_is_found() {
    let mut memory = Memory::new(10).unwrap();
    memory.remember("user", "My dog is called Rex.", &vector(1.0, 0.0)).unwrap();
    memory.remember("user", "I work in a bakery.", &vector(0.0, 1.0)).unwrap();
    memory.remember("user", "My sister lives in Oslo.", &vector(-1.0, 0.0)).unwrap();
    let by_words = memory.alike("What is my dog's name?", &vector(0.0, -1.0), 1);
    assert_eq!(texts(&by_words), ["My dog is called Rex."]);
    let by_meaning = memory.alike("Which one?", &vector(0.1, 0.9), 2);
    assert_eq!(by_meaning[0].text, "I work in a bakery.");
    assert!(by_meaning[0].score > by_meaning[1].score);
    assert!(memory.alike("anything", &vector(1.0, 1.0), 0).is_empty());
    let words = in_words(&memory.alike("my", &vector(0.0, 0.0), 3)).unwrap();
    assert!(words.find("Rex").unwrap() < words.find("Oslo").unwrap(), "{words}");
    assert_eq!(in_words(&[]), None);
}

#[test]
fn it_is_bounded_and_drops_the_oldest() {
    let mut memory = Memory::new(3).unwrap();
    for i in 0..20 {
        memory.remember("user", &format!("thing number {i}"), &vector(i as f32, 1.0)).unwrap();
        assert!(memory.len() <= 3);
    }
    // One that is said again is the newest, and not there twice.
    memory.remember("user", "thing number 17", &vector(17.0, 1.0)).unwrap();
    memory.remember("user", "thing number 20", &vector(20.0, 1.0)).unwrap();
    let mut kept = texts(&memory.alike("thing", &vector(0.0, 1.0), 9));
    kept.sort_unstable();
    assert_eq!(kept, ["thing number 17", "thing number 19", "thing number 20"]);
    // Words that nobody says any more are not counted for ever.
    assert_eq!(memory.known.len(), 2 + 3);
    let long = memory.remember("user", &"a".repeat(MEMORY_BYTES + 1), &vector(0.0, 0.0));
    assert!(long.unwrap_err().0.contains("513 bytes"));
    let wide = memory.remember("user", "wide", &[1.0; 5]).unwrap_err();
    assert!(wide.0.contains("5 numbers among memories of 4"), "{wide}");
    assert!(Memory::new(MEMORIES_MAX + 1).is_err());
    let mut none = Memory::new(0).unwrap();
    none.remember("user", "a", &vector(0.0, 0.0)).unwrap();
    assert!(none.is_empty());
}

#[test]
fn it_is_saved_to_the_bit_and_damage_is_told() {
    let mut memory = Memory::new(8).unwrap();
    for i in 0..12 {
        let text = format!("the {i}. thing of {}", i % 5);
        memory.remember("user", &text, &vector((i as f32).sin(), (i as f32).cos())).unwrap();
    }
    let bytes = memory.save();
    let mut again = Memory::load(&bytes).unwrap();
    assert_eq!(again, memory);
    assert_eq!(again.save(), bytes);
    memory.remember("user", "more", &vector(1.0, 1.0)).unwrap();
    again.remember("user", "more", &vector(1.0, 1.0)).unwrap();
    assert_eq!(again.save(), memory.save());
    let wanted = vector(0.4, 0.1);
    assert_eq!(again.alike("thing of 3", &wanted, 5), memory.alike("thing of 3", &wanted, 5));
    for cut in 0..bytes.len() {
        assert!(Memory::load(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn long_texts_are_cut_and_questions_left_out() {
    let text = "One is here. Two is there! Three asks? Four";
    assert_eq!(words::pieces(text, 30), ["One is here. Two is there!", "Three asks? Four"]);
    assert_eq!(words::pieces("abcdef ghi", 4), ["abcd", "ef", "ghi"]);
    assert_eq!(words::pieces(" ", 4), [""; 0]);
    assert_eq!(words::pieces("ééé", 3), ["é", "é", "é"]);
    for (text, asks) in [
        ("What is my name?", true),
        ("Really? Are you sure?", true),
        ("I am Ada. And you?", false),
        ("Are you there? I am Ada.", false),
        ("I am Ada", false),
        ("", false),
        ("How are you? :)", true),
    ] {
        assert_eq!(words::only_asks(text), asks, "{text}");
    }
    assert_eq!(words::of("Dogs, dog's DOG"), words::of("dog s"));
}
