//! A stream of events into a house, several chunks in flight, in bounded memory.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, sync_channel};

use her_identity::event::Event;
use her_identity::turn::Reply;
use her_identity::{Error, ErrorKind, House, Result};

use super::{Hear, Told};

/// Events in one chunk: what one frame of the journal holds.
pub const CHUNK: usize = 256;
/// Chunks that were handed in and have no answer yet.
pub const IN_FLIGHT: usize = 8;

type Answers = Result<Vec<Result<Reply>>>;

/// Hands events of one identity in, and tells what became of them in order.
pub struct Feed<'a> {
    house: &'a House,
    name: String,
    flying: VecDeque<(Vec<u64>, Receiver<Answers>)>,
}

impl<'a> Feed<'a> {
    /// A feed of an identity.
    pub fn new(house: &'a House, name: &str) -> Self {
        Self { house, name: name.to_owned(), flying: VecDeque::new() }
    }

    /// Hands a chunk in; `lines` are the numbers by which `told` hears of its events. Waits for
    /// the oldest chunk when too many are in flight.
    pub fn push(&mut self, lines: Vec<u64>, events: Vec<Event>, told: Hear<'_>) -> Result<()> {
        while self.flying.len() >= IN_FLIGHT {
            self.settle(told)?;
        }
        let (tell, answers) = sync_channel(1);
        let replies = Box::new(move |result| drop(tell.send(result)));
        self.house.submit(&self.name, events, replies)?;
        self.flying.push_back((lines, answers));
        Ok(())
    }

    /// Tells what is durable by now, without waiting.
    pub fn tell_ready(&mut self, told: Hear<'_>) -> Result<()> {
        while let Some((_, answers)) = self.flying.front() {
            let Ok(result) = answers.try_recv() else { return Ok(()) };
            if let Some((lines, _)) = self.flying.pop_front() {
                tell(&lines, result, told)?;
            }
        }
        Ok(())
    }

    /// Waits until everything that was handed in is durable.
    pub fn finish(&mut self, told: Hear<'_>) -> Result<()> {
        while !self.flying.is_empty() {
            self.settle(told)?;
        }
        Ok(())
    }

    fn settle(&mut self, told: Hear<'_>) -> Result<()> {
        let Some((lines, answers)) = self.flying.pop_front() else { return Ok(()) };
        let gone = |_| Error::new(ErrorKind::Unavailable, "the house is closing; try again");
        tell(&lines, answers.recv().map_err(gone)?, told)
    }
}

fn tell(lines: &[u64], answers: Answers, told: Hear<'_>) -> Result<()> {
    let mut answers = answers?.into_iter();
    for &line in lines {
        let answer = answers.next().unwrap_or_else(|| {
            Err(Error::new(
                ErrorKind::Poisoned,
                "not reached, as an event before it stopped the identity; try again",
            ))
        });
        told(
            line,
            answer.map(|r| Told { version: r.version, duplicate: r.duplicate, drift: r.drift }),
        );
    }
    Ok(())
}
