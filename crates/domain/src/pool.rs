//! Which copies share a limit on how many run at once, and what AWS's documents say that limit is.

use serde::{Deserialize, Serialize};

use crate::arn::Arn;
use crate::recovery_point::RecoveryPoint;
use crate::resource_type::ResourceType;

/// Copies of one pool wait for each other, whatever their vaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// EBS snapshots and the snapshots behind EC2 images.
    Ec2Snapshots,
    /// RDS, Aurora, `DocumentDB`, Neptune.
    DatabaseSnapshots,
    Fsx,
    StorageGateway,
    /// Types that AWS Backup manages fully.
    FullyManaged,
    /// What no document speaks of.
    Other,
}

impl Pool {
    pub const ALL: [Self; 6] = [
        Self::Ec2Snapshots,
        Self::DatabaseSnapshots,
        Self::Fsx,
        Self::StorageGateway,
        Self::FullyManaged,
        Self::Other,
    ];

    pub const fn of(resource_type: Option<&ResourceType>) -> Self {
        use ResourceType as T;
        match resource_type {
            Some(T::Ebs | T::Ec2) => Self::Ec2Snapshots,
            Some(T::Rds | T::Aurora | T::DocumentDb | T::Neptune) => Self::DatabaseSnapshots,
            Some(T::Fsx) => Self::Fsx,
            Some(T::StorageGateway) => Self::StorageGateway,
            Some(
                T::AuroraDsql
                | T::CloudFormation
                | T::DynamoDb
                | T::Efs
                | T::Eks
                | T::S3
                | T::SapHana
                | T::Timestream
                | T::VirtualMachine,
            ) => Self::FullyManaged,
            Some(T::Redshift | T::RedshiftServerless | T::Other(_)) | None => Self::Other,
        }
    }

    /// A word for programs. It never changes its meaning.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ec2Snapshots => "ec2_snapshots",
            Self::DatabaseSnapshots => "database_snapshots",
            Self::Fsx => "fsx",
            Self::StorageGateway => "storage_gateway",
            Self::FullyManaged => "fully_managed",
            Self::Other => "other",
        }
    }

    /// As a person calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ec2Snapshots => "EBS and EC2",
            Self::DatabaseSnapshots => "RDS, Aurora and their like",
            Self::Fsx => "FSx",
            Self::StorageGateway => "Storage Gateway",
            Self::FullyManaged => "fully managed types",
            Self::Other => "other types",
        }
    }

    /// How many copies run at once by default. Quotas can be raised, and another page of the documents says 5 per
    /// service: what an account really takes is found by watching.
    pub const fn documented_slots(self) -> u32 {
        match self {
            Self::Ec2Snapshots | Self::DatabaseSnapshots => 20,
            Self::Fsx | Self::StorageGateway | Self::Other => 5,
            Self::FullyManaged => 100,
        }
    }

    /// How long one copy is taken to last until copies of the account have been timed: AWS publishes no durations, and these
    /// are what people report of middling ones.
    pub const fn assumed_seconds(self) -> f64 {
        match self {
            Self::Ec2Snapshots => 300.0,
            Self::FullyManaged | Self::Other => 600.0,
            Self::DatabaseSnapshots => 1200.0,
            Self::Fsx | Self::StorageGateway => 1800.0,
        }
    }
}

/// Whether AWS Backup manages the point fully: then the point has an ARN of AWS Backup's own and is protected by the vault's
/// key, else it has the ARN and the key of the service that took the snapshot.
pub fn is_fully_managed(point: &RecoveryPoint) -> bool {
    Arn::parse(&point.arn).is_some_and(|arn| arn.service == "backup")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VaultName;

    #[test]
    fn images_share_the_snapshots_limit() {
        assert_eq!(Pool::of(Some(&ResourceType::Ec2)), Pool::of(Some(&ResourceType::Ebs)));
        assert_eq!(Pool::of(Some(&ResourceType::named("Braket"))), Pool::Other);
        assert_eq!(Pool::of(None), Pool::Other);
    }

    #[test]
    fn an_arn_tells_who_manages_the_point() {
        let managed = |arn: &str| is_fully_managed(&RecoveryPoint::new(arn, VaultName::new("daily").unwrap()));
        assert!(managed("arn:aws:backup:us-east-1:111111111111:recovery-point:1EB3B5E7"));
        assert!(!managed("arn:aws:ec2:us-east-1::snapshot/snap-0a"));
        assert!(!managed("arn:aws:dynamodb:us-east-1:111111111111:table/t/backup/0123"));
        assert!(!managed("nonsense"));
    }
}
