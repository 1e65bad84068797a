//! What the real model makes of texts, and what is found again by it.

use std::path::PathBuf;

use her_learn::{Model as Learner, Prediction, Row, Scratch, Target};
use her_lm::{Bases, EMBED_BYTES, LanguageModel, Memory, Message, Model, catalog, embed, unit};
use serde_json::json;

use super::tiny::real;

fn alike(a: &str, b: &str, model: &Model) -> f32 {
    let [a, b] = [a, b].map(|text| {
        let mut vector = embed(model, text).unwrap();
        unit(&mut vector);
        vector
    });
    a.iter().zip(&b).map(|(a, b)| a * b).sum()
}

#[test]
fn a_text_is_a_vector_and_like_texts_are_near() {
    let model = Model::open(&real()).unwrap();
    let vector = embed(&model, "The dog sleeps.").unwrap();
    assert_eq!(vector.len(), 576);
    assert_eq!(embed(&model, "The dog sleeps.").unwrap(), vector, "the same bits again");
    let near = alike("The dog sleeps on the sofa.", "A puppy naps on the couch.", &model);
    let far = alike("The dog sleeps on the sofa.", "Inflation fell to two percent.", &model);
    assert!(near > far + 0.05, "{near} {far}");
    // More than one span: the mean of its parts.
    let long = "All work and no play makes Jack a dull boy. ".repeat(60);
    let short = "All work and no play makes Jack a dull boy. ".repeat(6);
    assert!(alike(&long, &short, &model) > 0.95);
    assert!(embed(&model, "").unwrap_err().0.contains("empty"));
    let most = "a".repeat(EMBED_BYTES + 1);
    assert!(embed(&model, &most).unwrap_err().0.contains("32769 bytes"));
}

#[test]
fn what_was_told_is_put_before_the_model() {
    let model = Model::open(&real()).unwrap();
    let mut memory = Memory::new(100).unwrap();
    for text in [
        "My dog is called Rex.",
        "I work in a bakery in Leeds.",
        "What do you think of jazz?",
        "I broke my arm when I was nine.",
        "My sister moved to Oslo last year.",
    ] {
        memory.hear(&model, "user", text).unwrap();
    }
    assert_eq!(memory.len(), 4, "a question tells nothing");
    let asked = [Message::new("user", "What is the name of my dog?")];
    let reminded = memory.remind(&model, &asked).unwrap();
    assert_eq!((reminded.len(), &*reminded[0].role), (2, "system"));
    assert!(reminded[0].content.contains("The user said: My dog is called Rex."), "{reminded:?}");
    assert_eq!(reminded[1], asked[0]);
    // Beside a system message of the caller's own, and not what was said just now.
    let more = [
        Message::new("system", "Be brief."),
        Message::new("user", "My dog is called Rex."),
        Message::new("assistant", "A fine name."),
        Message::new("user", "Where does my sister live?"),
    ];
    let reminded = memory.remind(&model, &more).unwrap();
    assert_eq!(reminded.len(), 4);
    assert!(reminded[0].content.starts_with("Be brief.\n\n"));
    assert!(reminded[0].content.contains("Oslo") && !reminded[0].content.contains("Rex"));
    let nothing = [Message::new("user", "Two plus three?")];
    assert_eq!(memory.remind(&model, &nothing).unwrap(), nothing, "nothing is alike");
}

#[test]
fn a_classifier_learns_on_top_of_it() {
    let catalog = catalog(Bases::new(real().parent().map(PathBuf::from).unwrap()));
    let embedding = json!({"LanguageEmbedding": {"base": "SmolLM2-135M-Instruct.Q4_1"}});
    let spec = json!([embedding, "StandardScaler", "LogisticRegression"]);
    let mut model = Learner::new(&spec, &catalog).unwrap();
    let told = model.spec().to_string();
    assert!(told.contains("\"digest\":\""), "the base is known by its bytes: {told}");
    // No two share a word that tells: what is alike is what they are about.
    let food = [
        "pasta", "bread", "soup", "cheese", "rice", "an apple", "chicken", "cake", "salad", "fish",
    ];
    let money = [
        "taxes", "a loan", "shares", "rent", "wages", "debts", "profit", "bonds", "a budget",
        "fees",
    ];
    let (mut scratch, mut said) = (Scratch::default(), Prediction::default());
    let mut right = 0;
    for i in 0..10 {
        for (what, truth) in [(food[i], true), (money[i], false)] {
            let row = Row::from_json(&json!({"text": format!("Yesterday it was about {what}.")}));
            let target = Target::Bool(truth);
            model.step(&row.unwrap(), &target, 1.0, &mut said, &mut scratch).unwrap();
            right += usize::from(i >= 5 && (said.positive() > 0.5) == truth);
        }
    }
    assert!(right >= 8, "{right} of the last 10, each of a word that it had not met");
    assert!(model.names().find("embedding[575]").is_some());
    let saved = Learner::load(&model.save(), &catalog).unwrap();
    assert_eq!(saved.save(), model.save());
    let number = Row::from_json(&json!({"text": 3})).unwrap();
    let refused = model.predict(&number, &mut said, &mut scratch).unwrap_err();
    assert!(refused.to_string().contains("reads a text"), "{refused}");
    let stranger = json!({"LanguageEmbedding": {"base": "Nobody"}});
    assert!(Learner::new(&json!([stranger, "LogisticRegression"]), &catalog).is_err());
}

#[test]
fn a_language_model_remembers_what_people_tell_it() {
    let catalog = catalog(Bases::new(real().parent().map(PathBuf::from).unwrap()));
    let spec = json!({"LanguageModel": {"base": "SmolLM2-135M-Instruct.Q4_1", "memories": 2}});
    let mut model = Learner::new(&spec, &catalog).unwrap();
    let (mut scratch, mut said) = (Scratch::default(), Prediction::default());
    let remembered = |model: &Learner| LanguageModel::of(model.root()).unwrap().memory().len();
    for (x, wanted) in [
        (json!({"text": "My dog is called Rex.", "role": "user"}), 1),
        (json!({"text": "What a fine name!", "role": "assistant"}), 1),
        (json!({"text": "What is my dog called?", "role": "user"}), 1),
        (json!({"text": "My cat is called Tom.", "role": "user", "learn": false}), 1),
        (json!({"text": "I live in Leeds.", "role": "user"}), 2),
        (json!({"text": "I work as a baker.", "role": "user"}), 2),
    ] {
        let row = Row::from_json(&x).unwrap();
        model.step(&row, &Target::None, 1.0, &mut said, &mut scratch).unwrap();
        assert_eq!(remembered(&model), wanted, "{x}");
    }
    let row = Row::from_json(&json!({"text": "I am nine.", "role": "user"})).unwrap();
    model.predict(&row, &mut said, &mut scratch).unwrap();
    assert_eq!(remembered(&model), 2, "a prediction remembers nothing");
    let again = Learner::load(&model.save(), &catalog).unwrap();
    assert_eq!(again.save(), model.save());
    let found = LanguageModel::of(again.root())
        .unwrap()
        .memory()
        .alike("my job: baker", &[0.0; 576], 1)
        .iter()
        .map(|found| found.text.to_owned())
        .collect::<Vec<_>>();
    assert_eq!(found, ["I work as a baker."]);
}
