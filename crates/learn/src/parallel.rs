//! Members of an ensemble on several threads at once, with the bits of one.
//!
//! This crate starts no thread: whoever owns threads lends them with [`hire`]. How many there are
//! is a setting of the process and no part of a spec, since it changes no result: what draws from
//! a generator that members share is drawn beforehand and in the members' order, and what is left
//! belongs to one member alone.
//!
//! Handing an event over costs microseconds, and each member must be left in one thread's cache. So
//! every ensemble tries both ways now and then, by the crew's clock, and works in the faster one.
//!
//! Members work at once when nothing in their specs makes names of features, since names get
//! their ids in the order in which they come: no transformer but scalers, and no
//! `StackingClassifier`. An ensemble inside of an ensemble's member works on that member's thread.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;

use crate::catalog::{Catalog, Kind};
use crate::features::{Context, Pool};

/// The most threads that a task is ever given.
pub const HANDS_MAX: usize = 64;

/// Threads that are lent.
pub trait Crew: Sync {
    /// How many threads may work at once, the calling one among them.
    fn hands(&self) -> usize;

    /// Nanoseconds since some moment: what is faster is found out by trying.
    fn nanoseconds(&self) -> u64;

    /// True when members are to work at once whether that is faster or not.
    fn is_eager(&self) -> bool {
        false
    }

    /// Has `task` run once with each number below [`hands`](Self::hands), by the calling thread
    /// and by the others. Comes back, or panics as a task did, when it is in nobody's hands.
    fn run(&self, hands: usize, task: &(dyn Fn(usize) + Sync));
}

static CREW: OnceLock<&'static dyn Crew> = OnceLock::new();

/// Makes a crew the process's. The first one stays; false for any other.
pub fn hire(crew: &'static dyn Crew) -> bool {
    CREW.set(crew).is_ok()
}

thread_local! {
    static BUFFERS: RefCell<Pool> = RefCell::default();
    /// True while this thread has a member in hand.
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Names of transformers that give what they make the names of what they took.
const KEEPERS: [&str; 7] = [
    "AdaptiveStandardScaler",
    "Binarizer",
    "MaxAbsScaler",
    "MinMaxScaler",
    "Normalizer",
    "RobustScaler",
    "StandardScaler",
];

/// True when nothing that these specs name makes names of features. What is not of this crate
/// might.
pub(crate) fn keeps_names(specs: &Value, catalog: &Catalog) -> bool {
    let known = |name: &str| match catalog.find(name) {
        None => true,
        Some(entry) if entry.kind == Kind::Transformer => KEEPERS.contains(&name),
        Some(_) if name == "StackingClassifier" => false,
        Some(_) => Catalog::builtin().find(name).is_some(),
    };
    match specs {
        Value::String(name) => known(name),
        Value::Array(specs) => specs.iter().all(|spec| keeps_names(spec, catalog)),
        Value::Object(specs) => {
            specs.iter().all(|(name, spec)| known(name) && keeps_names(spec, catalog))
        }
        _ => true,
    }
}

/// A trial's phases have so many spells each.
const PHASE: u32 = 32;
/// By phase: whether members work at once, and whether that is timed. The middle of both ways is
/// the same, since trees grow; and the first phase after a change of ways only warms caches.
const TRIAL: [(bool, bool); 7] = [
    (false, false),
    (false, true),
    (true, false),
    (true, true),
    (true, true),
    (false, false),
    (false, true),
];
/// Spells between the first trial and the second; twice as many between each and the next.
const REST: u32 = 1_000;
/// But never more.
const REST_MAX: u32 = 16_000;

/// How the members of one ensemble work. No part of its state.
#[derive(Debug, Default)]
pub(crate) struct Together {
    divisible: bool,
    /// Spells since the last trial began, and between two trials.
    at: AtomicU32,
    rest: AtomicU32,
    alone: AtomicU64,
    at_once: AtomicU64,
    pays: AtomicBool,
}

impl Together {
    /// For members that are `divisible` or not.
    pub fn new(divisible: bool) -> Self {
        Self { divisible, rest: REST.into(), ..Self::default() }
    }

    /// Says how `n` members work at what comes now. When that is over, the spell is to be dropped.
    #[inline]
    pub fn spell(&self, n: usize) -> Spell<'_> {
        let crew = if self.divisible && n > 1 { CREW.get() } else { None };
        match crew.filter(|crew| crew.hands() > 1 && !BUSY.get()) {
            None => Spell { crew: None, timed: None },
            Some(crew) if crew.is_eager() => Spell { crew: Some(*crew), timed: None },
            Some(crew) => self.next(*crew),
        }
    }

    fn next(&self, crew: &'static dyn Crew) -> Spell<'_> {
        const END: u32 = TRIAL.len() as u32 * PHASE;
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        let Some(&(at_once, timed)) = TRIAL.get((at / PHASE) as usize) else {
            if at == END {
                let [alone, at_once] =
                    [&self.alone, &self.at_once].map(|sum| sum.swap(0, Ordering::Relaxed));
                self.pays.store(at_once < alone - alone / 16, Ordering::Relaxed);
            }
            let rest = self.rest.load(Ordering::Relaxed);
            if at >= END + rest {
                self.rest.store((2 * rest).min(REST_MAX), Ordering::Relaxed);
                self.at.store(0, Ordering::Relaxed);
            }
            let crew = self.pays.load(Ordering::Relaxed).then_some(crew);
            return Spell { crew, timed: None };
        };
        let sum = if at_once { &self.at_once } else { &self.alone };
        let timed = timed.then(|| (crew, sum, crew.nanoseconds()));
        Spell { crew: at_once.then_some(crew), timed }
    }
}

/// What one way of working is timed by: a clock, a sum, and when it began.
type Timed<'a> = (&'static dyn Crew, &'a AtomicU64, u64);

/// One event's work of an ensemble.
pub(crate) struct Spell<'a> {
    crew: Option<&'static dyn Crew>,
    timed: Option<Timed<'a>>,
}

impl Spell<'_> {
    /// True when members work at once.
    pub fn at_once(&self) -> bool {
        self.crew.is_some()
    }
}

impl Drop for Spell<'_> {
    fn drop(&mut self) {
        if let Some((crew, sum, began)) = self.timed {
            sum.fetch_add(crew.nanoseconds().saturating_sub(began), Ordering::Relaxed);
        }
    }
}

/// Lets `work` have each item with its number: one after the other or, if it is that kind of
/// spell, in any order and at once.
pub(crate) fn each<I>(
    spell: &Spell<'_>,
    items: I,
    cx: &mut Context<'_>,
    work: impl Fn(usize, I::Item, &mut Context<'_>) + Sync,
) where
    I: ExactSizeIterator,
    I::Item: Send,
{
    let n = items.len();
    let Some(crew) = spell.crew.filter(|_| n > 1) else {
        items.enumerate().for_each(|(i, item)| work(i, item, cx));
        return;
    };
    let mut items: Vec<_> = items.enumerate().map(Some).collect();
    let share = n.div_ceil(crew.hands().min(HANDS_MAX));
    // A hand always has the same members: what they know stays in its caches.
    let shares: Vec<_> = items.chunks_mut(share).map(|share| Mutex::new((share, None))).collect();
    let (names, classes) = (&cx.names, cx.classes());
    crew.run(shares.len(), &|hand| {
        let mut share = shares[hand].lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = Own::take();
        let mut cx = Context::new(names.lend(), &mut own.0).with_classes(classes);
        for (i, item) in share.0.iter_mut().filter_map(Option::take) {
            work(i, item, &mut cx);
        }
        share.1 = cx.refusal();
    });
    // The first member's refusal is the one that a single thread would have kept.
    let refusals = shares.into_iter().filter_map(|share| share.into_inner().ok()?.1);
    refusals.for_each(|why| cx.refuse(why));
}

/// What `work` makes of each item, as [`each`] does it.
pub(crate) fn numbers<T: Sync>(
    together: &Together,
    items: &[T],
    out: &mut Vec<f64>,
    cx: &mut Context<'_>,
    work: impl Fn(&T, &mut Context<'_>) -> f64 + Sync,
) {
    out.resize(items.len(), 0.0);
    let pairs = items.iter().zip(&mut *out);
    let spell = together.spell(items.len());
    each(&spell, pairs, cx, |_, (item, out), cx| *out = work(item, cx));
}

/// Shows `take`, in the items' order, the numbers that `work` makes of each, as [`each`] does it.
pub(crate) fn collect<T: Sync>(
    together: &Together,
    items: &[T],
    cx: &mut Context<'_>,
    work: impl Fn(&T, &mut Vec<f64>, &mut Context<'_>) + Sync,
    mut take: impl FnMut(&[f64]),
) {
    let spell = together.spell(items.len());
    if !spell.at_once() {
        let mut one = cx.take_floats();
        for item in items {
            one.clear();
            work(item, &mut one, cx);
            take(&one);
        }
        cx.give_floats(one);
        return;
    }
    let mut all: Vec<_> = items.iter().map(|_| cx.take_floats()).collect();
    each(&spell, items.iter().zip(&mut all), cx, |_, (item, one), cx| work(item, one, cx));
    for one in all {
        take(&one);
        cx.give_floats(one);
    }
}

/// This thread's buffers, while it has members in hand.
struct Own(Pool);

impl Own {
    fn take() -> Self {
        BUSY.set(true);
        Self(BUFFERS.take())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        BUFFERS.replace(std::mem::take(&mut self.0));
        BUSY.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use serde_json::json;

    use super::*;
    use crate::error::Error;
    use crate::features::{Names, Vocabulary};

    thread_local! {
        static HANDS: Cell<usize> = const { Cell::new(1) };
        static EAGER: Cell<bool> = const { Cell::new(true) };
        static NOW: Cell<u64> = const { Cell::new(0) };
        static PASSES: Cell<u64> = const { Cell::new(0) };
    }

    /// A crew for the threads that ask for one, and new hands for each task.
    struct Scoped;

    impl Crew for Scoped {
        fn hands(&self) -> usize {
            HANDS.get()
        }

        fn nanoseconds(&self) -> u64 {
            NOW.set(NOW.get() + PASSES.get());
            NOW.get()
        }

        fn is_eager(&self) -> bool {
            EAGER.get()
        }

        fn run(&self, hands: usize, task: &(dyn Fn(usize) + Sync)) {
            std::thread::scope(|scope| {
                for hand in 1..hands {
                    scope.spawn(move || task(hand));
                }
                task(0);
            });
        }
    }

    #[test]
    fn each_item_is_worked_at_once_and_a_panic_comes_back() {
        hire(&Scoped);
        let (mut names, mut pool) = (Vocabulary::new(10), Pool::default());
        names.intern("a");
        let mut cx = Context::new(Names::Learn(&mut names), &mut pool);
        let together = Together::new(true);
        for hands in [1, 2, 3, 7, 100] {
            HANDS.set(hands);
            for n in [0, 1, 2, 10] {
                let mut items = vec![0; n];
                each(&together.spell(10), items.iter_mut(), &mut cx, |i, item, cx| {
                    assert_eq!(cx.names.name(0), "a");
                    assert_eq!(cx.names.id("a"), 0);
                    *item += i + 1;
                });
                assert!(items.iter().copied().eq(1..=n), "{items:?}");
            }
            let mut items = [false; 10];
            let caught = catch_unwind(AssertUnwindSafe(|| {
                each(&together.spell(10), items.iter_mut(), &mut cx, |i, item, _| {
                    assert!(i != 6, "planted");
                    *item = true;
                });
            }));
            assert!(caught.is_err() && items[0] && !items[6]);
            each(&together.spell(10), items.iter(), &mut cx, |i, _, cx| {
                cx.refuse(Error::new(i.to_string()));
            });
            assert!(!BUSY.get(), "a panic leaves the thread free");
        }
        assert_eq!(cx.refusal().unwrap().to_string(), "0");
    }

    #[test]
    fn the_faster_way_is_found_and_looked_for_again() {
        hire(&Scoped);
        HANDS.set(2);
        EAGER.set(false);
        let together = Together::new(true);
        let mut rest = REST;
        for (alone, at_once) in [(10, 20), (20, 10), (10, 10), (20, 10)] {
            let mut ways = [0; 2];
            for _ in 0..=TRIAL.len() as u32 * PHASE + rest {
                let spell = together.spell(3);
                ways[usize::from(spell.at_once())] += 1;
                PASSES.set(if spell.at_once() { at_once } else { alone });
            }
            rest *= 2;
            let pays = at_once < alone;
            let tried = if pays { 4 * PHASE } else { 3 * PHASE };
            assert_eq!(ways[usize::from(!pays)], tried, "{alone} {at_once} {ways:?}");
        }
        assert!(!Together::new(false).spell(3).at_once());
        assert!(!together.spell(1).at_once());
    }

    #[test]
    fn what_makes_names_is_known() {
        let catalog = Catalog::builtin();
        for (spec, keeps) in [
            (json!("GaussianNB"), true),
            (json!(["StandardScaler", {"LogisticRegression": {"optimizer": {"SGD": {}}}}]), true),
            (json!(["OneHotEncoder", "LogisticRegression"]), false),
            (json!({"BaggingClassifier": {"model": [{"BagOfWords": {}}, "MultinomialNB"]}}), false),
            (json!({"StackingClassifier": {}}), false),
            (json!(null), true),
        ] {
            assert_eq!(keeps_names(&spec, &catalog), keeps, "{spec}");
        }
    }
}
