//! The loss of a region and its return: identities without an owner, and who takes them over.

use crate::Result;
use crate::flight::Flight;
use crate::herd::{CUT, MOVING};
use crate::node::Lost;
use crate::world::World;

/// A loss of a region, as it goes on.
pub(crate) struct LossAt {
    pub region: usize,
    pub at_ms: u64,
    pub identities: u64,
    /// Those that have no owner yet.
    pub left: u64,
    /// Those that had none until the region came back.
    pub came_back: u64,
    /// When the last of them had an owner.
    pub absorbed_ms: Option<u64>,
    /// When no more nodes had too much to do than before.
    pub settled_ms: Option<u64>,
    /// Share of the nodes that had too much to do before.
    pub over_before: f64,
}

impl World<'_> {
    pub(crate) fn lose(&mut self, region: usize) {
        let now_ms = self.now_ms;
        let over_before = self.loads().over;
        let of = self.losses.len();
        let mut identities = 0;
        for j in 0..self.nodes.len() {
            let node = &mut self.nodes[j];
            if node.region != region {
                continue;
            }
            node.up = false;
            node.life += 1;
            (node.out, node.coming) = (0, 0);
            node.watched.clear();
            let cursor = node.members.len();
            identities += cursor as u64;
            let from_ms = now_ms + self.planet.takeover.after;
            let again = Vec::new();
            node.lost = Some(Lost { of, at_ms: now_ms, from_ms, cursor, under_way: 0, again });
            for id in &self.nodes[j].members {
                self.herd.unmark(*id, MOVING);
                self.herd.mark(*id, CUT);
                self.herd.watched[*id as usize] = 0;
            }
        }
        self.losses.push(LossAt {
            region,
            at_ms: now_ms,
            identities,
            left: identities,
            came_back: 0,
            absorbed_ms: (identities == 0).then_some(now_ms),
            settled_ms: None,
            over_before,
        });
    }

    /// Who was not taken over is there again at once: its files are where they were.
    pub(crate) fn come_back(&mut self, region: usize) {
        let now_ms = self.now_ms;
        for j in 0..self.nodes.len() {
            let node = &mut self.nodes[j];
            let Some(lost) = node.lost.take_if(|_| node.region == region) else { continue };
            node.up = true;
            node.life += 1;
            node.load = node.load_now(&self.factors);
            let left = node.members.len() as u64;
            for id in &self.nodes[j].members {
                self.herd.unmark(*id, MOVING);
            }
            let loss = &mut self.losses[lost.of];
            loss.came_back += left;
            self.tally.without_owner_s += left as f64 * (now_ms - lost.at_ms) as f64 / 1e3;
            self.found(lost.of, left);
        }
    }

    /// So many have an owner again.
    fn found(&mut self, of: usize, identities: u64) {
        let loss = &mut self.losses[of];
        loss.left -= identities;
        if loss.left == 0 && loss.absorbed_ms.is_none() {
            loss.absorbed_ms = Some(self.now_ms);
        }
    }

    /// Begins with as many of a lost node as may be taken over at a time.
    pub(crate) fn take_over_from(&mut self, j: usize) {
        let budget = self.planet.takeover;
        loop {
            let planet_is_full = self.taking_over >= budget.planet;
            let node = &mut self.nodes[j];
            let Some(lost) = &mut node.lost else { return };
            if planet_is_full || lost.under_way >= budget.per_node || self.now_ms < lost.from_ms {
                return;
            }
            let next = lost.again.last().copied();
            let next = next.or_else(|| node.members.get(lost.cursor.wrapping_sub(1)).copied());
            let Some(id) = next else { return };
            let Some(heir) = self.plan_heir(j, id) else {
                self.tally.no_heir += 1;
                return;
            };
            if let Some(lost) = &mut self.nodes[j].lost {
                lost.under_way += 1;
                if lost.again.pop().is_none() {
                    lost.cursor -= 1;
                }
            }
            self.taking_over += 1;
            let takes_ms = budget.takes as f64 + self.send_ms(self.bytes_of(id));
            self.launch(j, heir, id, (None, takes_ms, 0.0));
        }
    }

    /// A takeover comes to its end.
    pub(crate) fn taken_over(&mut self, flight: Flight) -> Result<()> {
        let Flight { id, from, to, lives, .. } = flight;
        self.taking_over -= 1;
        let heir_is_there = self.nodes[to].life == lives.1;
        if heir_is_there {
            self.nodes[to].coming -= 1;
        }
        if self.nodes[from].life != lives.0 {
            // Its region came back before.
            return Ok(());
        }
        self.herd.unmark(id, MOVING);
        let Some(lost) = &mut self.nodes[from].lost else { return Ok(()) };
        lost.under_way -= 1;
        let (of, at_ms) = (lost.of, lost.at_ms);
        if heir_is_there {
            let bytes = self.bytes_of(id);
            self.shift(id, from, to)?;
            self.tally.takeovers += 1;
            self.tally.taken_bytes += bytes;
            self.tally.without_owner_s += (self.now_ms - at_ms) as f64 / 1e3;
            self.found(of, 1);
        } else {
            lost.again.push(id);
        }
        self.take_over_from(from);
        Ok(())
    }

    /// The seconds of those who have no owner when all ends.
    pub(crate) fn never_found(&mut self) {
        for node in &self.nodes {
            if let Some(lost) = &node.lost {
                let s = (self.now_ms - lost.at_ms) as f64 / 1e3;
                self.tally.without_owner_s += node.members.len() as f64 * s;
            }
        }
    }
}
