//! What to ask AWS about its jobs, and when.
//!
//! The steady state costs one list of the jobs that ended since the last look, whatever is open. Open jobs are listed only to
//! learn how many run at once, and now and then to see that none got lost and to notice other people's.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::transfer::JobId;

use super::now::Now;
use super::order::{Look, PollAsked};

/// While there is something to learn, looks come so much closer together.
const LOOKS_PER_POLL: u32 = 8;
/// Every so many polls the waiting jobs are looked at, and all open ones.
const POLLS_PER_LOOK: u64 = 10;
const POLLS_PER_FULL_LOOK: u64 = 40;
const MOST_STRANGERS: usize = 10_000;
const SHORTEST_OVERLAP: Duration = Duration::from_secs(2);
const LONGEST_OVERLAP: Duration = Duration::from_mins(2);
/// Between two machines' clocks, where AWS's own date of a job is not known.
pub(super) const SKEW: Duration = Duration::from_hours(1);

#[derive(Debug)]
pub(super) struct Watch {
    interval: Duration,
    overlap: Duration,
    /// The latest end that AWS has told, by its own clock.
    ended_until: Option<Moment>,
    newest_of_poll: Option<Moment>,
    /// The latest date of any kind that AWS has told.
    aws_now: Option<Moment>,
    /// Ends that have been dealt with and may be listed again.
    dealt_with: HashMap<JobId, Moment>,
    /// Open jobs that the ledger has been asked about.
    strangers: HashSet<JobId>,
    /// Somebody else starts copies of the same points.
    others_at_work: bool,
    has_looked: bool,
    polls: u64,
    next_poll: Duration,
    next_look: Duration,
    /// When the poll under way began.
    polling: Option<Duration>,
}

impl Watch {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            overlap: (interval * 2).clamp(SHORTEST_OVERLAP, LONGEST_OVERLAP),
            ended_until: None,
            newest_of_poll: None,
            aws_now: None,
            dealt_with: HashMap::new(),
            strangers: HashSet::new(),
            others_at_work: false,
            has_looked: false,
            polls: 0,
            next_poll: Duration::ZERO,
            next_look: Duration::ZERO,
            polling: None,
        }
    }

    /// A job of ours is open since then by AWS's clock: its end comes later.
    pub(super) fn expect_ends_after(&mut self, created: Moment) {
        self.ended_until = Some(self.ended_until.map_or(created, |until| until.min(created)));
    }

    pub(super) fn knows_where_to_begin(&self) -> bool {
        self.ended_until.is_some()
    }

    pub(super) fn heard_of(&mut self, date: Option<Moment>) {
        self.aws_now = self.aws_now.max(date);
    }

    pub(super) fn aws_now(&self) -> Option<Moment> {
        self.aws_now
    }

    /// Whether this end is news.
    pub(super) fn is_news(&mut self, job: &JobId, ended: Option<Moment>) -> bool {
        self.heard_of(ended);
        self.newest_of_poll = self.newest_of_poll.max(ended);
        !self.has_dealt_with(job)
    }

    pub(super) fn has_dealt_with(&self, job: &JobId) -> bool {
        self.dealt_with.contains_key(job)
    }

    pub(super) fn dealt_with(&mut self, job: JobId, ended: Option<Moment>) {
        if let Some(ended) = ended {
            self.dealt_with.insert(job, ended);
        }
    }

    /// Whether the ledger has not been asked about this open job before.
    pub(super) fn is_stranger(&mut self, job: &JobId) -> bool {
        if self.strangers.len() >= MOST_STRANGERS {
            self.strangers.clear();
        }
        self.strangers.insert(job.clone())
    }

    pub(super) fn note_others(&mut self) {
        self.others_at_work = true;
    }

    pub(super) fn others_at_work(&self) -> bool {
        self.others_at_work
    }

    /// Whether the open jobs have been looked at since the run began.
    pub(super) fn has_looked(&self) -> bool {
        self.has_looked
    }

    pub(super) fn is_polling(&self) -> bool {
        self.polling.is_some()
    }

    /// Jobs that we knew of by then should show in the poll under way.
    pub(super) fn poll_began(&self) -> Duration {
        self.polling.unwrap_or_default()
    }

    pub(super) fn poll_due(&self) -> Duration {
        self.next_poll
    }

    /// In the middle between two polls.
    pub(super) fn half_time(&self) -> Duration {
        self.next_poll.saturating_sub(self.interval / 2)
    }

    pub(super) fn look_due(&self) -> Duration {
        self.next_look
    }

    pub(super) fn poll(&mut self, now: Now, even_if_idle: bool) -> PollAsked {
        self.polls += u64::from(self.has_looked || self.polls == 0);
        self.polling = Some(now.since);
        self.newest_of_poll = None;
        self.next_poll = now.since + self.interval;
        self.next_look = now.since + self.interval / LOOKS_PER_POLL;
        let look = if self.polls % POLLS_PER_FULL_LOOK == 1 {
            Look::Open
        } else if self.polls.is_multiple_of(POLLS_PER_LOOK) || even_if_idle {
            Look::Waiting
        } else {
            Look::None
        };
        PollAsked {
            ended_after: self.remembers_from(),
            look,
            is_round: true,
        }
    }

    /// Only at the waiting jobs.
    pub(super) fn look(&mut self, now: Now) -> PollAsked {
        self.polling = Some(now.since);
        self.newest_of_poll = None;
        self.next_look = now.since + self.interval / LOOKS_PER_POLL;
        PollAsked {
            ended_after: None,
            look: Look::Waiting,
            is_round: false,
        }
    }

    /// Nothing is open: there is nothing to ask.
    pub(super) fn skip(&mut self, now: Now) {
        self.next_poll = now.since + self.interval;
    }

    pub(super) fn polled(&mut self, went_well: bool) {
        self.polling = None;
        if !went_well {
            return;
        }
        self.has_looked = true;
        self.ended_until = self.ended_until.max(self.newest_of_poll);
        if let Some(oldest) = self.remembers_from() {
            self.dealt_with.retain(|_, ended| *ended >= oldest);
        }
    }

    /// What ended before will not be listed again.
    pub(super) fn remembers_from(&self) -> Option<Moment> {
        let overlap = i64::try_from(self.overlap.as_millis()).unwrap_or(i64::MAX);
        self.ended_until.map(|until| until.plus_millis(-overlap))
    }
}
