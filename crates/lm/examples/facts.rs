//! Facts that are told once, and asked in a fresh conversation: who knows them?
//!
//! `cargo run -p her-lm --example facts -- MODEL`. Thirty facts are told as messages of a user.
//! Then each is asked for, by the base alone, with memories put before it, by what the weights
//! learned from the telling, all of it or as far as it is trusted, and with memories too; and so
//! are twenty questions that have nothing to do with the facts, to see whose answers change. An
//! answer counts when it has the word that was told. Lines of JSON.

use std::sync::Arc;

use her_lm::memory::Found;
use her_lm::{
    Adapter, Learner, Manner, Memory, Message, Mixture, Model, Sampler, Settings, Spec, Voice,
};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

/// What was told, what is asked, and the words of which the answer must have one.
const FACTS: [(&str, &str, &str); 30] = [
    ("My dog is called Rex.", "What is the name of my dog?", "rex"),
    ("I work as a baker.", "What is my job?", "bak"),
    ("My sister lives in Oslo.", "In which city does my sister live?", "oslo"),
    ("I am allergic to peanuts.", "Which food am I allergic to?", "peanut"),
    ("My favourite colour is teal.", "What is my favourite colour?", "teal"),
    ("I was born in 1987.", "In which year was I born?", "1987"),
    ("My car is a green Volvo.", "Which car do I drive?", "volvo"),
    ("I play the cello on Tuesdays.", "Which instrument do I play?", "cello"),
    ("My brother's name is Anselm.", "What is my brother called?", "anselm"),
    (
        "I drink my coffee without sugar.",
        "How do I take my coffee?",
        "without sugar|no sugar|black",
    ),
    ("The code of my bicycle lock is 4711.", "What is the code of my bicycle lock?", "4711"),
    ("My doctor is called Dr. Okafor.", "Who is my doctor?", "okafor"),
    ("I grew up on a farm near Leeds.", "Where did I grow up?", "leeds|farm"),
    ("My wedding day was in October.", "In which month did I get married?", "october"),
    ("I have three cats.", "How many cats do I have?", "three|3"),
    ("My best friend is Yusuf.", "Who is my best friend?", "yusuf"),
    ("I study marine biology.", "What do I study?", "marine|biology"),
    ("My flight leaves on Friday at noon.", "On which day does my flight leave?", "friday"),
    ("I am reading a book about volcanoes.", "What is my book about?", "volcano"),
    ("My shoe size is 43.", "What is my shoe size?", "43"),
    ("My grandmother came from Portugal.", "Where was my grandmother from?", "portug"),
    ("I am learning to speak Finnish.", "Which language am I learning?", "finnish"),
    ("My office is on the ninth floor.", "On which floor is my office?", "ninth|9"),
    ("I broke my left arm last winter.", "Which bone did I break?", "arm"),
    ("My neighbour keeps bees.", "What does my neighbour keep?", "bee"),
    ("I want to travel to Patagonia.", "Where do I want to travel?", "patagonia"),
    ("My daughter goes to Hill School.", "Which school does my daughter go to?", "hill"),
    ("I paid 60 euros for my jacket.", "How much was my jacket?", "60|sixty"),
    ("My favourite author is Le Guin.", "Who is my favourite author?", "le guin"),
    ("The plants need water on Sundays.", "When do the plants need water?", "sunday"),
];

/// What has nothing to do with them.
const OTHERS: [&str; 20] = [
    "What is the capital of France?",
    "How many legs does a spider have?",
    "What do plants need to grow?",
    "Write one sentence about the sea.",
    "What is two plus three?",
    "Name a planet of the solar system.",
    "What is the opposite of cold?",
    "Why is the sky blue?",
    "Name three fruits.",
    "What is a triangle?",
    "How do birds fly?",
    "What is the largest ocean?",
    "Say hello in Spanish.",
    "What is ice made of?",
    "Who wrote Romeo and Juliet?",
    "What does a clock show?",
    "Name an animal that swims.",
    "What is the first month of the year?",
    "What is a library?",
    "How many days has a week?",
];

/// Tokens of an answer.
const ANSWER: usize = 20;

/// What is said to each of some conversations, the likeliest word by word, all of them together.
fn answers(
    model: &Model,
    adapter: Option<&Arc<Adapter>>,
    conversations: &[Vec<Message>],
) -> Result<Vec<String>, Failure> {
    let chat = model.chat.as_ref().ok_or("the model has no template for conversations")?;
    let manner = Manner { temperature: 0.0, ..Manner::default() };
    let mut voices = Vec::new();
    for messages in conversations {
        let mut voice = Voice::new(adapter.map(Arc::clone));
        voice.hear(&model.base, &model.tokens.encode(&chat.render(messages, true)?)?)?;
        voices.push((voice, Sampler::new(manner)?));
    }
    let mut said = vec![Vec::new(); voices.len()];
    for _ in 0..ANSWER {
        let mut all: Vec<_> = voices.iter_mut().map(|(voice, by)| (voice, by)).collect();
        let tokens = Voice::say_together(&model.base, &mut all, 0);
        for (said, token) in said.iter_mut().zip(tokens) {
            said.push(token?.token);
        }
    }
    let text = |said: &Vec<u32>| -> Result<String, Failure> {
        let end = said.iter().position(|token| Some(*token) == model.tokens.end);
        let text = model.tokens.decode(&said[..end.unwrap_or(said.len())])?;
        Ok(text.trim().replace('\n', " "))
    };
    said.iter().map(text).collect()
}

/// What the weights learn when the facts are told, each once, as messages.
fn told(model: &Model) -> Result<Mixture, Failure> {
    let chat = model.chat.as_ref().ok_or("the model has no template for conversations")?;
    let learner = Learner::new(&model.base, Spec { rank: 4, seed: 1 }, Settings::default())?;
    let mut mixture = Mixture::new(learner);
    for (fact, _, _) in FACTS {
        let tokens = model.tokens.encode(&chat.render(&[Message::new("user", fact)], false)?)?;
        mixture.begin_anew();
        mixture.read(&model.base, &tokens, true)?;
    }
    Ok(mixture)
}

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("give MODEL")?;
    let model = Model::open(path.as_ref())?;
    let mut memory = Memory::new(her_lm::memory::MEMORIES)?;
    for (fact, _, _) in FACTS {
        memory.hear(&model, "user", fact)?;
    }
    found(&model, &memory)?;
    let mixture = told(&model)?;
    println!("{}", json!({ "trust": 1.0 - mixture.weights()[0] }));
    let adapter = Arc::new(mixture.learner().adapter().clone());
    let trusted = Arc::new(mixture.trusted());
    let asked: Vec<&str> = FACTS.iter().map(|fact| fact.1).chain(OTHERS).collect();
    let mut plain = Vec::new();
    for (way, adapter, reminds) in [
        ("base", None, false),
        ("memory", None, true),
        ("weights", Some(&adapter), false),
        ("both", Some(&adapter), true),
        ("weights, as far as trusted", Some(&trusted), false),
        ("both, as far as trusted", Some(&trusted), true),
    ] {
        let mut conversations = Vec::new();
        for asked in &asked {
            let messages = vec![Message::new("user", *asked)];
            let reminded = if reminds { memory.remind(&model, &messages)? } else { messages };
            conversations.push(reminded);
        }
        let said = answers(&model, adapter, &conversations)?;
        let (told, strange) = said.split_at(FACTS.len());
        if plain.is_empty() {
            plain = strange.to_vec();
        }
        let mut right = 0;
        for ((fact, _, wanted), said) in FACTS.iter().zip(told) {
            let fine = wanted.split('|').any(|word| said.to_lowercase().contains(word));
            right += usize::from(fine);
            println!("{}", json!({ "way": way, "fact": fact, "said": said, "fine": fine }));
        }
        for (asked, said) in OTHERS.iter().zip(strange) {
            println!("{}", json!({ "way": way, "asked": asked, "said": said }));
        }
        let reminded = |of: &[Vec<Message>]| of.iter().filter(|of| of.len() > 1).count();
        println!(
            "{}",
            json!({
                "way": way, "answered": right, "of": FACTS.len(),
                "reminded": reminded(&conversations[..FACTS.len()]),
                "unrelated_changed": strange.iter().zip(&plain).filter(|(a, b)| a != b).count(),
                "of_unrelated": OTHERS.len(),
                "unrelated_reminded": reminded(&conversations[FACTS.len()..]),
            })
        );
    }
    Ok(())
}

/// How often the right memory is among the first one, two, three: by meaning, by words, by both.
fn found(model: &Model, memory: &Memory) -> Result<(), Failure> {
    type Way = fn(&Found<'_>) -> f32;
    let ways: [(&str, Way); 3] =
        [("meaning", |f| f.meaning), ("words", |f| f.words), ("both", |f| f.score)];
    for (way, by) in ways {
        let mut within = [0; 3];
        let (mut best, mut strange) = (Vec::new(), Vec::new());
        for (fact, asked, _) in FACTS {
            let mut all = memory.recall(model, asked, FACTS.len())?;
            all.sort_by(|a, b| by(b).total_cmp(&by(a)));
            let at = all.iter().position(|found| found.text == fact);
            (0..3).for_each(|n| within[n] += usize::from(at.is_some_and(|at| at <= n)));
            best.extend(all.iter().find(|found| found.text == fact).map(by));
        }
        for asked in OTHERS {
            let all = memory.recall(model, asked, FACTS.len())?;
            strange.extend(all.iter().map(by).reduce(f32::max));
        }
        best.sort_by(f32::total_cmp);
        strange.sort_by(f32::total_cmp);
        let at = |of: &[f32]| [1, 2, 3].map(|quarter| of[of.len() * quarter / 4]);
        println!(
            "{}",
            json!({
                "found_by": way, "within": within, "of": FACTS.len(),
                "quarters_of_right_scores": at(&best), "quarters_of_best_unrelated": at(&strange),
            })
        );
    }
    Ok(())
}
