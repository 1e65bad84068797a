//! Tensors as events: an input is a feature, or a matrix of them, and a row is an event.

use std::sync::Arc;

use her_identity::event::{Event, Request, What};
use her_identity::{Error, House, Result};
use her_learn::row::{Kind, Shape, limits};
use her_learn::{Row, Target};

use super::datatype::{Datatype, Elements};
use super::request::{Infer, Tensor};

/// What a request is for.
pub(super) enum Asked {
    /// Predict, and leave no trace.
    Predict(Vec<Row>),
    /// Something happens to the identity, row by row; the rows are there to predict with when it
    /// is frozen and only asked.
    Happens { events: Vec<Event>, asked: Vec<Row>, kind: Happening },
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    Learn,
    Remember,
    Label,
}

/// What a request asks of an identity.
pub(super) fn asked(house: &House, infer: &Infer, n: usize) -> Result<Asked> {
    let is_weight = |t: &&Tensor| infer.weight.as_ref().is_some_and(|w| *w == t.name);
    let target = infer.inputs.iter().find(|t| t.name == infer.target);
    let weight = infer.inputs.iter().find(is_weight);
    let features: Vec<&Tensor> =
        infer.inputs.iter().filter(|t| t.name != infer.target && !is_weight(t)).collect();
    let rows = rows(&features, n)?;
    let targets = target.map(targets).transpose()?;
    let weights = weight.map(weights).transpose()?;
    let key = |i| infer.id.as_ref().map(|id| key(id, i, n));
    let (whats, kind): (Vec<What>, _) = match targets {
        None if key(0).is_some() && infer.remember => {
            let all = rows
                .iter()
                .enumerate()
                .filter_map(|(i, row)| key(i).map(|key| What::Remember { key, row: row.clone() }));
            (all.collect(), Happening::Remember)
        }
        None => return Ok(Asked::Predict(rows)),
        Some(targets) if features.is_empty() => {
            let all = targets.into_iter().enumerate();
            let all = all.filter_map(|(i, target)| key(i).map(|key| What::Label { key, target }));
            let all: Vec<What> = all.collect();
            if all.is_empty() {
                return Err(Error::invalid(
                    "a target without features is a late label: it needs the id of the request \
                     that was predicted",
                ));
            }
            (all, Happening::Label)
        }
        Some(targets) => {
            let weight = |i: usize| weights.as_ref().map_or(1.0, |w: &Vec<f64>| w[i]);
            let all = rows.iter().zip(targets).enumerate();
            let all = all.map(|(i, (row, target))| What::Learn {
                row: row.clone(),
                target,
                weight: weight(i),
            });
            (all.collect(), Happening::Learn)
        }
    };
    let events = whats.into_iter().enumerate().map(|(i, what)| {
        let mut event = house.event(what);
        let numbered = infer.numbers.as_ref();
        event.request = numbered
            .map(|(client, n)| Request { client: client.clone(), n: n.saturating_add(i as u64) });
        event.check()?;
        Ok(event)
    });
    let asked = if kind == Happening::Remember { rows } else { Vec::new() };
    Ok(Asked::Happens { events: events.collect::<Result<_>>()?, asked, kind })
}

/// Under which key a row waits for its label: the request's id, and the row's number if there is
/// more than one.
fn key(id: &str, i: usize, n: usize) -> Box<str> {
    if n == 1 { id.into() } else { format!("{id}/{i}").into() }
}

fn rows(features: &[&Tensor], n: usize) -> Result<Vec<Row>> {
    let width: usize = features.iter().map(|t| t.width).sum();
    if width > limits::FEATURES {
        return Err(Error::invalid(format!(
            "a row has {width} features, at most {} are allowed",
            limits::FEATURES
        )));
    }
    let columns: Vec<(String, Kind)> = features.iter().flat_map(|t| columns(t)).collect();
    let refused = |e: her_learn::Error| Error::invalid(e.to_string());
    let whole = Arc::new(Shape::new(columns.clone()).map_err(refused)?);
    (0..n)
        .map(|i| {
            let shape = match missing(features, i) {
                None => Arc::clone(&whole),
                Some(missing) => {
                    let there = columns.iter().zip(missing).filter(|(_, missing)| !missing);
                    Arc::new(Shape::new(there.map(|(c, _)| c.clone())).map_err(refused)?)
                }
            };
            let mut row = Row::new(shape);
            for t in features {
                push(&mut row, t, i);
            }
            row.check().map_err(|e| Error::invalid(format!("row {i}: {e}")))?;
            Ok(row)
        })
        .collect()
}

/// The features of an input: its name, or its name with a number for each column of a matrix.
fn columns(t: &Tensor) -> impl Iterator<Item = (String, Kind)> {
    let kind = match t.elements {
        Elements::Numbers(_) => Kind::Number,
        Elements::Texts(_) => Kind::Text,
    };
    (0..t.width).map(move |i| {
        let name = if t.width == 1 { t.name.clone() } else { format!("{}{i}", t.name) };
        (name, kind)
    })
}

/// Which columns have no value in a row; none when all have.
fn missing(features: &[&Tensor], i: usize) -> Option<Vec<bool>> {
    let range = |t: &Tensor| i * t.width..(i + 1) * t.width;
    let mut all = Vec::new();
    for t in features {
        match &t.elements {
            Elements::Numbers(numbers) => {
                all.extend(numbers[range(t)].iter().map(|v| v.is_nan()));
            }
            Elements::Texts(texts) => all.extend(texts[range(t)].iter().map(Option::is_none)),
        }
    }
    all.contains(&true).then_some(all)
}

fn push(row: &mut Row, t: &Tensor, i: usize) {
    let range = i * t.width..(i + 1) * t.width;
    match &t.elements {
        Elements::Numbers(numbers) => {
            numbers[range].iter().filter(|v| !v.is_nan()).for_each(|v| row.push_number(*v));
        }
        Elements::Texts(texts) => {
            texts[range].iter().flatten().for_each(|text| row.push_text(text));
        }
    }
}

fn targets(t: &Tensor) -> Result<Vec<Target>> {
    one_wide(t)?;
    let missing = |i| Error::invalid(format!("the target {:?} of row {i} is missing", t.name));
    match &t.elements {
        Elements::Numbers(all) => {
            let one = |(i, v): (usize, &f64)| match t.datatype {
                Datatype::Bool if !v.is_nan() => Ok(Target::Bool(*v != 0.0)),
                _ if v.is_finite() => Ok(Target::Number(*v)),
                _ => Err(missing(i)),
            };
            all.iter().enumerate().map(one).collect()
        }
        Elements::Texts(all) => {
            let one = |(i, text): (usize, &Option<Box<str>>)| {
                let text = text.as_deref().ok_or_else(|| missing(i))?;
                Target::from_json(&text.into()).map_err(|e| Error::invalid(e.to_string()))
            };
            all.iter().enumerate().map(one).collect()
        }
    }
}

fn weights(t: &Tensor) -> Result<Vec<f64>> {
    one_wide(t)?;
    match &t.elements {
        Elements::Numbers(all) => Ok(all.clone()),
        Elements::Texts(_) => {
            Err(Error::invalid(format!("the weight {:?} must be a number", t.name)))
        }
    }
}

fn one_wide(t: &Tensor) -> Result<()> {
    if t.width == 1 {
        return Ok(());
    }
    let (name, width) = (&t.name, t.width);
    Err(Error::invalid(format!("input {name:?} has {width} columns, a row has one of it")))
}
