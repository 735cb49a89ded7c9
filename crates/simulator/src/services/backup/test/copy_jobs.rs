use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fleet::{Job, JobState, Limits, ListOrder};
use crate::world::{DestinationPlan, Shares, WorldPlan};

const ROLE: &str = "arn:aws:iam::111111111111:role/service-role/AWSBackupDefaultServiceRole";

/// A seeded world in which every third point was ordered to be copied, one a second, some hours ago.
fn busy(order: ListOrder) -> Sim {
    let destination = DestinationPlan {
        vaults: true,
        ..WorldPlan::default().destination
    };
    let shares = Shares {
        composites: 0.1,
        ..WorldPlan::default().shares
    };
    let plan = WorldPlan {
        points: 600,
        vaults: 4,
        start: NOW,
        destination,
        shares,
        ..WorldPlan::default()
    };
    let mut settings = FleetSettings {
        limits: Limits::all(2),
        ..FleetSettings::default()
    };
    settings.listing.order = order;
    let mut sim = Sim::of(World::seeded(&plan), settings);
    let ordered = |id: &PointId| id.0.is_multiple_of(3) || sim.world.point(*id).kind == PointKind::Composite;
    let ids: Vec<PointId> = (0..600).map(PointId).filter(ordered).collect();
    for id in ids {
        sim.now = sim.now + Duration::from_secs(1);
        let accepted = start(&mut sim, id);
        assert!(accepted.is_ok_and(|job| job["CopyJobId"].is_string()) || !copyable(&sim, id));
    }
    sim.now = sim.now + Duration::from_hours(2);
    sim
}

/// Whether the fleet cannot but accept it.
fn copyable(sim: &Sim, id: PointId) -> bool {
    let point = sim.world.point(id);
    point.kind == PointKind::Snapshot && point.status == PointStatus::Completed && point.resource_type.cross_account()
}

fn start(sim: &mut Sim, id: PointId) -> Result<Value, Refusal> {
    let params = order(sim, id);
    sim.ask("StartCopyJob", params)
}

fn order(sim: &Sim, id: PointId) -> Value {
    let vault = sim.world.vault(sim.world.point(id).vault);
    json!({
        "RecoveryPointArn": sim.world.point_arn(id),
        "SourceBackupVaultName": vault.name,
        "DestinationBackupVaultArn": sim.world.vault_arn(sim.world.point(id).vault).replace(SOURCE, DESTINATION),
        "IamRoleArn": ROLE,
    })
}

fn first_copyable(sim: &Sim) -> PointId {
    (0..600).map(PointId).find(|id| copyable(sim, *id)).unwrap()
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "any of them may be there or not")]
struct Filters {
    /// Which job the filters are about; each flag says whether its member is taken over from it.
    about: usize,
    resource: bool,
    source_point: bool,
    resource_type: bool,
    destination: bool,
    category: bool,
    parent: bool,
    state: Option<JobState>,
    created_before: Option<i64>,
    created_after: Option<i64>,
    complete_before: Option<i64>,
    complete_after: Option<i64>,
}

fn seldom(weight: f64) -> impl Strategy<Value = bool> {
    prop::bool::weighted(weight)
}

fn seconds_from_start() -> impl Strategy<Value = Option<i64>> {
    prop::option::weighted(0.2, 0..9000_i64)
}

prop_compose! {
    fn filters()(
        about in 0..200_usize,
        (resource, source_point, resource_type) in (seldom(0.2), seldom(0.2), seldom(0.3)),
        (destination, category, parent) in (seldom(0.2), seldom(0.2), seldom(0.1)),
        state in prop::option::weighted(0.4, prop::sample::select(JobState::ALL.to_vec())),
        created_before in prop::option::weighted(0.2, 0..200_i64),
        created_after in prop::option::weighted(0.2, 0..200_i64),
        complete_before in seconds_from_start(),
        complete_after in seconds_from_start(),
    ) -> Filters {
        Filters {
            about, resource, source_point, resource_type, destination, category, parent, state,
            created_before, created_after, complete_before, complete_after,
        }
    }
}

fn at(seconds: i64) -> Moment {
    Moment::from_millis(NOW.millis() + seconds * 1000)
}

impl Filters {
    fn example<'a>(&self, sim: &'a Sim) -> &'a Job {
        let count = sim.fleet.jobs_from(0).count();
        sim.fleet.jobs_from(0).nth(self.about % count).unwrap().1
    }

    fn params(&self, sim: &Sim) -> Value {
        let job = self.example(sim);
        let mut params = json!({});
        let mut set = |member: &str, value: Option<Value>| {
            if let Some(value) = value {
                params[member] = value;
            }
        };
        let seconds = |limit: Option<i64>| limit.map(|limit| at(limit).to_string().parse::<f64>().unwrap().into());
        set(
            "ByResourceArn",
            self.resource.then(|| sim.world.resource_arn(job.resource).into()),
        );
        set(
            "BySourceRecoveryPointArn",
            self.source_point.then(|| sim.world.point_arn(job.source_point).into()),
        );
        set(
            "ByResourceType",
            self.resource_type.then(|| job.resource_type.wire_name().into()),
        );
        set(
            "ByDestinationVaultArn",
            self.destination.then(|| job.route.destination_vault_arn.clone().into()),
        );
        set("ByMessageCategory", self.category(sim).map(Into::into));
        set("ByParentJobId", self.parent.then(|| job.id().into()));
        set("ByState", self.state.map(|state| state.wire_name().into()));
        set("ByCreatedBefore", seconds(self.created_before));
        set("ByCreatedAfter", seconds(self.created_after));
        set("ByCompleteBefore", seconds(self.complete_before));
        set("ByCompleteAfter", seconds(self.complete_after));
        params
    }

    fn category(&self, sim: &Sim) -> Option<&'static str> {
        sim.fleet.shown_category(self.example(sim)).filter(|_| self.category)
    }

    /// What AWS's documentation says, said once more.
    fn fit(&self, sim: &Sim, job: &Job) -> bool {
        let example = self.example(sim);
        job.route.account == SOURCE
            && (!self.resource || job.resource == example.resource)
            && (!self.source_point || job.source_point == example.source_point)
            && (!self.resource_type || job.resource_type.wire_name() == example.resource_type.wire_name())
            && (!self.destination || job.route.destination_vault_arn == example.route.destination_vault_arn)
            && (!self.parent || sim.fleet.children(example).any(|child| child.id() == job.id()))
            && self
                .category(sim)
                .is_none_or(|wanted| sim.fleet.shown_category(job) == Some(wanted))
            && self.state.is_none_or(|state| job.state == state)
            && self.created_before.is_none_or(|limit| job.created < at(limit))
            && self.created_after.is_none_or(|limit| job.created > at(limit))
            && self
                .complete_before
                .is_none_or(|limit| job.completed.is_some_and(|done| done < at(limit)))
            && self
                .complete_after
                .is_none_or(|limit| job.completed.is_some_and(|done| done > at(limit)))
    }
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter()
        .map(|row| row["CopyJobId"].as_str().unwrap().to_owned())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_pages_together_are_what_fits(
        filters in filters(),
        size in 1..300_u64,
        rows_per_call in 1..300_usize,
        newest_first: bool,
    ) {
        let order = if newest_first { ListOrder::NewestFirst } else { ListOrder::OldestFirst };
        let mut sim = busy(order);
        sim.backup.rows_per_call = rows_per_call;
        sim.catch_up_now();
        let jobs = sim.fleet.jobs_from(0).map(|(_, job)| job);
        let mut expected: Vec<String> = jobs.filter(|job| filters.fit(&sim, job)).map(Job::id).collect();
        if newest_first {
            expected.reverse();
        }
        let mut params = filters.params(&sim);
        params["MaxResults"] = size.into();
        prop_assert_eq!(ids(&sim.pages("ListCopyJobs", "CopyJobs", &params)), expected);
    }
}

#[test]
fn the_busy_world_has_jobs_of_every_kind() {
    let mut sim = busy(ListOrder::NewestFirst);
    sim.catch_up_now();
    for state in [
        JobState::Created,
        JobState::Running,
        JobState::Completed,
        JobState::Failed,
    ] {
        assert!(sim.fleet.jobs_from(0).any(|(_, job)| job.state == state), "{state:?}");
    }
    assert!(sim.fleet.jobs_from(0).any(|(_, job)| sim.fleet.parent(job).is_some()));
    assert!(sim.fleet.jobs_from(0).count() > 100);
}

#[test]
fn jobs_are_the_accounts_that_started_them() {
    let mut sim = busy(ListOrder::NewestFirst);
    let management = sim.world.organization.management_account.clone();
    let all = sim.pages("ListCopyJobs", "CopyJobs", &json!({})).len();
    assert_eq!(
        sim.pages("ListCopyJobs", "CopyJobs", &json!({"ByAccountId": SOURCE}))
            .len(),
        all
    );
    assert_eq!(
        sim.code("ListCopyJobs", json!({"ByAccountId": DESTINATION})),
        "AccessDeniedException"
    );
    let id = sim.ask("ListCopyJobs", json!({"MaxResults": 1})).unwrap()["CopyJobs"][0]["CopyJobId"].clone();
    sim.ask("DescribeCopyJob", json!({"CopyJobId": id})).unwrap();
    sim.account = DESTINATION;
    assert_eq!(sim.pages("ListCopyJobs", "CopyJobs", &json!({})).len(), 0);
    assert_eq!(
        sim.code("DescribeCopyJob", json!({"CopyJobId": id})),
        "ResourceNotFoundException"
    );
    assert_eq!(
        sim.code("DescribeCopyJob", json!({"CopyJobId": "no such job"})),
        "ResourceNotFoundException"
    );
    sim.account = management.leak();
    assert_eq!(
        sim.pages("ListCopyJobs", "CopyJobs", &json!({"ByAccountId": "*"}))
            .len(),
        all
    );
    assert_eq!(
        sim.pages("ListCopyJobs", "CopyJobs", &json!({"ByAccountId": SOURCE}))
            .len(),
        all
    );
}

#[test]
fn a_job_is_described_as_it_is_listed() {
    let mut sim = busy(ListOrder::OldestFirst);
    for row in sim.pages("ListCopyJobs", "CopyJobs", &json!({})) {
        let described = sim
            .ask("DescribeCopyJob", json!({"CopyJobId": row["CopyJobId"]}))
            .unwrap();
        assert_eq!(described, json!({"CopyJob": row}));
    }
}

#[test]
fn a_copy_runs_to_its_end_and_tells_where_it_went() {
    let mut sim = busy(ListOrder::NewestFirst);
    let done = sim.pages("ListCopyJobs", "CopyJobs", &json!({"ByState": "COMPLETED"}));
    let job = done.iter().find(|job| job["IsParent"] == false).unwrap();
    let arn = job["DestinationRecoveryPointArn"].as_str().unwrap().to_owned();
    let source = sim
        .world
        .point_ever_with_arn(job["SourceRecoveryPointArn"].as_str().unwrap())
        .unwrap();
    let resource = sim.world.point(source).resource;
    assert_eq!(job["ResourceArn"], sim.world.resource_arn(resource));
    assert_eq!(job["AccountId"], SOURCE);
    assert_eq!(job["IamRoleArn"], ROLE);
    assert_eq!(job["ResourceName"], json!(sim.world.resource(resource).name));
    assert_eq!(job["DestinationVaultType"], "BACKUP_VAULT");
    assert!(job["CompletionDate"].as_f64().unwrap() > job["CreationDate"].as_f64().unwrap());

    let vault = job["DestinationBackupVaultArn"]
        .as_str()
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap();
    let describe = json!({"BackupVaultName": vault, "RecoveryPointArn": arn});
    sim.account = DESTINATION;
    let copy = sim.ask("DescribeRecoveryPoint", describe).unwrap();
    assert_eq!(copy["SourceBackupVaultArn"], job["SourceBackupVaultArn"]);
    assert_eq!(copy["EncryptionKeyArn"], job["DestinationEncryptionKeyArn"]);
    assert!(
        copy["IamRoleArn"]
            .as_str()
            .unwrap()
            .ends_with("AWSServiceRoleForBackup")
    );
}

#[test]
fn the_same_token_is_the_same_job() {
    let mut sim = busy(ListOrder::NewestFirst);
    let id = first_copyable(&sim);
    let mut params = order(&sim, id);
    params["IdempotencyToken"] = "once".into();
    let first = sim.ask("StartCopyJob", params.clone()).unwrap();
    assert_eq!(sim.ask("StartCopyJob", params.clone()).unwrap(), first);
    params["IdempotencyToken"] = "twice".into();
    assert_ne!(
        sim.ask("StartCopyJob", params).unwrap()["CopyJobId"],
        first["CopyJobId"]
    );
}

#[test]
fn what_a_request_alone_shows_to_be_wrong_is_refused_at_once() {
    let mut sim = busy(ListOrder::NewestFirst);
    let id = first_copyable(&sim);
    let right = order(&sim, id);
    let other_vault = sim
        .world
        .vaults_of(SOURCE)
        .into_iter()
        .find(|vault| *vault != sim.world.point(id).vault)
        .unwrap();
    let other_vault = sim.world.vault(other_vault).name.clone();
    let own_vault = sim.world.vault_arn(sim.world.point(id).vault);
    let destination = right["DestinationBackupVaultArn"].as_str().unwrap().to_owned();
    let (invalid, missing) = ("InvalidParameterValueException", "ResourceNotFoundException");
    let jobs = sim.fleet.jobs_from(0).count();
    for (member, value, code) in [
        ("RecoveryPointArn", json!("snap-1"), invalid),
        (
            "RecoveryPointArn",
            json!("arn:aws-cn:ec2:us-east-1::snapshot/snap-1"),
            invalid,
        ),
        (
            "RecoveryPointArn",
            json!(sim.world.point_arn(id).replace(&sim.world.region, "mars-west-1")),
            invalid,
        ),
        (
            "RecoveryPointArn",
            json!(format!("{}0", sim.world.point_arn(id))),
            missing,
        ),
        ("SourceBackupVaultName", json!("nowhere"), missing),
        ("SourceBackupVaultName", json!(other_vault), missing),
        ("DestinationBackupVaultArn", json!("daily"), invalid),
        ("DestinationBackupVaultArn", json!(own_vault), invalid),
        (
            "DestinationBackupVaultArn",
            json!(destination.replace(DESTINATION, "22222")),
            invalid,
        ),
        (
            "DestinationBackupVaultArn",
            json!(destination.replace(DESTINATION, "")),
            invalid,
        ),
        (
            "DestinationBackupVaultArn",
            json!(destination.replace(":aws:", ":aws-us-gov:")),
            invalid,
        ),
        (
            "DestinationBackupVaultArn",
            json!(destination.replace(&sim.world.region, "mars-west-1")),
            invalid,
        ),
        (
            "DestinationBackupVaultArn",
            json!(destination.replace("backup-vault", "backup-plan")),
            invalid,
        ),
        ("IamRoleArn", json!("AWSBackupDefaultServiceRole"), invalid),
        ("IamRoleArn", json!("arn:aws:iam::111111111111:user/operator"), invalid),
        (
            "IamRoleArn",
            json!("arn:aws:iam:us-east-1:111111111111:role/r"),
            invalid,
        ),
        (
            "IamRoleArn",
            json!(ROLE.replace(SOURCE, DESTINATION)),
            "AccessDeniedException",
        ),
        ("Lifecycle", json!({"DeleteAfterDays": 0}), invalid),
        ("Lifecycle", json!({"DeleteAfterDays": -2}), invalid),
        (
            "Lifecycle",
            json!({"DeleteAfterDays": 119, "MoveToColdStorageAfterDays": 30}),
            invalid,
        ),
        ("Lifecycle", json!({"DeleteAfterEvent": "DELETE_AFTER_COPY"}), invalid),
    ] {
        let mut wrong = right.clone();
        wrong[member] = value;
        assert_eq!(sim.code("StartCopyJob", wrong.clone()), code, "{wrong}");
    }
    assert_eq!(sim.fleet.jobs_from(0).count(), jobs);
    for fine in [
        json!({"DeleteAfterDays": -1}),
        json!({"DeleteAfterDays": 120, "MoveToColdStorageAfterDays": 30}),
        json!({}),
    ] {
        let mut right = right.clone();
        right["Lifecycle"] = fine;
        sim.ask("StartCopyJob", right).unwrap();
    }
    sim.account = DESTINATION;
    assert_eq!(sim.code("StartCopyJob", order(&sim, id)), "AccessDeniedException");
}
