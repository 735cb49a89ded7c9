//! Whose fault a failure is decides what happens next: to the point, to its group, to everybody.

use std::time::Duration;

use sav_application::engine::{Ending, PauseReason, RetryFailed, RunEvent};
use sav_domain::transfer::{Stage, State};
use sav_simulator::faults::FaultPlan;
use sav_simulator::fleet::{DoomKind, FailurePlan, FleetSettings, Spread};
use sav_simulator::world::{Shares, WorldPlan};

use crate::story::{Story, fleet, plain};

const MEAN: Duration = Duration::from_mins(1);

fn doomed(kinds: Vec<DoomKind>, retryable_share: f64, attempts: u32) -> FleetSettings {
    FleetSettings {
        failures: FailurePlan {
            share: 0.2,
            retryable_share,
            attempts,
            kinds,
        },
        ..fleet(2, MEAN, Spread::Equal)
    }
}

#[tokio::test(start_paused = true)]
async fn a_point_is_tried_four_times_and_no_more() {
    for (attempts, fails) in [(3, false), (4, true)] {
        let story = Story::new(
            plain(2, 120),
            doomed(vec![DoomKind::InternalError], 1.0, attempts),
            FaultPlan::none(),
        );
        story.plan().await;
        story.finishes().await;
        let failed = story.stages().get(&Stage::Failed).copied().unwrap_or(0);
        assert_eq!(failed > 0, fails);
        for known in story.points() {
            let transfer = known.transfer.unwrap();
            assert!(
                transfer.failures == 0 || transfer.failures == attempts.min(4),
                "{transfer:?}"
            );
        }
        if fails {
            // A deliberate retry is a round of its own, under new tokens.
            let mut again = story;
            again.settings.retry_failed = Some(RetryFailed::Cause("FatalError".into()));
            again.finishes().await;
            assert_eq!(again.stages().get(&Stage::Failed), None);
            assert_eq!(again.account().duplicate_copies, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_busy_resource_and_a_full_quota_are_nobodys_failure() {
    let kinds = vec![DoomKind::OtherJobOfResource, DoomKind::ActiveSnapshotLimit];
    let story = Story::new(plain(2, 200), doomed(kinds, 1.0, 6), FaultPlan::none());
    story.plan().await;
    story.finishes().await;
    story.everything_is_as_promised();
    let transfers: Vec<_> = story.points().into_iter().filter_map(|known| known.transfer).collect();
    assert!(transfers.iter().all(|transfer| transfer.failures == 0));
    assert!(
        transfers.iter().any(|transfer| transfer.attempts > 6),
        "some were turned away six times"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_everybodys_pauses_the_run_until_somebody_sees_to_it() {
    let story = Story::new(plain(6, 200), fleet(6, MEAN, Spread::Equal), FaultPlan::none());
    story.plan().await;
    let allow = |allowed: bool| {
        story
            .simulator
            .with_state(|state| state.world.organization.cross_account_backup = allowed);
    };
    let hours = async {
        tokio::time::sleep(MEAN * 3).await;
        allow(false);
        tokio::time::sleep(Duration::from_hours(3)).await;
        allow(true);
    };
    let (end, ()) = tokio::join!(story.run(), hours);
    assert_eq!(end.how, Ending::Finished);
    assert_eq!((end.counts.failed, end.counts.groups_parked), (0, 0));
    story.everything_is_as_promised();
    let told = story.told.lock().unwrap();
    let paused = told.iter().any(|event| {
        matches!(event, RunEvent::Paused { reason: PauseReason::Everybody { cause }, .. }
            if &*cause.category == "FEATURE_NOT_ENABLED" && cause.fix.is_some())
    });
    assert!(paused);
    drop(told);
    // Waiting three hours took a try now and then, not thousands.
    let wasted = story.account().jobs_accepted - 200;
    assert!(wasted < 120, "{wasted} jobs for nothing");
}

#[tokio::test(start_paused = true)]
async fn a_composite_is_one_transfer_and_what_it_left_out_is_itemised() {
    let plan = WorldPlan {
        shares: Shares {
            composites: 0.4,
            ..Shares::NONE
        },
        ..plain(8, 400)
    };
    let story = Story::new(plan, doomed(vec![DoomKind::BrokenPoint], 0.0, 1), FaultPlan::none());
    story.plan().await;
    let end = story.run().await;
    assert_eq!(end.how, Ending::Finished);
    let account = story.account();
    assert_eq!((account.duplicate_copies, account.jobs_open), (0, 0));
    let partial: Vec<_> = story
        .points()
        .into_iter()
        .filter_map(|known| match known.transfer?.state {
            State::Partial { parts } => Some(parts),
            _ => None,
        })
        .collect();
    assert!(!partial.is_empty(), "{:?}", story.stages());
    for parts in &partial {
        assert!(
            parts.iter().any(|part| part.destination.is_some()) || parts.is_empty(),
            "{parts:?}"
        );
        assert!(
            parts
                .iter()
                .all(|part| part.job.is_some() && part.cause.is_some() != part.destination.is_some())
        );
    }
    let unfinished = story
        .stages()
        .iter()
        .filter(|(stage, _)| stage.is_open() || **stage == Stage::Waiting)
        .count();
    assert_eq!(unfinished, 0, "{:?}", story.stages());
    // Not retried unasked; asked for, it is.
    let before = story.account().jobs_accepted;
    let mut again = story;
    again.finishes().await;
    assert_eq!(again.account().jobs_accepted, before);
    again.settings.retry_failed = Some(RetryFailed::All);
    again.finishes().await;
    assert!(again.account().jobs_accepted > before);
    let stages = again.stages();
    assert_eq!(
        stages[&Stage::Partial],
        partial.len() as u64,
        "its parts are as broken as before"
    );
}

#[tokio::test(start_paused = true)]
async fn a_point_that_is_gone_from_the_source_has_vanished() {
    let story = Story::new(plain(9, 150), fleet(9, MEAN, Spread::Equal), FaultPlan::none());
    story.plan().await;
    let arn = story.points()[140].planned.point.arn.clone();
    story.simulator.with_state(|state| {
        let id = state.world.point_with_arn(&arn).unwrap();
        state.world.point_mut(id).deleted = true;
    });
    story.finishes().await;
    let stages = story.stages();
    assert_eq!(
        (stages[&Stage::Vanished], stages[&Stage::Arrived]),
        (1, 149),
        "{stages:?}"
    );
}
