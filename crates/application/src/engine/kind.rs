//! What is learned per resource type: how many jobs to have open, and how long they take.

use std::time::Duration;

use sav_domain::duration::{Durations, Extent};
use sav_domain::learned::{self, CEILING, RUNNING, SECONDS, SURPLUS};
use sav_domain::ledger::Learned;
use sav_domain::slots::Slots;
use sav_domain::{Moment, ResourceType};

#[derive(Debug)]
pub(super) struct Kind {
    pub(super) resource_type: Option<ResourceType>,
    pub(super) slots: Slots,
    pub(super) durations: Durations,
    /// Jobs open in AWS, as far as we know.
    pub(super) open: usize,
    pub(super) starting: usize,
    /// Since the last look.
    pub(super) ended: usize,
    /// Of those: by AWS, for want of room.
    pub(super) ended_for_room: usize,
    /// The creation date of the youngest job that was seen to have left CREATED.
    pub(super) frontier: Option<Moment>,
    /// What was told last.
    pub(super) told: Option<usize>,
}

impl Kind {
    pub(super) fn new(resource_type: Option<ResourceType>) -> Self {
        Self {
            resource_type,
            slots: Slots::default(),
            durations: Durations::default(),
            open: 0,
            starting: 0,
            ended: 0,
            ended_for_room: 0,
            frontier: None,
            told: None,
        }
    }

    pub(super) fn room(&self) -> usize {
        self.slots.room(self.open + self.starting)
    }

    pub(super) fn name(&self) -> &str {
        learned::of_type(self.resource_type.as_ref())
    }

    pub(super) fn expected(&self, extent: Extent) -> Option<Duration> {
        self.durations.expected(extent)
    }

    /// A look at what has ended is over.
    pub(super) fn round(&mut self) {
        if self.ended_for_room > 0 {
            // They were refused, only later.
            let could_run = (self.open + self.ended).saturating_sub(self.ended_for_room).max(1);
            self.slots.refused(could_run);
        }
        self.slots.round(self.open + self.ended, self.ended);
        self.ended = 0;
        self.ended_for_room = 0;
    }

    /// A limit that is news.
    pub(super) fn news(&mut self) -> Option<u32> {
        let running = self.slots.running()?;
        let told = self.told.unwrap_or(0);
        // A slot more or less is none.
        if running.abs_diff(told) * 10 <= told {
            return None;
        }
        self.told = Some(running);
        u32::try_from(running).ok()
    }

    pub(super) fn recall(&mut self, learned: &[Learned]) {
        let find = |what: &str, scope: &str| learned.iter().find(|one| &*one.what == what && &*one.scope == scope);
        let count = |what: &str| {
            let value = find(what, self.name())?.value;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "nonsense saturates and is not taken"
            )]
            (value >= 0.0).then_some(value as usize)
        };
        self.slots
            .recall(count(RUNNING), count(SURPLUS).unwrap_or(0), count(CEILING));
        for extent in Extent::ALL {
            if let Some(known) = find(SECONDS, &self.scope(extent)) {
                self.durations.recall(extent, known.value, known.samples);
            }
        }
    }

    pub(super) fn learned(&self, at: Moment) -> Vec<Learned> {
        #[expect(clippy::cast_precision_loss, reason = "counts of open jobs are small")]
        let count = |what: &str, value: usize| Learned {
            what: what.into(),
            scope: self.name().into(),
            value: value as f64,
            samples: 1,
            at,
        };
        let limits = [
            self.slots.limit().map(|running| count(RUNNING, running)),
            self.slots.limit().map(|_| count(SURPLUS, self.slots.surplus())),
            self.slots.ceiling().map(|ceiling| count(CEILING, ceiling)),
        ];
        let seconds = Extent::ALL.into_iter().filter_map(|extent| {
            let (value, samples) = self.durations.known(extent)?;
            Some(Learned {
                what: SECONDS.into(),
                scope: self.scope(extent).into(),
                value,
                samples,
                at,
            })
        });
        limits.into_iter().flatten().chain(seconds).collect()
    }

    fn scope(&self, extent: Extent) -> String {
        learned::of_extent(self.name(), extent)
    }
}

#[cfg(test)]
mod tests {
    use sav_domain::slots::Sighting;

    use super::*;

    #[test]
    fn what_one_run_learned_the_next_one_knows() {
        let mut kind = Kind::new(Some(ResourceType::Efs));
        let mut open = 0;
        while kind.slots.limit().is_none() {
            open += kind.slots.room(open);
            let waiting = open.saturating_sub(50);
            kind.slots.looked(Sighting { open, waiting });
        }
        kind.durations.saw(Extent::Next, Duration::from_secs(70));
        assert_eq!(kind.news(), Some(50));
        assert_eq!(kind.news(), None, "told once");

        let at = Moment::from_millis(0);
        let mut learned = kind.learned(at);
        learned.extend(Kind::new(None).learned(at));
        let mut next = Kind::new(Some(ResourceType::Efs));
        next.recall(&learned);
        assert!(next.room() >= 50, "{}", next.room());
        assert_eq!(next.expected(Extent::First), Some(Duration::from_secs(70)));
        let mut other = Kind::new(Some(ResourceType::Ebs));
        other.recall(&learned);
        assert_eq!(other.room(), 4, "another type has other limits");
    }
}
