use std::borrow::Cow;

use her_encode::Modality::{Audio, Image, Text};
use her_encode::{PART_BYTES_MAX, TEXT_BYTES_MAX, part};

use crate::{bits, found, near, refused, vector};

fn of(text: &str) -> Vec<f32> {
    vector(Text, text.as_bytes())
}

/// What people say of four things, in their words.
const SAID: [(usize, &str); 16] = [
    (0, "The boiler in the cellar is leaking again, call the plumber."),
    (0, "Plumber came: a valve of the boiler was leaking, now it is replaced."),
    (0, "Why is the boiler cold? The plumber said the valve is fine."),
    (0, "leaking boilers need new valves, says our plumber"),
    (1, "Anna's birthday is on the third of May, she wants a telescope."),
    (1, "A telescope for Anna's birthday costs 300 francs."),
    (1, "For her birthday Anna got the telescope and saw Saturn."),
    (1, "birthdays: Anna in May, with her telescope"),
    (2, "Der Zug nach Bern fährt um 7:04 auf Gleis 9."),
    (2, "Auf welchem Gleis fährt der Zug nach Bern?"),
    (2, "Gleis 9 ist gesperrt, die Züge nach Bern fahren auf Gleis 12."),
    (2, "Zugfahrt nach Bern, Abfahrt Gleis 12"),
    (3, "明日の会議は十時に東京駅で始まります。"),
    (3, "東京駅の会議室は十時から使えます。"),
    (3, "会議は東京駅ではなく大阪駅です。"),
    (3, "東京駅で会議が始まります"),
];

#[test]
fn what_is_said_of_one_thing_lies_together() {
    let labelled: Vec<_> = SAID.iter().map(|(kind, text)| (*kind, of(text))).collect();
    let share = found(&labelled);
    assert!(share >= 0.9, "{share}");
    // The judge is no rubber stamp: with labels that go round it finds nothing.
    let shuffled: Vec<_> = (0..16).map(|i| (i % 4, labelled[i].1.clone())).collect();
    assert!(found(&shuffled) < 0.5, "{}", found(&shuffled));
}

#[test]
fn small_changes_stay_close_and_order_counts_a_little() {
    let text = of("Sam, please order two bags of flour and some butter");
    for (change, least) in [
        ("sam, PLEASE order two bags of flour and some butter!!", 0.999),
        ("Sam, please ordr two bags of flour and some butter", 0.85),
        ("Please order two bags of flour, Sam, and some butter", 0.85),
        ("Sam, please order two bags of flour and some butter. Thank you.", 0.85),
    ] {
        let near = near(&text, &of(change));
        assert!(near > least, "{change}: {near}");
        assert!(near < 1.0 - 1e-3 || least > 0.99, "{change}: {near}");
    }
    assert!(near(&text, &of("What time is it in Tokyo?")) < 0.25);
}

#[test]
fn one_character_or_sign_is_a_text() {
    let texts = ["a", "ß", "7", "?", "…!", "🌧", "你", "ﷺ"];
    let vectors = texts.map(of);
    for (i, a) in vectors.iter().enumerate() {
        for b in &vectors[..i] {
            assert!(near(a, b) < 0.9, "{}: {}", texts[i], near(a, b));
        }
    }
}

#[test]
fn the_bits_of_this_space_are_these() {
    let texts = ["Sam, wie spät ist es in 東京? ÄÖÜ 12:30", &"to be or not to be, ".repeat(1000)];
    assert_eq!(texts.map(|text| bits(&of(text))), [1764723872687801898, 7780121421535557209]);
}

#[test]
fn texts_that_are_none_are_refused_by_name() {
    for empty in ["", "  \n\t", "\u{3000}"] {
        assert!(refused(Text, empty.as_bytes()).contains("empty"), "{empty:?}");
    }
    assert!(refused(Text, b"abc\xffdef").contains("byte 3"));
    let long = "a ".repeat(TEXT_BYTES_MAX / 2 + 1);
    assert!(refused(Text, long.as_bytes()).contains(&TEXT_BYTES_MAX.to_string()));
    of(&long[..TEXT_BYTES_MAX]);
}

#[test]
fn parts_are_texts_or_data_urls() {
    let url = |text: &str| {
        let (modality, bytes) = part(text).unwrap();
        (modality, bytes.into_owned())
    };
    for (text, modality, bytes) in [
        ("data:image/png;base64,iVBORw==", Image, &b"\x89PNG"[..]),
        ("data:image/png;base64,iVBORw", Image, b"\x89PNG"),
        ("DATA:Image/PNG;BASE64,iVBORw%3D%3D", Image, b"\x89PNG"),
        ("data:audio/wav;codecs=1;base64,UklG\n Rg==", Audio, b"RIFF"),
        ("data:application/ogg;base64,T2dnUw==", Audio, b"OggS"),
        ("data:text/plain,gr%C3%BCezi%20mitenand", Text, "grüezi mitenand".as_bytes()),
        ("data:text/plain;charset=UTF-8,a,b", Text, b"a,b"),
        ("data:text/plain;charset=utf-8;base64,", Text, b""),
        ("data: the new oil, they say", Text, b"data: the new oil, they say"),
        ("data:,x", Text, b"data:,x"),
        ("data:yes/no", Text, b"data:yes/no"),
        ("dat", Text, b"dat"),
        ("", Text, b""),
        ("日本", Text, "日本".as_bytes()),
    ] {
        assert_eq!(url(text), (modality, bytes.to_vec()), "{text}");
    }
    assert!(matches!(part("plain").unwrap().1, Cow::Borrowed(_)));
}

#[test]
fn odd_data_urls_are_refused_by_name() {
    for (text, why) in [
        ("data:video/mp4;base64,AAAA", "video/mp4"),
        ("data:image/png;base64", "comma"),
        ("data:image/png;base64,iVB*Rw==", "base64"),
        ("data:image/png;base64,iVBOR", "base64"),
        ("data:image/png,%8", "percent"),
        ("data:text/plain,50%", "byte 2"),
        ("data:text/plain;charset=latin1,x", "latin1"),
        ("data:text/plain,%FF", "UTF-8"),
    ] {
        let refused = part(text).unwrap_err().to_string();
        assert!(refused.contains(why), "{text}: {refused}");
    }
    let head = format!("data:image/png;name={};base64,AAAA", "x".repeat(300));
    assert!(part(&head).unwrap_err().to_string().contains("comma"));
}

#[test]
fn parts_have_a_largest_size() {
    let limit = PART_BYTES_MAX.to_string();
    let plain = "a".repeat(PART_BYTES_MAX + 1);
    assert!(part(&plain).unwrap_err().to_string().contains(&limit));
    assert_eq!(part(&plain[1..]).unwrap().1.len(), PART_BYTES_MAX);
    for (head, unit, bytes) in [
        ("data:image/png;base64,", "AAAA", 3),
        ("data:image/png,", "%00", 1),
        ("data:image/png,", "A", 1),
    ] {
        let whole = format!("{head}{}", unit.repeat(PART_BYTES_MAX / bytes));
        assert!(part(&whole).unwrap().1.len() + 3 > PART_BYTES_MAX, "{head}");
        let beyond = format!("{whole}{unit}");
        assert!(part(&beyond).unwrap_err().to_string().contains(&limit), "{head}");
    }
}
