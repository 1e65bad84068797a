//! The model that an identity begins as: new, or one that has learned before.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use her_learn::{Catalog, Label, Model, Task, model};

use crate::error::{Error, Result};
use crate::event::{Birth, limits};

/// The model of a birth.
pub(super) fn model(birth: &Birth, catalog: &Catalog) -> Result<Model> {
    let refused = |e: her_learn::Error| Error::invalid(e.to_string());
    let fresh = Model::with_cap(&birth.model, catalog, birth.options.names_max);
    let fresh = fresh.map_err(refused)?;
    let Some(state) = &birth.state else { return Ok(fresh) };
    let bytes = decoded(state)?;
    let (root, names, classes) = model::load_parts(&bytes, catalog).map_err(refused)?;
    let names = names.with_cap(birth.options.names_max);
    let begun = Model::assemble(root, names, classes).map_err(refused)?;
    if begun.spec() != fresh.spec() {
        return Err(Error::invalid(format!(
            "spec: the state is that of {}, the model is {}",
            begun.spec(),
            fresh.spec()
        )));
    }
    let both = [Label::Bool(false), Label::Bool(true)];
    if begun.task() == Task::Binary && begun.classes() != both {
        return Err(Error::invalid("spec: the state of a binary model has other classes"));
    }
    Ok(begun)
}

fn decoded(state: &str) -> Result<Vec<u8>> {
    // Measured before it is decoded: three bytes are four letters.
    let bytes = state.len() / 4 * 3;
    if bytes > limits::STATE_BYTES {
        return Err(Error::invalid(format!(
            "spec: the state has about {bytes} bytes, at most {} are taken over at birth; let the \
             identity learn from the events instead",
            limits::STATE_BYTES
        )));
    }
    let decoded = BASE64_STANDARD.decode(state);
    decoded.map_err(|e| Error::invalid(format!("spec: the state is not base64: {e}")))
}

#[cfg(test)]
mod tests {
    use her_learn::{Row, Scratch, Target};
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;
    use crate::turn::State;

    fn learned() -> Model {
        let spec = json!(["StandardScaler", "LogisticRegression"]);
        let mut model = Model::new(&spec, &Catalog::builtin()).unwrap();
        for i in 0..50 {
            let row = Row::from_json(&json!({ "a": i, "b": i % 7 })).unwrap();
            let target = Target::Bool(i % 3 == 0);
            model.learn(&row, &target, 1.0, &mut Scratch::default()).unwrap();
        }
        model
    }

    fn birth(model: &serde_json::Value, bytes: &[u8]) -> Birth {
        let state = BASE64_STANDARD.encode(bytes);
        Birth::from_json(&json!({ "model": model, "state": state, "names_max": 100 })).unwrap()
    }

    #[test]
    fn a_state_is_taken_over_to_the_bit_and_not_kept() {
        let catalog = Catalog::builtin();
        let (model, spec) = (learned(), json!(["StandardScaler", "LogisticRegression"]));
        let state = State::born(birth(&spec, &model.save()), &catalog).unwrap();
        let (root, names, classes) = model.into_parts();
        let want = Model::assemble(root, names.with_cap(100), classes).unwrap();
        assert_eq!(state.model().save(), want.save());
        assert_eq!((state.version(), state.birth().state.clone()), (1, None));
        assert_eq!(State::load(&state.save(), &catalog).unwrap().save(), state.save());
    }

    #[test]
    fn a_state_that_does_not_fit_is_refused() {
        let catalog = Catalog::builtin();
        let spec = json!(["StandardScaler", "LogisticRegression"]);
        let refused = |birth: Birth| {
            let error = State::born(birth, &catalog).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Invalid);
            error.message
        };
        let bytes = learned().save();
        let of = refused(birth(&json!("LinearRegression"), &bytes));
        assert!(of.contains("the state is that of {\"Pipeline\""), "{of}");
        let cut = refused(birth(&spec, &bytes[..bytes.len() - 1]));
        assert!(cut.contains("damaged"), "{cut}");
        let long = refused(birth(&spec, &vec![0; limits::STATE_BYTES + 8]));
        assert!(long.contains("at most 262144"), "{long}");
        let mut odd = birth(&spec, &bytes);
        odd.state = Some("not base64!".into());
        assert!(refused(odd).contains("not base64"));
        assert!(Birth::from_json(&json!({ "model": spec, "state": 1 })).is_err());
    }
}
