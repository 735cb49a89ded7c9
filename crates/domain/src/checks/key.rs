//! Keys: the most frequent reason why copies between accounts fail.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::load::Bundle;
use super::vault::{account_facts, receiving_role};
use super::{Bearing, Check, Remedy, Told, Topic, statement};
use crate::policy::{Answer, Asker, Fact, Facts, Policy, Question};
use crate::resource_type::ResourceType;
use crate::route::Route;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStanding {
    /// A customer's, and in use.
    Enabled,
    AwsManaged,
    Disabled,
    PendingDeletion,
    /// There is no such key any more.
    Gone,
    /// A state that AWS did not tell, or that nobody has heard of.
    Other,
}

impl KeyStanding {
    /// What is wrong with the key and what to do, where that is clear.
    pub(super) fn repair(&self, key_arn: &str) -> Option<(String, String)> {
        match self {
            Self::Disabled => Some((
                format!("{key_arn} is disabled"),
                format!("{}: aws kms enable-key --key-id {key_arn}", Remedy::EnableKey.words()),
            )),
            Self::PendingDeletion => Some((
                format!("{key_arn} is about to be deleted"),
                format!(
                    "{}: aws kms cancel-key-deletion --key-id {key_arn}, then aws kms enable-key --key-id {key_arn}",
                    Remedy::EnableKey.words()
                ),
            )),
            Self::Gone => Some((
                format!("{key_arn} does not exist"),
                Remedy::RestoreKey.words().to_owned(),
            )),
            Self::Enabled | Self::AwsManaged | Self::Other => None,
        }
    }
}

/// A key of the source account with what it protects.
#[derive(Clone, Copy, Debug)]
pub struct SourceKey<'a> {
    pub route: &'a Route,
    pub arn: &'a Arc<str>,
    pub protects: &'a [&'a Bundle],
}

impl SourceKey<'_> {
    fn check(&self, topic: Topic) -> Check {
        Check::new(topic, self.route.source(), &**self.arn).bearing_on(Bearing::Under(Arc::clone(self.arn)))
    }

    fn points(&self) -> u64 {
        self.protects.iter().map(|bundle| bundle.points).sum()
    }

    /// Whether the key is in use, and one whose policy can be changed.
    pub fn state(&self, told: &Told<KeyStanding>) -> Check {
        let check = self.check(Topic::Key);
        let key = match told {
            Err(why) => return check.not_checked(why.0.clone()),
            Ok(key) => key,
        };
        let points = self.points();
        let snapshots: u64 = self
            .protects
            .iter()
            .filter(|bundle| !bundle.fully_managed)
            .map(|bundle| bundle.points)
            .sum();
        match key {
            KeyStanding::Enabled => check.passed(format!("customer managed and enabled; it protects {points} points")),
            KeyStanding::AwsManaged if snapshots == 0 => {
                check.passed(format!("AWS's own, which does for {points} fully managed points"))
            }
            KeyStanding::AwsManaged => {
                let all = snapshots == points;
                let check = if all {
                    check
                } else {
                    check.bearing_on(Bearing::Something)
                };
                check.failed(
                    format!("it is AWS's own, and {snapshots} points under it cannot be copied to another account"),
                    "AWS's own key cannot be shared: copy these points inside the source account into a vault with a customer \
                     managed key, and choose those copies",
                )
            }
            other => match other.repair(self.arn) {
                Some((what, fix)) => check.failed(format!("the key {what}; it protects {points} points"), fix),
                None => check.not_checked("its state is not known"),
            },
        }
    }

    /// Whether its policy lets the destination use it, for each of the uses that a copy makes. None for keys of AWS's own, whose
    /// policy is not asked about.
    pub fn shared(&self, policy: &Told<Policy>, organization: Option<&str>) -> Check {
        let check = self.check(Topic::KeyPolicy);
        let destination = self.route.destination();
        let policy = match policy {
            Err(why) => return check.not_checked(why.0.clone()),
            Ok(policy) => policy,
        };
        let partition = self.route.partition();
        let role = receiving_role(&partition, destination);
        let facts = account_facts(Facts::default(), destination.as_str(), organization)
            .is("aws:PrincipalArn", &*role)
            .is("kms:CallerAccount", destination.as_str())
            .is("kms:GrantIsForAWSResource", "true")
            .with("kms:ViaService", Fact::OneOf(self.services()));
        let asker = Asker::Role {
            arn: &role,
            account: destination,
        };
        let mut unknown = None;
        // What the guide calls the minimum. Reading the key's description is asked for where one shares it, and not here.
        for action in ["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"] {
            let question = Question {
                asker,
                action,
                resource: self.arn,
                facts: &facts,
            };
            match policy.answer(&question) {
                Answer::Allowed => {}
                Answer::Unknown(why) => unknown = unknown.or(Some(format!("{action}: {why}"))),
                Answer::Denied(denial) => {
                    let [usage, grants] = statement::share_key(&partition, destination);
                    return check.failed(
                        format!(
                            "account {destination} may not use the key ({action}): {denial}; it protects {} points",
                            self.points()
                        ),
                        format!(
                            "{}: add to the policy of {}: {usage}, {grants}",
                            Remedy::ShareKey.words(),
                            self.arn
                        ),
                    );
                }
            }
        }
        match unknown {
            Some(why) => check.not_checked(format!("its policy cannot be judged, {why}")),
            None => check.passed(format!("account {destination} may use it")),
        }
    }

    /// Through which services the key may be used for these points: AWS Backup itself, and the owners of snapshots.
    fn services(&self) -> Vec<Box<str>> {
        use ResourceType as T;
        let region = self.route.region();
        let mut services = BTreeSet::from(["backup"]);
        for bundle in self.protects {
            services.extend(match &bundle.group.resource_type {
                Some(T::Ebs | T::Ec2 | T::StorageGateway) => Some("ec2"),
                Some(T::Rds | T::Aurora | T::DocumentDb | T::Neptune) => Some("rds"),
                Some(T::Fsx) => Some("fsx"),
                _ => None,
            });
        }
        let name = |service| format!("{service}.{region}.amazonaws.com").into_boxed_str();
        services.into_iter().map(name).collect()
    }
}
