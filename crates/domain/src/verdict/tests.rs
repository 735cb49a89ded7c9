use super::*;
use crate::recovery_point::Lifecycle;
use crate::selection::Reason;
use crate::time::MILLIS_PER_DAY;

const NOW: i64 = 100 * MILLIS_PER_DAY;

fn vault(name: &str) -> VaultName {
    VaultName::new(name).unwrap()
}

fn point(arn: &str, resource: &str, kind: ResourceType) -> RecoveryPoint {
    RecoveryPoint {
        resource_arn: Some(resource.into()),
        resource_type: Some(kind),
        status: Some(PointStatus::Completed),
        created: Some(Moment::from_millis(NOW - 40 * MILLIS_PER_DAY)),
        ..RecoveryPoint::new(arn, vault("daily"))
    }
}

fn volume() -> RecoveryPoint {
    let resource = "arn:aws:ec2:us-east-1:111111111111:volume/vol-1";
    point("arn:aws:ec2:us-east-1::snapshot/snap-1", resource, ResourceType::Ebs)
}

struct Scene {
    judgement: Judgement,
    presence: Presence,
    key: KeyKind,
    storage: Storage,
    destination: VaultName,
    lock: Option<LockRange>,
    retention: Retention,
}

impl Scene {
    fn plain() -> Self {
        Self {
            judgement: Judgement::Included,
            presence: Presence::Absent,
            key: KeyKind::None,
            storage: Storage::NotAsked,
            destination: vault("daily"),
            lock: None,
            retention: Retention::AsSource,
        }
    }

    fn why(&self, point: &RecoveryPoint) -> Option<Why> {
        let known = Circumstances {
            judgement: &self.judgement,
            presence: self.presence,
            key: self.key,
            storage: self.storage,
            destination: &self.destination,
            lock: self.lock,
            retention: self.retention,
            now: Moment::from_millis(NOW),
        };
        Why::of(point, &known)
    }
}

#[test]
fn a_plain_point_is_copied_and_nothing_is_said() {
    assert_eq!(Scene::plain().why(&volume()), None);
}

#[test]
fn what_was_not_chosen_is_never_looked_at_further() {
    let scene = Scene {
        judgement: Judgement::Excluded(Reason::MetadataMissing),
        presence: Presence::There,
        ..Scene::plain()
    };
    let why = scene.why(&volume()).unwrap();
    assert_eq!(
        (why.verdict(), why.key().as_str()),
        (Verdict::Skip, "not_selected_metadata_missing")
    );
}

#[test]
fn what_is_there_or_under_way_is_not_asked_for_again() {
    let with = |presence| Scene {
        presence,
        ..Scene::plain()
    };
    assert_eq!(with(Presence::There).why(&volume()), Some(Why::AlreadyThere));
    let under_way = with(Presence::BeingCopied).why(&volume()).unwrap();
    assert_eq!(
        (under_way.verdict(), under_way.code()),
        (Verdict::Copy, "already_being_copied")
    );
}

#[test]
fn types_that_are_never_copied_are_known_by_their_arns() {
    use ResourceType as T;
    let backup = "arn:aws:backup:us-east-1:111111111111:recovery-point:0f";
    let cases = [
        (
            point(
                "arn:aws:redshift:us-east-1:111111111111:snapshot:c/s",
                "arn:aws:redshift:us-east-1:111111111111:cluster:c",
                T::Redshift,
            ),
            Some(Uncopyable::Redshift),
        ),
        (
            point(
                "arn:aws:fsx:us-east-1:111111111111:backup/b",
                "arn:aws:fsx:us-east-1:111111111111:volume/fs-1/fsvol-1",
                T::Fsx,
            ),
            Some(Uncopyable::FsxOntap),
        ),
        (
            point(
                "arn:aws:fsx:us-east-1:111111111111:backup/b",
                "arn:aws:fsx:us-east-1:111111111111:file-system/fs-1",
                T::Fsx,
            ),
            None,
        ),
        (
            point(
                "arn:aws:dynamodb:us-east-1:111111111111:table/t/backup/1",
                "arn:aws:dynamodb:us-east-1:111111111111:table/t",
                T::DynamoDb,
            ),
            Some(Uncopyable::DynamoDbBasic),
        ),
        (
            point(backup, "arn:aws:dynamodb:us-east-1:111111111111:table/t", T::DynamoDb),
            None,
        ),
        (
            point(
                "arn:aws:rds:us-east-1:111111111111:cluster-snapshot:awsbackup:job-1",
                "arn:aws:rds:us-east-1:111111111111:cluster:c",
                T::Rds,
            ),
            Some(Uncopyable::RdsMultiAzCluster),
        ),
        (
            point(
                "arn:aws:rds:us-east-1:111111111111:cluster-snapshot:awsbackup:job-1",
                "arn:aws:rds:us-east-1:111111111111:cluster:c",
                T::Aurora,
            ),
            None,
        ),
    ];
    for (point, expected) in cases {
        assert_eq!(uncopyable_type(&point), expected, "{}", point.arn);
    }
}

#[test]
fn continuous_points_are_known_by_their_arns() {
    use ResourceType as T;
    let bucket = "arn:aws:s3:::in-voices";
    let database = "arn:aws:rds:us-east-1:111111111111:db:orders";
    let of_backup = |name: &str| format!("arn:aws:backup:us-east-1:111111111111:recovery-point:{name}");
    let cases = [
        (point(&of_backup("in-voices-8f2c1a77"), bucket, T::S3), true),
        (
            point(&of_backup("in-voices-20260801040000-8f2c1a77"), bucket, T::S3),
            false,
        ),
        (point(&of_backup("8f2c1a77"), bucket, T::S3), false),
        (
            point(
                &of_backup("continuous:cluster-1-8f2c"),
                "arn:aws:rds:us-east-1:111111111111:cluster:c",
                T::Aurora,
            ),
            true,
        ),
        (
            point("arn:aws:rds:us-east-1:111111111111:auto-backup:ab-x", database, T::Rds),
            true,
        ),
        (
            point(
                "arn:aws:rds:us-east-1:111111111111:snapshot:awsbackup:job-1",
                database,
                T::Rds,
            ),
            false,
        ),
    ];
    for (point, expected) in cases {
        assert_eq!(is_continuous(&point), expected, "{}", point.arn);
    }
}

#[test]
fn a_services_own_key_matters_only_where_the_service_keeps_the_point() {
    let scene = Scene {
        key: KeyKind::AwsManaged,
        ..Scene::plain()
    };
    assert_eq!(scene.why(&volume()), Some(Why::AwsManagedKey));
    let bucket = point(
        "arn:aws:backup:us-east-1:111111111111:recovery-point:b-20260801-1f",
        "arn:aws:s3:::b",
        ResourceType::S3,
    );
    assert_eq!(scene.why(&bucket), None);
}

#[test]
fn doubt_is_planned_for_a_copy() {
    let mut stack = volume();
    stack.resource_type = Some(ResourceType::CloudFormation);
    let mut nameless = volume();
    nameless.resource_type = None;
    let mut expired = volume();
    expired.status = Some(PointStatus::Expired);
    expired.lifecycle.delete_after_days = Some(35);
    let mut cold = volume();
    cold.moves_to_cold_at = Some(Moment::from_millis(NOW - 1));
    for (point, doubt) in [
        (&stack, Doubt::CloudFormation),
        (&nameless, Doubt::UnknownType),
        (&expired, Doubt::Expired),
        (&cold, Doubt::PerhapsCold),
    ] {
        let why = Scene::plain().why(point).unwrap();
        assert_eq!((why.verdict(), why), (Verdict::Copy, Why::Doubtful(doubt)));
    }
    let looked = Scene {
        storage: Storage::Warm,
        ..Scene::plain()
    };
    assert_eq!(looked.why(&cold), None, "AWS said that it is warm");
    let found_cold = Scene {
        storage: Storage::Cold,
        ..Scene::plain()
    };
    assert_eq!(found_cold.why(&cold), Some(Why::Cold));
}

#[test]
fn a_copy_that_would_go_at_once_is_not_made() {
    let scene = Scene {
        retention: Retention::Days(35),
        ..Scene::plain()
    };
    assert_eq!(scene.why(&volume()), Some(Why::DueAtOnce), "the point is 40 days old");
    let longer = Scene {
        retention: Retention::Days(41),
        ..Scene::plain()
    };
    assert_eq!(longer.why(&volume()), None);
}

#[test]
fn a_lock_that_would_refuse_the_copy_blocks_it() {
    let kept = |days| RecoveryPoint {
        lifecycle: Lifecycle {
            move_to_cold_after_days: None,
            delete_after_days: days,
        },
        ..volume()
    };
    let scene = Scene {
        lock: Some(LockRange {
            min_days: Some(60),
            max_days: Some(90),
        }),
        ..Scene::plain()
    };
    assert_eq!(scene.why(&kept(Some(60))), None);
    for days in [Some(50), Some(91), None] {
        let why = scene.why(&kept(days)).unwrap();
        assert_eq!(why.code(), "outside_lock_range", "{days:?}");
        assert!(why.fix().unwrap().contains("60 to 90 days"));
    }
}

#[test]
fn vaults_that_cannot_take_copies_block_them_until_they_are_renamed() {
    let into = |name: &str| Scene {
        destination: vault(name),
        ..Scene::plain()
    };
    assert_eq!(into("Default").why(&volume()), Some(Why::DefaultVault));
    assert_eq!(
        into("aws/efs/automatic-backup-vault").why(&volume()),
        Some(Why::VaultName)
    );
}

#[test]
fn whatever_is_blocked_says_what_would_unblock_it() {
    let blocked = [
        Why::Status(PointStatus::Creating),
        Why::Type(Uncopyable::FsxOntap),
        Why::Continuous,
        Why::Cold,
        Why::AwsManagedKey,
        Why::KeyUnusable,
        Why::DefaultVault,
        Why::VaultName,
        Why::DueAtOnce,
    ];
    for why in blocked {
        assert_eq!(why.verdict(), Verdict::Blocked);
        assert!(why.fix().is_some(), "{why}");
    }
}
