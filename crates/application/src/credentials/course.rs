//! The course that one side's credentials take. Nothing here waits or reads.

use std::time::Duration;

use sav_domain::Moment;

use super::standing::{Generation, Standing, Trouble, Why};
use crate::ports::{Origin, Side};

/// So many renewals in a row without a single call that went well, and somebody has to see to it.
const ATTEMPTS: u32 = 3;
/// An attempt that fails may have met a file that was just being written.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// While paused, in case the cause has passed without any file having changed: new credentials come from a process or a
/// service, or the clock was set.
const FIRST_WAIT_PAUSED: Duration = Duration::from_secs(30);
const LONGEST_WAIT_PAUSED: Duration = Duration::from_mins(5);
/// The network comes back by itself.
const FIRST_WAIT_UNANSWERED: Duration = Duration::from_secs(5);
const LONGEST_WAIT_UNANSWERED: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Course {
    side: Side,
    generation: Generation,
    closed: Option<Closed>,
    origin: Origin,
    /// Since when no call has gone well.
    since: Option<Moment>,
    /// Renewals begun since then.
    attempts: u32,
}

#[derive(Debug)]
struct Closed {
    why: Why,
    paused: bool,
}

impl Course {
    pub(super) fn of(side: Side) -> Self {
        Self {
            side,
            generation: Generation::default(),
            closed: None,
            origin: Origin::default(),
            since: None,
            attempts: 0,
        }
    }

    pub(super) const fn generation(&self) -> Generation {
        self.generation
    }

    pub(super) fn standing(&self) -> Standing {
        let Some(closed) = &self.closed else {
            return Standing::Open(self.generation);
        };
        let trouble = Trouble {
            side: self.side,
            since: self
                .since
                .expect("set when the gate closes, and taken back by a call that went well"),
            why: closed.why.clone(),
            attempts: self.attempts,
            origin: self.origin.clone(),
        };
        if closed.paused {
            Standing::Paused(trouble)
        } else {
            Standing::Renewing(trouble)
        }
    }

    /// A call that left with this generation was refused. Whether that is news: a refusal counts once for a generation.
    pub(super) fn refused(&mut self, generation: Generation, why: Why, now: Moment) -> bool {
        if generation != self.generation || self.closed.is_some() {
            return false;
        }
        self.since.get_or_insert(now);
        self.closed = Some(Closed {
            why,
            paused: self.attempts >= ATTEMPTS,
        });
        true
    }

    /// A call that left with this generation was not refused.
    pub(super) fn went_well(&mut self, generation: Generation) {
        if generation == self.generation && self.closed.is_none() {
            self.since = None;
            self.attempts = 0;
        }
    }

    pub(super) fn begin_renewal(&mut self, origin: Origin) {
        self.attempts += 1;
        self.origin = origin;
    }

    pub(super) fn not_renewed(&mut self, why: Why) {
        let stranger = matches!(why, Why::Stranger { .. });
        if let Some(closed) = &mut self.closed {
            *closed = Closed {
                why,
                // To read a stranger's credentials again does not make them ours.
                paused: closed.paused || stranger || self.attempts >= ATTEMPTS,
            };
        }
    }

    /// Also ahead, while the gate is open.
    pub(super) fn renewed(&mut self) {
        self.generation.0 += 1;
        self.closed = None;
    }

    /// How long after the last attempt the next one is made, if nothing else gives reason to. None: the gate is open.
    pub(super) fn wait(&self) -> Option<Duration> {
        let closed = self.closed.as_ref()?;
        let doubled =
            |first: Duration, times: u32, longest: Duration| first.saturating_mul(1 << times.min(16)).min(longest);
        let again = self.attempts.saturating_sub(1);
        Some(if closed.paused {
            let more = self.attempts.saturating_sub(ATTEMPTS);
            if closed.why.may_pass() {
                doubled(FIRST_WAIT_UNANSWERED, more, LONGEST_WAIT_UNANSWERED)
            } else {
                doubled(FIRST_WAIT_PAUSED, more, LONGEST_WAIT_PAUSED)
            }
        } else if self.attempts == 0 {
            Duration::ZERO
        } else {
            doubled(FIRST_WAIT, again, LONGEST_WAIT_UNANSWERED)
        })
    }
}
