//! A world in which copies take moments, the `copy` command in it, and the truth about what became of its points.

use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use sav_simulator::fleet::{Durations, FleetAccount, FleetSettings, Latency};
use sav_simulator::world::{DestinationPlan, PointId, WorldPlan};
use sav_simulator::{Clock, ManualClock, WallClock};
use serde_json::Value;

use crate::story::{DESTINATION, SOURCE, Story, Told};

/// A look at AWS's jobs every few milliseconds, and no rate that would hold anything up.
const SWIFT: &str = "--poll-interval 0.05 --api-rate 20000";

pub struct CopyStory {
    pub story: Story,
}

/// Where vaults are there and nothing is odd.
pub fn plain(points: usize) -> WorldPlan {
    WorldPlan {
        points,
        seed: 11,
        // Chains are copied one point at a time: long ones would only make the test long.
        points_per_resource: 4.0,
        longest_chain: 12,
        destination: DestinationPlan {
            vaults: true,
            copies: 0.0,
            own_points: 0,
        },
        ..WorldPlan::plain()
    }
}

/// Jobs of so many milliseconds.
pub fn jobs_of(millis: u64) -> FleetSettings {
    FleetSettings {
        start: Latency::NONE,
        durations: Durations::fixed(Duration::from_millis(millis)),
        ..FleetSettings::default()
    }
}

impl CopyStory {
    pub fn of(plan: WorldPlan, fleet: FleetSettings) -> Self {
        Self {
            story: Story::with_fleet(plan, fleet),
        }
    }

    /// Where time stands still unless somebody moves it: copies go on as long as nobody does.
    pub fn at_a_standstill(points: usize, fleet: FleetSettings) -> (Self, Arc<ManualClock>) {
        let start = WallClock::real().now();
        let clock = Arc::new(ManualClock::at(start));
        let story = Story::with_clock(plain(points), fleet, start, Arc::clone(&clock) as Arc<dyn Clock>);
        (Self { story }, clock)
    }

    pub fn with_points(points: usize) -> Self {
        Self::of(plain(points), jobs_of(40))
    }

    pub fn command(&self, options: &str) -> Command {
        self.story.command(&format!(
            "copy --source-account {SOURCE} --source-profile source --dest-account {DESTINATION} --dest-profile dest \
             --state-file {{folder}}/ledger.db {SWIFT} {options}"
        ))
    }

    pub fn copy(&self, options: &str) -> Told {
        self.story.told(self.command(options).output().unwrap())
    }

    pub fn start(&self, options: &str) -> Started {
        let child = self
            .command(options)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Started { child }
    }

    /// The summary that a run left.
    pub fn summary(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.story.file("summary.json")).unwrap()).unwrap()
    }

    pub fn truth(&self) -> FleetAccount {
        self.story
            .simulator
            .with_state(|state| state.fleet.account(&state.world))
    }

    /// Copy jobs that AWS has accepted so far.
    pub fn accepted(&self) -> usize {
        self.story.simulator.with_state(|state| {
            let newest = state.fleet.jobs_before(usize::MAX).next();
            newest.map_or(0, |(position, _)| position + 1)
        })
    }

    /// Returns as soon as AWS has accepted more jobs than this.
    pub fn wait_for_jobs(&self, more_than: usize) {
        while self.accepted() <= more_than {
            glance();
        }
    }

    pub fn source_points(&self) -> Vec<PointId> {
        self.story.simulator.with_state(|state| {
            let vaults = state.world.vaults_of(SOURCE);
            vaults
                .into_iter()
                .flat_map(|vault| state.world.vault(vault).points.clone())
                .collect()
        })
    }

    /// Every point has one completed job and one copy, no resource ever had two jobs open, and its copies came in order.
    #[track_caller]
    pub fn everything_arrived_once(&self) {
        let points = self.source_points();
        let truth = self.truth();
        assert_eq!(
            (truth.points_copied, truth.jobs_open),
            (points.len() as u64, 0),
            "{truth:#?}"
        );
        self.nothing_went_twice();
        let copies: usize = self.story.simulator.with_state(|state| {
            for point in &points {
                let tally = state.fleet.tally(*point);
                assert_eq!(tally.completed, 1, "{}", state.world.point_arn(*point));
            }
            let vaults = state.world.vaults_of(DESTINATION);
            vaults
                .into_iter()
                .map(|vault| state.world.vault(vault).points.len())
                .sum()
        });
        assert_eq!(copies, points.len());
    }

    #[track_caller]
    pub fn nothing_went_twice(&self) {
        let truth = self.truth();
        assert_eq!(truth.duplicate_copies, 0, "{:#?}", truth.duplicates);
        assert_eq!(truth.overlapping_jobs, 0, "{:#?}", truth.resources_with_overlaps);
        self.nothing_overtook(&truth);
    }

    /// A point that AWS failed may have to be asked for again by the operator, behind its younger neighbours. No other may.
    #[track_caller]
    fn nothing_overtook(&self, truth: &FleetAccount) {
        assert_eq!(
            truth.order_violations,
            truth.inversions.len() as u64,
            "all of them are named"
        );
        let without_cause: Vec<_> = self.story.simulator.with_state(|state| {
            let never_failed = |arn: &str| {
                let point = state.world.point_ever_with_arn(arn).unwrap();
                state.fleet.tally(point).failed == 0
            };
            let inversions = truth.inversions.iter();
            inversions
                .filter(|late| never_failed(&late.recovery_point_arn))
                .collect()
        });
        assert!(without_cause.is_empty(), "{without_cause:#?}");
    }
}

/// The moment between two looks at a world that goes on by itself.
pub fn glance() {
    let (_never_used, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_millis(2));
}

/// The binary at work.
pub struct Started {
    pub child: Child,
}

impl Started {
    pub fn send(&self, signal: &str) {
        let sent = Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// How it ended, and what it said.
    pub fn wait(self) -> (ExitStatus, String) {
        let output = self.child.wait_with_output().unwrap();
        (output.status, String::from_utf8(output.stderr).unwrap())
    }

    /// The same, while something goes on that it needs to come to its end.
    pub fn wait_while(self, go_on: impl Fn()) -> (ExitStatus, String) {
        let ended = thread::spawn(|| self.wait());
        while !ended.is_finished() {
            go_on();
            glance();
        }
        ended.join().unwrap()
    }
}
