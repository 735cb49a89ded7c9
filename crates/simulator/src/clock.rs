//! Time in the simulated world, in whole milliseconds. Nothing else in this crate asks the operating system for it.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A point in time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1000)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0 + days * 86_400_000)
    }

    /// How long from `earlier` to here; nothing when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

fn whole_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 2)
}

impl Add<Duration> for Moment {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0 + whole_millis(span))
    }
}

impl Sub<Duration> for Moment {
    type Output = Self;
    fn sub(self, span: Duration) -> Self {
        Self(self.0 - whole_millis(span))
    }
}

/// `1700000017.257`: the epoch seconds of AWS's JSON protocols.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0.div_euclid(1000), self.0.rem_euclid(1000))
    }
}

/// Where the simulator gets the time from.
pub trait Clock: Send + Sync {
    fn now(&self) -> Moment;

    /// Jumps ahead by `span`; false from a clock that cannot.
    fn skip(&self, _span: Duration) -> bool {
        false
    }
}

/// Starts at a chosen moment and runs `factor` times as fast as the machine's own clock.
#[derive(Debug)]
pub struct WallClock {
    start: Moment,
    began: std::time::Instant,
    factor: f64,
    skipped_millis: AtomicI64,
}

impl WallClock {
    /// The real time, at its real speed.
    pub fn real() -> Self {
        Self::starting_at(system_time(), 1.0)
    }

    /// Starts now and runs `factor` times as fast.
    pub fn times(factor: f64) -> Self {
        Self::starting_at(system_time(), factor)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock the rest of the crate asks")]
    pub fn starting_at(start: Moment, factor: f64) -> Self {
        Self {
            start,
            began: std::time::Instant::now(),
            factor,
            skipped_millis: AtomicI64::new(0),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock the rest of the crate asks")]
fn system_time() -> Moment {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Moment::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

impl Clock for WallClock {
    fn now(&self) -> Moment {
        let skipped = self.skipped_millis.load(Ordering::SeqCst);
        Moment::from_millis(self.start.millis() + skipped) + self.began.elapsed().mul_f64(self.factor)
    }

    fn skip(&self, span: Duration) -> bool {
        self.skipped_millis.fetch_add(whole_millis(span), Ordering::SeqCst);
        true
    }
}

/// Stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(start: Moment) -> Self {
        Self(AtomicI64::new(start.millis()))
    }

    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(whole_millis(span), Ordering::SeqCst);
    }

    pub fn set(&self, to: Moment) {
        self.0.store(to.millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn skip(&self, span: Duration) -> bool {
        self.advance(span);
        true
    }
}
