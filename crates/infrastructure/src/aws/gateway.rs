//! One account's AWS Backup and STS. A method is one request; nothing here repeats or waits.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_config::identity::IdentityCache;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_types::DateTime;
use sav_application::ports::{CallError, Caller, Gateway, Page, PointsAsked, Side, VaultSeen};
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::{AccountId, Moment, RecoveryPoint};

use super::credentials::{Keys, Renewable};
use super::fault::Asked;
use super::pages::PageSlot;
use super::project::{self, PointRead};

/// The largest page AWS serves.
pub(super) const PAGE: i32 = 1000;

#[derive(Clone, Debug)]
pub struct AwsGateway {
    side: Side,
    account: AccountId,
    backup: aws_sdk_backup::Client,
    sts: aws_sdk_sts::Client,
    pub(super) kms: aws_sdk_kms::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) organizations: aws_sdk_organizations::Client,
    pub(super) quotas: aws_sdk_servicequotas::Client,
    /// None: the credentials were given, and nobody knows where there are others.
    pub(super) renewable: Option<Renewable>,
}

impl AwsGateway {
    pub(super) fn new(side: Side, account: AccountId, config: &SdkConfig) -> Self {
        Self {
            side,
            account,
            backup: aws_sdk_backup::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            kms: aws_sdk_kms::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            organizations: aws_sdk_organizations::Client::new(config),
            quotas: aws_sdk_servicequotas::Client::new(config),
            renewable: None,
        }
    }

    /// Signs with `keys`, which can be exchanged while calls are under way: clients and their connections stay.
    pub(super) fn renewable(side: Side, account: AccountId, base: SdkConfig, keys: Keys) -> Self {
        let keys = Arc::new(keys);
        let provider: Arc<dyn ProvideCredentials> = Arc::clone(&keys) as _;
        let config = base
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::new(provider))
            // The SDK's own would go on with what it has once loaded, also when AWS has refused it.
            .identity_cache(IdentityCache::no_cache())
            .build();
        Self {
            renewable: Some(Renewable {
                keys,
                config: config.clone(),
            }),
            ..Self::new(side, account, &config)
        }
    }

    pub(super) fn backup(&self) -> &aws_sdk_backup::Client {
        &self.backup
    }

    pub(super) fn asked<'a>(&self, operation: Operation, subject: Option<&'a str>) -> Asked<'a> {
        Asked {
            side: self.side,
            account: self.account,
            operation,
            subject,
        }
    }
}

impl AwsGateway {
    /// Whose credentials this client signs with.
    pub(super) async fn whose(&self, sts: &aws_sdk_sts::Client) -> Result<Caller, CallError> {
        let asked = self.asked(Operation::GetCallerIdentity, None);
        let answer = sts
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| asked.failed(&error))?;
        let account: Option<AccountId> = answer.account().and_then(|account| account.parse().ok());
        match (account, answer.arn()) {
            (Some(account), Some(arn)) => Ok(Caller {
                account,
                arn: arn.to_owned(),
            }),
            _ => Err(CallError {
                kind: FaultKind::Unexpected,
                operation: asked.operation,
                side: self.side,
                account: self.account,
                subject: None,
                code: "IncompleteAnswer".to_owned(),
                message: "STS named neither an account of twelve digits nor an ARN".to_owned(),
                request_id: None,
            }),
        }
    }
}

impl Gateway for AwsGateway {
    fn side(&self) -> Side {
        self.side
    }

    fn account(&self) -> AccountId {
        self.account
    }

    async fn caller(&self) -> Result<Caller, CallError> {
        self.whose(&self.sts).await
    }

    async fn vaults(&self, token: Option<&str>) -> Result<Page<VaultSeen>, CallError> {
        let asked = self.asked(Operation::ListBackupVaults, None);
        let answer = self
            .backup
            .list_backup_vaults()
            .max_results(PAGE)
            .set_next_token(token.map(str::to_owned))
            .send()
            .await
            .map_err(|error| asked.failed(&error))?;
        let items = answer
            .backup_vault_list
            .unwrap_or_default()
            .into_iter()
            .filter_map(project::vault)
            .collect();
        Ok(Page {
            items,
            token: present(answer.next_token),
        })
    }

    async fn points(&self, asked: &PointsAsked, token: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
        let about = self.asked(Operation::ListRecoveryPointsByBackupVault, Some(asked.vault.as_str()));
        let slot = PageSlot::for_vault(&asked.vault);
        let riding = slot.clone();
        let answer = self
            .backup
            .list_recovery_points_by_backup_vault()
            .backup_vault_name(asked.vault.as_str())
            .max_results(PAGE)
            .set_by_resource_type(asked.resource_type.clone())
            .set_by_created_after(asked.created_after.map(instant))
            .set_by_created_before(asked.created_before.map(instant))
            .set_next_token(token.map(str::to_owned))
            .customize()
            .mutate_request(move |request| request.add_extension(riding.clone()))
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        let items = slot.take().unwrap_or_else(|| {
            let read_by_sdk = answer.recovery_points.unwrap_or_default();
            project::points(&asked.vault, read_by_sdk.iter().map(PointRead::from))
        });
        Ok(Page {
            items,
            token: present(answer.next_token),
        })
    }
}

pub(super) fn instant(moment: Moment) -> DateTime {
    DateTime::from_millis(moment.millis())
}

/// An empty token is none: to send it back would be refused.
pub(super) fn present(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}
