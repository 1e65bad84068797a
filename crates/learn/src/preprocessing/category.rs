//! Categories as texts: what encoders print into names and look up.

use std::fmt::{self, Display, Write};

use crate::features::{Context, FeatureId};

/// The longest text that is used as it is.
const BYTES_MAX: usize = 256;
/// What is kept of a longer one, before its hash.
const BYTES_KEPT: usize = 200;

/// A category to be printed. A text of more than 256 bytes prints as its beginning, `…` and a
/// hash, so that a single wild value cannot make a name of 64 KiB.
#[derive(Debug, Clone, Copy)]
pub(super) enum Category<'a> {
    Number(f64),
    Text(&'a str),
}

impl Display for Category<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Adding 0 turns -0 into 0.
            Self::Number(x) => write!(f, "{}", x + 0.0),
            Self::Text(t) if t.len() <= BYTES_MAX => f.write_str(t),
            Self::Text(t) => {
                let mut end = BYTES_KEPT;
                while !t.is_char_boundary(end) {
                    end -= 1;
                }
                write!(f, "{}…{:016x}", &t[..end], hash(t))
            }
        }
    }
}

/// FNV-1a: part of the names that long texts get, so it may not change.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, byte| {
        (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Room for any printed category: the longest number has 343 characters.
struct Printed {
    bytes: [u8; 352],
    len: usize,
}

impl Write for Printed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

impl Category<'_> {
    /// Lends the printed category, without an allocation.
    pub fn printed<R>(self, then: impl FnOnce(&str) -> R) -> R {
        let mut printed = Printed { bytes: [0; 352], len: 0 };
        let done = write!(printed, "{self}");
        debug_assert!(done.is_ok(), "categories are short");
        then(std::str::from_utf8(&printed.bytes[..printed.len]).unwrap_or_default())
    }

    /// Lends a text as long as it may be kept.
    pub fn shortened<R>(text: &str, then: impl FnOnce(&str) -> R) -> R {
        if text.len() <= BYTES_MAX { then(text) } else { Category::Text(text).printed(then) }
    }
}

/// Lends a feature's name together with the context, without an allocation for names of usual
/// length.
pub(super) fn with_name<R>(
    cx: &mut Context<'_>,
    id: FeatureId,
    then: impl FnOnce(&mut Context<'_>, &str) -> R,
) -> R {
    let name = cx.names.name(id);
    let mut bytes = [0; BYTES_MAX];
    if let Some(copy) = bytes.get_mut(..name.len()) {
        copy.copy_from_slice(name.as_bytes());
        return then(cx, std::str::from_utf8(copy).unwrap_or_default());
    }
    let name = name.to_owned();
    then(cx, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_rust_prints_them() {
        for (x, want) in
            [(1.0, "1"), (-0.0, "0"), (1.5, "1.5"), (-2.0, "-2"), (1e21, "1000000000000000000000")]
        {
            assert_eq!(Category::Number(x).to_string(), want);
        }
        for x in [f64::MIN, -f64::MIN_POSITIVE, -5e-324, f64::MAX] {
            Category::Number(x).printed(|t| assert_eq!(t, x.to_string()));
        }
    }

    #[test]
    fn long_texts_are_cut_and_stay_apart() {
        let long = "é".repeat(40_000);
        let other = format!("{}e", "é".repeat(40_000));
        let cut = Category::shortened(&long, str::to_owned);
        assert!(cut.len() <= BYTES_MAX && cut.starts_with("éé"), "{cut}");
        assert_ne!(cut, Category::shortened(&other, str::to_owned));
        assert_eq!(Category::shortened("short", str::to_owned), "short");
    }
}
