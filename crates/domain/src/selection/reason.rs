//! Why a point is not among the chosen ones.

use std::fmt;
use std::sync::Arc;

use crate::text::quoted;

/// One reason, the first that applies in the order of this list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    VaultNotSelected,
    TypeUnknown,
    TypeNotSelected,
    StatusUnknown,
    StatusNotSelected,
    CreationDateUnknown,
    CreatedTooEarly,
    CreatedTooLate,
    TooOld,
    TooYoung,
    SizeUnknown,
    TooSmall,
    TooLarge,
    /// No row of the metadata table names the point's resource.
    MetadataMissing,
    /// There is a row, but its APMID is empty.
    ApmidBlank,
    ApmidNotAllowed,
    ApmidExcluded,
    MetadataNotEqual {
        column: Arc<str>,
    },
    /// `match = "any"`, and no include rule applies.
    NoRuleApplies,
    /// `match = "all"`, and this include rule does not apply.
    RuleNotMet {
        rule: Arc<str>,
    },
    RuleExcluded {
        rule: Arc<str>,
    },
}

impl Reason {
    /// A word for programs. It never changes its meaning.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::VaultNotSelected => "vault_not_selected",
            Self::TypeUnknown => "type_unknown",
            Self::TypeNotSelected => "type_not_selected",
            Self::StatusUnknown => "status_unknown",
            Self::StatusNotSelected => "status_not_selected",
            Self::CreationDateUnknown => "creation_date_unknown",
            Self::CreatedTooEarly => "created_too_early",
            Self::CreatedTooLate => "created_too_late",
            Self::TooOld => "too_old",
            Self::TooYoung => "too_young",
            Self::SizeUnknown => "size_unknown",
            Self::TooSmall => "too_small",
            Self::TooLarge => "too_large",
            Self::MetadataMissing => "metadata_missing",
            Self::ApmidBlank => "apmid_blank",
            Self::ApmidNotAllowed => "apmid_not_allowed",
            Self::ApmidExcluded => "apmid_excluded",
            Self::MetadataNotEqual { .. } => "metadata_not_equal",
            Self::NoRuleApplies => "no_rule_applies",
            Self::RuleNotMet { .. } => "rule_not_met",
            Self::RuleExcluded { .. } => "rule_excluded",
        }
    }

    /// The rule or column that the reason is about.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::MetadataNotEqual { column: subject }
            | Self::RuleNotMet { rule: subject }
            | Self::RuleExcluded { rule: subject } => Some(subject),
            _ => None,
        }
    }

    /// Under what counts of this reason are kept: its code, and which rule or column if there may be several.
    pub fn key(&self) -> String {
        self.subject().map_or_else(
            || self.code().to_owned(),
            |subject| format!("{}:{subject}", self.code()),
        )
    }

    /// Whether nothing is wrong with the point, but the table does not say to whom it belongs.
    pub const fn is_missing_metadata(&self) -> bool {
        matches!(self, Self::MetadataMissing | Self::ApmidBlank)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VaultNotSelected => "its vault was not chosen",
            Self::TypeUnknown => "AWS did not name its resource type",
            Self::TypeNotSelected => "its resource type was not chosen",
            Self::StatusUnknown => "AWS did not name its status",
            Self::StatusNotSelected => "its status was not chosen",
            Self::CreationDateUnknown => "AWS did not name its creation date",
            Self::CreatedTooEarly => "it was created before the chosen time",
            Self::CreatedTooLate => "it was created after the chosen time",
            Self::TooOld => "it is older than the chosen age",
            Self::TooYoung => "it is younger than the chosen age",
            Self::SizeUnknown => "AWS did not name its size",
            Self::TooSmall => "it is smaller than the chosen size",
            Self::TooLarge => "it is larger than the chosen size",
            Self::MetadataMissing => "the metadata has no row for its resource",
            Self::ApmidBlank => "its resource has no APMID in the metadata",
            Self::ApmidNotAllowed => "its APMID is not among the allowed ones",
            Self::ApmidExcluded => "its APMID is among the excluded ones",
            Self::MetadataNotEqual { column } => {
                return write!(f, "its metadata has another value under {}", quoted(column));
            }
            Self::NoRuleApplies => "no include rule applies to it",
            Self::RuleNotMet { rule } => return write!(f, "the include rule {} does not apply to it", quoted(rule)),
            Self::RuleExcluded { rule } => return write!(f, "the exclude rule {} applies to it", quoted(rule)),
        })
    }
}
