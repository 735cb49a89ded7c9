//! What was found out about a point, in words.

use std::ops::AddAssign;

use crate::time::Moment;

/// What became of one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    Verified,
    Missing,
    /// There, and not as it was.
    Mismatched,
    /// There more than once.
    Duplicate,
    InProgress,
    /// A point of the destination that no point of the source explains.
    Unexplained,
    /// Not expected to be there, and not there: it failed, is parked or blocked, or its copy's time is over.
    NotCopied,
}

impl Finding {
    /// A word for programs. It never changes its meaning.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Missing => "missing",
            Self::Mismatched => "mismatched",
            Self::Duplicate => "duplicate",
            Self::InProgress => "in_progress",
            Self::Unexplained => "unexplained",
            Self::NotCopied => "not_copied",
        }
    }

    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::Missing | Self::Mismatched | Self::Duplicate)
    }
}

/// One point's finding, with what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub finding: Finding,
    pub recovery_point_arn: Option<String>,
    pub destination_recovery_point_arn: Option<String>,
    /// Copies beyond the first.
    pub further_copies: Vec<String>,
    /// The destination vault.
    pub vault: String,
    pub resource_type: Option<String>,
    pub created: Option<Moment>,
    pub copy_created: Option<Moment>,
    /// To the second.
    pub copy_completed: Option<Moment>,
    pub size_bytes: Option<u64>,
    pub copy_size_bytes: Option<u64>,
    /// When AWS will delete the copy.
    pub copy_expires: Option<Moment>,
    pub detail: Option<String>,
    /// The caller's name for the point of the source.
    pub id: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub expected: u64,
    pub verified: u64,
    pub missing: u64,
    pub mismatched: u64,
    pub duplicate: u64,
    pub in_progress: u64,
    pub unexplained: u64,
}

impl Summary {
    pub(super) fn add(&mut self, finding: Finding) {
        match finding {
            Finding::Verified => self.verified += 1,
            Finding::Missing => self.missing += 1,
            Finding::Mismatched => self.mismatched += 1,
            Finding::Duplicate => self.duplicate += 1,
            Finding::InProgress => self.in_progress += 1,
            Finding::Unexplained => self.unexplained += 1,
            Finding::NotCopied => {}
        }
        self.expected += u64::from(!matches!(finding, Finding::Unexplained | Finding::NotCopied));
    }

    pub const fn wrong(&self) -> u64 {
        self.missing + self.mismatched + self.duplicate
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.expected += other.expected;
        self.verified += other.verified;
        self.missing += other.missing;
        self.mismatched += other.mismatched;
        self.duplicate += other.duplicate;
        self.in_progress += other.in_progress;
        self.unexplained += other.unexplained;
    }
}

/// Points that were chosen, and of which no copy is there nor was to be expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    pub failed: u64,
    pub parked: u64,
    pub partial: u64,
    pub vanished: u64,
    pub blocked: u64,
    /// Copies that were kept as long as was asked for, and are gone since.
    pub lapsed: u64,
}

impl Apart {
    pub const fn total(&self) -> u64 {
        self.unfinished() + self.vanished + self.blocked + self.lapsed
    }

    /// What `copy` counts as failed.
    pub const fn unfinished(&self) -> u64 {
        self.failed + self.parked + self.partial
    }
}
