//! ARNs, read as tolerantly as they are written: what does not parse is still shown.

use std::fmt;

use crate::account::AccountId;
use crate::region::{Partition, Region};
use crate::vault::VaultName;

/// `arn:partition:service:region:account:resource`, borrowed. Region and account may be empty (S3 buckets, snapshots),
/// and the resource may hold further colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// None if the text has not the six parts of an ARN. The parts themselves are not judged.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (!arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty()).then_some(arn)
    }

    pub fn account_id(&self) -> Option<AccountId> {
        self.account.parse().ok()
    }

    /// What stands before the first `/` or `:` of the resource: `volume`, `snapshot`, `recovery-point`.
    pub fn kind(&self) -> Option<&'a str> {
        self.resource.split_once(['/', ':']).map(|(kind, _)| kind)
    }

    /// The resource without its kind: `vol-0a1b`, `orders`, `continuous:orders-8c2f`.
    pub fn name(&self) -> &'a str {
        self.resource
            .split_once(['/', ':'])
            .map_or(self.resource, |(_, name)| name)
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

/// The telling end of any ARN for narrow places: the resource's name, or the whole text if it is no ARN.
pub fn short(text: &str) -> &str {
    match Arn::parse(text) {
        Some(arn) if !arn.name().is_empty() => arn.name(),
        Some(arn) => arn.resource,
        None => text,
    }
}

pub fn of_vault(partition: &Partition, region: &Region, account: AccountId, vault: &VaultName) -> String {
    format!("arn:{partition}:backup:{region}:{account}:backup-vault:{vault}")
}

/// The role that AWS Backup makes for itself in the console, and which copies run under unless another is named.
pub fn of_default_copy_role(partition: &Partition, account: AccountId) -> String {
    format!("arn:{partition}:iam::{account}:role/service-role/AWSBackupDefaultServiceRole")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_aws_uses_parses() {
        let table = Arn::parse("arn:aws-cn:dynamodb:cn-north-1:111111111111:table/orders").unwrap();
        assert_eq!(
            (table.partition, table.kind(), table.name()),
            ("aws-cn", Some("table"), "orders")
        );
        assert_eq!(table.account_id(), "111111111111".parse().ok());

        let bucket = Arn::parse("arn:aws:s3:::invoices").unwrap();
        assert_eq!(
            (bucket.region, bucket.account, bucket.kind(), bucket.name()),
            ("", "", None, "invoices")
        );

        let snapshot = Arn::parse("arn:aws:rds:us-east-1:111111111111:snapshot:awsbackup:job-1").unwrap();
        assert_eq!(
            (snapshot.kind(), snapshot.name()),
            (Some("snapshot"), "awsbackup:job-1")
        );
    }

    #[test]
    fn what_is_no_arn_is_shown_as_it_is() {
        assert_eq!(Arn::parse("vol-1"), None);
        assert_eq!(Arn::parse("arn:aws:ec2:us-east-1:1"), None);
        assert_eq!(short("vol-1"), "vol-1");
        assert_eq!(short("arn:aws:ec2:us-east-1:111111111111:volume/"), "volume/");
        assert_eq!(short("arn:aws:ec2:us-east-1:111111111111:volume/vol-1"), "vol-1");
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_writing_gives_the_text_back(text in "(arn:)?[a-z:/é-]{0,40}") {
            let _ = short(&text);
            if let Some(arn) = Arn::parse(&text) {
                prop_assert_eq!(arn.to_string(), text.clone());
                let _ = (arn.kind(), arn.name(), arn.account_id());
            }
        }
    }
}
