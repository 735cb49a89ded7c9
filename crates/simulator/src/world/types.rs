//! The resource types AWS Backup knows and what it can do with each, as its feature table says.

/// One resource type of AWS Backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    Ebs,
    Ec2,
    Rds,
    RdsMultiAzCluster,
    Aurora,
    AuroraDsql,
    DocumentDb,
    Neptune,
    DynamoDb,
    /// A table backed up before the account opted in to the advanced features: the point belongs to `DynamoDB`.
    DynamoDbBasic,
    Efs,
    S3,
    FsxLustre,
    FsxWindows,
    FsxOpenZfs,
    FsxOntap,
    StorageGateway,
    Redshift,
    Timestream,
    VirtualMachine,
    SapHana,
    CloudFormation,
    Eks,
    /// A type that AWS adds tomorrow.
    Unheard,
}

/// Jobs of one pool share a limit on how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// EBS snapshots and AMIs share the snapshot-copy limit.
    Ec2Snapshots,
    /// RDS, Aurora, `DocumentDB` and Neptune share the database snapshot limit.
    DatabaseSnapshots,
    Fsx,
    StorageGateway,
    /// Types with full AWS Backup management share one limit of the account.
    FullyManaged,
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
}

impl ResourceType {
    pub const ALL: [Self; 24] = [
        Self::Ebs,
        Self::Ec2,
        Self::Rds,
        Self::RdsMultiAzCluster,
        Self::Aurora,
        Self::AuroraDsql,
        Self::DocumentDb,
        Self::Neptune,
        Self::DynamoDb,
        Self::DynamoDbBasic,
        Self::Efs,
        Self::S3,
        Self::FsxLustre,
        Self::FsxWindows,
        Self::FsxOpenZfs,
        Self::FsxOntap,
        Self::StorageGateway,
        Self::Redshift,
        Self::Timestream,
        Self::VirtualMachine,
        Self::SapHana,
        Self::CloudFormation,
        Self::Eks,
        Self::Unheard,
    ];

    /// The word in `ResourceType` members; several of our kinds share one.
    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Ebs => "EBS",
            Self::Ec2 => "EC2",
            Self::Rds | Self::RdsMultiAzCluster => "RDS",
            Self::Aurora => "Aurora",
            Self::AuroraDsql => "Aurora DSQL",
            Self::DocumentDb => "DocumentDB",
            Self::Neptune => "Neptune",
            Self::DynamoDb | Self::DynamoDbBasic => "DynamoDB",
            Self::Efs => "EFS",
            Self::S3 => "S3",
            Self::FsxLustre | Self::FsxWindows | Self::FsxOpenZfs | Self::FsxOntap => "FSx",
            Self::StorageGateway => "Storage Gateway",
            Self::Redshift => "Redshift",
            Self::Timestream => "Timestream",
            Self::VirtualMachine => "VirtualMachine",
            Self::SapHana => "SAP HANA on Amazon EC2",
            Self::CloudFormation => "CloudFormation",
            Self::Eks => "EKS",
            Self::Unheard => "Braket",
        }
    }

    /// Full AWS Backup management: an ARN of AWS Backup's own, encrypted by the vault's key.
    pub const fn fully_managed(self) -> bool {
        matches!(
            self,
            Self::AuroraDsql
                | Self::DynamoDb
                | Self::Efs
                | Self::S3
                | Self::Timestream
                | Self::VirtualMachine
                | Self::SapHana
                | Self::CloudFormation
                | Self::Eks
        )
    }

    /// Whether AWS Backup copies points of this type to another account at all.
    pub const fn cross_account(self) -> bool {
        !matches!(
            self,
            Self::RdsMultiAzCluster | Self::DynamoDbBasic | Self::FsxOntap | Self::Redshift | Self::Unheard
        )
    }

    /// Whether copies after the first can be incremental.
    pub const fn incremental(self) -> bool {
        matches!(
            self,
            Self::Ebs
                | Self::Ec2
                | Self::Rds
                | Self::Efs
                | Self::S3
                | Self::FsxLustre
                | Self::FsxWindows
                | Self::StorageGateway
                | Self::Timestream
                | Self::VirtualMachine
        )
    }

    /// Whether points of this type can move to cold storage (or, for EBS, to the archive tier).
    pub const fn cold_tier(self) -> bool {
        matches!(
            self,
            Self::Ebs
                | Self::AuroraDsql
                | Self::DynamoDb
                | Self::Efs
                | Self::Timestream
                | Self::VirtualMachine
                | Self::SapHana
        )
    }

    /// Whether a point of this type can be a continuous (point-in-time) one.
    pub const fn continuous(self) -> bool {
        matches!(self, Self::Rds | Self::Aurora | Self::S3 | Self::SapHana)
    }

    /// Which concurrency limit a copy of this type counts against.
    pub const fn pool(self) -> Pool {
        match self {
            Self::Ebs | Self::Ec2 => Pool::Ec2Snapshots,
            Self::Rds | Self::RdsMultiAzCluster | Self::Aurora | Self::DocumentDb | Self::Neptune => {
                Pool::DatabaseSnapshots
            }
            Self::FsxLustre | Self::FsxWindows | Self::FsxOpenZfs | Self::FsxOntap => Pool::Fsx,
            Self::StorageGateway => Pool::StorageGateway,
            Self::Redshift | Self::DynamoDbBasic | Self::Unheard => Pool::Other,
            _ => Pool::FullyManaged,
        }
    }
}
