//! Everything that makes an accepted job fail, one cause at a time, and that its absence does not.

use serde_json::json;

use super::*;
use crate::fleet::{Category, DoomKind, FailurePlan, MissingVault};
use crate::world::{KeyState, Lock, VaultKind};
use ResourceType as T;

/// Fails with this category and a message that holds this fragment.
#[track_caller]
fn fails(story: &mut Story, point: PointId, category: Category, fragment: &str) {
    let job = story.copy(point);
    assert_eq!(
        (job.state, job.category),
        (JobState::Failed, Some(category)),
        "{:?}",
        job.message
    );
    let message = job.message.unwrap();
    assert!(message.contains(fragment), "{message}");
    assert_eq!(
        (job.destination_point, story.world.vault(story.destination).points.len()),
        (None, 0)
    );
    assert!(job.completed.is_some());
}

fn role(story: &mut Story) -> &mut crate::world::Principal {
    let account = story.world.accounts.get_mut(SOURCE).unwrap();
    account.principals.get_mut("AWSBackupDefaultServiceRole").unwrap()
}

#[test]
fn nothing_is_wrong_with_any_type_that_can_be_copied() {
    let mut story = Story::new();
    for resource_type in T::ALL {
        let point = story.point(resource_type);
        let job = story.copy(point);
        let expected = if resource_type.cross_account() {
            JobState::Completed
        } else {
            JobState::Failed
        };
        assert_eq!(job.state, expected, "{resource_type:?}: {:?}", job.message);
        if !resource_type.cross_account() {
            assert_eq!(job.category, Some(Category::ResourceNotSupported));
        }
    }
}

#[test]
fn cross_account_backup_is_switched_off() {
    let mut story = Story::new();
    story.world.organization.cross_account_backup = false;
    let point = story.point(T::Ebs);
    fails(
        &mut story,
        point,
        Category::FeatureNotEnabled,
        "Cross-account copy is not enabled",
    );
}

#[test]
fn one_account_has_left_the_organization() {
    for leaver in [SOURCE, DESTINATION] {
        let mut story = Story::new();
        story.world.accounts.get_mut(leaver).unwrap().in_organization = false;
        let point = story.point(T::Efs);
        fails(
            &mut story,
            point,
            Category::AccessDenied,
            "members of the same organization",
        );
    }
}

#[test]
fn the_destination_vault_is_missing() {
    for (missing_vault, category) in [
        (MissingVault::NotFound, Category::ResourceNotFound),
        (MissingVault::AccessDenied, Category::AccessDenied),
    ] {
        let mut story = Story::with(FleetSettings {
            missing_vault,
            ..quick()
        });
        let point = story.point(T::Efs);
        story.world.remove_vault(story.destination);
        fails(&mut story, point, category, "ackup vault");
    }
}

#[test]
fn the_default_vault_takes_nothing_from_other_accounts() {
    let mut story = Story::new();
    story.destination = story.world.vault_named(DESTINATION, "Default").unwrap();
    let point = story.point(T::Efs);
    fails(
        &mut story,
        point,
        Category::AccessDenied,
        "encrypted with the default Backup service managed key",
    );
}

#[test]
fn a_service_managed_destination_key_does_for_fully_managed_types_only() {
    let mut story = Story::new();
    let default = story.world.vault_named(DESTINATION, "Default").unwrap();
    story.world.vault_mut(story.destination).key = story.world.vault(default).key;
    let (volume, files) = (story.point(T::Ebs), story.point(T::Efs));
    fails(
        &mut story,
        volume,
        Category::AccessDenied,
        "encrypted with the default Backup service managed key",
    );
    assert_eq!(story.copy(files).state, JobState::Completed);
}

#[test]
fn the_vault_policy_lets_nobody_in_or_the_wrong_ones() {
    let statement = |principal, condition| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": principal,
            "Action": "backup:CopyIntoBackupVault", "Resource": "*", "Condition": condition }] })
    };
    let anyone = json!("*");
    let of = |id: &str| json!({ "StringEquals": { "aws:PrincipalOrgID": id } });
    let root = |account| json!({ "AWS": format!("arn:aws:iam::{account}:root") });
    let organization = Story::new().world.organization.id;
    for (policy, allowed) in [
        (None, false),
        (Some(statement(root("444444444444"), json!({}))), false),
        (Some(statement(root(SOURCE), json!({}))), true),
        (Some(statement(json!({ "AWS": ROLE }), json!({}))), true),
        (Some(statement(anyone.clone(), of("o-somebodyelse"))), false),
        (Some(statement(anyone, of(&organization))), true),
    ] {
        let mut story = Story::new();
        story.world.vault_mut(story.destination).policy.clone_from(&policy);
        let point = story.point(T::Efs);
        if allowed {
            assert_eq!(story.copy(point).state, JobState::Completed, "{policy:?}");
        } else {
            fails(
                &mut story,
                point,
                Category::AccessDenied,
                "does not allow account 111111111111",
            );
        }
    }
}

#[test]
fn the_source_key_is_not_shared_or_cannot_be() {
    let mut story = Story::new();
    let managed = keys(&story.world)
        .find(|id| story.world.key(*id).manager == KeyManager::Aws)
        .unwrap();
    let (volume, database) = (story.point(T::Ebs), story.point(T::Rds));
    story.world.point_mut(volume).key = Some(managed);
    fails(&mut story, volume, Category::AccessDenied, "can't be shared");
    story.world.keys[story.key.0 as usize].policy = json!({ "Statement": [] });
    let volume = story.point(T::Ebs);
    fails(
        &mut story,
        volume,
        Category::AccessDenied,
        "Given key ID is not accessible",
    );
    fails(
        &mut story,
        database,
        Category::AccessDenied,
        "KMS key does not exist, is not enabled or you do not have",
    );
    // Fully managed types may come out of a vault with the service's key.
    let files = story.point(T::Efs);
    story.world.point_mut(files).key = Some(managed);
    assert_eq!(story.copy(files).state, JobState::Completed);
}

#[test]
fn a_key_is_disabled_or_about_to_be_deleted() {
    for state in [KeyState::Disabled, KeyState::PendingDeletion] {
        let mut story = Story::new();
        let (volume, files) = (story.point(T::Ebs), story.point(T::Efs));
        story.world.keys[story.key.0 as usize].state = state;
        fails(
            &mut story,
            volume,
            Category::KmsKeyError,
            "either disabled or pending deletion",
        );
        story.world.keys[story.key.0 as usize].state = KeyState::Enabled;
        let key = story.world.vault(story.destination).key.unwrap();
        story.world.keys[key.0 as usize].state = state;
        fails(&mut story, files, Category::KmsKeyError, "destination vault");
    }
}

#[test]
fn retention_outside_the_range_of_the_lock() {
    let lock = |min_retention_days, max_retention_days| Lock {
        min_retention_days,
        max_retention_days,
        lock_date: None,
    };
    for (lock, kept_for, allowed) in [
        (lock(Some(366), None), Some(365), false),
        (lock(Some(365), Some(365)), Some(365), true),
        (lock(None, Some(364)), Some(365), false),
        (lock(None, Some(36_500)), None, false),
        (lock(Some(7), None), None, true),
    ] {
        let mut story = Story::new();
        story.world.vault_mut(story.destination).lock = Some(lock);
        let point = story.point(T::Efs);
        story.world.point_mut(point).lifecycle.delete_after_days = kept_for;
        if allowed {
            assert_eq!(story.copy(point).state, JobState::Completed, "{lock:?}");
        } else {
            fails(&mut story, point, Category::InvalidLifecycle, "outside the range");
        }
    }
}

#[test]
fn the_role_is_missing_or_not_trusting_or_may_too_little() {
    let mut story = Story::new();
    let point = story.point(T::Ebs);
    let order = CopyOrder {
        role_arn: "arn:aws:iam::111111111111:role/nobody".to_owned(),
        ..story.order(point)
    };
    let id = story.place(order).unwrap().job_id;
    story.finish();
    assert_eq!(story.job(&id).category, Some(Category::AccessDenied));
    assert!(story.job(&id).message.as_ref().unwrap().contains("cannot assume role"));

    let mut story = Story::new();
    role(&mut story).trust = Some(json!({ "Statement": [] }));
    let point = story.point(T::Ebs);
    fails(&mut story, point, Category::AccessDenied, "cannot assume role");

    for (denied, resource_type, category) in [
        ("backup:CopyFromBackupVault", T::Ebs, Category::AccessDenied),
        ("backup:CopyIntoBackupVault", T::Ebs, Category::AccessDenied),
        ("backup:TagResource", T::Efs, Category::TagCopyError),
    ] {
        let mut story = Story::new();
        let policy = json!({ "Statement": [{ "Effect": "Deny", "Action": denied, "Resource": "*" }] });
        role(&mut story).inline.insert("deny".to_owned(), policy);
        let point = story.point(resource_type);
        fails(&mut story, point, category, denied);
    }
}

#[test]
fn tags_that_stay_behind_need_no_permission() {
    let mut settings = quick();
    settings.copies.carry_tags = false;
    let mut story = Story::with(settings);
    let policy = json!({ "Statement": [{ "Effect": "Deny", "Action": "backup:TagResource", "Resource": "*" }] });
    role(&mut story).inline.insert("deny".to_owned(), policy);
    let point = story.point(T::Efs);
    assert_eq!(story.copy(point).state, JobState::Completed);
}

#[test]
fn the_role_vanishes_while_a_snapshot_is_shared() {
    let mut story = Story::new();
    let (volume, files) = (story.point(T::Ebs), story.point(T::Efs));
    let (volume, files) = (story.start(volume), story.start(files));
    story.wait(MINUTE / 2);
    story.world.accounts.get_mut(SOURCE).unwrap().principals.clear();
    story.finish();
    assert!(story.job(&volume).message.as_ref().unwrap().contains("unshare"));
    assert_eq!(story.state(&files), JobState::Completed);
}

#[test]
fn cold_points_and_parts_that_do_not_go_alone() {
    let mut story = Story::new();
    let (cold, part) = (story.point(T::Efs), story.point(T::Eks));
    story.world.point_mut(cold).storage = StorageClass::Cold;
    story.world.point_mut(part).kind = PointKind::CompositeState;
    fails(&mut story, cold, Category::InvalidState, "cold storage");
    fails(
        &mut story,
        part,
        Category::UnsupportedOperation,
        "cannot be copied by itself",
    );
}

#[test]
fn the_point_goes_before_or_while_it_is_copied() {
    for wait in [Duration::ZERO, MINUTE / 2] {
        let mut story = Story::new();
        let point = story.point(T::Efs);
        let id = story.start(point);
        if !wait.is_zero() {
            story.wait(wait);
            assert_eq!(story.state(&id), JobState::Running);
        }
        story.world.point_mut(point).deleted = true;
        story.finish();
        assert_eq!(story.job(&id).category, Some(Category::ResourceNotFound));
    }
}

#[test]
fn the_destination_does_not_allow_images_of_the_source() {
    let mut story = Story::new();
    story
        .world
        .accounts
        .get_mut(DESTINATION)
        .unwrap()
        .allowed_amis_exclude_source = true;
    let (image, volume) = (story.point(T::Ec2), story.point(T::Ebs));
    fails(&mut story, image, Category::ResourceNotFound, "AMI was not found");
    assert_eq!(story.copy(volume).state, JobState::Completed);
}

#[test]
fn air_gapped_vaults_take_no_database_instances_and_nothing_unencrypted_of_aurora() {
    let mut story = Story::new();
    story.world.vault_mut(story.destination).kind = VaultKind::LogicallyAirGapped;
    let (instance, cluster) = (story.point(T::Rds), story.point(T::Aurora));
    story.world.point_mut(cluster).key = None;
    for point in [instance, cluster] {
        fails(&mut story, point, Category::ResourceNotSupported, "air-gapped");
    }
    let volume = story.point(T::Ebs);
    assert_eq!(story.copy(volume).state, JobState::Completed);
}

#[test]
fn quotas_of_the_destination_are_full() {
    for (service, quota, fragment, resource_type) in [
        ("backup", "L-514878B6", "number of recovery points", T::Efs),
        ("ebs", "L-309BACF6", "active snapshot limit", T::Ebs),
        ("ec2", "L-B665C33B", "images", T::Ec2),
    ] {
        for capacity_binds in [true, false] {
            let mut story = Story::with(FleetSettings {
                capacity_binds,
                ..quick()
            });
            let account = story.world.accounts.get_mut(DESTINATION).unwrap();
            account.quotas.insert((service.to_owned(), quota.to_owned()), 2.0);
            let points: Vec<_> = (0..3).map(|_| story.point(resource_type)).collect();
            let jobs: Vec<_> = points.into_iter().map(|point| story.copy(point)).collect();
            let completed = jobs.iter().filter(|job| job.state == JobState::Completed).count();
            assert_eq!(completed, if capacity_binds { 2 } else { 3 });
            if let Some(failed) = jobs.iter().find(|job| job.state == JobState::Failed) {
                assert_eq!(failed.category, Some(Category::LimitExceeded));
                assert!(failed.message.as_ref().unwrap().contains(fragment));
            }
        }
    }
}

#[test]
fn inside_one_account_none_of_that_sharing_matters() {
    let mut story = Story::new();
    story.world.organization.cross_account_backup = false;
    story.world.keys[story.key.0 as usize].policy = json!({ "Statement": [] });
    story.destination = story.world.vaults_of(SOURCE)[1];
    story.world.vault_mut(story.destination).policy = None;
    let point = story.point(T::Ebs);
    assert_eq!(story.copy(point).state, JobState::Completed);
}

#[test]
fn what_is_mended_in_time_does_no_harm() {
    let mut story = Story::with(FleetSettings {
        start: Latency::default(),
        ..quick()
    });
    story.world.organization.cross_account_backup = false;
    let point = story.point(T::Ebs);
    let id = story.start(point);
    story.world.organization.cross_account_backup = true;
    story.finish();
    assert_eq!(story.state(&id), JobState::Completed);
}

#[test]
fn doomed_points_fail_as_foretold() {
    let failures = FailurePlan {
        share: 0.3,
        retryable_share: 0.5,
        attempts: 2,
        ..FailurePlan::default()
    };
    let mut story = Story::with(FleetSettings { failures, ..quick() });
    let points: Vec<_> = (0..200)
        .map(|index| story.point(if index % 2 == 0 { T::Rds } else { T::Ec2 }))
        .collect();
    let mut kinds = std::collections::BTreeSet::new();
    for point in points {
        let doom = story.fleet.will_fail(&story.world, point);
        let outcomes = [story.copy(point), story.copy(point), story.copy(point)];
        let failed = outcomes.iter().filter(|job| job.state == JobState::Failed).count();
        assert_eq!(
            failed,
            doom.map_or(0, |doom| if doom.attempts.is_some() { 2 } else { 3 })
        );
        if let Some(doom) = doom {
            assert_eq!(outcomes[0].category, Some(doom.kind.category()));
            assert_eq!(outcomes[0].message.as_deref(), Some(doom.kind.message()));
            kinds.insert(doom.kind);
        }
    }
    assert!(kinds.len() >= DoomKind::ALL.len() - 2, "{kinds:?}");
}
