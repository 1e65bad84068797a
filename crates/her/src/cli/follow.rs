//! `her learn --follow`: a growing file, for ever, and each line of it once.
//!
//! How far it was read is not kept beside the journal but in it: lines are numbered requests of a
//! client that is the file. After a restart the identity says which line came last.

use std::path::{Path, PathBuf};
use std::time::Duration;

use her_identity::{Error, ErrorKind, Result};

use super::context::Context;
use super::learn::{Args, Count, is_old_request};
use super::records::{Chunk, Numbering, Source};
use super::signal::Stop;
use super::tail::{Generation, Tail};
use crate::client::Door;
use crate::decode::{self, Columns, Format};

/// How long is waited before what failed is tried again.
const REST: Duration = Duration::from_secs(1);

/// What is followed, and for whom.
pub struct Follow<'a> {
    args: &'a Args,
    cx: &'a Context,
    columns: &'a Columns,
    format: Format,
    stop: &'a Stop,
    door: Option<Box<dyn Door>>,
}

impl<'a> Follow<'a> {
    pub fn new(
        args: &'a Args,
        cx: &'a Context,
        columns: &'a Columns,
        stop: &'a Stop,
    ) -> Result<Self> {
        let format = args.format.or_else(|| decode::guess(&args.file)).unwrap_or(Format::Ndjson);
        if format == Format::Arrow {
            return Err(Error::invalid("an Arrow file has no lines to follow; learn it as it is"));
        }
        Ok(Self { args, cx, columns, format, stop, door: None })
    }

    /// Follows until the user wants to stop.
    pub fn run(&mut self, count: &mut Count) -> Result<()> {
        let path = &self.args.file;
        // An identity that is not there, or a wrong token, is told at once.
        let name = &self.args.name;
        self.door()?.show(name, None, 0)?;
        loop {
            // Held before the others are looked for, so that none slips between the two.
            let current = Generation::open(path, self.head_lines())?;
            for (old, found) in self.unfinished(path)? {
                if !current.as_ref().is_some_and(|c| c.is_same_file(&found)) {
                    self.generation(&found, &old, true, count)?;
                }
            }
            match current {
                Some(current) => self.generation(&current, path, false, count)?,
                None => drop(Generation::wait(path, self.head_lines(), self.stop)?),
            }
            if self.stop.is_set() {
                return Ok(());
            }
        }
    }

    /// The files that were rotated away since one of them was begun, oldest first: that one, and
    /// those after it, which nobody may have seen yet.
    fn unfinished(&mut self, path: &Path) -> Result<Vec<(PathBuf, Generation)>> {
        let mut all = Vec::new();
        for old in rotated(path) {
            let Ok(Some(found)) = Generation::open(&old, self.head_lines()) else { continue };
            if !all.is_empty() || self.is_begun(&found)? {
                all.push((old, found));
            }
        }
        Ok(all)
    }

    fn is_begun(&mut self, of: &Generation) -> Result<bool> {
        let identity = &self.args.name;
        let name = of.name();
        while !self.stop.is_set() {
            match self.door().and_then(|door| door.newest(identity, &name)) {
                Err(e) if passes(&e) => self.rest(&e),
                newest => return newest.map(|n| n.is_some()),
            }
        }
        Ok(false)
    }

    /// Waits a little, as what failed may work then.
    fn rest(&mut self, why: &Error) {
        self.cx.say(&format!("waiting: {why}"));
        self.door = None;
        std::thread::sleep(REST);
    }

    /// Lines that tell a file from others: its first record, and a header before it.
    fn head_lines(&self) -> usize {
        if self.format == Format::Csv { 2 } else { 1 }
    }

    fn door(&mut self) -> Result<&dyn Door> {
        let door = match self.door.take() {
            Some(door) => door,
            None => self.cx.door()?,
        };
        Ok(&**self.door.insert(door))
    }

    /// Learns a file to its end.
    fn generation(
        &mut self,
        found: &Generation,
        path: &Path,
        over: bool,
        count: &mut Count,
    ) -> Result<()> {
        let (name, lines) = (found.name(), found.lines()?);
        let mut client = None;
        while !self.stop.is_set() {
            let of = found.again()?;
            match self.once(of, path, over, &name, lines, &mut client, count) {
                Err(e) if passes(&e) => self.rest(&e),
                done => return done,
            }
        }
        Ok(())
    }

    /// Learns a file until it ends or something fails.
    #[allow(clippy::too_many_arguments, reason = "one call, of what one loop keeps")]
    fn once(
        &mut self,
        of: Generation,
        path: &Path,
        over: bool,
        name: &str,
        lines: u64,
        client: &mut Option<String>,
        count: &mut Count,
    ) -> Result<()> {
        let identity = self.args.name.clone();
        let client = match client {
            Some(client) => client.clone(),
            None => client.insert(self.client(name, lines)?).clone(),
        };
        let done = self.door()?.newest(&identity, &client)?;
        let mut tail = Tail::new(of, path, over, self.stop);
        let after = done.unwrap_or(0);
        // Lines of CSV need their header, and may lie within a record.
        let base = if self.format == Format::Ndjson { after } else { 0 };
        tail.skip(base)?;
        let records = decode::read(Box::new(tail), self.format, self.columns)?;
        let numbering = Numbering { client: client.into(), base, after };
        let source = Source::of(records, Some(numbering), self.stop)?;
        while let Some(Chunk { items, refused }) = source.next()? {
            for (_, why) in &refused {
                count.refuse(why);
            }
            self.feed(items, count)?;
        }
        Ok(())
    }

    /// One chunk, durable when this returns: the next would otherwise be learned when this one
    /// fails, and its lines would count as done.
    fn feed(&mut self, items: Vec<crate::client::Item>, count: &mut Count) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let (name, mut failed, mut items) = (self.args.name.clone(), None, Some(items));
        let mut next = || Ok(items.take());
        let mut told = |line, told: Result<_>| match told {
            Err(e) if e.kind != ErrorKind::Invalid && !is_old_request(&e) && !of_a_label(&e) => {
                failed.get_or_insert(e);
            }
            told => count.hear(line, told),
        };
        self.door()?.feed(&name, &mut next, &mut told)?;
        failed.map_or(Ok(()), Err)
    }

    /// The client that a file is. Of two files with the same place and beginning, the second has
    /// fewer lines than were learned of the first.
    fn client(&mut self, name: &str, lines: u64) -> Result<String> {
        let identity = self.args.name.clone();
        let door = self.door()?;
        let mut client = name.to_owned();
        for again in 2u32.. {
            match door.newest(&identity, &client)? {
                Some(newest) if newest > lines => client = format!("{name}-{again}"),
                _ => break,
            }
        }
        Ok(client)
    }
}

/// True for what may be otherwise in a moment.
fn passes(e: &Error) -> bool {
    matches!(
        e.kind,
        ErrorKind::Unavailable | ErrorKind::Busy | ErrorKind::Poisoned | ErrorKind::Full
    )
}

/// True for what a late label can meet, which is no reason to wait.
fn of_a_label(e: &Error) -> bool {
    matches!(e.kind, ErrorKind::NotFound | ErrorKind::Gone | ErrorKind::Exists)
}

/// The files that a path's file was renamed to, oldest first: `clicks.ndjson.1`,
/// `clicks.ndjson-20261126`. Compressed ones can't be read.
fn rotated(path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<_> = entries
        .flatten()
        .filter(|entry| {
            let rest =
                entry.file_name().to_str().and_then(|n| n.strip_prefix(name)?.chars().next());
            matches!(rest, Some('.' | '-'))
        })
        .filter_map(|entry| {
            let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((meta.modified().ok()?, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}
