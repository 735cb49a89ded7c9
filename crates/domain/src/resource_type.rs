//! What a recovery point is a backup of.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::text::near_names;

/// A resource type as AWS Backup names it. Types of tomorrow are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceType {
    Aurora,
    AuroraDsql,
    CloudFormation,
    DocumentDb,
    DynamoDb,
    Ebs,
    Ec2,
    Efs,
    Eks,
    Fsx,
    Neptune,
    Rds,
    Redshift,
    RedshiftServerless,
    S3,
    SapHana,
    StorageGateway,
    Timestream,
    VirtualMachine,
    Other(Arc<str>),
}

impl ResourceType {
    pub const KNOWN: [Self; 19] = [
        Self::Aurora,
        Self::AuroraDsql,
        Self::CloudFormation,
        Self::DocumentDb,
        Self::DynamoDb,
        Self::Ebs,
        Self::Ec2,
        Self::Efs,
        Self::Eks,
        Self::Fsx,
        Self::Neptune,
        Self::Rds,
        Self::Redshift,
        Self::RedshiftServerless,
        Self::S3,
        Self::SapHana,
        Self::StorageGateway,
        Self::Timestream,
        Self::VirtualMachine,
    ];

    /// Reads a type's name without regard to case; for the known ones spaces, `-` and `_` do not count either, so that
    /// `storage-gateway` can be typed without quotes.
    pub fn named(name: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.name() == name)
            .or_else(|| Self::KNOWN.into_iter().find(|known| same_letters(known.name(), name)))
            .or_else(|| (same_letters(name, "SAP HANA") || same_letters(name, "HANA")).then_some(Self::SapHana))
            .unwrap_or_else(|| Self::Other(name.into()))
    }

    /// As AWS spells it in `ResourceType` and expects it in `ByResourceType`.
    pub fn name(&self) -> &str {
        match self {
            Self::Aurora => "Aurora",
            Self::AuroraDsql => "Aurora DSQL",
            Self::CloudFormation => "CloudFormation",
            Self::DocumentDb => "DocumentDB",
            Self::DynamoDb => "DynamoDB",
            Self::Ebs => "EBS",
            Self::Ec2 => "EC2",
            Self::Efs => "EFS",
            Self::Eks => "EKS",
            Self::Fsx => "FSx",
            Self::Neptune => "Neptune",
            Self::Rds => "RDS",
            Self::Redshift => "Redshift",
            Self::RedshiftServerless => "Redshift Serverless",
            Self::S3 => "S3",
            Self::SapHana => "SAP HANA on Amazon EC2",
            Self::StorageGateway => "Storage Gateway",
            Self::Timestream => "Timestream",
            Self::VirtualMachine => "VirtualMachine",
            Self::Other(name) => name,
        }
    }

    /// Whether two types are the same to someone who chooses by type.
    pub fn matches(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::Other(a), Self::Other(b)) if same_letters(a, b))
    }

    /// Known types whose names resemble this one, for a type nobody has heard of.
    pub fn near(&self) -> Vec<&'static str> {
        const NAMES: [&str; 19] = [
            "Aurora",
            "Aurora DSQL",
            "CloudFormation",
            "DocumentDB",
            "DynamoDB",
            "EBS",
            "EC2",
            "EFS",
            "EKS",
            "FSx",
            "Neptune",
            "RDS",
            "Redshift",
            "Redshift Serverless",
            "S3",
            "SAP HANA on Amazon EC2",
            "Storage Gateway",
            "Timestream",
            "VirtualMachine",
        ];
        near_names(self.name(), NAMES)
    }
}

fn same_letters(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|c| !matches!(c, ' ' | '-' | '_'))
            .flat_map(char::to_lowercase)
            .collect()
    };
    letters(a) == letters(b)
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for ResourceType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_are_found_however_they_are_typed() {
        for known in ResourceType::KNOWN {
            assert_eq!(ResourceType::named(known.name()), known);
            assert_eq!(ResourceType::named(&known.name().to_uppercase()), known);
        }
        assert_eq!(ResourceType::named("storage-gateway"), ResourceType::StorageGateway);
        assert_eq!(ResourceType::named("sap hana"), ResourceType::SapHana);
        assert_eq!(ResourceType::named("virtual_machine"), ResourceType::VirtualMachine);
    }

    #[test]
    fn an_unknown_type_keeps_its_name_and_matches_without_regard_to_case() {
        let braket = ResourceType::named("Braket");
        assert_eq!(braket.name(), "Braket");
        assert!(braket.matches(&ResourceType::named("braket")));
        assert!(!braket.matches(&ResourceType::Ebs));
        assert_eq!(ResourceType::named("Dinamodb").near(), ["DynamoDB"]);
    }
}
