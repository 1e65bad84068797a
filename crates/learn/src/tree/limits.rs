//! How deep and how large a tree may become.

use crate::error::Result;
use crate::params::check_range;

/// River's tree stops before Python's recursion does.
const DEPTH_MAX: u32 = 980;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limits {
    pub max_depth: u32,
    pub max_bytes: f64,
    /// The weight of events between two looks at the size.
    pub period: f64,
    pub stop_mem_management: bool,
}

impl Limits {
    pub fn new(
        max_depth: Option<u32>,
        max_size: f64,
        memory_estimate_period: u32,
        stop_mem_management: bool,
    ) -> Result<Self> {
        check_range("max_size", max_size, 0.0, 1e6)?;
        check_range("memory_estimate_period", f64::from(memory_estimate_period), 1.0, 1e9)?;
        if let Some(depth) = max_depth {
            check_range("max_depth", f64::from(depth), 0.0, f64::from(DEPTH_MAX))?;
        }
        Ok(Self {
            max_depth: max_depth.unwrap_or(DEPTH_MAX),
            max_bytes: max_size * 1_048_576.0,
            period: f64::from(memory_estimate_period),
            stop_mem_management,
        })
    }
}
