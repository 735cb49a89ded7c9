//! `validate` against AWS Backup in a box: worlds that are broken in one place each.

mod agreement;
mod breaks;
mod denied;
mod worlds;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use sav_application::calls::Calls;
use sav_application::governor::Governor;
use sav_application::ports::{Caller, Side};
use sav_application::terms::CopyTerms;
use sav_application::validating::{self, Asked, Report, Standpoint};
use sav_domain::checks::{Check, Verdict};
use sav_domain::retention::Retention;
use sav_domain::selection::VaultChoice;
use sav_domain::vault_map::VaultMap;
use sav_domain::{AccountId, Moment, Route, Selection, SelectionSpec, arn};
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{DestinationPlan, World, WorldPlan};
use sav_simulator::{ManualClock, Running, Settings, Simulator};

use super::gateway::AwsGateway;
use super::http;
use crate::metadata::MetadataTable;

pub(super) const SOURCE: &str = "111111111111";
pub(super) const DESTINATION: &str = "222222222222";

/// A world with both accounts' gateways, as an operator would reach them.
pub(super) struct Stage {
    pub(super) simulator: Simulator,
    pub(super) asked: Asked,
    source: Arc<Calls<AwsGateway>>,
    destination: Arc<Calls<AwsGateway>>,
    _running: Running,
}

impl Stage {
    /// Where nothing is wrong.
    pub(super) fn set() -> Self {
        let world = WorldPlan {
            points: 400,
            vaults: 3,
            seed: 5,
            points_per_resource: 3.0,
            destination: DestinationPlan {
                vaults: true,
                copies: 0.0,
                own_points: 0,
            },
            ..WorldPlan::plain()
        };
        let simulator = Simulator::new(Settings {
            clock: Arc::new(ManualClock::at(world.start)),
            world,
            ..Settings::default()
        });
        let running = simulator.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let calls = |side, account: &str| {
            let gateway = gateway(&simulator, &running, side, account);
            Calls::new(gateway, Governor::new(100_000.0))
        };
        let caller = |account: &str| Caller {
            account: account.parse().unwrap(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{OPERATOR_ROLE}/session"),
        };
        let route = Route::between(account(SOURCE), account(DESTINATION), "us-east-1".parse().unwrap()).unwrap();
        let terms = CopyTerms {
            copy_role_arn: arn::of_default_copy_role(&route.partition(), route.source()).into(),
            route,
            vault_map: VaultMap::default(),
            retention: Retention::AsSource,
        };
        Self {
            asked: Asked {
                terms: Arc::new(terms),
                source_caller: caller(SOURCE),
                destination_caller: Some(caller(DESTINATION)),
                makes_vaults: true,
            },
            source: calls(Side::Source, SOURCE),
            destination: calls(Side::Destination, DESTINATION),
            simulator,
            _running: running,
        }
    }

    pub(super) fn change<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        self.simulator.with_state(|state| with(&mut state.world))
    }

    pub(super) fn terms(&mut self) -> &mut CopyTerms {
        Arc::make_mut(&mut self.asked.terms)
    }

    pub(super) async fn validate(&self) -> Report {
        let destination = self.asked.destination_caller.as_ref().map(|_| &*self.destination);
        let ground = validating::ground(&self.source, destination, &self.asked, VaultChoice::All)
            .await
            .unwrap();
        let now = Moment::from_millis(self.simulator.now().millis());
        let everything = Selection::build(&SelectionSpec::default(), now).unwrap();
        let load = validating::of_vaults(
            &self.source,
            ground.vaults.clone(),
            Arc::new(everything),
            None::<Arc<MetadataTable>>,
            self.asked.terms.retention,
            |_| {},
        )
        .await
        .unwrap();
        let standpoint = Standpoint {
            asked: &self.asked,
            ground: &ground,
            load: &load,
        };
        let groups = validating::groups(&self.source, destination, standpoint).await.unwrap();
        let mut checks = ground.checks;
        checks.extend(groups);
        Report { checks }
    }

    /// Calls of both accounts so far.
    pub(super) fn calls(&self) -> u64 {
        self.source.counts().sent + self.destination.counts().sent
    }
}

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn gateway(simulator: &Simulator, running: &Running, side: Side, id: &str) -> AwsGateway {
    let keys = simulator.credentials(id, OPERATOR_ROLE).unwrap();
    let credentials = Credentials::new(
        keys.access_key_id,
        keys.secret_access_key,
        keys.session_token,
        None,
        "simulated",
    );
    let config = SdkConfig::builder()
        .http_client(http::client(None).unwrap())
        .endpoint_url(&running.endpoint)
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    AwsGateway::new(side, account(id), &config)
}

/// For messages of tests.
pub(super) fn told(checks: &[Check], verdict: Verdict) -> String {
    let lines = checks.iter().filter(|check| check.verdict == verdict).map(|check| {
        format!(
            "{} {} {}: {} | {}",
            check.topic.name(),
            check.account,
            check.subject,
            check.detail,
            check.fix.as_deref().unwrap_or("-")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
