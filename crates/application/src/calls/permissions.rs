//! What checks ask. An answer that does not come in a moment is done without: the services behind it need not be reachable from
//! where AWS Backup is.

use std::collections::BTreeMap;
use std::future::pending;

use sav_domain::checks::action::Simulated;
use sav_domain::checks::key::KeyStanding;
use sav_domain::checks::organization::Membership;
use sav_domain::checks::quota::Quota;
use sav_domain::operation::Operation;

use super::{Calls, IDLE_ROUNDS, going_round};
use crate::ports::{CallError, Permissions, RoleDetail, SimulationAsked};

const TRIES: u32 = 3;

impl<G: Permissions> Calls<G> {
    async fn briefly<T, F>(&self, operation: Operation, call: impl Fn() -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        self.admit(operation).await;
        self.repeatedly(operation, TRIES, pending(), call).await
    }

    pub async fn role(&self, name: &str) -> Result<RoleDetail, CallError> {
        self.briefly(Operation::GetRole, || self.gateway.role(name)).await
    }

    /// To the last page.
    pub async fn simulate(&self, asked: &SimulationAsked) -> Result<Vec<Simulated>, CallError> {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..=IDLE_ROUNDS {
            let page = self
                .briefly(Operation::SimulatePrincipalPolicy, || {
                    self.gateway.simulate(asked, token.as_deref())
                })
                .await?;
            all.extend(page.items);
            token = page.token;
            if token.is_none() {
                return Ok(all);
            }
        }
        let subject = Some(asked.principal_arn.clone());
        Err(going_round(&self.gateway, Operation::SimulatePrincipalPolicy, subject))
    }

    pub async fn organization(&self) -> Result<Membership, CallError> {
        self.briefly(Operation::DescribeOrganization, || self.gateway.organization())
            .await
    }

    pub async fn cross_account_backup(&self) -> Result<Option<bool>, CallError> {
        self.briefly(Operation::DescribeGlobalSettings, || {
            self.gateway.cross_account_backup()
        })
        .await
    }

    pub async fn types_opted_in(&self) -> Result<BTreeMap<String, bool>, CallError> {
        self.briefly(Operation::DescribeRegionSettings, || self.gateway.types_opted_in())
            .await
    }

    pub async fn quota(&self, quota: Quota) -> Result<f64, CallError> {
        self.briefly(Operation::GetServiceQuota, || self.gateway.quota(quota))
            .await
    }

    pub async fn key_standing(&self, key_arn: &str) -> Result<KeyStanding, CallError> {
        self.briefly(Operation::DescribeKey, || self.gateway.key_standing(key_arn))
            .await
    }

    pub async fn key_policy(&self, key_arn: &str) -> Result<Box<str>, CallError> {
        self.briefly(Operation::GetKeyPolicy, || self.gateway.key_policy(key_arn))
            .await
    }
}
