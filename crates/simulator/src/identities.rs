//! Access keys: who they belong to, how long they hold. They live by the wire's time, which is the real one, because
//! clients compare expiry dates with their own clocks.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::{Clock, Moment};
use crate::wire::Caller;
use crate::world::{PrincipalKind, World};

/// What a client signs with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Only with temporary keys.
    pub session_token: Option<String>,
    pub expiration: Option<Moment>,
}

/// Secrets stay out of logs, even simulated ones.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// What `AssumeRole` asks for.
#[derive(Clone, Debug)]
pub struct SessionOrder<'a> {
    pub account: &'a str,
    pub role: &'a str,
    pub session_name: &'a str,
    pub lifetime: Duration,
    /// What the session may do at most; none: whatever its role may.
    pub policies: &'a [Value],
}

/// An access key and everything that decides whether it is still good.
#[derive(Debug)]
pub struct Identity {
    pub credentials: Credentials,
    pub caller: Caller,
    expires: Option<Moment>,
    revoked: bool,
    /// Below zero once the last call that was granted is made.
    calls_left: Option<AtomicI64>,
    /// By credential scope. A client signs thousands of requests a day with the same one.
    signing_keys: Mutex<HashMap<String, [u8; 32]>>,
}

/// Why a key that exists is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    Revoked,
    Expired,
}

pub struct Identities {
    by_key: HashMap<String, Identity>,
    /// (account, principal) to the key that is there from the start.
    standing: HashMap<(String, String), String>,
    clock: Arc<dyn Clock>,
    seed: u64,
    sessions_issued: u64,
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities")
            .field("keys", &self.by_key.len())
            .finish_non_exhaustive()
    }
}

impl Identities {
    /// A key for each user, and a session without an end for each role, of every account; the same ones for the same seed.
    pub fn seeded(world: &World, seed: u64, wire_clock: Arc<dyn Clock>) -> Self {
        let mut identities = Self {
            by_key: HashMap::new(),
            standing: HashMap::new(),
            clock: wire_clock,
            seed,
            sessions_issued: 0,
        };
        for account in world.accounts.values() {
            for principal in account.principals.values() {
                let salt = format!("{seed}/{}/{}", account.id, principal.name);
                let (caller, temporary) = match principal.kind {
                    PrincipalKind::User => (user(world, &account.id, &principal.name), false),
                    PrincipalKind::Role => (session(world, &account.id, &principal.name, "sandbox"), true),
                };
                let Some(caller) = caller else { continue };
                let credentials = fresh_credentials(&salt, temporary, None);
                let at = (account.id.clone(), principal.name.clone());
                identities.standing.insert(at, credentials.access_key_id.clone());
                identities.add(credentials, caller);
            }
        }
        identities
    }

    /// The key that a user, or a session of a role, has from the start.
    pub fn credentials(&self, account: &str, principal: &str) -> Option<Credentials> {
        let key = self.standing.get(&(account.to_owned(), principal.to_owned()))?;
        self.by_key.get(key).map(|identity| identity.credentials.clone())
    }

    /// A new session of a role; none when there is no such role.
    pub fn issue_session(&mut self, world: &World, order: &SessionOrder<'_>) -> Option<(Credentials, Caller)> {
        let mut caller = session(world, order.account, order.role, order.session_name)?;
        if !order.policies.is_empty() {
            caller.session_policies = Some(order.policies.into());
        }
        self.sessions_issued += 1;
        let salt = format!(
            "{}/{}/{}#{}",
            self.seed, order.account, order.role, self.sessions_issued
        );
        // AWS tells the expiry in whole seconds.
        let expires = Moment::from_secs((self.clock.now() + order.lifetime).secs());
        let credentials = fresh_credentials(&salt, true, Some(expires));
        self.add(credentials.clone(), caller.clone());
        Some((credentials, caller))
    }

    fn add(&mut self, credentials: Credentials, caller: Caller) {
        let identity = Identity {
            expires: credentials.expiration,
            caller,
            revoked: false,
            calls_left: None,
            signing_keys: Mutex::default(),
            credentials,
        };
        self.by_key.insert(identity.credentials.access_key_id.clone(), identity);
    }

    pub fn find(&self, access_key_id: &str) -> Option<&Identity> {
        self.by_key.get(access_key_id)
    }

    /// Keys of an account, or of one of its principals.
    pub fn keys_of(&self, account: &str, principal: Option<&str>) -> Vec<String> {
        let belongs = |caller: &Caller| {
            caller.account == account && principal.is_none_or(|principal| caller.principal == principal)
        };
        let mut keys: Vec<String> = self
            .by_key
            .iter()
            .filter(|(_, identity)| belongs(&identity.caller))
            .map(|(key, _)| key.clone())
            .collect();
        keys.sort_unstable();
        keys
    }

    /// From now on AWS does not know this key.
    pub fn revoke(&mut self, access_key_id: &str) {
        self.change(access_key_id, |identity| identity.revoked = true);
    }

    /// The key is good until then, and `expired` after it.
    pub fn expire_at(&mut self, access_key_id: &str, moment: Moment) {
        self.change(access_key_id, |identity| identity.expires = Some(moment));
    }

    pub fn expire_now(&mut self, access_key_id: &str) {
        let now = self.clock.now();
        self.expire_at(access_key_id, now);
    }

    /// The key is good for that many calls more.
    pub fn expire_after_calls(&mut self, access_key_id: &str, calls: u32) {
        self.change(access_key_id, |identity| {
            identity.calls_left = Some(AtomicI64::new(i64::from(calls)));
        });
    }

    /// Takes back revocation, early expiry and counted calls.
    pub fn restore(&mut self, access_key_id: &str) {
        self.change(access_key_id, |identity| {
            identity.revoked = false;
            identity.calls_left = None;
            identity.expires = identity.credentials.expiration;
        });
    }

    fn change(&mut self, access_key_id: &str, change: impl FnOnce(&mut Identity)) {
        if let Some(identity) = self.by_key.get_mut(access_key_id) {
            change(identity);
        }
    }
}

impl Identity {
    /// Whether the key is good for one call more, which is counted.
    pub fn admit(&self, now: Moment) -> Result<(), KeyFault> {
        if self.revoked {
            return Err(KeyFault::Revoked);
        }
        if self.expires.is_some_and(|expires| expires <= now) {
            return Err(KeyFault::Expired);
        }
        match &self.calls_left {
            Some(left) if left.fetch_sub(1, Ordering::Relaxed) <= 0 => Err(KeyFault::Expired),
            _ => Ok(()),
        }
    }

    /// The signing key of a credential scope, derived once.
    pub fn signing_key(&self, scope: &str, derive: impl FnOnce(&str) -> [u8; 32]) -> [u8; 32] {
        let mut keys = self.signing_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(scope) {
            return *key;
        }
        let key = derive(&self.credentials.secret_access_key);
        keys.insert(scope.to_owned(), key);
        key
    }
}

fn user(world: &World, account: &str, name: &str) -> Option<Caller> {
    let user = world.accounts.get(account)?.principals.get(name)?;
    Some(Caller {
        account: account.to_owned(),
        arn: world.principal_arn(account, user),
        user_id: user.unique_id.clone(),
        principal: name.to_owned(),
        session_policies: None,
    })
}

/// A session's ARN has no path, whatever path its role has.
fn session(world: &World, account: &str, role: &str, session_name: &str) -> Option<Caller> {
    let found = world.accounts.get(account)?.principals.get(role)?;
    Some(Caller {
        account: account.to_owned(),
        arn: format!(
            "arn:{}:sts::{account}:assumed-role/{role}/{session_name}",
            world.partition
        ),
        user_id: format!("{}:{session_name}", found.unique_id),
        principal: role.to_owned(),
        session_policies: None,
    })
}

fn fresh_credentials(salt: &str, temporary: bool, expiration: Option<Moment>) -> Credentials {
    const KEY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const SECRET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let prefix = if temporary { "ASIA" } else { "AKIA" };
    Credentials {
        access_key_id: format!("{prefix}{}", random_text(salt, "key", KEY, 16)),
        secret_access_key: random_text(salt, "secret", SECRET, 40),
        session_token: temporary.then(|| format!("IQoJb3JpZ2luX2Vj{}", random_text(salt, "token", SECRET, 240))),
        expiration,
    }
}

/// Characters of `alphabet`, which look random and are the same for the same salt.
fn random_text(salt: &str, purpose: &str, alphabet: &[u8], length: usize) -> String {
    let blocks = (0u32..).flat_map(|block| Sha256::digest(format!("{purpose}/{block}/{salt}")));
    blocks
        .take(length)
        .map(|byte| char::from(alphabet[usize::from(byte) % alphabet.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::world::WorldPlan;

    const ACCOUNT: &str = "111111111111";

    fn seeded(seed: u64) -> (World, Identities) {
        let plan = WorldPlan {
            points: 60,
            vaults: 3,
            ..WorldPlan::default()
        };
        let world = World::seeded(&plan);
        let identities = Identities::seeded(&world, seed, Arc::new(ManualClock::at(plan.start)));
        (world, identities)
    }

    #[test]
    fn keys_follow_from_the_seed() {
        let keys = |seed| seeded(seed).1.credentials(ACCOUNT, "operator").unwrap();
        assert_eq!(keys(7), keys(7));
        assert_ne!(keys(7).secret_access_key, keys(8).secret_access_key);
    }

    #[test]
    fn users_have_lasting_keys_and_roles_have_sessions() {
        let (_, identities) = seeded(7);
        let user = identities.credentials(ACCOUNT, "operator").unwrap();
        assert!(user.access_key_id.starts_with("AKIA") && user.session_token.is_none());
        assert_eq!((user.access_key_id.len(), user.secret_access_key.len()), (20, 40));
        let role = identities.credentials(ACCOUNT, "BackupMigrationOperator").unwrap();
        assert!(role.access_key_id.starts_with("ASIA") && role.session_token.is_some());
        assert_eq!(identities.credentials(ACCOUNT, "nobody"), None);
        assert_eq!(identities.credentials("000000000000", "operator"), None);
    }

    #[test]
    fn sessions_are_all_different_and_found_by_their_principal() {
        let (world, mut identities) = seeded(7);
        let role = "BackupMigrationOperator";
        let before = identities.keys_of(ACCOUNT, Some(role)).len();
        let lifetime = Duration::from_hours(1);
        let order = SessionOrder {
            account: ACCOUNT,
            role,
            session_name: "night",
            lifetime,
            policies: &[],
        };
        let (first, caller) = identities.issue_session(&world, &order).unwrap();
        let (second, _) = identities.issue_session(&world, &order).unwrap();
        assert_ne!(first.access_key_id, second.access_key_id);
        assert_eq!(caller.arn, format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/night"));
        assert_eq!(first.expiration, Some(identities.clock.now() + lifetime));
        assert_eq!(identities.keys_of(ACCOUNT, Some(role)).len(), before + 2);
        assert!(identities.keys_of(ACCOUNT, None).len() > before + 2);
        assert!(
            identities
                .issue_session(
                    &world,
                    &SessionOrder {
                        role: "nobody",
                        ..order
                    }
                )
                .is_none()
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let keys = seeded(7).1.credentials(ACCOUNT, "BackupMigrationOperator").unwrap();
        let shown = format!("{keys:?}");
        assert!(shown.contains(&keys.access_key_id));
        assert!(!shown.contains(&keys.secret_access_key) && !shown.contains(&keys.session_token.unwrap()));
    }
}
