//! The account of what happened.

use super::*;
use crate::fleet::{FailurePlan, Limits};
use crate::world::Pool;
use ResourceType as T;

#[test]
fn duplicates_overlaps_and_disorder_are_all_counted() {
    let mut story = Story::new();
    let resource = story.resource(T::Efs);
    let (older, newer) = (story.point_of(resource, 9), story.point_of(resource, 8));
    story.start(newer);
    story.start(older);
    story.finish();
    story.copy(newer);
    let account = story.fleet.account(&story.world);
    assert_eq!((account.jobs_accepted, account.jobs_open), (3, 0));
    assert_eq!(
        account.jobs_by_state,
        std::collections::BTreeMap::from([(JobState::Completed, 3)])
    );
    assert_eq!(
        (
            account.points_with_jobs,
            account.points_copied,
            account.points_with_several_jobs
        ),
        (2, 2, 1)
    );
    assert_eq!((account.overlapping_jobs, account.most_running_per_resource), (1, 1));
    assert_eq!(account.resources_with_overlaps[&story.world.resource_arn(resource)], 1);
    assert_eq!((account.duplicate_copies, account.duplicates.len()), (1, 1));
    assert_eq!(account.duplicates[0].recovery_point_arn, story.world.point_arn(newer));
    assert_eq!((account.order_violations, account.inversions.len()), (1, 1));
    assert_eq!(account.inversions[0].recovery_point_arn, story.world.point_arn(older));
    assert_eq!(account.inversions[0].after, story.world.point_arn(newer));
    assert_eq!(story.fleet.resource_tally(resource).jobs, 3);
    let text = serde_json::to_string(&account).unwrap();
    assert!(
        text.contains(r#""pool":"fully_managed""#) && text.contains(r#""COMPLETED":3"#),
        "{text}"
    );
}

#[test]
fn failures_refusals_and_replays_are_counted() {
    let failures = FailurePlan {
        share: 1.0,
        retryable_share: 1.0,
        ..FailurePlan::default()
    };
    let mut story = Story::with(FleetSettings { failures, ..quick() });
    let point = story.point(T::Efs);
    let order = CopyOrder {
        token: Some("t".to_owned()),
        ..story.order(point)
    };
    story.place(order.clone()).unwrap();
    story.place(order).unwrap();
    story.finish();
    let only_failed = story.fleet.account(&story.world).points_only_failed;
    story.copy(point);
    story.world.point_mut(point).deleted = true;
    story.submit(point).unwrap_err();
    let account = story.fleet.account(&story.world);
    assert_eq!(
        (only_failed, account.points_only_failed, account.token_replays),
        (1, 0, 1)
    );
    assert_eq!(account.refusals_by_code["ResourceNotFoundException"], 1);
    let tally = story.fleet.tally(point);
    assert_eq!(
        (tally.jobs, tally.failed, tally.doomed, tally.completed, tally.open()),
        (2, 1, 1, 1, 0)
    );
}

#[test]
fn curves_show_what_was_open_and_what_ran() {
    let limits = Limits {
        fsx: 2,
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings { limits, ..quick() });
    let points: Vec<_> = (0..3).map(|_| story.point(T::FsxLustre)).collect();
    let begin = story.now;
    for point in points {
        story.start(point);
    }
    story.finish();
    let account = story.fleet.account(&story.world);
    let curve = &account.pools.iter().find(|pool| pool.pool == Pool::Fsx).unwrap().curve;
    let steps: Vec<_> = curve
        .steps()
        .iter()
        .map(|step| (step.at.since(begin).as_secs(), step.open, step.running))
        .collect();
    assert_eq!(steps, [(0, 3, 2), (60, 1, 1), (120, 0, 0)]);
    assert_eq!(
        (curve.peak_open, curve.peak_running, curve.running_millis),
        (3, 2, 180_000)
    );
}

#[test]
fn the_lower_bound_is_reached_by_a_perfect_run_and_by_none_beaten() {
    // Six jobs of a minute in two slots, one resource with four of them: the chain is what it takes.
    let limits = Limits {
        fsx: 2,
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings { limits, ..quick() });
    let long = story.resource(T::FsxLustre);
    let chain: Vec<_> = (0..4).map(|index| story.point_of(long, 9 - index)).collect();
    let others = [story.point(T::FsxLustre), story.point(T::FsxLustre)];
    for point in chain.into_iter().chain(others) {
        story.start(point);
    }
    story.finish();
    let account = story.fleet.account(&story.world);
    assert_eq!(account.lower_bound.longest_chain, MINUTE * 4);
    assert_eq!(account.lower_bound.pools[Pool::Fsx as usize].floor, MINUTE * 3);
    assert_eq!(account.lower_bound.makespan, MINUTE * 4);
    assert_eq!(account.lower_bound_resource, Some(story.world.resource_arn(long)));
    assert!((account.makespan_seconds - 240.0).abs() < 1e-9);
}
