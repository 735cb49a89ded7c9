//! One pass over the source: decides about each page's points, writes them down, and remembers what their turns depend on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use sav_domain::fingerprint::Fingerprints;
use sav_domain::ledger::{LedgerPoint, PlanId, PlannedPoint, PointId, Ruling, Verdict};
use sav_domain::metadata::MetadataRow;
use sav_domain::pool::Pool;
use sav_domain::transfer::{Event, Stage, Step};
use sav_domain::turns::Means;
use sav_domain::verdict::{Circumstances, Presence, Storage, Why, is_cold_suspect};
use sav_domain::{Judgement, Moment, RecoveryPoint, ResourceType, Tally};

use super::expected::Expected;
use super::jobs::JobsSeen;
use super::keys::Keys;
use super::lanes::{Arranged, Lanes, deadline};
use super::suspects::Suspects;
use super::there::{self, Asked, There};
use super::{
    ByVerdict, DurationsKnown, Heading, Notes, OfReason, Planned, PlanningError, Progress, Target, Targets, gone,
};
use crate::calls::Calls;
use crate::ports::{Change, CopyDesk, KeyRing, Ledger, LedgerError, LedgerReader, VaultSeen};
use crate::reading::Judged;
use crate::terms::CopyTerms;

/// Points written at once.
const BATCH: usize = 1_000;

/// A point as it comes from the page's reader.
#[derive(Debug)]
pub(super) struct Listed {
    point: RecoveryPoint,
    metadata: Option<Arc<str>>,
    judgement: Judgement,
}

/// Runs where the page was read.
pub(super) fn project(points: &mut dyn Iterator<Item = Judged<'_>>) -> Vec<Listed> {
    points
        .map(|judged| Listed {
            point: judged.point.clone(),
            metadata: judged.row.map(as_json),
            judgement: judged.judgement.clone(),
        })
        .collect()
}

fn as_json(row: &dyn MetadataRow) -> Arc<str> {
    let mut cells = serde_json::Map::new();
    row.for_each(&mut |column, cell| {
        cells.insert(column.to_owned(), cell.into());
    });
    serde_json::Value::Object(cells).to_string().into()
}

/// Transfers that have begun and not arrived: what this pass sees of them may settle them.
#[derive(Debug, Default)]
pub(super) struct Begun {
    stages: HashMap<PointId, Stage>,
    /// Fingerprints of what their copies would be.
    pub(super) wanted: HashSet<u64>,
}

impl Begun {
    pub(super) async fn read<L: Ledger>(
        ledger: &L,
        terms: &CopyTerms,
        prints: &Fingerprints,
    ) -> Result<Self, LedgerError> {
        let (reader, begun) = read(ledger.reader()?, L::Reader::begun).await?;
        let ids: Vec<PointId> = begun.iter().map(|(id, _)| *id).collect();
        let (_, known) = read(reader, move |reader| {
            ids.into_iter()
                .map(|id| reader.point(id))
                .collect::<Result<Vec<Option<LedgerPoint>>, _>>()
        })
        .await?;
        let wanted = known.into_iter().flatten().flat_map(|known| {
            let point = known.planned.point;
            let arn = terms.destination_vault_arn(&point.vault);
            [
                prints.of_words(&[&point.arn, &arn]),
                there::what(&point, terms.destination_vault(&point.vault), prints),
            ]
        });
        Ok(Self {
            wanted: wanted.collect(),
            stages: begun.into_iter().map(|(id, transfer)| (id, transfer.stage())).collect(),
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) tally: Tally,
    reasons: BTreeMap<(Verdict, Option<Heading>), OfReason>,
    types: BTreeMap<Option<ResourceType>, ByVerdict>,
}

impl Counted {
    fn add(&mut self, point: &RecoveryPoint, why: Option<&Why>) {
        let verdict = why.map_or(Verdict::Copy, Why::verdict);
        self.put(point, verdict, why);
        let of_type = self.types.entry(point.resource_type.clone()).or_default();
        let amount = match verdict {
            Verdict::Copy => &mut of_type.copy,
            Verdict::Skip => &mut of_type.skip,
            Verdict::Blocked => &mut of_type.blocked,
        };
        amount.add(point.size_bytes);
    }

    fn put(&mut self, point: &RecoveryPoint, verdict: Verdict, why: Option<&Why>) {
        let reason = self.reasons.entry((verdict, why.map(Heading::of))).or_default();
        reason.amount.add(point.size_bytes);
        // The first by name: which one comes first differs from pass to pass.
        if reason.sample.as_ref().is_none_or(|sample| point.arn < *sample) {
            reason.sample = Some(point.arn.clone());
            reason.fix = why.and_then(Why::fix);
        }
    }

    /// Something is to be said after all of a point that was counted as simply to be copied.
    fn remark(&mut self, point: &RecoveryPoint, why: &Why) {
        let plain = (Verdict::Copy, None);
        if let Some(reason) = self.reasons.get_mut(&plain) {
            reason.amount.take(point.size_bytes);
            if reason.amount.points == 0 {
                self.reasons.remove(&plain);
            }
        }
        self.put(point, Verdict::Copy, Some(why));
    }
}

impl Heading {
    pub(super) fn of(why: &Why) -> Self {
        Self {
            key: why.key(),
            words: why.to_string(),
        }
    }
}

pub(super) struct Pass<'a, S, L> {
    pub(super) source: &'a Arc<Calls<S>>,
    pub(super) ledger: &'a L,
    pub(super) plan: PlanId,
    pub(super) now: Moment,
    pub(super) terms: Arc<CopyTerms>,
    pub(super) targets: Targets,
    pub(super) jobs: Arc<JobsSeen>,
    pub(super) there: There,
    pub(super) prints: Arc<Fingerprints>,
    pub(super) begun: Begun,
    pub(super) expected: Expected,
    pub(super) keys: Keys,
    pub(super) suspects: Suspects,
    /// Suspects of being in cold storage, until they are looked at.
    pub(super) held: Vec<Listed>,
    pub(super) lanes: Lanes,
    /// Points that go cold before they expire.
    pub(super) cold_first: HashSet<u32>,
    pub(super) counted: Counted,
    pub(super) notes: Notes,
}

/// A point decided about.
struct Decided {
    planned: PlannedPoint,
    why: Option<Why>,
    presence: Presence,
    source: u64,
}

impl Decided {
    fn of(listed: Listed, why: Option<Why>, presence: Presence, source: u64) -> Self {
        Self {
            planned: PlannedPoint {
                point: listed.point,
                metadata: listed.metadata,
                ruling: why.as_ref().map_or(Ruling::COPY, Why::ruling),
                position: None,
            },
            why,
            presence,
            source,
        }
    }
}

impl<S, L> Pass<'_, S, L>
where
    S: CopyDesk + KeyRing,
    L: Ledger,
{
    pub(super) async fn take(&mut self, page: Vec<Listed>) -> Result<(), PlanningError> {
        let chosen = page.iter().filter(|listed| listed.judgement == Judgement::Included);
        self.keys.learn(self.source, chosen.map(|listed| &listed.point)).await?;
        let mut decided = Vec::with_capacity(page.len());
        for listed in page {
            if let Some(done) = self.decide(listed) {
                decided.push(done);
            }
        }
        self.write(decided).await
    }

    /// None: the point has to be looked at first, and waits.
    fn decide(&mut self, listed: Listed) -> Option<Decided> {
        let Listed { point, judgement, .. } = &listed;
        let target = self.targets.of.get(&point.vault)?;
        let source = self.prints.of_words(&[&point.arn, &target.arn]);
        let presence = if *judgement == Judgement::Included {
            presence(&self.jobs, &mut self.there, &self.prints, point, target, source)
        } else {
            Presence::Absent
        };
        let known = Circumstances {
            judgement,
            presence,
            key: self.keys.kind(point),
            storage: Storage::NotAsked,
            destination: &target.name,
            lock: target.lock,
            retention: self.terms.retention,
            now: self.now,
        };
        let if_cold = Circumstances {
            storage: Storage::Cold,
            ..known
        };
        if is_cold_suspect(point, self.now) && Why::of(point, &if_cold) == Some(Why::Cold) {
            self.held.push(listed);
            return None;
        }
        let why = Why::of(point, &known);
        Some(Decided::of(listed, why, presence, source))
    }

    async fn write(&mut self, decided: Vec<Decided>) -> Result<(), PlanningError> {
        let mut rest = Vec::with_capacity(decided.len());
        let mut points = Vec::with_capacity(decided.len());
        for done in decided {
            rest.push((done.planned.point.clone(), done.why, done.presence, done.source));
            points.push(done.planned);
        }
        let ids = self.ledger.plan(self.plan, points).await?;
        let mut changes = Vec::new();
        for (id, (point, why, presence, source)) in ids.into_iter().zip(rest) {
            changes.extend(self.settle(id, &point, presence, source).map(|step| Change {
                point: id,
                event: Event::new(self.now, step),
            }));
            let verdict = why.as_ref().map_or(Verdict::Copy, Why::verdict);
            self.counted.add(&point, why.as_ref());
            if verdict == Verdict::Copy && presence == Presence::Absent {
                self.lanes.add(id, &point, self.expected.seconds(&point), &self.prints);
                if deadline(&point).is_some()
                    && point
                        .expires_at
                        .is_none_or(|at| point.moves_to_cold_at.is_some_and(|cold| cold < at))
                {
                    self.cold_first.insert(id.0);
                }
            }
        }
        if !changes.is_empty() {
            self.ledger.record(changes).await?;
        }
        Ok(())
    }

    /// What this pass saw of a point, as a step of its transfer.
    fn settle(&self, id: PointId, point: &RecoveryPoint, presence: Presence, source: u64) -> Option<Step> {
        let stage = self.begun.stages.get(&id);
        match (stage, presence) {
            (None | Some(Stage::Waiting | Stage::Failed | Stage::Parked | Stage::Vanished), Presence::BeingCopied) => {
                let job = self.jobs.open(source)?.clone();
                Some(Step::Adopted { job })
            }
            (
                Some(Stage::Waiting | Stage::Unsure | Stage::Failed | Stage::Parked | Stage::Vanished),
                Presence::There,
            ) => {
                let target = self.targets.of.get(&point.vault)?;
                let what = there::what(point, &target.name, &self.prints);
                let destination = self.there.arn(source, what)?.clone();
                Some(Step::AlreadyThere { destination })
            }
            (Some(Stage::Vanished), Presence::Absent) => Some(Step::Reappeared),
            _ => None,
        }
    }

    /// Asks AWS about the points that should be in cold storage by now.
    pub(super) async fn look_at_suspects(&mut self, tell: &mut impl FnMut(Progress)) -> Result<(), PlanningError> {
        let held = std::mem::take(&mut self.held);
        let cold = self.known_to_be_cold(&held).await?;
        let mut left = held.len() as u64;
        let mut decided = Vec::new();
        for (listed, known_cold) in held.into_iter().zip(cold) {
            tell(Progress::Storage { left });
            left -= 1;
            let storage = if known_cold {
                Storage::Cold
            } else {
                self.suspects.storage(self.source, &listed.point).await?
            };
            let Some(target) = self.targets.of.get(&listed.point.vault) else {
                continue;
            };
            let source = self.prints.of_words(&[&listed.point.arn, &target.arn]);
            let known = Circumstances {
                judgement: &listed.judgement,
                presence: Presence::Absent,
                key: self.keys.kind(&listed.point),
                storage,
                destination: &target.name,
                lock: target.lock,
                retention: self.terms.retention,
                now: self.now,
            };
            let why = Why::of(&listed.point, &known);
            decided.push(Decided::of(listed, why, Presence::Absent, source));
            if decided.len() >= BATCH {
                self.write(std::mem::take(&mut decided)).await?;
            }
        }
        self.write(decided).await
    }

    /// What an earlier plan found in cold storage is still there: nothing comes back from it.
    async fn known_to_be_cold(&self, held: &[Listed]) -> Result<Vec<bool>, LedgerError> {
        let arns: Vec<Box<str>> = held.iter().map(|listed| listed.point.arn.clone()).collect();
        let (_, cold) = read(self.ledger.reader()?, move |reader| {
            // A first plan has nothing to look up, and a ledger being filled is slow to search.
            if reader.plans()?.iter().all(|plan| plan.finished_at.is_none()) {
                return Ok(vec![false; arns.len()]);
            }
            let was_cold = |arn: &str| -> Result<bool, LedgerError> {
                let known = reader.find(arn)?;
                Ok(known.is_some_and(|known| known.planned.ruling.reason.as_deref() == Some(Why::Cold.code())))
            };
            arns.iter().map(|arn| was_cold(arn)).collect::<Result<Vec<bool>, _>>()
        })
        .await?;
        Ok(cold)
    }

    /// The queue, what is gone, and the end of the plan.
    pub(super) async fn finish(
        mut self,
        vaults: &[VaultSeen],
        submissions_per_second: f64,
    ) -> Result<Planned, PlanningError> {
        let means = Means {
            slots: Pool::documented_slots,
            submissions_per_second,
            now: self.now.millis(),
        };
        // The largest of what is not needed any more, before the largest of what is.
        self.there = There::default();
        self.jobs = Arc::default();
        let lanes = std::mem::take(&mut self.lanes);
        let Arranged { turns, longest } = lanes.arrange(&means);
        // In the order of their rows: neighbours in the queue lie anywhere in a table of a million.
        let mut places: Vec<(u32, u32)> = turns.order.iter().copied().zip(0..).collect();
        places.sort_unstable();
        for batch in places.chunks(BATCH * 10) {
            let batch = batch
                .iter()
                .map(|(number, place)| (PointId(*number), u64::from(*place)));
            self.ledger.queue(batch.collect()).await?;
        }
        drop(places);
        let late = self.late(&turns.late).await?;
        let chosen = vaults.iter().map(|vault| vault.name.clone()).collect();
        let vanished = gone::settle(self.ledger, self.plan, &chosen, self.now).await?;
        let changes = self.ledger.finish_plan(self.plan, self.now).await?;
        self.notes.keys_not_told = self.keys.not_told.take();
        self.notes.storage_looked = self.suspects.looked;
        self.notes.storage_inferred = self.suspects.inferred;
        let Counted { tally, reasons, types } = self.counted;
        let to_copy = || types.iter().filter(|(_, of_type)| of_type.copy.points > 0);
        let timed = to_copy()
            .filter(|(kind, _)| self.expected.is_measured(kind.as_ref()))
            .count();
        self.notes.durations = match timed {
            0 => DurationsKnown::Assumed,
            all if all == to_copy().count() => DurationsKnown::Measured,
            _ => DurationsKnown::OfSomeTypes,
        };
        Ok(Planned {
            plan: self.plan,
            reasons,
            types,
            bound: turns.bound,
            longest,
            late,
            changes,
            vanished,
            tally,
            notes: self.notes,
        })
    }

    /// Which of these points nothing else is said of. The warning belongs to this plan's order, not to the points: the ledger
    /// does not keep it, or every other plan would show them as changed.
    async fn late(&mut self, late: &[u32]) -> Result<BTreeMap<PointId, Why>, LedgerError> {
        let mut warned = BTreeMap::new();
        let mut reader = self.ledger.reader()?;
        for batch in late.chunks(BATCH) {
            let ids: Vec<PointId> = batch.iter().map(|number| PointId(*number)).collect();
            let points;
            (reader, points) = read(reader, move |reader| {
                ids.into_iter()
                    .map(|id| reader.point(id))
                    .collect::<Result<Vec<Option<LedgerPoint>>, _>>()
            })
            .await?;
            for known in points.into_iter().flatten() {
                // A doubt goes before a warning.
                if known.planned.ruling.reason.is_some() {
                    continue;
                }
                let why = if self.cold_first.contains(&known.id.0) {
                    Why::GoesColdBeforeTurn
                } else {
                    Why::ExpiresBeforeTurn
                };
                self.counted.remark(&known.planned.point, &why);
                warned.insert(known.id, why);
            }
        }
        Ok(warned)
    }
}

fn presence(
    jobs: &JobsSeen,
    there: &mut There,
    prints: &Fingerprints,
    point: &RecoveryPoint,
    target: &Target,
    source: u64,
) -> Presence {
    let asked = Asked {
        source,
        vault: &target.name,
        source_vault_arn: &target.source_vault_arn,
    };
    if there.take(point, &asked, prints) {
        Presence::There
    } else if jobs.open(source).is_some() {
        Presence::BeingCopied
    } else {
        Presence::Absent
    }
}

/// Asks a ledger where waiting for a disk harms nobody.
pub(crate) async fn read<R, T>(
    reader: R,
    ask: impl FnOnce(&R) -> Result<T, LedgerError> + Send + 'static,
) -> Result<(R, T), LedgerError>
where
    R: LedgerReader + 'static,
    T: Send + 'static,
{
    let asking = tokio::task::spawn_blocking(move || {
        let answer = ask(&reader);
        (reader, answer)
    });
    let (reader, answer) = asking.await.expect("reading neither panics nor is cancelled");
    Ok((reader, answer?))
}
