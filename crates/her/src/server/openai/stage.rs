//! Where answers are spoken: threads of their own, a few at a time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use her_identity::journal::IdentityId;
use her_identity::{Error, ErrorKind, House};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::errors::Refused;
use crate::server::App;
use crate::server::problem::Problem;
use crate::talk::speaker::{Speaker, mute};
use crate::talk::turn::{Given, Told};

/// Requests that wait for a place, and how long one of them waits.
const WAITING_MAX: usize = 64;
const PATIENCE: Duration = Duration::from_secs(30);

/// Pieces that wait for a slow reader.
const PIECES: usize = 64;

/// Past selves that are kept at hand: bringing one back costs a replay.
const PAST: usize = 4;

/// Who speaks at present, and what was said lately.
pub(crate) struct Stage {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    past: Mutex<VecDeque<((IdentityId, u64), Speaker)>>,
    pub(super) given: Given,
}

/// What comes from a speaker.
pub(super) enum Piece {
    Text(String),
    /// The last one.
    End(Box<Told>),
    /// The last one too.
    Failed(Refused),
}

impl Default for Stage {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            places: Arc::new(Semaphore::new(cores)),
            waiting: AtomicUsize::new(0),
            past: Mutex::default(),
            given: Given::default(),
        }
    }
}

impl Stage {
    /// A place on the stage, or a refusal when too many wait, or one has waited for too long.
    pub async fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || Problem::busy("too many wait for an answer; try again");
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let queue = Queue::join(&self.waiting).ok_or_else(busy)?;
        let place = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(PATIENCE, place).await;
        drop(queue);
        place.ok().and_then(Result::ok).ok_or_else(busy)
    }

    /// An identity as it was.
    pub fn past(&self, house: &House, name: &str, version: u64) -> her_identity::Result<Speaker> {
        let key = (house.record(name)?.current, version);
        let all = || self.past.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, speaker)) = all().iter().find(|(of, _)| *of == key) {
            return Ok(speaker.clone());
        }
        let speaker = Speaker::of(&house.at(name, version)?).ok_or_else(|| mute(name))?;
        let mut all = all();
        if all.len() >= PAST {
            all.pop_front();
        }
        all.push_back((key, speaker.clone()));
        Ok(speaker)
    }
}

/// A place among those who wait.
struct Queue<'a>(&'a AtomicUsize);

impl<'a> Queue<'a> {
    fn join(waiting: &'a AtomicUsize) -> Option<Self> {
        let joined = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < WAITING_MAX).then_some(joined)
    }
}

impl Drop for Queue<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Speaks on a thread of its own. It ends early when nobody listens any more, and when the server
/// ends.
pub(super) async fn speak<W>(app: &Arc<App>, work: W) -> Result<mpsc::Receiver<Piece>, Refused>
where
    W: FnOnce(&Arc<App>, &mut dyn FnMut(&str) -> bool) -> Result<Told, Refused>,
    W: Send + 'static,
{
    let place = app.stage.place().await?;
    let (send, pieces) = mpsc::channel(PIECES);
    let app = Arc::clone(app);
    tokio::task::spawn_blocking(move || {
        let mut tell = |text: &str| {
            let listens = !*app.stopping.borrow() && !send.is_closed();
            let piece = || Piece::Text(text.to_owned());
            listens && (text.is_empty() || send.blocking_send(piece()).is_ok())
        };
        let last = match work(&app, &mut tell) {
            Ok(told) => Piece::End(Box::new(told)),
            Err(refused) => Piece::Failed(refused),
        };
        drop((app, place));
        // Who went away hears no more.
        let _ = send.blocking_send(last);
    });
    Ok(pieces)
}

/// The next piece; that a speaker ends without a last word is a mistake of ours.
pub(super) async fn next(pieces: &mut mpsc::Receiver<Piece>) -> Piece {
    pieces.recv().await.unwrap_or_else(|| {
        let ended = Error::new(ErrorKind::Internal, "the answer ended badly; try again");
        Piece::Failed(ended.into())
    })
}
