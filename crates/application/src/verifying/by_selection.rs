//! What is expected where nobody keeps book: what the options choose of the source's lists, as far as it can be copied.

use std::collections::HashSet;
use std::sync::Arc;

use sav_domain::copy_job::{CopyJob, JobState};
use sav_domain::fingerprint::Fingerprints;
use sav_domain::ledger::Verdict;
use sav_domain::retention::Retention;
use sav_domain::verdict::{self, KeyKind, Presence, Storage, Why};
use sav_domain::verification::{CopyNamed, Standing};
use sav_domain::{Moment, RecoveryPoint, VaultName};

use super::by_ledger::part;
use super::{Expecting, Progress, Verification, Verifying, VerifyingError};
use crate::calls::Calls;
use crate::ports::{CallError, CopyDesk, Gateway, MetadataTable};
use crate::reading::{self, Judged, Reading};
use crate::remembered::each_job;
use crate::terms::CopyTerms;

/// Compares what the source lists now with what the destination lists.
pub async fn by_selection<S, D, M>(
    source: &Arc<Calls<S>>,
    destination: &Arc<Calls<D>>,
    verifying: &Verifying<M>,
    mut tell: impl FnMut(Progress),
) -> Result<Verification, VerifyingError>
where
    S: CopyDesk,
    D: Gateway,
    M: MetadataTable,
{
    let terms = &verifying.terms;
    let vaults = reading::vaults(source, verifying.selection.vaults()).await?;
    let mut expecting = Expecting::by(terms);
    for vault in &vaults {
        expecting.choose(&vault.name);
    }
    tell(Progress::Jobs);
    let targets: HashSet<Box<str>> = vaults
        .iter()
        .map(|vault| terms.destination_vault_arn(&vault.name))
        .collect();
    let jobs = Jobs::look(source, &targets, &expecting, terms).await?;
    let reading = Reading {
        vaults,
        selection: Arc::clone(&verifying.selection),
        metadata: verifying.metadata.clone(),
        // Points that were not chosen explain copies.
        account_for_all: true,
    };
    let (now, retention) = (verifying.now, terms.retention);
    let renamed = Arc::clone(terms);
    let project = move |points: &mut dyn Iterator<Item = Judged<'_>>| -> Vec<(RecoveryPoint, Standing)> {
        points
            .map(|judged| {
                let target = renamed.destination_vault(&judged.point.vault);
                (judged.point.clone(), standing(&judged, target, retention, now))
            })
            .collect()
    };
    let (mut pages, sweeping) = reading::start(Arc::clone(source), reading, project);
    while let Some(told) = pages.recv().await {
        let undecidable = told.tally.undecidable();
        if undecidable.count() > 0 {
            return Err(VerifyingError::Undecidable {
                points: undecidable.clone(),
            });
        }
        for (point, standing) in &told.rendered {
            jobs.expect(&mut expecting, point, *standing);
        }
        tell(Progress::Source {
            points: expecting.comparison.expected(),
        });
    }
    sweeping.await.expect("a sweep neither panics nor is cancelled")?;
    drop(jobs);
    Ok(expecting.conclude(destination, None, verifying.now, &mut tell).await?)
}

/// As a plan would decide, without asking about keys and storage: what is doubtful is expected.
fn standing(judged: &Judged<'_>, target: &VaultName, retention: Retention, now: Moment) -> Standing {
    let known = verdict::Circumstances {
        judgement: judged.judgement,
        presence: Presence::Absent,
        key: KeyKind::NotChecked,
        storage: Storage::NotAsked,
        destination: target,
        lock: None,
        retention,
        now,
    };
    match Why::of(judged.point, &known) {
        None => Standing::Due,
        Some(Why::PartOfComposite) => part(judged.point),
        Some(why) => match why.verdict() {
            Verdict::Copy => Standing::Due,
            Verdict::Skip => Standing::NotChosen,
            Verdict::Blocked => Standing::Blocked,
        },
    }
}

/// The copy jobs that AWS remembers, by source point and destination vault.
struct Jobs {
    prints: Fingerprints,
    open: HashSet<u64>,
    made: Vec<(u64, CopyNamed)>,
}

impl Jobs {
    async fn look<S: CopyDesk>(
        source: &Calls<S>,
        targets: &HashSet<Box<str>>,
        expecting: &Expecting,
        terms: &CopyTerms,
    ) -> Result<Self, CallError> {
        let mut jobs = Self {
            prints: Fingerprints::new(&terms.route),
            open: HashSet::new(),
            made: Vec::new(),
        };
        each_job(source, targets, |job| jobs.take(job, expecting)).await?;
        jobs.made.sort_unstable();
        Ok(jobs)
    }

    fn take(&mut self, job: &CopyJob, expecting: &Expecting) {
        let (Some(source), Some(vault)) = (&job.source_point_arn, &job.destination_vault_arn) else {
            return;
        };
        let source = self.prints.of_words(&[source, vault]);
        match job.state {
            JobState::Completed | JobState::Partial => {
                let copy = job.destination_point_arn.as_ref();
                self.made
                    .extend(copy.map(|copy| (source, expecting.comparison.copy_named(copy.as_str()))));
            }
            JobState::Failed | JobState::Aborted => {}
            JobState::Created | JobState::Running | JobState::Other(_) => {
                self.open.insert(source);
            }
        }
    }

    fn expect(&self, expecting: &mut Expecting, point: &RecoveryPoint, standing: Standing) {
        let vault = expecting.terms.destination_vault_arn(&point.vault);
        let source = self.prints.of_words(&[&point.arn, &vault]);
        let standing = match standing {
            Standing::Due | Standing::Blocked if self.open.contains(&source) => Standing::UnderWay,
            other => other,
        };
        let row = expecting.add(point, standing, 0);
        let first = self.made.partition_point(|(made_of, _)| *made_of < source);
        for (_, copy) in self.made[first..].iter().take_while(|(made_of, _)| *made_of == source) {
            expecting.comparison.record(row, *copy);
        }
    }
}
