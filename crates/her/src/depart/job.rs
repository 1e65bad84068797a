//! Jobs of departures: a file each, so that a restart goes on with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use her_identity::disk::{self, Disk, RealDisk};
use her_identity::format::{DEPARTURE_VERSION, DEPARTURES_DIR, is_temp_file};
use her_identity::migrate::{ByState, Figures, Next, Node, Outcome, Report};
use her_identity::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::lock;

/// Jobs that are kept once they have ended; the oldest go first.
const KEPT: usize = 200;

/// One departure, as it is told of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    format: u16,
    /// Its id: 16 hex digits.
    pub id: String,
    /// Who departs.
    pub identity: String,
    /// The name of the node that it goes to.
    pub to: String,
    /// That node's key.
    pub node: Node,
    /// When it began, in milliseconds since 1970.
    pub started_ms: u64,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// The step that it is at, or was at last.
    pub step: Option<Next>,
    /// What was done.
    pub figures: Figures,
    /// How it ended; none while it is under way.
    pub outcome: Option<Outcome>,
    /// In words, when there is more to say.
    pub why: Option<String>,
    /// Whether both whole states were compared afterwards and were equal.
    pub verified: Option<bool>,
    /// Set where the state itself went, or would go.
    pub by_state: Option<ByState>,
    /// Whether a read-only copy is to stay behind.
    pub leaves: bool,
    /// The directory of the copy that stayed behind.
    pub left: Option<String>,
}

impl Job {
    /// One that begins.
    pub fn new(now_ms: u64, identity: &str, to: &str, node: Node) -> Result<Self> {
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(|e| {
            let what = format!("the system gives no random numbers: {e}");
            Error::new(ErrorKind::Unavailable, what)
        })?;
        Ok(Self {
            format: DEPARTURE_VERSION,
            id: format!("{:016x}", u64::from_be_bytes(id)),
            identity: identity.to_owned(),
            to: to.to_owned(),
            node,
            started_ms: now_ms,
            ended_ms: None,
            step: None,
            figures: Figures::default(),
            outcome: None,
            why: None,
            verified: None,
            by_state: None,
            leaves: true,
            left: None,
        })
    }

    /// It has ended so.
    pub fn end(&mut self, now_ms: u64, report: &Report) {
        self.ended_ms = Some(now_ms);
        self.outcome = Some(report.outcome);
        self.figures = report.figures;
        self.why.clone_from(&report.why);
        self.verified = report.verified;
        self.by_state.clone_from(&report.by_state);
    }
}

/// All jobs of a data directory.
pub(super) struct Jobs {
    dir: PathBuf,
    all: Mutex<BTreeMap<String, Job>>,
    /// Those that a former process left under way.
    left: Mutex<Vec<String>>,
}

impl Jobs {
    pub fn open(data_dir: &Path) -> Result<Self> {
        let dir = data_dir.join(DEPARTURES_DIR);
        let mut jobs = BTreeMap::new();
        let names = match RealDisk.list(&dir) {
            Ok(names) => names,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(Error::io(format!("listing {}", dir.display()), e)),
        };
        for name in names.iter().filter(|name| !is_temp_file(name)) {
            let path = dir.join(name);
            let bytes = disk::read_whole(&RealDisk, &path)
                .map_err(|e| Error::io(format!("reading {}", path.display()), e))?;
            let job: Job = serde_json::from_slice(&bytes).map_err(|e| {
                let what = format!("{} can't be read ({e}); remove it", path.display());
                Error::new(ErrorKind::Corrupt, what)
            })?;
            if job.format == 0 || job.format > DEPARTURE_VERSION {
                let path = path.display().to_string();
                return Err(Error::unsupported(&path, "departure", job.format, DEPARTURE_VERSION));
            }
            jobs.insert(job.id.clone(), job);
        }
        let left = jobs.values().filter(|job| job.outcome.is_none()).map(|job| job.id.clone());
        let left = Mutex::new(left.collect());
        Ok(Self { dir, all: Mutex::new(jobs), left })
    }

    /// Newest first.
    pub fn all(&self) -> Vec<Job> {
        let mut all: Vec<Job> = lock(&self.all).values().cloned().collect();
        all.sort_by(|a, b| (b.started_ms, &b.id).cmp(&(a.started_ms, &a.id)));
        all
    }

    pub fn get(&self, id: &str) -> Result<Job> {
        let unknown = || Error::not_found(format!("no departure {id:?}; `her departures` lists"));
        lock(&self.all).get(id).cloned().ok_or_else(unknown)
    }

    /// A job that begins, durable when this returns.
    pub fn put(&self, job: &Job) -> Result<()> {
        self.show(job);
        self.store(job)?;
        self.prune();
        Ok(())
    }

    /// What is told of a job from now on.
    pub fn show(&self, job: &Job) {
        lock(&self.all).insert(job.id.clone(), job.clone());
    }

    /// Writes a job. A departure does not fail for want of its own file: the register decides.
    pub fn write(&self, job: &Job) {
        if let Err(e) = self.store(job) {
            eprintln!("warning: departure {} of {} is not written: {e}", job.id, job.identity);
        }
    }

    fn store(&self, job: &Job) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(job).map_err(|e| Error::invalid(e.to_string()))?;
        RealDisk
            .create_dir(&self.dir)
            .and_then(|()| {
                disk::write_whole(&RealDisk, &self.dir, &format!("{}.json", job.id), &[&bytes])
            })
            .map_err(|e| Error::io(format!("writing departure {}", job.id), e))
    }

    fn prune(&self) {
        let ended = self.all().into_iter().filter(|job| job.outcome.is_some()).skip(KEPT);
        for job in ended.collect::<Vec<_>>() {
            // What cannot be removed is listed once more; nothing hangs on it.
            let _ = RealDisk.remove(&self.dir.join(format!("{}.json", job.id)));
            lock(&self.all).remove(&job.id);
        }
    }

    /// The jobs that a former process left under way.
    pub fn left(&self) -> Vec<Job> {
        let left = lock(&self.left).clone();
        left.iter().filter_map(|id| self.get(id).ok()).collect()
    }

    /// A job that was left is under way again, or has ended.
    pub fn taken_up(&self, id: &str) {
        lock(&self.left).retain(|other| other != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_back_and_old_ones_go() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = Jobs::open(dir.path()).unwrap();
        let node = Node([7; 32]);
        let under_way = Job::new(0, "sam", "b", node).unwrap();
        jobs.put(&under_way).unwrap();
        for i in 1..=KEPT as u64 + 5 {
            let mut job = Job::new(i, "sam", "b", node).unwrap();
            let report = Report {
                outcome: Outcome::Cancelled,
                why: None,
                figures: Figures::default(),
                verified: None,
                by_state: None,
            };
            job.end(i, &report);
            jobs.put(&job).unwrap();
        }
        let jobs = Jobs::open(dir.path()).unwrap();
        assert_eq!(jobs.all().len(), KEPT + 1);
        assert_eq!(jobs.left(), std::slice::from_ref(&under_way));
        jobs.taken_up(&under_way.id);
        assert!(jobs.left().is_empty());
        assert!(jobs.get("nobody").is_err());
    }
}
