//! `validate`: would the copies be allowed? Reads, judges and tells; the only thing it may write is an entry in the journal of a
//! ledger that is there already.

mod before_copy;
mod page;

use std::path::Path;
use std::sync::Arc;

use sav_application::calls::Calls;
use sav_application::identity;
use sav_application::ports::{Caller, Ledger, LedgerError, LedgerReader};
use sav_application::replicating::vault_map;
use sav_application::terms::CopyTerms;
use sav_application::validating::{self, Asked, Report, Standpoint};
use sav_domain::checks::{Load, NotTold, account};
use sav_domain::{Moment, Route, Selection, SelectionSpec};
use sav_infrastructure::aws::AwsGateway;
use sav_infrastructure::disk;
use sav_infrastructure::ledger::{SqliteLedger, SqliteReader};
use sav_infrastructure::metadata::MetadataTable;

use crate::args::{Global, Validate};
use crate::commands::plan::made_with;
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::Screen;

pub(super) use before_copy::Preflight;

/// What there is to validate, and with what.
struct Examination<'a> {
    screen: &'a Screen,
    route: Route,
    terms: Arc<CopyTerms>,
    selection: Arc<Selection>,
    metadata: Option<Arc<MetadataTable>>,
    made_with: String,
    ledger: &'a Path,
    source: Arc<Calls<AwsGateway>>,
    destination: Option<Arc<Calls<AwsGateway>>>,
    asked: Asked,
}

pub async fn run(
    validate: &Validate,
    global: &Global,
    configured: SelectionSpec,
    screen: &Screen,
) -> Result<Exit, Problem> {
    let now = compose::now();
    let region = compose::region(global).await?;
    let route = compose::route(&validate.migration, &region)?;
    let terms = compose::terms(&validate.terms, &route)?;
    let made_with = made_with(&validate.choosing, &configured);
    let selection = compose::selection(&validate.choosing, configured, now)?;
    selection.doubts().iter().for_each(|doubt| screen.warn(doubt));
    let metadata = compose::metadata(&validate.choosing, &selection, screen).await?;
    let path = compose::ledger_path(&validate.migration, &route)?;
    let terms = with_remembered_names(&path, &route, terms);

    let source = compose::source(global, route.source(), &region).await?;
    let source_caller = identity::confirm(&source, route.source()).await?;
    let (destination, destination_caller) = if validate.terms.source_only {
        (None, None)
    } else {
        let calls = compose::destination(global, route.destination(), &region).await?;
        let caller = identity::confirm(&calls, route.destination()).await?;
        (Some(calls), Some(caller))
    };
    let examination = Examination {
        screen,
        asked: asked(&terms, source_caller, destination_caller, !validate.no_replicate),
        route,
        terms,
        selection: Arc::new(selection),
        metadata,
        made_with,
        ledger: &path,
        source,
        destination,
    };
    let report = examination.report().await?;
    if !global.dry_run {
        remember(&path, &examination.route, &report, now).await?;
    }
    let shown = page::write(&report, &examination.route, global)?;
    Ok(match shown {
        Exit::Done if !report.has_passed() => Exit::Failed,
        shown => shown,
    })
}

/// The terms with the vaults' names that the ledger remembers. A ledger that cannot be read is the matter of whoever opens it.
pub(super) fn with_remembered_names(path: &Path, route: &Route, terms: Arc<CopyTerms>) -> Arc<CopyTerms> {
    let reader = path
        .exists()
        .then(|| SqliteReader::open(path, Some(route)).ok())
        .flatten();
    let recalled = reader.and_then(|reader| vault_map::recall(&reader, &terms).ok());
    recalled.unwrap_or(terms)
}

fn asked(terms: &Arc<CopyTerms>, source: Caller, destination: Option<Caller>, makes_vaults: bool) -> Asked {
    Asked {
        terms: Arc::clone(terms),
        // Nobody makes vaults whom nobody lets in.
        makes_vaults: makes_vaults && destination.is_some(),
        source_caller: source,
        destination_caller: destination,
    }
}

impl Examination<'_> {
    async fn report(&self) -> Result<Report, Problem> {
        let progress = self.screen.progress("validating");
        progress.say("permissions".to_owned());
        let destination = self.destination.as_deref();
        let ground = validating::ground(&self.source, destination, &self.asked, self.selection.vaults()).await?;
        let load = if let Some(load) = self.planned()? {
            self.screen.note("held against the plan in the ledger");
            load
        } else {
            let say = |read| progress.say(format!("{read} points in the source"));
            let (vaults, selection) = (ground.vaults.clone(), Arc::clone(&self.selection));
            let (metadata, retention) = (self.metadata.clone(), self.terms.retention);
            validating::of_vaults(&self.source, vaults, selection, metadata, retention, say).await?
        };
        progress.say("vaults and keys".to_owned());
        let standpoint = Standpoint {
            asked: &self.asked,
            ground: &ground,
            load: &load,
        };
        let groups = validating::groups(&self.source, destination, standpoint).await?;
        let mut checks = ground.checks;
        checks.extend(groups);
        let free =
            disk::free_bytes(self.ledger).map_err(|error| NotTold(format!("the free space is not known: {error}")));
        let place = self.ledger.display().to_string();
        checks.push(account::disk(self.route.source(), &place, free, load.points()));
        Ok(Report { checks })
    }

    /// What the ledger has planned, if that was planned for the same choice.
    fn planned(&self) -> Result<Option<Load>, Problem> {
        if !self.ledger.exists() {
            return Ok(None);
        }
        let reader = SqliteReader::open(self.ledger, Some(&self.route))?;
        let load = tokio::task::block_in_place(|| {
            let last = reader
                .plans()?
                .into_iter()
                .rev()
                .find(|plan| plan.finished_at.is_some());
            match last {
                Some(plan) if *plan.made_with == *self.made_with => {
                    validating::of_ledger(&reader, self.terms.retention).map(Some)
                }
                _ => Ok(None),
            }
        });
        load.map_err(|error: LedgerError| error.into())
    }
}

/// In the journal of a ledger that is there and that nobody has in use.
async fn remember(path: &Path, route: &Route, report: &Report, now: Moment) -> Result<(), Problem> {
    if !path.exists() {
        return Ok(());
    }
    match SqliteLedger::open(path, route, now) {
        Ok(ledger) => ledger.note(vec![report.entry(now)]).await.map_err(Problem::from),
        Err(LedgerError::Held { .. } | LedgerError::ReadOnly { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
