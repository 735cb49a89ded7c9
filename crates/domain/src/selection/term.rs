//! One condition on a point, and the logic with which conditions are put together.

use std::collections::HashSet;
use std::sync::Arc;

use super::pattern::VaultPattern;
use super::reason::Reason;
use crate::metadata::MetadataRow;
use crate::recovery_point::{PointStatus, RecoveryPoint};
use crate::resource_type::ResourceType;
use crate::time::Moment;

#[derive(Clone, Debug)]
pub(super) enum Term {
    Vault(Box<[VaultPattern]>),
    Type(Box<[ResourceType]>),
    Status(Box<[PointStatus]>),
    CreatedFrom(Moment),
    CreatedBefore(Moment),
    NoOlderThan(Moment),
    NoYoungerThan(Moment),
    SizeFrom(u64),
    SizeUpTo(u64),
    ApmidAmong(HashSet<Box<str>>),
    ApmidNotAmong(HashSet<Box<str>>),
    Metadata { column: Arc<str>, values: Box<[Box<str>]> },
}

/// Whether something holds of a point. `Unknown` is only ever about metadata that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No(Reason),
    Unknown(Reason),
}

impl Truth {
    /// A `No` decides; without one, what is unknown stays unknown.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut unknown = None;
        for part in parts {
            match part {
                Self::Yes => {}
                Self::No(reason) => return Self::No(reason),
                Self::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        unknown.map_or(Self::Yes, Self::Unknown)
    }

    /// A `Yes` decides. If nothing holds, the reason is the given one.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>, otherwise: Reason) -> Self {
        let mut unknown = None;
        for part in parts {
            match part {
                Self::Yes => return Self::Yes,
                Self::No(_) => {}
                Self::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        unknown.map_or(Self::No(otherwise), Self::Unknown)
    }
}

/// What is assumed where a point or the table is silent, so that a silent point is not copied by accident.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assume {
    /// Of a member that AWS left out: false where terms choose points, true where they exclude them.
    pub(super) about_point: bool,
    /// Of metadata that is not there; None keeps it unknown.
    pub(super) about_metadata: Option<bool>,
}

impl Term {
    pub(super) fn holds(&self, point: &RecoveryPoint, row: Option<&dyn MetadataRow>, assume: Assume) -> Truth {
        let known = |fact: Option<bool>, unknown: Reason, no: Reason| match fact {
            Some(true) => Truth::Yes,
            Some(false) => Truth::No(no),
            None if assume.about_point => Truth::Yes,
            None => Truth::No(unknown),
        };
        let dated = |test: &dyn Fn(Moment) -> bool, no| known(point.created.map(test), Reason::CreationDateUnknown, no);
        let sized = |test: &dyn Fn(u64) -> bool, no| known(point.size_bytes.map(test), Reason::SizeUnknown, no);
        match self {
            Self::Vault(patterns) => {
                let chosen = patterns.iter().any(|pattern| pattern.matches(point.vault.as_str()));
                if chosen {
                    Truth::Yes
                } else {
                    Truth::No(Reason::VaultNotSelected)
                }
            }
            Self::Type(types) => {
                let chosen = point
                    .resource_type
                    .as_ref()
                    .map(|of| types.iter().any(|wanted| wanted.matches(of)));
                known(chosen, Reason::TypeUnknown, Reason::TypeNotSelected)
            }
            Self::Status(statuses) => {
                let chosen = point
                    .status
                    .as_ref()
                    .map(|of| statuses.iter().any(|wanted| wanted.matches(of)));
                known(chosen, Reason::StatusUnknown, Reason::StatusNotSelected)
            }
            Self::CreatedFrom(start) => dated(&|created| created >= *start, Reason::CreatedTooEarly),
            Self::CreatedBefore(end) => dated(&|created| created < *end, Reason::CreatedTooLate),
            Self::NoOlderThan(oldest) => dated(&|created| created >= *oldest, Reason::TooOld),
            Self::NoYoungerThan(youngest) => dated(&|created| created <= *youngest, Reason::TooYoung),
            Self::SizeFrom(least) => sized(&|bytes| bytes >= *least, Reason::TooSmall),
            Self::SizeUpTo(most) => sized(&|bytes| bytes <= *most, Reason::TooLarge),
            Self::ApmidAmong(allowed) => {
                Self::about_apmid(row, assume, |apmid| allowed.contains(apmid), Reason::ApmidNotAllowed)
            }
            Self::ApmidNotAmong(excluded) => {
                Self::about_apmid(row, assume, |apmid| !excluded.contains(apmid), Reason::ApmidExcluded)
            }
            Self::Metadata { column, values } => {
                let Some(row) = row else {
                    return missing(Reason::MetadataMissing, assume);
                };
                // An empty cell is a value, too: `KEY=` chooses the rows that have none.
                let cell = row.value(column).unwrap_or_default();
                let chosen = values.iter().any(|value| **value == *cell);
                if chosen {
                    Truth::Yes
                } else {
                    Truth::No(Reason::MetadataNotEqual {
                        column: Arc::clone(column),
                    })
                }
            }
        }
    }

    fn about_apmid(
        row: Option<&dyn MetadataRow>,
        assume: Assume,
        test: impl FnOnce(&str) -> bool,
        no: Reason,
    ) -> Truth {
        let Some(row) = row else {
            return missing(Reason::MetadataMissing, assume);
        };
        match row.apmid() {
            None => missing(Reason::ApmidBlank, assume),
            Some(apmid) if test(apmid) => Truth::Yes,
            Some(_) => Truth::No(no),
        }
    }
}

fn missing(reason: Reason, assume: Assume) -> Truth {
    match assume.about_metadata {
        None => Truth::Unknown(reason),
        Some(true) => Truth::Yes,
        Some(false) => Truth::No(reason),
    }
}
