//! Names to ids and back: what a model has learned, and what one prediction met.

use serde::{Deserialize, Serialize};

use super::index::{Index, Key};
use super::{FeatureId, Features};

/// The names of one model's features. Ids are given out in order of first sight, so that the
/// order of additions is that of the first event, as in River.
///
/// It has a cap. When more than `cap` names are known at the start of an event, the eighth that
/// was seen longest ago is forgotten, everywhere in the model, and its ids are given out again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vocabulary {
    names: Vec<Option<Box<str>>>,
    seen: Vec<u64>,
    free: Vec<FeatureId>,
    clock: u64,
    cap: u32,
    #[serde(skip)]
    index: Index,
    #[serde(skip)]
    generation: u64,
}

fn known<'a>(names: &'a [Option<Box<str>>]) -> impl Fn(FeatureId) -> &'a str {
    |id| names[id as usize].as_deref().unwrap_or_default()
}

impl Vocabulary {
    /// The cap when a spec does not say another one.
    pub const CAP_DEFAULT: u32 = 1 << 20;

    /// An empty vocabulary of at most about `cap` names.
    pub fn new(cap: u32) -> Self {
        Self {
            names: Vec::new(),
            seen: Vec::new(),
            free: Vec::new(),
            clock: 0,
            cap: cap.max(8),
            index: Index::default(),
            generation: 0,
        }
    }

    /// The same names with another cap, which the next event keeps to.
    pub fn with_cap(mut self, cap: u32) -> Self {
        self.cap = cap.max(8);
        self
    }

    /// How many names are known.
    pub fn len(&self) -> usize {
        self.names.len() - self.free.len()
    }

    /// True when no name is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cap on names.
    pub fn cap(&self) -> u32 {
        self.cap
    }

    /// One more than the largest id ever given out: where temporary ids begin.
    pub fn end(&self) -> FeatureId {
        self.names.len() as FeatureId
    }

    /// Changes whenever ids were taken away or given out again; caches of ids compare it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The id of a known name.
    #[inline]
    pub fn find(&self, name: &str) -> Option<FeatureId> {
        self.find_key(&Key::new(name), name)
    }

    #[inline]
    fn find_key(&self, key: &Key, name: &str) -> Option<FeatureId> {
        self.index.find(key, name, known(&self.names))
    }

    /// The name of an id that is in use.
    pub fn name(&self, id: FeatureId) -> Option<&str> {
        self.names.get(id as usize).and_then(Option::as_deref)
    }

    /// The id of a name, new or known, marked as seen as [`touch`](Self::touch) does: whether an
    /// estimator remembers an id or interns its name again must leave no trace.
    pub fn intern(&mut self, name: &str) -> FeatureId {
        self.intern_key(&Key::new(name), name)
    }

    #[inline]
    fn intern_key(&mut self, key: &Key, name: &str) -> FeatureId {
        match self.find_key(key, name) {
            Some(id) => {
                self.touch(&[id]);
                id
            }
            None => self.add(key, name),
        }
    }

    #[cold]
    fn add(&mut self, key: &Key, name: &str) -> FeatureId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.names.push(None);
            self.seen.push(0);
            (self.names.len() - 1) as FeatureId
        });
        self.names[id as usize] = Some(name.into());
        self.seen[id as usize] = self.clock;
        self.index.insert(key, id, known(&self.names));
        id
    }

    /// True from the point on where it matters when a name was last seen. Below half of the cap
    /// nothing will be forgotten soon, and the marking is saved.
    #[inline]
    pub fn tracks(&self) -> bool {
        self.len() * 2 > self.cap as usize
    }

    /// Marks ids as seen now.
    #[inline]
    pub fn touch(&mut self, ids: &[FeatureId]) {
        if self.tracks() {
            for &id in ids {
                self.seen[id as usize] = self.clock;
            }
        }
    }

    /// Marks all ids of an event as seen now.
    #[inline]
    pub fn touch_event(&mut self, x: &Features) {
        self.touch(x.ids());
        if self.tracks() {
            for (id, _) in x.texts() {
                self.seen[id as usize] = self.clock;
            }
        }
    }

    /// True when the next event will begin by forgetting names.
    #[inline]
    pub fn is_over(&self) -> bool {
        self.len() > self.cap as usize
    }

    /// Starts an event. When the cap was passed, returns the ids that the model must forget, in
    /// rising order, and gives them free.
    pub fn begin_event(&mut self) -> Option<Vec<FeatureId>> {
        self.clock += 1;
        if !self.is_over() {
            return None;
        }
        let target = self.cap as usize - self.cap as usize / 8;
        let mut live: Vec<(u64, FeatureId)> = (0..self.end())
            .filter(|&id| self.names[id as usize].is_some())
            .map(|id| (self.seen[id as usize], id))
            .collect();
        live.sort_unstable();
        live.truncate(self.len() - target);
        let mut gone: Vec<FeatureId> = live.into_iter().map(|(_, id)| id).collect();
        gone.sort_unstable();
        for &id in &gone {
            self.names[id as usize] = None;
        }
        // Given out again from the smallest up.
        self.free.extend(gone.iter().rev());
        self.generation += 1;
        self.rebuild_index();
        Some(gone)
    }

    /// Rebuilds the lookup table: after loading, and after names were forgotten.
    pub fn rebuild_index(&mut self) {
        let mut index = Index::with_capacity(self.len());
        for (id, name) in self.names.iter().enumerate() {
            if let Some(name) = name {
                index.insert(&Key::new(name), id as FeatureId, known(&self.names));
            }
        }
        self.index = index;
    }
}

/// Names that a prediction met and the vocabulary does not know. They get ids past the
/// vocabulary's end for the length of one event: unknown to every estimator, yet distinct.
#[derive(Debug, Default, Clone)]
pub struct Overlay {
    names: String,
    ends: Vec<u32>,
    index: Index,
}

fn slice<'a>(names: &'a str, ends: &[u32], at: usize) -> Option<&'a str> {
    let end = *ends.get(at)? as usize;
    let start = at.checked_sub(1).map_or(0, |before| ends[before] as usize);
    Some(&names[start..end])
}

impl Overlay {
    /// Forgets all names, keeping the buffers unless one event has made them huge.
    #[inline]
    pub fn clear(&mut self) {
        if self.ends.is_empty() {
            return;
        }
        if self.ends.len() > 4096 {
            *self = Self::default();
        }
        self.names.clear();
        self.ends.clear();
        self.index.clear();
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when every name of the event was known.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn find(&self, key: &Key, name: &str) -> Option<FeatureId> {
        let (names, ends) = (&self.names, &self.ends);
        self.index.find(key, name, |at| slice(names, ends, at as usize).unwrap_or_default())
    }

    #[cold]
    fn id(&mut self, base: FeatureId, key: &Key, name: &str) -> FeatureId {
        let at = self.find(key, name).unwrap_or_else(|| {
            let at = self.ends.len() as FeatureId;
            self.names.push_str(name);
            self.ends.push(self.names.len() as u32);
            let (names, ends) = (&self.names, &self.ends);
            self.index.insert(key, at, |at| slice(names, ends, at as usize).unwrap_or_default());
            at
        });
        base + at
    }

    fn name(&self, base: FeatureId, id: FeatureId) -> Option<&str> {
        slice(&self.names, &self.ends, id.checked_sub(base)? as usize)
    }
}

/// How a name becomes an id: for good while learning, for one event while predicting.
#[derive(Debug)]
pub enum Names<'a> {
    /// Learning: new names are interned.
    Learn(&'a mut Vocabulary),
    /// Predicting: new names live in the overlay for this event only.
    Predict(&'a Vocabulary, &'a mut Overlay),
    /// Lent to several threads at once: no name is new.
    Lent(&'a Vocabulary, Option<&'a Overlay>),
}

impl Names<'_> {
    /// The same names for another thread, which makes no new ones.
    pub(crate) fn lend(&self) -> Names<'_> {
        match self {
            Self::Learn(vocabulary) => Names::Lent(vocabulary, None),
            Self::Predict(vocabulary, overlay) => Names::Lent(vocabulary, Some(overlay)),
            Self::Lent(vocabulary, overlay) => Names::Lent(vocabulary, *overlay),
        }
    }

    /// The id of a name.
    #[inline]
    pub fn id(&mut self, name: &str) -> FeatureId {
        self.id_of_key(&Key::new(name), name)
    }

    /// The id of `text[start..end]`, where the text goes on for 16 bytes from `start` at least.
    #[inline]
    pub(crate) fn id_within(&mut self, text: &str, start: usize, end: usize) -> FeatureId {
        self.id_of_key(&Key::within(text, start, end), &text[start..end])
    }

    #[inline]
    fn id_of_key(&mut self, key: &Key, name: &str) -> FeatureId {
        match self {
            Self::Learn(vocabulary) => vocabulary.intern_key(key, name),
            Self::Predict(vocabulary, overlay) => match vocabulary.find_key(key, name) {
                Some(id) => id,
                None => overlay.id(vocabulary.end(), key, name),
            },
            Self::Lent(..) => {
                let known = self.find(name);
                debug_assert!(known.is_some(), "{name}: a member makes names");
                known.unwrap_or(FeatureId::MAX)
            }
        }
    }

    /// The id of a name, if it has one; gives none out.
    pub fn find(&self, name: &str) -> Option<FeatureId> {
        match self {
            Self::Learn(vocabulary) => vocabulary.find(name),
            Self::Predict(vocabulary, overlay) => vocabulary
                .find(name)
                .or_else(|| Some(vocabulary.end() + overlay.find(&Key::new(name), name)?)),
            Self::Lent(vocabulary, overlay) => vocabulary.find(name).or_else(|| {
                Some(vocabulary.end() + overlay.as_ref()?.find(&Key::new(name), name)?)
            }),
        }
    }

    /// True when an id is one that a prediction gave to an unknown name for the one event.
    #[inline]
    pub fn is_passing(&self, id: FeatureId) -> bool {
        match self {
            Self::Learn(_) | Self::Lent(_, None) => false,
            Self::Predict(vocabulary, _) | Self::Lent(vocabulary, Some(_)) => {
                id >= vocabulary.end()
            }
        }
    }

    /// The name of an id of this event.
    pub fn name(&self, id: FeatureId) -> &str {
        match self {
            Self::Learn(vocabulary) => vocabulary.name(id),
            Self::Predict(vocabulary, overlay) => {
                vocabulary.name(id).or_else(|| overlay.name(vocabulary.end(), id))
            }
            Self::Lent(vocabulary, overlay) => {
                vocabulary.name(id).or_else(|| overlay.as_ref()?.name(vocabulary.end(), id))
            }
        }
        .unwrap_or_default()
    }

    /// Marks ids as seen, while learning; what is lent was marked when the event came in.
    #[inline]
    pub fn touch(&mut self, ids: &[FeatureId]) {
        if let Self::Learn(vocabulary) = self {
            vocabulary.touch(ids);
        }
    }

    /// Changes whenever ids were taken away or given out again; caches of ids compare it.
    #[inline]
    pub fn generation(&self) -> u64 {
        match self {
            Self::Learn(vocabulary) => vocabulary.generation(),
            Self::Predict(vocabulary, _) | Self::Lent(vocabulary, _) => vocabulary.generation(),
        }
    }

    /// Marks all ids of an event as seen, while learning.
    #[inline]
    pub fn touch_event(&mut self, x: &Features) {
        if let Self::Learn(vocabulary) = self {
            vocabulary.touch_event(x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_forgets_what_was_seen_longest_ago() {
        let mut v = Vocabulary::new(8);
        let mut forgotten = Vec::new();
        for i in 0..40 {
            if let Some(gone) = v.begin_event() {
                forgotten.extend(gone);
            }
            v.intern("always");
            v.intern(&format!("once-{i}"));
        }
        assert!(v.len() <= 10, "{}", v.len());
        assert!(!forgotten.is_empty());
        assert_eq!(v.find("always"), Some(0));
        assert_eq!(v.find("once-0"), None);
        assert!(v.end() <= 12, "ids are given out again: {}", v.end());
    }

    #[test]
    fn predicting_gives_unknown_names_ids_for_one_event_only() {
        let mut v = Vocabulary::new(100);
        v.intern("a");
        let mut overlay = Overlay::default();
        let mut names = Names::Predict(&v, &mut overlay);
        assert_eq!(names.id("a"), 0);
        assert_eq!((names.id("b"), names.id("c"), names.id("b")), (1, 2, 1));
        assert_eq!(names.name(2), "c");
        assert_eq!(v.len(), 1);
    }

    #[test]
    fn names_are_told_apart_by_every_byte_and_their_length() {
        let mut v = Vocabulary::new(10_000);
        let long = "a-name-of-more-than-sixteen-bytes";
        let mut names: Vec<String> = (0..=long.len()).map(|n| long[..n].to_owned()).collect();
        names.extend(["a\0", "a\0\0", "é", "a-name-of-more-then-sixteen-bytes"].map(String::from));
        names.extend((0..1000).map(|i| format!("{i}")));
        for (i, name) in names.iter().enumerate() {
            assert_eq!(v.intern(name), i as FeatureId);
        }
        let mut overlay = Overlay::default();
        for round in 0..2 {
            overlay.clear();
            for (i, name) in names.iter().enumerate() {
                assert_eq!((v.find(name), v.name(i as u32)), (Some(i as u32), Some(name.as_str())));
                let mut cx = Names::Predict(&v, &mut overlay);
                let new = format!("{name}-{round}-new");
                assert_eq!((cx.find(&new), cx.id(&new)), (None, v.end() + i as u32));
                assert_eq!((cx.find(&new), cx.id(&new)), (Some(v.end() + i as u32), cx.id(&new)));
                assert_eq!(cx.name(v.end() + i as u32), new);
                let text = format!("..{name}                ");
                assert_eq!(cx.id_within(&text, 2, 2 + name.len()), i as FeatureId);
            }
        }
    }
}
