//! A destination vault: whether it is there or can be, and takes what is to come.

use super::key::KeyStanding;
use super::load::Bundle;
use super::{Bearing, Check, Remedy, Told, Topic, statement};
use crate::policy::{Answer, Asker, Fact, Facts, Policy, Question};
use crate::region::Partition;
use crate::retention::LockRange;
use crate::route::Route;
use crate::vault::VaultName;

/// The destination vault of one or more source vaults, as it was seen.
#[derive(Clone, Debug)]
pub struct VaultSeen {
    pub key_arn: Option<String>,
    pub lock: Option<LockRange>,
}

#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub route: &'a Route,
    pub name: &'a VaultName,
    /// The source vault it stands for, the first of them.
    pub source: &'a VaultName,
}

impl Target<'_> {
    fn check(&self, topic: Topic) -> Check {
        Check::new(topic, self.route.destination(), self.name.to_string()).bearing_on(Bearing::Into(self.name.clone()))
    }

    /// Whether there is a vault to copy into. `will_be_made`: the run makes what is missing.
    pub fn exists(&self, seen: Option<&VaultSeen>, will_be_made: bool) -> Check {
        let check = self.check(Topic::Vault);
        let another = format!("--vault-map {}=NAME sends the copies into another vault", self.source);
        if self.name.as_str() == "Default" {
            return check.failed("the default vault takes no copies from another account", another);
        }
        if seen.is_some() {
            return check.passed("it exists");
        }
        if let Err(error) = self.name.check_creatable() {
            return check.failed(error.to_string(), another);
        }
        if will_be_made {
            return check.passed("it does not exist yet, and `replicate` or `copy` creates it");
        }
        check.failed(
            "it does not exist",
            format!(
                "shuffle-aws-vaults replicate, or: aws backup create-backup-vault --backup-vault-name {} --encryption-key-arn KEY_ARN",
                self.name
            ),
        )
    }

    /// Whether its policy lets the source's copy role in. `policy`: None where it has none.
    pub fn admits(
        &self,
        policy: &Told<Option<Policy>>,
        vault_arn: &str,
        role_arn: &str,
        organization: Option<&str>,
    ) -> Check {
        let check = self.check(Topic::VaultPolicy);
        let source = self.route.source();
        let fix = format!(
            "{}: add to the policy of the vault `{}`: {} (`replicate` does it)",
            Remedy::OpenVault.words(),
            self.name,
            statement::open_vault(&self.route.partition(), source)
        );
        let policy = match policy {
            Err(why) => return check.not_checked(why.0.clone()),
            Ok(None) => return check.failed("it has no access policy, so no other account may copy into it", fix),
            Ok(Some(policy)) => policy,
        };
        let facts = account_facts(Facts::default(), source.as_str(), organization)
            .is("aws:PrincipalArn", role_arn)
            .is("aws:PrincipalType", "AssumedRole")
            .is("backup:CopyTargets", vault_arn);
        let answer = policy.answer(&Question {
            asker: Asker::Role {
                arn: role_arn,
                account: source,
            },
            action: "backup:CopyIntoBackupVault",
            resource: vault_arn,
            facts: &facts,
        });
        match answer {
            Answer::Allowed => check.passed(format!("its policy lets account {source} copy into it")),
            Answer::Unknown(why) => check.not_checked(format!("its policy cannot be judged: {why}")),
            Answer::Denied(denial) => check.failed(format!("account {source} may not copy into it: {denial}"), fix),
        }
    }

    /// Whether its key can take what is to come.
    pub fn key(&self, key_arn: Option<&str>, told: &Told<KeyStanding>, into_it: &[&Bundle]) -> Check {
        let check = self.check(Topic::VaultKey);
        let snapshots: u64 = into_it
            .iter()
            .filter(|bundle| !bundle.fully_managed)
            .map(|bundle| bundle.points)
            .sum();
        let Some(key_arn) = key_arn else {
            return check.not_checked("AWS does not say which key it has");
        };
        let key = match told {
            Err(why) => return check.not_checked(why.0.clone()),
            Ok(key) => key,
        };
        match key {
            KeyStanding::AwsManaged if snapshots > 0 => check.failed(
                format!("its key {key_arn} is AWS's own, under which {snapshots} points that are not fully managed cannot be copied"),
                format!(
                    "{} (a vault's key never changes: make another vault and use --vault-map {}=NAME)",
                    Remedy::GiveVaultCustomerKey.words(),
                    self.source
                ),
            ),
            KeyStanding::AwsManaged => check.passed("its key is AWS's own, which does for fully managed points"),
            KeyStanding::Enabled => check.passed("its key is a customer managed one, and enabled"),
            other => match other.repair(key_arn) {
                Some((what, fix)) => check.failed(format!("its key {what}"), fix),
                None => check.not_checked(format!("the state of its key {key_arn} is not known")),
            },
        }
    }

    /// How many copies its lock would refuse.
    pub fn lock(&self, lock: Option<LockRange>, into_it: &[&Bundle]) -> Option<Check> {
        let range = lock?;
        let check = self.check(Topic::VaultLock);
        let kept = || into_it.iter().flat_map(|bundle| &bundle.kept_days);
        let all: u64 = kept().map(|(_, points)| points).sum();
        let refused: u64 = kept()
            .filter(|(days, _)| {
                let lifecycle = days.map(|days| crate::recovery_point::Lifecycle {
                    delete_after_days: Some(days),
                    ..Default::default()
                });
                !range.takes(lifecycle)
            })
            .map(|(_, points)| points)
            .sum();
        if refused == 0 {
            return Some(check.passed(format!("its lock takes {}, which fits all copies", range.in_words())));
        }
        let bearing = if refused == all {
            check.bears_on.clone()
        } else {
            Bearing::Something
        };
        Some(check.bearing_on(bearing).failed(
            format!(
                "its lock takes {}, and would refuse {refused} of {all} copies",
                range.in_words()
            ),
            Remedy::ChooseRetention.words(),
        ))
    }
}

/// What is known of the account that a copy's principal belongs to.
pub(super) fn account_facts(facts: Facts, account: &str, organization: Option<&str>) -> Facts {
    let facts = facts.is("aws:PrincipalAccount", account);
    match organization {
        Some(id) => facts.is("aws:PrincipalOrgID", id).with(
            "aws:PrincipalOrgPaths",
            Fact::ListOfOneBeginning(format!("{id}/").into()),
        ),
        None => facts,
    }
}

/// The destination's own role of AWS Backup, which uses the source's keys.
pub fn receiving_role(partition: &Partition, destination: crate::AccountId) -> String {
    format!("arn:{partition}:iam::{destination}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup")
}
