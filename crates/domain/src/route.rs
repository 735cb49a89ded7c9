//! From where to where.

use std::fmt;

use crate::account::AccountId;
use crate::region::{Partition, Region};

/// Two different accounts in one Region, or it is not a route.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    source: AccountId,
    destination: AccountId,
    region: Region,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "source and destination are the same account, {account}: a migration needs two; check --source-account and --dest-account"
)]
pub struct SameAccount {
    pub account: AccountId,
}

impl Route {
    pub fn between(source: AccountId, destination: AccountId, region: Region) -> Result<Self, SameAccount> {
        if source == destination {
            Err(SameAccount { account: source })
        } else {
            Ok(Self {
                source,
                destination,
                region,
            })
        }
    }

    pub fn source(&self) -> AccountId {
        self.source
    }

    pub fn destination(&self) -> AccountId {
        self.destination
    }

    pub fn region(&self) -> &Region {
        &self.region
    }

    pub fn partition(&self) -> Partition {
        self.region.partition()
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} in {}", self.source, self.destination, self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_cannot_migrate_to_itself() {
        let one: AccountId = "111111111111".parse().unwrap();
        let two: AccountId = "222222222222".parse().unwrap();
        let region: Region = "cn-north-1".parse().unwrap();
        assert_eq!(
            Route::between(one, one, region.clone()),
            Err(SameAccount { account: one })
        );
        let route = Route::between(one, two, region).unwrap();
        assert_eq!(route.to_string(), "111111111111 → 222222222222 in cn-north-1");
        assert_eq!(route.partition(), Partition::China);
    }
}
