//! What a vault and its twin differ in, as steps in the order in which they are to be taken.

mod lock;
mod notifications;
mod tags;

use super::policy::{Fate, Pair, policy_twin};
use super::vault::{Notifications, Read, Tags, VaultAsRead, VaultKind};
use super::wishes::Wishes;
use crate::retention::LockRange;
use crate::vault::VaultName;
use tags::carried_tags;

#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub source: VaultName,
    pub target: VaultName,
    pub steps: Vec<Step>,
}

/// One thing that the twin is to have, and how that stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub what: What,
    pub standing: Standing,
    /// Never empty: what, or why not.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    Vault,
    Key,
    Tags,
    AccessPolicy,
    PolicyStatement,
    Notifications,
    Lock,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    ToDo(Deed),
    AlreadySo,
    /// The destination has it otherwise, and keeps it.
    Differs,
    NotCarried,
}

/// What one call does.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    Create {
        key: Option<Box<str>>,
        tags: Tags,
    },
    Tag(Tags),
    /// The policy's JSON text.
    PutPolicy(String),
    PutNotifications(Notifications),
    PutLock {
        min_retention_days: Option<i64>,
        max_retention_days: Option<i64>,
        changeable_for_days: Option<i64>,
    },
    /// Done by what does this.
    With(What),
}

impl What {
    /// A word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Key => "key",
            Self::Tags => "tags",
            Self::AccessPolicy => "access_policy",
            Self::PolicyStatement => "policy_statement",
            Self::Notifications => "notifications",
            Self::Lock => "lock",
        }
    }
}

impl Standing {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ToDo(_) => "to_do",
            Self::AlreadySo => "already_so",
            Self::Differs => "differs",
            Self::NotCarried => "not_carried",
        }
    }
}

impl Difference {
    /// `twin` is None while the destination has no vault of the target's name.
    pub fn between(source: &VaultAsRead, target: &VaultName, twin: Option<&VaultAsRead>, wishes: &Wishes) -> Self {
        let mut difference = Self {
            source: source.name.clone(),
            target: target.clone(),
            steps: Vec::new(),
        };
        if let Some(why) = cannot_be_a_twin(target) {
            difference.say(What::Vault, Standing::NotCarried, why);
            return difference;
        }
        difference.vault_and_key(source, twin, wishes);
        difference.tags(source, twin);
        difference.policy(source, twin, wishes);
        difference.notifications(source, twin, wishes);
        difference.lock(source, twin, wishes);
        difference
    }

    /// Whether nothing is left to be done.
    pub fn is_settled(&self) -> bool {
        !self.steps.iter().any(|step| matches!(step.standing, Standing::ToDo(_)))
    }

    /// The lock that is to be put, as the range that new copies would have to keep to.
    pub fn lock_to_put(&self) -> Option<LockRange> {
        self.steps.iter().find_map(|step| match step.standing {
            Standing::ToDo(Deed::PutLock {
                min_retention_days,
                max_retention_days,
                ..
            }) => Some(LockRange {
                min_days: min_retention_days,
                max_days: max_retention_days,
            }),
            _ => None,
        })
    }

    fn say(&mut self, what: What, standing: Standing, detail: impl Into<String>) {
        self.steps.push(Step {
            what,
            standing,
            detail: detail.into(),
        });
    }

    fn vault_and_key(&mut self, source: &VaultAsRead, twin: Option<&VaultAsRead>, wishes: &Wishes) {
        let wanted = wishes.keys.of(&source.name, source.encryption_key_arn.as_deref());
        let Some(twin) = twin else {
            let kind = match &source.kind {
                VaultKind::Plain => String::new(),
                VaultKind::AirGapped => {
                    "; the source is logically air-gapped, its twin is an ordinary vault".to_owned()
                }
                VaultKind::Other(kind) => format!("; the source is a {kind}, its twin is an ordinary vault"),
            };
            let deed = Deed::Create {
                key: wanted.map(Into::into),
                tags: carried_tags(source.tags.known().unwrap_or(&Tags::new())).0,
            };
            self.say(What::Vault, Standing::ToDo(deed), format!("is created{kind}"));
            let detail = wanted.map_or_else(
                || {
                    "AWS Backup's own key of the account, because --kms-key-arn and --kms-map name none: copies of types that \
                     AWS Backup does not fully manage (EC2, EBS, RDS, Aurora, FSx, …) fail under it, and a vault's key can never be \
                     changed"
                        .to_owned()
                },
                str::to_owned,
            );
            return self.say(What::Key, Standing::ToDo(Deed::With(What::Vault)), detail);
        };
        let kind = match &twin.kind {
            VaultKind::Plain => String::new(),
            VaultKind::AirGapped => {
                "; it is logically air-gapped, and RDS instances cannot be copied into it".to_owned()
            }
            VaultKind::Other(kind) => format!("; it is a {kind}"),
        };
        self.say(What::Vault, Standing::AlreadySo, format!("exists{kind}"));
        let has = twin.encryption_key_arn.as_deref();
        match (wanted, has) {
            (Some(wanted), Some(has)) if wanted != has => self.say(
                What::Key,
                Standing::Differs,
                format!(
                    "it has {has} instead of {wanted}; a vault's key can never be changed: send the copies into a new vault with \
                     --vault-map {}=NAME if it matters",
                    source.name
                ),
            ),
            (_, has) => self.say(What::Key, Standing::AlreadySo, has.unwrap_or("AWS names none")),
        }
    }

    fn policy(&mut self, source: &VaultAsRead, twin: Option<&VaultAsRead>, wishes: &Wishes) {
        let original = match &source.policy {
            Read::Known(policy) => policy.as_deref(),
            Read::Refused(why) => {
                self.say(
                    What::PolicyStatement,
                    Standing::NotCarried,
                    format!("those of the source: {why}"),
                );
                None
            }
        };
        let has = match twin.map(|twin| &twin.policy) {
            None => None,
            Some(Read::Known(policy)) => policy.as_deref(),
            Some(Read::Refused(why)) => {
                return self.say(
                    What::AccessPolicy,
                    Standing::NotCarried,
                    format!("without knowing it nothing can be added to it: {why}"),
                );
            }
        };
        let pair = Pair {
            route: &wishes.route,
            source: &self.source.clone(),
            target: &self.target.clone(),
            copy_role_arn: &wishes.copy_role_arn,
        };
        let wanted = policy_twin(&pair, original, has);
        match &wanted.document {
            Some(document) => {
                let added = wanted
                    .statements
                    .iter()
                    .filter(|told| told.fate == Fate::Carried)
                    .count();
                let kept = if has.is_some() { ", what is there is kept" } else { "" };
                let detail = format!("{added} statement{} added{kept}", if added == 1 { "" } else { "s" });
                self.say(
                    What::AccessPolicy,
                    Standing::ToDo(Deed::PutPolicy(document.to_string())),
                    detail,
                );
            }
            None => self.say(What::AccessPolicy, Standing::AlreadySo, "nothing to be added"),
        }
        for told in wanted.statements {
            let standing = match told.fate {
                Fate::Carried => Standing::ToDo(Deed::With(What::AccessPolicy)),
                Fate::There => Standing::AlreadySo,
                Fate::Differs => Standing::Differs,
                Fate::LeftOut => Standing::NotCarried,
            };
            let why = if told.why.is_empty() {
                "as it is".to_owned()
            } else {
                told.why.join("; ")
            };
            self.say(What::PolicyStatement, standing, format!("{}: {why}", told.name));
        }
    }
}

fn cannot_be_a_twin(target: &VaultName) -> Option<String> {
    if target.as_str() == "Default" {
        return Some(
            "the default vault cannot take copies from another account: give the twin another name with --vault-map Default=NAME"
                .to_owned(),
        );
    }
    target.check_creatable().err().map(|error| error.to_string())
}
