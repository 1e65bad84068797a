//! The kernel that walks a dict: the one place where pointers are read by hand.
//!
//! The safe iterator counts a reference up and down for every key and value, which costs more than
//! all the arithmetic of an event.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// Reads the numbers of a dict whose keys are these objects, or texts equal to them, in their
/// order, into as many places. False when a key is another one or a value is no `float`, `int` or
/// `bool`; what was read is of no use then.
#[inline]
#[expect(unsafe_code, reason = "borrowed references while walking a dict")]
pub fn read_numbers<'a>(
    dict: &Bound<'_, PyDict>,
    keys: impl Iterator<Item = &'a Py<PyAny>>,
    out: &mut [f64],
) -> bool {
    let mut at: ffi::Py_ssize_t = 0;
    let (mut key, mut value) = (std::ptr::null_mut(), std::ptr::null_mut());
    let mut known = keys.zip(out);
    // SAFETY: `dict` is a dict and the interpreter is attached (a `Bound` proves both). The dict
    // does not change and nothing it holds is dropped while we walk: between two calls of
    // `PyDict_Next` no Python code runs, since `PyFloat_AsDouble` of a float (or a subclass of it)
    // and `PyLong_AsDouble` of an exact int read the object and call nothing. The pointers that
    // `PyDict_Next` lends are used at once and not kept.
    unsafe {
        while ffi::PyDict_Next(dict.as_ptr(), &raw mut at, &raw mut key, &raw mut value) != 0 {
            let Some((known, out)) = known.next() else { return false };
            // Keys that a parser made are new objects in every event: their letters are compared.
            if known.as_ptr() != key && !same_text(known.as_ptr(), key) {
                return false;
            }
            if ffi::PyFloat_Check(value) != 0 {
                *out = ffi::PyFloat_AsDouble(value);
            } else if ffi::PyLong_CheckExact(value) != 0 || ffi::PyBool_Check(value) != 0 {
                let number = ffi::PyLong_AsDouble(value);
                if number == -1.0 && !ffi::PyErr_Occurred().is_null() {
                    ffi::PyErr_Clear();
                    return false;
                }
                *out = number;
            } else {
                return false;
            }
        }
    }
    known.next().is_none()
}

/// True for two texts of the same letters.
#[expect(unsafe_code, reason = "reads two texts of the interpreter in place")]
fn same_text(a: *mut ffi::PyObject, b: *mut ffi::PyObject) -> bool {
    let (mut a_len, mut b_len) = (0, 0);
    // SAFETY: both are live objects, held by the dict and by the caller's keys, and the interpreter
    // is attached. `PyUnicode_AsUTF8AndSize` of an exact text gives bytes that live as long as the
    // text does and calls no Python code; null, when a text has lone surrogates, is refused.
    unsafe {
        if ffi::PyUnicode_CheckExact(a) == 0 || ffi::PyUnicode_CheckExact(b) == 0 {
            return false;
        }
        let a = ffi::PyUnicode_AsUTF8AndSize(a, &raw mut a_len);
        let b = ffi::PyUnicode_AsUTF8AndSize(b, &raw mut b_len);
        if a.is_null() || b.is_null() {
            ffi::PyErr_Clear();
            return false;
        }
        a_len == b_len
            && std::slice::from_raw_parts(a.cast::<u8>(), a_len as usize)
                == std::slice::from_raw_parts(b.cast::<u8>(), b_len as usize)
    }
}
