//! The reasons, in words for programs and for people.

use std::fmt;
use std::sync::Arc;

use crate::ledger::Ruling;
use crate::recovery_point::PointStatus;
use crate::retention::LockRange;
use crate::selection::Reason;
use crate::text::quoted;

/// Before the code of a selection's reason: the point was not chosen, and nothing is counted as missing for it.
pub const NOT_SELECTED: &str = "not_selected";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    // Skipped.
    NotSelected(Reason),
    AlreadyThere,
    /// It comes with its parent.
    PartOfComposite,

    // Blocked.
    Status(PointStatus),
    Type(Uncopyable),
    Continuous,
    Cold,
    AwsManagedKey,
    KeyUnusable,
    DefaultVault,
    VaultName,
    DueAtOnce,
    OutsideLockRange {
        /// None: without an end.
        days: Option<i64>,
        range: LockRange,
    },

    // Copied, with something to be said.
    AlreadyBeingCopied,
    Doubtful(Doubt),
    ExpiresBeforeTurn,
    GoesColdBeforeTurn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Uncopyable {
    Redshift,
    FsxOntap,
    DynamoDbBasic,
    RdsMultiAzCluster,
}

/// What AWS's documents leave open, or what we could not look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    Expired,
    UnknownStatus,
    UnknownType,
    CloudFormation,
    SapHana,
    PerhapsCold,
    KeyNotChecked,
}

impl Why {
    /// A word for programs. It never changes its meaning. For points that were not selected it is only the beginning of
    /// `key`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSelected(_) => NOT_SELECTED,
            Self::AlreadyThere => "already_there",
            Self::PartOfComposite => "part_of_composite",
            Self::Status(PointStatus::Creating) => "status_creating",
            Self::Status(PointStatus::Partial) => "status_partial",
            Self::Status(PointStatus::Deleting) => "status_deleting",
            Self::Status(PointStatus::Stopped) => "status_stopped",
            Self::Status(_) => "status_not_copyable",
            Self::Type(_) => "type_not_copyable",
            Self::Continuous => "continuous",
            Self::Cold => "cold",
            Self::AwsManagedKey => "aws_managed_key",
            Self::KeyUnusable => "key_unusable",
            Self::DefaultVault => "default_vault",
            Self::VaultName => "vault_name",
            Self::DueAtOnce => "due_at_once",
            Self::OutsideLockRange { .. } => "outside_lock_range",
            Self::AlreadyBeingCopied => "already_being_copied",
            Self::Doubtful(doubt) => doubt.code(),
            Self::ExpiresBeforeTurn => "expires_before_turn",
            Self::GoesColdBeforeTurn => "goes_cold_before_turn",
        }
    }

    /// Under which word points with this reason are counted.
    pub fn key(&self) -> String {
        match self {
            Self::NotSelected(reason) => format!("{NOT_SELECTED}_{}", reason.code()),
            _ => self.code().to_owned(),
        }
    }

    /// What somebody can do about it.
    pub fn fix(&self) -> Option<String> {
        let fix = match self {
            Self::Status(PointStatus::Creating) => "plan again when the backup is complete",
            Self::Status(PointStatus::Partial) => "not every part of the backup succeeded: back the resource up again",
            Self::Status(PointStatus::Deleting) => "AWS is deleting it: nothing is left to copy",
            Self::Status(_) => "only points in the state COMPLETED or AVAILABLE can be copied",
            Self::Type(Uncopyable::Redshift) => {
                "AWS Backup copies no Redshift backups: share a snapshot with the destination account by Redshift itself"
            }
            Self::Type(Uncopyable::FsxOntap) => {
                "AWS Backup copies no FSx for ONTAP backups to another account: replicate the volume with SnapMirror"
            }
            Self::Type(Uncopyable::DynamoDbBasic) => {
                "it was made before the account opted in to the advanced DynamoDB features, and only later backups can be \
                 copied: opt in and back the table up again"
            }
            Self::Type(Uncopyable::RdsMultiAzCluster) => {
                "AWS Backup copies no backups of RDS Multi-AZ DB clusters: share a manual snapshot by RDS itself"
            }
            Self::Continuous => {
                "continuous backups cannot be copied on demand: make a snapshot backup of the resource, and plan again"
            }
            Self::Cold => "points in cold storage cannot be copied: restore it and back the result up again",
            Self::AwsManagedKey => {
                "AWS's own key cannot be shared: copy the point inside the source account into a vault with a customer \
                 managed key, and choose that copy"
            }
            Self::KeyUnusable => "enable the key in KMS, or cancel its deletion, and plan again",
            Self::DefaultVault => {
                "the vault `Default` cannot take copies from another account: send them elsewhere with \
                 --vault-map Default=NAME"
            }
            Self::VaultName => "no vault of this name can be created: give it another one with --vault-map FROM=TO",
            Self::DueAtOnce => {
                "the copy would be deleted as soon as it is there: keep it longer with --lifecycle DAYS, counted from the \
                 point's creation"
            }
            Self::OutsideLockRange { days, range } => {
                let days = days.map_or_else(|| "no end".to_owned(), |days| format!("{days} days"));
                return Some(format!(
                    "the destination vault's lock takes {}, and the copy is to be kept {days}: choose another --lifecycle, \
                     or another vault with --vault-map",
                    range.in_words()
                ));
            }
            Self::ExpiresBeforeTurn => {
                "it will probably expire before its turn comes: ask AWS for higher quotas, choose fewer points at a time, or \
                 prolong its retention in the source"
            }
            Self::GoesColdBeforeTurn => {
                "it will probably go to cold storage before its turn comes: ask AWS for higher quotas, choose fewer points \
                 at a time, or prolong its warm time in the source"
            }
            Self::Doubtful(doubt) => doubt.fix(),
            Self::NotSelected(_) | Self::AlreadyThere | Self::PartOfComposite | Self::AlreadyBeingCopied => {
                return None;
            }
        };
        Some(fix.to_owned())
    }

    pub fn ruling(&self) -> Ruling {
        Ruling {
            verdict: self.verdict(),
            reason: Some(Arc::from(self.key())),
            fix: self.fix().map(Arc::from),
        }
    }
}

impl Doubt {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "doubtful_expired",
            Self::UnknownStatus => "doubtful_status",
            Self::UnknownType => "doubtful_type",
            Self::CloudFormation => "doubtful_cloudformation",
            Self::SapHana => "doubtful_sap_hana",
            Self::PerhapsCold => "doubtful_storage",
            Self::KeyNotChecked => "doubtful_key",
        }
    }

    const fn fix(self) -> &'static str {
        match self {
            Self::Expired | Self::UnknownStatus | Self::UnknownType | Self::CloudFormation | Self::SapHana => {
                "AWS's documents do not say whether it can be copied: one is tried before the others of its kind"
            }
            Self::PerhapsCold => {
                "it should be in cold storage by now, and cold points cannot be copied; allow backup:DescribeRecoveryPoint \
                 to know beforehand"
            }
            Self::KeyNotChecked => {
                "a point under an AWS managed key cannot be copied; allow kms:DescribeKey on its key to know beforehand"
            }
        }
    }
}

/// As a heading over such points.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSelected(reason) => return write!(f, "not selected: {reason}"),
            Self::AlreadyThere => "already in the destination",
            Self::PartOfComposite => "comes with its composite",
            Self::Status(status) => return write!(f, "in the state {}", quoted(status.name())),
            Self::Type(Uncopyable::Redshift) => "Redshift, which is not copied to other accounts",
            Self::Type(Uncopyable::FsxOntap) => "FSx for ONTAP, which is not copied to other accounts",
            Self::Type(Uncopyable::DynamoDbBasic) => "DynamoDB without the advanced features",
            Self::Type(Uncopyable::RdsMultiAzCluster) => "an RDS Multi-AZ cluster, which is not copied",
            Self::Continuous => "continuous",
            Self::Cold => "in cold storage",
            Self::AwsManagedKey => "under an AWS managed key",
            Self::KeyUnusable => "its key is disabled or about to be deleted",
            Self::DefaultVault => "bound for the default vault",
            Self::VaultName => "its vault's name cannot be created",
            Self::DueAtOnce => "the copy would be due at once",
            Self::OutsideLockRange { .. } => "outside the destination lock's range",
            Self::AlreadyBeingCopied => "already being copied",
            Self::Doubtful(Doubt::Expired) => "doubtful: expired, but still there",
            Self::Doubtful(Doubt::UnknownStatus) => "doubtful: in a state we do not know",
            Self::Doubtful(Doubt::UnknownType) => "doubtful: of a type we do not know",
            Self::Doubtful(Doubt::CloudFormation) => "doubtful: CloudFormation stack",
            Self::Doubtful(Doubt::SapHana) => "doubtful: SAP HANA",
            Self::Doubtful(Doubt::PerhapsCold) => "doubtful: perhaps in cold storage",
            Self::Doubtful(Doubt::KeyNotChecked) => "doubtful: its key could not be looked at",
            Self::ExpiresBeforeTurn => "will probably expire before its turn",
            Self::GoesColdBeforeTurn => "will probably go cold before its turn",
        })
    }
}
