//! Who has to do something about a cause of failures.

use serde::Serialize;

/// Where the hand that helps has to be logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    SourceAccount,
    DestinationAccount,
    /// Of the organization.
    ManagementAccount,
    /// By other options of this program.
    Operator,
    /// Nobody but AWS: trying again may help.
    Aws,
}

impl Actor {
    /// By the category as the ledger keeps it, and AWS's own words.
    pub fn for_cause(category: &str, message: &str) -> Self {
        let category: String = category.chars().filter(char::is_ascii_alphanumeric).collect();
        let message = message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        match category.to_ascii_uppercase().as_str() {
            "FEATURENOTENABLED" => Self::ManagementAccount,
            "ACCESSDENIED" if says(&["organization"]) => Self::ManagementAccount,
            "ACCESSDENIED"
                if says(&[
                    "copyintobackupvault",
                    "access policy of backup vault",
                    "default key",
                    "managed key",
                ]) =>
            {
                Self::DestinationAccount
            }
            "LIMITEXCEEDED" => Self::DestinationAccount,
            "INVALIDLIFECYCLE" => Self::Operator,
            "TOKENEXPIRED" | "JOBEXPIRED" | "FATALERROR" | "MISCELLANEOUS" | "CONCURRENTJOB" | "ABORTED" => Self::Aws,
            // Keys, roles, resources and what is wrong with a point are the source's.
            _ => Self::SourceAccount,
        }
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SourceAccount => "the source account",
            Self::DestinationAccount => "the destination account",
            Self::ManagementAccount => "the organization's management account",
            Self::Operator => "whoever runs this program",
            Self::Aws => "nobody: trying again may help",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_lead_to_the_same_account() {
        let denied = "Access denied trying to call CopyIntoBackupVault";
        for category in ["ACCESS_DENIED", "AccessDenied"] {
            assert_eq!(Actor::for_cause(category, denied), Actor::DestinationAccount);
            assert_eq!(Actor::for_cause(category, "the KMS key"), Actor::SourceAccount);
        }
        assert_eq!(
            Actor::for_cause("ACCESS_DENIED", "must be in the same Organization"),
            Actor::ManagementAccount
        );
        assert_eq!(Actor::for_cause("FATAL_ERROR", ""), Actor::Aws);
        assert_eq!(Actor::for_cause("INVALID_LIFECYCLE", ""), Actor::Operator);
    }
}
