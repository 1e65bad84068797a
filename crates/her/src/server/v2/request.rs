//! A request of the Open Inference Protocol: JSON, and the tensors that lie behind it as bytes.

use serde_json::{Map, Value};

use super::datatype::{Datatype, Elements};
use super::{ROWS_MAX, Refusal};

/// One input.
#[derive(Debug)]
pub(super) struct Tensor {
    pub name: String,
    pub datatype: Datatype,
    pub rows: usize,
    /// Elements of one row.
    pub width: usize,
    pub elements: Elements,
}

/// Whether one output is wanted as bytes.
#[derive(Debug)]
pub(super) struct Wanted {
    pub name: String,
    pub binary: bool,
}

/// What a request asks.
#[derive(Debug)]
pub(super) struct Infer {
    pub id: Option<String>,
    /// False when an `id` is only to be given back.
    pub remember: bool,
    pub numbers: Option<(Box<str>, u64)>,
    /// The input to learn.
    pub target: String,
    /// The input that says how much each row counts.
    pub weight: Option<String>,
    pub inputs: Vec<Tensor>,
    /// Empty for all outputs.
    pub outputs: Vec<Wanted>,
    /// Whether outputs that were not named are wanted as bytes.
    pub binary: bool,
}

impl Infer {
    /// Reads the JSON, and the bytes that follow it.
    pub fn read(json: &Value, bytes: &[u8]) -> Result<Self, Refusal> {
        let Value::Object(map) = json else {
            return Err("the request must be an object with inputs".to_owned());
        };
        let none = Map::new();
        let parameters = object(map, "parameters", "the request")?.unwrap_or(&none);
        let Some(Value::Array(given)) = map.get("inputs") else {
            return Err("the request must have an array inputs".to_owned());
        };
        let mut rest = bytes;
        let mut inputs: Vec<Tensor> = Vec::with_capacity(given.len().min(64));
        for input in given {
            inputs.push(tensor(input, &mut rest)?);
        }
        if !rest.is_empty() {
            return Err(format!(
                "{} bytes lie behind the JSON that belong to no input; give each binary input its \
                 binary_data_size",
                rest.len()
            ));
        }
        let binary = flag(parameters, "binary_data_output")?.unwrap_or(false);
        Ok(Self {
            id: id(map)?,
            remember: flag(parameters, "remember")?.unwrap_or(true),
            numbers: numbers(parameters)?,
            target: text(parameters, "target")?.unwrap_or_else(|| "y".to_owned()),
            weight: text(parameters, "weight")?,
            inputs,
            outputs: outputs(map, binary)?,
            binary,
        })
    }

    /// How many rows the inputs have, which is one number for all.
    pub fn rows(&self) -> Result<usize, Refusal> {
        let Some(first) = self.inputs.first() else {
            return Err("the request has no inputs; send one for each feature".to_owned());
        };
        if let Some(other) = self.inputs.iter().find(|t| t.rows != first.rows) {
            return Err(format!(
                "input {:?} has {} rows and input {:?} has {}; all must have as many",
                first.name, first.rows, other.name, other.rows
            ));
        }
        Ok(first.rows)
    }
}

fn id(map: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    match map.get("id") {
        None | Some(Value::Null) => Ok(None),
        // Stock clients send an empty id when they were given none.
        Some(Value::String(id)) => Ok((!id.is_empty()).then(|| id.clone())),
        Some(other) => Err(format!("id must be a text, got {other}")),
    }
}

fn numbers(parameters: &Map<String, Value>) -> Result<Option<(Box<str>, u64)>, Refusal> {
    match (parameters.get("client"), parameters.get("n")) {
        (None, None) => Ok(None),
        (Some(Value::String(client)), Some(n)) => {
            let n = n.as_u64().ok_or_else(|| format!("n must be a whole number, got {n}"))?;
            Ok(Some((client.as_str().into(), n)))
        }
        _ => Err("a numbered request has the parameters client, a text, and n".to_owned()),
    }
}

fn outputs(map: &Map<String, Value>, binary: bool) -> Result<Vec<Wanted>, Refusal> {
    let given = match map.get("outputs") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(given)) => given,
        Some(_) => return Err("outputs must be an array".to_owned()),
    };
    let one = |output: &Value| -> Result<Wanted, Refusal> {
        let map = output.as_object().ok_or("an output must be an object with a name")?;
        let name = map.get("name").and_then(Value::as_str);
        let name = name.ok_or("an output must have a text name")?.to_owned();
        let none = Map::new();
        let parameters = object(map, "parameters", &name)?.unwrap_or(&none);
        for unknown in ["classification", "shared_memory_region"] {
            if parameters.contains_key(unknown) {
                return Err(format!("output {name:?}: {unknown} is not offered here"));
            }
        }
        Ok(Wanted { binary: flag(parameters, "binary_data")?.unwrap_or(binary), name })
    };
    given.iter().map(one).collect()
}

fn tensor(input: &Value, rest: &mut &[u8]) -> Result<Tensor, Refusal> {
    let map = input.as_object().ok_or("an input must be an object with a name")?;
    let name = map.get("name").and_then(Value::as_str);
    let name = name.ok_or("an input must have a text name")?.to_owned();
    let at = |why: Refusal| format!("input {name:?}: {why}");
    let datatype = map.get("datatype").and_then(Value::as_str).ok_or("no datatype");
    let datatype = datatype.map_err(str::to_owned).and_then(Datatype::parse).map_err(at)?;
    let (rows, width) = shape(map.get("shape")).map_err(at)?;
    let none = Map::new();
    let parameters = object(map, "parameters", &name)?.unwrap_or(&none);
    if parameters.contains_key("shared_memory_region") {
        return Err(at("shared memory is not offered here; send the data itself".to_owned()));
    }
    let elements = match (parameters.get("binary_data_size"), map.get("data")) {
        (Some(size), None) => {
            let bytes = size.as_u64().and_then(|size| {
                let (bytes, left) = rest.split_at_checked(usize::try_from(size).ok()?)?;
                *rest = left;
                Some(bytes)
            });
            let bytes = bytes.ok_or_else(|| {
                at(format!(
                    "binary_data_size is {size}, and {} bytes are left behind the JSON; the header \
                     Inference-Header-Content-Length says where they begin",
                    rest.len()
                ))
            })?;
            datatype.of_bytes(bytes).map_err(at)?
        }
        (None, Some(data)) => datatype.of_json(data).map_err(at)?,
        _ => return Err(at("it must have either data or binary_data_size".to_owned())),
    };
    if rows * width != elements.len() {
        let (wanted, got) = (rows * width, elements.len());
        return Err(at(format!("its shape asks for {wanted} elements, it has {got}")));
    }
    Ok(Tensor { name, datatype, rows, width, elements })
}

/// Rows, and elements of a row. One row has no shape of its own for some clients.
fn shape(shape: Option<&Value>) -> Result<(usize, usize), Refusal> {
    let all = shape.and_then(Value::as_array).ok_or("it has no shape, an array of numbers")?;
    let mut sizes = Vec::with_capacity(2);
    for size in all {
        let size = size.as_u64().and_then(|s| usize::try_from(s).ok()).filter(|s| *s > 0);
        sizes.push(size.ok_or_else(|| format!("its shape is {all:?}, only sizes above 0 are"))?);
    }
    let (rows, width) = match *sizes.as_slice() {
        [] => (1, 1),
        [rows] => (rows, 1),
        [rows, width] => (rows, width),
        _ => return Err("its shape has more than two dimensions: rows, and columns".to_owned()),
    };
    if rows > ROWS_MAX {
        return Err(format!("it has {rows} rows, at most {ROWS_MAX} are taken at once"));
    }
    if width > her_learn::row::limits::FEATURES {
        let max = her_learn::row::limits::FEATURES;
        return Err(format!("it has {width} columns, at most {max} are taken"));
    }
    Ok((rows, width))
}

fn object<'m>(
    map: &'m Map<String, Value>,
    key: &str,
    of: &str,
) -> Result<Option<&'m Map<String, Value>>, Refusal> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(found)) => Ok(Some(found)),
        Some(_) => Err(format!("{key} of {of} must be an object")),
    }
}

fn flag(map: &Map<String, Value>, key: &str) -> Result<Option<bool>, Refusal> {
    match map.get(key) {
        None => Ok(None),
        Some(Value::Bool(b)) => Ok(Some(*b)),
        Some(other) => Err(format!("{key} must be true or false, got {other}")),
    }
}

fn text(map: &Map<String, Value>, key: &str) -> Result<Option<String>, Refusal> {
    match map.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(format!("{key} must be a text, got {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(request: &Value, bytes: &[u8], why: &str) {
        let told = Infer::read(request, bytes).and_then(|i| i.rows()).unwrap_err();
        assert!(told.contains(why), "{why:?} is not in {told}");
    }

    #[test]
    fn bytes_go_to_their_inputs_in_order() {
        let size = |n: usize| json!({ "binary_data_size": n });
        let request = json!({ "id": "", "inputs": [
            { "name": "a", "datatype": "FP32", "shape": [2, 1], "parameters": size(8) },
            { "name": "b", "datatype": "BOOL", "shape": [2], "data": [true, false] },
            { "name": "c", "datatype": "BYTES", "shape": [2], "parameters": size(9) },
        ]});
        let mut bytes = [1f32.to_le_bytes(), 2f32.to_le_bytes()].concat();
        bytes.extend([1, 0, 0, 0, b'x', 0, 0, 0, 0]);
        let read = Infer::read(&request, &bytes).unwrap();
        assert_eq!((read.id.as_deref(), read.rows()), (None, Ok(2)));
        assert_eq!(read.inputs[0].elements, Elements::Numbers(vec![1.0, 2.0]));
        let texts = vec![Some("x".into()), Some("".into())];
        assert_eq!(read.inputs[2].elements, Elements::Texts(texts));
        refused(&request, &bytes[..16], "bytes are left");
        bytes.push(0);
        refused(&request, &bytes, "1 bytes lie behind the JSON");
    }

    #[test]
    fn mistakes_are_named() {
        let input = |shape: Value, data: Value| json!({ "inputs": [{ "name": "a", "datatype": "FP64", "shape": shape, "data": data }] });
        refused(&json!([]), b"", "an object with inputs");
        refused(&json!({ "inputs": [] }), b"", "no inputs");
        refused(&json!({ "inputs": [1] }), b"", "object with a name");
        refused(&input(json!([2]), json!([1])), b"", "asks for 2 elements, it has 1");
        refused(&input(json!([0]), json!([])), b"", "sizes above 0");
        refused(&input(json!([-1]), json!([])), b"", "sizes above 0");
        refused(&input(json!([1, 1, 1]), json!([1])), b"", "more than two");
        refused(&input(json!([4097]), json!([])), b"", "at most 4096");
        refused(&input(json!([1, 10_001]), json!([])), b"", "columns");
        refused(&input(json!("1"), json!([])), b"", "no shape");
        let mut two = input(json!([1]), json!([1]));
        let other = json!({ "name": "b", "datatype": "FP64", "shape": [2], "data": [1, 2] });
        two["inputs"].as_array_mut().unwrap().push(other);
        refused(&two, b"", "all must have as many");
        let mut odd = input(json!([1]), json!([1]));
        odd["parameters"] = json!({ "client": "c" });
        refused(&odd, b"", "client");
        odd["parameters"] = json!({ "binary_data_output": 1 });
        refused(&odd, b"", "true or false");
        odd["parameters"] = json!(1);
        refused(&odd, b"", "parameters of the request");
    }
}
