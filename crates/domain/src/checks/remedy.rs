//! What can be done about each thing that keeps copies from being made, in one place: the checks before a run and the failures
//! during it say the same.

use super::Topic;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remedy {
    JoinOrganization,
    EnableCrossAccountBackup,
    OpenVault,
    GiveVaultCustomerKey,
    ShareKey,
    EnableKey,
    RepairCopyRole,
    ChooseRetention,
    RaiseQuota,
    MakeVault,
    RestoreKey,
    ChooseOtherType,
}

impl Remedy {
    pub const ALL: [Self; 12] = [
        Self::JoinOrganization,
        Self::EnableCrossAccountBackup,
        Self::OpenVault,
        Self::GiveVaultCustomerKey,
        Self::ShareKey,
        Self::EnableKey,
        Self::RepairCopyRole,
        Self::ChooseRetention,
        Self::RaiseQuota,
        Self::MakeVault,
        Self::RestoreKey,
        Self::ChooseOtherType,
    ];

    /// What to do, in general. A check that knows the names adds what to paste.
    pub const fn words(self) -> &'static str {
        match self {
            Self::JoinOrganization => "both accounts have to be members of one organization",
            Self::EnableCrossAccountBackup => {
                "the organization's management account has to enable cross-account backup (AWS Backup, Settings)"
            }
            Self::OpenVault => {
                "allow the source account backup:CopyIntoBackupVault in the access policy of the destination vault"
            }
            Self::GiveVaultCustomerKey => {
                "a key that AWS manages cannot be shared with another account: give the destination vault a customer managed \
                 key; points whose own key is AWS's have to be re-encrypted in the source account first"
            }
            Self::ShareKey => {
                "let the destination account use the key that protects these points, in the key's policy: kms:DescribeKey, \
                 kms:Decrypt, kms:ReEncrypt*, kms:GenerateDataKey* and kms:CreateGrant"
            }
            Self::EnableKey => "the key has to be enabled, and usable by the copy role and the destination account",
            Self::RepairCopyRole => {
                "check the copy role's trust and permissions, the destination vault's access policy and the policies of the keys"
            }
            Self::ChooseRetention => {
                "choose a retention inside the range of the destination vault's lock with --lifecycle DAYS"
            }
            Self::RaiseQuota => "have the quota of the destination account raised, or make room",
            Self::MakeVault => {
                "the destination vault has to exist, and the destination's Allowed AMIs have to name the source account"
            }
            Self::RestoreKey => "the key that protects these points does not exist any more",
            Self::ChooseOtherType => "AWS does not copy points of this kind to another account",
        }
    }

    /// The check of `validate` that looks for the same before a run.
    pub const fn topic(self) -> Topic {
        match self {
            Self::JoinOrganization => Topic::Organization,
            Self::EnableCrossAccountBackup => Topic::CrossAccountBackup,
            Self::OpenVault => Topic::VaultPolicy,
            Self::GiveVaultCustomerKey => Topic::VaultKey,
            Self::ShareKey => Topic::KeyPolicy,
            Self::EnableKey | Self::RestoreKey => Topic::Key,
            Self::RepairCopyRole => Topic::CopyRolePermission,
            Self::ChooseRetention => Topic::VaultLock,
            Self::RaiseQuota => Topic::Quota,
            Self::MakeVault => Topic::Vault,
            Self::ChooseOtherType => Topic::ResourceType,
        }
    }
}
