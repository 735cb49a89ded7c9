//! Which points this world wants to fail, whoever copies them and when. A test can ask beforehand.

use serde::{Deserialize, Serialize};

use super::fate::{Fate, Question};
use super::job::{Category, Failure};
use crate::world::ResourceType;

/// Failures that no setting of either account explains.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailurePlan {
    /// Of all points.
    pub share: f64,
    /// Of the doomed ones: those that copy when asked again.
    pub retryable_share: f64,
    /// How many attempts fail before a retryable one goes well.
    pub attempts: u32,
    /// Only these kinds, as far as they fit the point's type; all if empty.
    pub kinds: Vec<DoomKind>,
}

impl Default for FailurePlan {
    fn default() -> Self {
        Self {
            share: 0.0,
            retryable_share: 0.7,
            attempts: 1,
            kinds: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doom {
    pub kind: DoomKind,
    /// How many attempts fail; None: all of them.
    pub attempts: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoomKind {
    InternalError,
    TryAgain,
    ExpiredInQueue,
    Unexplained,
    ActiveSnapshotLimit,
    OtherJobOfResource,
    TagsUnreadable,
    TooManyTags,
    BrokenPoint,
    MissingFeature,
    KeyLost,
    /// RDS: TDE and other permanent option groups cannot be shared.
    OptionGroup,
    /// EC2: images with Marketplace product codes cannot be copied.
    MarketplaceImage,
}

impl DoomKind {
    pub const ALL: [Self; 13] = [
        Self::InternalError,
        Self::TryAgain,
        Self::ExpiredInQueue,
        Self::Unexplained,
        Self::ActiveSnapshotLimit,
        Self::OtherJobOfResource,
        Self::TagsUnreadable,
        Self::TooManyTags,
        Self::BrokenPoint,
        Self::MissingFeature,
        Self::KeyLost,
        Self::OptionGroup,
        Self::MarketplaceImage,
    ];

    /// Going away by itself, sooner or later.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::InternalError
                | Self::TryAgain
                | Self::ExpiredInQueue
                | Self::Unexplained
                | Self::ActiveSnapshotLimit
                | Self::OtherJobOfResource
                | Self::TagsUnreadable
        )
    }

    const fn befalls(self, resource_type: ResourceType) -> bool {
        match self {
            Self::OptionGroup => matches!(resource_type, ResourceType::Rds),
            Self::MarketplaceImage => matches!(resource_type, ResourceType::Ec2),
            Self::ActiveSnapshotLimit => matches!(resource_type, ResourceType::Ebs | ResourceType::Ec2),
            _ => true,
        }
    }

    pub const fn category(self) -> Category {
        match self {
            Self::InternalError => Category::FatalError,
            Self::TryAgain => Category::TokenExpired,
            Self::ExpiredInQueue => Category::JobExpired,
            Self::Unexplained => Category::Miscellaneous,
            Self::ActiveSnapshotLimit | Self::TooManyTags => Category::LimitExceeded,
            Self::OtherJobOfResource => Category::ConcurrentJob,
            Self::TagsUnreadable => Category::TagCopyError,
            Self::BrokenPoint => Category::InvalidState,
            Self::MissingFeature => Category::UnsupportedOperation,
            Self::KeyLost => Category::KmsKeyError,
            Self::OptionGroup | Self::MarketplaceImage => Category::ResourceNotSupported,
        }
    }

    pub const fn message(self) -> &'static str {
        match self {
            Self::InternalError => "The copy job failed because of an internal error. Start the job again.",
            Self::TryAgain => "A security token used by this job has expired. Please try again.",
            Self::ExpiredInQueue => "The copy job expired before it could be completed.",
            Self::Unexplained => "The job encountered an unexpected condition and did not finish.",
            Self::ActiveSnapshotLimit => "The active snapshot limit of this account has been exceeded.",
            Self::OtherJobOfResource => {
                "There are too many copy jobs for this resource. Another job is running for it."
            }
            Self::TagsUnreadable => {
                "The tags of the source recovery point could not be read while it was being copied."
            }
            Self::TooManyTags => "The copy would carry more than 50 tags, the most that a recovery point can have.",
            Self::BrokenPoint => "The recovery point is not in a state from which it can be copied.",
            Self::MissingFeature => "A feature that this recovery point uses does not support being copied.",
            Self::KeyLost => "The KMS key is either disabled or pending deletion or access to it is denied.",
            Self::OptionGroup => {
                "The snapshot uses a permanent or persistent option group, such as TDE, and cannot be shared."
            }
            Self::MarketplaceImage => {
                "Images with an AWS Marketplace product code cannot be copied to another account."
            }
        }
    }

    pub(super) fn failure(self) -> Failure {
        Failure::new(self.category(), self.message())
    }
}

impl FailurePlan {
    pub(super) fn doom(&self, fate: Fate, serial: u64, resource_type: ResourceType) -> Option<Doom> {
        if !fate.happens(self.share, Question::Doomed, serial) {
            return None;
        }
        let die = fate.bits(Question::DoomKind, serial);
        // Two independent halves of one throw: whether it passes, and which kind it is.
        let passes = f64::from((die >> 32) as u32) / f64::from(u32::MAX) < self.retryable_share;
        let allowed = |kind: &DoomKind| {
            kind.retryable() == passes
                && kind.befalls(resource_type)
                && (self.kinds.is_empty() || self.kinds.contains(kind))
        };
        let count = DoomKind::ALL.iter().filter(|kind| allowed(kind)).count();
        let kind = *DoomKind::ALL
            .iter()
            .filter(|kind| allowed(kind))
            .nth(usize::try_from(die & 0xffff).ok()? % count.max(1))?;
        Some(Doom {
            kind,
            attempts: passes.then_some(self.attempts),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dooms(plan: &FailurePlan, resource_type: ResourceType) -> Vec<Doom> {
        (0..20_000)
            .filter_map(|serial| plan.doom(Fate::new(5), serial, resource_type))
            .collect()
    }

    #[test]
    fn the_shares_are_kept_and_kinds_fit_the_type() {
        let plan = FailurePlan {
            share: 0.1,
            retryable_share: 0.5,
            ..FailurePlan::default()
        };
        let dooms_of_ebs = dooms(&plan, ResourceType::Ebs);
        assert!((1_800..2_200).contains(&dooms_of_ebs.len()), "{}", dooms_of_ebs.len());
        let passing = dooms_of_ebs.iter().filter(|doom| doom.attempts == Some(1)).count();
        assert!((900..1_100).contains(&passing), "{passing}");
        assert!(
            dooms_of_ebs
                .iter()
                .all(|doom| doom.kind.retryable() == doom.attempts.is_some())
        );
        assert!(dooms_of_ebs.iter().all(|doom| doom.kind != DoomKind::OptionGroup));
        assert!(
            dooms(&plan, ResourceType::Rds)
                .iter()
                .any(|doom| doom.kind == DoomKind::OptionGroup)
        );
    }

    #[test]
    fn only_the_chosen_kinds() {
        let plan = FailurePlan {
            share: 1.0,
            kinds: vec![DoomKind::TryAgain],
            ..FailurePlan::default()
        };
        let dooms = dooms(&plan, ResourceType::S3);
        assert!(!dooms.is_empty() && dooms.iter().all(|doom| doom.kind == DoomKind::TryAgain));
    }
}
