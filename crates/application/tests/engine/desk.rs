//! The gateway port over the simulator in process: signed requests in, bytes out, and time is tokio's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use sav_application::ports::{
    CallError, Caller, Clock, CopyAsked, CopyDesk, CopyStarted, Gateway, JobsAsked, Origin, Page, PointDetail,
    PointsAsked, Renewal, Renewed, Side, Stamp, VaultSeen,
};
use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::transfer::{DestinationArn, JobId};
use sav_domain::{AccountId, Moment, RecoveryPoint, ResourceType, VaultName};
use sav_simulator::identities::{Credentials, SessionOrder};
use sav_simulator::model::Service;
use sav_simulator::wire::{percent, sigv4};
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::{ManualClock, Outcome, Simulator};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const LATENCY: Duration = Duration::from_millis(20);

/// The time of the simulated world, moved by tokio's.
#[derive(Clone)]
pub(crate) struct WorldTime {
    start: Moment,
    began: Instant,
    clock: Arc<ManualClock>,
}

impl WorldTime {
    pub(crate) fn new(clock: Arc<ManualClock>, start: sav_simulator::Moment) -> Self {
        Self {
            start: Moment::from_millis(start.millis()),
            began: Instant::now(),
            clock,
        }
    }

    /// Brings the world up to this moment.
    pub(crate) fn tick(&self) -> sav_simulator::Moment {
        let now = sav_simulator::Moment::from_millis(self.now().millis());
        self.clock.set(now);
        now
    }
}

impl Clock for WorldTime {
    fn now(&self) -> Moment {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        self.start.plus_millis(passed)
    }
}

#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) simulator: Simulator,
    pub(crate) time: WorldTime,
    /// What calls are signed with.
    pub(crate) keys: Arc<Mutex<Credentials>>,
    /// Where the operator puts new credentials.
    pub(crate) file: Arc<Mutex<KeyFile>>,
    pub(crate) side: Side,
    pub(crate) account: AccountId,
    pub(crate) region: String,
    /// The filter by source point is refused, as older Regions do.
    pub(crate) knows_points: bool,
    /// Requests for a copy under way, and the most there ever were.
    pub(crate) starting: Arc<(AtomicUsize, AtomicUsize)>,
}

/// What is in the file, and how often it was written.
#[derive(Debug)]
pub(crate) struct KeyFile {
    pub(crate) keys: Credentials,
    pub(crate) written: u64,
    /// Instead of a file, a process that issues sessions of this length.
    pub(crate) issues: Option<Duration>,
}

impl Desk {
    /// A new session of the role that works on this side.
    pub(crate) fn sign_in(&self, lifetime: Duration) -> Credentials {
        self.time.tick();
        self.simulator.with_state(|state| {
            let order = SessionOrder {
                account: &self.account.to_string(),
                role: OPERATOR_ROLE,
                session_name: "again",
                lifetime,
                policies: &[],
            };
            state.identities.issue_session(&state.world, &order).unwrap().0
        })
    }

    async fn whose(&self, keys: &Credentials) -> Result<Caller, CallError> {
        sleep(LATENCY).await;
        let now = self.time.tick();
        let request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .header("host", "127.0.0.1")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15"))
            .unwrap();
        let signed = sigv4::sign(request, keys, Service::Sts, &self.region, now);
        let operation = Operation::GetCallerIdentity;
        let Outcome::Answer { response, delay } = self.simulator.respond(signed) else {
            return Err(self.error(operation, FaultKind::Unavailable, "Reset", "reset"));
        };
        sleep(delay).await;
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        let inside = |tag: &str| {
            let (_, rest) = text.split_once(&format!("<{tag}>"))?;
            Some(rest.split_once("</")?.0.to_owned())
        };
        if let Some(code) = inside("Code") {
            let message = inside("Message").unwrap_or_default();
            return Err(self.error(operation, FaultKind::of(&code, &message), &code, &message));
        }
        Ok(Caller {
            account: inside("Account").unwrap().parse().unwrap(),
            arn: inside("Arn").unwrap(),
        })
    }

    async fn ask(&self, operation: Operation, method: Method, uri: String, body: String) -> Result<Value, CallError> {
        let keys = self.keys.lock().unwrap().clone();
        sleep(LATENCY).await;
        let now = self.time.tick();
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Bytes::from(body))
            .unwrap();
        let signed = sigv4::sign(request, &keys, Service::Backup, &self.region, now);
        match self.simulator.respond(signed) {
            Outcome::Answer { response, delay } => {
                sleep(delay).await;
                let value: Value = serde_json::from_slice(response.body()).unwrap_or_default();
                if response.status().is_success() {
                    return Ok(value);
                }
                let header = response.headers().get("x-amzn-errortype");
                let code = header.map_or("", |code| code.to_str().unwrap());
                let message = value["message"]
                    .as_str()
                    .or(value["Message"].as_str())
                    .unwrap_or_default();
                Err(self.error(operation, FaultKind::of(code, message), code, message))
            }
            Outcome::ResetBefore => Err(self.error(operation, FaultKind::Unavailable, "Reset", "reset")),
            Outcome::ResetAfter { delay } | Outcome::CutAfter { delay, .. } => {
                sleep(delay).await;
                Err(self.error(operation, FaultKind::Unavailable, "Reset", "reset"))
            }
        }
    }

    fn error(&self, operation: Operation, kind: FaultKind, code: &str, message: &str) -> CallError {
        CallError {
            kind,
            operation,
            side: self.side,
            account: self.account,
            subject: None,
            code: code.to_owned(),
            message: message.to_owned(),
            request_id: None,
        }
    }
}

impl Gateway for Desk {
    fn side(&self) -> Side {
        self.side
    }

    fn account(&self) -> AccountId {
        self.account
    }

    async fn caller(&self) -> Result<Caller, CallError> {
        let keys = self.keys.lock().unwrap().clone();
        self.whose(&keys).await
    }

    async fn vaults(&self, _: Option<&str>) -> Result<Page<VaultSeen>, CallError> {
        Ok(Page {
            items: Vec::new(),
            token: None,
        })
    }

    async fn points(&self, asked: &PointsAsked, token: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
        let mut query = Query::new(format!("/backup-vaults/{}/recovery-points/", asked.vault));
        query.add("maxResults", Some("1000"));
        query.add("nextToken", token);
        query.add("resourceType", asked.resource_type.as_deref());
        query.add("createdAfter", asked.created_after.map(|at| at.to_string()).as_deref());
        query.add(
            "createdBefore",
            asked.created_before.map(|at| at.to_string()).as_deref(),
        );
        let operation = Operation::ListRecoveryPointsByBackupVault;
        let page = self.ask(operation, Method::GET, query.0, String::new()).await?;
        Ok(page_of(&page, "RecoveryPoints", |item| {
            let mut point = RecoveryPoint::new(word(item, "RecoveryPointArn").unwrap(), asked.vault.clone());
            point.resource_arn = word(item, "ResourceArn").map(Into::into);
            point.resource_type = word(item, "ResourceType").map(|name| ResourceType::named(&name));
            point.created = moment(item, "CreationDate");
            point.size_bytes = item["BackupSizeInBytes"].as_u64();
            point.source_vault_arn = word(item, "SourceBackupVaultArn").map(Into::into);
            point
        }))
    }
}

impl Renewal for Desk {
    type Keys = Credentials;

    async fn read_anew(&self) -> Result<Renewed<Credentials>, CallError> {
        let issues = self.file.lock().unwrap().issues;
        let keys = match issues {
            Some(lifetime) => self.sign_in(lifetime),
            None => self.file.lock().unwrap().keys.clone(),
        };
        let caller = self.whose(&keys).await?;
        Ok(Renewed { keys, caller })
    }

    fn sign_with(&self, keys: Credentials) {
        *self.keys.lock().unwrap() = keys;
    }

    fn expire_at(&self) -> Option<Moment> {
        let keys = self.keys.lock().unwrap();
        keys.expiration.map(|end| Moment::from_millis(end.millis()))
    }

    async fn origin(&self) -> Origin {
        Origin {
            from: "the operator's file".to_owned(),
            watched: vec!["the operator's file".to_owned()],
        }
    }

    async fn stamp(&self) -> Stamp {
        Stamp(self.file.lock().unwrap().written)
    }
}

impl CopyDesk for Desk {
    async fn start_copy(&self, asked: &CopyAsked) -> Result<CopyStarted, CallError> {
        let mut body = json!({
            "RecoveryPointArn": asked.recovery_point_arn,
            "SourceBackupVaultName": asked.source_vault.to_string(),
            "DestinationBackupVaultArn": asked.destination_vault_arn,
            "IamRoleArn": asked.copy_role_arn,
            "IdempotencyToken": asked.token.as_str(),
        });
        if let Some(days) = asked.lifecycle.and_then(|lifecycle| lifecycle.delete_after_days) {
            body["Lifecycle"] = json!({ "DeleteAfterDays": days });
        }
        let (now, most) = &*self.starting;
        most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let operation = Operation::StartCopyJob;
        let answer = self
            .ask(operation, Method::PUT, "/copy-jobs".to_owned(), body.to_string())
            .await;
        now.fetch_sub(1, Ordering::Relaxed);
        let answer = answer?;
        Ok(CopyStarted {
            job: JobId::new(word(&answer, "CopyJobId").unwrap()).unwrap(),
            created: moment(&answer, "CreationDate"),
            is_parent: answer["IsParent"].as_bool().unwrap_or_default(),
            request_id: None,
        })
    }

    async fn copy_jobs(&self, asked: &JobsAsked, token: Option<&str>) -> Result<Page<CopyJob>, CallError> {
        if asked.source_point_arn.is_some() && !self.knows_points {
            let message = "unknown parameter sourceRecoveryPointArn";
            return Err(self.error(
                Operation::ListCopyJobs,
                FaultKind::Rejected,
                "InvalidParameterValueException",
                message,
            ));
        }
        let mut query = Query::new("/copy-jobs/".to_owned());
        query.add("maxResults", Some("1000"));
        query.add("nextToken", token);
        query.add("state", asked.state);
        query.add(
            "completeAfter",
            asked.completed_after.map(|at| at.to_string()).as_deref(),
        );
        query.add("sourceRecoveryPointArn", asked.source_point_arn.as_deref());
        query.add("resourceArn", asked.resource_arn.as_deref());
        query.add("parentJobId", asked.parent.as_ref().map(JobId::as_str));
        let page = self
            .ask(Operation::ListCopyJobs, Method::GET, query.0, String::new())
            .await?;
        Ok(page_of(&page, "CopyJobs", job_of))
    }

    async fn copy_job(&self, id: &JobId) -> Result<CopyJob, CallError> {
        let answer = self
            .ask(
                Operation::DescribeCopyJob,
                Method::GET,
                format!("/copy-jobs/{id}"),
                String::new(),
            )
            .await?;
        Ok(job_of(&answer["CopyJob"]))
    }

    async fn point(&self, vault: &VaultName, arn: &str) -> Result<PointDetail, CallError> {
        let mut encoded = String::new();
        percent::encode_into(arn.as_bytes(), &[], &mut encoded);
        let uri = format!("/backup-vaults/{vault}/recovery-points/{encoded}");
        let answer = self
            .ask(Operation::DescribeRecoveryPoint, Method::GET, uri, String::new())
            .await?;
        Ok(PointDetail {
            status: word(&answer, "Status"),
            ..PointDetail::default()
        })
    }
}

struct Query(String);

impl Query {
    fn new(path: String) -> Self {
        Self(path)
    }

    fn add(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.push_str(name);
            self.0.push('=');
            percent::encode_into(value.as_bytes(), &[], &mut self.0);
        }
    }
}

fn page_of<T>(page: &Value, name: &str, item: impl Fn(&Value) -> T) -> Page<T> {
    Page {
        items: page[name].as_array().unwrap().iter().map(item).collect(),
        token: word(page, "NextToken"),
    }
}

fn job_of(job: &Value) -> CopyJob {
    let text = |name: &str| word(job, name);
    CopyJob {
        source_point_arn: text("SourceRecoveryPointArn").map(Into::into),
        source_vault_arn: text("SourceBackupVaultArn").map(Into::into),
        destination_vault_arn: text("DestinationBackupVaultArn").map(Into::into),
        destination_point_arn: text("DestinationRecoveryPointArn").and_then(DestinationArn::new),
        resource_arn: text("ResourceArn").map(Into::into),
        resource_type: text("ResourceType").map(|name| ResourceType::named(&name)),
        created: moment(job, "CreationDate"),
        completed: moment(job, "CompletionDate"),
        size_bytes: job["BackupSizeInBytes"].as_u64(),
        category: text("MessageCategory").map(Into::into),
        message: text("StatusMessage").map(Into::into),
        is_parent: job["IsParent"].as_bool().unwrap_or_default(),
        parent: text("ParentJobId").and_then(JobId::new),
        children: job["NumberOfChildJobs"].as_u64().unwrap_or_default(),
        ..CopyJob::new(
            JobId::new(text("CopyJobId").unwrap()).unwrap(),
            JobState::named(&text("State").unwrap()),
        )
    }
}

fn word(from: &Value, name: &str) -> Option<String> {
    from[name].as_str().map(str::to_owned)
}

fn moment(from: &Value, name: &str) -> Option<Moment> {
    from[name].as_f64().and_then(Moment::from_epoch_seconds)
}
