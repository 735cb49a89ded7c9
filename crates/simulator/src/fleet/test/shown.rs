//! How jobs show: lag, order, accounts, states and categories nobody expects.

use super::*;
use crate::fleet::{CategorySpelling, FailurePlan, Listing};
use ResourceType as T;

fn listing(change: impl FnOnce(&mut Listing)) -> Story {
    let mut settings = quick();
    change(&mut settings.listing);
    Story::with(settings)
}

#[test]
fn positions_are_stable_and_both_directions_agree() {
    let mut story = Story::new();
    let points: Vec<_> = (0..5).map(|_| story.point(T::Efs)).collect();
    let ids: Vec<_> = points.into_iter().map(|point| story.start(point)).collect();
    let forward: Vec<_> = story
        .fleet
        .jobs_from(2)
        .map(|(position, job)| (position, job.id()))
        .collect();
    assert_eq!(forward, [(2, ids[2].clone()), (3, ids[3].clone()), (4, ids[4].clone())]);
    let backward: Vec<_> = story
        .fleet
        .jobs_before(2)
        .map(|(position, job)| (position, job.id()))
        .collect();
    assert_eq!(backward, [(1, ids[1].clone()), (0, ids[0].clone())]);
    assert_eq!(story.fleet.position(story.job(&ids[3])), 3);
    assert_eq!(story.fleet.open_jobs().count(), 5);
    let before = story.now;
    story.finish();
    assert_eq!(
        (
            story.fleet.open_jobs().count(),
            story.fleet.jobs_ended_since(before).count()
        ),
        (0, 5)
    );
    assert_eq!(story.fleet.jobs_ended_since(story.now + MINUTE).count(), 0);
}

#[test]
fn ids_are_upper_case_uuids_and_others_name_no_job() {
    let mut story = Story::new();
    let point = story.point(T::Efs);
    let id = story.start(point);
    assert_eq!((id.len(), id.to_uppercase()), (36, id.clone()));
    assert!(story.fleet.job(&id).is_some());
    for other in ["", "nonsense", "9EF8CF62-1234-4321-8888-000000000000", &id[1..]] {
        assert!(story.fleet.job(other).is_none(), "{other}");
    }
}

#[test]
fn listings_lag_behind() {
    let mut story = listing(|listing| listing.lag = MINUTE);
    let point = story.point(T::Efs);
    let id = story.start(point);
    assert!(!story.fleet.is_listed(story.job(&id), story.now));
    assert!(story.fleet.is_listed(story.job(&id), story.now + MINUTE));
}

#[test]
fn the_destination_sees_jobs_or_does_not() {
    for destination_sees_jobs in [false, true] {
        let mut story = listing(|listing| listing.destination_sees_jobs = destination_sees_jobs);
        let point = story.point(T::Efs);
        let job = story.copy(point);
        assert!(story.fleet.is_visible_to(&story.world, &job, SOURCE));
        assert_eq!(
            story.fleet.is_visible_to(&story.world, &job, DESTINATION),
            destination_sees_jobs
        );
        assert!(!story.fleet.is_visible_to(&story.world, &job, "444444444444"));
    }
}

#[test]
fn open_jobs_may_show_states_of_the_future() {
    for (share, odd) in [(0.0, false), (1.0, true)] {
        let mut story = listing(|listing| listing.odd_states = share);
        let point = story.point(T::Efs);
        let id = story.start(point);
        let known = |story: &Story| {
            let shown = story.fleet.shown_state(story.job(&id), story.now);
            JobState::ALL.iter().any(|state| state.wire_name() == shown)
        };
        assert_eq!(known(&story), !odd);
        story.wait(Duration::from_secs(1));
        assert_eq!(known(&story), !odd);
        story.finish();
        assert!(known(&story), "an end is an end");
    }
}

#[test]
fn categories_are_spelled_either_way_and_success_is_named_or_not() {
    for (categories, names_success, success, failure) in [
        (CategorySpelling::Screaming, true, Some("SUCCESS"), "KMS_KEY_ERROR"),
        (CategorySpelling::Camel, false, None, "KmsKeyError"),
    ] {
        let kinds = vec![crate::fleet::DoomKind::KeyLost];
        let failures = FailurePlan {
            share: 0.5,
            retryable_share: 0.0,
            kinds,
            ..FailurePlan::default()
        };
        let listing = Listing {
            categories,
            names_success,
            ..Listing::default()
        };
        let mut story = Story::with(FleetSettings {
            failures,
            listing,
            ..quick()
        });
        let points: Vec<_> = (0..20).map(|_| story.point(T::Efs)).collect();
        let jobs: Vec<_> = points.into_iter().map(|point| story.copy(point)).collect();
        assert!(jobs.iter().any(Job::failed) && !jobs.iter().all(Job::failed));
        for job in jobs {
            let expected = if job.failed() { Some(failure) } else { success };
            assert_eq!(story.fleet.shown_category(&job), expected);
        }
    }
}

impl Job {
    fn failed(&self) -> bool {
        self.state == JobState::Failed
    }
}

#[test]
fn a_job_is_a_small_row() {
    assert!(size_of::<Job>() <= 168, "{}", size_of::<Job>());
}
