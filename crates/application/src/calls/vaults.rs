//! Vaults with all that hangs on them, through the gate and at the governor's pace.

use sav_domain::VaultName;
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::twin::{Notifications, Tags};

use super::{Calls, IDLE_ROUNDS, going_round};
use crate::ports::{CallError, LockAsked, VaultAsked, VaultDesk, VaultDetail, VaultMade};

impl<G: VaultDesk> Calls<G> {
    pub async fn vault(&self, name: &VaultName) -> Result<VaultDetail, CallError> {
        self.patiently(Operation::DescribeBackupVault, || self.gateway.vault(name))
            .await
    }

    pub async fn access_policy(&self, name: &VaultName) -> Result<Option<Box<str>>, CallError> {
        self.patiently(Operation::GetBackupVaultAccessPolicy, || {
            self.gateway.access_policy(name)
        })
        .await
    }

    pub async fn notifications(&self, name: &VaultName) -> Result<Option<Notifications>, CallError> {
        self.patiently(Operation::GetBackupVaultNotifications, || {
            self.gateway.notifications(name)
        })
        .await
    }

    /// To the last page.
    pub async fn tags(&self, arn: &str) -> Result<Tags, CallError> {
        let mut all = Tags::new();
        let mut token: Option<String> = None;
        let (mut restarts, mut led_to_itself) = (0, 0);
        loop {
            let page = self
                .patiently(Operation::ListTags, || self.gateway.tags(arn, token.as_deref()))
                .await;
            let page = match page {
                Err(error) if token.is_some() && error.kind == FaultKind::Rejected && restarts < 3 => {
                    restarts += 1;
                    token = None;
                    continue;
                }
                answer => answer?,
            };
            all.extend(page.items);
            led_to_itself = if token.is_some() && token == page.token {
                led_to_itself + 1
            } else {
                0
            };
            if led_to_itself > IDLE_ROUNDS {
                return Err(going_round(&self.gateway, Operation::ListTags, Some(arn.to_owned())));
            }
            token = page.token;
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    pub async fn create_vault(&self, asked: &VaultAsked) -> Result<VaultMade, CallError> {
        self.patiently(Operation::CreateBackupVault, || self.gateway.create_vault(asked))
            .await
    }

    pub async fn put_access_policy(&self, name: &VaultName, policy: &str) -> Result<(), CallError> {
        self.patiently(Operation::PutBackupVaultAccessPolicy, || {
            self.gateway.put_access_policy(name, policy)
        })
        .await
    }

    pub async fn put_lock(&self, name: &VaultName, asked: &LockAsked) -> Result<(), CallError> {
        self.patiently(Operation::PutBackupVaultLockConfiguration, || {
            self.gateway.put_lock(name, asked)
        })
        .await
    }

    pub async fn put_notifications(&self, name: &VaultName, asked: &Notifications) -> Result<(), CallError> {
        self.patiently(Operation::PutBackupVaultNotifications, || {
            self.gateway.put_notifications(name, asked)
        })
        .await
    }

    pub async fn tag(&self, arn: &str, tags: &Tags) -> Result<(), CallError> {
        self.patiently(Operation::TagResource, || self.gateway.tag(arn, tags))
            .await
    }
}
