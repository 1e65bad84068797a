//! The contracts of merging: what a model learned as sums, and sums as a model.

use super::Outcome;
use super::models::{Live, Subject};
use super::stream::{columns, mix};
use crate::merge::{Fixed, Merge, Sums};

/// How far a number may be off after a way through sums, as a share of all of them.
const CLOSE: f64 = 1e-9;

/// What is added must be there to be shown, and only then.
pub(super) fn merge_stated(subject: &Subject<'_>) -> Outcome {
    let mut live = subject.live(40)?;
    let (merge, sums) = (live.model.merge(), live.model.sums());
    let root = live.model.root().estimator();
    if merge.is_additive() && merge != Merge::Stateless && root.additive().is_none() {
        return Err(format!("its merge is {merge:?}, but it shows no sums"));
    }
    if let Some(additive) = root.additive()
        && additive.merge() != merge
    {
        return Err(format!("its merge is {merge:?}, its sums say {:?}", additive.merge()));
    }
    let before = live.model.save();
    if live.model.set_sums(&sums).is_ok() != merge.is_additive() {
        return Err(format!("its merge is {merge:?}, sums are taken or refused against that"));
    }
    if !merge.is_additive() {
        return super::same_bytes(&before, &live.model.save(), "after refused sums");
    }
    Ok(())
}

/// A model that learned nothing has nothing to tell, and one that is told nothing learns on.
pub(super) fn sums_of_nothing(subject: &Subject<'_>) -> Outcome {
    let mut sums = subject.fresh()?.model.sums();
    sums.trim();
    if let Some((key, block)) = sums.iter().next() {
        return Err(format!("before any event, {key} is {block:?}"));
    }
    let mut told = subject.fresh()?;
    if told.model.merge().is_additive() {
        told.model.set_sums(&Sums::default()).map_err(|e| e.to_string())?;
        for i in 0..20 {
            told.step(i)?;
            told.sound().map_err(|e| format!("told nothing, at event {i}: {e}"))?;
        }
    }
    Ok(())
}

/// Sums taken over say the same again, leave predictions as they were, and taken over twice leave
/// the same bytes.
pub(super) fn sums_round_trip(subject: &Subject<'_>) -> Outcome {
    let Some(mut live) = additive(subject, 150)? else { return Ok(()) };
    let sums = live.model.sums();
    let before = predictions(&mut live)?;
    live.model.set_sums(&sums).map_err(|e| e.to_string())?;
    near(&before, &predictions(&mut live)?, "taking over one's own sums")?;
    same_sums(&sums, &live.model.sums(), "one's own sums, taken over")?;
    let once = live.model.save();
    live.model.set_sums(&sums).map_err(|e| e.to_string())?;
    super::same_bytes(&once, &live.model.save(), "the same sums taken over twice")?;
    let mut fresh = subject.fresh()?;
    fresh.model.set_sums(&sums).map_err(|e| e.to_string())?;
    same_sums(&sums, &fresh.model.sums(), "sums taken over by a new model")?;
    for i in 150..200 {
        fresh.step(i)?;
        fresh.sound().map_err(|e| format!("after sums, at event {i}: {e}"))?;
    }
    Ok(())
}

/// Cells go by names: a model whose features have other ids shows the same.
pub(super) fn sums_by_name(subject: &Subject<'_>) -> Outcome {
    let Some(plain) = additive(subject, 120)? else { return Ok(()) };
    let mut mixed = subject.fresh()?;
    for i in 0..120 {
        let mut row = columns(subject.sort(), i);
        row.sort_by_key(|(name, _)| mix(i ^ u64::from(name.as_bytes()[0])));
        row.reverse();
        mixed.step_with(i, &row)?;
    }
    // Additions in another order round otherwise.
    let (a, b) = (plain.model.sums(), mixed.model.sums());
    let mut off = a.clone();
    off.sub(&b);
    let far = off.norm();
    if far > 1e-6 * a.norm().max(1.0) {
        let most = off.iter().max_by_key(|(_, block)| block.iter().map(|c| c.0.abs()).max());
        let at = most.map(|(key, _)| key.to_string()).unwrap_or_default();
        return Err(format!("with its columns mixed, its sums are off by {far}, most in {at}"));
    }
    Ok(())
}

/// What is called exact is the learner that saw all events, whoever saw which.
pub(super) fn exact_is_pooled(subject: &Subject<'_>) -> Outcome {
    let Some(mut pooled) = additive(subject, 240)? else { return Ok(()) };
    if pooled.model.merge() != Merge::Exact {
        return Ok(());
    }
    let mut peers = [subject.fresh()?, subject.fresh()?, subject.fresh()?];
    for i in 0..240 {
        // The third sees the last events only, the others alternate.
        let of = if i >= 170 { 2 } else { (i % 2) as usize };
        peers[of].step(i)?;
    }
    let [a, b, c] = [&peers[0], &peers[1], &peers[2]].map(|peer| peer.model.sums());
    let (mut sum, mut turned) = (a.clone(), c.clone());
    sum.add(&b);
    sum.add(&c);
    turned.add(&a);
    turned.add(&b);
    if sum != turned {
        return Err("the sum of three peers depends on their order".to_owned());
    }
    let mut merged = subject.fresh()?;
    merged.model.set_sums(&sum).map_err(|e| e.to_string())?;
    same_sums(&pooled.model.sums(), &merged.model.sums(), "merged from three peers")?;
    let (mut want, mut got) = (named(&mut pooled)?, named(&mut merged)?);
    want.sort_by(|x, y| x.0.cmp(&y.0));
    got.sort_by(|x, y| x.0.cmp(&y.0));
    if want.iter().map(|x| &x.0).ne(got.iter().map(|x| &x.0)) {
        return Err("merged from three peers, it knows other classes".to_owned());
    }
    let numbers = |all: Vec<(String, f64)>| all.into_iter().map(|x| x.1).collect::<Vec<_>>();
    near(&numbers(want), &numbers(got), "merged from three peers")
}

/// A model after `n` events, if it is merged by sums.
fn additive(subject: &Subject<'_>, n: u64) -> Result<Option<Live>, String> {
    let live = subject.live(n)?;
    let merge = live.model.merge();
    Ok((merge.is_additive() && merge != Merge::Stateless).then_some(live))
}

fn predictions(live: &mut Live) -> Result<Vec<f64>, String> {
    let mut all = Vec::new();
    for i in 1000..1020 {
        live.predict(&columns(live.sort(), i))?;
        all.extend(live.prediction.proba.iter().chain(&live.prediction.value));
    }
    Ok(all)
}

/// Predictions with their events and classes, since peers number classes differently.
fn named(live: &mut Live) -> Result<Vec<(String, f64)>, String> {
    let mut all = Vec::new();
    for i in 1000..1020 {
        live.predict(&columns(live.sort(), i))?;
        let classes = live.model.classes().iter().map(|class| format!("{i} {class}"));
        all.extend(classes.zip(live.prediction.proba.iter().copied()));
        all.extend(live.prediction.value.map(|value| (format!("{i}"), value)));
    }
    Ok(all)
}

fn near(want: &[f64], got: &[f64], what: &str) -> Outcome {
    if want.len() != got.len() {
        return Err(format!("{what}: {} numbers predicted, {} before", got.len(), want.len()));
    }
    for (a, b) in want.iter().zip(got) {
        let same = a.is_nan() && b.is_nan() || (a - b).abs() <= CLOSE * a.abs().max(1.0);
        if !same {
            return Err(format!("{what}: it predicts {b}, before {a}"));
        }
    }
    Ok(())
}

fn same_sums(want: &Sums, got: &Sums, what: &str) -> Outcome {
    let mut off = want.clone();
    off.sub(got);
    let cells = |sums: &Sums, key| sums.get(key).map(<[Fixed]>::to_vec);
    for (key, block) in off.iter() {
        let largest = want.get(key).into_iter().flatten().map(|c| c.to_f64().abs());
        let allowed = CLOSE * largest.fold(1.0, f64::max);
        if block.iter().any(|cell| cell.to_f64().abs() > allowed) {
            let (a, b) = (cells(want, key), cells(got, key));
            return Err(format!("{what}: {key} is {b:?}, before {a:?}"));
        }
    }
    Ok(())
}
