//! `verify`: did everything arrive, once, as it was?
//!
//! ```text
//!   the ledger, page by page ──────────────┐
//!   or: jobs that AWS remembers, and the   ├─ expect, record ─> Comparison <─ see ── the destination's lists, swept
//!       source's lists, judged as by `plan` ┘                       └─ conclude ──> a finding for every point
//! ```
//!
//! What is expected is read first: a copy that arrives meanwhile is seen, and none is missed for having come too early.

mod by_ledger;
mod by_selection;
mod closer;
mod repair;
mod tags;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sav_domain::ledger::PlanRecord;
use sav_domain::selection::NoSuchVault;
use sav_domain::slice::Slice;
use sav_domain::tally::Sampled;
use sav_domain::verification::{Circumstances, Comparison, Expectation, Row, Standing, Verified};
use sav_domain::{Moment, RecoveryPoint, Selection, VaultName};

pub use by_ledger::by_ledger;
pub use by_selection::by_selection;
pub use closer::{Closer, look_closer};
pub use repair::{Repaired, repair};
pub use tags::{TagsCompared, compare_tags};

use crate::calls::Calls;
use crate::ports::{CallError, Gateway, LedgerError};
use crate::reading::VaultsError;
use crate::sweep::{self, SweepPlan};
use crate::terms::CopyTerms;

/// Slices of the destination read at the same time, while memory is full of what is expected. AWS answers twenty lists a second, and each
/// within a fraction of one: more would only wait for their turn, each with a page in its hands.
const READERS: usize = 6;

/// What to verify, and by what.
#[derive(Debug)]
pub struct Verifying<M> {
    pub selection: Arc<Selection>,
    pub metadata: Option<Arc<M>>,
    pub terms: Arc<CopyTerms>,
    pub now: Moment,
}

/// The result, and how it came about.
#[derive(Debug)]
pub struct Verification {
    pub verified: Verified,
    /// The plan that says what is expected; none: a selection made on the spot.
    pub plan: Option<PlanRecord>,
    pub points_of_source: u64,
    pub points_of_destination: u64,
    /// Destination vaults that are not there.
    pub missing_vaults: Vec<VaultName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Ledger { points: u64 },
    Jobs,
    Source { points: u64 },
    Destination { points: u64 },
    Comparing,
    Closer { left: u64 },
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyingError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    NoSuchVault(#[from] NoSuchVault),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the metadata does not decide about every point")]
    Undecidable { points: Sampled },
}

impl From<VaultsError> for VerifyingError {
    fn from(error: VaultsError) -> Self {
        match error {
            VaultsError::Call(error) => Self::Call(error),
            VaultsError::NoSuchVault(error) => Self::NoSuchVault(error),
        }
    }
}

/// The side that something is expected from, as it fills up.
struct Expecting {
    comparison: Comparison,
    terms: Arc<CopyTerms>,
    source_vault_arns: HashMap<VaultName, Box<str>>,
    /// Of chosen source vaults.
    targets: BTreeSet<VaultName>,
}

impl Expecting {
    fn by(terms: &Arc<CopyTerms>) -> Self {
        Self {
            comparison: Comparison::between(&terms.route),
            terms: Arc::clone(terms),
            source_vault_arns: HashMap::new(),
            targets: BTreeSet::new(),
        }
    }

    fn choose(&mut self, vault: &VaultName) {
        let target = self.terms.destination_vault(vault);
        if !self.targets.contains(target) {
            self.targets.insert(target.clone());
        }
    }

    fn add(&mut self, point: &RecoveryPoint, standing: Standing, id: u32) -> Row {
        let terms = &self.terms;
        let source_vault_arn = self
            .source_vault_arns
            .entry(point.vault.clone())
            .or_insert_with(|| terms.source_vault_arn(&point.vault));
        self.comparison.expect(&Expectation {
            point,
            vault: terms.destination_vault(&point.vault),
            source_vault_arn,
            standing,
            lifecycle: terms.retention.of_copy(point),
            id,
        })
    }

    /// Lists the destination vaults, and compares.
    async fn conclude<D: Gateway>(
        mut self,
        destination: &Arc<Calls<D>>,
        plan: Option<PlanRecord>,
        now: Moment,
        tell: &mut impl FnMut(Progress),
    ) -> Result<Verification, CallError> {
        self.comparison.all_expected();
        let vaults = destination.vaults().await?;
        let (there, missing_vaults): (Vec<VaultName>, Vec<VaultName>) = self
            .targets
            .into_iter()
            .partition(|target| vaults.iter().any(|vault| vault.name == *target));
        let seen = |name: &VaultName| vaults.iter().find(|vault| vault.name == *name);
        let slices = there
            .iter()
            .filter_map(seen)
            .map(|vault| Slice::whole(vault.name.clone(), vault.recovery_points.unwrap_or(0)));
        let pages = SweepPlan {
            readers: READERS,
            ..SweepPlan::for_slices(slices.collect())
        };
        let (mut heard, sweeping) = sweep::start(Arc::clone(destination), pages, |points: Vec<RecoveryPoint>| points);
        while let Some(page) = heard.recv().await {
            for point in &page {
                self.comparison.see(point);
            }
            tell(Progress::Destination {
                points: self.comparison.seen(),
            });
        }
        sweeping.await.expect("a sweep neither panics nor is cancelled")?;
        tell(Progress::Comparing);
        let circumstances = Circumstances {
            now,
            keys: vaults
                .iter()
                .filter_map(|vault| Some((&vault.name, vault.encryption_key_arn.as_deref()?)))
                .collect(),
        };
        let (points_of_source, points_of_destination) = (self.comparison.expected(), self.comparison.seen());
        Ok(Verification {
            verified: self.comparison.conclude(&circumstances),
            plan,
            points_of_source,
            points_of_destination,
            missing_vaults,
        })
    }
}
