//! Reads a text as it comes, and says what each of its tokens cost by who predicted them: the
//! frozen base, the learner, the learner with what was just said, and the mixture of the three.
//!
//! `cargo run -p her-lm --example stream -- MODEL TEXT [TOKENS]`, where TEXT is a file. Each chunk
//! of 32 tokens is predicted before it is learned. Two lines of JSON each 1,024 tokens: since the
//! beginning, and since the lines before.

use her_lm::{Bits, Learner, Mixture, Model, Settings, Spec, kernel};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ([model, text] | [model, text, _]) = arguments.as_slice() else {
        return Err("give MODEL TEXT [TOKENS]".into());
    };
    let most: usize = arguments.get(2).map_or(Ok(usize::MAX), |n| n.parse())?;
    let model = Model::open(model.as_ref())?;
    let mut tokens = model.tokens.encode(&std::fs::read_to_string(text)?)?;
    tokens.truncate(most);
    let learner = Learner::new(&model.base, Spec { rank: 4, seed: 1 }, Settings::default())?;
    let mut mixture = Mixture::new(learner);
    let mut before = Bits::default();
    for part in tokens.chunks(1024) {
        mixture.read(&model.base, part, true)?;
        let bits = mixture.bits();
        let each =
            |of: fn(&Bits) -> f64| (of(&bits) - of(&before)) / (bits.scored - before.scored) as f64;
        println!("{}", line(&bits, "whole", |of| of(&bits) / bits.scored as f64, &mixture));
        println!("{}", line(&bits, "newest", each, &mixture));
        before = bits;
    }
    Ok(())
}

fn line(
    bits: &Bits,
    what: &str,
    each: impl Fn(fn(&Bits) -> f64) -> f64,
    mixture: &Mixture,
) -> String {
    let [base, learner, recall] = mixture.weights();
    format!(
        "{{\"tokens\":{},\"of\":\"{what}\",\"frozen\":{:.4},\"learned\":{:.4},\"recalled\":{:.4},\
         \"mixed\":{:.4},\"regret\":{:.3},\"weights\":[{base:.3},{learner:.3},{recall:.3}],\
         \"kernel\":\"{}\"}}",
        bits.scored,
        each(|b| b.frozen),
        each(|b| b.learned),
        each(|b| b.recalled),
        each(|b| b.mixed),
        bits.regret,
        kernel::name(),
    )
}
