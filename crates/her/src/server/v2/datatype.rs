//! Datatypes of the Open Inference Protocol, and their bytes.

use serde_json::Value;

use super::Refusal;

/// What one element of a tensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Datatype {
    Bool,
    /// A whole number, with a sign or without.
    Int {
        bytes: usize,
        signed: bool,
    },
    Fp32,
    Fp64,
    Bytes,
}

/// The elements of a tensor, row by row; nothing where an element is missing.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Elements {
    /// Booleans arrive as 0 and 1; what is missing is NaN.
    Numbers(Vec<f64>),
    Texts(Vec<Option<Box<str>>>),
}

impl Elements {
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(all) => all.len(),
            Self::Texts(all) => all.len(),
        }
    }
}

impl Datatype {
    /// The datatype of a name as the protocol spells it.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        let int = |bytes, signed| Ok(Self::Int { bytes, signed });
        match name {
            "BOOL" => Ok(Self::Bool),
            "UINT8" => int(1, false),
            "UINT16" => int(2, false),
            "UINT32" => int(4, false),
            "UINT64" => int(8, false),
            "INT8" => int(1, true),
            "INT16" => int(2, true),
            "INT32" => int(4, true),
            "INT64" => int(8, true),
            "FP32" => Ok(Self::Fp32),
            "FP64" => Ok(Self::Fp64),
            "BYTES" => Ok(Self::Bytes),
            "FP16" | "BF16" => Err(format!("datatype {name} is not taken; send FP32 or FP64")),
            other => Err(format!(
                "there is no datatype {other:?}; send BOOL, INT8 to INT64, UINT8 to UINT64, FP32, \
                 FP64 or BYTES"
            )),
        }
    }

    /// Elements from JSON, which may lie in arrays within each other.
    pub fn of_json(self, data: &Value) -> Result<Elements, Refusal> {
        let mut elements = match self {
            Self::Bytes => Elements::Texts(Vec::new()),
            _ => Elements::Numbers(Vec::new()),
        };
        self.gather(data, &mut elements)?;
        Ok(elements)
    }

    /// The depth of the JSON was checked, so this ends soon.
    fn gather(self, value: &Value, into: &mut Elements) -> Result<(), Refusal> {
        if let Value::Array(all) = value {
            return all.iter().try_for_each(|one| self.gather(one, into));
        }
        let at = into.len();
        let wrong = || format!("element {at} is {value}, which is no {}", self.word());
        match into {
            Elements::Texts(texts) => texts.push(match value {
                Value::Null => None,
                Value::String(text) => Some(text.as_str().into()),
                _ => return Err(wrong()),
            }),
            Elements::Numbers(numbers) => {
                numbers.push(if value.is_null() {
                    f64::NAN
                } else {
                    self.number(value).ok_or_else(wrong)?
                });
            }
        }
        Ok(())
    }

    fn number(self, value: &Value) -> Option<f64> {
        let number = match value {
            Value::Bool(b) => return (self == Self::Bool).then_some(f64::from(u8::from(*b))),
            Value::Number(n) => n.as_f64()?,
            _ => return None,
        };
        let (low, high) = match self {
            Self::Bool => (0.0, 1.0),
            Self::Int { bytes, signed: true } => {
                let half = math_pow2(bytes * 8 - 1);
                (-half, half - 1.0)
            }
            Self::Int { bytes, signed: false } => (0.0, math_pow2(bytes * 8) - 1.0),
            Self::Fp32 | Self::Fp64 => return Some(number),
            Self::Bytes => return None,
        };
        (number.fract() == 0.0 && (low..=high).contains(&number)).then_some(number)
    }

    /// Elements from bytes as Triton lays them: little-endian, and texts with their length first.
    pub fn of_bytes(self, bytes: &[u8]) -> Result<Elements, Refusal> {
        match self {
            Self::Bytes => texts(bytes).map(Elements::Texts),
            Self::Bool => {
                let odd = bytes.iter().position(|b| *b > 1);
                if let Some(at) = odd {
                    return Err(format!("element {at} is {}, which is no BOOL", bytes[at]));
                }
                Ok(Elements::Numbers(bytes.iter().map(|b| f64::from(*b)).collect()))
            }
            Self::Fp32 => fixed(bytes, |b: [u8; 4]| f64::from(f32::from_le_bytes(b))),
            Self::Fp64 => fixed(bytes, f64::from_le_bytes),
            Self::Int { bytes: 1, signed: true } => fixed(bytes, |b| i8::from_le_bytes(b) as f64),
            Self::Int { bytes: 2, signed: true } => fixed(bytes, |b| i16::from_le_bytes(b) as f64),
            Self::Int { bytes: 4, signed: true } => fixed(bytes, |b| i32::from_le_bytes(b) as f64),
            Self::Int { signed: true, .. } => fixed(bytes, |b| i64::from_le_bytes(b) as f64),
            Self::Int { bytes: 1, .. } => fixed(bytes, |b| u8::from_le_bytes(b) as f64),
            Self::Int { bytes: 2, .. } => fixed(bytes, |b| u16::from_le_bytes(b) as f64),
            Self::Int { bytes: 4, .. } => fixed(bytes, |b| u32::from_le_bytes(b) as f64),
            Self::Int { .. } => fixed(bytes, |b| u64::from_le_bytes(b) as f64),
        }
    }

    fn word(self) -> String {
        match self {
            Self::Bool => "BOOL".to_owned(),
            Self::Int { bytes, signed } => {
                format!("{}INT{}", if signed { "" } else { "U" }, bytes * 8)
            }
            Self::Fp32 => "FP32".to_owned(),
            Self::Fp64 => "FP64".to_owned(),
            Self::Bytes => "BYTES, so no text".to_owned(),
        }
    }
}

/// Two to a small power, which a float holds exactly.
fn math_pow2(bits: usize) -> f64 {
    (1u128 << bits) as f64
}

fn fixed<const N: usize>(
    bytes: &[u8],
    number: impl Fn([u8; N]) -> f64,
) -> Result<Elements, Refusal> {
    let (elements, rest) = bytes.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(format!("{} bytes are no whole number of {N}-byte elements", bytes.len()));
    }
    Ok(Elements::Numbers(elements.iter().map(|b| number(*b)).collect()))
}

fn texts(mut bytes: &[u8]) -> Result<Vec<Option<Box<str>>>, Refusal> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let at = all.len();
        let broken = || format!("element {at} of a BYTES tensor is longer than the tensor");
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(broken)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (text, rest) = rest.split_at_checked(length).ok_or_else(broken)?;
        let text = std::str::from_utf8(text)
            .map_err(|_| format!("element {at} of a BYTES tensor is not UTF-8"))?;
        all.push(Some(text.into()));
        bytes = rest;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn numbers(elements: Result<Elements, Refusal>) -> Vec<f64> {
        match elements {
            Ok(Elements::Numbers(all)) => all,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn json_and_bytes_give_the_same_numbers() {
        let check = |name: &str, data: Value, bytes: &[u8]| {
            let datatype = Datatype::parse(name).unwrap();
            let (json, bytes) = (datatype.of_json(&data), datatype.of_bytes(bytes));
            assert_eq!(numbers(json), numbers(bytes), "{name}");
        };
        check("BOOL", json!([true, false]), &[1, 0]);
        check("INT8", json!([-1]), &[255]);
        check("UINT8", json!([255]), &[255]);
        check("INT16", json!([[-2], [3]]), &[254, 255, 3, 0]);
        check("UINT16", json!([65535]), &[255, 255]);
        check("INT32", json!([-1]), &[255; 4]);
        check("UINT32", json!([1]), &[1, 0, 0, 0]);
        check("INT64", json!([-1]), &[255; 8]);
        check("UINT64", json!([2]), &[2, 0, 0, 0, 0, 0, 0, 0]);
        check("FP32", json!([0.5]), &0.5f32.to_le_bytes());
        check("FP64", json!([0.1]), &0.1f64.to_le_bytes());
        let texts = Datatype::Bytes.of_bytes(&[2, 0, 0, 0, b'h', b'i', 0, 0, 0, 0]).unwrap();
        assert_eq!(Datatype::Bytes.of_json(&json!(["hi", ""])).unwrap(), texts);
    }

    #[test]
    fn what_is_no_element_is_named() {
        let refused = |name: &str, data: Value, why: &str| {
            let told = Datatype::parse(name).and_then(|d| d.of_json(&data)).unwrap_err();
            assert!(told.contains(why), "{told}");
        };
        refused("BOOL", json!([2]), "element 0 is 2, which is no BOOL");
        refused("INT8", json!([1, 128]), "element 1 is 128, which is no INT8");
        refused("UINT64", json!([-1]), "UINT64");
        refused("INT32", json!([1.5]), "INT32");
        refused("FP64", json!(["1"]), "FP64");
        refused("BYTES", json!([1]), "no text");
        refused("FP16", json!([1]), "send FP32");
        refused("STRING", json!([1]), "no datatype");
        assert!(Datatype::Fp64.of_bytes(&[0; 9]).is_err());
        assert!(Datatype::Bool.of_bytes(&[2]).is_err());
        assert!(Datatype::Bytes.of_bytes(&[1, 0, 0]).is_err());
        assert!(Datatype::Bytes.of_bytes(&[255, 255, 255, 255, 1]).is_err());
        assert!(Datatype::Bytes.of_bytes(&[1, 0, 0, 0, 0xff]).is_err());
    }
}
