//! A vault with all that hangs on it. Its list entry is enough to go on with; what else may not be read is told as such.

use std::sync::Arc;

use sav_domain::arn;
use sav_domain::fault::FaultKind;
use sav_domain::twin::{Difference, Lock, Read, VaultAsRead, VaultKind, Wishes};

use super::Paired;
use crate::calls::Calls;
use crate::ports::{CallError, VaultDesk, VaultDetail, VaultSeen};

pub async fn read_vault<G: VaultDesk>(calls: &Arc<Calls<G>>, seen: &VaultSeen) -> Result<VaultAsRead, CallError> {
    let name = &seen.name;
    let detail = optional(calls.vault(name).await)?;
    let listed = || VaultDetail {
        arn: None,
        kind: VaultKind::Plain,
        encryption_key_arn: None,
        encryption_key_type: None,
        lock: None,
    };
    let detail = match detail {
        Read::Known(detail) => detail,
        Read::Refused(_) => VaultDetail {
            lock: seen.locked.unwrap_or(false).then_some(Lock {
                min_retention_days: seen.min_retention_days,
                max_retention_days: seen.max_retention_days,
                unchangeable_from: None,
            }),
            ..listed()
        },
    };
    let vault_arn = detail.arn.or_else(|| seen.arn.as_deref().map(Into::into));
    let tags = match &vault_arn {
        Some(arn) => optional(calls.tags(arn).await)?,
        None => Read::Refused("AWS names no ARN of the vault".into()),
    };
    Ok(VaultAsRead {
        name: name.clone(),
        arn: vault_arn.unwrap_or_default(),
        kind: detail.kind,
        encryption_key_arn: detail
            .encryption_key_arn
            .or_else(|| seen.encryption_key_arn.as_deref().map(Into::into)),
        lock: detail.lock,
        policy: optional(calls.access_policy(name).await)?,
        notifications: optional(calls.notifications(name).await)?,
        tags,
    })
}

/// The pair with its twin as it is now.
pub(super) async fn again<D: VaultDesk>(
    destination: &Arc<Calls<D>>,
    pair: Paired,
    wishes: &Wishes,
) -> Result<Paired, CallError> {
    let target = &pair.difference.target;
    let twins = destination.vaults().await?;
    let twin = match twins.iter().find(|twin| twin.name == *target) {
        Some(seen) => Some(Box::pin(read_vault(destination, seen)).await?),
        None => None,
    };
    Ok(Paired {
        difference: Difference::between(&pair.source, target, twin.as_ref(), wishes),
        source: pair.source,
        twin,
    })
}

/// A refusal of one part keeps nobody from the rest.
fn optional<T>(answer: Result<T, CallError>) -> Result<Read<T>, CallError> {
    match answer {
        Ok(known) => Ok(Read::Known(known)),
        Err(error) if refuses_this_only(error.kind) => Ok(Read::Refused(said(&error))),
        Err(error) => Err(error),
    }
}

/// Whether AWS said no to this call, and may well say yes to the next.
pub(super) const fn refuses_this_only(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::AccessDenied | FaultKind::Rejected | FaultKind::NotFound | FaultKind::LimitReached
    )
}

pub(super) fn said(error: &CallError) -> Box<str> {
    let action = error.operation.action();
    let text = match error.kind {
        FaultKind::AccessDenied => format!("{action} is not allowed in account {} ({})", error.account, error.code),
        _ => format!("{action} was refused: {}: {}", error.code, error.message),
    };
    text.into()
}

/// Where a vault that was just created lies.
pub(super) fn arn_of(wishes: &Wishes, target: &sav_domain::VaultName) -> String {
    let route = &wishes.route;
    arn::of_vault(&route.partition(), route.region(), route.destination(), target)
}
