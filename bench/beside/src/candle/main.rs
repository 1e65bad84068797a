//! The language model's rates beside candle's, in one run: learned, scored, heard and spoken.
//!
//! `cargo run --release --bin candle -- MODEL TEXT check` tells whether both compute the same: what
//! a text costs, the logits after it, what is learned of it.
//! `… MODEL TEXT one [SECONDS]` measures on one thread, ours and candle's in one process: every
//! line so many seconds (2 unless said) in three turns, a turn of each line after the other, so
//! that what else happens hits all alike. `… MODEL TEXT two [SECONDS]` measures on two cores: two
//! processes at once of one thread each, which is how ours use them, and candle with two threads.
//!
//! MODEL is a GGUF file of a Llama, TEXT a file of 20,000 letters. Medians of the turns, in
//! Markdown.

mod llama;
mod ours;
mod rates;
mod theirs;

use std::path::Path;
use std::rc::Rc;

use her_lm::{Adapter, Cache, Learner, Model, Settings, Want, kernel};

use llama::{Gradients, WINDOW};
use rates::Row;
use theirs::{Candle, Learning, Reads};

type Failed = Box<dyn std::error::Error + Send + Sync>;
/// Works a little, and says how many tokens that were.
type Work = Box<dyn FnMut() -> Result<usize, Failed>>;

/// How many tokens a voice has heard before it speaks, and how many it says then.
const HEARD: usize = 128;
const SAID: usize = 64;
/// Over how many tokens it is checked that the same is computed.
const CHECKED: usize = 1024;

/// A text that begins again at its end.
#[derive(Clone, Copy)]
struct Text {
    tokens: &'static [u32],
    at: usize,
}

impl Text {
    fn next(&mut self, n: usize) -> &'static [u32] {
        if self.at + n > self.tokens.len() {
            self.at = 0;
        }
        self.at += n;
        &self.tokens[self.at - n..self.at]
    }
}

struct Room {
    model: &'static Model,
    text: Text,
}

impl Room {
    fn open(model: &str, text: &str) -> Result<Self, Failed> {
        let model: &'static Model = Box::leak(Box::new(Model::open(Path::new(model))?));
        let tokens = model.tokens.encode(&std::fs::read_to_string(text)?)?;
        if tokens.len() <= CHECKED {
            let n = tokens.len();
            return Err(format!("{n} tokens of text; give more than {CHECKED}").into());
        }
        Ok(Self { model, text: Text { tokens: tokens.leak(), at: 0 } })
    }

    /// An adapter that has learned nothing.
    fn adapter(&self) -> Result<Adapter, Failed> {
        Ok(Adapter::new(&self.model.base.config, ours::SPEC)?)
    }

    fn rows_of_ours(&self) -> Result<Vec<Row>, Failed> {
        let (base, text) = (&self.model.base, self.text);
        let mut rows = vec![
            Row::new("learned, 32 at once", "her, alone", ours::learned(base, text, false)?),
            Row::new(
                "learned, 32 at once",
                "her, in the mixture",
                ours::learned(base, text, true)?,
            ),
        ];
        let all = [("scored", Want::All), ("heard", Want::Last)];
        for (what, want) in all {
            for (chunk, who, low) in
                [(32, "her, f32", false), (32, "her, few bits", true), (WINDOW, "her, f32", false)]
            {
                let work = ours::read(base, text, chunk, want, low);
                rows.push(Row::new(&format!("{what}, {chunk} at once"), who, work));
            }
        }
        let one = ours::read(base, text, 1, Want::Last, false);
        rows.push(Row::new("spoken", "her, f32, no adapter", one));
        rows.push(Row::new("spoken", "her, few bits, adapter", ours::spoken(base, text)?));
        Ok(rows)
    }

    fn rows_of_candle(&self, candle: &Candle) -> Result<Vec<Row>, Failed> {
        let (own, text) = (&candle.own, self.text);
        let mut rows = Vec::new();
        let ways = [
            ("candle, f32", Gradients::All),
            ("candle, f32, no frozen gradients", Gradients::Learned),
        ];
        for (who, gradients) in ways {
            let work = theirs::learned(Rc::clone(own), &self.adapter()?, text, gradients)?;
            rows.push(Row::new("learned, 32 at once", who, work));
        }
        for chunk in [32, WINDOW] {
            let work = theirs::scored(Rc::clone(own), text, chunk);
            rows.push(Row::new(&format!("scored, {chunk} at once"), "candle, f32", work));
        }
        let plain = &candle.plain;
        for chunk in [32, WINDOW] {
            let what = format!("heard, {chunk} at once");
            rows.push(Row::new(&what, "candle, f32", theirs::heard(plain.clone(), text, chunk)));
        }
        for (who, model) in &candle.quantised {
            let work = theirs::heard(model.clone(), text, 32);
            rows.push(Row::new("heard, 32 at once", who, work));
        }
        rows.push(Row::new("spoken", "candle, f32", theirs::spoken(plain.clone(), text)?));
        for (who, model) in &candle.quantised {
            rows.push(Row::new("spoken", who, theirs::spoken(model.clone(), text)?));
        }
        Ok(rows)
    }

    /// The logits after a beginning of the text, beside ours in f32: the greatest difference, as a
    /// share of the largest logit, and whether the likeliest token is the same.
    fn compare(&self, who: &str, mut model: impl Reads) -> Result<f64, Failed> {
        let part = &self.text.tokens[..100];
        let ours = self.model.base.read(None, &mut Cache::default(), part, Want::Last)?.logits;
        // In two passes: what was read before has to be seen too.
        model.read(&part[..60], 0)?;
        let theirs = theirs::row(&model.read(&part[60..], 60)?)?;
        let most = |of: &[f32]| (0..of.len()).max_by(|a, b| of[*a].total_cmp(&of[*b]));
        let largest = ours.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        let off = ours.iter().zip(&theirs).fold(0.0, |most: f32, (a, b)| most.max((a - b).abs()));
        let share = f64::from(off / largest);
        let same = most(&ours) == most(&theirs);
        println!("logits, {who:26} {share:.6} of the largest off; likeliest the same: {same}");
        Ok(share)
    }

    /// Whether both compute the same.
    fn check(&self, candle: &Candle) -> Result<(), Failed> {
        let part = &self.text.tokens[..=CHECKED];
        let (exact, low) =
            (ours::cost(self.model, part, false)?, ours::cost(self.model, part, true)?);
        let theirs = theirs::cost(&candle.own, part)?;
        println!("bits a token over {CHECKED} tokens, frozen");
        println!("  her, f32 {exact:.5}; her, few bits {low:.5}; candle, f32 {theirs:.5}");
        let plain = self.compare("candle, f32", candle.plain.clone())?;
        if (exact - theirs).abs() > 1e-3 || plain > 1e-3 {
            return Err("candle computes something else in f32; nothing can be compared".into());
        }
        for (who, model) in &candle.quantised {
            self.compare(who, model.clone())?;
        }
        let mut learner = Learner::new(&self.model.base, ours::SPEC, Settings::default())?;
        let reading = learner.read(&self.model.base, part, true)?;
        println!("bits a token over {CHECKED} tokens, each chunk learned after it was predicted");
        print!("  her, f32 {:.5}", reading.bits / reading.scored as f64);
        for (who, gradients) in [("all", Gradients::All), ("learned", Gradients::Learned)] {
            let own = Rc::clone(&candle.own);
            let mut learning = Learning::new(own, &self.adapter()?, part[0], gradients)?;
            let mut bits = 0.0;
            for targets in part[1..].chunks(32) {
                bits += learning.learn(targets)? * targets.len() as f64;
            }
            print!("; candle, f32, {who} gradients {:.5}", bits / CHECKED as f64);
        }
        println!();
        Ok(())
    }
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [model, text, "check"] => Room::open(model, text)?.check(&Candle::open(Path::new(model))?),
        [model, text, "one"] => rates::one(model, text, "2"),
        [model, text, "one", seconds] => rates::one(model, text, seconds),
        [model, text, "two"] => rates::two(model, text, "2"),
        [model, text, "two", seconds] => rates::two(model, text, seconds),
        // One process of those that these start.
        [model, text, "process", seconds, who] => {
            let (room, mut rows) = (Room::open(model, text)?, Vec::new());
            if *who != "candle" {
                rows.extend(room.rows_of_ours()?);
            }
            if *who != "her" {
                rows.extend(room.rows_of_candle(&Candle::open(Path::new(model))?)?);
            }
            if *who != "all" {
                // What takes seconds each time is measured on one core only.
                rows.retain(Row::is_short);
            }
            eprintln!("kernels of ours: {} and {}", kernel::name(), kernel::speaking());
            rates::process(rows, seconds.parse()?)
        }
        _ => Err("give MODEL TEXT and `check`, `one` or `two`; after these, seconds".into()),
    }
}
