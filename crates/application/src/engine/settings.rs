//! What an operator may say about a run.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct RunSettings {
    /// Calls to start a copy that are under way at once, 1 to 50.
    pub workers: usize,
    /// Copy jobs open at once. None: as many as AWS is found to take.
    pub max_in_flight: Option<usize>,
    pub poll_interval: Duration,
    /// How long this window is. None: until everything is done.
    pub max_runtime: Option<Duration>,
    /// None: what failed in an earlier window is left alone.
    pub retry_failed: Option<RetryFailed>,
    /// Scatters the waits before retries, so that they do not all end at once.
    pub seed: u64,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            workers: 10,
            max_in_flight: None,
            poll_interval: Duration::from_secs(30),
            max_runtime: None,
            retry_failed: None,
            seed: 0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryFailed {
    All,
    /// Only what failed for this cause, named as in the ledger, without regard to case and underscores.
    Cause(Box<str>),
}

/// Why somebody wants the run to end, mild to severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopReason {
    /// No new submissions; answers under way are waited for, for a moment.
    Asked,
    /// At once.
    AskedAgain,
}
