//! From AWS's wide rows to our compact ones. What AWS left out stays out.

use std::borrow::Cow;
use std::sync::Arc;

use aws_sdk_backup::types::{BackupVaultListMember, RecoveryPointByBackupVault};
use aws_smithy_types::DateTime;
use sav_application::ports::VaultSeen;
use sav_domain::recovery_point::Lifecycle;
use sav_domain::{Moment, RecoveryPoint, VaultName};
use serde::Deserialize;

use super::words::Words;

pub(super) fn vault(seen: BackupVaultListMember) -> Option<VaultSeen> {
    let named_in_arn = |arn: &String| arn.split_once(":backup-vault:").map(|(_, name)| name.to_owned());
    let name = seen
        .backup_vault_name
        .or_else(|| seen.backup_vault_arn.as_ref().and_then(named_in_arn))?;
    Some(VaultSeen {
        name: VaultName::new(name)?,
        arn: seen.backup_vault_arn,
        recovery_points: u64::try_from(seen.number_of_recovery_points).ok(),
        locked: seen.locked,
        min_retention_days: seen.min_retention_days,
        max_retention_days: seen.max_retention_days,
        encryption_key_arn: seen.encryption_key_arn,
        created: seen
            .creation_date
            .as_ref()
            .map(|date| Moment::from_epoch(date.secs(), date.subsec_nanos())),
    })
}

/// The members of a listed point that we keep, borrowed from the answer where that is possible.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PointRead<'a> {
    #[serde(borrow)]
    recovery_point_arn: Option<Text<'a>>,
    #[serde(borrow)]
    resource_arn: Option<Text<'a>>,
    #[serde(borrow)]
    resource_name: Option<Text<'a>>,
    #[serde(borrow)]
    resource_type: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    status_message: Option<Text<'a>>,
    creation_date: Option<EpochSeconds>,
    initiation_date: Option<EpochSeconds>,
    completion_date: Option<EpochSeconds>,
    backup_size_in_bytes: Option<i64>,
    #[serde(borrow)]
    encryption_key_arn: Option<Text<'a>>,
    calculated_lifecycle: Option<DatesRead>,
    lifecycle: Option<LifecycleRead>,
    is_parent: Option<bool>,
    #[serde(borrow)]
    parent_recovery_point_arn: Option<Text<'a>>,
    #[serde(borrow)]
    composite_member_identifier: Option<Text<'a>>,
    #[serde(borrow)]
    source_backup_vault_arn: Option<Text<'a>>,
    #[serde(borrow)]
    vault_type: Option<Text<'a>>,
}

/// A text without escapes is not copied.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A float on the wire; the SDK keeps seconds and nanoseconds.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
struct EpochSeconds(f64);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DatesRead {
    delete_at: Option<EpochSeconds>,
    move_to_cold_storage_at: Option<EpochSeconds>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LifecycleRead {
    move_to_cold_storage_after_days: Option<i64>,
    delete_after_days: Option<i64>,
}

/// A page's points. Words that repeat within the page are kept once.
pub(super) fn points<'a>(vault: &VaultName, seen: impl IntoIterator<Item = PointRead<'a>>) -> Vec<RecoveryPoint> {
    let mut words = Words::default();
    seen.into_iter()
        .map(|point| project(vault, &point, &mut words))
        .collect()
}

/// A word that many points of a page share.
fn shared(words: &mut Words, text: Option<&Text<'_>>) -> Option<Arc<str>> {
    text.map(|Text(text)| words.shared(text))
}

fn project(vault: &VaultName, seen: &PointRead<'_>, words: &mut Words) -> RecoveryPoint {
    let moment =
        |date: Option<EpochSeconds>| date.and_then(|EpochSeconds(seconds)| Moment::from_epoch_seconds(seconds));
    RecoveryPoint {
        // Hardly two points of a page need be of one resource; to look for a twin costs more than it saves.
        resource_arn: seen.resource_arn.as_ref().map(|arn| arn.0.as_ref().into()),
        resource_name: seen.resource_name.as_ref().map(|name| name.0.as_ref().into()),
        resource_type: seen.resource_type.as_ref().map(|name| words.resource_type(&name.0)),
        status: seen.status.as_ref().map(|name| words.status(&name.0)),
        status_message: seen.status_message.as_ref().map(|text| text.0.as_ref().into()),
        created: moment(seen.creation_date),
        initiated: moment(seen.initiation_date),
        completed: moment(seen.completion_date),
        size_bytes: seen.backup_size_in_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        encryption_key_arn: shared(words, seen.encryption_key_arn.as_ref()),
        expires_at: moment(seen.calculated_lifecycle.as_ref().and_then(|dates| dates.delete_at)),
        moves_to_cold_at: moment(
            seen.calculated_lifecycle
                .as_ref()
                .and_then(|dates| dates.move_to_cold_storage_at),
        ),
        lifecycle: seen
            .lifecycle
            .as_ref()
            .map_or_else(Lifecycle::default, |lifecycle| Lifecycle {
                move_to_cold_after_days: lifecycle.move_to_cold_storage_after_days,
                delete_after_days: lifecycle.delete_after_days,
            }),
        is_parent: seen.is_parent.unwrap_or(false),
        parent_arn: shared(words, seen.parent_recovery_point_arn.as_ref()),
        composite_member: seen
            .composite_member_identifier
            .as_ref()
            .map(|text| text.0.as_ref().into()),
        source_vault_arn: shared(words, seen.source_backup_vault_arn.as_ref()),
        vault_type: shared(words, seen.vault_type.as_ref()),
        ..RecoveryPoint::new(
            seen.recovery_point_arn.as_ref().map_or("", |arn| arn.0.as_ref()),
            vault.clone(),
        )
    }
}

/// The same of what the SDK has read.
impl<'a> From<&'a RecoveryPointByBackupVault> for PointRead<'a> {
    fn from(seen: &'a RecoveryPointByBackupVault) -> Self {
        let text = |text: &'a Option<String>| text.as_deref().map(|text| Text(Cow::Borrowed(text)));
        let date = |date: &Option<DateTime>| date.as_ref().map(|date| EpochSeconds(date.as_secs_f64()));
        Self {
            recovery_point_arn: text(&seen.recovery_point_arn),
            resource_arn: text(&seen.resource_arn),
            resource_name: text(&seen.resource_name),
            resource_type: text(&seen.resource_type),
            status: seen.status.as_ref().map(|status| Text(Cow::Borrowed(status.as_str()))),
            status_message: text(&seen.status_message),
            creation_date: date(&seen.creation_date),
            initiation_date: date(&seen.initiation_date),
            completion_date: date(&seen.completion_date),
            backup_size_in_bytes: seen.backup_size_in_bytes,
            encryption_key_arn: text(&seen.encryption_key_arn),
            calculated_lifecycle: seen.calculated_lifecycle.as_ref().map(|dates| DatesRead {
                delete_at: date(&dates.delete_at),
                move_to_cold_storage_at: date(&dates.move_to_cold_storage_at),
            }),
            lifecycle: seen.lifecycle.as_ref().map(|lifecycle| LifecycleRead {
                move_to_cold_storage_after_days: lifecycle.move_to_cold_storage_after_days,
                delete_after_days: lifecycle.delete_after_days,
            }),
            is_parent: Some(seen.is_parent),
            parent_recovery_point_arn: text(&seen.parent_recovery_point_arn),
            composite_member_identifier: text(&seen.composite_member_identifier),
            source_backup_vault_arn: text(&seen.source_backup_vault_arn),
            vault_type: seen.vault_type.as_ref().map(|kind| Text(Cow::Borrowed(kind.as_str()))),
        }
    }
}
