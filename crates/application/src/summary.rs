//! What a migration has come to at the end of a run, told from the ledger: a memory of the run would not know what earlier
//! ones did, nor survive a kill.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::actor::Actor;
use sav_domain::forecast::Forecast;
use sav_domain::ledger::{GroupStanding, LedgerPoint, PointId, Portion, Verdict};
use sav_domain::status::Counts;
use sav_domain::transfer::{Cause, Stage, State};

use crate::ports::{LedgerError, LedgerReader};
use crate::status;

/// How many failed transfers are read at once.
const FAILURES_A_PAGE: usize = 500;
/// Points named as examples of a cause, and how many pages are read to find them.
const SAMPLES: usize = 3;
const PAGES_FOR_SAMPLES: usize = 10;

#[derive(Clone, Debug)]
pub struct Summary {
    pub counts: Counts,
    /// When the rest will have been copied, if windows keep coming as they came.
    pub forecast: Option<Forecast>,
    pub per_vault: BTreeMap<String, Counts>,
    /// By AWS's name of the type; points without one under the empty name.
    pub per_resource_type: BTreeMap<String, Counts>,
    /// Of transfers that failed or are held back, the most frequent first.
    pub causes: Vec<CauseGroup>,
    /// Why points are blocked, the most frequent first.
    pub blocked: Vec<(Option<Arc<str>>, u64)>,
    pub parked_groups: Vec<GroupStanding>,
}

/// What failed, or is held back, for one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseGroup {
    pub category: Box<str>,
    pub count: u64,
    /// Who has to do something about it.
    pub actor: Actor,
    pub fix: Option<Box<str>>,
    /// AWS's own words about one of them.
    pub message: Option<Box<str>>,
    /// ARNs of the first few points that failed for it.
    pub samples: Vec<Box<str>>,
}

/// One transfer that failed, as summaries list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub recovery_point_arn: Box<str>,
    pub category: Option<Box<str>>,
    pub message: String,
    pub fix: Option<Box<str>>,
    /// When it was told.
    pub at: Option<Moment>,
}

impl Summary {
    /// Everything of one moment, whatever is written meanwhile.
    pub fn of<R: LedgerReader>(reader: &mut R, now: Moment) -> Result<Self, LedgerError> {
        let status = status::read(reader, false, now)?;
        let groups = reader.groups()?;
        let mut summary = Self {
            counts: status.counts,
            forecast: status.forecast,
            per_vault: BTreeMap::new(),
            per_resource_type: BTreeMap::new(),
            causes: Vec::new(),
            blocked: Vec::new(),
            parked_groups: groups.into_iter().filter(|group| group.parked.is_some()).collect(),
        };
        let mut causes: BTreeMap<Box<str>, u64> = BTreeMap::new();
        let mut blocked: BTreeMap<Option<Arc<str>>, u64> = BTreeMap::new();
        for portion in reader.portions()? {
            summary.take(&portion);
            for (category, transfers) in portion.particulars.causes {
                *causes.entry(category).or_default() += transfers;
            }
            let rulings = portion.particulars.rulings.into_iter();
            for ruled in rulings.filter(|ruled| ruled.verdict == Verdict::Blocked) {
                *blocked.entry(ruled.reason).or_default() += ruled.points;
            }
        }
        for group in &summary.parked_groups {
            if let Some(cause) = &group.parked {
                *causes.entry(cause.category.clone()).or_default() += group.waiting;
            }
        }
        summary.causes = cause_groups(reader, causes, &summary.parked_groups)?;
        summary.blocked = most_frequent_first(blocked);
        Ok(summary)
    }

    fn take(&mut self, portion: &Portion) {
        let counts = Counts::of(&portion.standing, &portion.particulars);
        // Points that were not chosen are no business of this migration.
        if counts.total_items == 0 {
            return;
        }
        let kind = portion.resource_type.as_ref().map_or("", |kind| kind.name());
        self.per_vault
            .entry(portion.vault.to_string())
            .or_default()
            .add(&counts);
        self.per_resource_type.entry(kind.to_owned()).or_default().add(&counts);
    }

    /// Of what has ended, how much ended well, in percent. None: nothing has ended.
    pub fn success_rate(&self) -> Option<f64> {
        let ended = self.counts.completed + self.counts.failed;
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        (ended > 0).then(|| self.counts.completed as f64 * 100.0 / ended as f64)
    }
}

/// Samples come from the first failures; what is held back as a group is told by the group.
fn cause_groups<R: LedgerReader>(
    reader: &R,
    counted: BTreeMap<Box<str>, u64>,
    parked: &[GroupStanding],
) -> Result<Vec<CauseGroup>, LedgerError> {
    let mut groups: Vec<CauseGroup> = most_frequent_first(counted).into_iter().map(CauseGroup::of).collect();
    if groups.is_empty() {
        return Ok(groups);
    }
    let mut of_parked = parked.iter().filter_map(|group| group.parked.as_ref());
    let (mut after, mut pages): (Option<PointId>, usize) = (None, 0);
    loop {
        let page = reader.in_stages(&[Stage::Failed, Stage::Parked], after, FAILURES_A_PAGE)?;
        pages += 1;
        after = page.last().map(|(id, _)| *id);
        for (id, _) in &page {
            if groups.iter().all(CauseGroup::is_full) {
                break;
            }
            let Some(point) = reader.point(*id)? else { continue };
            if let Some(State::Failed { cause } | State::Parked { cause }) =
                point.transfer.map(|transfer| transfer.state)
                && let Some(group) = groups.iter_mut().find(|group| group.category == cause.category)
            {
                group.take(&cause, Some(&point.planned.point.arn));
            }
        }
        if page.len() < FAILURES_A_PAGE || pages == PAGES_FOR_SAMPLES || groups.iter().all(CauseGroup::is_full) {
            break;
        }
    }
    for cause in &mut of_parked {
        if let Some(group) = groups.iter_mut().find(|group| group.category == cause.category) {
            group.take(cause, None);
        }
    }
    Ok(groups)
}

impl CauseGroup {
    fn of((category, count): (Box<str>, u64)) -> Self {
        Self {
            actor: Actor::for_cause(&category, ""),
            category,
            count,
            fix: None,
            message: None,
            samples: Vec::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.samples.len() >= SAMPLES
    }

    fn take(&mut self, cause: &Cause, arn: Option<&str>) {
        if self.message.is_none() {
            self.actor = Actor::for_cause(&cause.category, &cause.message);
            self.message = Some(cause.message.clone());
            self.fix.clone_from(&cause.fix);
        }
        if let Some(arn) = arn.filter(|_| !self.is_full()) {
            self.samples.push(arn.into());
        }
    }
}

fn most_frequent_first<K: Ord>(counted: BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut counted: Vec<(K, u64)> = counted.into_iter().filter(|(_, count)| *count > 0).collect();
    counted.sort_by_key(|(_, count)| Reverse(*count));
    counted
}

/// Completed transfers per hour of the run.
pub fn throughput_per_hour(completed: u64, lasted: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let completed = completed as f64;
    completed * 3600.0 / lasted.as_secs_f64().max(0.001)
}

/// Tells every failed transfer, partial ones included, without holding them all.
pub fn failures<R: LedgerReader, E: From<LedgerError>>(
    reader: &R,
    mut tell: impl FnMut(Failure) -> Result<(), E>,
) -> Result<(), E> {
    let mut after: Option<PointId> = None;
    loop {
        let page = reader.in_stages(&[Stage::Failed, Stage::Partial], after, FAILURES_A_PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(*last);
        for (id, _) in page {
            let at = reader.events(id)?.last().map(|event| event.at);
            if let Some(point) = reader.point(id)? {
                tell(failure(point, at))?;
            }
        }
    }
}

fn failure(point: LedgerPoint, at: Option<Moment>) -> Failure {
    let arn = point.planned.point.arn;
    match point.transfer.map(|transfer| transfer.state) {
        Some(State::Failed { cause }) => of_cause(arn, cause, at),
        Some(State::Partial { parts }) => {
            let missing = parts.iter().filter(|part| part.destination.is_none());
            let told: Vec<String> = missing
                .map(|part| {
                    let what = part.resource_arn.as_deref().unwrap_or("a part");
                    let why = part.cause.as_ref().map_or("not copied", |cause| &*cause.message);
                    format!("{what}: {why}")
                })
                .collect();
            Failure {
                recovery_point_arn: arn,
                category: Some("PARTIAL".into()),
                message: format!("AWS copied only some of its parts; missing: {}", told.join("; ")),
                fix: None,
                at,
            }
        }
        _ => Failure {
            recovery_point_arn: arn,
            category: None,
            message: String::new(),
            fix: None,
            at,
        },
    }
}

fn of_cause(recovery_point_arn: Box<str>, cause: Cause, at: Option<Moment>) -> Failure {
    Failure {
        recovery_point_arn,
        category: Some(cause.category),
        message: cause.message.into(),
        fix: cause.fix,
        at,
    }
}
