//! What was asked for about twins, besides being like their sources.

use std::collections::{BTreeMap, BTreeSet};

use crate::arn::Arn;
use crate::route::Route;
use crate::text::quoted;
use crate::vault::VaultName;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    pub route: Route,
    pub copy_role_arn: Box<str>,
    pub keys: KeyMap,
    pub lock: LockWish,
    pub topic: TopicWish,
}

/// How the retention range of a locked source vault is to bind its twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockWish {
    None,
    /// Removable.
    Governance,
    /// For ever, for the twins whose names were repeated.
    Compliance {
        changeable_for_days: i64,
        confirmed: BTreeSet<VaultName>,
    },
}

/// Where the twins' notifications go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TopicWish {
    #[default]
    LeftOut,
    /// To the destination's topic of the same name.
    SameName,
    Named(Box<str>),
}

/// Keys of vaults to be created: by the source vault's name or key, or one for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyMap {
    for_all: Option<Box<str>>,
    by_vault_or_key: BTreeMap<Box<str>, Box<str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyMapError {
    #[error(
        "{} is no key that a vault in {region} can have: the ARN of a KMS key of that Region was expected, like \
         `arn:{partition}:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`, not an alias",
        quoted(.text)
    )]
    NoKey {
        text: String,
        partition: String,
        region: String,
        account: String,
    },
    #[error("line {line}: `FROM=KEY_ARN` was expected, FROM being a source vault's name or the ARN of its key")]
    NoPair { line: usize },
    #[error("line {line}: {} is mapped a second time, to another key: leave one out", quoted(.from))]
    Twice { line: usize, from: String },
    #[error("line {line}: {error}")]
    InLine { line: usize, error: Box<KeyMapError> },
}

impl KeyMap {
    pub fn one_for_all(key: &str, route: &Route) -> Result<Self, KeyMapError> {
        Ok(Self {
            for_all: Some(checked(key, route)?),
            ..Self::default()
        })
    }

    /// Adds the lines of a file: `FROM=KEY_ARN` each, `#` begins a comment.
    pub fn with_lines(mut self, text: &str, route: &Route) -> Result<Self, KeyMapError> {
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let number = number + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pair = line.split_once('=').map(|(from, key)| (from.trim(), key.trim()));
            let (from, key) = pair
                .filter(|(from, key)| !from.is_empty() && !key.is_empty())
                .ok_or(KeyMapError::NoPair { line: number })?;
            let key = checked(key, route).map_err(|error| KeyMapError::InLine {
                line: number,
                error: Box::new(error),
            })?;
            if let Some(before) = self.by_vault_or_key.insert(from.into(), key.clone())
                && before != key
            {
                return Err(KeyMapError::Twice {
                    line: number,
                    from: from.to_owned(),
                });
            }
        }
        Ok(self)
    }

    /// A vault's own line goes before its key's, and that before the one for all.
    pub fn of(&self, vault: &VaultName, key: Option<&str>) -> Option<&str> {
        let named = |from: &str| self.by_vault_or_key.get(from);
        named(vault.as_str())
            .or_else(|| named(key?))
            .or(self.for_all.as_ref())
            .map(|key| &**key)
    }
}

fn checked(text: &str, route: &Route) -> Result<Box<str>, KeyMapError> {
    let fits = Arn::parse(text).is_some_and(|arn| {
        arn.service == "kms"
            && arn.partition == route.partition().to_string()
            && arn.region == route.region().as_str()
            && arn.account_id().is_some()
            && arn.resource.strip_prefix("key/").is_some_and(|id| !id.is_empty())
    });
    if fits {
        return Ok(text.into());
    }
    Err(KeyMapError::NoKey {
        text: text.to_owned(),
        partition: route.partition().to_string(),
        region: route.region().to_string(),
        account: route.destination().to_string(),
    })
}
