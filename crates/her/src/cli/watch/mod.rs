//! `her watch`: identities and the people who talk to them, live.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use her_identity::Result;
use her_identity::clock::{Clock, RealClock};
use serde_json::{Value, json};

use super::context::{Context, print};
use super::signal::Stop;
use super::table::{self, figure};
use crate::client::Door;

mod screen;

/// Watch identities, or one and the people who talk to it, live
#[derive(clap::Args)]
pub struct Args {
    /// Who is watched; all if not said
    name: Option<String>,
    /// Seconds between two looks
    #[arg(long, default_value_t = 1.0, value_name = "SECONDS")]
    every: f64,
    /// End after so many looks
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// What one look found.
struct Look {
    /// The identities as `her list` has them, or the one as `her show` has it.
    identities: Vec<Value>,
    channels: Value,
    /// Updates a second of each since the look before.
    pace: Vec<Option<f64>>,
}

/// Looks again and again.
struct Watcher<'a> {
    door: &'a dyn Door,
    name: Option<&'a str>,
    clock: RealClock,
    /// The versions that the look before found, and when.
    before: Option<(u64, Vec<(String, u64)>)>,
}

impl<'a> Watcher<'a> {
    fn new(door: &'a dyn Door, name: Option<&'a str>) -> Self {
        Self { door, name, clock: RealClock::new(), before: None }
    }

    fn look(&mut self) -> Result<Look> {
        let identities = match self.name {
            Some(name) => vec![self.door.show(name, None, 8)?],
            None => self.door.list()?,
        };
        let channels = self.door.channels(self.name)?;
        let now = self.clock.monotonic_ns();
        let stand = |card: &Value| {
            let name = card["name"].as_str().unwrap_or_default().to_owned();
            (name, card["version"].as_u64().unwrap_or(0))
        };
        let versions: Vec<(String, u64)> = identities.iter().map(stand).collect();
        let pace = versions.iter().map(|(name, version)| {
            let (then, before) = self.before.as_ref()?;
            let (_, was) = before.iter().find(|(n, _)| n == name)?;
            let seconds = now.saturating_sub(*then) as f64 / 1e9;
            Some(version.saturating_sub(*was) as f64 / seconds.max(1e-9))
        });
        let pace = pace.collect();
        self.before = Some((now, versions));
        Ok(Look { identities, channels, pace })
    }
}

pub fn run(args: &Args, cx: &Context) -> Result<()> {
    let every = Duration::from_secs_f64(args.every.clamp(0.1, 3600.0));
    let door = cx.door()?;
    let mut watcher = Watcher::new(&*door, args.name.as_deref());
    let draws = !cx.json() && std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if draws {
        return screen::run(&mut watcher, every, args.count);
    }
    let stop = Stop::listen()?;
    let mut left = args.count;
    while !stop.is_set() && left != Some(0) {
        let look = watcher.look()?;
        let value = look.json();
        if cx.json() {
            print(&format!("{value}\n"))?;
        } else {
            print(&look.lines())?;
        }
        left = left.map(|n| n - 1);
        if left != Some(0) {
            pause(every, &stop);
        }
    }
    Ok(())
}

/// Sleeps in small steps, so that Ctrl-C is heard.
fn pause(every: Duration, stop: &Stop) {
    const STEP: Duration = Duration::from_millis(50);
    let mut slept = Duration::ZERO;
    while slept < every && !stop.is_set() {
        let step = STEP.min(every.saturating_sub(slept));
        std::thread::sleep(step);
        slept += step;
    }
}

impl Look {
    fn json(&self) -> Value {
        let of = |(card, pace): (&Value, &Option<f64>)| {
            json!({
                "name": card["name"],
                "version": card["version"],
                "updates_per_s": pace,
                "online": online(card),
                "shadow": shadow(card),
                "drift_alarms": alarms(card),
            })
        };
        json!({
            "identities": self.identities.iter().zip(&self.pace).map(of).collect::<Vec<_>>(),
            "channels": self.channels,
        })
    }

    /// A line an identity, for pipes and logs.
    fn lines(&self) -> String {
        let mut out = String::new();
        for (card, pace) in self.identities.iter().zip(&self.pace) {
            let name = card["name"].as_str().unwrap_or("–");
            let people = self.people(name);
            let _ = writeln!(
                out,
                "{name}  version {}  updates/s {}  {}  people {people}",
                table::count(&card["version"]),
                figure(&json!(pace)),
                table::score(online(card)),
            );
        }
        out
    }

    /// How many talk to an identity.
    fn people(&self, name: &str) -> usize {
        let all = self.channels["channels"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter(|c| c["identity"] == name).count()
    }
}

/// The score over the last thousand events: of a line of a list, or of a card.
fn online(card: &Value) -> &Value {
    let figures = &card["figures"]["online"]["rolling"];
    if figures.is_null() { &card["online"] } else { figures }
}

fn shadow(card: &Value) -> &Value {
    let figures = &card["figures"]["shadow"]["rolling"];
    if figures.is_null() { &card["shadow"] } else { figures }
}

fn alarms(card: &Value) -> &Value {
    let figures = &card["figures"]["drift_alarms"];
    if figures.is_null() { &card["drift_alarms"] } else { figures }
}
