//! How one side's credentials stand, for whoever waits for them or tells of them.

use std::fmt;

use sav_domain::Moment;
use sav_domain::fault::FaultKind;

use crate::identity::Principal;
use crate::ports::{CallError, Origin, Side};

/// Counts renewals, so that a refusal can be told from one that came before the last of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(pub(super) u64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Calls pass.
    Open(Generation),
    /// Calls wait for a moment.
    Renewing(Trouble),
    /// Calls wait until somebody has seen to it.
    Paused(Trouble),
}

impl Standing {
    pub const fn paused(&self) -> Option<&Trouble> {
        match self {
            Self::Paused(trouble) => Some(trouble),
            Self::Open(_) | Self::Renewing(_) => None,
        }
    }
}

/// What is wrong with one side's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub side: Side,
    pub since: Moment,
    pub why: Why,
    /// How often they have been read anew in vain.
    pub attempts: u32,
    /// Where they come from, and what is watched for new ones.
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// AWS refuses them, or there are none, or whoever issues or checks them cannot be reached.
    Refused(CallError),
    /// They are another's, so nothing is done with them.
    Stranger { expected: Principal, found: Principal },
    /// To read them took longer than anybody waits.
    NotRead,
}

impl Why {
    /// Whether to tell of the one after the other would only say the same again.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Refused(one), Self::Refused(another)) => one.code == another.code,
            _ => self == other,
        }
    }

    /// What may pass by itself is tried again sooner.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Refused(error) if error.kind.passes_by_itself())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, origin) = (self.side, &self.origin);
        match &self.why {
            Why::Refused(error) => {
                let what = match error.kind {
                    FaultKind::CredentialsExpired => "have expired",
                    FaultKind::CredentialsAbsent => "are not there",
                    FaultKind::ClockSkewed => "are refused, and this machine's clock is the likely cause: set it",
                    FaultKind::Throttled | FaultKind::Unavailable => "cannot be checked, AWS gives no answer",
                    _ => "are refused",
                };
                write!(
                    f,
                    "the {side} account's credentials {what} ({}: {})",
                    error.code,
                    one_line(&error.message)
                )?;
            }
            Why::Stranger { expected, found } => write!(
                f,
                "the {side} account's credentials are another's now: {found}, where {expected} is expected; \
                 nothing is done with them"
            )?,
            Why::NotRead => write!(f, "the {side} account's credentials could not be read in time")?,
        }
        write!(f, "; they come from {origin}")
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
