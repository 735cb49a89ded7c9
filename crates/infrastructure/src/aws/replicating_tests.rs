//! `replicate` against the simulator over HTTP: twins like their sources, nothing done twice, and the same end wherever a run was
//! broken off.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use sav_application::calls::Calls;
use sav_application::governor::Governor;
use sav_application::ports::{
    CallError, Caller, Gateway, LockAsked, Page, PointsAsked, Side, VaultAsked, VaultDesk, VaultDetail, VaultMade,
    VaultSeen,
};
use sav_application::replicating::{self, Came, VaultTold};
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::selection::VaultChoice;
use sav_domain::twin::{KeyMap, LockWish, Notifications, Tag, Tags, TopicWish, What, Wishes};
use sav_domain::vault_map::VaultMap;
use sav_domain::{AccountId, RecoveryPoint, Route, VaultName};
use sav_simulator::faults::{Because, Fault, FaultPlan, What as Wrong};
use sav_simulator::world::seeded::OPERATOR_ROLE;
use sav_simulator::world::{Shares, WorldPlan};
use sav_simulator::{ManualClock, Running, Settings, Simulator};

use super::gateway::AwsGateway;
use super::http;

const SOURCE: &str = "111111111111";
const DESTINATION: &str = "222222222222";
const WRITING: [&str; 5] = [
    "CreateBackupVault",
    "PutBackupVaultAccessPolicy",
    "PutBackupVaultLockConfiguration",
    "PutBackupVaultNotifications",
    "TagResource",
];

/// Two accounts; everything that a vault can have, every source vault has.
struct Ground {
    simulator: Simulator,
    source: AwsGateway,
    destination: AwsGateway,
    _running: Running,
}

impl Ground {
    fn with_vaults(vaults: usize) -> Self {
        let world = WorldPlan {
            points: 40,
            vaults,
            shares: Shares {
                vault_policies: 1.0,
                vault_notifications: 1.0,
                vault_tags: 1.0,
                ..Shares::default()
            },
            ..WorldPlan::default()
        };
        let clock = Arc::new(ManualClock::at(world.start));
        let simulator = Simulator::new(Settings {
            world,
            clock,
            ..Settings::default()
        });
        let running = simulator.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let reach = |side, account: &str| {
            let keys = simulator.credentials(account, OPERATOR_ROLE).unwrap();
            let credentials = Credentials::new(
                keys.access_key_id,
                keys.secret_access_key,
                keys.session_token,
                None,
                "it",
            );
            let config = SdkConfig::builder()
                .http_client(http::client(None).unwrap())
                .endpoint_url(&running.endpoint)
                .behavior_version(BehaviorVersion::latest())
                .region(aws_config::Region::new("us-east-1"))
                .credentials_provider(SharedCredentialsProvider::new(credentials))
                .retry_config(aws_config::retry::RetryConfig::disabled())
                .build();
            AwsGateway::new(side, account.parse().unwrap(), &config)
        };
        Self {
            source: reach(Side::Source, SOURCE),
            destination: reach(Side::Destination, DESTINATION),
            simulator,
            _running: running,
        }
    }

    fn wishes(&self) -> Wishes {
        let route = Route::between(
            SOURCE.parse().unwrap(),
            DESTINATION.parse().unwrap(),
            "us-east-1".parse().unwrap(),
        );
        let route = route.unwrap();
        let key = self.simulator.with_state(|state| {
            let ids = (0..).map(sav_simulator::world::KeyId).zip(&state.world.keys);
            let theirs = |alias: Option<&str>| alias == Some("alias/backup-vaults");
            let mut ids = ids.filter(|(_, key)| key.account == DESTINATION && theirs(key.alias.as_deref()));
            state.world.key_arn(ids.next().unwrap().0)
        });
        Wishes {
            copy_role_arn: sav_domain::arn::of_default_copy_role(&route.partition(), route.source()).into(),
            keys: KeyMap::one_for_all(&key, &route).unwrap(),
            lock: LockWish::Governance,
            topic: TopicWish::SameName,
            route,
        }
    }

    /// One run of the use case, up to the call of this number.
    async fn replicate(&self, dies_at: Option<Death>) -> Result<Vec<VaultTold>, CallError> {
        let life = Arc::new(Life {
            left: AtomicUsize::new(dies_at.map_or(usize::MAX, |death| death.call)),
            answer_lost: dies_at.is_some_and(|death| death.answer_lost),
        });
        let mortal = |inner: &AwsGateway| {
            let gateway = Mortal {
                inner: inner.clone(),
                life: Arc::clone(&life),
            };
            Calls::new(gateway, Governor::new(1e6))
        };
        let (source, destination) = (mortal(&self.source), mortal(&self.destination));
        let pairs = ["Default=legacy", "aws/efs/automatic-backup-vault=efs-automatic"];
        let map = VaultMap::of(pairs.map(|pair| pair.parse().unwrap())).unwrap();
        let wishes = self.wishes();
        let all = VaultChoice::All;
        let pairs = replicating::differences(&source, &destination, all, &map, &wishes, |_| {}).await;
        let pairs = pairs.map_err(|error| match error {
            sav_application::reading::VaultsError::Call(error) => error,
            error @ sav_application::reading::VaultsError::NoSuchVault(_) => panic!("{error}"),
        })?;
        replicating::replicate(&destination, pairs, &wishes, |_| {}).await
    }

    /// The destination's vaults with everything that hangs on them.
    fn twins(&self) -> Vec<String> {
        self.simulator.with_state(|state| {
            let world = &state.world;
            let mut vaults: Vec<String> = world
                .vaults_of(DESTINATION)
                .into_iter()
                .map(|id| {
                    let vault = world.vault(id);
                    let tags = world.tags_of(&world.vault_arn(id));
                    let policy = vault.policy.as_ref().map(ToString::to_string);
                    let told = &vault.notifications;
                    format!(
                        "{} {:?} {:?} {policy:?} {told:?} {tags:?}",
                        vault.name, vault.key, vault.lock
                    )
                })
                .collect();
            vaults.sort();
            vaults
        })
    }

    fn writing_calls(&self) -> u64 {
        let journal = self.simulator.journal();
        WRITING.iter().map(|operation| journal.of(operation)).sum()
    }
}

/// Dies at a call, before it was made or before its answer came.
#[derive(Clone, Copy, Debug)]
struct Death {
    call: usize,
    answer_lost: bool,
}

struct Life {
    left: AtomicUsize,
    answer_lost: bool,
}

struct Mortal {
    inner: AwsGateway,
    life: Arc<Life>,
}

impl Mortal {
    async fn lives<T>(&self, call: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
        let spent = self
            .life
            .left
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match spent {
            Ok(left) if left > 1 || !self.life.answer_lost => call.await,
            Ok(_) => {
                let _ = call.await;
                Err(self.dead())
            }
            Err(_) => Err(self.dead()),
        }
    }

    fn dead(&self) -> CallError {
        CallError {
            kind: FaultKind::Unexpected,
            operation: Operation::GetCallerIdentity,
            side: self.inner.side(),
            account: self.inner.account(),
            subject: None,
            code: "Killed".to_owned(),
            message: String::new(),
            request_id: None,
        }
    }
}

impl Gateway for Mortal {
    fn side(&self) -> Side {
        self.inner.side()
    }

    fn account(&self) -> AccountId {
        self.inner.account()
    }

    async fn caller(&self) -> Result<Caller, CallError> {
        self.lives(self.inner.caller()).await
    }

    async fn vaults(&self, token: Option<&str>) -> Result<Page<VaultSeen>, CallError> {
        self.lives(self.inner.vaults(token)).await
    }

    async fn points(&self, asked: &PointsAsked, token: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
        self.lives(self.inner.points(asked, token)).await
    }
}

impl VaultDesk for Mortal {
    async fn vault(&self, name: &VaultName) -> Result<VaultDetail, CallError> {
        self.lives(self.inner.vault(name)).await
    }

    async fn access_policy(&self, name: &VaultName) -> Result<Option<Box<str>>, CallError> {
        self.lives(self.inner.access_policy(name)).await
    }

    async fn notifications(&self, name: &VaultName) -> Result<Option<Notifications>, CallError> {
        self.lives(self.inner.notifications(name)).await
    }

    async fn tags(&self, arn: &str, token: Option<&str>) -> Result<Page<Tag>, CallError> {
        self.lives(self.inner.tags(arn, token)).await
    }

    async fn create_vault(&self, asked: &VaultAsked) -> Result<VaultMade, CallError> {
        self.lives(self.inner.create_vault(asked)).await
    }

    async fn put_access_policy(&self, name: &VaultName, policy: &str) -> Result<(), CallError> {
        self.lives(self.inner.put_access_policy(name, policy)).await
    }

    async fn put_lock(&self, name: &VaultName, asked: &LockAsked) -> Result<(), CallError> {
        self.lives(self.inner.put_lock(name, asked)).await
    }

    async fn put_notifications(&self, name: &VaultName, asked: &Notifications) -> Result<(), CallError> {
        self.lives(self.inner.put_notifications(name, asked)).await
    }

    async fn tag(&self, arn: &str, tags: &Tags) -> Result<(), CallError> {
        self.lives(self.inner.tag(arn, tags)).await
    }
}

#[tokio::test]
async fn twelve_vaults_get_their_twins_and_a_second_run_writes_nothing() {
    let ground = Ground::with_vaults(12);
    let told = ground.replicate(None).await.unwrap();
    assert_eq!(told.len(), 12);
    for vault in &told {
        assert!(!vault.has(Came::Failed) && vault.has(Came::Done), "{vault:#?}");
    }
    let (twins, wrote) = (ground.twins(), ground.writing_calls());
    assert_eq!(twins.len(), 13, "and the default vault");
    let again = ground.replicate(None).await.unwrap();
    assert_eq!(ground.writing_calls(), wrote, "{again:#?}");
    assert!(
        !again.iter().any(|vault| vault.has(Came::Done) || vault.has(Came::ToDo)),
        "{again:#?}"
    );
    assert_eq!(ground.twins(), twins);
}

#[tokio::test]
async fn killed_at_any_call_it_ends_the_same() {
    let undisturbed = Ground::with_vaults(4);
    undisturbed.replicate(None).await.unwrap();
    let expected = undisturbed.twins();
    let calls = usize::try_from(undisturbed.simulator.journal().calls).unwrap();
    assert!(calls > 20, "{calls}");
    for answer_lost in [false, true] {
        for call in 1..=calls {
            let ground = Ground::with_vaults(4);
            let death = Death { call, answer_lost };
            let first = ground.replicate(Some(death)).await;
            // A run that may make as many calls as it needs and one more is not killed.
            assert_eq!(first.is_err(), answer_lost || call < calls, "{death:?}");
            ground.replicate(None).await.unwrap();
            assert_eq!(ground.twins(), expected, "{death:?}");
            let wrote = ground.writing_calls();
            ground.replicate(None).await.unwrap();
            assert_eq!(ground.writing_calls(), wrote, "{death:?}");
        }
    }
}

#[tokio::test]
async fn what_may_not_be_read_or_written_is_told_and_the_rest_goes_on() {
    let ground = Ground::with_vaults(3);
    let refused = Fault::new(Wrong::AccessDenied {
        because: Because::default(),
    })
    .on([
        "ListTags",
        "GetBackupVaultNotifications",
        "PutBackupVaultLockConfiguration",
        "DescribeBackupVault",
    ]);
    ground.simulator.set_faults(FaultPlan::none().and(refused));
    let told = ground.replicate(None).await.unwrap();
    let of = |what: What| -> Vec<&'static str> {
        let actions = told.iter().flat_map(|vault| &vault.actions);
        let mut came: Vec<_> = actions
            .filter(|action| action.what == what)
            .map(|action| action.came.name())
            .collect();
        came.dedup();
        came
    };
    assert_eq!(of(What::Vault), ["done"]);
    assert_eq!(of(What::AccessPolicy), ["done"]);
    assert_eq!(of(What::Tags), ["not_carried"]);
    assert_eq!(of(What::Notifications), ["not_carried"]);
    assert_eq!(
        of(What::Lock),
        ["failed"],
        "a vault that should be locked and is not is no small thing"
    );
}
