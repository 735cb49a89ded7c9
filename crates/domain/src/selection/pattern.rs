//! Vault patterns: `*` stands for any run of characters, `?` for any single one.

use std::fmt;

use crate::text::{did_you_mean, fits_pattern, near_names, quoted};

/// A vault's name or a pattern of names. Vault names tell upper from lower case, and so do patterns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultPattern(Box<str>);

impl VaultPattern {
    pub fn new(pattern: &str) -> Self {
        Self(pattern.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn matches(&self, name: &str) -> bool {
        fits_pattern(&self.0, name)
    }
}

/// The vaults that the options chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultChoice<'a> {
    All,
    Among(&'a [VaultPattern]),
}

impl VaultChoice<'_> {
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Among(patterns) => patterns.iter().any(|pattern| pattern.matches(name)),
        }
    }

    /// Every pattern must match a vault that exists; otherwise someone mistyped, and waits for points that never come.
    pub fn check_against(&self, existing: &[&str]) -> Result<(), NoSuchVault> {
        let Self::Among(patterns) = self else { return Ok(()) };
        let lost = patterns
            .iter()
            .find(|pattern| !existing.iter().any(|name| pattern.matches(name)));
        lost.map_or(Ok(()), |pattern| {
            let near = near_names(pattern.as_str(), existing.iter().copied());
            Err(NoSuchVault {
                pattern: pattern.as_str().into(),
                near: near.into_iter().map(Into::into).collect(),
                existing: existing.iter().copied().map(Into::into).collect(),
            })
        })
    }
}

/// How many vaults a message names.
const NAMED: usize = 5;

/// The account has no vault of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NoSuchVault {
    pub pattern: String,
    pub near: Vec<String>,
    pub existing: Vec<String>,
}

impl fmt::Display for NoSuchVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no vault matches --vault {}", quoted(&self.pattern))?;
        if !self.near.is_empty() {
            return f.write_str(&did_you_mean(&self.near));
        }
        let mut named: Vec<String> = self.existing.iter().take(NAMED).map(|name| quoted(name)).collect();
        if self.existing.len() > NAMED {
            named.push("…".to_owned());
        }
        match named.as_slice() {
            [] => f.write_str(": the account has no vaults in this Region"),
            named => write!(f, "; there are {} (names tell upper from lower case)", named.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Slow and plain: the definition.
    fn fits(pattern: &[char], name: &[char]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            (['*', after @ ..], _) => (0..=name.len()).any(|taken| fits(after, &name[taken..])),
            (['?', after @ ..], [_, rest @ ..]) => fits(after, rest),
            ([wanted, after @ ..], [found, rest @ ..]) => wanted == found && fits(after, rest),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn patterns_match_as_defined(pattern in "[ab*?é]{0,8}", name in "[abé]{0,8}") {
            let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
            prop_assert_eq!(VaultPattern::new(&pattern).matches(&name), fits(&p, &n), "{} on {}", pattern, name);
        }
    }

    #[test]
    fn a_mistyped_vault_is_answered_with_the_near_ones() {
        let patterns = [VaultPattern::new("prod-*"), VaultPattern::new("archve")];
        let refusal = VaultChoice::Among(&patterns)
            .check_against(&["prod-daily", "archive"])
            .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "no vault matches --vault `archve`; did you mean `archive`?"
        );
        assert_eq!(VaultChoice::All.check_against(&[]), Ok(()));
        let patterns = [VaultPattern::new("Q*")];
        let refusal = VaultChoice::Among(&patterns)
            .check_against(&["prod-daily"])
            .unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "no vault matches --vault `Q*`; there are `prod-daily` (names tell upper from lower case)"
        );
    }
}
