//! The calls we make, and how often AWS lets an account make each.

use std::fmt;

/// What AWS allows one account per second over all Backup calls together, by default.
pub const DOCUMENTED_CALLS_PER_SECOND: f64 = 50.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    ListBackupVaults,
    DescribeBackupVault,
    ListRecoveryPointsByBackupVault,
    DescribeRecoveryPoint,
    StartCopyJob,
    ListCopyJobs,
    DescribeCopyJob,
    GetCallerIdentity,
    AssumeRole,
    DescribeKey,
    GetBackupVaultAccessPolicy,
    GetBackupVaultNotifications,
    ListTags,
    CreateBackupVault,
    PutBackupVaultAccessPolicy,
    PutBackupVaultLockConfiguration,
    PutBackupVaultNotifications,
    TagResource,
    GetKeyPolicy,
    GetRole,
    SimulatePrincipalPolicy,
    DescribeOrganization,
    DescribeGlobalSettings,
    DescribeRegionSettings,
    GetServiceQuota,
}

impl Operation {
    /// As the service model and IAM policies call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ListBackupVaults => "ListBackupVaults",
            Self::DescribeBackupVault => "DescribeBackupVault",
            Self::ListRecoveryPointsByBackupVault => "ListRecoveryPointsByBackupVault",
            Self::DescribeRecoveryPoint => "DescribeRecoveryPoint",
            Self::StartCopyJob => "StartCopyJob",
            Self::ListCopyJobs => "ListCopyJobs",
            Self::DescribeCopyJob => "DescribeCopyJob",
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::AssumeRole => "AssumeRole",
            Self::DescribeKey => "DescribeKey",
            Self::GetBackupVaultAccessPolicy => "GetBackupVaultAccessPolicy",
            Self::GetBackupVaultNotifications => "GetBackupVaultNotifications",
            Self::ListTags => "ListTags",
            Self::CreateBackupVault => "CreateBackupVault",
            Self::PutBackupVaultAccessPolicy => "PutBackupVaultAccessPolicy",
            Self::PutBackupVaultLockConfiguration => "PutBackupVaultLockConfiguration",
            Self::PutBackupVaultNotifications => "PutBackupVaultNotifications",
            Self::TagResource => "TagResource",
            Self::GetKeyPolicy => "GetKeyPolicy",
            Self::GetRole => "GetRole",
            Self::SimulatePrincipalPolicy => "SimulatePrincipalPolicy",
            Self::DescribeOrganization => "DescribeOrganization",
            Self::DescribeGlobalSettings => "DescribeGlobalSettings",
            Self::DescribeRegionSettings => "DescribeRegionSettings",
            Self::GetServiceQuota => "GetServiceQuota",
        }
    }

    /// The action as a policy statement names it.
    pub fn action(self) -> String {
        format!("{}:{}", self.service(), self.name())
    }

    const fn service(self) -> &'static str {
        match self {
            Self::GetCallerIdentity | Self::AssumeRole => "sts",
            Self::DescribeKey | Self::GetKeyPolicy => "kms",
            Self::GetRole | Self::SimulatePrincipalPolicy => "iam",
            Self::DescribeOrganization => "organizations",
            Self::GetServiceQuota => "servicequotas",
            _ => "backup",
        }
    }

    /// Whether the call is one of AWS Backup's and so uses up the account's common budget.
    pub const fn counts_for_backup(self) -> bool {
        matches!(self.service().as_bytes(), b"backup")
    }

    /// The documented default rate of this call in an account whose common budget is 50 per second.
    pub const fn documented_per_second(self) -> f64 {
        match self {
            // AWS publishes no rate for the calls about copy jobs, nor for putting locks, policies and notifications; these are
            // those of their like.
            Self::DescribeBackupVault
            | Self::StartCopyJob
            | Self::CreateBackupVault
            | Self::PutBackupVaultAccessPolicy
            | Self::PutBackupVaultLockConfiguration
            | Self::PutBackupVaultNotifications
            | Self::TagResource
            | Self::DescribeGlobalSettings
            | Self::DescribeRegionSettings
            // Other services', which publish none either and are asked a few times a run.
            | Self::GetRole
            | Self::SimulatePrincipalPolicy
            | Self::DescribeOrganization
            | Self::GetServiceQuota => 5.0,
            Self::DescribeRecoveryPoint
            | Self::DescribeCopyJob
            | Self::GetBackupVaultAccessPolicy
            | Self::GetBackupVaultNotifications => 15.0,
            Self::ListBackupVaults | Self::ListRecoveryPointsByBackupVault | Self::ListCopyJobs | Self::ListTags => {
                20.0
            }
            // STS and KMS have their own, far larger budgets; we ask them seldom.
            Self::GetCallerIdentity | Self::AssumeRole | Self::DescribeKey | Self::GetKeyPolicy => 10.0,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
