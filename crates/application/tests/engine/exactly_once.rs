//! Every point that can be copied is copied once, in order, whatever happens on the way.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sav_application::engine::RunEvent;
use sav_simulator::faults::{Fault, FaultPlan, What};
use sav_simulator::fleet::{Durations, FailurePlan, FleetSettings, Latency, Spread};
use sav_simulator::world::WorldPlan;

use crate::seeds;
use crate::story::{Story, fleet, plain};

const MEAN: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn a_quiet_world_is_copied_once_and_in_order() {
    for seed in seeds(3) {
        let story = Story::new(
            plain(seed, 300),
            fleet(seed, MEAN, Spread::Even { width: 0.5 }),
            FaultPlan::none(),
        );
        story.plan().await;
        story.finishes().await;
        story.everything_is_as_promised();
    }
}

/// The whole of it: twelve vaults of every kind of point, failing ones, throttling and lost answers.
#[tokio::test(start_paused = true)]
async fn a_rough_world_of_all_types_is_copied_exactly_once() {
    for seed in seeds(1) {
        let plan = WorldPlan {
            vaults: 12,
            points_per_resource: 20.0,
            longest_chain: 200,
            ..plain(seed, 10_000)
        };
        let fleet = FleetSettings {
            failures: FailurePlan {
                share: 0.03,
                ..FailurePlan::default()
            },
            start: Latency::default(),
            durations: Durations {
                scale: 0.1,
                ..Durations::default()
            },
            seed,
            ..FleetSettings::default()
        };
        let faults = FaultPlan::none()
            .and(Fault::new(What::Throttle).share(0.05))
            .and(Fault::new(What::ResetAfter).on(["StartCopyJob"]).share(0.01))
            .and(Fault::new(What::ResetBefore).share(0.005));
        let story = Story::new(plan, fleet, faults);
        story.plan().await;
        story.finishes().await;
        story.everything_is_as_promised();
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_of_no_length_are_as_many_as_one_asks_for() {
    let mut fleet = fleet(2, MEAN, Spread::Equal);
    fleet.durations.scale = 0.0;
    let mut story = Story::new(plain(2, 10_000), fleet, FaultPlan::none());
    story.settings.poll_interval = Duration::from_millis(500);
    story.plan().await;
    story.finishes().await;
    story.everything_is_as_promised();
    // Half of it is spent on finding out how many AWS takes.
    assert!(story.passed() < Duration::from_secs(40), "{:?}", story.passed());
    assert!(story.calls()["ListCopyJobs"] < 200, "{:?}", story.calls());
}

#[tokio::test(start_paused = true)]
async fn no_more_is_open_and_no_more_is_asked_at_once_than_the_operator_allows() {
    let mut story = Story::new(
        plain(4, 400),
        fleet(4, MEAN, Spread::Even { width: 0.5 }),
        FaultPlan::none(),
    );
    story.settings.workers = 3;
    story.settings.max_in_flight = Some(12);
    story.plan().await;
    story.finishes().await;
    story.everything_is_as_promised();
    let told = story.told.lock().unwrap();
    let open = told.iter().filter_map(|event| match event {
        RunEvent::Counted { counts } => Some(counts.open),
        _ => None,
    });
    assert_eq!(open.max(), Some(12), "and as many it is");
    let peaks = story
        .account()
        .pools
        .iter()
        .map(|pool| pool.curve.peak_open)
        .sum::<u32>();
    assert!(peaks >= 12);
    assert_eq!(story.starting.1.load(Ordering::Relaxed), 3);
}
