//! One recovery point's journey: its states, and the one function that leads from one to the next.
//!
//! ```text
//!               Meant             Accepted            Landed
//!   Waiting ───────────> Intended ────────> Copying ────────> Arrived
//!    ^  ^ ^                │ ^ │               │ │ └─ JobPartial ─> Partial
//!    │  │ └── TurnedAway ──┘ │ └── Refused ──> Failed <── JobFailed
//!    │  └─ Requeued ─────────┼──────────────────┘
//!    │             AnswerLost│ Resent          SightLost (from Copying)
//!    └── NothingFound ──── Unsure <───────────────┘
//! ```
//!
//! Besides: AWS may end a job for want of room, which is being `TurnedAway` late; a copy found in the destination makes any
//! transfer that is not open `Arrived`, an open job found in AWS makes it `Copying`; a group's trouble makes it `Parked`, a
//! listing without the point `Vanished`. `Arrived` is left only when the copy is found to be `Lost`, and then by way of the queue.

mod event;
#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};

pub use event::{Event, Step};
pub use words::{Cause, DestinationArn, EmptyWord, JobId, Part, Token};

use crate::time::Moment;

/// Where a transfer stands, and what it takes to go on from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub state: State,
    /// Attempts so far, the open one included.
    pub attempts: u32,
    /// Failures so far that were the point's own; being turned away is none.
    pub failures: u32,
    /// The token of the latest attempt of ours, which must never be taken for another one.
    pub spent: Option<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// In the queue, not before the moment if there is one.
    Waiting {
        not_before: Option<Moment>,
    },
    /// The token is on disk; the request may have left.
    Intended {
        attempt: Attempt,
    },
    /// Whether there is a job, or how it ended, is not known: look before asking again.
    Unsure {
        attempt: Attempt,
        job: Option<JobId>,
    },
    /// A job is open in AWS.
    Copying {
        attempt: Attempt,
        job: JobId,
    },
    /// The copy is in the destination.
    Arrived {
        destination: DestinationArn,
        how: Arrival,
    },
    /// Some of a composite's parts are in the destination. Never retried unasked.
    Partial {
        parts: Vec<Part>,
    },
    Failed {
        cause: Cause,
    },
    Parked {
        cause: Cause,
    },
    /// Gone from the source before it could be copied.
    Vanished,
}

/// One request for a copy, or a job of somebody else's that serves as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counted from 1 within the transfer.
    pub number: u32,
    /// None: adopted without a request of ours.
    pub token: Option<Token>,
    pub opened: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// By a job that this ledger followed.
    Copied,
    /// It was there already, whoever brought it.
    AlreadyThere,
}

/// The states' names alone, for counting and for choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Waiting,
    Intended,
    Unsure,
    Copying,
    Arrived,
    Partial,
    Failed,
    Parked,
    Vanished,
}

impl Stage {
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Intended,
        Self::Unsure,
        Self::Copying,
        Self::Arrived,
        Self::Partial,
        Self::Failed,
        Self::Parked,
        Self::Vanished,
    ];

    /// A word for programs. It never changes its meaning.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Intended => "intended",
            Self::Unsure => "unsure",
            Self::Copying => "copying",
            Self::Arrived => "arrived",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Parked => "parked",
            Self::Vanished => "vanished",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// Whether AWS may be at work on it: nothing new may be asked for until that is settled.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Intended | Self::Unsure | Self::Copying)
    }
}

/// A step that the state does not allow. It is a defect of ours or an edited ledger, never a whim of AWS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalStep {
    #[error("a transfer that is {} cannot take the step `{step}`", .from.name())]
    NotFromHere { from: Stage, step: &'static str },
    #[error("the token {token} was used by an earlier attempt; another attempt needs a token of its own")]
    SpentToken { token: Token },
}

impl Default for Transfer {
    fn default() -> Self {
        Self {
            state: State::Waiting { not_before: None },
            attempts: 0,
            failures: 0,
            spent: None,
        }
    }
}

impl Transfer {
    /// The journey so far, from the first event on.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Self, IllegalStep> {
        events.into_iter().try_fold(Self::default(), Self::apply)
    }

    /// The only way from one state to another.
    pub fn apply(mut self, event: &Event) -> Result<Self, IllegalStep> {
        let step = &event.step;
        self.state = match (self.state, step) {
            (State::Waiting { .. }, Step::Meant { token }) => {
                if self.spent.as_ref() == Some(token) {
                    return Err(IllegalStep::SpentToken { token: token.clone() });
                }
                self.spent = Some(token.clone());
                self.attempts += 1;
                let attempt = Attempt {
                    number: self.attempts,
                    token: Some(token.clone()),
                    opened: event.at,
                };
                State::Intended { attempt }
            }

            // What AWS answered. An answer may be late, and come when it had been given up.
            (State::Intended { attempt } | State::Unsure { attempt, job: None }, Step::Accepted { job }) => {
                State::Copying {
                    attempt,
                    job: job.clone(),
                }
            }
            (State::Intended { .. }, Step::Refused { cause })
            | (State::Copying { .. } | State::Unsure { job: Some(_), .. }, Step::JobFailed { cause }) => {
                self.failures += 1;
                State::Failed { cause: cause.clone() }
            }
            (State::Copying { .. } | State::Unsure { job: Some(_), .. }, Step::Landed { destination }) => {
                State::Arrived {
                    destination: destination.clone(),
                    how: Arrival::Copied,
                }
            }
            (State::Copying { .. } | State::Unsure { job: Some(_), .. }, Step::JobPartial { parts }) => {
                State::Partial { parts: parts.clone() }
            }

            // What is in doubt is looked up. Only a request whose fate is unknown may go out again under its token.
            (State::Intended { attempt }, Step::AnswerLost) => State::Unsure { attempt, job: None },
            (State::Copying { attempt, job }, Step::SightLost) => State::Unsure {
                attempt,
                job: Some(job),
            },
            (State::Unsure { attempt, job: None }, Step::Resent) => State::Intended { attempt },
            (State::Unsure { attempt, .. }, Step::Adopted { job }) => State::Copying {
                attempt,
                job: job.clone(),
            },

            // What somebody else did, or what we did and forgot.
            (
                State::Waiting { .. } | State::Failed { .. } | State::Parked { .. } | State::Vanished,
                Step::Adopted { job },
            ) => {
                self.attempts += 1;
                let attempt = Attempt {
                    number: self.attempts,
                    token: None,
                    opened: event.at,
                };
                State::Copying {
                    attempt,
                    job: job.clone(),
                }
            }
            (
                State::Waiting { .. }
                | State::Unsure { .. }
                | State::Failed { .. }
                | State::Parked { .. }
                | State::Vanished,
                Step::AlreadyThere { destination },
            ) => State::Arrived {
                destination: destination.clone(),
                how: Arrival::AlreadyThere,
            },

            // What we or the operator decided.
            (State::Waiting { .. } | State::Failed { .. }, Step::Parked { cause }) => {
                State::Parked { cause: cause.clone() }
            }
            (State::Unsure { .. }, Step::NothingFound)
            | (State::Parked { .. }, Step::Unparked)
            | (State::Vanished, Step::Reappeared)
            | (State::Arrived { .. }, Step::Lost) => State::Waiting { not_before: None },
            // Being turned away by AWS leads to the same place and counts as no failure.
            (
                State::Intended { .. } | State::Copying { .. } | State::Unsure { job: Some(_), .. },
                Step::TurnedAway { not_before },
            )
            | (State::Failed { .. } | State::Partial { .. }, Step::Requeued { not_before }) => State::Waiting {
                not_before: *not_before,
            },
            (State::Waiting { .. } | State::Failed { .. } | State::Parked { .. }, Step::Vanished) => State::Vanished,

            (from, _) => {
                return Err(IllegalStep::NotFromHere {
                    from: from.stage(),
                    step: step.name(),
                });
            }
        };
        Ok(self)
    }

    pub fn stage(&self) -> Stage {
        self.state.stage()
    }

    /// Arrived by a job that this ledger followed.
    pub const fn was_copied(&self) -> bool {
        matches!(
            self.state,
            State::Arrived {
                how: Arrival::Copied,
                ..
            }
        )
    }

    /// Whether anything has happened to it and its copy is not in the destination.
    pub fn is_begun(&self) -> bool {
        *self != Self::default() && self.stage() != Stage::Arrived
    }

    /// The attempt that AWS may be at work on, and its job where it is known.
    pub fn open_attempt(&self) -> Option<(&Attempt, Option<&JobId>)> {
        match &self.state {
            State::Intended { attempt } => Some((attempt, None)),
            State::Unsure { attempt, job } => Some((attempt, job.as_ref())),
            State::Copying { attempt, job } => Some((attempt, Some(job))),
            _ => None,
        }
    }
}

impl State {
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Waiting { .. } => Stage::Waiting,
            Self::Intended { .. } => Stage::Intended,
            Self::Unsure { .. } => Stage::Unsure,
            Self::Copying { .. } => Stage::Copying,
            Self::Arrived { .. } => Stage::Arrived,
            Self::Partial { .. } => Stage::Partial,
            Self::Failed { .. } => Stage::Failed,
            Self::Parked { .. } => Stage::Parked,
            Self::Vanished => Stage::Vanished,
        }
    }
}
