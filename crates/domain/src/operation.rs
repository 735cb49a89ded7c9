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
        }
    }

    /// The action as a policy statement names it.
    pub fn action(self) -> String {
        format!("{}:{}", self.service(), self.name())
    }

    const fn service(self) -> &'static str {
        match self {
            Self::GetCallerIdentity | Self::AssumeRole => "sts",
            Self::DescribeKey => "kms",
            _ => "backup",
        }
    }

    /// Whether the call is one of AWS Backup's and so uses up the account's common budget.
    pub const fn counts_for_backup(self) -> bool {
        !matches!(self, Self::GetCallerIdentity | Self::AssumeRole | Self::DescribeKey)
    }

    /// The documented default rate of this call in an account whose common budget is 50 per second.
    pub const fn documented_per_second(self) -> f64 {
        match self {
            // AWS publishes no rate for the calls about copy jobs; these are those of its like.
            Self::DescribeBackupVault | Self::StartCopyJob => 5.0,
            Self::DescribeRecoveryPoint | Self::DescribeCopyJob => 15.0,
            Self::ListBackupVaults | Self::ListRecoveryPointsByBackupVault | Self::ListCopyJobs => 20.0,
            // STS and KMS have their own, far larger budgets; we ask them seldom.
            Self::GetCallerIdentity | Self::AssumeRole | Self::DescribeKey => 10.0,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
