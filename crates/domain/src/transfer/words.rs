//! The words a transfer is told in.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! opaque_word {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// None for an empty word, which names nothing.
            pub fn new(word: impl Into<Box<str>>) -> Option<Self> {
                let word = word.into();
                (!word.is_empty()).then_some(Self(word))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = EmptyWord;

            fn try_from(word: String) -> Result<Self, EmptyWord> {
                Self::new(word).ok_or(EmptyWord { what: stringify!($name) })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an empty text is no {what}")]
pub struct EmptyWord {
    what: &'static str,
}

opaque_word! {
    /// The idempotency token of one attempt: asking again with it is free, asking with another makes another copy.
    Token
}
opaque_word! {
    /// AWS's id of a copy job.
    JobId
}
opaque_word! {
    /// The ARN of a copy in the destination.
    DestinationArn
}

/// Why a transfer failed or is held back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// AWS's message category or error code, normalised; what causes are counted by.
    pub category: Box<str>,
    /// AWS's own words.
    pub message: Box<str>,
    /// What to do about it, where we know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Box<str>>,
}

/// One part of a composite whose job ended as PARTIAL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    pub resource_arn: Option<Box<str>>,
    pub job: Option<JobId>,
    pub destination: Option<DestinationArn>,
    /// What kept this part from being copied; none for a part that was.
    pub cause: Option<Cause>,
}
