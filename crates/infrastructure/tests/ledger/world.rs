//! Points, steps and ledgers to tell stories with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sav_application::ports::Change;
use sav_domain::ledger::{PlannedPoint, PointId, Ruling, Verdict};
use sav_domain::recovery_point::{Lifecycle, PointStatus};
use sav_domain::transfer::{Cause, DestinationArn, Event, JobId, Step, Token};
use sav_domain::{Moment, RecoveryPoint, ResourceType, Route, VaultName};
use sav_infrastructure::ledger::SqliteLedger;

pub(crate) fn route(region: &str) -> Route {
    let account = |text: &str| text.parse().unwrap();
    Route::between(
        account("111111111111"),
        account("222222222222"),
        region.parse().unwrap(),
    )
    .unwrap()
}

pub(crate) fn at(millis: i64) -> Moment {
    Moment::from_millis(1_700_000_000_000 + millis)
}

pub(crate) fn arn(n: u32) -> String {
    format!("arn:aws:backup:eu-west-1:111111111111:recovery-point:{n:08x}-0000-4000-8000-000000000000")
}

/// A point with something in every member, so that a member which gets lost is seen.
pub(crate) fn planned(n: u32) -> PlannedPoint {
    let mut point = RecoveryPoint::new(arn(n), VaultName::new(format!("vault-{}", n % 3)).unwrap());
    point.resource_arn = Some(format!("arn:aws:ec2:eu-west-1:111111111111:volume/vol-{n}").into());
    point.resource_name = Some("naïve \"name\"".into());
    point.resource_type = Some(ResourceType::Ebs);
    point.status = Some(PointStatus::Completed);
    point.status_message = Some("fine".into());
    point.created = Some(at(i64::from(n)));
    point.initiated = Some(at(-1));
    point.completed = Some(at(i64::from(n) + 1));
    point.size_bytes = Some(u64::MAX - u64::from(n));
    point.encryption_key_arn = Some("arn:aws:kms:eu-west-1:111111111111:key/1".into());
    point.expires_at = Some(Moment::MAX);
    point.moves_to_cold_at = Some(Moment::MIN);
    point.lifecycle = Lifecycle {
        move_to_cold_after_days: Some(-1),
        delete_after_days: Some(35),
    };
    point.is_parent = n.is_multiple_of(2);
    point.parent_arn = Some("parent".into());
    point.composite_member = Some("member".into());
    point.source_vault_arn = Some("source vault".into());
    point.vault_type = Some("BACKUP_VAULT".into());
    PlannedPoint {
        point,
        metadata: Some("{\"APMID\":\"A1\"}".into()),
        ruling: Ruling::COPY,
        position: Some(u64::from(n)),
    }
}

/// A point of a resource that has others as well. All of them are in one group.
pub(crate) fn in_lane(n: u32, lane: u32) -> PlannedPoint {
    let mut planned = planned(n);
    planned.point.vault = VaultName::new("vault-0").unwrap();
    planned.point.resource_arn = Some(format!("arn:aws:ec2:eu-west-1:111111111111:volume/lane-{lane}").into());
    planned
}

/// A point of which AWS said nothing, and which is not copied.
pub(crate) fn bare(n: u32) -> PlannedPoint {
    PlannedPoint {
        point: RecoveryPoint::new(arn(n), VaultName::new("vault-0").unwrap()),
        metadata: None,
        ruling: blocked(),
        position: None,
    }
}

pub(crate) fn blocked() -> Ruling {
    Ruling {
        verdict: Verdict::Blocked,
        reason: Some("aws_managed_key".into()),
        fix: Some("copy it to a vault with a key of your own first".into()),
    }
}

pub(crate) fn made_with() -> Arc<str> {
    "{}".into()
}

pub(crate) fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

pub(crate) fn meant(text: &str) -> Step {
    Step::Meant { token: token(text) }
}

pub(crate) fn accepted(job: &str) -> Step {
    Step::Accepted {
        job: JobId::new(job).unwrap(),
    }
}

pub(crate) fn landed() -> Step {
    Step::Landed {
        destination: DestinationArn::new("arn:aws:ec2:eu-west-1::snapshot/snap-1").unwrap(),
    }
}

pub(crate) fn failed() -> Step {
    Step::JobFailed {
        cause: cause("AWS's own words"),
    }
}

pub(crate) fn cause(message: &str) -> Cause {
    Cause {
        category: "KMS_KEY_ERROR".into(),
        message: message.into(),
        fix: None,
    }
}

pub(crate) fn change(point: PointId, millis: i64, step: Step) -> Change {
    Change {
        point,
        event: Event::new(at(millis), step),
    }
}

pub(crate) fn ledger_path(folder: &Path) -> PathBuf {
    sav_infrastructure::ledger::default_path(folder, &route("eu-west-1"))
}

pub(crate) fn open(folder: &Path) -> SqliteLedger {
    SqliteLedger::open(&ledger_path(folder), &route("eu-west-1"), at(0)).unwrap()
}
