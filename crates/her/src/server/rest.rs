//! Language identities that nobody talks to for a while take their small form, and leave memory.
//!
//! That is an event of their journal, since it changes what comes after. Who is talked to again comes
//! back by it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use her_identity::event::What;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{App, gate};

/// How often it is looked who rests.
const LOOK: Duration = Duration::from_secs(5);

/// Sends to rest who was silent for `after`, until the server ends; never if that is nothing.
pub(super) async fn rest(app: &Arc<App>, after: Duration) {
    if after.is_zero() {
        return std::future::pending().await;
    }
    let mut awake: HashMap<String, (u64, Instant)> = HashMap::new();
    loop {
        tokio::time::sleep(LOOK.min(after)).await;
        let (names, now) = (app.house.names(), Instant::now());
        let mut still = HashMap::new();
        for name in names {
            let Some(version) = version(app, &name).await else { continue };
            let since = match awake.get(&name) {
                Some((before, since)) if *before == version => *since,
                _ => now,
            };
            if now.duration_since(since) < after {
                still.insert(name, (version, since));
            } else {
                // Who refuses now, as one that is moving, is asked again after as long a silence.
                let _ = lay_to_rest(app, &name).await;
            }
        }
        awake = still;
    }
}

/// The version of an identity that is in memory and takes much of it.
async fn version(app: &Arc<App>, name: &str) -> Option<u64> {
    let (tell, told) = oneshot::channel();
    let peek = move |identity: Option<&her_identity::identity::Identity>| {
        let state = identity.map(her_identity::identity::Identity::state);
        let awake = state.filter(|s| s.model().is_heavy() && !s.is_resting() && !s.is_frozen());
        let _ = tell.send(awake.map(her_identity::turn::State::version));
    };
    app.house.peek(name, peek).ok()?;
    told.await.ok()?
}

async fn lay_to_rest(app: &Arc<App>, name: &str) -> Option<()> {
    let place = app.gate.idle_place()?;
    let event = app.house.event(What::Rest);
    let told = gate::submit(&app.house, name, vec![event], place).ok()?;
    told.await.ok()?.ok().map(drop)
}
