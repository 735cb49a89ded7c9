//! `verify`: did everything arrive, once, as it was?

mod conclude;
mod document;
mod evidence;
mod page;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sav_application::calls::Calls;
use sav_application::identity;
use sav_application::ports::{LedgerError, LedgerReader};
use sav_application::replicating::vault_map;
use sav_application::verifying::{
    self, Closer, Progress, Repaired, Verification, Verifying, VerifyingError, compare_tags, look_closer,
};
use sav_domain::{Moment, Route, SelectionSpec};
use sav_infrastructure::aws::AwsGateway;
use sav_infrastructure::ledger::{SqliteLedger, SqliteReader};

use crate::args::{Global, Migration, Terms, Verify};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::Screen;

/// Everything that a verification came to.
struct Report {
    route: Route,
    now: Moment,
    verification: Verification,
    /// None: nobody asked for it.
    closer: Option<Closer>,
    repaired: Option<Repaired>,
    evidence: Option<Evidence>,
    dry_run: bool,
    all: bool,
    /// What the selection was made with, where there is no plan.
    made_with: String,
}

/// Where the evidence lies, and the sum of its last line.
struct Evidence {
    path: PathBuf,
    seal: String,
}

pub async fn run(
    verify: &Verify,
    global: &Global,
    configured: SelectionSpec,
    screen: &Screen,
) -> Result<Exit, Problem> {
    if let Some(file) = &verify.check_evidence {
        return evidence::check(file, global.output);
    }
    let (Some(source_account), Some(dest_account)) = (verify.source_account, verify.dest_account) else {
        return Err(Problem::new("which accounts?").help("name both with --source-account and --dest-account"));
    };
    let now = compose::now();
    let region = compose::region(global).await?;
    let migration = Migration {
        source_account,
        dest_account,
        state_file: verify.state_file.clone(),
    };
    let route = compose::route(&migration, &region)?;
    let made_with = super::plan::made_with(&verify.choosing, &configured);
    let selection = compose::selection(&verify.choosing, configured, now)?;
    selection.doubts().iter().for_each(|doubt| screen.warn(doubt));
    let metadata = compose::metadata(&verify.choosing, &selection, screen).await?;
    let terms = Terms {
        lifecycle: verify.asked.lifecycle,
        vault_map: verify.asked.vault_map.clone(),
        copy_role_arn: None,
        source_only: false,
    };
    let books = Books::open(verify, &migration, &route, global.dry_run, now)?;
    let asked = compose::terms(&terms, &route)?;
    let verifying = Verifying {
        selection: Arc::new(selection),
        metadata,
        terms: match &books.reader {
            Some(reader) => vault_map::recall(reader, &asked)?,
            None => asked,
        },
        now,
    };
    if books.reader.is_none() && !verify.no_ledger {
        screen.note("there is no ledger of this migration: what both accounts list is compared");
    }

    let destination = compose::destination(global, route.destination(), &region).await?;
    identity::confirm(&destination, route.destination()).await?;
    let progress = screen.progress("verifying");
    let tell = |at| progress.say(said(at));
    let Books { reader, writer, path } = books;
    let verification = if let Some(reader) = reader {
        verifying::by_ledger(reader, &destination, &verifying, tell).await?
    } else {
        let source = compose::source(global, route.source(), &region).await?;
        identity::confirm(&source, route.source()).await?;
        verifying::by_selection(&source, &destination, &verifying, tell).await?
    };
    let ledger = verification.plan.is_some().then_some(&*path);
    let closer = closer(verify, &destination, (&verification, ledger), &route, tell).await?;
    drop(progress);

    let mut report = Report {
        route,
        now,
        verification,
        closer,
        repaired: None,
        evidence: None,
        dry_run: global.dry_run,
        all: verify.all,
        made_with,
    };
    if verify.repair {
        report.repaired = Some(match &writer {
            Some(ledger) => verifying::repair(ledger, &report.verification.verified, now).await?,
            None => would_repair(&report.verification),
        });
    }
    if let Some(file) = verify.evidence.as_deref().filter(|_| !global.dry_run) {
        report.evidence = Some(evidence::write(file, &report, verify)?);
    }
    if !global.dry_run && report.verification.plan.is_some() {
        let written = conclude::note(&report, writer, &path).await;
        if let Err(error) = written {
            screen.note(&format!("this verification is not noted in the ledger: {error}"));
        }
    }
    conclude::show(&report, global.output, screen)
}

/// The ledger, for reading and, where something is to be repaired, for writing.
struct Books {
    reader: Option<SqliteReader>,
    writer: Option<SqliteLedger>,
    path: PathBuf,
}

impl Books {
    fn open(
        verify: &Verify,
        migration: &Migration,
        route: &Route,
        dry_run: bool,
        now: Moment,
    ) -> Result<Self, Problem> {
        let path = compose::ledger_path(migration, route)?;
        let mut books = Self {
            reader: None,
            writer: None,
            path,
        };
        if verify.no_ledger || !(verify.state_file.is_some() || books.path.exists()) {
            if verify.repair {
                return Err(LedgerError::Absent { path: books.path }.into());
            }
            return Ok(books);
        }
        if verify.repair && !dry_run && books.path.exists() {
            // Held from here on, so that nothing changes between the look and the repair.
            books.writer = Some(SqliteLedger::open(&books.path, route, now)?);
        }
        let reader = SqliteReader::open(&books.path, Some(route))?;
        if reader.plans()?.iter().any(|plan| plan.finished_at.is_some()) {
            books.reader = Some(reader);
        } else if verify.repair {
            return Err(Problem::new(format!(
                "the ledger {} holds no finished plan: there is nothing to repair by",
                books.path.display()
            ))
            .help("`copy` finds by itself what is not in the destination"));
        }
        Ok(books)
    }
}

async fn closer(
    verify: &Verify,
    destination: &Arc<Calls<AwsGateway>>,
    (verification, ledger): (&Verification, Option<&Path>),
    route: &Route,
    tell: impl FnMut(Progress) + Copy,
) -> Result<Option<Closer>, Problem> {
    if verify.deep == 0 {
        return Ok(None);
    }
    let mut closer = look_closer(destination, &verification.verified, verify.deep, tell).await?;
    if let Some(path) = ledger {
        let reader = SqliteReader::open(path, Some(route))?;
        closer.tags = compare_tags(destination, &reader, verify.deep, tell).await?;
    }
    Ok(Some(closer))
}

fn would_repair(verification: &Verification) -> Repaired {
    Repaired {
        queued: verification.verified.summary().missing,
        left: 0,
    }
}

fn said(at: Progress) -> String {
    match at {
        Progress::Ledger { points } => format!("{points} points in the ledger"),
        Progress::Jobs => "looking at copy jobs".to_owned(),
        Progress::Source { points } => format!("{points} points in the source"),
        Progress::Destination { points } => format!("{points} points in the destination"),
        Progress::Comparing => "comparing".to_owned(),
        Progress::Closer { left } => format!("{left} copies to look at one by one"),
    }
}

impl From<VerifyingError> for Problem {
    fn from(error: VerifyingError) -> Self {
        match error {
            VerifyingError::Call(error) => error.into(),
            VerifyingError::Ledger(error) => error.into(),
            VerifyingError::NoSuchVault(error) => sav_application::reading::VaultsError::NoSuchVault(error).into(),
            VerifyingError::Undecidable { points } => super::list::undecidable(&points),
        }
    }
}
