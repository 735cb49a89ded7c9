//! The smaller services, faults and permissions as a client meets them: signed requests in, bytes out.

#![expect(clippy::unwrap_used, reason = "a panic in a test's helper is the failure report too")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use sav_simulator::faults::{Because, Fault, FaultPlan, KeyChange, What};
use sav_simulator::identities::Credentials;
use sav_simulator::model::Service;
use sav_simulator::wire::sigv4;
use sav_simulator::world::{KeyState, WorldPlan};
use sav_simulator::{Clock as _, ManualClock, Outcome, Settings, Simulator};
use serde_json::{Value, json};

/// A sandbox whose time stands still, and somebody's keys to it.
struct Sandbox {
    simulator: Simulator,
    plan: WorldPlan,
    clock: Arc<ManualClock>,
    keys: Credentials,
}

impl Sandbox {
    fn new() -> Self {
        let plan = WorldPlan {
            points: 300,
            ..WorldPlan::default()
        };
        let clock = Arc::new(ManualClock::at(plan.start));
        let settings = Settings {
            world: plan.clone(),
            clock: clock.clone(),
            wire_clock: clock.clone(),
            ..Settings::default()
        };
        let simulator = Simulator::new(settings);
        let keys = simulator.credentials(&plan.source_account, "operator").unwrap();
        Self {
            simulator,
            plan,
            clock,
            keys,
        }
    }

    fn ask(&self, service: Service, request: http::request::Builder, body: String) -> Outcome {
        let request = request.header("host", "127.0.0.1").body(Bytes::from(body)).unwrap();
        self.simulator.respond(sigv4::sign(
            request,
            &self.keys,
            service,
            &self.plan.region,
            self.clock.now(),
        ))
    }

    fn query(&self, service: Service, form: &str) -> (u16, String) {
        let version = service.model().version;
        let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        answered(self.ask(service, request, format!("{form}&Version={version}")))
    }

    fn json(&self, service: Service, operation: &str, members: &Value) -> (u16, Value) {
        let target = format!("{}.{operation}", service.model().target_prefix);
        let request = Request::post("/")
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target);
        let (status, body) = answered(self.ask(service, request, members.to_string()));
        (status, serde_json::from_str(&body).unwrap())
    }

    fn list_vaults(&self) -> Outcome {
        self.ask(Service::Backup, Request::get("/backup-vaults/"), String::new())
    }
}

fn answered(outcome: Outcome) -> (u16, String) {
    let Outcome::Answer { response, .. } = outcome else {
        panic!("no answer: {outcome:?}")
    };
    told(&response)
}

fn told(response: &Response<Bytes>) -> (u16, String) {
    (
        response.status().as_u16(),
        String::from_utf8(response.body().to_vec()).unwrap(),
    )
}

/// The text of the first element of that name.
fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let (_, rest) = xml
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split_once(&format!("</{name}>")).unwrap().0
}

#[test]
fn a_role_of_the_other_account_is_assumed_used_and_lost() {
    let mut sandbox = Sandbox::new();
    let destination = sandbox.plan.destination_account.clone();
    let form = format!(
        "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A{destination}%3Arole%2FBackupMigrationOperator\
         &RoleSessionName=night&DurationSeconds=900\
         &Policy=%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22backup%3AList*%22%2C\
         %22Resource%22%3A%22*%22%7D%7D"
    );
    let (status, xml) = sandbox.query(Service::Sts, &form);
    assert_eq!(status, 200, "{xml}");
    let arn = format!("arn:aws:sts::{destination}:assumed-role/BackupMigrationOperator/night");
    assert_eq!(element(&xml, "Arn"), arn);
    sandbox.keys = Credentials {
        access_key_id: element(&xml, "AccessKeyId").to_owned(),
        secret_access_key: element(&xml, "SecretAccessKey").to_owned(),
        session_token: Some(element(&xml, "SessionToken").to_owned()),
        expiration: None,
    };
    let (_, who) = sandbox.query(Service::Sts, "Action=GetCallerIdentity");
    assert_eq!(
        (element(&who, "Account"), element(&who, "Arn")),
        (destination.as_str(), arn.as_str())
    );
    assert_eq!(answered(sandbox.list_vaults()).0, 200);
    let (status, narrowed) = sandbox.query(Service::Iam, "Action=GetRole&RoleName=BackupMigrationOperator");
    assert_eq!(
        (status, element(&narrowed, "Code")),
        (403, "AccessDenied"),
        "the session's policy allows listing only"
    );

    sandbox.clock.advance(Duration::from_mins(15));
    let (status, expired) = sandbox.query(Service::Sts, "Action=GetCallerIdentity");
    assert_eq!((status, element(&expired, "Code")), (403, "ExpiredToken"));
}

#[test]
fn keys_are_described_at_home_and_across_as_their_policies_say() {
    let sandbox = Sandbox::new();
    let keys: Vec<(String, String)> = sandbox.simulator.with_state(|state| {
        let world = &state.world;
        (0..world.keys.len())
            .map(|at| sav_simulator::world::KeyId(u32::try_from(at).unwrap()))
            .map(|id| (world.keys[id.0 as usize].account.clone(), world.key_arn(id)))
            .collect()
    });
    assert!(keys.len() > 3);
    let (mut own, mut foreign) = (0, 0);
    for (account, arn) in &keys {
        let (status, answer) = sandbox.json(Service::Kms, "DescribeKey", &json!({"KeyId": arn}));
        if *account == sandbox.plan.source_account {
            own += 1;
            assert_eq!((status, &answer["KeyMetadata"]["Arn"]), (200, &json!(arn)));
            let (status, policy) = sandbox.json(Service::Kms, "GetKeyPolicy", &json!({"KeyId": arn}));
            assert_eq!((status, &policy["PolicyName"]), (200, &json!("default")));
        } else {
            foreign += 1;
            let (status, answer) = sandbox.json(Service::Kms, "GetKeyPolicy", &json!({"KeyId": arn}));
            assert_eq!((status, &answer["__type"]), (400, &json!("AccessDeniedException")));
        }
    }
    assert!(own > 0 && foreign > 0, "{own} own, {foreign} foreign");
    let (status, answer) = sandbox.json(Service::Kms, "DescribeKey", &json!({"KeyId": "alias/none"}));
    assert_eq!((status, &answer["__type"]), (400, &json!("NotFoundException")));
}

#[test]
fn the_copy_roles_policies_are_simulated_as_they_are() {
    let sandbox = Sandbox::new();
    let source = &sandbox.plan.source_account;
    let (status, xml) = sandbox.query(Service::Iam, "Action=GetRole&RoleName=AWSBackupDefaultServiceRole");
    assert_eq!(status, 200, "{xml}");
    let arn = format!("arn:aws:iam::{source}:role/service-role/AWSBackupDefaultServiceRole");
    assert_eq!(element(&xml, "Arn"), arn);
    let simulate = |arn: &str| {
        let arn = arn.replace(':', "%3A").replace('/', "%2F");
        let form = format!(
            "Action=SimulatePrincipalPolicy&PolicySourceArn={arn}&ActionNames.member.1=backup%3ACopyIntoBackupVault\
             &ActionNames.member.2=iam%3ACreateUser"
        );
        sandbox.query(Service::Iam, &form)
    };
    let (status, xml) = simulate(&arn);
    assert_eq!(status, 200, "{xml}");
    let decisions: Vec<&str> = xml
        .split("<EvalDecision>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(decisions.len(), 2);
    assert_eq!(decisions[1], "implicitDeny");
    let session = format!("arn:aws:sts::{source}:assumed-role/AWSBackupDefaultServiceRole/x");
    let (status, refused) = simulate(&session);
    assert_eq!((status, element(&refused, "Code")), (400, "InvalidInput"));
    let (status, absent) = sandbox.query(Service::Iam, "Action=GetRole&RoleName=Absent");
    assert_eq!((status, element(&absent, "Code")), (404, "NoSuchEntity"));
}

#[test]
fn organization_and_quotas_answer() {
    let sandbox = Sandbox::new();
    let (status, answer) = sandbox.json(Service::Organizations, "DescribeOrganization", &json!({}));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        answer["Organization"]["MasterAccountId"],
        json!(sandbox.plan.management_account)
    );
    let quota = json!({"ServiceCode": "backup", "QuotaCode": "L-514878B6"});
    let (status, answer) = sandbox.json(Service::ServiceQuotas, "GetServiceQuota", &quota);
    assert_eq!((status, &answer["Quota"]["Value"]), (200, &json!(1_000_000.0)));
    let account = sandbox.plan.source_account.clone();
    sandbox
        .simulator
        .with_state(|state| state.world.accounts.get_mut(&account).unwrap().in_organization = false);
    let (status, answer) = sandbox.json(Service::Organizations, "DescribeOrganization", &json!({}));
    assert_eq!(
        (status, &answer["__type"]),
        (400, &json!("AWSOrganizationsNotInUseException"))
    );
}

#[test]
fn who_loses_a_policy_is_denied_in_awss_words() {
    let sandbox = Sandbox::new();
    let account = sandbox.plan.source_account.clone();
    sandbox.simulator.with_state(|state| {
        let operator = state
            .world
            .accounts
            .get_mut(&account)
            .unwrap()
            .principals
            .get_mut("operator")
            .unwrap();
        operator.attached.clear();
    });
    let (status, body) = answered(sandbox.list_vaults());
    assert_eq!(status, 403);
    let expected = format!(
        "User: arn:aws:iam::{account}:user/operator is not authorized to perform: backup:ListBackupVaults because no \
         identity-based policy allows the backup:ListBackupVaults action"
    );
    assert!(body.contains(&expected), "{body}");
    assert_eq!(
        sandbox.query(Service::Sts, "Action=GetCallerIdentity").0,
        200,
        "this needs no permission"
    );
    assert_eq!(
        sandbox
            .simulator
            .journal()
            .ended("ListBackupVaults", "AccessDeniedException"),
        1
    );
}

#[test]
fn calls_are_throttled_at_the_published_rate_and_counted() {
    let sandbox = Sandbox::new();
    sandbox.simulator.set_faults(FaultPlan::throttled());
    let statuses: Vec<u16> = (0..25).map(|_| answered(sandbox.list_vaults()).0).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
    let (status, body) = answered(sandbox.list_vaults());
    assert_eq!(status, 400);
    assert!(body.contains("Rate exceeded"), "{body}");
    sandbox.clock.advance(Duration::from_secs(1));
    assert_eq!(answered(sandbox.list_vaults()).0, 200);
    assert_eq!(
        sandbox
            .simulator
            .journal()
            .ended("ListBackupVaults", "ThrottlingException"),
        6
    );
    assert_eq!(sandbox.simulator.fault_counts()["throttle"].fired, 6);
}

#[test]
fn a_plan_of_mishaps_strikes_as_aimed() {
    let sandbox = Sandbox::new();
    let denied = What::AccessDenied {
        because: Because::ServiceControlPolicyDenies,
    };
    let plan = FaultPlan::none()
        .and(Fault::new(What::ResetBefore).on(["ListBackupVaults"]).calls([1]))
        .and(
            Fault::new(What::Html { status: 502 })
                .on(["ListBackupVaults"])
                .calls([2]),
        )
        .and(Fault::new(What::Cut { bytes: 5 }).on(["ListBackupVaults"]).calls([3]))
        .and(Fault::new(denied).on(["ListBackupVaults"]).calls([4]))
        .and(
            Fault::new(What::Slow {
                delay_ms: 1500,
                spread_ms: 0,
            })
            .on(["ListBackupVaults"])
            .after(4),
        );
    sandbox.simulator.set_faults(plan);
    assert!(matches!(sandbox.list_vaults(), Outcome::ResetBefore));
    let (status, page) = answered(sandbox.list_vaults());
    assert!(status == 502 && page.contains("<html"), "{page}");
    assert!(matches!(sandbox.list_vaults(), Outcome::CutAfter { bytes: 5, .. }));
    let (status, body) = answered(sandbox.list_vaults());
    assert!(
        status == 403 && body.contains("with an explicit deny in a service control policy"),
        "{body}"
    );
    let Outcome::Answer { delay, .. } = sandbox.list_vaults() else {
        panic!("no answer")
    };
    assert_eq!(delay, Duration::from_millis(1500));
    for fault in ["reset-before", "html", "cut", "access-denied", "slow"] {
        assert_eq!(sandbox.simulator.fault_counts()[fault].fired, 1, "{fault}");
    }
}

#[test]
fn a_revoked_key_is_seen_as_disabled_from_its_moment_on() {
    let sandbox = Sandbox::new();
    let arn = sandbox.simulator.with_state(|state| {
        let source = &sandbox.plan.source_account;
        let at = state
            .world
            .keys
            .iter()
            .position(|key| key.account == *source && key.state == KeyState::Enabled);
        state
            .world
            .key_arn(sav_simulator::world::KeyId(u32::try_from(at.unwrap()).unwrap()))
    });
    let change = KeyChange {
        key: arn.clone(),
        state: KeyState::Disabled,
        after_ms: 60_000,
    };
    sandbox.simulator.set_faults(FaultPlan::none().with_key(change));
    let state =
        || sandbox.json(Service::Kms, "DescribeKey", &json!({"KeyId": arn})).1["KeyMetadata"]["KeyState"].clone();
    assert_eq!(state(), json!("Enabled"));
    sandbox.clock.advance(Duration::from_mins(1));
    assert_eq!(state(), json!("Disabled"));
}
