//! The process dies before or after any write to the ledger, again and again, and nothing is copied twice or forgotten.

use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sav_application::engine::Ending;
use sav_application::memory_ledger::MemoryLedger;
use sav_application::ports::{Change, Ledger, LedgerError};
use sav_domain::Moment;
use sav_domain::ledger::{
    Entry, GroupId, Learned, PlanChanges, PlanId, PlannedPoint, PointId, Ruling, WindowEnd, WindowId,
};
use sav_domain::transfer::{Cause, Transfer};
use sav_simulator::faults::{Fault, FaultPlan, What};
use sav_simulator::fleet::{FailurePlan, FleetSettings, Listing, Spread, Surplus};
use tokio::sync::{Notify, watch};

use crate::seeds;
use crate::story::{Story, fleet, plain};

/// A ledger whose process dies at a chosen write: just before it, or just after it has become durable.
struct Mortal {
    ledger: Arc<MemoryLedger>,
    writes_left: AtomicU64,
    after_effect: bool,
    died: Notify,
}

impl Mortal {
    async fn dying<T>(&self, write: impl Future<Output = Result<T, LedgerError>>) -> Result<T, LedgerError> {
        let left = self.writes_left.fetch_sub(1, Ordering::Relaxed);
        if left > 1 {
            return write.await;
        }
        if left == 1 && self.after_effect {
            write.await?;
        }
        self.died.notify_one();
        pending().await
    }
}

impl Ledger for Mortal {
    type Reader = MemoryLedger;

    fn reader(&self) -> Result<MemoryLedger, LedgerError> {
        self.ledger.reader()
    }

    async fn record(&self, changes: Vec<Change>) -> Result<Vec<Transfer>, LedgerError> {
        self.dying(self.ledger.record(changes)).await
    }

    async fn begin_plan(&self, listed_at: Moment, made_with: Arc<str>) -> Result<PlanId, LedgerError> {
        self.ledger.begin_plan(listed_at, made_with).await
    }

    async fn plan(&self, plan: PlanId, points: Vec<PlannedPoint>) -> Result<Vec<PointId>, LedgerError> {
        self.ledger.plan(plan, points).await
    }

    async fn rule(&self, plan: PlanId, rulings: Vec<(PointId, Ruling)>) -> Result<(), LedgerError> {
        self.ledger.rule(plan, rulings).await
    }

    async fn queue(&self, places: Vec<(PointId, u64)>) -> Result<(), LedgerError> {
        self.ledger.queue(places).await
    }

    async fn finish_plan(&self, plan: PlanId, at: Moment) -> Result<PlanChanges, LedgerError> {
        self.ledger.finish_plan(plan, at).await
    }

    async fn park(&self, group: GroupId, cause: Cause) -> Result<(), LedgerError> {
        self.dying(self.ledger.park(group, cause)).await
    }

    async fn unpark(&self, groups: Vec<GroupId>) -> Result<(), LedgerError> {
        self.dying(self.ledger.unpark(groups)).await
    }

    async fn open_window(&self, at: Moment) -> Result<WindowId, LedgerError> {
        self.ledger.open_window(at).await
    }

    async fn close_window(&self, window: WindowId, end: WindowEnd) -> Result<(), LedgerError> {
        self.ledger.close_window(window, end).await
    }

    async fn learn(&self, learned: Vec<Learned>) -> Result<(), LedgerError> {
        self.dying(self.ledger.learn(learned)).await
    }

    async fn note(&self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.dying(self.ledger.note(entries)).await
    }
}

/// Runs to the end, dying at every so-manieth write. Answers how often it died.
async fn run_to_the_end(story: &Story, mut chance: u64, downtime: Duration) -> u32 {
    let mut deaths = 0;
    loop {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mortal = Arc::new(Mortal {
            ledger: story.ledger.clone(),
            writes_left: AtomicU64::new(1 + (chance >> 33) % 120),
            after_effect: chance >> 63 == 0,
            died: Notify::new(),
        });
        let (_stop, stopped) = watch::channel(None);
        let end = tokio::select! {
            end = story.run_on(mortal.clone(), stopped) => Some(end),
            () = mortal.died.notified() => None,
        };
        match end {
            Some(end) => {
                assert_eq!(end.how, Ending::Finished, "{:?}", end.counts);
                return deaths;
            }
            None => deaths += 1,
        }
        tokio::time::sleep(downtime * u32::try_from(chance >> 60).unwrap()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_at_any_write_costs_nothing() {
    for seed in seeds(12) {
        let fleet = FleetSettings {
            over_limit: if seed % 3 == 0 {
                Surplus::Refused
            } else {
                Surplus::Queues
            },
            listing: Listing {
                lag: Duration::from_secs(seed % 2 * 3),
                ..Listing::default()
            },
            failures: FailurePlan {
                share: 0.03,
                ..FailurePlan::default()
            },
            ..fleet(seed, Duration::from_mins(1), Spread::LongTailed { sigma: 0.6 })
        };
        let faults = FaultPlan::none()
            .and(Fault::new(What::Throttle).share(0.03))
            .and(Fault::new(What::ResetAfter).on(["StartCopyJob"]).share(0.02));
        let story = Story::new(plain(seed, 250), fleet, faults);
        story.plan().await;
        // Sometimes it is back at once, sometimes only when tokens are no longer fresh.
        let downtime = Duration::from_secs(if seed % 2 == 0 { 1 } else { 120 });
        let deaths = run_to_the_end(&story, seed, downtime).await;
        assert!(deaths > 3, "{deaths} deaths");
        story.everything_is_as_promised();
    }
}
