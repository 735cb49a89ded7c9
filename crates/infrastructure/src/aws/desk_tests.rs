//! The copy desk against the simulator over HTTP, and against answers that AWS's model allows and nobody expects.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use sav_application::ports::{CopyAsked, CopyDesk, Gateway, JobsAsked, PointsAsked, Side};
use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fault::FaultKind;
use sav_domain::recovery_point::Lifecycle;
use sav_domain::transfer::{JobId, Token};
use sav_domain::{Moment, RecoveryPoint, ResourceType, VaultName, arn};
use sav_simulator::faults::{Fault, FaultPlan, What};
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{DestinationPlan, WorldPlan};
use sav_simulator::{ManualClock, Running, Settings, Simulator};

use super::gateway::AwsGateway;
use super::http;

const SOURCE: &str = "111111111111";
const DESTINATION: &str = "222222222222";

fn gateway_with(config: aws_types::sdk_config::Builder, credentials: Credentials) -> AwsGateway {
    let config = config
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    AwsGateway::new(Side::Source, SOURCE.parse().unwrap(), &config)
}

/// A world whose time stands still until it is moved, and the source's gateway into it.
pub(super) struct Desk {
    pub(super) gateway: AwsGateway,
    simulator: Simulator,
    _running: Running,
}

impl Desk {
    pub(super) fn open() -> Self {
        let world = WorldPlan {
            points: 300,
            destination: DestinationPlan {
                vaults: true,
                copies: 0.0,
                own_points: 0,
            },
            ..WorldPlan::plain()
        };
        let clock = Arc::new(ManualClock::at(world.start));
        let simulator = Simulator::new(Settings {
            world,
            clock,
            ..Settings::default()
        });
        let running = simulator.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let keys = simulator.credentials(SOURCE, OPERATOR_ROLE).unwrap();
        let credentials = Credentials::new(
            keys.access_key_id,
            keys.secret_access_key,
            keys.session_token,
            None,
            "simulated",
        );
        let config = SdkConfig::builder()
            .http_client(http::client(None).unwrap())
            .endpoint_url(&running.endpoint);
        Self {
            gateway: gateway_with(config, credentials),
            simulator,
            _running: running,
        }
    }

    async fn some_points(&self) -> Vec<RecoveryPoint> {
        let vaults = self.gateway.vaults(None).await.unwrap().items;
        let asked = PointsAsked {
            vault: vaults[0].name.clone(),
            resource_type: None,
            created_after: None,
            created_before: None,
        };
        self.gateway.points(&asked, None).await.unwrap().items
    }

    async fn jobs(&self, asked: JobsAsked) -> Vec<CopyJob> {
        let page = self.gateway.copy_jobs(&asked, None).await.unwrap();
        assert_eq!(page.token, None);
        page.items
    }
}

fn asked_for(point: &RecoveryPoint, token: &str) -> CopyAsked {
    let region = "us-east-1".parse().unwrap();
    let partition = sav_domain::region::Partition::Aws;
    CopyAsked {
        token: Token::new(token).unwrap(),
        recovery_point_arn: point.arn.clone(),
        source_vault: point.vault.clone(),
        destination_vault_arn: arn::of_vault(&partition, &region, DESTINATION.parse().unwrap(), &point.vault).into(),
        copy_role_arn: arn::of_default_copy_role(&partition, SOURCE.parse().unwrap()).into(),
        lifecycle: Some(Lifecycle {
            move_to_cold_after_days: None,
            delete_after_days: Some(400),
        }),
    }
}

#[tokio::test]
async fn a_copy_is_asked_for_followed_and_seen_to_its_end() {
    let desk = Desk::open();
    let point = desk.some_points().await.swap_remove(0);
    let asked = asked_for(&point, "first");
    let started = desk.gateway.start_copy(&asked).await.unwrap();
    assert_eq!(started.created.unwrap().millis(), desk.simulator.now().millis());
    let again = desk.gateway.start_copy(&asked).await.unwrap();
    assert_eq!(
        (&again.job, again.created),
        (&started.job, started.created),
        "the same token asks for the same copy"
    );
    assert_ne!(again.request_id, started.request_id, "by a request of its own");

    let open = desk.gateway.copy_job(&started.job).await.unwrap();
    assert_eq!(open.state, JobState::Created);
    assert_eq!(open.source_point_arn.as_deref(), Some(&*point.arn));
    assert_eq!((open.completed, &open.destination_point_arn), (None, &None));

    desk.simulator.advance(Duration::from_hours(200)).unwrap();
    let ended = desk.gateway.copy_job(&started.job).await.unwrap();
    assert_eq!(ended.state, JobState::Completed);
    assert!(ended.completed.unwrap() > open.created.unwrap());
    assert!(ended.destination_point_arn.is_some());
    assert_eq!(
        ended.destination_vault_arn.as_deref(),
        Some(&*asked.destination_vault_arn)
    );
    assert_eq!(ended.resource_arn, point.resource_arn);
    assert_eq!(ended.resource_type, point.resource_type);
    assert_eq!(ended.size_bytes, point.size_bytes);
    assert_eq!(desk.jobs(JobsAsked::default()).await, [ended]);

    desk.simulator.with_state(|state| {
        let job = state.fleet.job(started.job.as_str()).unwrap();
        assert_eq!(job.lifecycle.delete_after_days, Some(400));
    });
}

#[tokio::test]
async fn every_filter_reaches_aws() {
    let desk = Desk::open();
    let mut points = desk.some_points().await;
    points.sort_by_key(|point| point.resource_arn.clone());
    points.dedup_by_key(|point| point.resource_arn.clone());
    let (early, late) = (&points[0], &points[1]);
    let first = desk.gateway.start_copy(&asked_for(early, "early")).await.unwrap();
    let between = at(desk.simulator.advance(Duration::from_hours(200)).unwrap());
    desk.simulator.advance(Duration::from_secs(1)).unwrap();
    let second = desk.gateway.start_copy(&asked_for(late, "late")).await.unwrap();

    let (first, second) = ([first.job], [second.job]);
    let elsewhere = asked_for(early, "-")
        .destination_vault_arn
        .replace(DESTINATION, "333333333333");
    let elsewhere = elsewhere.into_boxed_str();
    let only = |change: &dyn Fn(&mut JobsAsked)| {
        let mut asked = JobsAsked::default();
        change(&mut asked);
        asked
    };
    let cases: [(JobsAsked, &[JobId]); 11] = [
        (only(&|asked| asked.state = Some("COMPLETED")), &first),
        (only(&|asked| asked.state = Some("CREATED")), &second),
        (only(&|asked| asked.created_before = Some(between)), &first),
        (only(&|asked| asked.created_after = Some(between)), &second),
        (only(&|asked| asked.completed_before = Some(between)), &first),
        (only(&|asked| asked.completed_after = Some(between)), &[]),
        (only(&|asked| asked.source_point_arn = Some(late.arn.clone())), &second),
        (
            only(&|asked| asked.resource_arn = early.resource_arn.as_deref().map(Into::into)),
            &first,
        ),
        (
            only(&|asked| asked.resource_type = Some(ResourceType::named("CloudFormation"))),
            &[],
        ),
        (
            only(&|asked| asked.destination_vault_arn = Some(elsewhere.clone())),
            &[],
        ),
        (only(&|asked| asked.parent = Some(first[0].clone())), &[]),
    ];
    assert_eq!(desk.jobs(JobsAsked::default()).await.len(), 2);
    for (asked, expected) in cases {
        let found: Vec<JobId> = desk.jobs(asked.clone()).await.into_iter().map(|job| job.id).collect();
        assert_eq!(found, expected, "{asked:?}");
    }
}

fn at(moment: sav_simulator::Moment) -> Moment {
    Moment::from_millis(moment.millis())
}

#[tokio::test]
async fn a_point_tells_its_tier_and_an_unknown_one_is_not_found() {
    let desk = Desk::open();
    let point = desk.some_points().await.swap_remove(0);
    let detail = desk.gateway.point(&point.vault, &point.arn).await.unwrap();
    assert_eq!(detail.storage_class.as_deref(), Some("WARM"));
    assert_eq!(detail.status.as_deref(), Some("COMPLETED"));

    let absent = format!("{}0", point.arn);
    let error = desk.gateway.point(&point.vault, &absent).await.unwrap_err();
    assert_eq!(error.kind, FaultKind::NotFound);
    assert_eq!(error.subject.as_deref(), Some(&*absent));
    let unknown = JobId::new("00000000-0000-4000-8000-000000000000").unwrap();
    let error = desk.gateway.copy_job(&unknown).await.unwrap_err();
    assert_eq!(error.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_used_up_quota_is_neither_throttling_nor_asked_again() {
    let desk = Desk::open();
    let point = desk.some_points().await.swap_remove(0);
    let refused = What::Refuse {
        code: "LimitExceededException".to_owned(),
        message: "Too many copy jobs".to_owned(),
        status: 400,
    };
    desk.simulator.set_faults(FaultPlan {
        faults: vec![Fault::new(refused).on(["StartCopyJob"])],
        ..FaultPlan::none()
    });
    let error = desk.gateway.start_copy(&asked_for(&point, "one")).await.unwrap_err();
    assert_eq!(error.kind, FaultKind::LimitReached);
    assert_eq!(error.subject.as_deref(), Some(&*point.arn));
    assert!(error.request_id.is_some());
    let asked = desk.simulator.journal();
    let asked = serde_json::to_value(&asked).unwrap().to_string();
    assert_eq!(asked.matches("\"StartCopyJob\"").count(), 1, "{asked}");
}

/// Answers whatever is asked with this.
#[derive(Debug)]
struct Canned(&'static str);

impl HttpConnector for Canned {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let status = 200.try_into().unwrap();
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(self.0))))
    }
}

fn answered(body: &'static str) -> AwsGateway {
    let client = http_client_fn(move |_, _| SharedHttpConnector::new(Canned(body)));
    let credentials = Credentials::new("AKID", "secret", None, None, "canned");
    gateway_with(SdkConfig::builder().http_client(client), credentials)
}

#[tokio::test]
async fn absent_members_stay_absent_and_states_of_tomorrow_are_open() {
    let desk = answered(
        r#"{"CopyJobs": [
            {"CopyJobId": "one", "State": "PONDERING", "CreationDate": 17.2569999, "BackupSizeInBytes": -1, "Surprise": [{}],
             "ChildJobsInState": {"PONDERING": 1}, "NumberOfChildJobs": 3, "IsParent": true, "DestinationRecoveryPointArn": ""},
            {"CopyJobId": "two", "State": null, "IsParent": null, "CompletionDate": null, "MessageCategory": null},
            {"CopyJobId": null, "State": "COMPLETED"},
            {"CopyJobId": "", "State": "COMPLETED"}
        ], "NextToken": ""}"#,
    );
    let page = desk.copy_jobs(&JobsAsked::default(), None).await.unwrap();
    assert_eq!(page.token, None, "an empty token is none");
    let [one, two] = &page.items[..] else {
        panic!("{page:?}")
    };
    assert!(one.state.is_open());
    assert_eq!(one.state.name(), "PONDERING");
    assert_eq!(one.created.unwrap().to_string(), "1970-01-01T00:00:17.257Z");
    assert_eq!((one.size_bytes, one.children, one.is_parent), (None, 3, true));
    assert_eq!(one.destination_point_arn, None);
    assert!(two.state.is_open());
    assert_eq!(*two, CopyJob::new(JobId::new("two").unwrap(), JobState::named("")));
    let empty = answered(r#"{"CopyJobs": null, "NextToken": null}"#);
    assert_eq!(empty.copy_jobs(&JobsAsked::default(), None).await.unwrap().items, []);
}

#[tokio::test]
async fn a_copy_without_a_job_leaves_its_fate_in_doubt() {
    let vault = VaultName::new("daily").unwrap();
    let asked = asked_for(
        &RecoveryPoint::new("arn:aws:ec2:us-east-1::snapshot/snap-1", vault),
        "t",
    );
    for body in ["{}", r#"{"CopyJobId": ""}"#, r#"{"CopyJobId": null, "IsParent": null}"#] {
        let error = answered(body).start_copy(&asked).await.unwrap_err();
        assert_eq!(error.kind, FaultKind::Unavailable, "{body}");
    }
    let error = answered("{}").copy_job(&JobId::new("one").unwrap()).await.unwrap_err();
    assert_eq!(error.kind, FaultKind::Unexpected);
}
