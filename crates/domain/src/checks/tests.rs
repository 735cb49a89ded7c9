use std::collections::BTreeMap;

use super::action::{Decision, Need, Needed, Simulated};
use super::quota::{self, Quota};
use super::*;
use crate::category;
use crate::recovery_point::{Lifecycle, PointStatus, RecoveryPoint};
use crate::retention::Retention;
use crate::route::Route;

fn source() -> AccountId {
    "111111111111".parse().unwrap()
}

fn route(region: &str) -> Route {
    Route::between(source(), "222222222222".parse().unwrap(), region.parse().unwrap()).unwrap()
}

fn vault(name: &str) -> VaultName {
    VaultName::new(name).unwrap()
}

fn point(arn: &str, kind: ResourceType, days: i64) -> RecoveryPoint {
    RecoveryPoint {
        resource_type: Some(kind),
        status: Some(PointStatus::Completed),
        lifecycle: Lifecycle {
            delete_after_days: Some(days),
            ..Lifecycle::default()
        },
        ..RecoveryPoint::new(arn, vault("daily"))
    }
}

fn snapshots(days: &[i64]) -> Load {
    let mut load = Load::default();
    for days in days {
        load.add(
            &point("arn:aws:ec2:us-east-1::snapshot/snap-1", ResourceType::Ebs, *days),
            Retention::AsSource,
        );
    }
    load
}

fn simulated(resource: &str, decision: Decision) -> Simulated {
    Simulated {
        action: "backup:StartCopyJob".to_owned(),
        resource: resource.to_owned(),
        decision,
        missing_keys: Vec::new(),
        by_organization: Some(true),
        by_boundary: None,
    }
}

fn judged(need: Need, results: Vec<Simulated>) -> Check {
    let needed = Needed {
        topic: Topic::Permission,
        account: source(),
        principal: "operator".to_owned(),
        action: "backup:StartCopyJob",
        resources: vec!["a".to_owned(), "b".to_owned()],
        need,
    };
    needed.judge(&Ok(results))
}

#[test]
fn a_simulation_fails_only_what_is_certain() {
    use Decision::{Allowed, ExplicitDeny, ImplicitDeny};
    let all = judged(
        Need::Must,
        vec![simulated("a", ImplicitDeny), simulated("b", ImplicitDeny)],
    );
    assert_eq!((all.verdict, &all.bears_on), (Verdict::Failed, &Bearing::Everything));
    assert!(
        all.fix
            .unwrap()
            .contains("\"Action\":[\"backup:StartCopyJob\"],\"Resource\":[\"a\",\"b\"]")
    );

    let some = judged(Need::Must, vec![simulated("a", Allowed), simulated("b", ImplicitDeny)]);
    assert_eq!((some.verdict, &some.bears_on), (Verdict::Failed, &Bearing::Something));

    let mut open = simulated("a", ExplicitDeny);
    open.missing_keys = vec!["aws:MultiFactorAuthPresent".to_owned()];
    let open = judged(Need::Must, vec![open, simulated("b", Allowed)]);
    assert_eq!(open.verdict, Verdict::NotChecked);
    assert!(open.detail.contains("aws:MultiFactorAuthPresent"));

    let part = judged(Need::Part("then tags stay behind"), vec![simulated("a", ExplicitDeny)]);
    assert_eq!(part.verdict, Verdict::NotChecked);
    assert!(part.detail.ends_with("then tags stay behind") && part.fix.is_some());

    assert_eq!(
        judged(Need::Must, vec![simulated("c", Allowed)]).verdict,
        Verdict::NotChecked,
        "it was not asked about"
    );
}

#[test]
fn a_policy_of_the_organization_is_named_as_such() {
    let mut refused = simulated("a", Decision::ImplicitDeny);
    refused.by_organization = Some(false);
    let check = judged(Need::Must, vec![refused]);
    assert!(
        check.detail.ends_with("a policy of the organization does not allow it"),
        "{}",
        check.detail
    );
    assert!(check.fix.unwrap().contains("service control policies"));
}

#[test]
fn a_lock_tells_how_many_copies_it_refuses() {
    let load = snapshots(&[5, 5, 35, 400]);
    let into: Vec<&Bundle> = load.copyable().collect();
    let (route, name) = (route("us-east-1"), vault("daily"));
    let target = vault::Target {
        route: &route,
        name: &name,
        source: &name,
    };
    let lock = |min, max| {
        let range = crate::retention::LockRange {
            min_days: Some(min),
            max_days: Some(max),
        };
        target.lock(Some(range), &into).unwrap()
    };
    assert_eq!(lock(1, 400).verdict, Verdict::Passed);
    let some = lock(7, 365);
    assert!(some.detail.contains("refuse 3 of 4 copies"), "{}", some.detail);
    assert_eq!(some.bears_on, Bearing::Something);
    assert_eq!(lock(500, 600).bears_on, Bearing::Into(name.clone()));
    assert!(target.lock(None, &into).is_none());
}

#[test]
fn quotas_are_held_against_what_is_to_come() {
    let mut load = snapshots(&[1; 10]);
    for _ in 0..5 {
        load.add(
            &point("arn:aws:ec2:us-east-1::image/ami-1", ResourceType::Ec2, 1),
            Retention::AsSource,
        );
    }
    let there = BTreeMap::from([(vault("daily"), 90)]);
    let demands = quota::demands(&load, Clone::clone, &there);
    let told: Vec<_> = demands
        .iter()
        .map(|demand| (demand.quota, demand.there, demand.coming))
        .collect();
    assert_eq!(
        told,
        [
            (Quota::PointsPerVault, 90, 15),
            (Quota::Snapshots, 0, 15),
            (Quota::Images, 0, 5)
        ],
        "an image has a snapshot at least"
    );
    let fits = |limit| quota::fits(source(), &demands[0], &Ok(limit)).verdict;
    assert_eq!((fits(105.0), fits(104.0)), (Verdict::Passed, Verdict::Failed));
}

#[test]
fn disks_and_partitions() {
    let room = |free| account::disk(source(), "ledger.db", free, 1_000_000).verdict;
    assert_eq!(room(Ok(1 << 40)), Verdict::Passed);
    assert_eq!(room(Ok(1 << 20)), Verdict::Failed);
    assert_eq!(room(Err(NotTold("why".to_owned()))), Verdict::NotChecked);

    let of = |region, caller: &str| account::region(&route(region), source(), caller).verdict;
    assert_eq!(
        of("us-gov-west-1", "arn:aws-us-gov:sts::111111111111:assumed-role/a/b"),
        Verdict::Passed
    );
    assert_eq!(
        of("us-gov-west-1", "arn:aws:sts::111111111111:assumed-role/a/b"),
        Verdict::Failed
    );
    assert_eq!(
        of("cn-north-1", "arn:aws-cn:sts::111111111111:assumed-role/a/b"),
        Verdict::NotChecked
    );
}

#[test]
fn what_has_nothing_to_copy_is_not_counted() {
    let mut load = Load::default();
    let whole = point("arn:aws:ec2:us-east-1::snapshot/snap-1", ResourceType::Ebs, 1);
    let child = RecoveryPoint {
        parent_arn: Some("arn:parent".into()),
        ..whole.clone()
    };
    let broken = RecoveryPoint {
        status: Some(PointStatus::Partial),
        ..whole.clone()
    };
    for point in [&whole, &child, &broken] {
        load.add(point, Retention::AsSource);
    }
    assert_eq!(load.points(), 1);
}

#[test]
fn a_failure_holds_back_what_it_is_about() {
    let group = Group {
        vault: vault("daily"),
        resource_type: Some(ResourceType::Ebs),
        encryption_key_arn: Some("arn:key".into()),
    };
    let target = vault("archive");
    for (bearing, held) in [
        (Bearing::Everything, true),
        (Bearing::Something, false),
        (Bearing::Into(vault("archive")), true),
        (Bearing::Into(vault("daily")), false),
        (Bearing::Under("arn:key".into()), true),
        (Bearing::Under("arn:other".into()), false),
        (Bearing::OfType(ResourceType::Ebs), true),
        (Bearing::OfType(ResourceType::Rds), false),
    ] {
        assert_eq!(bearing.holds_back(&group, &target), held, "{bearing:?}");
    }
}

/// What a failed job says and what a check says come from one table.
#[test]
fn failures_during_a_run_name_the_fix_of_the_check_before_it() {
    for (category, message, remedy) in [
        (
            "ACCESS_DENIED",
            "must be members of the same organization",
            Remedy::JoinOrganization,
        ),
        (
            "ACCESS_DENIED",
            "default Backup service managed key",
            Remedy::GiveVaultCustomerKey,
        ),
        ("ACCESS_DENIED", "Given key ID is not accessible", Remedy::ShareKey),
        (
            "ACCESS_DENIED",
            "the access policy of backup vault x",
            Remedy::OpenVault,
        ),
        ("ACCESS_DENIED", "cannot assume role", Remedy::RepairCopyRole),
        ("FEATURE_NOT_ENABLED", "", Remedy::EnableCrossAccountBackup),
        ("KMS_KEY_ERROR", "", Remedy::EnableKey),
        ("INVALID_LIFECYCLE", "", Remedy::ChooseRetention),
        ("LIMIT_EXCEEDED", "50,000 images", Remedy::RaiseQuota),
        ("RESOURCE_NOT_FOUND", "the backup vault", Remedy::MakeVault),
        ("RESOURCE_NOT_FOUND", "the kms key", Remedy::RestoreKey),
        ("RESOURCE_NOT_SUPPORTED", "", Remedy::ChooseOtherType),
    ] {
        let reading = category::of_job(Some(category), Some(message));
        assert_eq!(
            reading.cause.fix.as_deref(),
            Some(remedy.words()),
            "{category} {message}"
        );
    }
    let topics: std::collections::BTreeSet<Topic> = Remedy::ALL.iter().map(|remedy| remedy.topic()).collect();
    assert!(topics.len() >= 10, "{topics:?}");
}
