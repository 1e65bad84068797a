//! Whether a sentence model's vectors tell like texts from others: what a wrong tokenizer, or
//! weights that are not what the file says, cannot.

use serde::Serialize;

use super::Verdict;
use crate::embed::unit;
use crate::error::Result;
use crate::math::dot;
use crate::sentence::SentenceModel;

/// A sentence, one that says the like in other words, and one that does not but is built the same:
/// who goes by shared words alone finds a handful right.
pub const TRIPLES: [[&str; 3]; 24] = [
    [
        "The doctor examined the patient.",
        "A nurse looked after someone ill.",
        "The farmer repaired the tractor.",
    ],
    [
        "Stocks fell sharply on Monday.",
        "Share prices dropped at the market.",
        "Leaves turned golden in autumn.",
    ],
    ["A dog sleeps on the sofa.", "The puppy naps upon a couch.", "A bank raises the interest."],
    [
        "My car will not start.",
        "The engine of this vehicle is broken.",
        "My soup tastes of garlic.",
    ],
    ["It rained all day.", "Wet weather and storms until evening.", "They argued about money."],
    ["He plays the violin.", "Musicians practise an instrument.", "He paints the fence."],
    [
        "The president signed a law.",
        "Government passes new legislation.",
        "The child built a sandcastle.",
    ],
    [
        "She baked bread this morning.",
        "Fresh loaves came out of an oven.",
        "She missed a train this evening.",
    ],
    [
        "Children are playing football.",
        "Kids kick a soccer ball around.",
        "Children are sleeping quietly.",
    ],
    [
        "The aircraft landed safely.",
        "A plane touched down at an airport.",
        "The chef cooked slowly.",
    ],
    [
        "Our internet connection is slow.",
        "Web pages take ages to load on this network.",
        "Our wedding reception is soon.",
    ],
    [
        "I forgot my password.",
        "How can I recover access to an account login?",
        "I cleaned my kitchen.",
    ],
    [
        "The ocean is full of fish.",
        "Many creatures swim in the sea.",
        "The office is full of paper.",
    ],
    ["Police arrested a thief.", "An officer caught the burglar.", "Tourists admired a cathedral."],
    ["The movie was boring.", "A dull film, we nearly fell asleep.", "The mountain was steep."],
    [
        "Students took the exam.",
        "Pupils wrote a difficult school test.",
        "Fishermen took the boat.",
    ],
    [
        "Prices of petrol are rising.",
        "Fuel costs more than before.",
        "Numbers of tigers are falling.",
    ],
    ["The baby is crying.", "An infant weeps loudly.", "The bridge is closing."],
    ["The king lives in a castle.", "A monarch's palace.", "The clerk works in a shop."],
    [
        "We flew to Paris for a holiday.",
        "Vacation trip by plane to France.",
        "We voted against a motion for a reason.",
    ],
    ["Bacteria cause infections.", "Germs make people sick.", "Lawyers write contracts."],
    ["The sun is a star.", "Astronomers study planets and galaxies.", "The pen is a gift."],
    [
        "Please refund my order.",
        "I want the money back for this purchase.",
        "Please describe my garden.",
    ],
    ["He lost his job.", "The worker was fired by an employer.", "He heard his song."],
];

/// So many of a hundred triples must be right for a model that is fit, and for one that is not
/// unfit.
const FIT: usize = 85;
const UNFIT: usize = 70;

/// How many sentences are timed.
const TIMED: usize = 48;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Alike {
    /// How many triples there are.
    pub triples: usize,
    /// In how many of them the like sentence has the nearer vector.
    pub right: usize,
    /// By how much the cosine of like sentences is above that of others, on average.
    pub margin: f64,
}

/// How fast it is on one thread, here and now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Sentences of some eight tokens a second, one at a time.
    pub sentences_per_s: f64,
    /// Tokens of a text as long as it reads at once.
    pub tokens_per_s: f64,
}

/// How well its vectors tell like sentences from others.
pub fn alike(model: &SentenceModel) -> Result<Alike> {
    let (mut right, mut margin) = (0, 0.0);
    for triple in &TRIPLES {
        let mut vectors = Vec::with_capacity(triple.len());
        for text in triple {
            let mut vector = model.embed(text)?;
            unit(&mut vector);
            vectors.push(vector);
        }
        let more = dot(&vectors[0], &vectors[1]) - dot(&vectors[0], &vectors[2]);
        right += usize::from(more > 0.0);
        margin += f64::from(more) / TRIPLES.len() as f64;
    }
    Ok(Alike { triples: TRIPLES.len(), right, margin })
}

/// How fast it is; `now` tells nanoseconds.
pub fn rates(model: &SentenceModel, now: &dyn Fn() -> u64) -> Result<Rates> {
    let per_s = |n: usize, start: u64| n as f64 * 1e9 / (now() - start).max(1) as f64;
    let texts: Vec<&str> = TRIPLES.iter().flatten().copied().take(TIMED).collect();
    let start = now();
    for text in &texts {
        model.embed(text)?;
    }
    let sentences_per_s = per_s(texts.len(), start);
    let tokens = model.tokens.encode(super::TEXT)?.len();
    let start = now();
    model.embed(super::TEXT)?;
    Ok(Rates { sentences_per_s, tokens_per_s: per_s(tokens, start) })
}

/// What to make of it, and why.
pub fn verdict(alike: &Alike) -> (Verdict, String) {
    let Alike { triples, right, .. } = *alike;
    let share = right * 100 / triples.max(1);
    let told = format!("{right} of {triples} like sentences are nearer than others");
    match share {
        FIT.. => (Verdict::Fit, told),
        UNFIT.. => {
            let why = format!("{told}: small, or trained on other languages than English");
            (Verdict::Weak, why)
        }
        _ => {
            let why = format!(
                "{told}: its weights or its tokens are not what the files say; give it with its own \
                 tokenizer.json"
            );
            (Verdict::Unfit, why)
        }
    }
}
