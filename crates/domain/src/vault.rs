//! Backup vaults' names.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::text::quoted;

/// A vault's name, shared: a million points point at a dozen of them. A source vault may be called anything
/// (`aws/efs/automatic-backup-vault`); only a vault to be created must keep to the rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct VaultName(Arc<str>);

impl VaultName {
    pub const SHORTEST: usize = 2;
    pub const LONGEST: usize = 50;

    /// None for an empty name: no vault has it.
    pub fn new(name: impl Into<Arc<str>>) -> Option<Self> {
        let name = name.into();
        (!name.is_empty()).then_some(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `CreateBackupVault` would take the name.
    pub fn check_creatable(&self) -> Result<(), UncreatableName> {
        let name = self.0.as_ref();
        if let Some(character) = name
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        {
            return Err(UncreatableName::Character {
                name: name.into(),
                character,
            });
        }
        if !(Self::SHORTEST..=Self::LONGEST).contains(&name.len()) {
            return Err(UncreatableName::Length {
                name: name.into(),
                length: name.len(),
            });
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UncreatableName {
    #[error(
        "no vault can be created under the name {}: it holds {character:?}, and only letters, digits, `-` and `_` are allowed; \
         give it another name with --vault-map",
        quoted(.name)
    )]
    Character { name: String, character: char },
    #[error(
        "no vault can be created under the name {}: it has {length} characters, and 2 to 50 are allowed; \
         give it another name with --vault-map",
        quoted(.name)
    )]
    Length { name: String, length: usize },
}

impl fmt::Display for VaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_names_but_cannot_be_created() {
        assert_eq!(VaultName::new(""), None);
        let check = |name: &str| VaultName::new(name).unwrap().check_creatable();
        assert_eq!(check("prod_daily-2"), Ok(()));
        assert!(matches!(
            check("aws/efs/automatic-backup-vault"),
            Err(UncreatableName::Character { character: '/', .. })
        ));
        assert!(matches!(check("x"), Err(UncreatableName::Length { length: 1, .. })));
        assert!(matches!(
            check(&"x".repeat(51)),
            Err(UncreatableName::Length { length: 51, .. })
        ));
    }
}
