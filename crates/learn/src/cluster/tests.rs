//! What River 0.26.1 makes of the same events; features come one at a time, so that its centres
//! are the same in every process.

use serde_json::{Value, json};

use crate::estimator::Attribute;
use crate::features::{Names, Overlay};
use crate::{Catalog, Model, Prediction, Row, Scratch, Target};

fn event(i: u64) -> Row {
    let mut x = json!({"a": (i * 7919 % 101) as f64 / 25.0 - 2.0});
    if i >= 5 {
        x["b"] = json!(((i * i + 3) % 67) as f64 / 16.0 - 2.0);
    }
    if i >= 9 && !i.is_multiple_of(7) {
        x["c"] = json!((i * 31 % 13) as f64 / 3.0 - 2.0);
    }
    Row::from_json(&x).unwrap()
}

fn as_river(spec: &Value, groups: &str, places: [f64; 6]) {
    let catalog = Catalog::builtin();
    let mut model = Model::new(spec, &catalog).unwrap();
    let (mut s, mut p) = (Scratch::default(), Prediction::default());
    let mut seen = String::new();
    for i in 0..120 {
        if i == 61 {
            model = Model::load(&model.save(), &catalog).unwrap();
        }
        model.step(&event(i), &Target::Bool(true), 1.0, &mut p, &mut s).unwrap();
        seen.push_str(&p.value.unwrap().to_string());
    }
    assert_eq!(seen, groups);
    let mut overlay = Overlay::default();
    let names = Names::Predict(model.names(), &mut overlay);
    let shown = model.root().estimator().attribute("centers", &names);
    let Some(Attribute::List(centers)) = shown else { panic!("{shown:?}") };
    let floats = centers.iter().flat_map(|center| {
        let Attribute::Map(places) = center else { panic!("{center:?}") };
        let names: Vec<&str> = places.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        places.iter().map(|(_, place)| match place {
            Attribute::Float(v) => *v,
            other => panic!("{other:?}"),
        })
    });
    for (got, want) in floats.zip(places) {
        assert!((got - want).abs() < 1e-11, "{got}, River {want}");
    }
}

#[test]
fn k_means_groups_as_river() {
    as_river(
        &json!({"KMeans": {"n_clusters": 4, "halflife": 0.3, "sigma": 2.0, "seed": 5}}),
        "122120220202222022020220202202002020030200000001020030030022320223202002023023230200302303\
         023030030303303032032302023220",
        [
            -0.092549843534,
            -0.765922634964,
            0.969118805033,
            -1.820838227022,
            -3.739758174354,
            -1.205855597971,
        ],
    );
    as_river(
        &json!({"KMeans": {"n_clusters": 3, "halflife": 0.1, "mu": 0.5, "p": 1.0, "seed": 9}}),
        "002010020101201012020120202112002020000210011010010101201022120020202002011020100101012010\
         110211202020020111201102021210",
        [
            -0.875737403802,
            -0.695642302601,
            0.177678451386,
            -0.001013492257,
            1.405225002421,
            0.078169267189,
        ],
    );
}

#[test]
fn wrong_parameters_are_named() {
    for (params, word) in [
        (json!({"n_clusters": 0}), "n_clusters"),
        (json!({"halflife": 1.5}), "halflife"),
        (json!({"sigma": -1}), "sigma"),
        (json!({"p": 0.5}), "p must"),
    ] {
        let error = Model::new(&json!({ "KMeans": params }), &Catalog::builtin()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}
