//! Lines measured in turns, in processes that are started for it, and their tables.

use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use crate::llama::WINDOW;
use crate::{Failed, Work};

const TURNS: usize = 3;

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn now() -> Instant {
    Instant::now()
}

/// How long this process was on processors, all threads together, in seconds.
fn on_processor() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// A line: what is done, who does it, and the work.
pub struct Row {
    what: String,
    who: String,
    work: Work,
    /// Tokens a second of the wall's time, and milliseconds of processors a token, of each turn.
    turns: Vec<(f64, f64)>,
}

impl Row {
    pub fn new(what: &str, who: &str, work: Work) -> Self {
        Self { what: what.to_owned(), who: who.to_owned(), work, turns: Vec::new() }
    }

    /// Whether it reads a few tokens at once.
    pub fn is_short(&self) -> bool {
        !self.what.contains(&WINDOW.to_string())
    }

    fn turn(&mut self, least: f64) -> Result<(), Failed> {
        let (begin, cpu, mut tokens) = (now(), on_processor(), 0);
        while begin.elapsed().as_secs_f64() < least {
            tokens += (self.work)()?;
        }
        let (wall, cpu) = (begin.elapsed().as_secs_f64(), on_processor() - cpu);
        self.turns.push((tokens as f64 / wall, cpu * 1e3 / tokens as f64));
        Ok(())
    }
}

/// Measures lines in turns, and tells each on a line of its own.
pub fn process(mut rows: Vec<Row>, seconds: f64) -> Result<(), Failed> {
    for row in &mut rows {
        (row.work)()?;
    }
    for _ in 0..TURNS {
        for row in &mut rows {
            row.turn(seconds / TURNS as f64)?;
        }
    }
    for row in &mut rows {
        row.turns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (rate, cpu) = row.turns[TURNS / 2];
        let (least, most) = (row.turns[0].0, row.turns[TURNS - 1].0);
        println!("{}\t{}\t{rate}\t{least}\t{most}\t{cpu}", row.what, row.who);
    }
    Ok(())
}

/// A line as it was told.
struct Told {
    what: String,
    who: String,
    rate: f64,
    least: f64,
    most: f64,
    cpu: f64,
}

fn told(line: &str) -> Result<Told, Failed> {
    let words: Vec<&str> = line.split('\t').collect();
    let [what, who, rate, least, most, cpu] = words.as_slice() else {
        return Err(format!("a process tells {line:?}").into());
    };
    let (rate, least, most, cpu) = (rate.parse()?, least.parse()?, most.parse()?, cpu.parse()?);
    Ok(Told { what: (*what).to_owned(), who: (*who).to_owned(), rate, least, most, cpu })
}

/// Starts so many at once and gives what each tells.
fn start(n: usize, threads: usize, arguments: &[&str]) -> Result<Vec<Vec<Told>>, Failed> {
    let mut started = Vec::new();
    for _ in 0..n {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).env("RAYON_NUM_THREADS", threads.to_string());
        started.push(command.stdout(Stdio::piped()).spawn()?);
    }
    let mut all = Vec::new();
    for process in started {
        let output = process.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("a process ended with {}", output.status).into());
        }
        let text = String::from_utf8(output.stdout)?;
        all.push(text.lines().map(told).collect::<Result<_, _>>()?);
    }
    Ok(all)
}

/// Lines of the same work beside each other, each beside the best of candle's.
fn print(title: &str, mut rows: Vec<Told>) {
    println!("\n{title}\n");
    println!("| what | who | tokens/s | least | most | times candle's best | CPU ms a token |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    let mut order: Vec<String> = Vec::new();
    for row in &rows {
        if !order.contains(&row.what) {
            order.push(row.what.clone());
        }
    }
    let place = |row: &Told| order.iter().position(|what| *what == row.what);
    rows.sort_by_key(place);
    for row in &rows {
        let of_candle = |other: &&Told| other.what == row.what && other.who.starts_with("candle");
        let best = rows.iter().filter(of_candle).map(|other| other.rate).fold(0.0, f64::max);
        let Told { what, who, rate, least, most, cpu } = row;
        let times = rate / best;
        println!("| {what} | {who} | {rate:.1} | {least:.1} | {most:.1} | {times:.2} | {cpu:.2} |");
    }
}

fn load() -> Result<(), Failed> {
    println!("load {}", std::fs::read_to_string("/proc/loadavg")?.trim());
    Ok(())
}

/// Measures on one thread.
pub fn one(model: &str, text: &str, seconds: &str) -> Result<(), Failed> {
    load()?;
    let rows = start(1, 1, &[model, text, "process", seconds, "all"])?;
    print("One thread", rows.into_iter().flatten().collect());
    load()
}

/// Measures on two cores.
pub fn two(model: &str, text: &str, seconds: &str) -> Result<(), Failed> {
    load()?;
    let mut rows = Vec::new();
    for who in ["her", "candle"] {
        let [one, other]: [Vec<Told>; 2] = start(2, 1, &[model, text, "process", seconds, who])?
            .try_into()
            .map_err(|_| "two processes were started")?;
        // Two at once do as much as both together.
        rows.extend(one.into_iter().zip(other).map(|(one, other)| Told {
            who: format!("{}, 2 processes", one.who),
            rate: one.rate + other.rate,
            least: one.least + other.least,
            most: one.most + other.most,
            cpu: f64::midpoint(one.cpu, other.cpu),
            what: one.what,
        }));
    }
    let threads = start(1, 2, &[model, text, "process", seconds, "candle"])?;
    for row in threads.into_iter().flatten() {
        rows.push(Told { who: format!("{}, 2 threads", row.who), ..row });
    }
    print("Two cores", rows);
    load()
}
