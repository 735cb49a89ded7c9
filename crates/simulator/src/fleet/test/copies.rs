//! What a copy looks like, each habit both ways, and what makes it incremental.

use super::*;
use crate::fleet::{Copies, Lineage};
use crate::world::CopiedResource;
use ResourceType as T;

fn habits(change: impl FnOnce(&mut Copies)) -> Story {
    let mut settings = quick();
    change(&mut settings.copies);
    Story::with(settings)
}

#[test]
fn a_copy_takes_dates_size_and_retention_from_its_source_and_the_key_of_its_vault() {
    let mut story = Story::new();
    let source = story.point(T::Efs);
    let job = story.copy(source);
    assert_eq!(
        (job.state, job.category, &job.message),
        (JobState::Completed, None, &None)
    );
    let (source_row, id) = (story.world.point(source).clone(), job.destination_point.unwrap());
    let copy = story.world.point(id);
    assert_eq!(
        (
            copy.created,
            copy.size_bytes,
            copy.lifecycle,
            copy.resource,
            copy.kind,
            copy.status
        ),
        (
            source_row.created,
            source_row.size_bytes,
            source_row.lifecycle,
            source_row.resource,
            PointKind::Snapshot,
            PointStatus::Completed
        )
    );
    assert_eq!(
        (copy.vault, copy.key),
        (story.destination, story.world.vault(story.destination).key)
    );
    assert_eq!((copy.initiated, copy.completed), (job.started, job.completed));
    assert_eq!((copy.copied_from, copy.copy), (Some(source), CopyFacts::default()));
    assert_ne!(story.world.point_arn(id), story.world.point_arn(source));
    assert_eq!(story.world.point_with_arn(&story.world.point_arn(id)), Some(id));
}

#[test]
fn the_retention_asked_for_counts_and_always_does_not_outlive_the_source() {
    let mut story = Story::new();
    let source = story.point(T::Efs);
    for (asked, got) in [(Some(100), Some(100)), (None, Some(365))] {
        let lifecycle = Lifecycle {
            move_to_cold_after_days: None,
            delete_after_days: asked,
        };
        let order = CopyOrder {
            lifecycle: Some(lifecycle),
            ..story.order(source)
        };
        let id = story.place(order).unwrap().job_id;
        story.finish();
        assert_eq!(story.job(&id).lifecycle.delete_after_days, got);
        let copy = story.job(&id).destination_point.unwrap();
        assert_eq!(story.world.point(copy).lifecycle.delete_after_days, got);
    }
}

#[test]
fn unencrypted_sources_become_encrypted_except_those_of_aurora_and_its_kin() {
    let mut story = Story::new();
    for (resource_type, encrypted) in [(T::Ebs, true), (T::Rds, true), (T::Aurora, false), (T::Neptune, false)] {
        let source = story.point(resource_type);
        story.world.point_mut(source).key = None;
        assert_eq!(story.copied(source).1.key.is_some(), encrypted, "{resource_type:?}");
    }
}

#[test]
fn the_account_in_the_resource_arn_is_kept_or_rewritten() {
    for rewrite in [false, true] {
        let mut story = habits(|copies| copies.rewrite_resource_account = rewrite);
        let source = story.point(T::Efs);
        let copy = story.copied(source).1;
        let account = &story.world.resource(copy.resource).account;
        assert_eq!(account, if rewrite { DESTINATION } else { SOURCE });
    }
}

#[test]
fn copied_snapshots_have_an_arbitrary_volume_or_their_own() {
    for arbitrary in [CopiedResource::default().arbitrary_volume, false] {
        let mut story = habits(|copies| copies.arbitrary_volume = arbitrary);
        let source = story.point(T::Ebs);
        let copy = story.copied(source).1;
        assert_eq!(
            story.world.resource_arn(copy.resource).ends_with("vol-ffffffff"),
            arbitrary
        );
    }
}

#[test]
fn creation_dates_keep_their_milliseconds_or_lose_them() {
    for (whole_seconds, millis) in [(false, 257), (true, 0)] {
        let mut story = habits(|copies| copies.whole_seconds = whole_seconds);
        let source = story.point(T::S3);
        assert_eq!(story.copied(source).1.created.millis().rem_euclid(1000), millis);
    }
}

#[test]
fn some_copies_hide_where_they_came_from() {
    for (share, hidden) in [(0.0, 0..=0), (0.5, 10..=30), (1.0, 40..=40)] {
        let mut story = habits(|copies| copies.share_without_source_vault = share);
        let points: Vec<_> = (0..40).map(|_| story.point(T::S3)).collect();
        let count = points
            .into_iter()
            .filter(|point| story.copied(*point).1.copy.source_vault_hidden)
            .count();
        assert!(hidden.contains(&count), "{count}");
    }
}

#[test]
fn tags_travel_or_stay_and_never_travel_with_volumes() {
    for (carry, resource_type, carried) in [(true, T::Efs, true), (false, T::Efs, false), (true, T::Ec2, false)] {
        let mut story = habits(|copies| copies.carry_tags = carry);
        let source = story.point(resource_type);
        let (id, _) = story.copied(source);
        assert_eq!(
            story.world.tags_of(&story.world.point_arn(id)).contains_key("team"),
            carried
        );
    }
    let mut story = Story::new();
    let source = story.point(T::Efs);
    let own = Tags::from([("only".to_owned(), "here".to_owned())]);
    story.world.set_tags(&story.world.point_arn(source), own.clone());
    let (id, _) = story.copied(source);
    assert_eq!(story.world.tags_of(&story.world.point_arn(id)), own);
}

#[test]
fn database_copies_are_named_after_the_job_or_not() {
    for named in [true, false] {
        let mut story = habits(|copies| copies.named_after_job = named);
        let source = story.point(T::Rds);
        let job = story.copy(source);
        let arn = story.world.point_arn(job.destination_point.unwrap());
        assert!(arn.contains(":snapshot:awsbackup:copyjob-"), "{arn}");
        assert_eq!(arn.ends_with(&job.id().to_lowercase()), named, "{arn}");
    }
}

#[test]
fn grants_pile_up_on_the_source_key_until_it_is_full() {
    let mut story = habits(|copies| (copies.leave_grants, copies.grants_per_key) = (true, 2));
    let points: Vec<_> = (0..3).map(|_| story.point(T::Ebs)).collect();
    let states: Vec<_> = points.into_iter().map(|point| story.copy(point).state).collect();
    assert_eq!(states, [JobState::Completed, JobState::Completed, JobState::Failed]);
    assert_eq!(story.fleet.grants_on(story.key), 2);
    let mut story = Story::new();
    let point = story.point(T::Ebs);
    story.copy(point);
    assert_eq!(story.fleet.grants_on(story.key), 0);
}

#[test]
fn only_a_newer_point_after_an_older_one_is_incremental() {
    let mut story = Story::new();
    for (resource_type, chain) in [
        (T::Ebs, [(9, false), (8, true), (5, true), (6, false), (4, true)]),
        (
            T::DynamoDb,
            [(9, false), (8, false), (5, false), (6, false), (4, false)],
        ),
    ] {
        let resource = story.resource(resource_type);
        for (days_ago, incremental) in chain {
            let point = story.point_of(resource, days_ago);
            let job = story.copy(point);
            assert_eq!(job.incremental, incremental, "{resource_type:?} {days_ago}");
        }
    }
}

#[test]
fn a_lost_or_archived_copy_makes_the_next_one_full() {
    type Loss = fn(&mut Point);
    let losses: [Loss; 2] = [|copy| copy.deleted = true, |copy| copy.storage = StorageClass::Cold];
    for loss in losses {
        let mut story = Story::new();
        let resource = story.resource(T::Ebs);
        let (older, newer) = (story.point_of(resource, 9), story.point_of(resource, 8));
        let (copy, _) = story.copied(older);
        loss(story.world.point_mut(copy));
        assert!(!story.copy(newer).incremental);
    }
}

#[test]
fn another_vault_starts_afresh_unless_account_and_key_are_what_counts() {
    for (lineage, resource_type, incremental) in [
        (Lineage::Vault, T::Ebs, false),
        (Lineage::AccountAndKey, T::Ebs, true),
        (Lineage::AccountAndKey, T::Efs, false),
    ] {
        let mut story = habits(|copies| copies.lineage = lineage);
        let resource = story.resource(resource_type);
        let (older, newer) = (story.point_of(resource, 9), story.point_of(resource, 8));
        story.copy(older);
        let mut twin = story.world.vault(story.destination).clone();
        (twin.name, twin.points) = ("twin".to_owned(), Vec::new());
        story.destination = story.world.add_vault(twin);
        assert_eq!(
            story.copy(newer).incremental,
            incremental,
            "{lineage:?} {resource_type:?}"
        );
    }
}

#[test]
fn incremental_copies_take_less_time() {
    let durations = Durations {
        bytes_per_second: 1e6,
        incremental_share: 0.1,
        ..Durations::fixed(MINUTE)
    };
    let mut story = Story::with(FleetSettings { durations, ..quick() });
    let resource = story.resource(T::Efs);
    let spans: Vec<_> = [9, 8]
        .into_iter()
        .map(|days_ago| {
            let point = story.point_of(resource, days_ago);
            let job = story.copy(point);
            job.completed.unwrap().since(job.started.unwrap()).as_secs()
        })
        .collect();
    assert_eq!(spans, [60 + 10_737, 60 + 1_073]);
}
