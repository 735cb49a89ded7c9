//! The states AWS Backup gives a recovery point.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::text::near_names;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PointStatus {
    Completed,
    /// As good as completed: S3 and other continuous points say so.
    Available,
    Partial,
    Creating,
    Deleting,
    /// Due, but its deletion failed: still stored, and billed.
    Expired,
    Stopped,
    Other(Arc<str>),
}

impl PointStatus {
    pub const KNOWN: [Self; 7] = [
        Self::Completed,
        Self::Available,
        Self::Partial,
        Self::Creating,
        Self::Deleting,
        Self::Expired,
        Self::Stopped,
    ];

    /// Read without regard to case; a status of tomorrow is kept as it came.
    pub fn named(name: &str) -> Self {
        let known = Self::KNOWN
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(name));
        known.unwrap_or_else(|| Self::Other(name.into()))
    }

    /// As AWS spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::Completed => "COMPLETED",
            Self::Available => "AVAILABLE",
            Self::Partial => "PARTIAL",
            Self::Creating => "CREATING",
            Self::Deleting => "DELETING",
            Self::Expired => "EXPIRED",
            Self::Stopped => "STOPPED",
            Self::Other(name) => name,
        }
    }

    /// Known states whose names resemble this one, for a state nobody has heard of.
    pub fn near(&self) -> Vec<&'static str> {
        const NAMES: [&str; 7] = [
            "COMPLETED",
            "AVAILABLE",
            "PARTIAL",
            "CREATING",
            "DELETING",
            "EXPIRED",
            "STOPPED",
        ];
        near_names(self.name(), NAMES)
    }

    pub fn matches(&self, other: &Self) -> bool {
        self.name().eq_ignore_ascii_case(other.name())
    }
}

impl fmt::Display for PointStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for PointStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_without_regard_to_case_and_unknown_ones_kept() {
        for known in PointStatus::KNOWN {
            assert_eq!(PointStatus::named(&known.name().to_lowercase()), known);
        }
        assert_eq!(PointStatus::named("Restoring").name(), "Restoring");
        assert!(PointStatus::named("Restoring").matches(&PointStatus::named("RESTORING")));
    }

    #[test]
    fn a_slip_finds_the_state_that_was_meant() {
        for known in PointStatus::KNOWN {
            assert_eq!(PointStatus::named(&known.name()[1..]).near(), [known.name()]);
        }
    }
}
