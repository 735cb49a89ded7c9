//! What every copy of a migration is asked for with: where to, under which role, for how long.

use sav_domain::arn;
use sav_domain::recovery_point::RecoveryPoint;
use sav_domain::retention::Retention;
use sav_domain::transfer::Token;
use sav_domain::vault_map::VaultMap;
use sav_domain::{Route, VaultName};

use crate::ports::CopyAsked;

#[derive(Clone, Debug)]
pub struct CopyTerms {
    pub route: Route,
    pub vault_map: VaultMap,
    pub retention: Retention,
    /// The role that AWS Backup copies under, in the source account.
    pub copy_role_arn: Box<str>,
}

impl CopyTerms {
    pub fn destination_vault<'a>(&'a self, source: &'a VaultName) -> &'a VaultName {
        self.vault_map.target(source)
    }

    pub fn destination_vault_arn(&self, source: &VaultName) -> Box<str> {
        let route = &self.route;
        arn::of_vault(
            &route.partition(),
            route.region(),
            route.destination(),
            self.destination_vault(source),
        )
        .into()
    }

    pub fn source_vault_arn(&self, source: &VaultName) -> Box<str> {
        let route = &self.route;
        arn::of_vault(&route.partition(), route.region(), route.source(), source).into()
    }

    /// The request for a copy of this point. The same token always goes with the same content, as AWS demands.
    pub fn asked(&self, point: &RecoveryPoint, token: Token) -> CopyAsked {
        CopyAsked {
            token,
            recovery_point_arn: point.arn.clone(),
            source_vault: point.vault.clone(),
            destination_vault_arn: self.destination_vault_arn(&point.vault),
            copy_role_arn: self.copy_role_arn.clone(),
            lifecycle: self.retention.of_copy(point),
        }
    }
}
