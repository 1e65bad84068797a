//! Predictions as tensors: `predict`, and for classes `predict_proba` and `classes`.

use her_identity::turn::Answer;
use her_learn::{Label, Task};
use serde_json::{Value, json};

use super::Refusal;
use super::request::Infer;

/// What identities give, by task.
pub(super) fn described(task: Task, classes: &[Label]) -> Value {
    let label = labels(task, classes).0;
    match task {
        Task::Binary | Task::Multiclass => json!([
            { "name": "predict", "datatype": label, "shape": [-1] },
            { "name": "predict_proba", "datatype": "FP64", "shape": [-1, -1] },
            { "name": "classes", "datatype": label, "shape": [-1] },
        ]),
        _ => json!([{ "name": "predict", "datatype": "FP64", "shape": [-1] }]),
    }
}

/// The datatype of labels.
fn labels(task: Task, classes: &[Label]) -> (&'static str, bool) {
    let all = |is: fn(&Label) -> bool| !classes.is_empty() && classes.iter().all(is);
    if task == Task::Binary || all(|l| matches!(l, Label::Bool(_))) {
        ("BOOL", true)
    } else if all(|l| matches!(l, Label::Int(_))) {
        ("INT64", true)
    } else {
        ("BYTES", false)
    }
}

/// Probabilities in one answer; what would have more leaves them out.
const PROBABILITIES_MAX: usize = 1_000_000;

/// One output.
struct Output {
    name: &'static str,
    datatype: &'static str,
    shape: Vec<usize>,
    /// JSON numbers, booleans and texts; null for no opinion yet.
    data: Vec<Value>,
}

/// An answer: its JSON, and the bytes that follow it when there are any.
pub(super) struct Answered {
    pub outputs: Vec<Value>,
    pub bytes: Option<Vec<u8>>,
}

/// The outputs that a request wants, of an answer for each row.
pub(super) fn outputs(infer: &Infer, task: Task, answers: &[Answer]) -> Result<Answered, Refusal> {
    let mut all = match task {
        Task::Binary | Task::Multiclass => of_classes(task, answers),
        _ => vec![of_numbers(answers)],
    };
    let mut wanted = Vec::new();
    if infer.outputs.is_empty() {
        wanted = all.into_iter().map(|output| (output, infer.binary)).collect();
    } else {
        let names: Vec<&str> = all.iter().map(|o| o.name).collect();
        for w in &infer.outputs {
            let at = all.iter().position(|o| o.name == w.name).ok_or_else(|| {
                let names = names.join(", ");
                format!("there is no output {:?}, or it is asked for twice; give {names}", w.name)
            })?;
            wanted.push((all.remove(at), w.binary));
        }
    }
    let mut answered = Answered { outputs: Vec::new(), bytes: None };
    for (output, binary) in wanted {
        let mut said = json!({
            "name": output.name, "datatype": output.datatype, "shape": output.shape,
        });
        if binary {
            let bytes = answered.bytes.get_or_insert_default();
            let before = bytes.len();
            output.data.iter().for_each(|value| write(output.datatype, value, bytes));
            said["parameters"] = json!({ "binary_data_size": bytes.len() - before });
        } else {
            said["data"] = output.data.into();
        }
        answered.outputs.push(said);
    }
    Ok(answered)
}

fn of_numbers(answers: &[Answer]) -> Output {
    let one = |answer: &Answer| match answer {
        Answer::Value(v) => json!(v),
        _ => Value::Null,
    };
    let data: Vec<Value> = answers.iter().map(one).collect();
    Output { name: "predict", datatype: "FP64", shape: vec![data.len()], data }
}

fn of_classes(task: Task, answers: &[Answer]) -> Vec<Output> {
    let classes = classes(task, answers);
    let (datatype, typed) = labels(task, &classes);
    let label = |l: &Label| if typed { l.to_json() } else { l.to_string().into() };
    let (n, k) = (answers.len(), classes.len());
    let told = n * k <= PROBABILITIES_MAX;
    let (mut predict, mut proba) = (Vec::with_capacity(n), Vec::new());
    for answer in answers {
        let row: Vec<Option<f64>> = match answer {
            Answer::Binary(p) => vec![Some(1.0 - p), Some(*p)],
            Answer::Classes(all) => {
                let of = |class: &Label| all.iter().find(|(l, _)| l == class).map(|(_, p)| *p);
                // A class that was met later in the same request had no chance yet.
                classes.iter().map(|class| Some(of(class).unwrap_or(0.0))).collect()
            }
            Answer::None | Answer::Value(_) => vec![None; classes.len()],
        };
        let mut best: Option<(usize, f64)> = None;
        for (i, p) in row.iter().enumerate() {
            if let Some(p) = p
                && best.is_none_or(|(_, most)| *p > most)
            {
                best = Some((i, *p));
            }
        }
        predict.push(best.map_or(Value::Null, |(i, _)| label(&classes[i])));
        if told {
            proba.extend(row.into_iter().map(|p| p.map_or(Value::Null, |p| json!(p))));
        }
    }
    let names = classes.iter().map(label).collect();
    let mut all = vec![
        Output { name: "predict", datatype, shape: vec![n], data: predict },
        Output { name: "classes", datatype, shape: vec![k], data: names },
    ];
    if told {
        let shape = vec![n, k];
        all.insert(1, Output { name: "predict_proba", datatype: "FP64", shape, data: proba });
    }
    all
}

fn classes(task: Task, answers: &[Answer]) -> Vec<Label> {
    if task == Task::Binary {
        return vec![Label::Bool(false), Label::Bool(true)];
    }
    let mut all: Vec<Label> = Vec::new();
    for answer in answers {
        let Answer::Classes(classes) = answer else { continue };
        for (label, _) in classes {
            if !all.contains(label) {
                all.push(label.clone());
            }
        }
    }
    all
}

/// One element as Triton lays it. Without an opinion it is NaN, false, 0 or an empty text.
fn write(datatype: &str, value: &Value, out: &mut Vec<u8>) {
    match datatype {
        "BOOL" => out.push(u8::from(value.as_bool().unwrap_or(false))),
        "INT64" => out.extend(value.as_i64().unwrap_or(0).to_le_bytes()),
        "FP64" => out.extend(value.as_f64().unwrap_or(f64::NAN).to_le_bytes()),
        _ => {
            let text = value.as_str().unwrap_or_default().as_bytes();
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text);
        }
    }
}
