//! Under which name a source vault's copies go.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::text::quoted;
use crate::vault::VaultName;

/// Names of source vaults whose copies go into a vault of another name. The others keep theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VaultMap {
    renamed: BTreeMap<VaultName, VaultName>,
}

/// One `FROM=TO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    pub from: VaultName,
    pub to: VaultName,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultMapError {
    #[error("{} does not say which vault becomes which: `FROM=TO` was expected", quoted(.text))]
    NoPair { text: String },
    #[error(transparent)]
    Name(#[from] crate::vault::UncreatableName),
    #[error("the vault {} is mapped twice, to {} and to {}: leave one out", quoted(.from), quoted(.one), quoted(.two))]
    Twice { from: String, one: String, two: String },
}

impl FromStr for Renamed {
    type Err = VaultMapError;

    fn from_str(text: &str) -> Result<Self, VaultMapError> {
        let pair = text.split_once('=').and_then(|(from, to)| {
            Some(Self {
                from: VaultName::new(from.trim())?,
                to: VaultName::new(to.trim())?,
            })
        });
        let renamed = pair.ok_or_else(|| VaultMapError::NoPair { text: text.to_owned() })?;
        renamed.to.check_creatable()?;
        Ok(renamed)
    }
}

impl VaultMap {
    pub fn of(pairs: impl IntoIterator<Item = Renamed>) -> Result<Self, VaultMapError> {
        let mut map = Self::default();
        for Renamed { from, to } in pairs {
            match map.renamed.insert(from.clone(), to.clone()) {
                Some(before) if before != to => {
                    return Err(VaultMapError::Twice {
                        from: from.to_string(),
                        one: before.to_string(),
                        two: to.to_string(),
                    });
                }
                _ => {}
            }
        }
        Ok(map)
    }

    /// The destination vault for points of this one.
    pub fn target<'a>(&'a self, source: &'a VaultName) -> &'a VaultName {
        self.renamed.get(source).unwrap_or(source)
    }

    /// Every pair, by the source vaults' names.
    pub fn pairs(&self) -> impl Iterator<Item = (&VaultName, &VaultName)> {
        self.renamed.iter()
    }

    /// The other map with this one's pairs in it; of two pairs for one vault this one's holds.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        let mut renamed = other.renamed.clone();
        renamed.extend(self.renamed.iter().map(|(from, to)| (from.clone(), to.clone())));
        Self { renamed }
    }

    /// The source vaults that are named, so that a name of none can be told.
    pub fn named(&self) -> impl Iterator<Item = &VaultName> {
        self.renamed.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(name: &str) -> VaultName {
        VaultName::new(name).unwrap()
    }

    #[test]
    fn a_vault_keeps_its_name_unless_it_is_mapped() {
        let pair: Renamed = "aws/efs/automatic-backup-vault = efs-automatic".parse().unwrap();
        let map = VaultMap::of([pair]).unwrap();
        assert_eq!(
            map.target(&vault("aws/efs/automatic-backup-vault")),
            &vault("efs-automatic")
        );
        assert_eq!(map.target(&vault("daily")), &vault("daily"));
    }

    #[test]
    fn a_map_that_cannot_be_is_refused() {
        for text in ["daily", "=daily", "daily=", "daily=a/b", "daily=x"] {
            assert!(text.parse::<Renamed>().is_err(), "{text}");
        }
        let pairs = ["a1=b1", "a1=b2"].map(|pair| pair.parse().unwrap());
        assert!(matches!(VaultMap::of(pairs), Err(VaultMapError::Twice { .. })));
    }
}
