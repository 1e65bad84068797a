//! The pulse of an identity: where it stands, looked at once for all who listen.
//!
//! At most 20 times a second, and only the newest: who listens slowly misses beats and holds up
//! nobody. Identities that nobody listens to are not looked at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

use crate::server::{App, told_to_stop};

/// The most beats a second.
pub(super) const HZ_MAX: u32 = 20;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(1_000 / HZ_MAX as u64);

/// Where an identity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Pulse {
    /// The durable version.
    pub version: u64,
    pub learned: u64,
    pub drift_alarms: u64,
}

impl Pulse {
    /// As a frame; `since` are the updates since the other side spoke.
    pub fn frame(self, since: u64) -> Value {
        json!({ "pulse": {
            "version": self.version,
            "updates_since_spoke": since,
            "learned": self.learned,
            "drift_alarms": self.drift_alarms,
        } })
    }
}

/// Identities whose pulse somebody feels.
#[derive(Default)]
pub(super) struct Pulses(Mutex<HashMap<String, Weak<watch::Sender<Pulse>>>>);

impl Pulses {
    /// News of an identity's pulse.
    pub fn feel(&self, app: &Arc<App>, name: &str) -> watch::Receiver<Pulse> {
        let mut felt = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = felt.get(name).and_then(Weak::upgrade) {
            return sender.subscribe();
        }
        let (sender, news) = watch::channel(Pulse::default());
        let sender = Arc::new(sender);
        felt.retain(|_, sender| sender.strong_count() > 0);
        felt.insert(name.to_owned(), Arc::downgrade(&sender));
        tokio::spawn(beat(Arc::clone(app), name.to_owned(), sender));
        news
    }
}

/// Looks until nobody listens any more.
async fn beat(app: Arc<App>, name: String, sender: Arc<watch::Sender<Pulse>>) {
    let mut stopping = app.stopping.clone();
    loop {
        // An identity that can't be looked at now is looked at again.
        if let Some(now) = look(&app, &name).await {
            sender.send_if_modified(|before| std::mem::replace(before, now) != now);
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = sender.closed() => return,
            () = told_to_stop(&mut stopping) => return,
        }
    }
}

async fn look(app: &App, name: &str) -> Option<Pulse> {
    let (tell, told) = oneshot::channel();
    let look = |identity: &her_identity::identity::Identity| {
        let figures = identity.state().figures();
        (figures.learned, figures.drift_alarms)
    };
    app.house.look_then(name, look, move |found| drop(tell.send(found))).ok()?;
    let (learned, drift_alarms) = told.await.ok()?.ok()?;
    Some(Pulse { version: app.house.head(name).ok()?.seq, learned, drift_alarms })
}

/// The beats that a channel asked for.
pub(super) struct Beats {
    news: watch::Receiver<Pulse>,
    every: Duration,
    next: Instant,
}

impl Beats {
    /// Beats so many times a second; none for 0.
    pub fn new(app: &Arc<App>, name: &str, hz: u32) -> Option<Box<Self>> {
        let every = Duration::from_secs(1).checked_div(hz)?;
        let news = app.channels.pulses.feel(app, name);
        Some(Box::new(Self { news, every, next: Instant::now() }))
    }
}

/// The newest beat that is due; never comes for who asked for none.
pub(super) async fn next_beat(beats: &mut Option<Box<Beats>>, app: &Arc<App>, name: &str) -> Pulse {
    match beats {
        Some(beats) => Box::pin(beats.next(app, name)).await,
        None => std::future::pending().await,
    }
}

impl Beats {
    async fn next(&mut self, app: &Arc<App>, name: &str) -> Pulse {
        loop {
            sleep_until(self.next).await;
            let felt = self.news.changed().await;
            self.next = Instant::now() + self.every;
            if felt.is_ok() {
                return *self.news.borrow_and_update();
            }
            // The looker went home just when we came.
            self.news = app.channels.pulses.feel(app, name);
        }
    }
}
