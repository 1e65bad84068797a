//! Language identities that nobody talks to for a while take their small form, and leave memory.
//!
//! That is an event of their journal, since it changes what comes after. Who is talked to again
//! comes back by it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use her_identity::House;
use her_identity::event::What;
use tokio::time::Instant;

use super::App;
use crate::resident;

/// How often it is looked who rests.
const LOOK: Duration = Duration::from_secs(5);

/// Sends to rest who was silent for `after`, until the server ends; never if that is nothing.
pub(super) async fn rest(app: &Arc<App>, after: Duration) {
    if after.is_zero() {
        return std::future::pending().await;
    }
    let mut awake: HashMap<String, (u64, Instant)> = HashMap::new();
    let mut leave = false;
    loop {
        tokio::time::sleep(LOOK.min(after)).await;
        let left = std::mem::take(&mut leave);
        let look = move |house: &House| {
            if left {
                // They left once their snapshots were on the disk, which a look later they are.
                resident::give_back();
            }
            house.awake()
        };
        let Ok(found) = app.blocking(look).await else { continue };
        let (mut still, now) = (HashMap::new(), Instant::now());
        for (name, version) in found {
            let since = match awake.get(&name) {
                Some((before, since)) if *before == version => *since,
                _ => now,
            };
            if now.duration_since(since) < after {
                still.insert(name, (version, since));
            } else {
                // Who refuses now, as one that is moving, is asked again after as long a silence.
                let event = app.house.event(What::Rest);
                leave |= app.gate.submit_one(&app.house, &name, event).await.is_ok();
            }
        }
        awake = still;
    }
}
