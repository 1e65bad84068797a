//! The time while people think: an identity whose spec says so learns its newest events once more.
//!
//! A pass is made of small events, and between any two of them it is looked whether anything is
//! under way: whatever comes finds at most one of them before it. Each event is passed over once;
//! what was passed over is in the journal, so a replay does the same.

use std::sync::Arc;
use std::time::Duration;

use her_identity::event::What;
use her_identity::turn::Again;
use tokio::time::Instant;

use super::{Channel, Channels, session};
use crate::server::{App, gate};

/// How often it is looked who thinks, and how long somebody is silent before it counts as that.
const LOOK: Duration = Duration::from_millis(250);
/// Events that one step of a pass learns again: others wait for no more than that.
const STEP: usize = 16;

/// Passes over what was learned while people think, until the server ends.
pub(crate) async fn rehearse(app: &Arc<App>) {
    loop {
        tokio::time::sleep(LOOK).await;
        for name in app.channels.thinking() {
            // What refuses now is asked again at the next look.
            let _ = pass(app, &name).await;
        }
    }
}

async fn pass(app: &Arc<App>, name: &str) -> Result<(), ()> {
    while app.gate.is_idle() && app.channels.somebody_thinks(name) {
        let next = |identity: &her_identity::identity::Identity| identity.state().to_rehearse(STEP);
        let next = session::look_at(app, name, next).await.map_err(drop)?;
        let Some(Again { from, to, events }) = next else { return Ok(()) };
        // Something may have come meanwhile.
        let Some(place) = app.gate.idle_place() else { return Ok(()) };
        let event = app.house.event(What::Rehearse { from, to });
        let told = gate::submit(&app.house, name, vec![event], place).map_err(drop)?;
        let replies = told.await.map_err(drop)?.map_err(drop)?;
        if replies.iter().any(Result::is_err) {
            return Err(());
        }
        app.metrics.channels.rehearsed.inc_by(events as u64);
    }
    Ok(())
}

impl Channels {
    /// Identities that want a second pass and for whom somebody is waited for. One who listens to
    /// a pulse thinks too.
    fn thinking(&self) -> Vec<Box<str>> {
        let (open, now) = (self.open(), Instant::now());
        let thinks = open.values().filter(|channel| channel.thinks(now));
        let mut names: Vec<Box<str>> = thinks.map(|channel| channel.name.clone()).collect();
        names.dedup();
        names
    }

    fn somebody_thinks(&self, name: &str) -> bool {
        let (open, now) = (self.open(), Instant::now());
        let begin: (Box<str>, Box<str>) = (name.into(), "".into());
        open.range(begin..).take_while(|(key, _)| *key.0 == *name).any(|(_, c)| c.thinks(now))
    }
}

impl Channel {
    fn thinks(&self, now: Instant) -> bool {
        self.rehearses && self.figures.thinks(LOOK, now)
    }
}
