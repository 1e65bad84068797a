//! Any valid record, by the general JSON parser; leaves a plan for the next one like it.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Layout;
use crate::error::{Error, Result};
use crate::row::{Kind, Target, limits};
use crate::stream::plan::{Hole, Plan};
use crate::stream::shapes::Shapes;
use crate::stream::{Event, excerpt, weight_is_valid};

/// A refusal and the byte of the line at which the refused value begins, from 0.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) error: Error,
    pub(super) byte: Option<usize>,
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self { error, byte: None }
    }
}

/// JSON with its keys in order, doubled ones included.
enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Array,
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        struct Walk;
        impl<'de> Visitor<'de> for Walk {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> std::result::Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, v: bool) -> std::result::Result<Json, E> {
                Ok(Json::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> std::result::Result<Json, E> {
                Ok(Json::Number(v as f64))
            }
            fn visit_u64<E>(self, v: u64) -> std::result::Result<Json, E> {
                Ok(Json::Number(v as f64))
            }
            fn visit_f64<E>(self, v: f64) -> std::result::Result<Json, E> {
                Ok(Json::Number(v))
            }
            fn visit_str<E>(self, v: &str) -> std::result::Result<Json, E> {
                Ok(Json::Text(v.to_owned()))
            }
            fn visit_string<E>(self, v: String) -> std::result::Result<Json, E> {
                Ok(Json::Text(v))
            }
            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> std::result::Result<Json, A::Error> {
                while list.next_element::<Json>()?.is_some() {}
                Ok(Json::Array)
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Json, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Json::Object(pairs))
            }
        }
        from.deserialize_any(Walk)
    }
}

/// A key's value with its place in the line.
struct Field<'a> {
    name: &'a str,
    value: &'a Json,
    place: Range<usize>,
}

/// Decodes a line that is not blank.
pub(super) fn decode(
    line: &[u8],
    layout: &Layout,
    shapes: &mut Shapes,
    event: &mut Event,
) -> std::result::Result<Plan, Wrong> {
    let json: Json = serde_json::from_slice(line).map_err(|e| not_json(line, &e))?;
    let Json::Object(pairs) = json else {
        return Err(Error::new(format!(
            "the record is {}, expected an object such as {{\"x\": {{\"a\": 1.5}}, \"y\": true}}",
            excerpt(line)
        ))
        .into());
    };
    let fields = roles(line, layout, &pairs)?;
    let columns = fields.iter().filter_map(|(field, hole)| match hole {
        Hole::Number => Some((field.name, Kind::Number)),
        Hole::Text => Some((field.name, Kind::Text)),
        Hole::Target | Hole::Id | Hole::Weight => None,
    });
    let shape = shapes.get(columns)?;
    event.row.reset(&shape);
    (event.target, event.id, event.weight) = (None, None, 1.0);
    for (field, hole) in &fields {
        fill(line, field, *hole, event)
            .map_err(|error| Wrong { error, byte: Some(field.place.start) })?;
    }
    event.row.check()?;
    Ok(Plan::new(shape, line, fields.into_iter().map(|(field, hole)| (field.place, hole))))
}

fn not_json(line: &[u8], e: &serde_json::Error) -> Wrong {
    let text = e.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    let mut byte = e.column().saturating_sub(1).min(line.len());
    // The parser stops inside a word that it does not know; people look for its beginning.
    while byte > 0 && line[byte - 1].is_ascii_alphanumeric() {
        byte -= 1;
    }
    let near = excerpt(&line[byte..]);
    let word = near.to_ascii_lowercase();
    let remedy = if word.starts_with("nan") || word.starts_with("inf") {
        "; leave the feature out when its value is missing"
    } else {
        ""
    };
    let error = Error::new(format!("this is not JSON: {what}, near {near:?}{remedy}"));
    Wrong { error, byte: Some(byte) }
}

/// What every value is for, in the order of the line. Absent features (`null`) are left out.
fn roles<'a>(
    line: &[u8],
    layout: &Layout,
    pairs: &'a [(String, Json)],
) -> std::result::Result<Vec<(Field<'a>, Hole)>, Wrong> {
    let mut fields = Vec::with_capacity(pairs.len());
    let (mut x_seen, mut seen) = (false, [false; 3]);
    for ((name, value), place) in pairs.iter().zip(values(line, 0)) {
        let at = Some(place.start);
        let is = |key: &Option<Box<str>>| key.as_deref() == Some(name);
        let special = [&layout.target, &layout.id, &layout.weight].iter().position(|k| is(k));
        let twice = || Wrong { error: Error::new(format!("{name:?} is given twice")), byte: at };
        if let Some(i) = special {
            if std::mem::replace(&mut seen[i], true) {
                return Err(twice());
            }
            let hole = [Hole::Target, Hole::Id, Hole::Weight][i];
            fields.push((Field { name, value, place }, hole));
        } else if layout.x.is_none() {
            feature(line, Field { name, value, place }, &mut fields)?;
        } else if is(&layout.x) {
            if std::mem::replace(&mut x_seen, true) {
                return Err(twice());
            }
            let Json::Object(inner) = value else {
                let got = excerpt(&line[place]);
                let error = Error::new(format!(
                    "{name:?} is {got}, features must be an object such as {{\"a\": 1.5}}"
                ));
                return Err(Wrong { error, byte: at });
            };
            for ((name, value), place) in inner.iter().zip(values(line, place.start)) {
                feature(line, Field { name, value, place }, &mut fields)?;
            }
        } else {
            let error = Error::new(format!(
                "an event has the keys \"x\", \"y\", \"id\" and \"w\", not {name:?}; put features \
                 into \"x\", or name the target's column to send flat records"
            ));
            return Err(Wrong { error, byte: at });
        }
    }
    if layout.x.is_some() && !x_seen {
        return Err(Error::new(
            "the event has no \"x\"; expected {\"x\": {…}, \"y\": …}, or name the target's column \
             to send flat records",
        )
        .into());
    }
    Ok(fields)
}

fn feature<'a>(
    line: &[u8],
    field: Field<'a>,
    fields: &mut Vec<(Field<'a>, Hole)>,
) -> std::result::Result<(), Wrong> {
    match field.value {
        Json::Null => {}
        Json::Bool(_) | Json::Number(_) => fields.push((field, Hole::Number)),
        Json::Text(_) => fields.push((field, Hole::Text)),
        Json::Array | Json::Object(_) => {
            let error = Error::new(format!(
                "feature {:?} is {}, expected a number, a string, true or false; give its parts \
                 names of their own",
                field.name,
                excerpt(&line[field.place.clone()])
            ));
            return Err(Wrong { error, byte: Some(field.place.start) });
        }
    }
    Ok(())
}

/// Takes one value over into the event.
fn fill(line: &[u8], field: &Field<'_>, hole: Hole, event: &mut Event) -> Result<()> {
    let got = || excerpt(&line[field.place.clone()]);
    let name = field.name;
    match (hole, field.value) {
        (Hole::Number, Json::Number(v)) => event.row.push_number(*v),
        (Hole::Number, value) => {
            event.row.push_number(f64::from(u8::from(matches!(value, Json::Bool(true)))));
        }
        (Hole::Text, Json::Text(t)) => event.row.push_text(t),
        (Hole::Text, _) => unreachable!("only texts are given this purpose"),
        (_, Json::Null) => {}
        (Hole::Target, Json::Bool(b)) => event.target = Some(Target::Bool(*b)),
        (Hole::Target, Json::Number(v)) => event.target = Some(Target::Number(*v)),
        (Hole::Target, Json::Text(t)) if t.len() <= limits::NAME_BYTES => event.set_text_target(t),
        (Hole::Target, _) => {
            return Err(Error::new(format!(
                "the target {name:?} is {}, expected true, false, a number, or a string of at \
                 most {} bytes",
                got(),
                limits::NAME_BYTES
            )));
        }
        (Hole::Id, Json::Text(t)) if t.len() <= limits::NAME_BYTES => event.set_id(t),
        (Hole::Id, _) => {
            return Err(Error::new(format!(
                "the id {name:?} is {}, expected a string of at most {} bytes",
                got(),
                limits::NAME_BYTES
            )));
        }
        (Hole::Weight, Json::Number(w)) if weight_is_valid(*w) => event.weight = *w,
        (Hole::Weight, _) => {
            return Err(Error::new(format!(
                "the weight {name:?} is {}, expected a number of 0 or more",
                got()
            )));
        }
    }
    Ok(())
}

/// The places of an object's values in a text that is known to be JSON; the object begins at
/// `at` or after white space.
fn values(text: &[u8], at: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = after_space(text, at) + 1;
    std::iter::from_fn(move || {
        at = after_space(text, at);
        if text.get(at) == Some(&b',') {
            at = after_space(text, at + 1);
        }
        if text.get(at) != Some(&b'"') {
            return None;
        }
        let colon = after_space(text, after_value(text, at));
        let start = after_space(text, colon + 1);
        at = after_value(text, start);
        Some(start..at)
    })
}

fn after_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Where the value that begins at `at` ends.
fn after_value(text: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while text.get(at).is_some_and(|b| *b != b'"') {
                    at += if text[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {
                let scalar = |b: &&u8| !b.is_ascii_whitespace() && !b",:]}".contains(b);
                if depth == 0 {
                    return at + text[at..].iter().take_while(scalar).count();
                }
            }
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    at
}
