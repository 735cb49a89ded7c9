//! What is to become of a point, and why: copied, skipped because it needs no copy, or blocked until somebody does something.
//!
//! The documents of AWS decide where they are clear. Where they are silent or disagree the point is planned for a copy, told
//! apart as doubtful: the first of its group goes alone, and AWS's own answer decides about the rest.

mod traits;
mod why;

pub use traits::{is_continuous, uncopyable_type};
pub use why::{Doubt, NOT_SELECTED, Uncopyable, Why};

use crate::ledger::Verdict;
use crate::pool::is_fully_managed;
use crate::recovery_point::{PointStatus, RecoveryPoint};
use crate::resource_type::ResourceType;
use crate::retention::{self, LockRange, Retention};
use crate::selection::Judgement;
use crate::time::Moment;
use crate::vault::VaultName;

/// What is known about a point besides what its listing says.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    pub judgement: &'a Judgement,
    pub presence: Presence,
    pub key: KeyKind,
    pub storage: Storage,
    pub destination: &'a VaultName,
    /// Of the destination vault, if it is there and locked.
    pub lock: Option<LockRange>,
    pub retention: Retention,
    pub now: Moment,
}

/// Whether the destination has the point already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Absent,
    There,
    /// A copy job of somebody's is open for it.
    BeingCopied,
}

/// Who looks after the key that protects a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// There is no key, or its kind does not matter.
    None,
    Customer,
    /// A service's own key, whose policy nobody can change.
    AwsManaged,
    /// Disabled, or about to be deleted.
    Unusable,
    /// KMS did not tell us.
    NotChecked,
}

/// What a look at the single point said, if it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Nobody looked.
    NotAsked,
    Warm,
    Cold,
}

impl Why {
    /// Decides about one point. None: it is to be copied, and nothing is to be said about it.
    pub fn of(point: &RecoveryPoint, known: &Circumstances<'_>) -> Option<Self> {
        if let Judgement::Excluded(reason) | Judgement::Undecidable(reason) = known.judgement {
            return Some(Self::NotSelected(reason.clone()));
        }
        match known.presence {
            Presence::There => return Some(Self::AlreadyThere),
            Presence::BeingCopied => return Some(Self::AlreadyBeingCopied),
            Presence::Absent => {}
        }
        if point.parent_arn.is_some() {
            return Some(Self::PartOfComposite);
        }
        Self::of_the_point(point, known)
            .or_else(|| Self::of_the_destination(point, known))
            .or_else(|| doubt(point, known).map(Self::Doubtful))
    }

    fn of_the_point(point: &RecoveryPoint, known: &Circumstances<'_>) -> Option<Self> {
        use PointStatus as S;
        if let Some(status) = &point.status
            && matches!(status, S::Partial | S::Creating | S::Deleting | S::Stopped)
        {
            return Some(Self::Status(status.clone()));
        }
        if let Some(what) = uncopyable_type(point) {
            return Some(Self::Type(what));
        }
        if is_continuous(point) {
            return Some(Self::Continuous);
        }
        if known.storage == Storage::Cold {
            return Some(Self::Cold);
        }
        match known.key {
            KeyKind::AwsManaged if !is_fully_managed(point) => Some(Self::AwsManagedKey),
            KeyKind::Unusable => Some(Self::KeyUnusable),
            _ => None,
        }
    }

    fn of_the_destination(point: &RecoveryPoint, known: &Circumstances<'_>) -> Option<Self> {
        // Its key is the service's own, which no other account may use.
        if known.destination.as_str() == "Default" {
            return Some(Self::DefaultVault);
        }
        if known.destination.check_creatable().is_err() {
            return Some(Self::VaultName);
        }
        let lifecycle = known.retention.of_copy(point);
        let due = retention::due(point, lifecycle);
        let expired = point.status == Some(PointStatus::Expired);
        // A point whose deletion failed is long due: to keep it as long as its source would delete the copy at once.
        if due.is_some_and(|due| due <= known.now) && !(expired && known.retention == Retention::AsSource) {
            return Some(Self::DueAtOnce);
        }
        let range = known.lock?;
        (!range.takes(lifecycle)).then(|| Self::OutsideLockRange {
            days: lifecycle.and_then(|lifecycle| lifecycle.delete_after_days),
            range,
        })
    }

    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::NotSelected(_) | Self::AlreadyThere | Self::PartOfComposite => Verdict::Skip,
            Self::AlreadyBeingCopied | Self::Doubtful(_) | Self::ExpiresBeforeTurn | Self::GoesColdBeforeTurn => {
                Verdict::Copy
            }
            _ => Verdict::Blocked,
        }
    }
}

fn doubt(point: &RecoveryPoint, known: &Circumstances<'_>) -> Option<Doubt> {
    use ResourceType as T;
    match &point.status {
        Some(PointStatus::Expired) => return Some(Doubt::Expired),
        Some(PointStatus::Completed | PointStatus::Available) => {}
        None | Some(_) => return Some(Doubt::UnknownStatus),
    }
    match &point.resource_type {
        Some(T::CloudFormation) => return Some(Doubt::CloudFormation),
        Some(T::SapHana) => return Some(Doubt::SapHana),
        None | Some(T::Other(_)) => return Some(Doubt::UnknownType),
        Some(_) => {}
    }
    if known.storage == Storage::NotAsked && is_cold_suspect(point, known.now) {
        return Some(Doubt::PerhapsCold);
    }
    (known.key == KeyKind::NotChecked && !is_fully_managed(point)).then_some(Doubt::KeyNotChecked)
}

/// Whether the point should be in cold storage by now. Lists do not say; only a look at the single point does.
pub fn is_cold_suspect(point: &RecoveryPoint, now: Moment) -> bool {
    point.moves_to_cold_at.is_some_and(|at| at <= now)
}

#[cfg(test)]
mod tests;
