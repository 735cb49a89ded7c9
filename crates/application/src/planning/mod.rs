//! `plan`: what would be copied, what not and why, in which order, and how long it takes at least.
//!
//! ```text
//!   copy jobs ──┐
//!   destination's lists ──> what is there ──┐
//!   source's lists, joined and judged ──────┴──> a verdict per point ──> the ledger
//!                                                      └── lanes ──> everybody's turn ──> the ledger's queue
//! ```
//!
//! Nothing but the ledger is written. Each pass reads both sides anew: in weeks of copying new points appear and old ones go.

mod expected;
mod gone;
mod jobs;
mod keys;
mod lanes;
mod pass;
mod suspects;
mod there;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use sav_domain::fingerprint::Fingerprints;
use sav_domain::ledger::{PlanChanges, PlanId, PointId, Verdict};
use sav_domain::operation::Operation;
use sav_domain::retention::LockRange;
use sav_domain::selection::NoSuchVault;
use sav_domain::slice::Slice;
use sav_domain::tally::{Amount, Sampled};
use sav_domain::turns::LowerBound;
use sav_domain::verdict::Why;
use sav_domain::{Moment, ResourceType, Selection, Tally, VaultName};

use crate::calls::Calls;
use crate::ports::{CallError, CopyDesk, Gateway, KeyRing, Ledger, LedgerError, MetadataTable, VaultSeen};
use crate::reading::{self, Reading, VaultsError};
use crate::sweep::{self, SweepPlan};
use crate::terms::CopyTerms;

use jobs::JobsSeen;
use there::There;

pub(crate) use pass::read as ask_ledger;

/// What to plan with.
#[derive(Debug)]
pub struct Planning<M> {
    pub selection: Arc<Selection>,
    pub metadata: Option<Arc<M>>,
    pub terms: Arc<CopyTerms>,
    pub now: Moment,
    /// Kept in the ledger: the selection and the metadata, as a JSON object.
    pub made_with: Arc<str>,
}

/// What planning came to.
#[derive(Debug)]
pub struct Planned {
    pub plan: PlanId,
    /// None for points that are simply to be copied.
    pub reasons: BTreeMap<(Verdict, Option<Heading>), OfReason>,
    pub types: BTreeMap<Option<ResourceType>, ByVerdict>,
    pub bound: LowerBound,
    /// A point of the lane that takes longest.
    pub longest: Option<PointId>,
    /// Points that will probably be gone or cold before their turn comes.
    pub late: BTreeMap<PointId, Why>,
    pub changes: PlanChanges,
    pub vanished: u64,
    pub tally: Tally,
    pub notes: Notes,
}

impl Planned {
    /// How many points got this verdict.
    pub fn points(&self, verdict: Verdict) -> u64 {
        let reasons = self.reasons.iter().filter(|((of, _), _)| *of == verdict);
        reasons.map(|(_, of_reason)| of_reason.amount.points).sum()
    }
}

/// A reason as it is counted: its word for programs, and its words for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heading {
    pub key: String,
    pub words: String,
}

/// The points that one reason holds for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfReason {
    pub amount: Amount,
    /// What somebody can do about the first of them.
    pub fix: Option<String>,
    pub sample: Option<Box<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByVerdict {
    pub copy: Amount,
    pub skip: Amount,
    pub blocked: Amount,
}

/// What an operator should know about how the plan was made.
#[derive(Debug, Default)]
pub struct Notes {
    /// Destination vaults that are not there yet.
    pub missing_vaults: Vec<VaultName>,
    /// The destination was not looked at.
    pub destination_unseen: bool,
    /// KMS did not say of every key who looks after it.
    pub keys_not_told: Option<CallError>,
    /// Points that were looked at one by one, and those taken to be like them.
    pub storage_looked: u64,
    pub storage_inferred: u64,
    pub durations: DurationsKnown,
}

/// Whether the copies of the types that are to be copied have been timed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DurationsKnown {
    #[default]
    Assumed,
    OfSomeTypes,
    Measured,
}

impl DurationsKnown {
    /// A word for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::OfSomeTypes => "partly_measured",
            Self::Measured => "measured",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Jobs,
    Destination { points: u64 },
    Source { points: u64 },
    Storage { left: u64 },
    Turns,
}

#[derive(Debug, thiserror::Error)]
pub enum PlanningError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    NoSuchVault(#[from] NoSuchVault),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the metadata does not decide about every point")]
    Undecidable { points: Sampled },
}

impl From<VaultsError> for PlanningError {
    fn from(error: VaultsError) -> Self {
        match error {
            VaultsError::Call(error) => Self::Call(error),
            VaultsError::NoSuchVault(error) => Self::NoSuchVault(error),
        }
    }
}

/// Reads both sides, decides about every point of the chosen vaults, and writes the ledger.
pub async fn plan<S, D, M, L>(
    source: &Arc<Calls<S>>,
    destination: Option<&Arc<Calls<D>>>,
    ledger: &L,
    planning: Planning<M>,
    mut tell: impl FnMut(Progress),
) -> Result<Planned, PlanningError>
where
    S: CopyDesk + KeyRing,
    D: Gateway,
    M: MetadataTable,
    L: Ledger,
{
    let vaults = reading::vaults(source, planning.selection.vaults()).await?;
    let terms = Arc::clone(&planning.terms);
    let prints = Arc::new(Fingerprints::new(&terms.route));
    let twins: Option<Vec<VaultSeen>> = match destination {
        Some(calls) => Some(calls.vaults().await?),
        None => None,
    };
    let targets = Targets::of(&vaults, twins.as_deref(), &terms);

    tell(Progress::Jobs);
    let jobs = Arc::new(JobsSeen::look(source, &targets.arns, &prints).await?);
    let begun = pass::Begun::read(ledger, &terms, &prints).await?;
    let mut there = There::default();
    match destination {
        Some(calls) => {
            look_there(calls, &targets, &jobs, &prints, &begun.wanted, &mut there, &mut tell).await?;
        }
        None => there.trust(jobs.completed()),
    }
    there.all_added();

    let (_, known) = pass::read(ledger.reader()?, crate::ports::LedgerReader::learned).await?;
    let expected = expected::Expected::recall(&known);
    let submissions_per_second = source.governor().per_second(Operation::StartCopyJob);
    let reading = Reading {
        vaults: vaults.clone(),
        selection: Arc::clone(&planning.selection),
        metadata: planning.metadata.clone(),
        account_for_all: true,
    };
    let notes = Notes {
        missing_vaults: targets.missing.clone(),
        destination_unseen: destination.is_none(),
        ..Notes::default()
    };
    let plan = ledger.begin_plan(planning.now, planning.made_with).await?;
    let mut pass = pass::Pass {
        source,
        ledger,
        plan,
        now: planning.now,
        terms,
        targets,
        jobs,
        there,
        prints,
        begun,
        expected,
        keys: keys::Keys::default(),
        suspects: suspects::Suspects::default(),
        held: Vec::new(),
        lanes: lanes::Lanes::default(),
        cold_first: HashSet::new(),
        counted: pass::Counted::default(),
        notes,
    };
    let (mut pages, sweeping) = reading::start(Arc::clone(source), reading, pass::project);
    while let Some(told) = pages.recv().await {
        pass.counted.tally.merge(&told.tally);
        let undecidable = pass.counted.tally.undecidable();
        if undecidable.count() > 0 {
            return Err(PlanningError::Undecidable {
                points: undecidable.clone(),
            });
        }
        tell(Progress::Source {
            points: pass.counted.tally.total(),
        });
        pass.take(told.rendered).await?;
    }
    sweeping.await.expect("a sweep neither panics nor is cancelled")?;
    pass.look_at_suspects(&mut tell).await?;
    tell(Progress::Turns);
    pass.finish(&vaults, submissions_per_second).await
}

/// The destination vaults of the chosen source vaults.
#[derive(Debug)]
struct Targets {
    /// By source vault.
    of: HashMap<VaultName, Target>,
    arns: HashSet<Box<str>>,
    /// Those that are there, with the number of their points.
    there: Vec<(VaultName, u64)>,
    missing: Vec<VaultName>,
}

#[derive(Clone, Debug)]
struct Target {
    name: VaultName,
    arn: Box<str>,
    source_vault_arn: Box<str>,
    lock: Option<LockRange>,
}

impl Targets {
    fn of(vaults: &[VaultSeen], twins: Option<&[VaultSeen]>, terms: &CopyTerms) -> Self {
        let mut targets = Self {
            of: HashMap::new(),
            arns: HashSet::new(),
            there: Vec::new(),
            missing: Vec::new(),
        };
        for vault in vaults {
            let name = terms.destination_vault(&vault.name).clone();
            let arn = terms.destination_vault_arn(&vault.name);
            let twin = twins.and_then(|twins| twins.iter().find(|twin| twin.name == name));
            if targets.arns.insert(arn.clone()) {
                match twin {
                    Some(twin) => targets.there.push((name.clone(), twin.recovery_points.unwrap_or(0))),
                    // Points of a vault that cannot be created are blocked as such.
                    None if twins.is_some() && name.check_creatable().is_ok() => targets.missing.push(name.clone()),
                    None => {}
                }
            }
            let lock = twin.filter(|twin| twin.locked == Some(true)).map(|twin| LockRange {
                min_days: twin.min_retention_days,
                max_days: twin.max_retention_days,
            });
            let target = Target {
                name,
                arn,
                source_vault_arn: terms.source_vault_arn(&vault.name),
                lock,
            };
            targets.of.insert(vault.name.clone(), target);
        }
        targets
    }
}

async fn look_there<D: Gateway>(
    calls: &Arc<Calls<D>>,
    targets: &Targets,
    jobs: &Arc<JobsSeen>,
    prints: &Arc<Fingerprints>,
    wanted: &HashSet<u64>,
    there: &mut There,
    tell: &mut impl FnMut(Progress),
) -> Result<(), CallError> {
    let slices = targets
        .there
        .iter()
        .map(|(name, points)| Slice::whole(name.clone(), *points))
        .collect();
    let (jobs, prints) = (Arc::clone(jobs), Arc::clone(prints));
    let project = move |points: Vec<sav_domain::RecoveryPoint>| -> Vec<there::Copy> {
        points
            .iter()
            .filter_map(|point| There::read(point, &jobs, &prints))
            .collect()
    };
    let (mut heard, sweeping) = sweep::start(Arc::clone(calls), SweepPlan::for_slices(slices), project);
    let mut seen = 0;
    while let Some(page) = heard.recv().await {
        seen += page.len() as u64;
        tell(Progress::Destination { points: seen });
        for copy in page {
            there.add(copy, wanted);
        }
    }
    sweeping.await.expect("a sweep neither panics nor is cancelled")?;
    Ok(())
}
