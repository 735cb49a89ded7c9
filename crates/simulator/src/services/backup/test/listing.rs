use proptest::prelude::*;
use serde_json::json;

use super::*;

const TYPES: [ResourceType; 6] = [
    ResourceType::Ebs,
    ResourceType::Efs,
    ResourceType::S3,
    ResourceType::FsxLustre,
    ResourceType::FsxWindows,
    ResourceType::CloudFormation,
];

/// 150 points of 12 resources in two vaults; every tenth is the parent of the two after it, every seventh is gone.
fn filled() -> Sim {
    let mut sim = small_box();
    let other = sim.world.add_vault(vault(SOURCE, "other"));
    let foreign = sim.world.add_vault(vault(DESTINATION, "daily"));
    let resources: Vec<ResourceId> = (0..12)
        .map(|number| resource(&mut sim.world, TYPES[number % TYPES.len()], &format!("thing-{number}")))
        .collect();
    let mut parent = None;
    for serial in 1..=150_u64 {
        let mix = serial.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let place = match mix % 11 {
            0 => foreign,
            1..=3 => other,
            _ => daily(&sim.world),
        };
        let of = resources[usize::try_from(mix).unwrap() / 16 % resources.len()];
        let mut row = point(&sim.world, place, of, serial * 31 % 151);
        row.plan = if mix % 5 == 0 {
            ON_DEMAND
        } else {
            u16::try_from(mix % 7).unwrap()
        };
        row.deleted = serial % 7 == 0;
        row.parent = parent.filter(|_| matches!(serial % 10, 1 | 2));
        let id = sim.world.add_point(row);
        if serial % 10 == 0 {
            parent = Some(id);
        }
    }
    sim
}

#[derive(Clone, Debug, Default)]
struct Filters {
    resource: Option<usize>,
    resource_type: Option<&'static str>,
    plan: Option<u8>,
    before: Option<i64>,
    after: Option<i64>,
    parent: Option<usize>,
}

prop_compose! {
    fn filters()(
        resource in prop::option::weighted(0.3, 0..12_usize),
        resource_type in prop::option::weighted(0.3, prop::sample::select(vec!["EBS", "EFS", "S3", "FSx", "Braket"])),
        plan in prop::option::weighted(0.3, 0..3_u8),
        before in prop::option::weighted(0.3, 0..151_i64),
        after in prop::option::weighted(0.3, 0..151_i64),
        parent in prop::option::weighted(0.2, 0..15_usize),
    ) -> Filters {
        Filters { resource, resource_type, plan, before, after, parent }
    }
}

impl Filters {
    fn params(&self, world: &World) -> Value {
        let seconds = |hours: i64| {
            let text = Moment::from_millis(NOW.millis() - hours * 3_600_000).to_string();
            text.parse::<f64>().unwrap()
        };
        let mut params = json!({"BackupVaultName": "daily"});
        let mut set = |member: &str, value: Option<Value>| {
            if let Some(value) = value {
                params[member] = value;
            }
        };
        set(
            "ByResourceArn",
            self.resource.map(|at| world.resource_arn(resource_id(at)).into()),
        );
        set("ByResourceType", self.resource_type.map(Into::into));
        set("ByBackupPlanId", self.plan.map(|plan| format!("plan-{plan}").into()));
        set("ByCreatedBefore", self.before.map(|hours| seconds(hours).into()));
        set("ByCreatedAfter", self.after.map(|hours| seconds(hours).into()));
        set(
            "ByParentRecoveryPointArn",
            self.parent.map(|at| world.point_arn(parent_id(at)).into()),
        );
        params
    }

    /// What AWS's documentation says, said once more.
    fn fit(&self, world: &World, id: PointId) -> bool {
        let point = world.point(id);
        let hours = (NOW.millis() - point.created.millis()) / 3_600_000;
        !point.deleted
            && point.vault == daily(world)
            && self.resource.is_none_or(|at| point.resource == resource_id(at))
            && self
                .resource_type
                .is_none_or(|name| point.resource_type.wire_name() == name)
            && self.plan.is_none_or(|plan| {
                let rule = world.rule_of(id);
                rule.is_some_and(|rule| rule.plan_id == format!("plan-{plan}"))
            })
            && self.before.is_none_or(|limit| hours > limit)
            && self.after.is_none_or(|limit| hours < limit)
            && self
                .parent
                .is_none_or(|at| point.parent == Some(parent_id(at)) && !world.point(parent_id(at)).deleted)
    }

    fn expected(&self, world: &World) -> Vec<String> {
        all_ids(world)
            .filter(|id| self.fit(world, *id))
            .map(|id| world.point_arn(id))
            .collect()
    }
}

fn all_ids(world: &World) -> impl Iterator<Item = PointId> {
    (0..u32::try_from(world.points().len()).unwrap()).map(PointId)
}

fn resource_id(at: usize) -> ResourceId {
    ResourceId(u32::try_from(at).unwrap())
}

/// Some of these are parents.
fn parent_id(at: usize) -> PointId {
    PointId(u32::try_from(at * 10 + 9).unwrap())
}

fn arns(rows: &[Value]) -> Vec<String> {
    rows.iter()
        .map(|row| row["RecoveryPointArn"].as_str().unwrap().to_owned())
        .collect()
}

const BY_VAULT: &str = "ListRecoveryPointsByBackupVault";

proptest! {
    #[test]
    fn the_pages_together_are_what_fits(filters in filters(), size in 1..200_u64, rows_per_call in 1..200_usize) {
        let mut sim = filled();
        sim.backup.rows_per_call = rows_per_call;
        let mut params = filters.params(&sim.world);
        params["MaxResults"] = size.into();
        let listed = arns(&sim.pages(BY_VAULT, "RecoveryPoints", &params));
        prop_assert_eq!(listed, filters.expected(&sim.world));
    }

    #[test]
    fn points_that_come_and_go_between_pages_disturb_no_others(
        size in 1..20_u64,
        changes in prop::collection::vec((any::<bool>(), 0..150_u32), 1..40),
    ) {
        let mut sim = filled();
        let before = Filters::default().expected(&sim.world);
        let mut params = json!({"BackupVaultName": "daily", "MaxResults": size});
        let mut listed = Vec::new();
        let mut changes = changes.into_iter();
        loop {
            let page = sim.ask(BY_VAULT, params.clone()).unwrap();
            listed.extend(arns(page["RecoveryPoints"].as_array().unwrap()));
            if page["NextToken"].is_null() {
                break;
            }
            params["NextToken"] = page["NextToken"].clone();
            match changes.next() {
                Some((true, number)) => {
                    let place = daily(&sim.world);
                    add(&mut sim.world, place, ResourceId(0), 1000 + u64::from(number));
                }
                Some((false, number)) => sim.world.point_mut(PointId(number)).deleted = true,
                None => {}
            }
        }
        let after = Filters::default().expected(&sim.world);
        let mut distinct = listed.clone();
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), listed.len(), "no point is listed twice");
        for there_all_along in before.iter().filter(|arn| after.contains(arn)) {
            prop_assert!(listed.contains(there_all_along));
        }
    }

    #[test]
    fn a_resources_points_are_listed_over_all_vaults_of_the_account(at in 0..12_usize, size in 1..60_u64) {
        let mut sim = filled();
        let resource = resource_id(at);
        let own = |id: &PointId| sim.world.vault(sim.world.point(*id).vault).account == SOURCE;
        let expected: Vec<String> = all_ids(&sim.world)
            .filter(|id| sim.world.point(*id).resource == resource && !sim.world.point(*id).deleted)
            .filter(own)
            .map(|id| sim.world.point_arn(id))
            .collect();
        let params = json!({"ResourceArn": sim.world.resource_arn(resource), "MaxResults": size});
        prop_assert_eq!(arns(&sim.pages("ListRecoveryPointsByResource", "RecoveryPoints", &params)), expected);
    }
}

#[test]
fn an_unfiltered_page_holds_as_many_as_were_asked_for() {
    let mut sim = filled();
    let all = Filters::default().expected(&sim.world).len();
    let page = |sim: &mut Sim, params: Value| {
        let page = sim.ask(BY_VAULT, params).unwrap();
        (
            page["RecoveryPoints"].as_array().unwrap().len(),
            page["NextToken"].is_string(),
        )
    };
    assert_eq!(
        page(&mut sim, json!({"BackupVaultName": "daily", "MaxResults": 10})),
        (10, true)
    );
    assert_eq!(
        page(&mut sim, json!({"BackupVaultName": "daily", "MaxResults": 1000})),
        (all, false)
    );
    assert_eq!(page(&mut sim, json!({"BackupVaultName": "daily"})), (all, false));
    sim.backup.page_size = 5;
    assert_eq!(page(&mut sim, json!({"BackupVaultName": "daily"})), (5, true));
}

#[test]
fn tokens_are_good_for_the_vault_and_the_filters_they_were_given_for() {
    let mut sim = filled();
    let page = sim
        .ask(BY_VAULT, json!({"BackupVaultName": "daily", "MaxResults": 3}))
        .unwrap();
    let token = &page["NextToken"];
    for wrong in [
        json!({"BackupVaultName": "other", "NextToken": token}),
        json!({"BackupVaultName": "daily", "ByResourceType": "EBS", "NextToken": token}),
        json!({"BackupVaultName": "daily", "NextToken": format!("{}AAAA", token.as_str().unwrap())}),
        json!({"BackupVaultName": "daily", "NextToken": "eyJhIjoxfQ=="}),
        json!({"BackupVaultName": "daily", "NextToken": ""}),
    ] {
        assert_eq!(
            sim.code(BY_VAULT, wrong.clone()),
            "InvalidParameterValueException",
            "{wrong}"
        );
    }
    sim.account = DESTINATION;
    assert_eq!(
        sim.code(BY_VAULT, json!({"BackupVaultName": "daily", "NextToken": token})),
        "InvalidParameterValueException"
    );
}

#[test]
fn filters_by_arn_take_arns_of_this_partition_and_region_only() {
    let mut sim = filled();
    let unknown =
        json!({"BackupVaultName": "daily", "ByResourceArn": "arn:aws:ec2:eu-central-1:111111111111:volume/none"});
    assert_eq!(
        sim.ask(BY_VAULT, unknown).unwrap(),
        json!({"RecoveryPoints": [], "NextToken": null})
    );
    for member in ["ByResourceArn", "ByParentRecoveryPointArn"] {
        for wrong in [
            "vol-1",
            "arn:aws:ec2:us-east-1:111111111111:volume/a",
            "arn:aws-cn:s3:::bucket",
            "arn:aws:ec2:eu-central-1:12:v",
        ] {
            let params = json!({"BackupVaultName": "daily", member: wrong});
            assert_eq!(
                sim.code(BY_VAULT, params),
                "InvalidParameterValueException",
                "{member} {wrong}"
            );
        }
    }
    assert_eq!(
        sim.code("ListRecoveryPointsByResource", json!({"ResourceArn": "bucket"})),
        "InvalidParameterValueException"
    );
    let none = json!({"ResourceArn": "arn:aws:s3:::nobodys"});
    assert_eq!(
        sim.ask("ListRecoveryPointsByResource", none).unwrap()["RecoveryPoints"],
        json!([])
    );
}

#[test]
fn a_point_is_described_in_its_own_vault_only() {
    let mut sim = filled();
    let ids: Vec<PointId> = all_ids(&sim.world).collect();
    let living = |sim: &Sim, place: VaultId| {
        let fits = |id: &&PointId| sim.world.point(**id).vault == place && !sim.world.point(**id).deleted;
        sim.world.point_arn(*ids.iter().find(fits).unwrap())
    };
    let here = living(&sim, daily(&sim.world));
    let there = living(&sim, sim.world.vault_named(DESTINATION, "daily").unwrap());
    let gone = sim
        .world
        .point_arn(*ids.iter().find(|id| sim.world.point(**id).deleted).unwrap());
    let describe = |vault: &str, arn: &str| json!({"BackupVaultName": vault, "RecoveryPointArn": arn});
    assert_eq!(
        sim.ask("DescribeRecoveryPoint", describe("daily", &here)).unwrap()["StorageClass"],
        "WARM"
    );
    for (vault, arn, code) in [
        ("other", &here, "ResourceNotFoundException"),
        ("nowhere", &here, "ResourceNotFoundException"),
        ("daily", &there, "ResourceNotFoundException"),
        ("daily", &gone, "ResourceNotFoundException"),
        ("daily", &"snap-1".to_owned(), "InvalidParameterValueException"),
    ] {
        assert_eq!(
            sim.code("DescribeRecoveryPoint", describe(vault, arn)),
            code,
            "{vault} {arn}"
        );
    }
    let mut across = describe("daily", &here);
    across["BackupVaultAccountId"] = SOURCE.into();
    sim.ask("DescribeRecoveryPoint", across.clone()).unwrap();
    sim.account = DESTINATION;
    assert_eq!(sim.code("DescribeRecoveryPoint", across), "AccessDeniedException");
}
