//! Live models behind Python objects, and how several become one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use her_learn::Catalog;
use her_learn::estimator::{Any, Part};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::door::Door;
use crate::spec::Nature;

/// A model and the door that events come through.
pub struct Live {
    pub root: Any,
    pub door: Door,
    /// How often it learned: what was read off it before is old when this has changed.
    pub version: u64,
    /// True when one event may take so long that other threads should run meanwhile.
    pub heavy: bool,
    /// True when an event of numbers alone may be refused.
    pub picky: bool,
}

impl Live {
    /// A core of this estimator, with nothing known at its door.
    pub fn new(root: Any) -> Self {
        let Nature { heavy, picky } = Nature::of_spec(&root.estimator().spec());
        Self { heavy, picky, root, door: Door::default(), version: 0 }
    }

    /// The part at the end of a path, beside the door.
    pub fn part(&mut self, path: &[Box<str>]) -> PyResult<(Part<'_>, &mut Door)> {
        let mut part = self.root.part();
        for name in path {
            part = part.estimator().child(name).ok_or_else(|| {
                PyRuntimeError::new_err(format!("the part {name:?} is gone from its model"))
            })?;
        }
        Ok((part, &mut self.door))
    }
}

/// A model, or where it went when it became a part of another one.
pub enum State {
    Live(Box<Live>),
    Moved(Handle),
}

/// What several Python objects share.
pub struct Core {
    state: Mutex<State>,
    /// The thread that holds the lock: it must not wait for itself.
    owner: AtomicUsize,
}

/// A core and the path to a part of it.
#[derive(Clone)]
pub struct Handle {
    core: Arc<Core>,
    path: Arc<[Box<str>]>,
}

/// A number that no other running thread has.
fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| std::ptr::from_ref(here) as usize)
}

/// A lock that says who holds it.
struct Held<'a> {
    guard: MutexGuard<'a, State>,
    owner: &'a AtomicUsize,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.owner.store(0, Ordering::Relaxed);
    }
}

impl Core {
    /// The lock. Python runs on while this thread waits for it.
    fn hold(&self, py: Python<'_>) -> PyResult<Held<'_>> {
        loop {
            match self.state.try_lock() {
                Ok(guard) => {
                    self.owner.store(this_thread(), Ordering::Relaxed);
                    return Ok(Held { guard, owner: &self.owner });
                }
                Err(TryLockError::Poisoned(_)) => {
                    return Err(PyRuntimeError::new_err(
                        "this model was in the middle of an event when a fault ended it; \
                         load it again from a file or make a new one",
                    ));
                }
                Err(TryLockError::WouldBlock) => {
                    if self.owner.load(Ordering::Relaxed) == this_thread() {
                        return Err(PyRuntimeError::new_err(
                            "a value of the event used the model that the event is for",
                        ));
                    }
                    py.detach(|| drop(self.state.lock().unwrap_or_else(PoisonError::into_inner)));
                }
            }
        }
    }
}

impl Handle {
    /// A handle to a core of its own.
    pub fn new(live: Live) -> Self {
        let state = Mutex::new(State::Live(Box::new(live)));
        let core = Arc::new(Core { state, owner: AtomicUsize::new(0) });
        Self { core, path: Arc::default() }
    }

    /// A part of what this shows.
    fn below(&self, path: &[Box<str>]) -> Self {
        let path = self.path.iter().chain(path).cloned().collect();
        Self { core: Arc::clone(&self.core), path }
    }

    /// Works on the live core when nobody else does and when it has not moved; `work` comes back
    /// undone otherwise. It must run no Python code, nor make what may start a collection.
    #[inline]
    pub fn at_once<R, W>(&self, work: W) -> Result<R, W>
    where
        W: FnOnce(&mut Live, &[Box<str>]) -> R,
    {
        match self.core.state.try_lock() {
            Ok(mut state) => match &mut *state {
                State::Live(live) => Ok(work(live, &self.path)),
                State::Moved(_) => Err(work),
            },
            Err(_) => Err(work),
        }
    }

    /// Works on the live core that holds the part. Where it has moved meanwhile, the handle
    /// follows it.
    #[inline]
    pub fn with<R>(
        &mut self,
        py: Python<'_>,
        work: impl FnOnce(&mut Live, &[Box<str>]) -> PyResult<R>,
    ) -> PyResult<R> {
        loop {
            let core = Arc::clone(&self.core);
            let mut held = core.hold(py)?;
            match &mut *held.guard {
                State::Live(live) => return work(live, &self.path),
                State::Moved(to) => *self = to.below(&self.path),
            }
        }
    }

    /// Makes one core of several: `make` puts the roots together. What the handles showed are its
    /// parts then, numbered in their order. `None`, and nothing has changed, when they can't be
    /// one: when one is a part of another core, or when two know different names.
    pub fn fuse(
        py: Python<'_>,
        parts: &mut [Self],
        fits: impl Fn(usize, &Any) -> bool,
        make: impl FnOnce(Vec<Any>) -> her_learn::Result<Any>,
    ) -> PyResult<Option<Self>> {
        let mut names: Option<Vec<u8>> = None;
        for i in 0..parts.len() {
            let (before, rest) = parts.split_at_mut(i);
            let part = &mut rest[0];
            let own = part.with(py, |live, path| {
                let known = (!live.door.is_fresh()).then(|| live.door.saved_names());
                Ok((path.is_empty() && fits(i, &live.root), known))
            })?;
            if !own.0 || before.iter().any(|other| Arc::ptr_eq(&other.core, &part.core)) {
                return Ok(None);
            }
            match (&names, own.1) {
                (Some(a), Some(b)) if *a != b => return Ok(None),
                (None, known) => names = known,
                _ => {}
            }
        }
        let mut roots = Vec::with_capacity(parts.len());
        let mut door: Option<Door> = None;
        // The place of the new core is needed before there is one: an empty one stands in.
        let hollow = Any::Transformer(Box::new(crate::work::Nothing));
        let whole = Self::new(Live::new(hollow));
        for (i, part) in parts.iter().enumerate() {
            let mut held = part.core.hold(py)?;
            let to = whole.below(&[i.to_string().into()]);
            if let State::Live(live) = std::mem::replace(&mut *held.guard, State::Moved(to)) {
                if door.is_none() || !live.door.is_fresh() {
                    door = Some(live.door);
                }
                roots.push(live.root);
            }
        }
        let root = make(roots).map_err(|e| crate::refused(&e))?;
        let mut whole = whole;
        whole.with(py, |live, _| {
            let mut made = Live::new(root);
            made.door = door.unwrap_or_default();
            *live = made;
            Ok(())
        })?;
        Ok(Some(whole))
    }
}

impl Handle {
    /// A handle to a named part of what this shows, if there is one.
    pub fn part(&mut self, py: Python<'_>, name: &str) -> PyResult<Option<Self>> {
        let path = [Box::from(name)];
        let there = self.with(py, |live, own| {
            let whole: Vec<Box<str>> = own.iter().chain(&path).cloned().collect();
            Ok(live.part(&whole).is_ok())
        })?;
        Ok(there.then(|| self.below(&path)))
    }

    /// A model from bytes.
    pub fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        let loaded = her_learn::model::load_parts(bytes, &Catalog::builtin());
        let (root, names, classes) = loaded.map_err(|e| crate::refused(&e))?;
        let mut live = Live::new(root);
        live.door.names = names;
        for label in &classes {
            live.door.labels.intern(&crate::labels::object(py, label)?)?;
        }
        Ok(Self::new(live))
    }
}
