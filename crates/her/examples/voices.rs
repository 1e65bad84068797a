//! How people who talk to language identities are served: how long each waits for the first word,
//! how fast many are answered at once, and what an identity costs, awake and at rest.
//!
//! `cargo run --profile quick -p her --example voices -- MODEL TEXT [PART]`, where MODEL is a GGUF
//! file, TEXT a file of conversations (`cargo xtask data` makes one), and PART one of `first`,
//! `rates` and `many`. Nothing goes over a socket: the turns are those that the server holds.
//! Beside the wall's time stands that of the processor, all threads together: on a machine that
//! others use too it tells more.

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use her::config::{Flags, Settings};
use her::talk::How;
use her::talk::turn::{Host, Told, Turn, told};
use her_identity::House;
use her_identity::event::{Birth, What};
use her_lm::Message;
use serde_json::json;

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Part = fn(&House, &[String]) -> Result<(), Failed>;

/// Messages of a conversation that go along, and tokens of an answer.
const KEPT: usize = 12;
const ANSWER: usize = 16;
/// Turns whose waits are measured, and tokens that each says where rates are.
const TURNS: usize = 24;
const SAID: usize = 96;
/// How long those who rest have to leave memory.
const LEAVING: Duration = Duration::from_secs(2);
/// In how many turns rates are measured.
const ROUNDS: usize = 2;

fn open(dir: &Path, model: &str) -> Result<House, Failed> {
    let bases = dir.join("bases");
    std::fs::create_dir_all(&bases)?;
    let link = bases.join("base.gguf");
    if !link.exists() {
        std::os::unix::fs::symlink(std::fs::canonicalize(model)?, link)?;
    }
    let flags = Flags { data_dir: Some(dir.to_owned()), ..Flags::default() };
    let settings = Settings::load(&flags, &|_| None, &[])?;
    Ok(House::open(settings.house(), settings.catalog())?)
}

fn born(house: &House, name: &str) -> Result<(), Failed> {
    let spec = json!({ "model": { "LanguageModel": { "base": "base" } } });
    house.create(name, &Birth::from_json(&spec)?)?;
    Ok(())
}

/// What people said, of some length.
fn words(path: &str) -> Result<Vec<String>, Failed> {
    let text = std::fs::read_to_string(path)?;
    let said = text.split("<|im_start|>user\n").skip(1);
    let said = said.filter_map(|part| part.split("<|im_end|>").next());
    Ok(said.map(str::trim).filter(|t| t.len() > 20).map(str::to_owned).collect())
}

fn how(tokens: usize, seed: u64) -> How {
    How { tokens: Some(tokens), seed: Some(seed), ..How::default() }
}

/// One turn; what is heard of it is thrown away.
fn turn(
    (house, host): (&House, &Host),
    name: &str,
    messages: &[Message],
    learns: bool,
    how: &How,
) -> Result<Told, Failed> {
    let turn = Turn { messages, conversation: "", learns, how };
    Ok(told(house, name, &turn, host, &mut |_| true)?)
}

/// How long this process was on processors, in seconds; in steps of a hundredth.
fn on_processor() -> Result<f64, Failed> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let rest = text.rsplit(')').next().ok_or("the kernel does not tell")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}

/// The share of sorted figures below which this part of them lies.
fn at(sorted: &[f64], part: f64) -> f64 {
    let i = (part * sorted.len() as f64).ceil() as usize;
    sorted[i.clamp(1, sorted.len()) - 1]
}

/// A conversation that grows: the waits of each turn.
fn waits(of: (&House, &Host), name: &str, words: &[String], learns: bool) -> Result<(), Failed> {
    let mut messages: Vec<Message> = Vec::new();
    let (mut first, mut learning, mut hearing, mut prompts) = (vec![], 0.0, 0.0, 0);
    let mut busy = 0.0;
    for (i, text) in words.iter().cycle().take(TURNS).enumerate() {
        messages.push(Message::new("user", text.clone()));
        let begin = messages.len().saturating_sub(KEPT) / 2 * 2;
        let before = on_processor()?;
        let mut until = None;
        let how = how(ANSWER, i as u64);
        let one = Turn { messages: &messages[begin..], conversation: "", learns, how: &how };
        let told = told(of.0, name, &one, of.1, &mut |text| {
            if !text.is_empty() && until.is_none() {
                until = on_processor().ok();
            }
            true
        })?;
        busy += until.unwrap_or(before) - before;
        first.push(told.seconds.learning + told.seconds.hearing);
        learning += told.seconds.learning;
        hearing += told.seconds.hearing;
        prompts += told.spoken.prompt_tokens;
        messages.push(Message::new("assistant", told.spoken.text));
    }
    first.sort_by(f64::total_cmp);
    let n = TURNS as f64;
    println!(
        "  first word after {:.0} ms (p50), {:.0} (p90), {:.0} (p99); of the mean, learning {:.0} \
         and hearing {:.0}; on processors {:.0}; {:.0} tokens of prompt",
        1e3 * at(&first, 0.5),
        1e3 * at(&first, 0.9),
        1e3 * at(&first, 0.99),
        1e3 * learning / n,
        1e3 * hearing / n,
        1e3 * busy / n,
        prompts as f64 / n
    );
    Ok(())
}

/// Others who talk all the time, each to an identity of their own, while something is done.
fn among<T>(
    of: (&House, &Host),
    others: usize,
    words: &[String],
    work: impl FnOnce() -> Result<T, Failed>,
) -> Result<T, Failed> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let talk = |i: usize| {
            let done = &done;
            move || -> Result<(), Failed> {
                let name = format!("other-{i}");
                for text in words[40 * i..].iter().cycle() {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    let messages = [Message::new("user", text.clone())];
                    turn(of, &name, &messages, true, &how(64, 1))?;
                }
                Ok(())
            }
        };
        let talking: Vec<_> = (0..others).map(|i| scope.spawn(talk(i))).collect();
        let worked = work();
        done.store(true, Ordering::Relaxed);
        for thread in talking {
            thread.join().map_err(|_| "somebody broke off")??;
        }
        worked
    })
}

fn first(house: &House, words: &[String]) -> Result<(), Failed> {
    let mut words = words.to_vec();
    for i in 0..4 {
        born(house, &format!("other-{i}"))?;
    }
    for (how, host) in [("one pass each", Host::default()), ("batched", Host::of_many())] {
        let of = (house, &host);
        for (who, others) in [("alone", 0), ("with 4 others talking", 4)] {
            for learns in [true, false] {
                let name = format!("{}-{others}-{learns}", how.len());
                born(house, &name)?;
                println!("{how}, {who}, learn: {learns}");
                // Other words each time: who has learned nothing knows prompts of others again.
                words.rotate_left(TURNS);
                among(of, others, &words, || waits(of, &name, &words, learns))?;
            }
        }
    }
    Ok(())
}

/// Tokens a second of so many people, all together, and milliseconds of processors that one takes.
fn rate(of: (&House, &Host), people: usize, words: &[String]) -> Result<(f64, f64), Failed> {
    let start = Barrier::new(people);
    let clock = of.0.clock();
    let talk = |i: usize| {
        let start = &start;
        move || -> Result<(u64, u64, usize, f64), Failed> {
            let text = words[i * 8..i * 8 + 6].join(" ");
            let messages = [Message::new("user", text)];
            let name = format!("person-{i}");
            turn(of, &name, &messages, false, &how(1, 1))?;
            start.wait();
            let (begin, before) = (clock.monotonic_ns(), on_processor()?);
            let mut said = 0;
            while said < SAID {
                let told = turn(of, &name, &messages, false, &how(SAID, 7))?;
                said += told.spoken.tokens;
            }
            Ok((begin, clock.monotonic_ns(), said, before))
        }
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..people).map(|i| scope.spawn(talk(i))).collect();
        let all: Result<Vec<_>, Failed> =
            all.into_iter().map(|t| t.join().map_err(|_| "somebody broke off")?).collect();
        let all = all?;
        let begin = all.iter().map(|t| t.0).min().unwrap_or_default();
        let end = all.iter().map(|t| t.1).max().unwrap_or_default();
        let said = all.iter().map(|t| t.2).sum::<usize>() as f64;
        let before = all.iter().map(|t| t.3).fold(f64::INFINITY, f64::min);
        Ok((said * 1e9 / (end - begin) as f64, (on_processor()? - before) * 1e3 / said))
    })
}

fn rates(house: &House, words: &[String]) -> Result<(), Failed> {
    for (i, word) in words.iter().enumerate().take(8) {
        let name = format!("person-{i}");
        born(house, &name)?;
        let taught = [Message::new("user", word.clone())];
        turn((house, &Host::default()), &name, &taught, true, &how(1, 1))?;
    }
    println!("tokens a second of all together, and milliseconds of processors that one takes");
    println!("people   one pass each          batched");
    for people in [1, 2, 4, 8] {
        let mut best = [(0.0f64, f64::INFINITY); 2];
        for _ in 0..ROUNDS {
            for (best, host) in best.iter_mut().zip([Host::default(), Host::of_many()]) {
                let (all, each) = rate((house, &host), people, words)?;
                *best = (best.0.max(all), best.1.min(each));
            }
        }
        let [(one, alone), (all, shared)] = best;
        println!("{people:6} {one:9.1} {alone:9.2}   {all:9.1} {shared:9.2}");
    }
    Ok(())
}

/// How much memory the process holds, in bytes.
fn resident() -> Result<f64, Failed> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let rest = text.split("VmRSS:").nth(1).ok_or("the kernel does not tell")?;
    let kib: f64 = rest.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(kib * 1024.0)
}

fn many(house: &House, words: &[String]) -> Result<(), Failed> {
    let host = Host::of_many();
    let of = (house, &host);
    born(house, "one")?;
    let messages = |i: usize| {
        let i = i % (words.len() - 4);
        [Message::new("user", words[i..i + 3].join(" "))]
    };
    turn(of, "one", &messages(0), true, &how(4, 1))?;
    let before = resident()?;
    println!("the base with one identity: {:.0} MB resident", before / 1e6);
    let mut born_so_far = 0;
    for people in [1, 4, 16, 64] {
        let from = born_so_far;
        for i in from..people {
            born(house, &format!("many-{i}"))?;
            turn(of, &format!("many-{i}"), &messages(i), true, &how(4, 1))?;
        }
        born_so_far = people;
        let awake = (resident()? - before) / people as f64;
        let (mut resting, mut disk) = (0.0, 0);
        for i in 0..people {
            let name = format!("many-{i}");
            resting += house.state_bytes(&name)?.1 as f64;
            let replies = house.submit_wait(&name, vec![house.event(What::Rest)])?;
            replies.into_iter().next().ok_or("no reply")??;
        }
        // They leave memory once their snapshots are on the disk; to look sooner brings them back.
        std::thread::sleep(LEAVING);
        her::resident::give_back();
        let rested = (resident()? - before) / people as f64;
        for i in 0..people {
            disk = disk.max(house.state_bytes(&format!("many-{i}"))?.1);
        }
        let (mut woken, mut again) = (0.0, 0.0);
        for i in 0..people {
            let name = format!("many-{i}");
            let told = turn(of, &name, &messages(i + 7), true, &how(4, 1))?;
            woken += told.seconds.learning / told.learned.tokens.max(1) as f64;
            let told = turn(of, &name, &messages(i + 90), true, &how(4, 1))?;
            again += told.seconds.learning / told.learned.tokens.max(1) as f64;
        }
        let n = people as f64;
        println!(
            "{people:3} awake: {:.1} MB resident each, {:.2} MB of state; at rest {:.2} MB \
             resident each, {:.3} MB on disk at most; learned {:.1} ms a token when woken, then \
             {:.1}",
            awake / 1e6,
            resting / n / 1e6,
            rested / 1e6,
            disk as f64 / 1e6,
            1e3 * woken / n,
            1e3 * again / n
        );
    }
    Ok(())
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ([model, text] | [model, text, _]) = arguments.as_slice() else {
        return Err("give MODEL TEXT [PART]".into());
    };
    let words = words(text)?;
    if words.len() < 200 {
        return Err(format!("{} messages; give a longer text", words.len()).into());
    }
    let wanted = arguments.get(2).map(String::as_str);
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!("speaking by {}; load {}", her_lm::kernel::speaking(), load.trim());
    for (name, part) in [("first", first as Part), ("rates", rates), ("many", many)] {
        if wanted.is_none_or(|wanted| wanted == name) {
            let dir = tempfile::tempdir()?;
            let house = open(dir.path(), model)?;
            part(&house, &words)?;
            house.close();
        }
    }
    Ok(())
}
