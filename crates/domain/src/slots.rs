//! How many copy jobs of a type to have open.
//!
//! Which of AWS's limits binds a type (its own, its service's, the account's) is not known and need not be: each type is led by
//! what is seen of its own jobs. As long as every type that has work keeps a little of it waiting in CREATED, AWS has no idle
//! slot, whoever shares it. Where AWS refuses what it cannot run at once, nothing waits, and the most that it took is kept.
//!
//! ```text
//!   open ──> all of them RUNNING, and more could be opened?  twice as many
//!        └─> some wait in CREATED?                           those running, and as many more as end between two looks
//!        └─> refused, or failed for want of room?            no more than were open then; one more now and then, half-way between
//!                                                            two looks
//! ```

/// The documents' smallest quota is 5: below it nobody else is in our way.
const FIRST_OPEN: usize = 4;
/// However much AWS takes: what is open cannot be called back.
const MOST_OPEN: usize = 2_000;
/// A probe beyond what was refused last may cost a refusal: so many completions pay for one.
const COMPLETIONS_PER_PROBE: f64 = 5.0;
/// After this many rounds without an open job a refused type tries its luck again; doubled each time.
const FIRST_ROUNDS_OF_PATIENCE: u32 = 1;
const MOST_ROUNDS_OF_PATIENCE: u32 = 16;

/// The jobs of one type at one moment, as AWS shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    pub open: usize,
    /// In CREATED and, as far as can be told, waiting for a slot.
    pub waiting: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Slots {
    target: usize,
    /// How many run at once when there are enough.
    running: Option<usize>,
    /// How many more are kept waiting.
    surplus: usize,
    /// Most that AWS took before it refused one more.
    ceiling: Option<usize>,
    /// The most completions seen between two looks; fades.
    burst: f64,
    probe: usize,
    /// The ceiling before this round's probes, once it is late enough for them: right after a look nothing has ended unseen, and all
    /// slots are taken.
    before_probes: Option<usize>,
    credit: f64,
    rounds_empty: u32,
    patience: u32,
    settled: bool,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            target: FIRST_OPEN,
            running: None,
            surplus: 0,
            ceiling: None,
            burst: 0.0,
            probe: 0,
            before_probes: None,
            credit: 0.0,
            rounds_empty: 0,
            patience: FIRST_ROUNDS_OF_PATIENCE,
            settled: false,
        }
    }
}

impl Slots {
    /// How many more may be opened while so many are.
    pub fn room(&self, open: usize) -> usize {
        let beyond = if self.before_probes.is_some() { self.probe } else { 0 };
        let most = self
            .ceiling
            .map_or(self.target, |ceiling| self.target.min(ceiling + beyond));
        most.min(MOST_OPEN).saturating_sub(open)
    }

    /// How many run at once, as far as is known.
    pub fn running(&self) -> Option<usize> {
        self.running.or(self.ceiling)
    }

    /// How many run at once where the others wait; nothing where they are refused.
    pub const fn limit(&self) -> Option<usize> {
        self.running
    }

    /// Whether AWS refuses, or lets fail, what it cannot run at once.
    pub fn is_refused(&self) -> bool {
        self.ceiling.is_some()
    }

    /// Whether another look at the waiting jobs, soon, would teach something: all the room is used up and nobody knows yet
    /// whether AWS runs them all.
    pub fn is_curious(&self, open: usize) -> bool {
        !self.settled
            && open > 0
            && self.room(open) == 0
            && self.ceiling.is_none_or(|ceiling| self.target <= ceiling + self.probe)
    }

    /// Whether there is something to try later in this round.
    pub const fn will_probe(&self) -> bool {
        self.ceiling.is_some() && self.probe > 0 && self.before_probes.is_none()
    }

    /// Half of the round is over.
    pub fn probe(&mut self) {
        self.before_probes = self.before_probes.or(self.ceiling);
    }

    /// A look after the room had been filled.
    pub fn looked(&mut self, seen: Sighting) {
        let running = seen.open.saturating_sub(seen.waiting);
        if seen.waiting > 0 {
            let before = self.running.replace(running);
            self.settled = before.is_some_and(|before| running <= before);
            self.size_surplus();
            self.target = (running + self.surplus).max(FIRST_OPEN);
        } else {
            self.settled = false;
            if running > self.running.unwrap_or(0) {
                self.running = self.running.map(|_| running);
            }
            if seen.open >= self.target {
                self.target = (seen.open * 2).min(MOST_OPEN);
            }
        }
    }

    /// One interval is over: so many were open at its start, so many ended in it.
    pub fn round(&mut self, open_before: usize, ended: usize) {
        #[expect(clippy::cast_precision_loss, reason = "counts of open jobs are small")]
        let count = ended as f64;
        self.burst = if count > self.burst {
            count
        } else {
            self.burst * 0.9 + count * 0.1
        };
        self.credit = (self.credit + count / COMPLETIONS_PER_PROBE).min(2.0);
        let left = open_before.saturating_sub(ended);
        if self
            .running
            .is_some_and(|running| left < running && open_before >= self.target)
        {
            // AWS ran dry: there may be more slots than we know, and there certainly was too little waiting.
            self.settled = false;
        }
        if let Some(running) = self.running {
            self.size_surplus();
            self.target = (running + self.surplus).max(FIRST_OPEN);
        }
        if let Some(before) = self.before_probes.take() {
            // What was taken beyond may have had the slots of what had ended unseen: only what is open still runs at once.
            self.ceiling = self.ceiling.map(|ceiling| ceiling.min(before.max(left)));
        }
        if self.credit >= 1.0 && self.probe == 0 {
            self.probe = 1;
        }
        self.rounds_empty = if left == 0 { self.rounds_empty + 1 } else { 0 };
        if self.ceiling == Some(0) && self.rounds_empty >= self.patience {
            self.probe = 1;
            self.rounds_empty = 0;
            self.patience = (self.patience * 2).min(MOST_ROUNDS_OF_PATIENCE);
        }
    }

    /// AWS took one; so many are open now, as far as we know: some of them may have ended since the last look.
    pub fn accepted(&mut self, open: usize) {
        if let Some(ceiling) = self.ceiling
            && open > ceiling
        {
            self.ceiling = Some(open);
            self.patience = FIRST_ROUNDS_OF_PATIENCE;
            // It went well, so there may be one more. Trying several at once would have all but one refused.
            self.probe = 1;
        }
    }

    /// AWS refused one more than these.
    pub fn refused(&mut self, open: usize) {
        self.ceiling = Some(open);
        self.probe = 0;
        self.credit = (self.credit - 1.0).max(0.0);
    }

    /// What an earlier run learned.
    pub fn recall(&mut self, running: Option<usize>, surplus: usize, ceiling: Option<usize>) {
        self.running = running.filter(|running| (1..=MOST_OPEN).contains(running));
        self.ceiling = ceiling.filter(|ceiling| *ceiling <= MOST_OPEN);
        self.surplus = surplus.min(MOST_OPEN);
        #[expect(clippy::cast_precision_loss, reason = "counts of open jobs are small")]
        let burst = self.surplus as f64 / SPARE;
        self.burst = burst;
        if let Some(running) = self.running {
            self.target = (running + self.surplus).clamp(FIRST_OPEN, MOST_OPEN);
        } else if let Some(ceiling) = self.ceiling {
            self.target = ceiling.max(FIRST_OPEN);
        }
    }

    pub const fn surplus(&self) -> usize {
        self.surplus
    }

    pub const fn ceiling(&self) -> Option<usize> {
        self.ceiling
    }

    /// As many as end between two looks, and some to spare. Before anything has ended: half of what runs.
    fn size_surplus(&mut self) {
        let running = self.running.unwrap_or(0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of open jobs are small"
        )]
        let wanted = if self.burst > 0.0 {
            (self.burst * SPARE).ceil() as usize + 1
        } else {
            running / 2
        };
        self.surplus = wanted.clamp(2, MOST_OPEN);
    }
}

const SPARE: f64 = 1.15;

#[cfg(test)]
mod tests {
    use super::*;

    /// An AWS that runs `limit` jobs at once; all last as long as a round and a half.
    struct Aws {
        limit: usize,
        refuses: bool,
        open: usize,
    }

    impl Aws {
        fn fill(&mut self, slots: &mut Slots) -> usize {
            let mut refused = 0;
            while slots.room(self.open) > 0 {
                if self.refuses && self.open >= self.limit {
                    slots.refused(self.open);
                    refused += 1;
                } else {
                    self.open += 1;
                    slots.accepted(self.open);
                }
            }
            refused
        }

        fn look(&self, slots: &mut Slots) {
            slots.looked(Sighting {
                open: self.open,
                waiting: self.open.saturating_sub(self.limit),
            });
        }

        /// What ends in one round: two thirds of what runs, at most what is open.
        fn round(&mut self, slots: &mut Slots) -> usize {
            let ended = (self.limit * 2).div_ceil(3).min(self.open);
            let before = self.open;
            self.open -= ended;
            slots.round(before, ended);
            ended
        }
    }

    #[test]
    fn a_queue_is_filled_within_a_few_looks_and_kept_a_little_more_than_full() {
        let mut slots = Slots::default();
        let mut aws = Aws {
            limit: 100,
            refuses: false,
            open: 0,
        };
        for _ in 0..8 {
            aws.fill(&mut slots);
            aws.look(&mut slots);
        }
        assert_eq!(slots.running(), Some(100));
        for _ in 0..20 {
            aws.round(&mut slots);
            aws.fill(&mut slots);
            assert!((150..=200).contains(&aws.open), "{}", aws.open);
            if slots.is_curious(aws.open) {
                aws.look(&mut slots);
            }
        }
        assert!(!slots.is_curious(aws.open), "nothing more to learn");
    }

    #[test]
    fn a_limit_that_is_raised_is_found() {
        let mut slots = Slots::default();
        let mut aws = Aws {
            limit: 20,
            refuses: false,
            open: 0,
        };
        for round in 0..40 {
            aws.limit = if round < 10 { 20 } else { 300 };
            aws.round(&mut slots);
            for _ in 0..3 {
                aws.fill(&mut slots);
                if slots.is_curious(aws.open) || round % 8 == 0 {
                    aws.look(&mut slots);
                }
            }
        }
        assert_eq!(slots.running(), Some(300));
    }

    #[test]
    fn where_surplus_is_refused_none_is_kept_and_probes_are_rare() {
        let mut slots = Slots::default();
        let mut aws = Aws {
            limit: 50,
            refuses: true,
            open: 0,
        };
        let (mut refused, mut ended) = (0, 0);
        for round in 0..200 {
            aws.limit = if round < 100 { 50 } else { 80 };
            ended += aws.round(&mut slots);
            for _ in 0..2 {
                refused += aws.fill(&mut slots);
                if slots.is_curious(aws.open) {
                    aws.look(&mut slots);
                }
                slots.probe();
            }
            assert!(aws.open <= aws.limit);
        }
        assert_eq!((aws.open, slots.running()), (80, Some(80)));
        assert!(refused * 5 <= ended, "{refused} refusals for {ended}");
    }

    #[test]
    fn a_type_that_was_refused_its_first_job_tries_again() {
        let mut slots = Slots::default();
        slots.refused(0);
        let tries = (0..64)
            .filter(|_| {
                slots.round(0, 0);
                assert_eq!(slots.room(0), 0, "not before half of the round is over");
                slots.probe();
                let tries = slots.room(0) > 0;
                if tries {
                    slots.refused(0);
                }
                tries
            })
            .count();
        assert!((4..=10).contains(&tries), "{tries}");
    }
}
