//! Members of an ensemble on several threads at once, with the bits of one.
//!
//! This crate starts no thread: whoever owns threads lends them with [`hire`]. How many there are
//! is a setting of the process and no part of a spec, since it changes no result: what draws from
//! a generator that members share is drawn beforehand and in the members' order, and what is left
//! belongs to one member alone.
//!
//! Members work at once when nothing in their specs makes names of features, since names get
//! their ids in the order in which they come: no transformer but scalers, and no
//! `StackingClassifier`. An ensemble inside of an ensemble's member works on that member's thread.

use std::cell::{Cell, RefCell};
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

/// True when the work of `n` members would be shared.
#[inline]
pub(crate) fn is_shared(n: usize) -> bool {
    n > 1 && CREW.get().is_some_and(|crew| crew.hands() > 1) && !BUSY.get()
}

/// Lets `work` have each item with its number: one after the other or, if they are `divisible` and
/// [`is_shared`] says so, in any order and at once.
pub(crate) fn each<I>(
    divisible: bool,
    items: I,
    cx: &mut Context<'_>,
    work: impl Fn(usize, I::Item, &mut Context<'_>) + Sync,
) where
    I: ExactSizeIterator,
    I::Item: Send,
{
    let n = items.len();
    let crew = CREW.get().filter(|_| divisible && is_shared(n));
    let Some(crew) = crew else {
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
    divisible: bool,
    items: &[T],
    out: &mut Vec<f64>,
    cx: &mut Context<'_>,
    work: impl Fn(&T, &mut Context<'_>) -> f64 + Sync,
) {
    out.resize(items.len(), 0.0);
    let pairs = items.iter().zip(&mut *out);
    each(divisible, pairs, cx, |_, (item, out), cx| *out = work(item, cx));
}

/// Shows `take`, in their order, the items and the numbers that `work` makes of each, as [`each`]
/// does it.
pub(crate) fn collect<T: Sync>(
    divisible: bool,
    items: &[T],
    cx: &mut Context<'_>,
    work: impl Fn(&T, &mut Vec<f64>, &mut Context<'_>) + Sync,
    mut take: impl FnMut(&T, &[f64]),
) {
    if !divisible || !is_shared(items.len()) {
        let mut one = cx.take_floats();
        for item in items {
            one.clear();
            work(item, &mut one, cx);
            take(item, &one);
        }
        cx.give_floats(one);
        return;
    }
    let mut all: Vec<_> = items.iter().map(|_| cx.take_floats()).collect();
    each(true, items.iter().zip(&mut all), cx, |_, (item, one), cx| work(item, one, cx));
    for (item, one) in items.iter().zip(all) {
        take(item, &one);
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
    }

    /// A crew for the threads that ask for one, and new hands for each task.
    struct Scoped;

    impl Crew for Scoped {
        fn hands(&self) -> usize {
            HANDS.get()
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
        for hands in [1, 2, 3, 7, 100] {
            HANDS.set(hands);
            for n in [0, 1, 2, 10] {
                let mut items = vec![0; n];
                each(true, items.iter_mut(), &mut cx, |i, item, cx| {
                    assert_eq!((cx.names.name(0), cx.names.id("a")), ("a", 0));
                    *item += i + 1;
                });
                assert!(items.iter().copied().eq(1..=n), "{items:?}");
            }
            let mut items = [false; 10];
            let caught = catch_unwind(AssertUnwindSafe(|| {
                each(true, items.iter_mut(), &mut cx, |i, item, _| {
                    assert!(i != 6, "planted");
                    *item = true;
                });
            }));
            assert!(caught.is_err() && items[0] && !items[6]);
            each(true, items.iter(), &mut cx, |i, _, cx| cx.refuse(Error::new(i.to_string())));
            assert!(!BUSY.get(), "a panic leaves the thread free");
        }
        assert_eq!(cx.refusal().unwrap().to_string(), "0");
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
