//! How long commits take, as a histogram of Prometheus.

use std::fmt;
use std::sync::Arc;

use her_identity::shard::Commits;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// Reads the house's own counts whenever somebody asks.
pub(super) struct CommitSeconds(pub Arc<Commits>);

impl fmt::Debug for CommitSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CommitSeconds").field(&self.0.times()).finish()
    }
}

impl Collector for CommitSeconds {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let times = self.0.times();
        let help = "Commits, by the time until the disk had them";
        encoder
            .encode_descriptor("commit", help, Some(&Unit::Seconds), MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(times.sum_s, times.count(), &times.buckets, None)
    }
}
