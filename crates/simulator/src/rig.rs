//! For tests: a small simulator whose clocks stand still until they are moved, and requests signed as a client signs them.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::clock::{ManualClock, Moment};
use crate::faults::FaultPlan;
use crate::identities::Credentials;
use crate::model::{Protocol, Service};
use crate::wire::percent;
use crate::wire::sigv4;
use crate::world::WorldPlan;
use crate::{Outcome, Settings, Simulator};

pub(crate) const ACCOUNT: &str = "111111111111";
pub(crate) const ROLE: &str = "BackupMigrationOperator";
pub(crate) const USER: &str = "operator";
pub(crate) const REGION: &str = "us-east-1";

pub(crate) struct Rig {
    pub(crate) simulator: Simulator,
    pub(crate) wire_clock: Arc<ManualClock>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_faults(FaultPlan::none())
    }

    pub(crate) fn with_faults(faults: impl Into<FaultPlan>) -> Self {
        let world = WorldPlan {
            points: 60,
            vaults: 3,
            ..WorldPlan::default()
        };
        let start = world.start;
        let wire_clock = Arc::new(ManualClock::at(Moment::from_secs(1_790_000_000)));
        let simulator = Simulator::new(Settings {
            world,
            faults: faults.into(),
            clock: Arc::new(ManualClock::at(start)),
            wire_clock: Arc::<ManualClock>::clone(&wire_clock),
            ..Settings::default()
        });
        Self { simulator, wire_clock }
    }

    pub(crate) fn user(&self) -> Credentials {
        self.simulator.credentials(ACCOUNT, USER).unwrap()
    }

    pub(crate) fn session(&self) -> Credentials {
        self.simulator.credentials(ACCOUNT, ROLE).unwrap()
    }

    /// Signed by the user, now.
    pub(crate) fn signed(&self, ask: &Ask) -> Request<Bytes> {
        self.signed_by(&self.user(), ask)
    }

    pub(crate) fn signed_by(&self, credentials: &Credentials, ask: &Ask) -> Request<Bytes> {
        use crate::clock::Clock as _;
        sigv4::sign(ask.request(), credentials, ask.service, REGION, self.wire_clock.now())
    }

    pub(crate) fn answer(&self, request: Request<Bytes>) -> Answer {
        match self.simulator.respond(request) {
            Outcome::Answer { response, .. } => Answer::of(service_error(&response), &response),
            other => panic!("no answer: {other:?}"),
        }
    }

    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        self.answer(self.signed(ask))
    }
}

/// A request before it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) service: Service,
    pub(crate) method: &'static str,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Ask {
    pub(crate) fn backup(method: &'static str, uri: &str, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            service: Service::Backup,
            method,
            uri: uri.to_owned(),
            headers,
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(service: Service, operation: &str, body: &str) -> Self {
        let target = format!("{}.{operation}", service.model().target_prefix);
        let headers = vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", target),
        ];
        Self {
            service,
            method: "POST",
            uri: "/".to_owned(),
            headers,
            body: body.to_owned(),
        }
    }

    pub(crate) fn query(service: Service, action: &str, pairs: &[(&str, &str)]) -> Self {
        let mut body = format!("Action={action}&Version={}", service.model().version);
        for (name, value) in pairs {
            body.push('&');
            percent::encode_into(name.as_bytes(), &[], &mut body);
            body.push('=');
            percent::encode_into(value.as_bytes(), &[], &mut body);
        }
        let headers = vec![(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        )];
        Self {
            service,
            method: "POST",
            uri: "/".to_owned(),
            headers,
            body,
        }
    }

    /// A harmless call of a service, for tests of what comes before it.
    pub(crate) fn harmless(service: Service) -> Self {
        match service {
            Service::Backup => Self::backup("GET", "/backup-vaults/", ""),
            Service::Sts => Self::query(service, "GetCallerIdentity", &[]),
            Service::Iam => Self::query(service, "GetRole", &[("RoleName", ROLE)]),
            Service::Kms => Self::json(service, "DescribeKey", r#"{"KeyId":"none"}"#),
            Service::Organizations => Self::json(service, "DescribeOrganization", "{}"),
            Service::ServiceQuotas => Self::json(
                service,
                "GetServiceQuota",
                r#"{"ServiceCode":"ebs","QuotaCode":"L-309BACF6"}"#,
            ),
        }
    }

    pub(crate) fn request(&self) -> Request<Bytes> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(&self.uri)
            .header("host", "127.0.0.1:4000");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(Bytes::from(self.body.clone())).unwrap()
    }
}

/// An answer as a client reads it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The error's code: from the header, the body's `__type`, or the XML.
    pub(crate) code: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    fn of(code: Option<String>, response: &Response<Bytes>) -> Self {
        Self {
            status: response.status(),
            code,
            text: String::from_utf8_lossy(response.body()).into_owned(),
        }
    }

    pub(crate) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or("no error")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

fn service_error(response: &Response<Bytes>) -> Option<String> {
    if response.status().is_success() {
        return None;
    }
    if let Some(code) = response.headers().get("x-amzn-errortype") {
        return Some(code.to_str().unwrap().to_owned());
    }
    let text = String::from_utf8_lossy(response.body()).into_owned();
    let (_, rest) = text.split_once("<Code>")?;
    Some(rest.split_once("</Code>")?.0.to_owned())
}

/// The code that each protocol has for the same thing.
pub(crate) fn by_protocol(service: Service, in_json: &'static str, in_query: &'static str) -> &'static str {
    if service.model().protocol == Protocol::Query {
        in_query
    } else {
        in_json
    }
}
