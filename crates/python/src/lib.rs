//! `heraclitus._native`: the estimators of `her-learn` as Python sees them.
//!
//! A Python object is a [`Handle`](core::Handle) to a live core, or to a part of one: when a
//! pipeline's steps run as one core, each step's object shows its part. What an event holds is
//! turned into features at one door ([`door`]); everything after it is `her-learn`.

mod attributes;
mod classes;
mod core;
mod dict;
mod door;
mod frame;
mod house;
mod labels;
mod metric;
mod runner;
mod series;
mod spec;
mod values;
mod work;

use pyo3::prelude::*;

pyo3::create_exception!(
    heraclitus._native,
    NotNative,
    pyo3::exceptions::PyTypeError,
    "An event or a parameter that only Python can hold."
);

/// A refusal of `her-learn` as Python raises it.
fn refused(error: &her_learn::Error) -> PyErr {
    pyo3::exceptions::PyValueError::new_err(error.to_string())
}

/// Runs `her` with these arguments, the program's name first; the code to exit with.
#[pyfunction]
fn command(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| her::cli::run_with(arguments))
}

/// Lets the members of ensembles work on so many threads.
#[pyfunction]
fn set_num_threads(n: usize) -> PyResult<()> {
    let most = her_learn::parallel::HANDS_MAX;
    if !(1..=most).contains(&n) {
        let why = format!("the number of threads must be from 1 to {most}, got {n}");
        return Err(pyo3::exceptions::PyValueError::new_err(why));
    }
    her_identity::crew::set_threads(n);
    Ok(())
}

/// On how many threads the members of ensembles may work.
#[pyfunction]
fn get_num_threads() -> usize {
    her_identity::crew::threads()
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("NotNative", module.py().get_type::<NotNative>())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(command, module)?)?;
    module.add_function(wrap_pyfunction!(set_num_threads, module)?)?;
    module.add_function(wrap_pyfunction!(get_num_threads, module)?)?;
    classes::register(module)?;
    runner::register(module)?;
    series::register(module)?;
    metric::register(module)?;
    house::register(module)?;
    spec::register(module)
}
