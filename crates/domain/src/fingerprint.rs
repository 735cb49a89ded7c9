//! Words made small: a million ARNs would not fit where a million numbers do.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};

use crate::account::AccountId;
use crate::arn::{self, Arn};
use crate::route::Route;

/// Creation dates of a point and its copy may differ by less than this: AWS does not promise the milliseconds.
pub const SAME_DATE_MS: i64 = 1000;

/// What EC2 shows as the volume of a copied snapshot.
pub const NO_VOLUME: &str = "vol-ffffffff";

/// Whether EC2 shows a volume that means nothing, as it does for copied snapshots.
pub fn shows_no_volume(resource_arn: Option<&str>) -> bool {
    resource_arn.is_some_and(|arn| arn::short(arn) == NO_VOLUME)
}

/// Numbers that stand for texts during one pass over a migration's points. Among a million texts two share one once in some
/// 10^7 times.
#[derive(Debug)]
pub struct Fingerprints {
    /// Always the same, so that the same points get the same turns.
    hasher: BuildHasherDefault<DefaultHasher>,
    accounts: [AccountId; 2],
}

/// Which account a resource's ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    Source,
    Destination,
    /// Another one, or none, as buckets do.
    Neither,
}

impl Fingerprints {
    pub fn new(route: &Route) -> Self {
        Self {
            hasher: BuildHasherDefault::default(),
            accounts: [route.source(), route.destination()],
        }
    }

    pub fn of_words(&self, words: &[&str]) -> u64 {
        self.hasher.hash_one(words)
    }

    /// A resource, whichever of the two accounts its ARN names: whether a copy keeps the source's is not documented.
    pub fn hash_resource(&self, resource_arn: Option<&str>, state: &mut impl Hasher) -> Owner {
        let parsed = resource_arn.and_then(Arn::parse);
        let owner = parsed.and_then(|arn| arn.account_id()).and_then(|account| {
            let [source, destination] = self.accounts;
            if account == source {
                Some(Owner::Source)
            } else {
                (account == destination).then_some(Owner::Destination)
            }
        });
        match parsed {
            Some(arn) if owner.is_some() => (arn.service, arn.region, arn.resource).hash(state),
            _ => resource_arn.hash(state),
        }
        owner.unwrap_or(Owner::Neither)
    }

    pub fn hasher(&self) -> impl Hasher + use<> {
        self.hasher.build_hasher()
    }
}
