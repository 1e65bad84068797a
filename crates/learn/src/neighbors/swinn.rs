//! `SWINN`'s graph: every event of a sliding window has edges to others that are near.
//!
//! A search walks from an event to the neighbors that are nearest to what is searched, forwards and
//! backwards along edges, until the nearest one not looked at lies more than a tenth farther than
//! the worst one found. A new event gets edges to what a search finds. When the oldest event
//! leaves, those that lost their last edge are searched again, and their neighborhoods refined:
//! neighbors of neighbors are measured, and nearer ones take the place of farther ones.
//!
//! River walks over sets of integers, in the order of CPython's tables, and each search begins at
//! an event that is drawn, also when it predicts. Here the order is that of places in the window,
//! and where a prediction begins follows from how many events came.

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};

use super::engine::{Distance, SwinnParams};
use super::window::{Near, Point, Window, point};
use crate::features::{Context, Features};
use crate::rng::Rng;

/// How much farther than the worst found a search still looks, as a factor.
const REACH: f64 = 1.1;
/// After so many draws that hit nothing to begin at, the first event that will do is taken.
const DRAWS_MAX: usize = 100;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Edge {
    to: u32,
    distance: f64,
    /// True until the edge took part in a refinement.
    fresh: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Vertex {
    /// Oldest first.
    edges: Vec<Edge>,
    /// The places that have an edge to this one, in their order.
    back: Vec<u32>,
}

impl Vertex {
    fn is_isolated(&self) -> bool {
        self.edges.is_empty() && self.back.is_empty()
    }

    fn edge(&self, to: u32) -> Option<&Edge> {
        self.edges.iter().find(|e| e.to == to)
    }

    /// The place in `edges` of the longest one, the first of equals.
    fn longest(&self) -> Option<usize> {
        let distance = |i: usize| self.edges[i].distance;
        (0..self.edges.len()).reduce(|best, i| if distance(i) > distance(best) { i } else { best })
    }
}

/// A vertex for each place of the window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Graph {
    vertices: Vec<Vertex>,
    /// Those that lost their last edge since they were looked after.
    isolated: Vec<u32>,
    rng: Rng,
    appended: u64,
}

/// What graph and window work with while one event is learned.
struct Work<'a> {
    window: &'a Window,
    p: &'a SwinnParams,
    by: Distance,
    found: Vec<Near>,
    pool: Vec<Near>,
    visited: Vec<f64>,
    /// The place that is about to be used again.
    gone: Option<u32>,
}

impl<'a> Work<'a> {
    fn new(window: &'a Window, p: &'a SwinnParams, cx: &mut Context<'_>) -> Self {
        let by = p.dist_func.unwrap_or(Distance::Euclidean {});
        let (found, pool, visited) = (cx.take_near(), cx.take_near(), cx.take_floats());
        Self { window, p, by, found, pool, visited, gone: None }
    }

    /// Gives the buffers back, and what was found last.
    fn finish(self, cx: &mut Context<'_>) -> Vec<Near> {
        cx.give_near(self.pool);
        cx.give_floats(self.visited);
        self.found
    }

    fn distance(&self, a: u32, b: u32) -> f64 {
        self.by.between(self.window.point(a), self.window.point(b))
    }
}

impl Graph {
    /// The graph of a window that has warmed up: random edges, refined.
    pub fn new(window: &Window, p: &SwinnParams, cx: &mut Context<'_>) -> Self {
        let n = window.len();
        let mut graph = Self {
            vertices: vec![Vertex::default(); n],
            isolated: Vec::new(),
            rng: Rng::new(u64::from(p.seed.unwrap_or(0))),
            appended: n as u64,
        };
        let mut work = Work::new(window, p, cx);
        for at in 0..n as u32 {
            for other in graph.rng.sample(n - 1, p.graph_k) {
                let other = other as u32 + u32::from(other as u32 >= at);
                graph.add_edge(at, other, work.distance(at, other));
            }
        }
        let all: Vec<u32> = (0..n as u32).collect();
        graph.refine(&all, &mut work);
        let found = work.finish(cx);
        cx.give_near(found);
        graph
    }

    /// Stores an event of a target and a weight.
    pub fn append(
        &mut self,
        window: &mut Window,
        x: &Features,
        (y, w): (f64, f64),
        p: &SwinnParams,
        cx: &mut Context<'_>,
    ) {
        let at = window.next() as u32;
        let mut work = Work::new(window, p, cx);
        if window.len() == p.maxlen {
            work.gone = Some(at);
            self.remove(at, &mut work);
        } else {
            self.vertices.push(Vertex::default());
            work.gone = Some(at);
        }
        self.nearest(point(x), None, at, &mut work);
        let found = work.finish(cx);
        window.push(x, y, w, p.maxlen);
        self.fill(at, &found);
        cx.give_near(found);
        self.appended += 1;
    }

    /// Writes about the `k` nearest events into `out`, nearest first.
    pub fn search(
        &self,
        window: &Window,
        x: Point<'_>,
        k: usize,
        by: Distance,
        out: &mut Vec<Near>,
        cx: &mut Context<'_>,
    ) {
        // A number that spreads over all places, so that no part of the graph is out of reach.
        let from = (self.appended.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize;
        let n = self.vertices.len();
        let mut places = (0..n).map(|i| (from + i) % n);
        let Some(start) = places.find(|&at| !self.vertices[at].is_isolated()) else {
            return window.scan(x, k, by, out);
        };
        let (mut pool, mut visited) = (cx.take_near(), cx.take_floats());
        out.clear();
        let distance = |at| by.between(x, window.point(at));
        self.walk(start as u32, None, k, distance, out, &mut pool, &mut visited);
        cx.give_near(pool);
        cx.give_floats(visited);
    }

    /// Walks from `start` to what is nearest by `distance`, never over `exclude`.
    #[expect(clippy::too_many_arguments, reason = "buffers of two owners")]
    fn walk(
        &self,
        start: u32,
        exclude: Option<u32>,
        k: usize,
        distance: impl Fn(u32) -> f64,
        found: &mut Vec<Near>,
        pool: &mut Vec<Near>,
        visited: &mut Vec<f64>,
    ) {
        visited.clear();
        visited.resize(self.vertices.len(), 0.0);
        for at in exclude.into_iter().chain([start]) {
            visited[at as usize] = 1.0;
        }
        let first = Near { distance: distance(start), at: start };
        found.clear();
        found.push(first);
        pool.clear();
        pool.push(first);
        // The pool is sorted, the nearest last.
        while let Some(here) = pool.pop() {
            if found.len() == k && here.distance >= REACH * found[k - 1].distance {
                break;
            }
            let vertex = &self.vertices[here.at as usize];
            for at in vertex.edges.iter().map(|e| e.to).chain(vertex.back.iter().copied()) {
                if std::mem::replace(&mut visited[at as usize], 1.0) != 0.0 {
                    continue;
                }
                let near = Near { distance: distance(at), at };
                if found.len() == k {
                    if near.distance >= found[k - 1].distance {
                        continue;
                    }
                    found.pop();
                }
                found.insert(found.partition_point(|other| *other < near), near);
                pool.insert(pool.partition_point(|other| *other > near), near);
            }
        }
    }

    /// Finds about the nearest to `x`, which is or will be at `own`, into the work's `found`.
    fn nearest(&mut self, x: Point<'_>, start: Option<u32>, own: u32, work: &mut Work<'_>) {
        let k = work.p.graph_k;
        let Some(start) = start.or_else(|| self.draw(own)) else {
            // There is no edge at all: look at all events, with one more for each left out.
            work.window.scan(x, k + 2, work.by, &mut work.found);
            work.found.retain(|n| n.at != own && Some(n.at) != work.gone);
            work.found.truncate(k);
            return;
        };
        let (window, by) = (work.window, work.by);
        let distance = |at| by.between(x, window.point(at));
        let Work { found, pool, visited, .. } = work;
        self.walk(start, Some(own), k, distance, found, pool, visited);
    }

    /// A place to begin a search at, which has an edge and is not `own`.
    fn draw(&mut self, own: u32) -> Option<u32> {
        let n = self.vertices.len();
        let will_do =
            |graph: &Self, at: u32| at != own && !graph.vertices[at as usize].is_isolated();
        for _ in 0..DRAWS_MAX {
            let at = self.rng.below(n as u64) as u32;
            if will_do(self, at) {
                return Some(at);
            }
        }
        (0..n as u32).find(|&at| will_do(self, at))
    }

    fn add_edge(&mut self, from: u32, to: u32, distance: f64) {
        self.vertices[from as usize].edges.push(Edge { to, distance, fresh: true });
        let back = &mut self.vertices[to as usize].back;
        if let Err(place) = back.binary_search(&from) {
            back.insert(place, from);
        }
    }

    fn drop_edge(&mut self, from: u32, to: u32) {
        self.vertices[from as usize].edges.retain(|e| e.to != to);
        let back = &mut self.vertices[to as usize].back;
        if let Ok(place) = back.binary_search(&from) {
            back.remove(place);
        }
        for at in [from, to] {
            if self.vertices[at as usize].is_isolated() {
                self.isolated.push(at);
            }
        }
    }

    fn fill(&mut self, at: u32, near: &[Near]) {
        for n in near {
            self.add_edge(at, n.at, n.distance);
        }
    }

    fn are_neighbors(&self, a: u32, b: u32) -> bool {
        let vertex = &self.vertices[a as usize];
        vertex.back.binary_search(&b).is_ok() || vertex.edge(b).is_some()
    }

    /// Gives `from` an edge to `to` if it is shorter than its longest, and says whether.
    fn push_edge(&mut self, from: u32, to: u32, distance: f64, max: usize) -> bool {
        if from == to || self.are_neighbors(from, to) {
            return false;
        }
        let vertex = &self.vertices[from as usize];
        if vertex.edges.len() >= max {
            match vertex.longest().map(|i| &vertex.edges[i]) {
                Some(longest) if longest.distance > distance => {
                    let worst = longest.to;
                    self.drop_edge(from, worst);
                }
                _ => return false,
            }
        }
        self.add_edge(from, to, distance);
        true
    }

    /// Takes the oldest event out, and looks after those that hung on it.
    fn remove(&mut self, gone: u32, work: &mut Work<'_>) {
        let Vertex { edges, back } = std::mem::take(&mut self.vertices[gone as usize]);
        for &from in &back {
            self.vertices[from as usize].edges.retain(|e| e.to != gone);
        }
        for edge in &edges {
            self.vertices[edge.to as usize].back.retain(|&from| from != gone);
        }
        self.isolated.retain(|&at| at != gone);
        let vertex = |at: u32| &self.vertices[at as usize];
        let no_edges: Vec<u32> =
            back.into_iter().filter(|&at| vertex(at).edges.is_empty()).collect();
        let mut no_back: Vec<u32> =
            edges.iter().map(|e| e.to).filter(|&at| vertex(at).back.is_empty()).collect();
        no_back.sort_unstable();
        let mut affected = no_edges.clone();
        affected.extend(&no_back);
        affected.sort_unstable();
        affected.dedup();
        let (alone, no_edges): (Vec<u32>, Vec<u32>) =
            no_edges.into_iter().partition(|at| no_back.binary_search(at).is_ok());
        no_back.retain(|at| alone.binary_search(at).is_err());
        for at in alone {
            self.link(at, None, work);
        }
        for at in no_edges {
            let start = match no_back.len() {
                0 => None,
                n => Some(no_back[self.rng.below(n as u64) as usize]),
            };
            self.link(at, start, work);
        }
        self.refine(&affected, work);
    }

    /// Gives a vertex without edges those that a search finds.
    fn link(&mut self, at: u32, start: Option<u32>, work: &mut Work<'_>) {
        self.nearest(work.window.point(at), start, at, work);
        let found = std::mem::take(&mut work.found);
        self.fill(at, &found);
        work.found = found;
    }

    /// Measures neighbors of neighbors of these vertices, and keeps the nearer ones.
    fn refine(&mut self, nodes: &[u32], work: &mut Work<'_>) {
        let p = work.p;
        let enough = p.delta * (p.graph_k * nodes.len()) as f64;
        let mut tried = Pairs::default();
        let rounds = if nodes.is_empty() { 0 } else { p.n_iters };
        for _ in 0..rounds {
            let (new, old) = self.candidates(nodes, p.max_candidates(), &mut tried);
            let mut changes = 0;
            for (new, old) in new.iter().zip(&old) {
                for &a in new {
                    for &b in new.iter().chain(old) {
                        if a == b || tried.contains(a, b) || self.are_neighbors(a, b) {
                            continue;
                        }
                        let distance = work.distance(a, b);
                        changes += usize::from(self.push_edge(a, b, distance, p.graph_k));
                        changes += usize::from(self.push_edge(b, a, distance, p.graph_k));
                        tried.insert(a, b);
                    }
                }
            }
            if changes as f64 <= enough {
                break;
            }
        }
        for &at in nodes {
            self.prune(at, p);
        }
        for at in std::mem::take(&mut self.isolated) {
            if self.vertices[at as usize].is_isolated() && Some(at) != work.gone {
                self.link(at, None, work);
            }
        }
    }

    /// For each of the nodes, the neighbors either way: over edges not yet refined, and others.
    fn candidates(
        &mut self,
        nodes: &[u32],
        max: usize,
        tried: &mut Pairs,
    ) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
        let mut new = vec![Vec::new(); nodes.len()];
        let mut old = new.clone();
        for (i, &at) in nodes.iter().enumerate() {
            for edge in &self.vertices[at as usize].edges {
                tried.insert(at, edge.to);
                let side = if edge.fresh { &mut new } else { &mut old };
                side[i].push(edge.to);
                if let Ok(j) = nodes.binary_search(&edge.to) {
                    side[j].push(at);
                }
            }
        }
        for (i, &at) in nodes.iter().enumerate() {
            for side in [&mut new[i], &mut old[i]] {
                side.sort_unstable();
                side.dedup();
                if side.len() > max {
                    let kept = self.rng.sample(side.len(), max);
                    *side = kept.into_iter().map(|k| side[k]).collect();
                }
            }
            for edge in &mut self.vertices[at as usize].edges {
                edge.fresh &= !new[i].contains(&edge.to);
            }
        }
        (new, old)
    }

    /// Drops, by chance, edges of a vertex that has too many where shorter ones lead there.
    fn prune(&mut self, at: u32, p: &SwinnParams) {
        let vertex = &self.vertices[at as usize];
        if p.prune_prob == 0.0 || vertex.edges.len() + vertex.back.len() <= p.max_candidates() {
            return;
        }
        let own = vertex.edges.iter().map(|e| (Near { distance: e.distance, at: e.to }, true));
        let others = vertex.back.iter().filter_map(|&from| {
            let edge = self.vertices[from as usize].edge(at)?;
            Some((Near { distance: edge.distance, at: from }, false))
        });
        let mut all: Vec<(Near, bool)> = own.chain(others).collect();
        all.sort_unstable();
        let mut selected = Vec::new();
        for (near, own) in all {
            if self.is_redundant(near, &selected, p.prune_prob) {
                let (from, to) = if own { (at, near.at) } else { (near.at, at) };
                self.drop_edge(from, to);
            } else {
                selected.push(near.at);
            }
        }
    }

    /// True when one of `selected` leads to `near` by a shorter edge; a longer one is dropped.
    fn is_redundant(&mut self, near: Near, selected: &[u32], prune_prob: f64) -> bool {
        for &other in selected {
            if !self.are_neighbors(other, near.at) || self.rng.random() >= prune_prob {
                continue;
            }
            let mut between = (other, near.at);
            let mut edge = self.vertices[other as usize].edge(near.at);
            if edge.is_none() {
                between = (near.at, other);
                edge = self.vertices[near.at as usize].edge(other);
            }
            if edge.is_some_and(|e| e.distance < near.distance) {
                return true;
            }
            self.drop_edge(between.0, between.1);
        }
        false
    }
}

/// A set of pairs, whichever way round.
#[derive(Debug, Default)]
struct Pairs(HashTable<u64>);

impl Pairs {
    fn key(a: u32, b: u32) -> u64 {
        u64::from(a.min(b)) << 32 | u64::from(a.max(b))
    }

    fn hash(key: u64) -> u64 {
        let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 32)
    }

    fn contains(&self, a: u32, b: u32) -> bool {
        let key = Self::key(a, b);
        self.0.find(Self::hash(key), |k| *k == key).is_some()
    }

    fn insert(&mut self, a: u32, b: u32) {
        let key = Self::key(a, b);
        if !self.contains(a, b) {
            self.0.insert_unique(Self::hash(key), key, |k| Self::hash(*k));
        }
    }
}
