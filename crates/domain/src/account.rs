//! AWS account ids.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::quoted;

/// Exactly twelve digits. Leading zeros count, so it is text and never a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; AccountId::DIGITS]);

impl AccountId {
    pub const DIGITS: usize = 12;

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are ASCII")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountIdError {
    #[error("an AWS account id is twelve digits, but none was given")]
    Empty,
    #[error("{} is not an AWS account id: it has {count} digit{} instead of twelve", quoted(.text), if *.count == 1 { "" } else { "s" })]
    WrongLength { text: String, count: usize },
    #[error(
        "{} is not an AWS account id: it must be twelve digits without dashes or spaces, but holds {character:?}",
        quoted(.text)
    )]
    NotADigit { text: String, character: char },
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(AccountIdError::Empty);
        }
        if let Some(character) = text.chars().find(|c| !c.is_ascii_digit()) {
            return Err(AccountIdError::NotADigit {
                text: text.into(),
                character,
            });
        }
        let digits = text.as_bytes().try_into();
        digits.map(Self).map_err(|_| AccountIdError::WrongLength {
            text: text.into(),
            count: text.len(),
        })
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({})", self.as_str())
    }
}

impl Serialize for AccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_kept() {
        let account: AccountId = "001234567890".parse().unwrap();
        assert_eq!(account.to_string(), "001234567890");
    }

    #[test]
    fn anything_but_twelve_digits_is_refused_with_the_reason() {
        let refusal = |text: &str| text.parse::<AccountId>().unwrap_err().to_string();
        assert_eq!(refusal(""), "an AWS account id is twelve digits, but none was given");
        assert_eq!(
            refusal("12345"),
            "`12345` is not an AWS account id: it has 5 digits instead of twelve"
        );
        assert_eq!(
            refusal("1111-2222-3333"),
            "`1111-2222-3333` is not an AWS account id: it must be twelve digits without dashes or spaces, but holds '-'"
        );
        assert!(
            refusal("１２３４５６７８９０１２").contains("twelve digits"),
            "other scripts' digits are no digits here"
        );
    }
}
