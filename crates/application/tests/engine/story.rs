//! A migration in a seeded world, from a plan in a ledger to the truth about what became of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sav_application::calls::Calls;
use sav_application::engine::{self, Ending, Parties, RunEnd, RunEvent, RunSettings, StopReason};
use sav_application::governor::Governor;
use sav_application::memory_ledger::MemoryLedger;
use sav_application::ports::{Ledger, LedgerReader, Side};
use sav_application::terms::CopyTerms;
use sav_domain::ledger::{LedgerPoint, PlannedPoint, Ruling};
use sav_domain::pool::Pool;
use sav_domain::retention::Retention;
use sav_domain::transfer::{Stage, State};
use sav_domain::turns::{self, Entry, Means};
use sav_domain::vault_map::VaultMap;
use sav_domain::{Moment, RecoveryPoint, ResourceType, Route, VaultName};
use sav_simulator::faults::FaultPlan;
use sav_simulator::fleet::{Durations, FleetAccount, FleetSettings, Latency, Spread};
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{PointId, VaultKind, WorldPlan};
use sav_simulator::{ManualClock, Settings, Simulator};
use tokio::sync::{mpsc, watch};

use crate::desk::{Desk, KeyFile, WorldTime};

/// AWS's rates are not what these stories are about: at the real ones nothing but `StartCopyJob` would bind.
pub(crate) const FAST: f64 = 50_000.0;

pub(crate) struct Story {
    pub(crate) simulator: Simulator,
    pub(crate) plan: WorldPlan,
    pub(crate) time: WorldTime,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) settings: RunSettings,
    pub(crate) route: Route,
    pub(crate) rate: f64,
    pub(crate) knows_points: bool,
    pub(crate) source_only: bool,
    pub(crate) starting: Arc<(AtomicUsize, AtomicUsize)>,
    /// Everything that was told, in order.
    pub(crate) told: Arc<Mutex<Vec<RunEvent>>>,
    start: sav_simulator::Moment,
}

/// A world where every point may be copied.
pub(crate) fn plain(seed: u64, points: usize) -> WorldPlan {
    let mut plan = WorldPlan {
        seed,
        points,
        vaults: 4,
        longest_chain: 40,
        points_per_resource: 6.0,
        ..WorldPlan::plain()
    };
    plan.destination.vaults = true;
    plan
}

/// Jobs that start at once and take about so long.
pub(crate) fn fleet(seed: u64, mean: Duration, spread: Spread) -> FleetSettings {
    FleetSettings {
        seed,
        start: Latency::NONE,
        durations: Durations {
            spread,
            ..Durations::fixed(mean)
        },
        ..FleetSettings::default()
    }
}

impl Story {
    pub(crate) fn new(plan: WorldPlan, fleet: FleetSettings, faults: impl Into<FaultPlan>) -> Self {
        let start = plan.start;
        let clock = Arc::new(ManualClock::at(start));
        let simulator = Simulator::new(Settings {
            world: plan.clone(),
            fleet,
            faults: faults.into(),
            clock: clock.clone(),
            wire_clock: clock.clone(),
            ..Settings::default()
        });
        let route = Route::between(
            plan.source_account.parse().unwrap(),
            plan.destination_account.parse().unwrap(),
            plan.region.parse().unwrap(),
        )
        .unwrap();
        Self {
            time: WorldTime::new(clock, start),
            ledger: Arc::new(MemoryLedger::new(route.clone())),
            settings: RunSettings {
                workers: 50,
                poll_interval: Duration::from_secs(30),
                seed: plan.seed,
                ..RunSettings::default()
            },
            simulator,
            plan,
            route,
            rate: FAST,
            knows_points: true,
            source_only: false,
            starting: Arc::default(),
            told: Arc::default(),
            start,
        }
    }

    /// The same migration from another ledger, as from another machine.
    pub(crate) fn on_another_machine(&self) -> Self {
        Self {
            simulator: self.simulator.clone(),
            plan: self.plan.clone(),
            time: self.time.clone(),
            ledger: Arc::new(MemoryLedger::new(self.route.clone())),
            settings: self.settings.clone(),
            route: self.route.clone(),
            rate: self.rate,
            knows_points: self.knows_points,
            source_only: self.source_only,
            starting: Arc::default(),
            told: Arc::default(),
            start: self.start,
        }
    }

    /// Every point of the source that is worth a try, as the queue wants it.
    pub(crate) fn eligible(&self) -> Vec<(PointId, RecoveryPoint)> {
        self.simulator.with_state(|state| {
            let world = &state.world;
            let mut found = Vec::new();
            for (point, id) in world.points().iter().zip(0..) {
                let vault = world.vault(point.vault);
                if vault.account != self.plan.source_account || point.parent.is_some() || vault.kind != VaultKind::Plain
                {
                    continue;
                }
                let id = PointId(id);
                let mut seen = RecoveryPoint::new(world.point_arn(id), VaultName::new(vault.name.as_str()).unwrap());
                seen.resource_arn = Some(world.resource_arn(point.resource).into());
                seen.resource_type = Some(ResourceType::named(point.resource_type.wire_name()));
                seen.created = Some(Moment::from_millis(point.created.millis()));
                seen.size_bytes = point.size_bytes;
                seen.encryption_key_arn = point.key.map(|key| world.key_arn(key).into());
                seen.lifecycle.delete_after_days = point.lifecycle.delete_after_days.map(i64::from);
                found.push((id, seen));
            }
            found
        })
    }

    pub(crate) async fn plan(&self) {
        let points = self.eligible();
        let mut lanes: HashMap<&str, u32> = HashMap::new();
        let entries = points.iter().zip(0..).map(|((_, point), number)| {
            let next = u32::try_from(lanes.len()).unwrap();
            Entry {
                number,
                lane: *lanes.entry(point.resource_arn.as_deref().unwrap()).or_insert(next),
                pool: Pool::of(point.resource_type.as_ref()),
                seconds: 1.0,
                created: point.created.unwrap().millis(),
                deadline: turns::NEVER,
            }
        });
        let means = Means {
            slots: Pool::documented_slots,
            submissions_per_second: 5.0,
            now: 0,
        };
        let order = turns::arrange(entries.collect(), &means).order;
        let plan = self.ledger.begin_plan(self.now(), "{}".into()).await.unwrap();
        let planned = points.iter().map(|(_, point)| PlannedPoint {
            point: point.clone(),
            metadata: None,
            ruling: Ruling::COPY,
            position: None,
        });
        let ids = self.ledger.plan(plan, planned.collect()).await.unwrap();
        let places = order
            .iter()
            .zip(1..)
            .map(|(number, place)| (ids[*number as usize], place));
        self.ledger.queue(places.collect()).await.unwrap();
        self.ledger.finish_plan(plan, self.now()).await.unwrap();
    }

    fn now(&self) -> Moment {
        sav_application::ports::Clock::now(&self.time)
    }

    pub(crate) fn desk(&self, side: Side) -> Arc<Calls<Desk>> {
        let account = match side {
            Side::Source => &self.plan.source_account,
            Side::Destination => &self.plan.destination_account,
        };
        let keys = self.simulator.credentials(account, OPERATOR_ROLE).unwrap();
        let desk = Desk {
            simulator: self.simulator.clone(),
            time: self.time.clone(),
            keys: Arc::new(Mutex::new(keys.clone())),
            file: Arc::new(Mutex::new(KeyFile {
                keys,
                written: 0,
                issues: None,
            })),
            side,
            account: account.parse().unwrap(),
            region: self.plan.region.clone(),
            knows_points: self.knows_points,
            starting: self.starting.clone(),
        };
        Calls::new(desk, Governor::new(self.rate))
    }

    pub(crate) fn terms(&self) -> Arc<CopyTerms> {
        Arc::new(CopyTerms {
            route: self.route.clone(),
            vault_map: VaultMap::default(),
            retention: Retention::AsSource,
            copy_role_arn: format!(
                "arn:aws:iam::{}:role/service-role/AWSBackupDefaultServiceRole",
                self.plan.source_account
            )
            .into(),
        })
    }

    pub(crate) async fn run(&self) -> RunEnd {
        let (_stop, stopped) = watch::channel(None);
        self.run_until(stopped).await
    }

    pub(crate) async fn run_until(&self, stop: watch::Receiver<Option<StopReason>>) -> RunEnd {
        self.run_on(self.ledger.clone(), stop).await
    }

    /// With a ledger that may have its own ideas.
    pub(crate) async fn run_on<L>(&self, ledger: Arc<L>, stop: watch::Receiver<Option<StopReason>>) -> RunEnd
    where
        L: Ledger,
        L::Reader: 'static,
    {
        let (tell, mut heard) = mpsc::unbounded_channel();
        let parties = Parties {
            source: self.desk(Side::Source),
            destination: (!self.source_only).then(|| self.desk(Side::Destination)),
            ledger,
            terms: self.terms(),
            clock: self.time.clone(),
        };
        let end = engine::run(self.settings.clone(), parties, stop, tell).await;
        self.time.tick();
        let mut told = self.told.lock().unwrap();
        while let Ok(event) = heard.try_recv() {
            told.push(event);
        }
        end
    }

    pub(crate) async fn finishes(&self) {
        let end = self.run().await;
        assert_eq!(end.how, Ending::Finished, "{:?}", end.counts);
    }

    pub(crate) fn account(&self) -> FleetAccount {
        self.time.tick();
        self.simulator.with_state(|state| state.fleet.account(&state.world))
    }

    /// How often each operation was called.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        let mut calls = BTreeMap::new();
        for line in self.simulator.journal().lines {
            *calls.entry(line.operation).or_default() += line.calls;
        }
        calls
    }

    pub(crate) fn passed(&self) -> Duration {
        self.time.tick().since(self.start)
    }

    pub(crate) fn points(&self) -> Vec<LedgerPoint> {
        self.ledger.points(None, usize::MAX).unwrap()
    }

    pub(crate) fn stages(&self) -> BTreeMap<Stage, u64> {
        self.ledger.standing().unwrap().stages
    }

    /// What the contract promises of a finished migration, checked against the world's own account of it.
    pub(crate) fn everything_is_as_promised(&self) {
        let account = self.account();
        assert_eq!(account.jobs_open, 0, "jobs are left open");
        assert_eq!(account.duplicate_copies, 0, "copied twice: {:?}", account.duplicates);
        assert_eq!(
            account.overlapping_jobs, 0,
            "overlaps: {:?}",
            account.resources_with_overlaps
        );
        assert_eq!(account.order_violations, 0, "out of order: {:?}", account.inversions);
        let points = self.points();
        self.simulator.with_state(|state| {
            for known in &points {
                let arn = &known.planned.point.arn;
                let id = state.world.point_ever_with_arn(arn).unwrap();
                let tally = state.fleet.tally(id);
                let doomed = state
                    .fleet
                    .will_fail(&state.world, id)
                    .is_some_and(|doom| doom.attempts.is_none());
                let copies = tally.completed + tally.partial;
                assert_eq!(copies, u16::from(!doomed), "{arn} {tally:?} {:?}", known.transfer);
                match &known.transfer.as_ref().unwrap().state {
                    State::Arrived { destination, .. } => {
                        let copy = state.world.point_with_arn(destination.as_str()).unwrap();
                        assert_eq!(state.world.point(copy).copied_from, Some(id), "{arn}");
                        assert!(!doomed, "{arn} could not arrive");
                    }
                    State::Partial { .. } => assert_eq!(tally.partial, 1, "{arn}"),
                    State::Failed { cause } => assert!(doomed, "{arn} was not to fail: {cause:?}"),
                    other => panic!("{arn} is {other:?}"),
                }
            }
        });
    }
}
