//! Which recovery points are chosen: one implementation for every command that takes the choosing options.
//!
//! How the conditions go together, where an operator might wonder:
//! - Every option given must hold; of several values of one option, one suffices. `--metadata` options of the same column
//!   count as several values, those of different columns as different options.
//! - The include rules of the configuration file must hold as well: all of them (`match = "all"`, the default) or one
//!   (`"any"`). Inside a rule all conditions must hold, unless the rule has a `match = "any"` of its own. A point to which
//!   an exclude rule applies is out, whatever else holds.
//! - `--created-after` takes its moment in and `--created-before` leaves its own out, so that months put side by side
//!   neither overlap nor leave gaps. Ages and sizes take both ends in.
//! - What AWS does not tell about a point (type, status, date, size) never chooses it, and is no way around an exclude rule.
//! - A point whose APMID is unknown is out under allow lists and exclude lists alike, unless `--on-missing-metadata` says
//!   otherwise. The same goes for `--metadata` when there is no row; an empty cell is an ordinary value.
//! - A point that is out for some other reason is never a missing-metadata case.

mod build;
mod error;
mod pattern;
mod reason;
mod spec;
mod spec_text;
mod term;

pub use error::SelectionError;
pub use pattern::{NoSuchVault, VaultChoice, VaultPattern};
pub use reason::Reason;
pub use spec::{CriteriaSpec, Match, OnMissing, RuleSpec, RulesSpec, SelectionSpec};

use std::sync::Arc;

use term::{Assume, Term, Truth};

use crate::metadata::{MetadataRow, TableColumns};
use crate::recovery_point::RecoveryPoint;
use crate::resource_type::ResourceType;
use crate::text::near_names;
use crate::time::Moment;

/// A checked choice of points.
#[derive(Clone, Debug)]
pub struct Selection {
    options: Vec<Term>,
    include: Vec<Rule>,
    include_match: Match,
    exclude: Vec<Rule>,
    on_missing: OnMissing,
    /// The options that need a metadata table, as the user spelled them.
    needs_table: Vec<String>,
    doubts: Vec<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    name: Arc<str>,
    matching: Match,
    terms: Vec<Term>,
}

/// What a selection says about one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    Included,
    Excluded(Reason),
    /// The metadata does not say, and `--on-missing-metadata fail` forbids to guess.
    Undecidable(Reason),
}

/// What AWS can sort out while listing. Bounds are wider than the selection's own by a second, because AWS compares
/// times of its own precision: whatever is listed still has to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushDown<'a> {
    pub vaults: VaultChoice<'a>,
    /// None: every type must be listed.
    pub resource_types: Option<&'a [ResourceType]>,
    pub created_after: Option<Moment>,
    pub created_before: Option<Moment>,
}

impl Selection {
    /// Everything.
    pub fn all() -> Self {
        Self {
            options: Vec::new(),
            include: Vec::new(),
            include_match: Match::All,
            exclude: Vec::new(),
            on_missing: OnMissing::Exclude,
            needs_table: Vec::new(),
            doubts: Vec::new(),
        }
    }

    pub fn judge(&self, point: &RecoveryPoint, row: Option<&dyn MetadataRow>) -> Judgement {
        let (if_chosen, if_excluded) = match self.on_missing {
            OnMissing::Exclude | OnMissing::Fail => (None, None),
            OnMissing::Include => (Some(true), Some(false)),
        };
        let choosing = Assume {
            about_point: false,
            about_metadata: if_chosen,
        };
        let excluding = Assume {
            about_point: true,
            about_metadata: if_excluded,
        };

        let options = self.options.iter().map(|term| term.holds(point, row, choosing));
        let exclude = self
            .exclude
            .iter()
            .map(|rule| match rule.applies(point, row, excluding) {
                Truth::Yes => Truth::No(Reason::RuleExcluded {
                    rule: Arc::clone(&rule.name),
                }),
                Truth::No(_) => Truth::Yes,
                Truth::Unknown(reason) => Truth::Unknown(reason),
            });
        let include = self.include.iter().map(|rule| rule.applies(point, row, choosing));
        let include = match self.include_match {
            Match::Any if !self.include.is_empty() => Truth::any(include, Reason::NoRuleApplies),
            Match::Any | Match::All => Truth::all(include),
        };
        match Truth::all(options.chain([include]).chain(exclude)) {
            Truth::Yes => Judgement::Included,
            Truth::Unknown(reason) if self.on_missing == OnMissing::Fail => Judgement::Undecidable(reason),
            Truth::No(reason) | Truth::Unknown(reason) => Judgement::Excluded(reason),
        }
    }

    /// The vaults to look into at all; rules may leave out more.
    pub fn vaults(&self) -> VaultChoice<'_> {
        let chosen = self.options.iter().find_map(|term| match term {
            Term::Vault(patterns) => Some(VaultChoice::Among(patterns)),
            _ => None,
        });
        chosen.unwrap_or(VaultChoice::All)
    }

    /// What need not even be listed. Only for commands that do not account for the points that are out.
    pub fn push_down(&self) -> PushDown<'_> {
        const MARGIN_MS: i64 = 1000;
        let mut push_down = PushDown {
            vaults: self.vaults(),
            resource_types: None,
            created_after: None,
            created_before: None,
        };
        for term in &self.options {
            match term {
                // AWS wants its own spelling, which for a type we do not know nobody can vouch for.
                Term::Type(types) if !types.iter().any(|of| matches!(of, ResourceType::Other(_))) => {
                    push_down.resource_types = Some(types);
                }
                Term::CreatedFrom(start) | Term::NoOlderThan(start) => {
                    let start = start.plus_millis(-MARGIN_MS);
                    push_down.created_after = push_down.created_after.max(Some(start));
                }
                Term::CreatedBefore(end) | Term::NoYoungerThan(end) => {
                    let end = end.plus_millis(MARGIN_MS);
                    push_down.created_before = Some(push_down.created_before.map_or(end, |before| before.min(end)));
                }
                _ => {}
            }
        }
        push_down
    }

    pub fn on_missing(&self) -> OnMissing {
        self.on_missing
    }

    /// Whether a metadata table decides about points.
    pub fn needs_table(&self) -> bool {
        !self.needs_table.is_empty()
    }

    /// Whether there is any condition at all.
    pub fn chooses_everything(&self) -> bool {
        self.options.is_empty() && self.include.is_empty() && self.exclude.is_empty()
    }

    /// What is allowed but looks like a slip, for a warning: a resource type that nobody has heard of.
    pub fn doubts(&self) -> &[String] {
        &self.doubts
    }

    /// Whether the table, or its absence, can answer what the selection asks. Wants to be called before any call to AWS.
    pub fn check_table(&self, table: Option<&TableColumns<'_>>) -> Result<(), SelectionError> {
        let Some(table) = table else {
            let Some(option) = self.needs_table.first() else {
                return Ok(());
            };
            return Err(SelectionError::TableNeeded { option: option.clone() });
        };
        for term in self.terms() {
            match term {
                Term::ApmidAmong(_) | Term::ApmidNotAmong(_) if table.apmid.is_none() => {
                    return Err(SelectionError::NoApmidColumn {
                        columns: owned(&table.names),
                    });
                }
                Term::Metadata { column, .. } if !table.contains(column) => {
                    return Err(SelectionError::NoSuchColumn {
                        column: column.to_string(),
                        near: owned(&near_names(column, table.names.iter().copied())),
                        columns: owned(&table.names),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn terms(&self) -> impl Iterator<Item = &Term> {
        self.options
            .iter()
            .chain(self.include.iter().chain(&self.exclude).flat_map(|rule| &rule.terms))
    }
}

impl Rule {
    fn applies(&self, point: &RecoveryPoint, row: Option<&dyn MetadataRow>, assume: Assume) -> Truth {
        let not_met = || Reason::RuleNotMet {
            rule: Arc::clone(&self.name),
        };
        let terms = self.terms.iter().map(|term| term.holds(point, row, assume));
        let truth = match self.matching {
            Match::All => Truth::all(terms),
            Match::Any => return Truth::any(terms, not_met()),
        };
        if let Truth::No(_) = truth {
            Truth::No(not_met())
        } else {
            truth
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
