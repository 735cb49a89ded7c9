//! An AWS that knows keys, a file that somebody rewrites, and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::{AccountId, Moment, RecoveryPoint};
use tokio::time::{Instant, sleep};

use crate::calls::Calls;
use crate::credentials::{Standing, Why, keep};
use crate::governor::Governor;
use crate::identity;
use crate::ports::{
    CallError, Caller, Clock, Gateway, Origin, Page, PointsAsked, Renewal, Renewed, Side, Stamp, VaultSeen,
};

pub(super) const ACCOUNT: &str = "111111111111";
pub(super) const MINUTE: Duration = Duration::from_mins(1);

#[derive(Clone)]
pub(super) struct Time(pub(super) Instant);

impl Clock for Time {
    fn now(&self) -> Moment {
        Moment::from_millis(i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

#[derive(Clone)]
pub(super) struct Key {
    pub(super) account: &'static str,
    pub(super) role: &'static str,
    pub(super) expires: Option<Moment>,
    /// What AWS says to a call that is signed with it.
    pub(super) refused: Option<FaultKind>,
}

impl Key {
    pub(super) fn good() -> Self {
        Self {
            account: ACCOUNT,
            role: "Operator",
            expires: None,
            refused: None,
        }
    }
}

#[derive(Default)]
pub(super) struct World {
    pub(super) keys: HashMap<u32, Key>,
    /// The key in the file. None: the file is absent or half written.
    pub(super) file: Option<u32>,
    pub(super) stamp: u64,
    pub(super) in_use: u32,
    /// What STS says to everybody.
    pub(super) sts: Option<FaultKind>,
    /// What AWS Backup says to everybody.
    pub(super) backup: Option<FaultKind>,
    /// How long a session holds that a process issues for the asking, instead of the file.
    pub(super) issues: Option<Duration>,
    pub(super) reads: u32,
    /// The keys that calls were signed with, and whether they went well.
    pub(super) calls: Vec<(u32, bool)>,
}

pub(super) struct Office {
    pub(super) world: Mutex<World>,
    pub(super) time: Time,
}

impl Office {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn error(kind: FaultKind) -> CallError {
        CallError {
            kind,
            operation: Operation::ListBackupVaults,
            side: Side::Source,
            account: ACCOUNT.parse().unwrap(),
            subject: None,
            code: format!("{kind:?}"),
            message: "no".to_owned(),
            request_id: None,
        }
    }

    fn judge(world: &World, key: u32, now: Moment) -> Result<Key, CallError> {
        let key = world
            .keys
            .get(&key)
            .ok_or_else(|| Self::error(FaultKind::CredentialsAbsent))?;
        let expired = key
            .expires
            .is_some_and(|end| end <= now)
            .then_some(FaultKind::CredentialsExpired);
        key.refused
            .or(expired)
            .map_or_else(|| Ok(key.clone()), |kind| Err(Self::error(kind)))
    }

    fn whose(&self, key: u32) -> Result<Caller, CallError> {
        let world = self.world();
        if let Some(kind) = world.sts {
            return Err(Self::error(kind));
        }
        let key = Self::judge(&world, key, self.time.now())?;
        Ok(Caller {
            account: key.account.parse().unwrap(),
            arn: format!("arn:aws:sts::{}:assumed-role/{}/session", key.account, key.role),
        })
    }
}

impl Gateway for Office {
    fn side(&self) -> Side {
        Side::Source
    }

    fn account(&self) -> AccountId {
        ACCOUNT.parse().unwrap()
    }

    async fn caller(&self) -> Result<Caller, CallError> {
        let key = self.world().in_use;
        self.whose(key)
    }

    async fn vaults(&self, _: Option<&str>) -> Result<Page<VaultSeen>, CallError> {
        let key = self.world().in_use;
        sleep(Duration::from_millis(50)).await;
        let mut world = self.world();
        let outcome = Self::judge(&world, key, self.time.now());
        let outcome = match world.backup {
            Some(kind) => Err(Self::error(kind)),
            None => outcome,
        };
        world.calls.push((key, outcome.is_ok()));
        outcome.map(|_| Page {
            items: Vec::new(),
            token: None,
        })
    }

    async fn points(&self, _: &PointsAsked, _: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
        Err(Self::error(FaultKind::Unexpected))
    }
}

impl Renewal for Office {
    type Keys = u32;

    async fn read_anew(&self) -> Result<Renewed<u32>, CallError> {
        let key = {
            let mut world = self.world();
            world.reads += 1;
            if let Some(lifetime) = world.issues {
                let key = 1000 + world.reads;
                let expires = self
                    .time
                    .now()
                    .plus_millis(i64::try_from(lifetime.as_millis()).unwrap());
                let issued = Key {
                    expires: Some(expires),
                    ..Key::good()
                };
                world.keys.insert(key, issued);
                world.file = Some(key);
            }
            world.file
        };
        sleep(Duration::from_millis(200)).await;
        let keys = key.ok_or_else(|| Self::error(FaultKind::CredentialsAbsent))?;
        let caller = self.whose(keys)?;
        Ok(Renewed { keys, caller })
    }

    fn sign_with(&self, keys: u32) {
        self.world().in_use = keys;
    }

    fn expire_at(&self) -> Option<Moment> {
        let world = self.world();
        world.keys.get(&world.in_use)?.expires
    }

    async fn origin(&self) -> Origin {
        Origin {
            from: "the file".to_owned(),
            watched: vec!["the file".to_owned()],
        }
    }

    async fn stamp(&self) -> Stamp {
        Stamp(self.world().stamp)
    }
}

/// A side that works, kept, with key 1 in use and in the file.
pub(super) struct Kept {
    pub(super) calls: Arc<Calls<Office>>,
    pub(super) keeper: tokio::task::JoinHandle<()>,
}

impl Kept {
    pub(super) async fn working() -> Self {
        let time = Time(Instant::now());
        let world = World {
            keys: HashMap::from([(1, Key::good())]),
            file: Some(1),
            in_use: 1,
            ..World::default()
        };
        let office = Office {
            world: Mutex::new(world),
            time: time.clone(),
        };
        let calls = Calls::new(office, Governor::new(50_000.0));
        let keeper = tokio::spawn(keep(calls.clone(), time));
        sleep(Duration::from_millis(10)).await;
        identity::confirm(&calls, ACCOUNT.parse().unwrap()).await.unwrap();
        calls.vaults().await.unwrap();
        Self { calls, keeper }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.calls.gateway().world()
    }

    pub(super) fn refuse(&self, key: u32, kind: FaultKind) {
        self.world().keys.get_mut(&key).unwrap().refused = Some(kind);
    }

    pub(super) fn write(&self, file: Option<u32>) {
        let mut world = self.world();
        world.file = file;
        world.stamp += 1;
    }

    pub(super) fn write_new(&self, number: u32, key: Key) {
        self.world().keys.insert(number, key);
        self.write(Some(number));
    }

    pub(super) fn standing(&self) -> Standing {
        self.calls.gate().watch().borrow().clone()
    }

    pub(super) async fn until_paused(&self) -> Why {
        let mut standing = self.calls.gate().watch();
        let paused = standing.wait_for(|standing| standing.paused().is_some()).await.unwrap();
        paused.paused().unwrap().why.clone()
    }

    /// A call that is under way, for as long as it takes.
    pub(super) fn call(&self) -> tokio::task::JoinHandle<Result<Vec<VaultSeen>, CallError>> {
        let calls = self.calls.clone();
        tokio::spawn(async move { calls.vaults().await })
    }

    pub(super) fn reads(&self) -> u32 {
        self.world().reads
    }

    pub(super) fn in_use(&self) -> u32 {
        self.world().in_use
    }

    pub(super) fn refusals(&self) -> usize {
        self.world().calls.iter().filter(|(_, well)| !well).count()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
