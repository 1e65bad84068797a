//! Gates stepped, and moves: begun by a gate, ended by a commit or by the loss of a side.

use her_gate::figures::{COUNT, Figures};
use her_gate::placement::{Ask, Choose, NoChoice};
use her_gate::{Action, Gate, Outcome, To, Why};

use crate::Result;
use crate::herd::{HELD, LONG_MS, MOVING};
use crate::invariants::Begun;
use crate::rules::{Values, Watch, add_figures};
use crate::world::{Due, World};

/// One move under way; a takeover where no rule says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flight {
    pub id: u32,
    pub from: usize,
    pub to: usize,
    /// In which life of both it was begun.
    pub lives: (u32, u32),
    pub begun_ms: u64,
    pub pause_ms: f64,
    pub rule: Option<usize>,
    /// Its line in the log that is checked at the end.
    pub line: usize,
}

/// What is said when a move fails; the simulator tells nobody.
const UNSAID: &str = "";

impl World<'_> {
    /// The figures of a node.
    fn values(&self, j: usize) -> Values {
        let node = &self.nodes[j];
        let mut values = [f64::NAN; COUNT];
        let mib = node.bytes as f64 / 1_048_576.0;
        let peers = node.known.peers.len() as f64;
        let (tier, most) = (f64::from(node.home.tier), f64::from(node.max_tier));
        let of_node = [node.load, mib, node.memory_share(), tier, most, peers];
        for (place, value) in self.places.of_node.iter().zip(of_node) {
            values[*place] = value;
        }
        values
    }

    /// One step of all gates of a node.
    pub(crate) fn step_gates(&mut self, j: usize) -> Result<()> {
        let mut values = self.values(j);
        for rule in 0..self.rules.len() {
            if self.rules[rule].may_be(&values) {
                self.watch_more(j, rule, &values);
            }
        }
        let mut watched = std::mem::take(&mut self.nodes[j].watched);
        for watch in &mut watched {
            self.step_gate(j, watch, &mut values)?;
        }
        let now_ms = self.now_ms;
        watched.retain(|watch| {
            let rests = watch.at_rest(now_ms);
            if rests {
                self.herd.watched[watch.id as usize] &= !(1 << watch.rule);
            }
            !rests
        });
        self.nodes[j].watched = watched;
        Ok(())
    }

    /// Takes up the gates of those whom a rule means and who have none yet.
    fn watch_more(&mut self, j: usize, rule: usize, of_node: &Values) {
        let most = self.rules[rule].rule.spec.budget.per_node as usize + WATCHED_BEYOND;
        let node = &mut self.nodes[j];
        // Who waits for its gate to close keeps nobody out.
        let counts = |watch: &&Watch| watch.rule == rule && watch.last != Why::Keep;
        let mut watched = node.watched.iter().filter(counts).count();
        let (levels, factors, places) = (&self.levels, &self.factors, &self.places);
        let mut left = node.members.len();
        node.cursor = if left == 0 { 0 } else { node.cursor % left };
        while watched < most && left > 0 {
            let (id, key) = (node.members[node.cursor], node.keys[node.cursor]);
            let values = || {
                let mut values = *of_node;
                add_figures(&mut values, places, levels, key, factors);
                values
            };
            let of = &mut self.herd.watched[id as usize];
            if self.rules[rule].means(key, values) && *of & 1 << rule == 0 {
                *of |= 1 << rule;
                let gate = Gate::new(self.rules[rule].rule.clone());
                node.watched.push(Watch { id, rule, gate, last: Why::ConditionFalse });
                watched += 1;
            }
            left -= 1;
            node.cursor = (node.cursor + 1) % node.members.len();
        }
    }

    fn step_gate(&mut self, j: usize, watch: &mut Watch, values: &mut Values) -> Result<()> {
        let now_ms = self.now_ms;
        let slot = self.herd.slot[watch.id as usize] as usize;
        if self.nodes[j].members.get(slot) != Some(&watch.id) {
            return self.not_there(watch.id, j);
        }
        let key = self.nodes[j].keys[slot];
        add_figures(values, &self.places, &self.levels, key, &self.factors);
        let mut figures = Figures::default();
        for (place, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            figures.put(place, *value, now_ms);
        }
        let counted = watch.gate.counts(now_ms);
        let mut used = self.ledgers[watch.rule].used(now_ms, j, counted);
        if self.planted(Bug::BlindBudget) {
            used = her_gate::Used::default();
        }
        let why = watch.gate.decide(now_ms, &figures, used);
        self.tally.decisions[watch.rule][why as usize] += 1;
        if why == Why::Act {
            if let Err(why) = self.depart(j, watch.rule, watch.id) {
                self.tally.refused[watch.rule] += 1;
                watch.gate.told(now_ms, Outcome::Failed(why, UNSAID.into()));
            }
        } else if why == Why::DryRun && watch.last != Why::DryRun {
            // It counts against the budget, as if it had been done.
            self.ledgers[watch.rule].begin(j);
            self.ledgers[watch.rule].end(j, now_ms, true);
            self.tally.dry_runs[watch.rule] += 1;
        }
        watch.last = why;
        Ok(())
    }

    /// What a node sees of those whom it knows: their figures as of their last look.
    pub(crate) fn see_peers(&mut self, j: usize) {
        let mut known = std::mem::take(&mut self.nodes[j].known);
        for (peer, number) in known.peers.iter_mut().zip(&known.numbers) {
            let node = &self.nodes[*number as usize];
            peer.cpu = node.load;
            peer.memory = node.memory_share();
            peer.coming = node.coming;
            peer.ready = node.up && peer.memory < 1.0;
        }
        let node = &mut self.nodes[j];
        node.known = known;
        node.home.cpu = if node.up { node.load } else { f64::NAN };
        node.home.memory = node.memory_share();
    }

    /// Sends somebody away, as a gate says; or why not, as the server would tell the gate.
    fn depart(&mut self, j: usize, rule: usize, id: u32) -> std::result::Result<(), Why> {
        let of = std::sync::Arc::clone(&self.rules[rule].rule);
        let Action::Migrate { to, choose, .. } = &of.spec.action else {
            return Err(Why::Failed);
        };
        let name = format!("i{id}");
        let arrived = u64::from(self.herd.arrived[id as usize]);
        let arrived_ms = (arrived > 0 && !self.planted(Bug::ForgetsArrivals)).then_some(arrived);
        let ask = Ask { identity: &name, arrived_ms, to, by: *choose };
        let target = self.plan(j, Some(rule), ask)?;
        let departs_already = self.herd.is(id, MOVING);
        if departs_already || self.nodes[j].out >= self.planet.moves.at_a_time {
            self.nodes[j].planners[rule].forget(&name);
            return Err(if departs_already { Why::TargetNotReady } else { Why::Budget });
        }
        let bytes = self.bytes_of(id);
        let rtt_ms = self.planet.rtt_ms[self.nodes[j].region][self.nodes[target].region];
        let pause_ms = self.planet.pause.draw_ms(&mut self.rng, bytes, rtt_ms);
        let takes_ms = 2.0 * rtt_ms + self.send_ms(bytes) + pause_ms;
        self.ledgers[rule].begin(j);
        self.nodes[j].out += 1;
        self.launch(j, target, id, (Some(rule), takes_ms, pause_ms));
        Ok(())
    }

    /// Where to: the server's placement, with what this node knows.
    pub(crate) fn plan(
        &mut self,
        j: usize,
        rule: Option<usize>,
        ask: Ask<'_>,
    ) -> std::result::Result<usize, Why> {
        self.see_peers(j);
        let now_ms = self.now_ms;
        let node = &mut self.nodes[j];
        let planner = match rule {
            Some(rule) => &mut node.planners[rule],
            None => &mut node.heir,
        };
        match planner.choose(now_ms, ask, &node.home, &node.known.peers) {
            Ok(chosen) => {
                let place = node.known.peers.iter().position(|peer| std::ptr::eq(peer, chosen));
                place.map(|i| node.known.numbers[i] as usize).ok_or(Why::TargetNotReady)
            }
            Err(NoChoice::Cooldown(_)) => Err(Why::Cooldown),
            Err(NoChoice::NoBetter | NoChoice::NotReady(_)) => Err(Why::TargetNotReady),
        }
    }

    /// Who takes an identity over whose node is lost: any node, by all that nodes are judged by.
    pub(crate) fn plan_heir(&mut self, j: usize, id: u32) -> Option<usize> {
        let name = format!("i{id}");
        let ask = Ask { identity: &name, arrived_ms: None, to: &To::Any, by: Choose::default() };
        let heir = self.plan(j, None, ask).ok();
        self.nodes[j].heir.forget(&name);
        heir
    }

    pub(crate) fn bytes_of(&self, id: u32) -> f64 {
        self.levels.size[usize::from(self.herd.size[id as usize])] as f64
    }

    pub(crate) fn send_ms(&self, bytes: f64) -> f64 {
        bytes / 1_048_576.0 / self.planet.moves.link_mib_s * 1e3
    }

    pub(crate) fn launch(
        &mut self,
        from: usize,
        to: usize,
        id: u32,
        (rule, takes_ms, pause_ms): (Option<usize>, f64, f64),
    ) {
        self.nodes[to].coming += 1;
        self.herd.mark(id, MOVING);
        let line = rule.map_or(usize::MAX, |rule| {
            self.log.push(Begun::new(rule, from, self.now_ms));
            self.log.len() - 1
        });
        let lives = (self.nodes[from].life, self.nodes[to].life);
        let begun_ms = self.now_ms;
        let flight = Flight { id, from, to, lives, begun_ms, pause_ms, rule, line };
        self.schedule(self.now_ms + takes_ms.ceil().max(1.0) as u64, Due::Arrives(flight));
    }

    /// A move comes to its end.
    pub(crate) fn arrive(&mut self, flight: Flight) -> Result<()> {
        let Some(rule) = flight.rule else { return self.taken_over(flight) };
        let Flight { id, from, to, lives, .. } = flight;
        let (source, target) = (self.nodes[from].life, self.nodes[to].life);
        if target == lives.1 {
            self.nodes[to].coming -= 1;
        }
        let came_to_be = (source, target) == lives;
        self.ledgers[rule].end(from, flight.begun_ms, came_to_be);
        self.log[flight.line].end(self.now_ms, came_to_be);
        if source != lives.0 {
            // It was lost with its source, and is taken over.
            self.tally.aborted[rule] += 1;
            return Ok(());
        }
        self.nodes[from].out -= 1;
        self.herd.unmark(id, MOVING);
        let of = |watch: &Watch| watch.id == id && watch.rule == rule;
        if !came_to_be {
            self.tally.aborted[rule] += 1;
            self.nodes[from].planners[rule].forget(&format!("i{id}"));
            let now_ms = self.now_ms;
            if let Some(watch) = self.nodes[from].watched.iter_mut().find(|watch| of(watch)) {
                watch.gate.told(now_ms, Outcome::Failed(Why::TargetNotReady, UNSAID.into()));
            }
            return Ok(());
        }
        self.nodes[from].watched.retain(|watch| watch.id != id);
        self.herd.watched[id as usize] = 0;
        let cooldown_ms = self.rules[rule].rule.spec.cooldown_ms;
        self.tally.move_of(rule, flight.pause_ms, self.bytes_of(id));
        if flight.pause_ms > LONG_MS {
            self.herd.mark(id, HELD);
        }
        let back = self.herd.before[id as usize] == to as u32;
        if back {
            let stayed = flight.begun_ms - u64::from(self.herd.arrived[id as usize]);
            if stayed < cooldown_ms {
                self.tally.flaps += 1;
                return self.flapped(id, to, stayed, cooldown_ms);
            }
            self.tally.moved_back += 1;
        }
        self.shift(id, from, to)
    }

    /// The commit: one node lets go, another takes in.
    pub(crate) fn shift(&mut self, id: u32, from: usize, to: usize) -> Result<()> {
        let (i, size) = (id as usize, self.herd.size[id as usize]);
        let slot = self.herd.slot[i] as usize;
        if self.nodes[from].members.get(slot) != Some(&id) {
            return self.not_there(id, from);
        }
        let key = if self.planted(Bug::KeepsSource) {
            self.nodes[from].keys[slot]
        } else {
            let (key, moved) = self.nodes[from].remove(slot, size, &self.levels);
            if let Some(moved) = moved {
                self.herd.slot[moved as usize] = slot as u32;
            }
            key
        };
        self.herd.slot[i] = self.nodes[to].push(id, key, size, &self.levels);
        self.herd.node[i] = to as u32;
        self.herd.before[i] = from as u32;
        self.herd.arrived[i] = self.now_ms as u32;
        self.hash(&[u64::from(id), from as u64, to as u64]);
        Ok(())
    }
}

/// Gates that a node steps for a rule beyond the number that it may act upon within a cool-down.
/// The server steps all of up to 1,024 identities; those beyond could only be told BUDGET.
const WATCHED_BEYOND: usize = 16;

/// A mistake that is planted by a test, to see that a run is caught by its own checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A gate does not see what others use of its budget.
    BlindBudget,
    /// The planner is not told when an identity came.
    ForgetsArrivals,
    /// Who moves stays where it was, too.
    KeepsSource,
}
