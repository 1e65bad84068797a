//! What a message is worth: the same lesson sent as text and as a vector, and what each does for
//! who gets it.
//!
//! A teacher and a student know the same; the teacher reads on. The student gets the lesson as the
//! events that the teacher read, compressed, or as the rounded difference of the teacher's sums.
//! What it is worth is what it saves on events that neither has seen: nats of code length, against
//! the student without the message (the shadow).
//!
//! **Source** Zhang, W. et al., 2020. Measuring information transfer in neural networks
//! (prequential code length as what was transferred). Coupé, C. et al., 2019. Different languages,
//! similar encoding efficiency (39 bits a second).

use std::fmt::Write as _;
use std::path::Path;

use her_identity::event::{Birth, Event as Told, What};
use her_identity::journal::IdentityId;
use her_identity::sync::{Codec, Exchange, Origin, Peer, pack};
use her_identity::turn::{Desk, State};
use her_identity::{Error, Result};
use her_learn::merge::Sums;
use her_learn::{Catalog, Model, Prediction, Row, Scratch, Target, math};
use serde_json::{Value, json};

use super::dense::invalid;
use crate::cli::context::Context;
use crate::sync::shortest;
use crate::sync::speech::{WORDS_S, say_s};

/// Words of one event.
const WORDS: usize = 4;
/// One event in so many is kept for the examination.
const EXAM_OF: usize = 10;
/// Bytes of text that both know before.
const BEFORE: usize = 20_000;
/// Bytes of the lessons.
const LESSONS: [usize; 7] = [200, 600, 2_000, 10_000, 50_000, 200_000, 2_000_000];
/// Messages of the lesson that comes in parts, and bytes of text between them.
const ROUNDS: usize = 20;
const ROUND: usize = 10_000;
/// The share of the gain that a codec has to keep to be sent.
const KEPT: f64 = 0.97;
/// Every word has a place of its own; words of one place are told apart by nobody.
const SPEC: &str = r#"["BagOfWords", {"FeatureHasher": {"n_features": 16384}},
                      {"LogisticRegression": {"optimizer": {"SGD": {"lr": 0.3}}}}]"#;

struct Event {
    text: String,
    german: bool,
}

/// Measures, and tells a lesson a line.
pub fn run(data: &Path, cx: &Context) -> Result<()> {
    let lines = measure(data)?;
    for line in &lines {
        cx.answer(line, || text(line))?;
    }
    let even = break_even(&lines);
    let told =
        even.map_or("none between these lessons".to_owned(), |bytes| format!("{bytes:.0} bytes"));
    cx.say(&format!("as short either way, in text read: {told}"));
    Ok(())
}

/// A line for each lesson.
fn measure(data: &Path) -> Result<Vec<Value>> {
    let events = events(data)?;
    let (mut exam, mut rest) = (Vec::new(), Vec::new());
    for (i, event) in events.into_iter().enumerate() {
        if i % EXAM_OF == 0 { exam.push(event) } else { rest.push(event) }
    }
    let mut base = model()?;
    let at = learn(&mut base, &rest, BEFORE)?;
    let before = base.sums();
    let (shadow, mut lines) = (loss(&base, &exam)?, Vec::new());
    for bytes in LESSONS {
        let mut teacher = model()?;
        teacher.set_sums(&before).map_err(invalid)?;
        let read = learn(&mut teacher, &rest[at..], bytes)?;
        let lesson = &rest[at..at + read];
        let raw: usize = lesson.iter().map(|event| event.text.len()).sum();
        if raw < bytes {
            return Err(Error::invalid(format!(
                "the texts under {} hold {raw} bytes, this case needs {bytes}",
                data.display()
            )));
        }
        let mut line = line(&base, &before, &teacher, lesson, &exam, shadow)?;
        chosen(&mut line, &rest[..at], lesson)?;
        lines.push(line);
    }
    lines.push(in_rounds(&before, &rest[at..], &exam, shadow)?);
    Ok(lines)
}

/// A lesson in twenty parts, each followed by a message: with what rounding left kept for the next
/// one (error feedback), and with that thrown away.
fn in_rounds(before: &Sums, lesson: &[Event], exam: &[Event], shadow: f64) -> Result<Value> {
    let mut teacher = model()?;
    teacher.set_sums(before).map_err(invalid)?;
    let (mut at, mut steps, mut last) = (0, Vec::new(), before.clone());
    for _ in 0..ROUNDS {
        at += learn(&mut teacher, &lesson[at..], ROUND)?;
        let now = teacher.sums();
        let mut step = now.clone();
        step.sub(&last);
        step.trim();
        last = now;
        steps.push(step);
    }
    let gain = shadow - loss(&teacher, exam)?;
    let mut forms = Vec::new();
    for codec in Codec::ROUNDING {
        for feedback in [true, false] {
            let (mut got, mut left, mut bytes) = (before.clone(), Sums::default(), 0);
            for step in &steps {
                left.add(step);
                let rounded = codec.round(&left, teacher.merge());
                left.sub(&rounded);
                left.trim();
                if !feedback {
                    left = Sums::default();
                }
                bytes += compressed(&pack::pack(&rounded))?;
                got.add(&rounded);
            }
            let mut student = model()?;
            student.set_sums(&got).map_err(invalid)?;
            let kept = (shadow - loss(&student, exam)?) / gain;
            forms.push(json!({
                "codec": codec.name(),
                "feedback": feedback,
                "bytes": bytes,
                "gain_kept": kept,
            }));
        }
    }
    Ok(json!({ "case": "sync", "rounds": ROUNDS, "text_bytes": ROUNDS * ROUND, "codecs": forms }))
}

fn line(
    base: &Model,
    before: &Sums,
    teacher: &Model,
    lesson: &[Event],
    exam: &[Event],
    shadow: f64,
) -> Result<Value> {
    let told = compressed(&as_text(lesson))?;
    let gain = shadow - loss(teacher, exam)?;
    let mut learned = teacher.sums();
    learned.sub(before);
    learned.trim();
    let (mut forms, mut least): (Vec<Value>, Option<usize>) = (Vec::new(), None);
    for codec in Codec::ROUNDING {
        let rounded = codec.round(&learned, base.merge());
        let bytes = compressed(&pack::pack(&rounded))?;
        let mut student = model()?;
        let mut sums = before.clone();
        sums.add(&rounded);
        student.set_sums(&sums).map_err(invalid)?;
        let got = shadow - loss(&student, exam)?;
        if got >= KEPT * gain {
            least = Some(least.map_or(bytes, |least| least.min(bytes)));
        }
        forms.push(json!({
            "codec": codec.name(),
            "bytes": bytes,
            "gain_kept": got / gain,
            "nats_per_byte": got * exam.len() as f64 / bytes as f64,
        }));
    }
    let delta = least.unwrap_or(usize::MAX);
    let words: usize = lesson.iter().map(|event| event.text.split(' ').count()).sum();
    let smaller = delta.min(told);
    Ok(json!({
        "case": "sync",
        "events": lesson.len(),
        "text_bytes": lesson.iter().map(|event| event.text.len()).sum::<usize>(),
        "loss_before": shadow,
        "loss_after": shadow - gain,
        "text_compressed": told,
        "delta_bytes": least,
        "smaller_bytes": smaller,
        "exchange_rate": least.map(|bytes| told as f64 / bytes as f64),
        "nats_per_byte_text": gain * exam.len() as f64 / told as f64,
        "nats_per_byte_smaller": gain * exam.len() as f64 / smaller as f64,
        "spoken_s": words as f64 / WORDS_S,
        "codecs": forms,
    }))
}

/// What `--codec auto` sends of a lesson, chosen by an identity that knows its own events only.
fn chosen(line: &mut Value, before: &[Event], lesson: &[Event]) -> Result<()> {
    let spec: Value = serde_json::from_str(SPEC).map_err(|e| Error::invalid(e.to_string()))?;
    let (mut desk, catalog) = (Desk::default(), Catalog::builtin());
    let mut teacher = State::born(Birth::from_json(&json!({ "model": spec }))?, &catalog)?;
    let mut turn = |what| {
        let event = Told { at_ms: 0, request: None, what };
        teacher.turn(&event, &mut desk).map(drop)
    };
    let learn = |event: &Event| -> Result<What> {
        Ok(What::Learn { row: row(event)?, target: Target::Bool(event.german), weight: 1.0 })
    };
    before.iter().try_for_each(|event| turn(learn(event)?))?;
    let me = Origin { peer: Peer { key: [0; 32], identity: IdentityId([0; 16]) }, life: 0 };
    turn(What::Sync(Box::new(Exchange::new(me, Codec::Exact))))?;
    lesson.iter().try_for_each(|event| turn(learn(event)?))?;
    let offers = teacher.offers(&mut desk)?;
    let auto = shortest(&offers)?;
    let size = |codec| -> Result<Option<usize>> {
        let offer = offers.iter().find(|offer| offer.codec == codec);
        offer.map(|offer| compressed(&offer.content.to_bytes())).transpose()
    };
    let (events, bytes) = (size(Codec::Events)?, size(auto)?);
    line["auto"] = auto.name().into();
    line["auto_bytes"] = bytes.into();
    line["events_bytes"] = events.into();
    line["auto_spoken_s"] = bytes.map(|bytes| say_s(bytes as f64)).into();
    let least = line["delta_bytes"].as_u64().into_iter().chain(events.map(|n| n as u64)).min();
    line["auto_to_smaller"] =
        bytes.zip(least).map(|(bytes, least)| bytes as f64 / least as f64).into();
    Ok(())
}

/// The size of text at which a vector is as short as the text, between two lessons.
fn break_even(lines: &[Value]) -> Option<f64> {
    let at = |line: &Value| Some((line["text_bytes"].as_f64()?, line["exchange_rate"].as_f64()?));
    lines.windows(2).find_map(|pair| {
        let ((a, x), (b, y)) = (at(&pair[0])?, at(&pair[1])?);
        (x < 1.0 && y >= 1.0).then(|| {
            let share = -math::ln(x) / (math::ln(y) - math::ln(x));
            math::exp(math::ln(a) + share * (math::ln(b) - math::ln(a)))
        })
    })
}

/// A line for people.
fn text(line: &Value) -> String {
    let n = |key: &str| line[key].as_f64().unwrap_or(f64::NAN);
    if let Some(rounds) = line["rounds"].as_u64() {
        let head = format!("{:.0} bytes of text in {rounds} messages\n", n("text_bytes"));
        return head + &forms(line);
    }
    let out = format!(
        "{:.0} bytes of text in {:.0} events: {:.4} to {:.4} nats an event\n  \
         compressed text {:.0} bytes, {:.1} nats a kilobyte; the vector {:.0} bytes: {:.2} times \
         fewer\n  `auto` sends {} in {:.0} bytes, {:.2} times the shorter of events and vector\n  \
         spoken at 150 words a minute {:.0} s; those bytes at 39 bits a second {:.0} s\n",
        n("text_bytes"),
        n("events"),
        n("loss_before"),
        n("loss_after"),
        n("text_compressed"),
        n("nats_per_byte_text") * 1e3,
        n("delta_bytes"),
        n("exchange_rate"),
        line["auto"].as_str().unwrap_or_default(),
        n("auto_bytes"),
        n("auto_to_smaller"),
        n("spoken_s"),
        n("auto_spoken_s"),
    );
    out + &forms(line)
}

fn forms(line: &Value) -> String {
    let mut out = String::new();
    for form in line["codecs"].as_array().into_iter().flatten() {
        let n = |key: &str| form[key].as_f64().unwrap_or(f64::NAN);
        // A string takes everything.
        let _ = writeln!(
            out,
            "  {:>6} {:>9.0} bytes, {:>6.1} % of the gain{}",
            form["codec"].as_str().unwrap_or_default(),
            n("bytes"),
            n("gain_kept") * 100.0,
            if form["feedback"] == false { ", without error feedback" } else { "" }
        );
    }
    out
}

fn model() -> Result<Model> {
    let spec: Value = serde_json::from_str(SPEC).map_err(|e| Error::invalid(e.to_string()))?;
    Model::new(&spec, &Catalog::builtin()).map_err(invalid)
}

/// Learns events until so many bytes of text were read; tells how many events that took.
fn learn(model: &mut Model, events: &[Event], bytes: usize) -> Result<usize> {
    let (mut scratch, mut read) = (Scratch::default(), 0);
    for (i, event) in events.iter().enumerate() {
        if read >= bytes {
            return Ok(i);
        }
        let target = Target::Bool(event.german);
        model.learn(&row(event)?, &target, 1.0, &mut scratch).map_err(invalid)?;
        read += event.text.len();
    }
    Ok(events.len())
}

fn row(event: &Event) -> Result<Row> {
    Row::from_json(&json!({ "text": event.text })).map_err(invalid)
}

/// Nats an event.
fn loss(model: &Model, exam: &[Event]) -> Result<f64> {
    let (mut scratch, mut p, mut sum) = (Scratch::default(), Prediction::default(), 0.0);
    for event in exam {
        model.predict(&row(event)?, &mut p, &mut scratch).map_err(invalid)?;
        let share = if event.german { p.positive() } else { 1.0 - p.positive() };
        sum -= math::ln(share.clamp(1e-9, 1.0));
    }
    Ok(sum / exam.len() as f64)
}

fn as_text(lesson: &[Event]) -> Vec<u8> {
    let mut text = String::new();
    for event in lesson {
        text += if event.german { "1 " } else { "0 " };
        text += &event.text;
        text.push('\n');
    }
    text.into_bytes()
}

/// Bytes after zstd at its best level but three.
fn compressed(bytes: &[u8]) -> Result<usize> {
    let packed = zstd::bulk::compress(bytes, 19);
    packed.map(|bytes| bytes.len()).map_err(|e| Error::io("compressing", e))
}

/// Runs of a few words out of a novel and out of German sayings, mixed.
fn events(data: &Path) -> Result<Vec<Event>> {
    let read = |name: &str| {
        let path = data.join("language").join(name);
        std::fs::read_to_string(&path).map_err(|e| {
            Error::io(
                format!("reading {} (`cargo xtask data streams` makes it)", path.display()),
                e,
            )
        })
    };
    let runs = |text: &str, german: bool| -> Vec<Event> {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.chunks(WORDS).map(|run| Event { text: run.join(" "), german }).collect()
    };
    let (mut novel, mut sayings) =
        (runs(&read("prose.txt")?, false), runs(&read("german.txt")?, true));
    let (mut mixed, mut at) = (Vec::with_capacity(novel.len() + sayings.len()), 1_u64);
    novel.reverse();
    sayings.reverse();
    while !novel.is_empty() || !sayings.is_empty() {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let left = (novel.len() + sayings.len()) as u64;
        let from = if (at >> 33) % left < novel.len() as u64 { &mut novel } else { &mut sayings };
        mixed.extend(from.pop());
    }
    Ok(mixed)
}
