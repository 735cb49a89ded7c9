//! Time passes: points go cold and expire, jobs are forgotten.

use super::*;
use crate::fleet::Category;
use ResourceType as T;

const DAY: Duration = Duration::from_hours(24);

fn kept_for(story: &mut Story, days: u32) -> PointId {
    let point = story.point(T::Efs);
    story.world.point_mut(point).lifecycle.delete_after_days = Some(days);
    point
}

#[test]
fn points_go_within_eight_hours_of_being_due_but_not_the_expired_ones() {
    let mut story = Story::new();
    let points: Vec<_> = (0..50).map(|_| kept_for(&mut story, 12)).collect();
    let stuck = kept_for(&mut story, 11);
    story.world.point_mut(stuck).status = PointStatus::Expired;
    let gone = |story: &Story| points.iter().filter(|point| story.world.point(**point).deleted).count();
    story.wait(DAY + MINUTE * 60 * 23);
    assert_eq!(gone(&story), 0);
    story.wait(Duration::from_hours(5));
    assert!((10..40).contains(&gone(&story)), "{}", gone(&story));
    story.wait(Duration::from_hours(4) + MINUTE * 2);
    assert_eq!(gone(&story), 50);
    assert!(!story.world.point(stuck).deleted);
}

#[test]
fn next_event_announces_each_expiry() {
    let mut story = Story::new();
    let point = kept_for(&mut story, 12);
    story.wait(Duration::ZERO);
    while !story.world.point(point).deleted {
        let next = story.fleet.next_event().unwrap();
        assert!(next > story.now);
        story.now = next;
        story.fleet.advance(&mut story.world, next);
    }
    let due = story.world.point(point).delete_at().unwrap();
    assert!(story.now >= due && story.now.since(due) < Duration::from_hours(8));
}

#[test]
fn a_copy_that_is_due_at_once_goes_soon_after_its_arrival() {
    let mut story = Story::new();
    let source = story.point(T::Efs);
    let lifecycle = Some(Lifecycle {
        move_to_cold_after_days: None,
        delete_after_days: Some(3),
    });
    let order = CopyOrder {
        lifecycle,
        ..story.order(source)
    };
    let id = story.place(order).unwrap().job_id;
    story.finish();
    let copy = story.job(&id).destination_point.unwrap();
    story.wait(MINUTE);
    assert!(story.world.point(copy).deleted);
    assert!(!story.world.point(source).deleted);
}

#[test]
fn a_point_goes_cold_and_later_goes() {
    let mut story = Story::new();
    let point = story.point(T::Efs);
    story.world.point_mut(point).lifecycle = Lifecycle {
        move_to_cold_after_days: Some(11),
        delete_after_days: Some(101),
    };
    story.wait(DAY * 2);
    assert_eq!(story.world.point(point).storage, StorageClass::Cold);
    assert_eq!(story.copy(point).category, Some(Category::InvalidState));
    story.wait(DAY * 90);
    assert!(story.world.point(point).deleted);
}

#[test]
fn a_job_is_forgotten_thirty_days_after_its_end_and_not_before() {
    let mut story = Story::new();
    let resource = story.resource(T::Efs);
    let (older, newer) = (story.point_of(resource, 9), story.point_of(resource, 8));
    let first = story.copy(older).id();
    story.wait(DAY * 20);
    let second = story.copy(newer).id();
    story.wait(DAY * 9 + MINUTE * (24 * 60 - 2));
    assert!(story.fleet.job(&first).is_some());
    story.wait(MINUTE * 2);
    assert!(story.fleet.job(&first).is_none());
    assert_eq!(story.fleet.jobs_of_point(older).count(), 0);
    let listed: Vec<_> = story
        .fleet
        .jobs_from(0)
        .map(|(position, job)| (position, job.id()))
        .collect();
    assert_eq!(listed, [(1, second.clone())], "positions stay");
    assert_eq!(story.fleet.tally(older).completed, 1, "the account forgets nothing");
    story.wait(DAY * 20);
    assert!(story.fleet.job(&second).is_none());
    assert_eq!(story.fleet.jobs_from(0).count(), 0);
}

#[test]
fn an_open_job_holds_its_place_while_later_ones_are_forgotten() {
    let mut settings = quick();
    settings.history = MINUTE;
    settings.durations = Durations {
        bytes_per_second: 1e6,
        ..Durations::fixed(MINUTE)
    };
    let mut story = Story::with(settings);
    let (slow, fast) = (story.point(T::Efs), story.point(T::Efs));
    story.world.point_mut(fast).size_bytes = Some(0);
    let (slow, fast) = (story.start(slow), story.start(fast));
    story.wait(MINUTE * 3);
    assert!(story.fleet.job(&fast).is_none());
    assert_eq!(story.state(&slow), JobState::Running);
    assert_eq!(story.fleet.jobs_from(0).count(), 1);
    story.finish();
}
