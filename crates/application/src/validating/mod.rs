//! `validate`: would the copies be allowed? Reads what the checks of `sav_domain::checks` judge, and never changes anything.
//!
//! ```text
//!   ground: who we are, organization, permissions, copy role ── needs no list of points; a failure concerns everything
//!   load:   what is to be copied, in sums: from the ledger's plan, or from a list taken now
//!   groups: vaults, keys, types, quotas ── a failure concerns those points; the rest can be copied
//! ```

mod ground;
mod groups;
mod load;
mod principals;
mod told;

use std::sync::Arc;

use sav_domain::Moment;
use sav_domain::checks::{Check, Verdict};
use sav_domain::ledger::{Entry, GroupStanding};
use serde_json::json;

pub use ground::{Ground, ground};
pub use groups::{Standpoint, groups};
pub use load::{of_ledger, of_standing, of_vaults};

use crate::ports::Caller;
use crate::terms::CopyTerms;

/// The word under which the journal remembers a validation.
pub const VALIDATED: &str = "validated";

/// What to validate.
#[derive(Clone, Debug)]
pub struct Asked {
    pub terms: Arc<CopyTerms>,
    pub source_caller: Caller,
    /// None: there are no credentials for the destination.
    pub destination_caller: Option<Caller>,
    /// Whether vaults that are missing will be made before the copy.
    pub makes_vaults: bool,
}

/// All checks, in the order in which they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub checks: Vec<Check>,
}

impl Report {
    pub fn has_passed(&self) -> bool {
        self.count(Verdict::Failed) == 0
    }

    pub fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.is_failed())
    }

    /// For the ledger's journal: how it went, with what failed by name.
    pub fn entry(&self, at: Moment) -> Entry {
        let failed: Vec<_> = self
            .failed()
            .map(|check| json!({"check": check.topic.name(), "subject": check.subject}))
            .collect();
        let detail = json!({
            "passed": self.count(Verdict::Passed),
            "failed": self.count(Verdict::Failed),
            "not_checked": self.count(Verdict::NotChecked),
            "failures": failed,
        });
        Entry {
            at,
            kind: VALIDATED.into(),
            detail: detail.to_string().into(),
        }
    }

    /// Whether something waits, and each group of it is held back by a failed check: then there is nothing to begin with.
    pub fn holds_back_all(&self, groups: &[GroupStanding], terms: &CopyTerms) -> bool {
        let mut waiting = groups.iter().filter(|group| group.waiting > 0).peekable();
        waiting.peek().is_some()
            && waiting.all(|standing| {
                let target = terms.destination_vault(&standing.group.vault);
                self.failed()
                    .any(|check| check.bears_on.holds_back(&standing.group, target))
            })
    }
}
