//! Memories of others, taken in by who reads in another space.
//!
//! Vectors of two encoders can not be compared. So what is taken in becomes an event, as if it were
//! told here anew, in one of three ways:
//!
//! 1. **Read anew.** Where the words of a memory are its whole text, the text is told.
//! 2. **As it is.** Where its vector lies in the space that is read here, as those of pictures do,
//!    the vector is told ([`Given`]).
//! 3. **Mapped.** Else its vector is turned into the space that is read here by a [`Map`], and
//!    told. The anchors are what both hold under one id, which after the first step are all whole
//!    texts. Where the map is not to be trusted, the memory is left out.
//!
//! What is held here under the same id is passed over, and nothing that is held goes to make room:
//! what is whole comes first, of equals the newest.
//!
//! **Cost** of a map, see [`space`](her_encode::space); else a look at each memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use her_encode::space::{ANCHORS_MAX, ANCHORS_MIN, Anchor, Fit, Map};
use her_encode::{Given, Modality, part};
use her_learn::merge::Sums;
use her_learn::{Result, Row};
use serde_json::json;

use crate::memory::{Params, TIME_MAX};
use crate::reader::id_of;
use crate::recall::Recall;
use crate::record::Told;
use crate::store::{Item, Store};

/// A memory of somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreign {
    /// What it is.
    pub modality: Modality,
    /// The space of its vector.
    pub space: Box<str>,
    /// Its name; never empty.
    pub id: Box<str>,
    /// Its words, or those that were said with it; cut, or empty.
    pub words: Box<str>,
    /// Its vector, to eight bits a number.
    pub vector: Vec<f32>,
    /// When it was told, in milliseconds since 1970; 0 where no time was given.
    pub time_ms: i64,
}

/// How well vectors of one space are turned into those of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Of what.
    pub modality: Modality,
    /// The space of the vectors.
    pub from: Box<str>,
    /// The space that is read here.
    pub to: Box<str>,
    /// How many things were held in both.
    pub anchors: usize,
    /// How many of these were held out to try the map on; 0 where there is none.
    pub held_out: usize,
    /// How these did; none where there is no map.
    pub score: Option<Score>,
    /// How many memories were mapped by it; 0 where it is not to be trusted.
    pub mapped: usize,
}

/// What of the anchors that were held out is right, each from 0 to 1: see [`Fit`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// [`Fit::top_1`].
    pub top_1: f64,
    /// [`Fit::top_10`].
    pub top_10: f64,
    /// [`Fit::found_10`].
    pub found_10: f64,
}

/// A memory that is told by its vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// The event.
    pub row: Row,
    /// Which of [`Translation::matches`] mapped it; none where it is told as it is.
    pub by: Option<usize>,
}

impl Foreign {
    /// The memories that sums tell of, in the order of their names there; without what is damaged.
    pub fn of_sums(sums: &Sums) -> Vec<Self> {
        let each = sums.iter().filter_map(|(key, block)| {
            let name = key.tensor.rsplit('/').next()?;
            let Told { modality, space, item } = Told::of(name, block)?;
            let modality = modality.parse().ok().filter(|_| !item.id.is_empty())?;
            let (time_ms, vector) = (item.time_ms(), item.vector.numbers());
            let (space, id, words) = (space.into(), item.id, item.text);
            Some(Self { modality, space, id, words, vector, time_ms })
        });
        each.collect()
    }

    /// Whether its words are a text's whole: by the id, which then is the text's own, or by their
    /// length. A text is cut at a character's beginning, so that three bytes may be missing.
    ///
    /// By length nothing is said of an id that looks like the own one of another text, nor where an
    /// event has several parts: there the words may be those of another one.
    fn is_whole(&self, theirs: &Params) -> bool {
        let words = self.words.as_bytes();
        let Ok((Modality::Text, bytes)) = part(&self.words) else { return false };
        if self.modality != Modality::Text || words.is_empty() || *bytes != *words {
            return false;
        }
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let own = self.id.len() == 32 && self.id.bytes().all(hex);
        if own {
            return *self.id == id_of(words);
        }
        theirs.on.len() == 1 && words.len() + 3 < theirs.text_max
    }
}

/// Others' memories on their way into a [`Memory`](crate::Memory).
#[derive(Debug)]
pub struct Translation {
    told: Vec<Foreign>,
    /// Which of them have a whole text.
    whole: BTreeSet<usize>,
    /// What is to be read anew, and by its vector, in the order in which it is told.
    anew: VecDeque<usize>,
    rest: VecDeque<usize>,
    ours: Params,
    /// How many were held here already.
    pub known: usize,
    /// How many are told as they are.
    pub as_they_are: usize,
    /// The maps that were made.
    pub matches: Vec<Match>,
    /// Why memories are left out, and how many.
    pub left_out: BTreeMap<String, usize>,
}

impl Translation {
    /// What there is to do where `recall` is what is held here and `ours` the parameters here;
    /// `theirs` are those of who was told.
    pub fn new(told: Vec<Foreign>, theirs: &Params, recall: &Recall, ours: &Params) -> Self {
        let whole = (0..told.len()).filter(|i| told[*i].is_whole(theirs)).collect();
        let mut new = Self {
            told,
            whole,
            anew: VecDeque::new(),
            rest: VecDeque::new(),
            ours: ours.clone(),
            known: 0,
            as_they_are: 0,
            matches: Vec::new(),
            left_out: BTreeMap::new(),
        };
        for modality in Modality::ALL {
            new.sort_out(modality, recall);
        }
        new
    }

    fn sort_out(&mut self, modality: Modality, recall: &Recall) {
        let of = |i: &usize| self.told[*i].modality == modality;
        let mut all: Vec<usize> = (0..self.told.len()).filter(of).collect();
        let Some(encoder) = recall.reader.encoder(modality) else {
            self.leave(format!("there is no encoder of {modality} here"), all.len());
            return;
        };
        let held = store(recall, modality, encoder.space());
        let ids: BTreeSet<&str> = held.into_iter().flat_map(Store::items).map(|i| &*i.id).collect();
        let before = all.len();
        all.retain(|i| !ids.contains(&*self.told[*i].id));
        self.known += before - all.len();
        let order = |i: &usize| {
            let one = &self.told[*i];
            (!self.whole.contains(i), std::cmp::Reverse(one.time_ms), &one.id, *i)
        };
        all.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        let most = self.ours.memories_max;
        let room = most.saturating_sub(held.map_or(0, Store::len));
        let beyond = all.split_off(room.min(all.len()));
        self.leave(
            format!("there is no room: {most} memories of {modality} are kept (memories_max)"),
            beyond.len(),
        );
        // Told the oldest first, so that the newest stay the longest.
        all.reverse();
        let (anew, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|i| self.whole.contains(i));
        self.anew.extend(anew);
        self.rest.extend(rest);
    }

    /// Counts memories that are left out.
    pub fn leave(&mut self, why: String, n: usize) {
        if n > 0 {
            *self.left_out.entry(why).or_default() += n;
        }
    }

    /// The next whole texts as events, at most so many; to be learned before [`Self::vectors`].
    pub fn texts(&mut self, most: usize) -> Vec<(usize, Row)> {
        let next: Vec<usize> = self.anew.drain(..most.min(self.anew.len())).collect();
        let mut rows = Vec::with_capacity(next.len());
        for i in next {
            match self.event(&self.told[i], &self.told[i].words) {
                Ok(row) => rows.push((i, row)),
                Err(e) => self.leave(e.to_string(), 1),
            }
        }
        rows
    }

    /// A text that can not be read here: its vector is left.
    pub fn unread(&mut self, at: usize) {
        self.whole.remove(&at);
        self.rest.push_back(at);
    }

    /// All that goes by its vector, as events; `recall` is what is held once the texts are learned.
    pub fn vectors(&mut self, recall: &Recall) -> Vec<Carried> {
        let mut spaces: BTreeMap<(Modality, Box<str>), Vec<usize>> = BTreeMap::new();
        for i in std::mem::take(&mut self.rest) {
            let Foreign { modality, space, .. } = &self.told[i];
            spaces.entry((*modality, space.clone())).or_default().push(i);
        }
        let mut carried = Vec::new();
        for ((modality, from), all) in spaces {
            let Some(encoder) = recall.reader.encoder(modality) else { continue };
            let to = encoder.space();
            if *from == *to {
                self.carry(None, to, all, &mut carried);
                continue;
            }
            let (map, found) = self.fit((modality, &from, to), store(recall, modality, to));
            self.matches.push(found);
            match map {
                Ok(map) => self.carry(Some(&map), to, all, &mut carried),
                Err(why) => self.leave(why, all.len()),
            }
        }
        carried
    }

    /// Vectors through the map of the newest of the matches, or as they are.
    fn carry(&mut self, map: Option<&Map>, to: &str, all: Vec<usize>, out: &mut Vec<Carried>) {
        let by = map.and_then(|_| self.matches.len().checked_sub(1));
        for i in all {
            let one = &self.told[i];
            let numbers = map.map_or_else(|| Ok(one.vector.clone()), |map| map.apply(&one.vector));
            let row = numbers.map_err(|e| e.0).and_then(|numbers| {
                let words = (!one.words.is_empty()).then(|| String::from(&*one.words));
                let url = Given { space: to.into(), words, numbers }.url();
                self.event(one, &url).map_err(|e| e.to_string())
            });
            match row {
                Ok(row) => {
                    out.push(Carried { row, by });
                    *self.counted(by) += 1;
                }
                Err(why) => self.leave(why, 1),
            }
        }
    }

    fn counted(&mut self, by: Option<usize>) -> &mut usize {
        match by {
            Some(by) => &mut self.matches[by].mapped,
            None => &mut self.as_they_are,
        }
    }

    /// Counts a vector as left out that could not be learned.
    pub fn refused(&mut self, by: Option<usize>, why: String) {
        *self.counted(by) -= 1;
        self.leave(why, 1);
    }

    /// The map from one space to another by what is held in both, or why there is none to be
    /// trusted; and how well it does.
    fn fit(
        &self,
        (modality, from, to): (Modality, &str, &str),
        held: Option<&Store>,
    ) -> (std::result::Result<Map, String>, Match) {
        let pairs = self.pairs((modality, from), held);
        let anchors = pairs.len();
        let mut found = Match {
            modality,
            from: from.into(),
            to: to.into(),
            anchors,
            held_out: 0,
            score: None,
            mapped: 0,
        };
        if anchors < ANCHORS_MIN {
            let why = format!(
                "{anchors} memories of {modality} are held in both spaces, and a map from {from} \
                 to {to} takes {ANCHORS_MIN}: send the texts themselves, or more that both know"
            );
            return (Err(why), found);
        }
        let to_of: Vec<Vec<f32>> = pairs.iter().map(|(_, item)| item.vector.numbers()).collect();
        let anchors: Vec<Anchor<'_>> = pairs
            .iter()
            .zip(&to_of)
            .map(|((one, _), to)| Anchor { id: &one.id, from: &one.vector, to })
            .collect();
        let fit = match Map::fit(&anchors) {
            Ok(fit) => fit,
            Err(e) => return (Err(format!("no map from {from} to {to}: {e}")), found),
        };
        let Fit { top_1, top_10, found_10, held_out, .. } = fit;
        (found.held_out, found.score) = (held_out, Some(Score { top_1, top_10, found_10 }));
        let map = fit.trusted();
        (map.map_err(|e| format!("no map from {from} to {to} is to be trusted: {e}")), found)
    }

    /// What is held in both spaces under one id, which stands for one thing in each. Of whole texts
    /// where they are enough: what is held here of another was perhaps mapped itself, and agrees
    /// with any map of its kind.
    fn pairs<'a>(
        &'a self,
        (modality, from): (Modality, &str),
        held: Option<&'a Store>,
    ) -> Vec<(&'a Foreign, &'a Item)> {
        let here = once(held.into_iter().flat_map(Store::items).map(|item| (&*item.id, item)));
        let of = |i: &usize| self.told[*i].modality == modality && *self.told[*i].space == *from;
        let all = (0..self.told.len()).filter(of).map(|i| (&*self.told[i].id, i));
        let there = once(all);
        let both = there.iter().filter_map(|(id, i)| Some((*i, *here.get(id)?)));
        let usable = |v: &[f32]| v.iter().all(|x| x.is_finite()) && v.iter().any(|x| *x != 0.0);
        let mut both: Vec<(usize, &Item)> = both
            .filter(|(i, item)| usable(&self.told[*i].vector) && item.vector.has_direction())
            .collect();
        let whole = both.iter().filter(|(i, _)| self.whole.contains(i)).count();
        if whole >= ANCHORS_MIN {
            both.retain(|(i, _)| self.whole.contains(i));
        }
        // Those that are chosen hang on their ids only.
        both.sort_by_cached_key(|(i, _)| id_of(self.told[*i].id.as_bytes()));
        both.truncate(ANCHORS_MAX);
        both.into_iter().map(|(i, item)| (&self.told[i], item)).collect()
    }

    /// The event that tells a part as this memory.
    fn event(&self, one: &Foreign, part: &str) -> Result<Row> {
        let Params { on, id, time, .. } = &self.ours;
        let mut x = json!({});
        if let Some(name) = on.first() {
            x[name.as_str()] = part.into();
        }
        x[id.as_str()] = (*one.id).into();
        if one.time_ms != 0 && one.time_ms.unsigned_abs() <= TIME_MAX as u64 {
            x[time.as_str()] = one.time_ms.into();
        }
        Row::from_json(&x)
    }
}

fn store<'a>(recall: &'a Recall, modality: Modality, space: &str) -> Option<&'a Store> {
    recall.stores().iter().find(|store| store.is(modality.name(), space))
}

/// Things by their names, without those of which a name has two.
fn once<'a, T>(all: impl Iterator<Item = (&'a str, T)>) -> BTreeMap<&'a str, T> {
    let (mut one, mut twice) = (BTreeMap::new(), BTreeSet::new());
    for (name, thing) in all {
        if one.insert(name, thing).is_some() {
            twice.insert(name);
        }
    }
    one.retain(|name, _| !twice.contains(name));
    one
}
