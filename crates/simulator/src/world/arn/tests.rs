use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::world::{
    CopiedResource, Lifecycle, Organization, PointStatus, Resource, StorageClass, Tags, Vault, VaultId, VaultKind,
};

const SOURCE: &str = "111111111111";
const DESTINATION: &str = "222222222222";
const KINDS: [PointKind; 4] = [
    PointKind::Snapshot,
    PointKind::Continuous,
    PointKind::Composite,
    PointKind::CompositeState,
];

fn world_with_two_vaults(partition: &str, region: &str) -> World {
    let organization = Organization {
        id: "o-abcdefghij".into(),
        path: "o-abcdefghij/r-abcd/".into(),
        management_account: "333333333333".into(),
        cross_account_backup: true,
    };
    let mut world = World::empty(partition, region, organization);
    for account in [SOURCE, DESTINATION] {
        world.add_vault(Vault {
            account: account.into(),
            name: "vault".into(),
            kind: VaultKind::Plain,
            key: None,
            created: Moment::default(),
            creator_request_id: None,
            lock: None,
            policy: None,
            notifications: None,
            points: Vec::new(),
        });
    }
    world
}

fn resource(world: &mut World, resource_type: ResourceType, local_id: &str) -> ResourceId {
    world.add_resource(Resource {
        account: SOURCE.into(),
        resource_type,
        local_id: local_id.into(),
        name: None,
        tags: Tags::new(),
    })
}

fn point(resource_type: ResourceType, kind: PointKind, resource: ResourceId, serial: u64) -> Point {
    Point {
        serial,
        vault: VaultId(0),
        resource,
        resource_type,
        kind,
        status: PointStatus::Completed,
        storage: StorageClass::Warm,
        created: Moment::from_millis(1_709_209_805_123), // 2024-02-29T12:30:05.123Z
        initiated: None,
        completed: None,
        size_bytes: None,
        lifecycle: Lifecycle::default(),
        key: None,
        parent: None,
        copied_from: None,
        copy: crate::world::CopyFacts::default(),
        plan: 0,
        deleted: false,
    }
}

fn arn(resource_type: ResourceType, kind: PointKind, local_id: &str) -> String {
    let mut world = world_with_two_vaults("aws", "us-east-1");
    let resource = resource(&mut world, resource_type, local_id);
    let id = world.add_point(point(resource_type, kind, resource, 7));
    world.point_arn(id)
}

#[test]
fn each_type_has_the_form_of_the_service_that_owns_the_point() {
    use PointKind::{Composite, CompositeState, Continuous, Snapshot};
    use ResourceType as T;
    let uuid = uuid_of(7);
    let hash = {
        let mut hash = String::new();
        write_short_hash(7, &mut hash);
        hash
    };
    let own = format!("arn:aws:backup:us-east-1:{SOURCE}:recovery-point:");
    let rds = format!("arn:aws:rds:us-east-1:{SOURCE}:");
    let expected = [
        (
            T::Ebs,
            Snapshot,
            "vol-1",
            "arn:aws:ec2:us-east-1::snapshot/snap-00000000000000007".to_owned(),
        ),
        (
            T::Ec2,
            Snapshot,
            "i-1",
            "arn:aws:ec2:us-east-1::image/ami-00000000000000007".to_owned(),
        ),
        (T::Rds, Snapshot, "db", format!("{rds}snapshot:awsbackup:job-{uuid}")),
        (
            T::Aurora,
            Snapshot,
            "db",
            format!("{rds}cluster-snapshot:awsbackup:job-{uuid}"),
        ),
        (
            T::Aurora,
            Continuous,
            "db",
            format!("{own}continuous:cluster-db-{hash}"),
        ),
        (
            T::Neptune,
            Snapshot,
            "db",
            format!("{rds}cluster-snapshot:awsbackup:job-{uuid}"),
        ),
        (T::DynamoDb, Snapshot, "Orders", format!("{own}{uuid}")),
        (
            T::DynamoDbBasic,
            Snapshot,
            "Orders",
            format!("arn:aws:dynamodb:us-east-1:{SOURCE}:table/Orders/backup/01709209805123-{hash}"),
        ),
        (T::Efs, Snapshot, "fs-1", format!("{own}{}", uuid.to_uppercase())),
        (T::S3, Snapshot, "bucket", format!("{own}bucket-20240229123005-{hash}")),
        (T::S3, Continuous, "bucket", format!("{own}bucket-{hash}")),
        (
            T::FsxWindows,
            Snapshot,
            "fs-1",
            format!("arn:aws:fsx:us-east-1:{SOURCE}:backup/backup-00000000000000007"),
        ),
        (
            T::Redshift,
            Snapshot,
            "dwh",
            format!("arn:aws:redshift:us-east-1:{SOURCE}:snapshot:dwh/awsbackup:job-{uuid}"),
        ),
        (
            T::Eks,
            Composite,
            "shop",
            format!("{own}composite:eks/shop-20240229123005-{hash}"),
        ),
        (
            T::Eks,
            CompositeState,
            "shop",
            format!("{own}eks/shop-20240229123005-{hash}"),
        ),
        (
            T::CloudFormation,
            Composite,
            "stack/0a-1b",
            format!("{own}composite:cloudformation/stack-20240229123005-{hash}"),
        ),
    ];
    for (resource_type, kind, local_id, wanted) in expected {
        assert_eq!(arn(resource_type, kind, local_id), wanted, "{resource_type:?} {kind:?}");
    }
    let automated = arn(T::Rds, Continuous, "db");
    let name = automated
        .strip_prefix(&format!("{rds}auto-backup:ab-"))
        .expect("an automated backup of RDS");
    assert_eq!(name.len(), 26);
}

#[test]
fn a_copy_of_a_database_snapshot_is_named_after_a_copy_job_in_its_own_account() {
    let mut world = world_with_two_vaults("aws", "us-east-1");
    let database = resource(&mut world, ResourceType::Rds, "db");
    let source = world.add_point(point(ResourceType::Rds, PointKind::Snapshot, database, 1));
    let copy = world.add_point(Point {
        vault: VaultId(1),
        copied_from: Some(source),
        ..point(ResourceType::Rds, PointKind::Snapshot, database, 2)
    });
    let wanted = format!(
        "arn:aws:rds:us-east-1:{DESTINATION}:snapshot:awsbackup:copyjob-{}",
        uuid_of(2)
    );
    assert_eq!(world.point_arn(copy), wanted);
    assert_eq!(world.points_of_resource(database), [source, copy]);
}

#[test]
fn what_a_copy_is_a_backup_of_depends_on_what_is_told() {
    let mut world = world_with_two_vaults("aws", "us-east-1");
    let volume = resource(&mut world, ResourceType::Ebs, "vol-1");
    let bucket = resource(&mut world, ResourceType::S3, "bucket");
    let snapshot = world.add_point(point(ResourceType::Ebs, PointKind::Snapshot, volume, 1));
    let objects = world.add_point(point(ResourceType::S3, PointKind::Snapshot, bucket, 2));
    let kept = CopiedResource {
        in_own_account: false,
        arbitrary_volume: false,
    };
    let moved = CopiedResource {
        in_own_account: true,
        arbitrary_volume: false,
    };

    assert_eq!(world.resource_of_copy(snapshot, DESTINATION, kept), volume);
    let there = world.resource_of_copy(snapshot, DESTINATION, moved);
    assert_eq!(
        world.resource_arn(there),
        format!("arn:aws:ec2:us-east-1:{DESTINATION}:volume/vol-1")
    );
    let anonymous = world.resource_of_copy(snapshot, DESTINATION, CopiedResource::default());
    assert_eq!(
        world.resource_arn(anonymous),
        format!("arn:aws:ec2:us-east-1:{SOURCE}:volume/vol-ffffffff")
    );
    assert_eq!(
        world.resource_of_copy(snapshot, DESTINATION, CopiedResource::default()),
        anonymous
    );
    assert_eq!(
        world.resource_of_copy(objects, DESTINATION, moved),
        bucket,
        "a bucket's ARN has no account"
    );
    assert_eq!(world.resource_with_arn(&world.resource_arn(there)), Some(there));
}

#[test]
fn points_of_a_resource_are_in_order_but_those_of_no_volume_as_they_came() {
    let mut world = world_with_two_vaults("aws", "us-east-1");
    let volume = resource(&mut world, ResourceType::Ebs, "vol-1");
    let later = world.add_point(point(ResourceType::Ebs, PointKind::Snapshot, volume, 1));
    let nobodys = world.resource_of_copy(later, DESTINATION, CopiedResource::default());
    let mut add = |resource: ResourceId, serial: u64, hour: i64| {
        world.add_point(Point {
            created: Moment::from_secs(3600 * hour),
            ..point(ResourceType::Ebs, PointKind::Snapshot, resource, serial)
        })
    };
    let (earlier, between) = (add(volume, 2, 1), add(volume, 3, 5));
    let came = [add(nobodys, 4, 9), add(nobodys, 5, 3), add(nobodys, 6, 7)];
    assert_eq!(world.points_of_resource(volume), [earlier, between, later]);
    assert_eq!(world.points_of_resource(nobodys), came);
}

#[test]
fn a_serial_that_is_taken_is_replaced() {
    let mut world = world_with_two_vaults("aws", "us-east-1");
    let volume = resource(&mut world, ResourceType::Ebs, "vol-1");
    let first = world.add_point(point(ResourceType::Ebs, PointKind::Snapshot, volume, 5));
    let second = world.add_point(point(ResourceType::Ebs, PointKind::Snapshot, volume, 5));
    assert_ne!(world.point_arn(first), world.point_arn(second));
    assert_eq!(world.point_with_arn(&world.point_arn(first)), Some(first));
    assert_eq!(world.point_with_arn(&world.point_arn(second)), Some(second));
}

proptest! {
    #[test]
    fn arns_are_unique_and_lead_back_to_their_point(
        rows in prop::collection::vec((0..24_usize, 0..4_usize, any::<u64>(), 0..2_u32, 0..3_i64), 1..60),
        place in prop::sample::select(vec![("aws", "eu-west-1"), ("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")]),
    ) {
        let mut world = world_with_two_vaults(place.0, place.1);
        let resources = ResourceType::ALL.map(|resource_type| resource(&mut world, resource_type, "thing/part"));
        for (type_at, kind_at, serial, vault, hours) in rows {
            world.add_point(Point {
                vault: VaultId(vault),
                created: Moment::from_secs(1_700_000_000 + 3600 * hours),
                ..point(ResourceType::ALL[type_at], KINDS[kind_at], resources[type_at], serial)
            });
        }
        let mut seen = HashSet::new();
        for at in 0..world.points().len() {
            let id = PointId(u32::try_from(at).unwrap());
            let arn = world.point_arn(id);
            let head = format!("arn:{}:", place.0);
            prop_assert!(arn.starts_with(&head), "{arn}");
            prop_assert_eq!(world.point_with_arn(&arn), Some(id));
            prop_assert_eq!(world.point_with_arn(&arn[..arn.len() - 1]), None);
            prop_assert!(seen.insert(arn));
        }
        for resource in resources {
            let mut chain = world.points_of_resource(resource).to_vec();
            chain.sort_by_key(|id| (world.point(*id).created, *id));
            prop_assert_eq!(world.points_of_resource(resource), chain);
        }
    }
}
