//! A point with what planning decided about it; its events stand behind.

use std::sync::Arc;

use sav_domain::ledger::{LedgerPoint, PlanId, PlannedPoint, Ruling, Verdict};
use sav_domain::recovery_point::{Lifecycle, PointStatus, RecoveryPoint};
use sav_domain::{Moment, ResourceType};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{EventDocument, embedded, on_one_line, vault};

/// What AWS did not say has no member. The names are those of every other document of this program.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PointDocument {
    recovery_point_arn: Box<str>,
    vault_name: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_date: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initiation_date: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_date: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_key_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moves_to_cold_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    move_to_cold_after_days: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_after_days: Option<i64>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_parent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_recovery_point_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    composite_member: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_vault_arn: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vault_type: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<RawValue>>,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    first_seen_by_plan: u32,
    last_seen_by_plan: u32,
    changed_by_plan: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<EventDocument>,
}

/// The plans that first saw a point, saw it last, and found something changed about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct SeenBy {
    pub(in super::super) first: PlanId,
    pub(in super::super) last: PlanId,
    pub(in super::super) changed: PlanId,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl PointDocument {
    /// Without its events.
    pub(in super::super) fn of(known: LedgerPoint, first_seen: PlanId, changed: PlanId) -> Result<Self, String> {
        let PlannedPoint {
            point,
            metadata,
            ruling,
            position,
        } = known.planned;
        Ok(Self {
            recovery_point_arn: point.arn,
            vault_name: point.vault.as_str().into(),
            resource_arn: point.resource_arn,
            resource_name: point.resource_name,
            resource_type: point.resource_type.as_ref().map(|named| named.name().into()),
            creation_date: point.created,
            initiation_date: point.initiated,
            completion_date: point.completed,
            status: point.status.as_ref().map(|named| named.name().into()),
            status_message: point.status_message,
            size_bytes: point.size_bytes,
            encryption_key_arn: point.encryption_key_arn,
            expires_at: point.expires_at,
            moves_to_cold_at: point.moves_to_cold_at,
            move_to_cold_after_days: point.lifecycle.move_to_cold_after_days,
            delete_after_days: point.lifecycle.delete_after_days,
            is_parent: point.is_parent,
            parent_recovery_point_arn: point.parent_arn,
            composite_member: point.composite_member,
            source_vault_arn: point.source_vault_arn,
            vault_type: point.vault_type,
            metadata: metadata.as_deref().map(embedded).transpose()?,
            verdict: ruling.verdict,
            reason: ruling.reason,
            fix: ruling.fix,
            position,
            first_seen_by_plan: first_seen.0,
            last_seen_by_plan: known.seen.0,
            changed_by_plan: changed.0,
            events: Vec::new(),
        })
    }

    pub(in super::super) fn arn(&self) -> &str {
        &self.recovery_point_arn
    }

    pub(in super::super) fn seen_by(&self) -> SeenBy {
        SeenBy {
            first: PlanId(self.first_seen_by_plan),
            last: PlanId(self.last_seen_by_plan),
            changed: PlanId(self.changed_by_plan),
        }
    }

    pub(in super::super) fn take_events(&mut self) -> Vec<EventDocument> {
        std::mem::take(&mut self.events)
    }

    pub(in super::super) fn planned(self) -> Result<PlannedPoint, String> {
        if self.recovery_point_arn.is_empty() {
            return Err("recovery_point_arn: a point has an ARN, this one is empty".into());
        }
        let mut point = RecoveryPoint::new(self.recovery_point_arn, vault(&self.vault_name)?);
        point.resource_arn = self.resource_arn;
        point.resource_name = self.resource_name;
        point.resource_type = self.resource_type.as_deref().map(ResourceType::named);
        point.created = self.creation_date;
        point.initiated = self.initiation_date;
        point.completed = self.completion_date;
        point.status = self.status.as_deref().map(PointStatus::named);
        point.status_message = self.status_message;
        point.size_bytes = self.size_bytes;
        point.encryption_key_arn = self.encryption_key_arn;
        point.expires_at = self.expires_at;
        point.moves_to_cold_at = self.moves_to_cold_at;
        point.lifecycle = Lifecycle {
            move_to_cold_after_days: self.move_to_cold_after_days,
            delete_after_days: self.delete_after_days,
        };
        point.is_parent = self.is_parent;
        point.parent_arn = self.parent_recovery_point_arn;
        point.composite_member = self.composite_member;
        point.source_vault_arn = self.source_vault_arn;
        point.vault_type = self.vault_type;
        Ok(PlannedPoint {
            point,
            metadata: self.metadata.as_deref().map(on_one_line),
            ruling: Ruling {
                verdict: self.verdict,
                reason: self.reason,
                fix: self.fix,
            },
            position: self.position,
        })
    }
}
