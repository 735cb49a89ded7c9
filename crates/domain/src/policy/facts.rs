//! What is known of a request that nobody has made yet: the values of condition keys.

use std::collections::BTreeMap;

/// What is known under one condition key. Of a key that is not named here nothing is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    Is(Box<str>),
    /// One of these, and which one only AWS knows.
    OneOf(Vec<Box<str>>),
    /// A list with a single member that begins like this: the path of an account in its organization, of which a member account
    /// sees no more than the organization.
    ListOfOneBeginning(Box<str>),
    /// The request will not have the key.
    Absent,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, Fact>);

impl Facts {
    #[must_use]
    pub fn with(mut self, key: &str, fact: Fact) -> Self {
        self.0.insert(key.to_ascii_lowercase(), fact);
        self
    }

    #[must_use]
    pub fn is(self, key: &str, value: impl Into<Box<str>>) -> Self {
        self.with(key, Fact::Is(value.into()))
    }

    /// By its name in small letters.
    pub(super) fn of(&self, key: &str) -> Option<&Fact> {
        self.0.get(key)
    }
}
