//! `plan`: what would be copied, skipped, blocked; how long will it take at least? Writes the plan into the ledger.

mod document;
mod page;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sav_application::forecasting::{self, OpenWindow};
use sav_application::identity;
use sav_application::planning::{self, Planned, Planning, PlanningError, Progress};
use sav_application::ports::{LedgerError, LedgerReader};
use sav_application::replicating::vault_map;
use sav_domain::ledger::{PlanRecord, Verdict};
use sav_domain::{Moment, Route, SelectionSpec};
use sav_infrastructure::evidence::digest_of_file;
use sav_infrastructure::ledger::{SqliteLedger, SqliteReader};
use serde_json::json;
use tempfile::TempDir;

use crate::args::{Choosing, Global, OutputFormat, Plan};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Screen, ended};

pub async fn run(plan: &Plan, global: &Global, configured: SelectionSpec, screen: &Screen) -> Result<Exit, Problem> {
    let now = compose::now();
    let region = compose::region(global).await?;
    let route = compose::route(&plan.migration, &region)?;
    let made_with = made_with(&plan.choosing, &configured);
    let selection = compose::selection(&plan.choosing, configured, now)?;
    selection.doubts().iter().for_each(|doubt| screen.warn(doubt));
    let terms = compose::terms(&plan.terms, &route)?;
    let metadata = compose::metadata(&plan.choosing, &selection, screen).await?;
    let place = Place::of(compose::ledger_path(&plan.migration, &route)?, &route, global.dry_run)?;
    let ledger = SqliteLedger::open(&place.path, &route, now)?;
    let before = last_finished(&ledger)?;
    let (terms, replaced) = vault_map::settle(&ledger, &terms, now).await?;
    super::replicate::tell_replaced(&replaced, screen);

    let source = compose::source(global, route.source(), &region).await?;
    identity::confirm(&source, route.source()).await?;
    let destination = if plan.terms.source_only {
        None
    } else {
        let destination = compose::destination(global, route.destination(), &region).await?;
        identity::confirm(&destination, route.destination()).await?;
        Some(destination)
    };

    let progress = screen.progress("planning");
    let planning = Planning {
        made_with: made_with.into(),
        selection: Arc::new(selection),
        metadata,
        terms,
        now,
    };
    let planned = planning::plan(&source, destination.as_ref(), &ledger, planning, |at| {
        progress.say(said(at));
    })
    .await?;
    drop(progress);

    notes(&planned, screen);
    let reader = sav_application::ports::Ledger::reader(&ledger)?;
    let forecast = forecasting::read(&reader, OpenWindow::default(), now)?;
    let scene = page::Scene {
        route: &route,
        reader: &reader,
        before: before.as_ref(),
        ledger: (!global.dry_run).then_some(place.path.as_path()),
        forecast: forecast.as_ref(),
        now,
    };
    let exit = ended(match global.output {
        OutputFormat::Table => page::write(&planned, &scene),
        format => document::write(&planned, &reader, forecast.as_ref(), format),
    })?;
    let blocked = planned.points(Verdict::Blocked);
    Ok(if blocked > 0 && plan.fail_on_blocked && exit == Exit::Done {
        Exit::Failed
    } else {
        exit
    })
}

/// Where the plan is written: into the migration's ledger or, when nothing may be changed, into a copy that is thrown away.
pub(super) struct Place {
    path: PathBuf,
    _thrown_away: Option<TempDir>,
}

impl Place {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn of(path: PathBuf, route: &Route, dry_run: bool) -> Result<Self, Problem> {
        if !dry_run {
            return Ok(Self {
                path,
                _thrown_away: None,
            });
        }
        let folder = TempDir::new().map_err(|error| {
            Problem::new("a dry run needs a temporary folder for its ledger, and there is none")
                .because(error.to_string())
                .help("TMPDIR names another place for temporary files")
        })?;
        let copy = folder.path().join("ledger.db");
        if path.exists() {
            SqliteReader::open(&path, Some(route))?.copy_into(&copy)?;
        }
        Ok(Self {
            path: copy,
            _thrown_away: Some(folder),
        })
    }
}

fn last_finished(ledger: &SqliteLedger) -> Result<Option<PlanRecord>, LedgerError> {
    let plans = sav_application::ports::Ledger::reader(ledger)?.plans()?;
    Ok(plans.into_iter().rev().find(|plan| plan.finished_at.is_some()))
}

/// For the ledger: what this plan was made with.
pub(super) fn made_with(choosing: &Choosing, configured: &SelectionSpec) -> String {
    let metadata = choosing.metadata_csv.as_deref().map(Path::display);
    json!({
        "selection": choosing.spec().or(configured.clone()),
        "metadata_csv": metadata.map(|path| path.to_string()),
        // By which the table can be recognised when the arrival is to be proved.
        "metadata_csv_sha256": choosing.metadata_csv.as_deref().and_then(|path| digest_of_file(path).ok()),
    })
    .to_string()
}

pub(super) fn said(at: Progress) -> String {
    match at {
        Progress::Jobs => "looking at copy jobs".to_owned(),
        Progress::Destination { points } => format!("{points} points in the destination"),
        Progress::Source { points } => format!("{points} points in the source"),
        Progress::Storage { left } => format!("{left} points that may be in cold storage"),
        Progress::Turns => "putting everything in order".to_owned(),
    }
}

pub(super) fn notes(planned: &Planned, screen: &Screen) {
    let notes = &planned.notes;
    if notes.destination_unseen {
        screen.warn("the destination was not looked at: copies that AWS's jobs no longer show may be planned again");
    }
    if !notes.missing_vaults.is_empty() {
        let names: Vec<&str> = notes.missing_vaults.iter().map(sav_domain::VaultName::as_str).collect();
        screen.note(&format!("not in the destination yet: the vaults {}", names.join(", ")));
    }
    if let Some(error) = &notes.keys_not_told {
        screen.warn(&format!(
            "the kind of some keys is not known, points under them are doubtful: {error}"
        ));
    }
    if notes.storage_inferred > 0 {
        screen.note(&format!(
            "{} points that should be cold were looked at; {} more of the same vaults and types were taken to be alike",
            notes.storage_looked, notes.storage_inferred
        ));
    }
}

impl From<PlanningError> for Problem {
    fn from(error: PlanningError) -> Self {
        match error {
            PlanningError::Call(error) => error.into(),
            PlanningError::Ledger(error) => error.into(),
            PlanningError::NoSuchVault(error) => sav_application::reading::VaultsError::NoSuchVault(error).into(),
            PlanningError::Undecidable { points } => super::list::undecidable(&points),
        }
    }
}

/// How old a plan is, for the line that compares it with this one.
fn day(moment: Moment) -> String {
    moment
        .to_string()
        .split('.')
        .next()
        .unwrap_or_default()
        .replace('T', " ")
}
