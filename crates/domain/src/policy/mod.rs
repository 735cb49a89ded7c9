//! Policies of resources (vaults, keys, the trust of roles), judged here because no call of AWS's simulates them for a role.
//!
//! The judge is careful: where a statement asks for something that is not known here, and the statement would decide, the
//! answer is that it is not known. It never guesses a permission, and it never guesses a refusal.

mod condition;
mod document;
mod facts;
mod principal;
#[cfg(test)]
mod tests;

use std::fmt;

pub use document::Policy;
pub use facts::{Fact, Facts};
pub use principal::Asker;

use crate::text::fits_pattern;
use document::{Effect, Statement, Words};

/// Who wants to do what with which resource.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub asker: Asker<'a>,
    /// `service:Action`
    pub action: &'a str,
    pub resource: &'a str,
    pub facts: &'a Facts,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    Denied(Denial),
    /// What would have to be known.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// A statement says no, whatever others say.
    Explicit { statement: String },
    /// No statement says yes.
    Implicit,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit { statement } => write!(f, "{statement} of its policy denies it"),
            Self::Implicit => f.write_str("no statement of its policy allows it"),
        }
    }
}

/// Whether something holds, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    No,
    Unknown,
    Yes,
}

impl Holds {
    const fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }

    const fn negated(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
            Self::Yes => Self::No,
        }
    }

    fn any(all: impl Iterator<Item = Self>) -> Self {
        all.max().unwrap_or(Self::No)
    }

    fn all(all: impl Iterator<Item = Self>) -> Self {
        all.min().unwrap_or(Self::Yes)
    }
}

impl Policy {
    pub fn answer(&self, question: &Question<'_>) -> Answer {
        let mut allowed = Holds::No;
        let mut denied = Holds::No;
        let mut doubts = Vec::new();
        for (at, statement) in self.statements.iter().enumerate() {
            let mut own_doubts = Vec::new();
            let applies = self.applies(statement, question, &mut own_doubts);
            match (statement.effect, applies) {
                (Effect::Deny, Holds::Yes) => {
                    let statement = statement.name(at);
                    return Answer::Denied(Denial::Explicit { statement });
                }
                (Effect::Deny, applies) => denied = denied.max(applies),
                (Effect::Allow, applies) => allowed = allowed.max(applies),
            }
            if applies == Holds::Unknown {
                doubts.append(&mut own_doubts);
            }
        }
        match (allowed, denied) {
            (Holds::No, _) => Answer::Denied(Denial::Implicit),
            (Holds::Yes, Holds::No) => Answer::Allowed,
            _ => {
                doubts.sort();
                doubts.dedup();
                Answer::Unknown(doubts.join("; "))
            }
        }
    }

    /// Its parts are looked at in turn, so that a statement about something else raises no doubts.
    fn applies(&self, statement: &Statement, question: &Question<'_>, doubts: &mut Vec<String>) -> Holds {
        let action = self.names(&statement.actions, question.action, true, doubts);
        if action == Holds::No {
            return Holds::No;
        }
        let resource = self.names(&statement.resources, question.resource, false, doubts);
        if resource == Holds::No {
            return Holds::No;
        }
        let principal = statement.principals.include(question.asker, doubts);
        if principal == Holds::No {
            return Holds::No;
        }
        let mut holds = action.min(resource).min(principal);
        for condition in &statement.conditions {
            let condition_holds = condition.holds(question.facts, self.has_variables(), doubts);
            if condition_holds == Holds::No {
                return Holds::No;
            }
            holds = holds.min(condition_holds);
        }
        holds
    }

    /// Whether the words speak of this action or resource.
    fn names(&self, words: &Words, wanted: &str, any_case: bool, doubts: &mut Vec<String>) -> Holds {
        let one = |pattern: &str| {
            if self.has_variables() && pattern.contains("${") {
                return Holds::Unknown;
            }
            let fits = if any_case {
                fits_pattern(&pattern.to_ascii_lowercase(), &wanted.to_ascii_lowercase())
            } else {
                fits_pattern(pattern, wanted)
            };
            Holds::from(fits)
        };
        let (holds, all) = match words {
            Words::Everything => return Holds::Yes,
            Words::These(these) => (Holds::any(these.iter().map(|word| one(word))), these),
            Words::AllBut(these) => (Holds::any(these.iter().map(|word| one(word))).negated(), these),
        };
        if holds == Holds::Unknown {
            doubts.push(format!(
                "it speaks of `{}`, which depends on a variable",
                all.join("`, `")
            ));
        }
        holds
    }
}
