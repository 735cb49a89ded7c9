//! Stacks and clusters: one job for the whole, one for each part.

use std::collections::BTreeMap;

use super::*;
use crate::fleet::{Doubtful, Limits, Surplus, Treatment};
use ResourceType as T;

/// A stack with a part of each of these types.
fn stack(story: &mut Story, parts: &[ResourceType]) -> PointId {
    let whole = story.point(T::CloudFormation);
    story.world.point_mut(whole).kind = PointKind::Composite;
    for resource_type in parts {
        let part = story.point(*resource_type);
        story.world.point_mut(part).parent = Some(whole);
    }
    whole
}

#[test]
fn a_whole_is_copied_by_its_parts_and_holds_their_copies() {
    let mut story = Story::new();
    let whole = stack(&mut story, &[T::Ebs, T::DynamoDb]);
    let accepted = story.submit(whole).unwrap();
    assert!(accepted.is_parent);
    story.wait(Duration::ZERO);
    let job = story.job(&accepted.job_id);
    assert_eq!((job.state, job.child_count()), (JobState::Running, 2));
    assert_eq!(story.fleet.child_states(job), BTreeMap::from([(JobState::Running, 2)]));
    let child = story.fleet.children(job).next().unwrap();
    assert_eq!(story.fleet.parent(child).unwrap().id(), accepted.job_id);
    story.finish();
    let job = story.job(&accepted.job_id);
    assert_eq!((job.state, job.message.as_deref()), (JobState::Completed, None));
    let copy = job.destination_point.unwrap();
    assert_eq!(story.world.point(copy).kind, PointKind::Composite);
    for child in story.fleet.children(job) {
        assert_eq!(child.state, JobState::Completed);
        assert_eq!(story.world.point(child.destination_point.unwrap()).parent, Some(copy));
    }
    assert_eq!(story.world.vault(story.destination).points.len(), 3);
}

#[test]
fn parts_of_types_without_copies_are_left_out() {
    for (left_out_children_are_partial, state) in [(true, JobState::Partial), (false, JobState::Completed)] {
        let mut story = Story::with(FleetSettings {
            left_out_children_are_partial,
            ..quick()
        });
        let whole = stack(&mut story, &[T::Ebs, T::Redshift]);
        let job = story.copy(whole);
        assert_eq!((job.state, job.child_count()), (state, 1));
    }
}

#[test]
fn a_failed_part_makes_it_partial_and_all_failed_make_it_failed() {
    for (cold, state) in [(1, JobState::Partial), (2, JobState::Failed)] {
        let mut story = Story::new();
        let whole = stack(&mut story, &[T::Efs, T::DynamoDb]);
        let parts: Vec<_> = (whole.0 + 1..).take(cold).map(PointId).collect();
        for part in parts {
            story.world.point_mut(part).storage = StorageClass::Cold;
        }
        let job = story.copy(whole);
        assert_eq!(job.state, state, "{:?}", job.message);
        assert_eq!(job.destination_point.is_some(), state == JobState::Partial);
    }
}

#[test]
fn parts_wait_for_slots_and_the_whole_takes_none() {
    let limits = Limits::all(1);
    let settings = FleetSettings {
        limits,
        over_limit: Surplus::FailsLater,
        same_resource: Surplus::FailsLater,
        doubtful: Doubtful {
            cloud_formation: Treatment::Copied,
            ..Doubtful::default()
        },
        ..quick()
    };
    let mut story = Story::with(FleetSettings {
        over_limit: Surplus::Queues,
        ..settings
    });
    let whole = stack(&mut story, &[T::Efs, T::DynamoDb, T::S3]);
    let id = story.start(whole);
    story.finish();
    let job = story.job(&id);
    assert_eq!(job.state, JobState::Completed);
    assert_eq!(job.completed.unwrap().since(job.created), MINUTE * 3);
}

#[test]
fn the_state_of_a_cluster_travels_with_the_whole_though_it_is_of_the_same_resource() {
    let mut story = Story::new();
    let resource = story.resource(T::Eks);
    let (whole, part) = (story.point_of(resource, 10), story.point_of(resource, 10));
    story.world.point_mut(whole).kind = PointKind::Composite;
    story.world.point_mut(part).kind = PointKind::CompositeState;
    story.world.point_mut(part).parent = Some(whole);
    let job = story.copy(whole);
    assert_eq!(
        (job.state, job.child_count()),
        (JobState::Completed, 1),
        "{:?}",
        job.message
    );
    let again = story.copy(whole);
    assert_eq!(again.state, JobState::Completed);
}

#[test]
fn two_jobs_for_one_whole_take_turns() {
    let mut story = Story::new();
    let whole = stack(&mut story, &[T::Efs]);
    let (first, second) = (story.start(whole), story.start(whole));
    story.wait(Duration::ZERO);
    assert_eq!(
        (story.state(&first), story.state(&second)),
        (JobState::Running, JobState::Created)
    );
    story.finish();
    assert_eq!(story.state(&second), JobState::Completed);
    assert_eq!(story.fleet.tally(whole).duplicates, 1);
}

#[test]
fn a_whole_without_parts_is_complete() {
    let mut story = Story::new();
    let whole = stack(&mut story, &[]);
    assert_eq!(story.copy(whole).state, JobState::Completed);
}
