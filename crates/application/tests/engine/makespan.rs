//! Slots stay full: how long a migration takes against how long it would take at best, and what it costs in calls.

use std::time::Duration;

use sav_application::engine::RunEvent;
use sav_simulator::faults::FaultPlan;
use sav_simulator::fleet::{FleetSettings, LimitChange, Limits, NewLimit, Spread, Surplus};
use sav_simulator::world::{Pool, ResourceType as T, WorldPlan};

use crate::seeds;
use crate::story::{Story, fleet, plain};

const MEAN: Duration = Duration::from_mins(5);

/// One type, so that one limit binds; resources have few points, so that no chain does.
fn one_type(seed: u64, points: usize) -> WorldPlan {
    WorldPlan {
        weights: vec![(T::Efs, 1.0)],
        points_per_resource: 3.0,
        longest_chain: 8,
        ..plain(seed, points)
    }
}

fn queueing(seed: u64, limit: u32, spread: Spread) -> FleetSettings {
    FleetSettings {
        limits: Limits {
            fully_managed: limit,
            ..Limits::default()
        },
        ..fleet(seed, MEAN, spread)
    }
}

fn refusing(seed: u64, limit: u32, spread: Spread) -> FleetSettings {
    FleetSettings {
        over_limit: Surplus::Refused,
        ..queueing(seed, limit, spread)
    }
}

#[derive(Debug)]
struct Measured {
    cold: f64,
    /// From the tenth mean duration on.
    warm: f64,
    starts_per_copy: f64,
    tracking_per_copy: f64,
    refused_per_copy: f64,
    held_at_most: u64,
}

#[expect(clippy::cast_precision_loss, reason = "counts and seconds of a test")]
fn measured(story: &Story, limit: u32) -> Measured {
    let account = story.account();
    let copies = account.points_copied as f64;
    let calls = story.calls();
    let count = |name: &str| calls.get(name).copied().unwrap_or(0) as f64;
    let bound = account.lower_bound.makespan.as_secs_f64();
    let pool = account
        .pools
        .iter()
        .find(|pool| pool.pool == Pool::FullyManaged)
        .unwrap();
    // What the slots gave after ten durations, of what they could have given.
    let from = account.first_acceptance.unwrap() + MEAN * 10;
    let end = account.last_end.unwrap();
    let steps = pool.curve.steps();
    let mut used = 0.0;
    for (at, step) in steps.iter().enumerate() {
        let until = steps.get(at + 1).map_or(end, |next| next.at);
        used += until.since(step.at.max(from)).as_secs_f64() * f64::from(step.running);
    }
    let told = story.told.lock().unwrap();
    let held = told.iter().filter_map(|event| match event {
        RunEvent::Counted { counts } => Some(counts.held),
        _ => None,
    });
    Measured {
        held_at_most: held.max().unwrap(),
        cold: account.makespan_seconds / bound,
        warm: end.since(from).as_secs_f64() * f64::from(limit) / used,
        starts_per_copy: count("StartCopyJob") / copies,
        tracking_per_copy: (count("ListCopyJobs") + count("DescribeCopyJob")) / copies,
        refused_per_copy: account.refusals_by_code.values().sum::<u64>() as f64 / copies,
    }
}

async fn measure(plan: WorldPlan, fleet: FleetSettings, poll: Duration, limit: u32) -> Measured {
    let mut story = Story::new(plan, fleet, FaultPlan::none());
    story.settings.poll_interval = poll;
    story.plan().await;
    story.finishes().await;
    story.everything_is_as_promised();
    measured(&story, limit)
}

#[tokio::test(start_paused = true)]
async fn a_queue_is_kept_full_with_few_calls() {
    for seed in seeds(1) {
        let fleet = queueing(seed, 100, Spread::Even { width: 0.5 });
        let m = measure(one_type(seed, 10_000), fleet, MEAN / 2, 100).await;
        assert!(m.cold <= 1.08 && m.warm <= 1.03, "{m:?}");
        assert!(m.starts_per_copy <= 1.01 && m.tracking_per_copy <= 0.03, "{m:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn memory_does_not_grow_with_the_queue() {
    let fleet = |seed| queueing(seed, 20, Spread::Even { width: 0.5 });
    let few = measure(one_type(3, 1_500), fleet(3), MEAN / 2, 20).await;
    let many = measure(one_type(3, 6_000), fleet(3), MEAN / 2, 20).await;
    assert!(many.held_at_most * 4 <= few.held_at_most * 5, "{few:?} {many:?}");
    assert!(many.held_at_most < 400, "{many:?}");
}

#[tokio::test(start_paused = true)]
async fn where_surplus_is_refused_slots_are_full_all_the_same() {
    for seed in seeds(1) {
        let fleet = refusing(seed, 100, Spread::Even { width: 0.5 });
        let m = measure(one_type(seed, 4_000), fleet, MEAN / 10, 100).await;
        assert!(m.cold <= 1.12 && m.warm <= 1.08, "{m:?}");
        assert!(m.refused_per_copy <= 0.3, "{m:?}");
    }
}

/// Limits from 1 to 500, jobs from equal to long-tailed, both habits, and a limit that changes in the middle.
#[tokio::test(start_paused = true)]
async fn no_world_of_the_matrix_is_copied_much_too_slowly() {
    let mut worst: f64 = 0.0;
    for seed in seeds(10) {
        let limit = [1, 2, 5, 13, 40, 100, 220, 500][usize::try_from(seed).unwrap() % 8];
        let spread = match seed % 3 {
            0 => Spread::Equal,
            1 => Spread::Even { width: 0.8 },
            _ => Spread::LongTailed { sigma: 0.5 },
        };
        let refuses = seed % 2 == 0;
        // Thirty durations or so at the first limit.
        let points = usize::try_from(limit).unwrap().max(4) * 30;
        let mut fleet = if refuses {
            refusing(seed, limit, spread)
        } else {
            queueing(seed, limit, spread)
        };
        let changed = if seed % 5 < 2 {
            (limit * 2).min(500)
        } else {
            (limit / 2).max(1)
        };
        fleet.limit_changes = vec![LimitChange {
            at: one_type(seed, 1).start + MEAN * 10,
            to: NewLimit::Pool(Pool::FullyManaged, changed),
        }];
        let poll = if refuses { MEAN / 10 } else { MEAN / 2 };
        let mut story = Story::new(one_type(seed, points), fleet, FaultPlan::none());
        story.settings.poll_interval = poll;
        story.plan().await;
        story.finishes().await;
        story.everything_is_as_promised();
        let ratio = ratio_with_limits(&story, limit, changed);
        worst = worst.max(ratio);
        assert!(
            ratio <= 1.4,
            "seed {seed}: {ratio:.3} with {limit} then {changed}, {spread:?}, refuses: {refuses}"
        );
    }
    assert!(worst > 1.0, "a ratio below one is a wrong bound");
}

/// Against the work done, given as many slots as there were at each moment. A limit that falls does not end what runs, so only
/// until that has ended the bound is a little too low.
fn ratio_with_limits(story: &Story, first: u32, then: u32) -> f64 {
    let account = story.account();
    let pool = account
        .lower_bound
        .pools
        .iter()
        .find(|pool| pool.pool == Pool::FullyManaged)
        .unwrap();
    let before = (MEAN * 10).as_secs_f64();
    let work = pool.ran.as_secs_f64();
    let slots = work / f64::from(first);
    let bound = if slots <= before {
        slots
    } else {
        before + (work - before * f64::from(first)) / f64::from(then)
    };
    account.makespan_seconds / bound.max(account.lower_bound.longest_chain.as_secs_f64())
}

/// Several types share a service's slots, all share the account's, and nobody knows.
#[tokio::test(start_paused = true)]
async fn slots_that_types_share_are_full_as_well() {
    for seed in seeds(2) {
        for (account, refuses) in [(None, false), (None, true), (Some(50), false), (Some(50), true)] {
            let fleet = FleetSettings {
                over_limit: if refuses { Surplus::Refused } else { Surplus::Queues },
                limits: Limits {
                    account,
                    ..Limits::default()
                },
                ..fleet(seed, MEAN, Spread::Even { width: 0.5 })
            };
            let plan = WorldPlan {
                points_per_resource: 4.0,
                longest_chain: 10,
                ..plain(seed, 2_500)
            };
            let mut story = Story::new(plan, fleet, FaultPlan::none());
            story.settings.poll_interval = if refuses { MEAN / 10 } else { MEAN / 2 };
            story.plan().await;
            story.finishes().await;
            story.everything_is_as_promised();
            let world = story.account();
            let ratio = world.makespan_seconds / world.lower_bound.makespan.as_secs_f64();
            assert!(ratio <= 1.3, "seed {seed}, {account:?}, refuses: {refuses}: {ratio:.3}");
            let refused: u64 = world.refusals_by_code.values().sum();
            assert!(refused * 10 <= world.points_copied * 3, "{refused} refusals");
        }
    }
}
