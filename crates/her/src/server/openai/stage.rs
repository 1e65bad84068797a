//! Where turns are held: on threads that wait for the identity and for the batch that speaks.

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
use crate::talk::turn::{Host, Told};

/// Turns at once. Each waits most of its time: for the identity, which learns on a thread of its
/// shard, then for its batch, which says a token for all of them in one pass.
const TURNS: usize = 16;

/// Requests that wait for a place, and how long one of them waits.
const WAITING_MAX: usize = 64;
const PATIENCE: Duration = Duration::from_secs(30);

/// Pieces that wait for a slow reader.
const PIECES: usize = 64;

/// Past selves that are kept at hand: bringing one back costs a replay.
const PAST: usize = 4;

/// Who speaks at present, and what was said lately.
pub(crate) struct Stage {
    turns: Arc<Semaphore>,
    /// For what keeps a core busy by itself.
    cores: Arc<Semaphore>,
    waiting: AtomicUsize,
    past: Mutex<VecDeque<((IdentityId, u64), Speaker)>>,
    bringing: Mutex<()>,
    pub(super) host: Host,
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
            turns: Arc::new(Semaphore::new(TURNS)),
            cores: Arc::new(Semaphore::new(cores)),
            waiting: AtomicUsize::new(0),
            past: Mutex::default(),
            bringing: Mutex::default(),
            host: Host::of_many(),
        }
    }
}

impl Stage {
    /// A place for a turn, or a refusal when too many wait, or one has waited for too long.
    pub async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.place(&self.turns).await
    }

    /// The same for work that keeps a core busy.
    pub async fn core(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.place(&self.cores).await
    }

    async fn place(&self, places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
        let busy = || Problem::busy("too many wait for an answer; try again");
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Ok(place);
        }
        let queue = Queue::join(&self.waiting).ok_or_else(busy)?;
        let place = Arc::clone(places).acquire_owned();
        let place = tokio::time::timeout(PATIENCE, place).await;
        drop(queue);
        place.ok().and_then(Result::ok).ok_or_else(busy)
    }

    /// An identity as it was. One is brought back at a time, since that is a replay.
    pub fn past(&self, house: &House, name: &str, version: u64) -> her_identity::Result<Speaker> {
        let key = (house.record(name)?.current, version);
        let all = || self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let is = |(of, _): &&((IdentityId, u64), Speaker)| *of == key;
        let known = || all().iter().find(is).map(|(_, speaker)| speaker.clone());
        if let Some(speaker) = known() {
            return Ok(speaker);
        }
        let _one = self.bringing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(speaker) = known() {
            return Ok(speaker);
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

/// Holds a turn on a thread of its own. It ends early when nobody listens any more, and when the
/// server ends.
pub(super) async fn speak<W>(app: &Arc<App>, work: W) -> Result<mpsc::Receiver<Piece>, Refused>
where
    W: FnOnce(&Arc<App>, &mut dyn FnMut(&str) -> bool) -> Result<Told, Refused>,
    W: Send + 'static,
{
    let place = app.stage.turn().await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    use std::future::poll_fn;
    use std::task::Poll;

    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_refused_at_once() {
        let stage = Stage::default();
        let mut held = Vec::new();
        for _ in 0..TURNS {
            held.push(stage.turn().await.unwrap());
        }
        let mut waiting: Vec<_> = (0..WAITING_MAX).map(|_| Box::pin(stage.turn())).collect();
        poll_fn(|cx| {
            assert!(waiting.iter_mut().all(|one| one.as_mut().poll(cx).is_pending()));
            Poll::Ready(())
        })
        .await;
        let refused = stage.turn().await.unwrap_err().into_response();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.headers().contains_key("retry-after"));
        drop(held.pop());
        held.push(waiting.remove(0).await.unwrap());
        // Who goes away makes room in the queue.
        drop(waiting);
        assert_eq!(stage.waiting.load(Ordering::Relaxed), 0);
    }
}
