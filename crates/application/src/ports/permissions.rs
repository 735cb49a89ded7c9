//! What an account says about permissions, keys, its organization and its limits: all of it read, nothing of it needed to copy.

use std::collections::BTreeMap;
use std::future::Future;

use sav_domain::checks::action::Simulated;
use sav_domain::checks::key::KeyStanding;
use sav_domain::checks::organization::Membership;
use sav_domain::checks::quota::Quota;

use super::gateway::{CallError, Gateway, Page};

/// A permission that is missing is an error like any other: the caller decides what it means.
pub trait Permissions: Gateway {
    /// By the role's name without its path.
    fn role(&self, name: &str) -> impl Future<Output = Result<RoleDetail, CallError>> + Send;

    /// What the policies of a role or user would say.
    fn simulate(
        &self,
        asked: &SimulationAsked,
        token: Option<&str>,
    ) -> impl Future<Output = Result<Page<Simulated>, CallError>> + Send;

    fn organization(&self) -> impl Future<Output = Result<Membership, CallError>> + Send;

    /// Whether the organization lets its accounts copy to each other. None: AWS does not say.
    fn cross_account_backup(&self) -> impl Future<Output = Result<Option<bool>, CallError>> + Send;

    /// For which types the account uses AWS Backup in this Region, by their names.
    fn types_opted_in(&self) -> impl Future<Output = Result<BTreeMap<String, bool>, CallError>> + Send;

    /// The value that holds for this account.
    fn quota(&self, quota: Quota) -> impl Future<Output = Result<f64, CallError>> + Send;

    fn key_standing(&self, key_arn: &str) -> impl Future<Output = Result<KeyStanding, CallError>> + Send;

    /// The policy's JSON text. Only the key's own account can read it.
    fn key_policy(&self, key_arn: &str) -> impl Future<Output = Result<Box<str>, CallError>> + Send;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDetail {
    pub arn: String,
    /// The trust policy's JSON text.
    pub trust: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationAsked {
    /// A role or user, never a session.
    pub principal_arn: String,
    pub actions: Vec<&'static str>,
    pub resources: Vec<String>,
    /// Condition keys with their values.
    pub context: Vec<(&'static str, String)>,
}
