//! How long commits and predictions take, as histograms of Prometheus.

use std::fmt;
use std::sync::Arc;

use her_identity::shard::Times;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// Reads the house's own counts whenever somebody asks.
pub(super) struct Seconds {
    pub name: &'static str,
    pub help: &'static str,
    pub times: Arc<Times>,
}

impl fmt::Debug for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name).field(&self.times.times()).finish()
    }
}

impl Collector for Seconds {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let times = self.times.times();
        encoder
            .encode_descriptor(self.name, self.help, Some(&Unit::Seconds), MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(times.sum_s, times.count(), &times.buckets, None)
    }
}
