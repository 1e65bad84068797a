//! One drift detector, one number at a time.

use her_identity::{Error, Result};
use her_learn::Catalog;
use her_learn::estimator::Any;

use super::dense::invalid;
use super::meter::{Line, Meter};

const N: u64 = 500_000;

pub fn measure() -> Result<Vec<Line>> {
    let catalog = Catalog::builtin();
    let Any::DriftDetector(mut adwin) =
        catalog.builder().build(&"ADWIN".into()).map_err(invalid)?
    else {
        return Err(Error::invalid("ADWIN is no drift detector"));
    };
    let threshold = |i| if i < N / 2 { 200 } else { 400 };
    let values: Vec<f64> =
        (0..N).map(|i| f64::from(u8::from((i * 7919 + 13) % 1009 < threshold(i)))).collect();
    let mut meter = Meter::of_work("her");
    let mut alarms = 0_u64;
    meter.part(|| {
        for v in &values {
            adwin.update(*v);
            alarms += u64::from(adwin.drift_detected());
        }
        Ok(N)
    })?;
    std::hint::black_box(alarms);
    Ok(vec![meter.line()])
}
