//! Words made small: a million ARNs would not fit where a million numbers do.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};

use sav_domain::arn::Arn;
use sav_domain::{AccountId, Route};

/// Numbers that stand for texts during one pass of planning. Among a million texts two share one once in some
/// 10^7 times.
#[derive(Debug)]
pub(super) struct Fingerprints {
    /// Always the same, so that the same points get the same turns.
    hasher: BuildHasherDefault<DefaultHasher>,
    accounts: [AccountId; 2],
}

impl Fingerprints {
    pub(super) fn new(route: &Route) -> Self {
        Self {
            hasher: BuildHasherDefault::default(),
            accounts: [route.source(), route.destination()],
        }
    }

    pub(super) fn of_words(&self, words: &[&str]) -> u64 {
        self.hasher.hash_one(words)
    }

    /// A resource, whichever of the two accounts its ARN names: whether a copy keeps the source's is not documented.
    pub(super) fn hash_resource(&self, resource_arn: Option<&str>, state: &mut impl Hasher) {
        match resource_arn.and_then(Arn::parse) {
            Some(arn) if arn.account_id().is_some_and(|account| self.accounts.contains(&account)) => {
                (arn.service, arn.region, arn.resource).hash(state);
            }
            _ => resource_arn.hash(state),
        }
    }

    pub(super) fn hasher(&self) -> impl Hasher + use<> {
        self.hasher.build_hasher()
    }
}
