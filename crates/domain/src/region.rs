//! Regions, and the partition of AWS that each belongs to.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::quoted;

/// A Region's code, `eu-central-1`. Regions that this program has never heard of are fine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Region(Arc<str>);

impl Region {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Told from the prefix of the code, as the SDKs do.
    pub fn partition(&self) -> Partition {
        const PREFIXES: [(&str, Partition); 8] = [
            ("us-gov-", Partition::UsGov),
            ("cn-", Partition::China),
            ("us-iso-", Partition::Iso),
            ("us-isob-", Partition::IsoB),
            ("eu-isoe-", Partition::IsoE),
            ("us-isof-", Partition::IsoF),
            ("eu-isof-", Partition::IsoF),
            ("eusc-", Partition::EuropeanSovereign),
        ];
        let found = PREFIXES.iter().find(|(prefix, _)| self.0.starts_with(prefix));
        found.map_or(Partition::Aws, |(_, partition)| partition.clone())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not a Region: a Region's code is like `us-east-1`, lower-case letters, digits and dashes only",
    quoted(.text)
)]
pub struct RegionError {
    pub text: String,
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plausible = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if plausible {
            Ok(Self(text.into()))
        } else {
            Err(RegionError { text: text.into() })
        }
    }
}

impl TryFrom<String> for Region {
    type Error = RegionError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The second member of every ARN: accounts, Regions and roles of one partition never meet those of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    Aws,
    UsGov,
    China,
    Iso,
    IsoB,
    IsoE,
    IsoF,
    EuropeanSovereign,
    Other(Arc<str>),
}

impl Partition {
    const KNOWN: [Self; 8] = [
        Self::Aws,
        Self::UsGov,
        Self::China,
        Self::Iso,
        Self::IsoB,
        Self::IsoE,
        Self::IsoF,
        Self::EuropeanSovereign,
    ];

    /// The partition that an ARN names.
    pub fn named(name: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.name() == name)
            .unwrap_or_else(|| Self::Other(name.into()))
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Aws => "aws",
            Self::UsGov => "aws-us-gov",
            Self::China => "aws-cn",
            Self::Iso => "aws-iso",
            Self::IsoB => "aws-iso-b",
            Self::IsoE => "aws-iso-e",
            Self::IsoF => "aws-iso-f",
            Self::EuropeanSovereign => "aws-eusc",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_knows_its_partition() {
        let partition = |code: &str| code.parse::<Region>().unwrap().partition().to_string();
        assert_eq!(partition("us-east-1"), "aws");
        assert_eq!(partition("us-gov-west-1"), "aws-us-gov");
        assert_eq!(partition("cn-northwest-1"), "aws-cn");
        assert_eq!(partition("us-isob-east-1"), "aws-iso-b");
        assert_eq!(partition("us-iso-east-1"), "aws-iso");
        assert_eq!(partition("eusc-de-east-1"), "aws-eusc");
        assert_eq!(
            partition("mx-central-1"),
            "aws",
            "a Region opened after this was written"
        );
    }

    #[test]
    fn a_partition_of_tomorrow_keeps_its_name() {
        assert_eq!(Partition::named("aws-cn"), Partition::China);
        assert_eq!(Partition::named("aws-moon").name(), "aws-moon");
    }

    #[test]
    fn what_cannot_be_a_region_is_refused() {
        for text in ["", "US-EAST-1", "us east 1", "eu-central-1 ", "-", "1"] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }
}
