//! All that planning told of a point in one number, so that a point which is as it was costs no look at its row.

use sav_domain::ledger::PlannedPoint;
use sav_domain::recovery_point::{Lifecycle, PointStatus, RecoveryPoint};
use sav_domain::{Moment, ResourceType};

use super::fold::Fold;

/// Two different tellings of one point share a digest about once in 2^64 times. Another way to reckon it would cost one slow plan:
/// a digest that differs has the row itself looked at.
pub(super) fn of(planned: &PlannedPoint) -> i64 {
    let PlannedPoint {
        point,
        metadata,
        ruling,
        position: _,
    } = planned;
    // Named one by one, so that a new member cannot be forgotten here.
    let RecoveryPoint {
        arn,
        vault,
        resource_arn,
        resource_name,
        resource_type,
        status,
        status_message,
        created,
        initiated,
        completed,
        size_bytes,
        encryption_key_arn,
        expires_at,
        moves_to_cold_at,
        lifecycle: Lifecycle {
            move_to_cold_after_days,
            delete_after_days,
        },
        is_parent,
        parent_arn,
        composite_member,
        source_vault_arn,
        vault_type,
    } = point;
    let mut digest = Fold::default();
    let texts = [
        Some(&**arn),
        Some(vault.as_str()),
        resource_arn.as_deref(),
        resource_name.as_deref(),
        resource_type.as_ref().map(ResourceType::name),
        status.as_ref().map(PointStatus::name),
        status_message.as_deref(),
        encryption_key_arn.as_deref(),
        parent_arn.as_deref(),
        composite_member.as_deref(),
        source_vault_arn.as_deref(),
        vault_type.as_deref(),
        metadata.as_deref(),
        Some(ruling.verdict.name()),
        ruling.reason.as_deref(),
        ruling.fix.as_deref(),
    ];
    for told in texts {
        text(&mut digest, told);
    }
    let millis = |moment: &Option<Moment>| moment.map(Moment::millis);
    let numbers = [
        millis(created),
        millis(initiated),
        millis(completed),
        millis(expires_at),
        millis(moves_to_cold_at),
        size_bytes.map(u64::cast_signed),
        *move_to_cold_after_days,
        *delete_after_days,
        Some(i64::from(*is_parent)),
    ];
    for told in numbers {
        number(&mut digest, told);
    }
    digest.value().cast_signed()
}

/// What is absent differs from anything that is there.
fn text(digest: &mut Fold, text: Option<&str>) {
    match text {
        Some(text) => digest.bytes(text.as_bytes()),
        None => digest.word(u64::MAX),
    }
}

fn number(digest: &mut Fold, number: Option<i64>) {
    digest.word(u64::from(number.is_some()));
    digest.word(number.unwrap_or_default().cast_unsigned());
}

#[cfg(test)]
mod tests {
    use sav_domain::VaultName;
    use sav_domain::ledger::Ruling;

    use super::*;

    #[test]
    fn any_member_changes_it_and_the_place_in_the_queue_does_not() {
        let plain = PlannedPoint {
            point: RecoveryPoint::new("arn", VaultName::new("vault").unwrap()),
            metadata: None,
            ruling: Ruling::COPY,
            position: None,
        };
        let changes: [fn(&mut PlannedPoint); 8] = [
            |planned| planned.metadata = Some("{}".into()),
            |planned| planned.ruling.fix = Some("".into()),
            |planned| planned.ruling.reason = Some("".into()),
            |planned| planned.point.resource_name = Some("name".into()),
            |planned| planned.point.resource_arn = Some("name".into()),
            |planned| planned.point.size_bytes = Some(0),
            |planned| planned.point.created = Some(Moment::from_millis(0)),
            |planned| planned.point.lifecycle.delete_after_days = Some(0),
        ];
        let mut digests: Vec<i64> = changes
            .into_iter()
            .map(|change| {
                let mut told = plain.clone();
                change(&mut told);
                of(&told)
            })
            .collect();
        let placed = PlannedPoint {
            position: Some(7),
            ..plain.clone()
        };
        assert_eq!(of(&placed), of(&plain));
        digests.push(of(&plain));
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), changes.len() + 1);
    }
}
