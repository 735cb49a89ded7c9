//! Limits, lanes, and what becomes of those who do not fit.

use super::*;
use crate::fleet::{Category, LimitChange, Limits, NewLimit, ScheduledBackups, Surplus};
use crate::world::Pool;
use ResourceType as T;

fn states(story: &Story, ids: &[String]) -> Vec<JobState> {
    ids.iter().map(|id| story.state(id)).collect()
}

fn start(story: &mut Story, resource_types: &[ResourceType]) -> Vec<String> {
    let points: Vec<_> = resource_types
        .iter()
        .map(|resource_type| story.point(*resource_type))
        .collect();
    points.into_iter().map(|point| story.start(point)).collect()
}

use JobState::{Completed, Created, Failed, Running};

#[test]
fn a_pool_runs_as_many_as_its_limit_in_the_order_of_acceptance() {
    let mut story = Story::with(FleetSettings {
        limits: Limits {
            fsx: 2,
            ..Limits::default()
        },
        ..quick()
    });
    let ids = start(
        &mut story,
        &[T::FsxLustre, T::FsxWindows, T::FsxOpenZfs, T::FsxLustre, T::Efs],
    );
    story.wait(Duration::ZERO);
    assert_eq!(states(&story, &ids), [Running, Running, Created, Created, Running]);
    story.wait(MINUTE);
    assert_eq!(
        states(&story, &ids),
        [Completed, Completed, Running, Running, Completed]
    );
}

#[test]
fn volumes_and_images_share_a_pool_and_so_do_databases() {
    let limits = Limits {
        ec2_snapshots: 1,
        database_snapshots: 1,
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings { limits, ..quick() });
    let ids = start(&mut story, &[T::Ebs, T::Ec2, T::Rds, T::Aurora, T::Neptune]);
    story.wait(Duration::ZERO);
    assert_eq!(states(&story, &ids), [Running, Created, Running, Created, Created]);
}

#[test]
fn the_account_may_have_a_limit_of_its_own() {
    let limits = Limits {
        account: Some(2),
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings { limits, ..quick() });
    let ids = start(&mut story, &[T::Ebs, T::Rds, T::Efs]);
    story.wait(Duration::ZERO);
    assert_eq!(states(&story, &ids), [Running, Running, Created]);
}

#[test]
fn jobs_of_one_resource_run_one_after_the_other_in_the_order_of_acceptance() {
    let latency = Latency {
        longest: MINUTE * 30,
        ..Latency::NONE
    };
    let mut story = Story::with(FleetSettings {
        start: latency,
        ..quick()
    });
    let resource = story.resource(T::Efs);
    let ids: Vec<_> = (0..6)
        .map(|index| {
            let point = story.point_of(resource, 20 - index);
            story.start(point)
        })
        .collect();
    story.finish();
    let times: Vec<_> = ids
        .iter()
        .map(|id| (story.job(id).started.unwrap(), story.job(id).completed.unwrap()))
        .collect();
    assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{times:?}");
}

#[test]
fn limits_change_in_mid_run_and_stop_nobody() {
    let start_of_world = Story::new().start;
    let change = |minutes, limit| LimitChange {
        at: start_of_world + MINUTE * minutes,
        to: NewLimit::Pool(Pool::Fsx, limit),
    };
    let limit_changes = vec![change(1, 3), change(2, 1)];
    let durations = Durations::fixed(MINUTE * 10);
    let limits = Limits {
        fsx: 1,
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings {
        limits,
        limit_changes,
        durations,
        ..quick()
    });
    start(&mut story, &[T::FsxLustre; 5]);
    let mut running = |minutes| {
        story.wait(MINUTE * minutes);
        story.fleet.open_jobs().filter(|(_, job)| job.state == Running).count()
    };
    assert_eq!(running(0), 1);
    assert_eq!(running(1), 3);
    assert_eq!(running(1), 3, "a lowered limit lets the others end");
    assert_eq!(running(8), 2, "the first has ended at minute 10, nobody follows");
    assert_eq!(running(1), 1, "at minute 11 the others have ended and one follows");
}

#[test]
fn surplus_is_queued_up_to_a_length() {
    let limits = Limits {
        fsx: 2,
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings {
        limits,
        longest_queue: Some(3),
        ..quick()
    });
    start(&mut story, &[T::FsxLustre; 5]);
    let point = story.point(T::FsxLustre);
    assert_eq!(story.submit(point).unwrap_err().code, "LimitExceededException");
    let other_pool = story.point(T::Efs);
    assert!(story.submit(other_pool).is_ok());
    story.wait(MINUTE);
    assert!(story.submit(point).is_ok());
}

#[test]
fn surplus_is_refused() {
    let limits = Limits {
        fsx: 2,
        account: Some(3),
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings {
        limits,
        over_limit: Surplus::Refused,
        ..quick()
    });
    start(&mut story, &[T::FsxLustre, T::FsxLustre]);
    let (third, files, more) = (story.point(T::FsxLustre), story.point(T::Efs), story.point(T::Efs));
    assert_eq!(story.submit(third).unwrap_err().code, "LimitExceededException");
    assert!(story.submit(files).is_ok());
    assert_eq!(
        story.submit(more).unwrap_err().code,
        "LimitExceededException",
        "the account's limit"
    );
}

#[test]
fn surplus_fails_later() {
    let limits = Limits {
        fsx: 2,
        ..Limits::default()
    };
    let mut story = Story::with(FleetSettings {
        limits,
        over_limit: Surplus::FailsLater,
        ..quick()
    });
    let ids = start(&mut story, &[T::FsxLustre; 3]);
    story.wait(Duration::ZERO);
    assert_eq!(states(&story, &ids), [Running, Running, Failed]);
    assert_eq!(story.job(&ids[2]).category, Some(Category::LimitExceeded));
}

#[test]
fn a_second_job_of_a_resource_waits_or_is_refused_or_fails() {
    for same_resource in [Surplus::Queues, Surplus::Refused, Surplus::FailsLater] {
        let mut story = Story::with(FleetSettings {
            same_resource,
            ..quick()
        });
        let resource = story.resource(T::Efs);
        let (older, newer) = (story.point_of(resource, 9), story.point_of(resource, 8));
        story.start(older);
        let second = story.submit(newer);
        story.wait(Duration::ZERO);
        match same_resource {
            Surplus::Queues => assert_eq!(story.state(&second.unwrap().job_id), Created),
            Surplus::Refused => assert_eq!(second.unwrap_err().code, "LimitExceededException"),
            Surplus::FailsLater => {
                let job = story.job(&second.unwrap().job_id);
                assert_eq!((job.state, job.category), (Failed, Some(Category::ConcurrentJob)));
            }
        }
        story.wait(MINUTE);
        assert!(story.submit(newer).is_ok(), "{same_resource:?}");
        story.finish();
    }
}

#[test]
fn some_jobs_stay_in_created_for_hours_and_start_all_the_same() {
    let start = Latency {
        late_share: 0.3,
        late_by: Duration::from_hours(2),
        ..Latency::NONE
    };
    let mut story = Story::with(FleetSettings { start, ..quick() });
    let ids = self::start(&mut story, &[T::Efs; 50]);
    story.wait(Duration::from_hours(1));
    let created = states(&story, &ids).iter().filter(|state| **state == Created).count();
    assert!((5..30).contains(&created), "{created}");
    story.wait(Duration::from_hours(2));
    assert!(states(&story, &ids).iter().all(|state| *state == Completed));
}

#[test]
fn copies_wait_for_backups_and_delay_them() {
    let backups = Some(ScheduledBackups {
        every: Duration::from_hours(24),
        lasts: Duration::from_hours(6),
    });
    let durations = Durations::fixed(Duration::from_hours(20));
    let mut story = Story::with(FleetSettings {
        durations,
        backups,
        ..quick()
    });
    let ids = start(&mut story, &[T::Efs; 40]);
    story.wait(Duration::ZERO);
    let waiting = states(&story, &ids).iter().filter(|state| **state == Created).count();
    assert!((3..20).contains(&waiting), "{waiting}");
    story.wait(Duration::from_hours(6));
    assert!(states(&story, &ids).iter().all(|state| *state == Running));
    story.finish();
    let delayed = story.fleet.account(&story.world).delayed_backups;
    assert!((20..=40).contains(&delayed), "{delayed}");
}

#[test]
fn a_copy_during_a_backup_may_fail_as_a_concurrent_job() {
    let backups = Some(ScheduledBackups {
        every: Duration::from_hours(24),
        lasts: Duration::from_hours(12),
    });
    let mut story = Story::with(FleetSettings {
        backups,
        same_resource: Surplus::FailsLater,
        ..quick()
    });
    let ids = start(&mut story, &[T::Efs; 20]);
    story.finish();
    let failed: Vec<_> = ids
        .iter()
        .map(|id| story.job(id))
        .filter(|job| job.state == Failed)
        .collect();
    assert!((4..16).contains(&failed.len()));
    assert!(failed.iter().all(|job| job.category == Some(Category::ConcurrentJob)));
}
