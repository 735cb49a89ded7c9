//! One governor per account: every call of every task asks it first, so that all of them together stay within what AWS
//! allows and slow down together when AWS says so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sav_domain::operation::{DOCUMENTED_CALLS_PER_SECOND, Operation};
use sav_domain::pace::Pace;
use tokio::time::{Instant, sleep};

/// How much of a second's calls may leave at once after a rest.
const BURST_SECONDS: f64 = 0.25;

#[derive(Debug)]
pub struct Governor {
    started: Instant,
    /// Calls per second in sum; the rates of single operations keep their documented proportion to it.
    ceiling_per_second: f64,
    paces: Mutex<Paces>,
    /// Whether the newest call did not have to wait.
    idle: AtomicBool,
}

#[derive(Debug)]
struct Paces {
    sum: Pace,
    of: HashMap<Operation, Pace>,
}

impl Governor {
    pub fn new(ceiling_per_second: f64) -> Self {
        Self {
            started: Instant::now(),
            ceiling_per_second,
            paces: Mutex::new(Paces {
                sum: pace(ceiling_per_second),
                of: HashMap::new(),
            }),
            idle: AtomicBool::new(true),
        }
    }

    /// Waits for this call's turn.
    pub async fn admit(&self, operation: Operation) {
        let wait = self.change(operation, |sum, own, now| {
            let wait = own.book(now);
            sum.map_or(wait, |sum| wait.max(sum.book(now)))
        });
        self.idle.store(wait.is_zero(), Ordering::Relaxed);
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    /// Whether the newest call could leave at once. If not, to ask more at the same time would only make calls wait longer.
    pub fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed)
    }

    /// AWS refused a call as one too many.
    pub fn throttled(&self, operation: Operation) {
        self.change(operation, |sum, own, now| {
            own.throttled(now);
            if let Some(sum) = sum {
                sum.throttled(now);
            }
        });
    }

    /// Calls of this kind per second at this moment.
    pub fn per_second(&self, operation: Operation) -> f64 {
        self.change(operation, |sum, own, now| {
            let own = own.per_second(now);
            sum.map_or(own, |sum| own.min(sum.per_second(now)))
        })
    }

    fn change<T>(&self, operation: Operation, with: impl FnOnce(Option<&mut Pace>, &mut Pace, Duration) -> T) -> T {
        let now = self.started.elapsed();
        // A panic elsewhere leaves numbers behind, never half a state.
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let Paces { sum, of } = &mut *paces;
        let own = of.entry(operation).or_insert_with(|| {
            let share = self.ceiling_per_second / DOCUMENTED_CALLS_PER_SECOND;
            pace(operation.documented_per_second() * share)
        });
        with(operation.counts_for_backup().then_some(sum), own, now)
    }
}

fn pace(per_second: f64) -> Pace {
    Pace::new(per_second, per_second * BURST_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Operation = Operation::ListRecoveryPointsByBackupVault;

    #[tokio::test(start_paused = true)]
    async fn a_hundred_pages_take_five_seconds_at_the_documented_rate() {
        let governor = Governor::new(DOCUMENTED_CALLS_PER_SECOND);
        let began = Instant::now();
        for _ in 0..100 {
            governor.admit(LIST).await;
        }
        let took = began.elapsed().as_secs_f64();
        assert!((4.5..=5.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_sum_binds_when_several_kinds_of_calls_share_it() {
        let governor = Governor::new(10.0);
        let began = Instant::now();
        for _ in 0..20 {
            governor.admit(LIST).await;
            governor.admit(Operation::ListBackupVaults).await;
            governor.admit(Operation::GetCallerIdentity).await;
        }
        let took = began.elapsed().as_secs_f64();
        assert!(took >= 40.0 / 10.0 - 0.5, "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_slows_every_later_call_down() {
        let governor = Governor::new(DOCUMENTED_CALLS_PER_SECOND);
        let before = governor.per_second(LIST);
        governor.throttled(LIST);
        assert!(governor.per_second(LIST) <= before / 2.0);
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!((governor.per_second(LIST) - before).abs() < 1e-6);
    }
}
