//! Vaults with all that hangs on them: the calls that `replicate` and `validate` add to those of a listing.

use std::collections::HashMap;

use aws_sdk_backup::types::{BackupVaultEvent, VaultType};
use aws_smithy_runtime_api::client::result::SdkError;
use sav_application::ports::{CallError, LockAsked, Page, VaultAsked, VaultDesk, VaultDetail, VaultMade};
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::twin::{Lock, Notifications, Tag, Tags, VaultKind};
use sav_domain::{Moment, VaultName};

use super::gateway::{AwsGateway, PAGE, present};

impl VaultDesk for AwsGateway {
    async fn vault(&self, name: &VaultName) -> Result<VaultDetail, CallError> {
        let about = self.asked(Operation::DescribeBackupVault, Some(name.as_str()));
        let seen = self
            .backup()
            .describe_backup_vault()
            .backup_vault_name(name.as_str())
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        let lock_date = seen.lock_date.as_ref();
        let lock = Lock {
            min_retention_days: seen.min_retention_days,
            max_retention_days: seen.max_retention_days,
            unchangeable_from: lock_date.map(|date| Moment::from_epoch(date.secs(), date.subsec_nanos())),
        };
        Ok(VaultDetail {
            arn: seen.backup_vault_arn.map(String::into_boxed_str),
            kind: VaultKind::named(seen.vault_type.as_ref().map(VaultType::as_str)),
            encryption_key_arn: seen.encryption_key_arn.map(String::into_boxed_str),
            encryption_key_type: seen.encryption_key_type.map(|kind| kind.as_str().into()),
            lock: seen.locked.unwrap_or(false).then_some(lock),
        })
    }

    async fn access_policy(&self, name: &VaultName) -> Result<Option<Box<str>>, CallError> {
        let about = self.asked(Operation::GetBackupVaultAccessPolicy, Some(name.as_str()));
        let answer = self
            .backup()
            .get_backup_vault_access_policy()
            .backup_vault_name(name.as_str())
            .send()
            .await
            .map_err(|error| about.failed(&error));
        Ok(absent_is_none(answer)?
            .and_then(|answer| answer.policy)
            .filter(|policy| !policy.is_empty())
            .map(String::into_boxed_str))
    }

    async fn notifications(&self, name: &VaultName) -> Result<Option<Notifications>, CallError> {
        let about = self.asked(Operation::GetBackupVaultNotifications, Some(name.as_str()));
        let answer = self
            .backup()
            .get_backup_vault_notifications()
            .backup_vault_name(name.as_str())
            .send()
            .await
            .map_err(|error| about.failed(&error));
        Ok(absent_is_none(answer)?.and_then(|answer| {
            let events = answer.backup_vault_events.unwrap_or_default();
            Some(Notifications {
                topic_arn: answer.sns_topic_arn?.into_boxed_str(),
                events: events.iter().map(|event| event.as_str().into()).collect(),
            })
        }))
    }

    async fn tags(&self, arn: &str, token: Option<&str>) -> Result<Page<Tag>, CallError> {
        let about = self.asked(Operation::ListTags, Some(arn));
        let answer = self
            .backup()
            .list_tags()
            .resource_arn(arn)
            .max_results(PAGE)
            .set_next_token(token.map(str::to_owned))
            .send()
            .await
            .map_err(|error| about.failed(&error))?;
        let tags = answer.tags.unwrap_or_default().into_iter();
        Ok(Page {
            items: tags
                .map(|(key, value)| (key.into_boxed_str(), value.into_boxed_str()))
                .collect(),
            token: present(answer.next_token),
        })
    }

    async fn create_vault(&self, asked: &VaultAsked) -> Result<VaultMade, CallError> {
        let about = self.asked(Operation::CreateBackupVault, Some(asked.name.as_str()));
        let request = self
            .backup()
            .create_backup_vault()
            .backup_vault_name(asked.name.as_str())
            .set_encryption_key_arn(asked.encryption_key_arn.as_deref().map(str::to_owned))
            .set_backup_vault_tags((!asked.tags.is_empty()).then(|| owned(&asked.tags)));
        match request.send().await {
            Ok(_) => Ok(VaultMade::Created),
            Err(SdkError::ServiceError(refused)) if refused.err().is_already_exists_exception() => {
                Ok(VaultMade::WasThere)
            }
            Err(error) => Err(about.failed(&error)),
        }
    }

    async fn put_access_policy(&self, name: &VaultName, policy: &str) -> Result<(), CallError> {
        let about = self.asked(Operation::PutBackupVaultAccessPolicy, Some(name.as_str()));
        self.backup()
            .put_backup_vault_access_policy()
            .backup_vault_name(name.as_str())
            .policy(policy)
            .send()
            .await
            .map(drop)
            .map_err(|error| about.failed(&error))
    }

    async fn put_lock(&self, name: &VaultName, asked: &LockAsked) -> Result<(), CallError> {
        let about = self.asked(Operation::PutBackupVaultLockConfiguration, Some(name.as_str()));
        self.backup()
            .put_backup_vault_lock_configuration()
            .backup_vault_name(name.as_str())
            .set_min_retention_days(asked.min_retention_days)
            .set_max_retention_days(asked.max_retention_days)
            .set_changeable_for_days(asked.changeable_for_days)
            .send()
            .await
            .map(drop)
            .map_err(|error| about.failed(&error))
    }

    async fn put_notifications(&self, name: &VaultName, asked: &Notifications) -> Result<(), CallError> {
        let about = self.asked(Operation::PutBackupVaultNotifications, Some(name.as_str()));
        let events = asked.events.iter().map(|event| BackupVaultEvent::from(&**event));
        self.backup()
            .put_backup_vault_notifications()
            .backup_vault_name(name.as_str())
            .sns_topic_arn(&*asked.topic_arn)
            .set_backup_vault_events(Some(events.collect()))
            .send()
            .await
            .map(drop)
            .map_err(|error| about.failed(&error))
    }

    async fn tag(&self, arn: &str, tags: &Tags) -> Result<(), CallError> {
        let about = self.asked(Operation::TagResource, Some(arn));
        self.backup()
            .tag_resource()
            .resource_arn(arn)
            .set_tags(Some(owned(tags)))
            .send()
            .await
            .map(drop)
            .map_err(|error| about.failed(&error))
    }
}

/// Whoever asks knows from the list that the vault is there: what is not there is its policy, or its notifications.
fn absent_is_none<T>(answer: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match answer {
        Err(error) if error.kind == FaultKind::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}

fn owned(tags: &Tags) -> HashMap<String, String> {
    tags.iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}
