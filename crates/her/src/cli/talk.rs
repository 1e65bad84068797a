//! `her talk`: a conversation in the terminal, which goes on where it was.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use her_identity::{Error, Result};
use her_lm::{Manner, Message};
use serde_json::Value;

use super::context::{Context, print};
use super::signal::Stop;
use super::table;
use crate::client::Door;
use crate::talk::recent::{self, CONVERSATION, LOOK_BACK};
use crate::talk::speaker::TooLong;
use crate::talk::turn::Turn;
use crate::talk::{How, TOKENS_MAX};

/// Talk with a language identity; it learns from what you say
#[derive(clap::Args)]
#[command(
    after_help = "The conversation is in the identity's journal: it goes on where it was, also \
after a restart. Ctrl-C stops an answer, and at the prompt it ends. /quit ends too, /help tells \
more.\n\nExamples:\n  her talk samantha\n  her talk samantha \"good morning\"\n  \
her talk samantha --no-learn < questions.txt     a line is a message\n  \
her talk samantha - < letter.txt                 all of it is one"
)]
pub struct Args {
    /// Who is talked with
    name: String,
    /// What is said: one answer, then it ends; `-` reads it from standard input
    words: Option<String>,
    /// Only ask: nothing is learned, and the conversation is not kept
    #[arg(long)]
    no_learn: bool,
    /// Talk with the identity as it was at this version; it learns nothing
    #[arg(long, value_name = "VERSION")]
    at: Option<u64>,
    /// Which of your conversations goes on
    #[arg(long, default_value = CONVERSATION, value_name = "NAME")]
    conversation: String,
    /// The most tokens of an answer [default: 512, or as many as there is room for]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=TOKENS_MAX as i64))]
    tokens: Option<u16>,
    /// How freely it speaks, 0 to 2; 0 says the likeliest
    #[arg(long, default_value_t = 0.7)]
    temperature: f64,
    /// What chance begins with: the same words again from the same identity
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Bytes of what was said before that are heard again with each message.
const HEARD_BYTES: usize = 6 << 10;
/// How often it is seen whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

const HELP: &str = "/quit ends, /help tells this, Ctrl-C stops an answer. What you say is learned \
unless you began with --no-learn; her log NAME shows it, her rewind NAME VERSION takes it back.";

/// A conversation that goes on.
struct Talk<'a> {
    args: &'a Args,
    cx: &'a Context,
    door: Box<dyn Door>,
    stop: Stop,
    how: How,
    said: Vec<Message>,
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let door = cx.door()?;
    let stop = Stop::listen()?;
    let manner = Manner::at(args.temperature);
    manner.check().map_err(|e| Error::invalid(e.to_string()))?;
    let how = How { tokens: args.tokens.map(usize::from), manner, seed: args.seed, stops: vec![] };
    let said = match args.at {
        None => remembered(&*door, args)?,
        Some(_) => Vec::new(),
    };
    let mut talk = Talk { args, cx, door, stop, how, said };
    match args.words.as_deref() {
        Some("-") => {
            let words = std::io::read_to_string(std::io::stdin())
                .map_err(|e| Error::io("reading standard input", e))?;
            talk.turn(words.trim())
        }
        Some(words) => talk.turn(words),
        None => talk.lines(),
    }
}

/// What was said in this conversation lately, from the journal.
fn remembered(door: &dyn Door, args: &Args) -> Result<Vec<Message>> {
    let version = door.show(&args.name, None, 0)?["version"].as_u64().unwrap_or(0);
    let from = version.saturating_sub(LOOK_BACK - 1).max(1);
    let log = door.log(&args.name, from, LOOK_BACK as usize)?;
    Ok(recent::said(&log, &args.conversation))
}

impl Talk<'_> {
    /// A line is a message, until there are no more.
    fn lines(&mut self) -> Result<()> {
        let prompts = std::io::stdin().is_terminal() && !self.cx.json();
        if prompts {
            let before = match self.said.len() {
                0 => "a new conversation".to_owned(),
                n => format!("{n} messages before this"),
            };
            self.cx.say(&format!("{}: {before}; /help tells more", self.args.name));
        }
        let lines = read();
        loop {
            if prompts {
                print("> ")?;
            }
            let Some(line) = self.next(&lines)? else { break };
            match line.trim() {
                "" => {}
                "/quit" => break,
                "/help" => self.cx.say(HELP),
                command if prompts && command.starts_with('/') => {
                    self.cx.say(&format!("there is no {command}; /help tells what there is"));
                }
                words => match self.turn(words) {
                    // A person may say it in another way.
                    Err(e) if prompts && e.kind == her_identity::ErrorKind::Invalid => {
                        self.cx.say(&e.to_string());
                    }
                    done => done?,
                },
            }
        }
        Ok(())
    }

    /// The next line; none at the end, and when the user wants to stop.
    fn next(&self, lines: &Receiver<std::io::Result<String>>) -> Result<Option<String>> {
        loop {
            match lines.recv_timeout(LOOK) {
                Ok(line) => {
                    return line.map(Some).map_err(|e| Error::io("reading standard input", e));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) if self.stop.take() => return Ok(None),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// One message and its answer.
    fn turn(&mut self, words: &str) -> Result<()> {
        if words.is_empty() {
            return Err(Error::invalid("there is nothing to say; say it as a second argument"));
        }
        self.said.push(Message::new("user", words));
        self.shorten(HEARD_BYTES);
        let answer = loop {
            match self.answer() {
                Err(e) if is_too_long(&e) && self.said.len() > 1 => self.shorten(self.bytes() / 2),
                answer => break answer,
            }
        };
        let answer = answer.inspect_err(|_| drop(self.said.pop()))?;
        let text = answer["text"].as_str().unwrap_or_default();
        if !text.trim().is_empty() {
            self.said.push(Message::new("assistant", text));
        }
        if self.cx.json() {
            return print(&format!("{answer}\n"));
        }
        print("\n")?;
        if std::io::stderr().is_terminal() {
            self.cx.say(&told(&answer));
        }
        Ok(())
    }

    fn answer(&self) -> Result<Value> {
        let turn = Turn {
            messages: &self.said,
            conversation: &self.args.conversation,
            learns: !self.args.no_learn && self.args.at.is_none(),
            how: &self.how,
        };
        let (stop, json) = (&self.stop, self.cx.json());
        let mut tell = |words: &str| {
            if !json {
                let mut out = std::io::stdout().lock();
                // Who closed our output listens no more.
                if out.write_all(words.as_bytes()).and_then(|()| out.flush()).is_err() {
                    return false;
                }
            }
            !stop.take()
        };
        self.door.talk(&self.args.name, self.args.at, &turn, &mut tell)
    }

    fn bytes(&self) -> usize {
        self.said.iter().map(|m| m.content.len()).sum()
    }

    /// Leaves the oldest out until so many bytes are left; the newest message stays.
    fn shorten(&mut self, bytes: usize) {
        while self.said.len() > 1 && self.bytes() > bytes {
            self.said.remove(0);
        }
        // A conversation begins with a person.
        while self.said.len() > 1 && self.said[0].role == "assistant" {
            self.said.remove(0);
        }
    }
}

/// The lines of standard input, on a thread of their own: waiting for one can't be broken off.
fn read() -> Receiver<std::io::Result<String>> {
    let (send, lines) = sync_channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn is_too_long(e: &Error) -> bool {
    use std::error::Error as _;
    e.source().is_some_and(<dyn std::error::Error>::is::<TooLong>)
}

/// What came of an answer, beside it.
fn told(answer: &Value) -> String {
    let mut all = vec![format!("  · version {}", table::count(&answer["version"]))];
    let rate = |tokens: f64, part: &str| {
        let seconds = answer["seconds"][part].as_f64().unwrap_or(0.0);
        if seconds > 0.0 { format!(", {:.0} a second", tokens / seconds) } else { String::new() }
    };
    if let Some(why) = answer["learned_nothing"].as_str() {
        all.push(format!("nothing learned: {why}"));
    } else if let Some(n) = answer["learned_tokens"].as_f64().filter(|n| *n > 0.0) {
        let bits = table::figure(&answer["bits_per_token"]);
        let rate = rate(n, "learning");
        all.push(format!("{n} tokens learned, at {bits} bits each before{rate}"));
    }
    if let Some(n) = answer["tokens"].as_f64().filter(|n| *n > 0.0) {
        all.push(format!("{n} spoken{}", rate(n, "speaking")));
    }
    all.join("; ")
}
