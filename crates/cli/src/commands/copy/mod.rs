//! `copy`: plan what is not planned yet, copy it, say what came of it.
//!
//! ```text
//!   prepare: identities, ledger, plan, destination vaults ──> window: the engine, followed on the screen ──> report
//! ```

mod dry_run;
mod on_event;
mod prepare;
pub mod report;
mod tags;
mod window;

use std::sync::Arc;

use sav_application::calls::Calls;
use sav_application::copying::CameTo;
use sav_application::engine::{self, StopReason};
use sav_application::ports::{Ledger, LedgerError};
use sav_application::report::Report;
use sav_application::summary::Summary;
use sav_application::terms::CopyTerms;
use sav_domain::status::Counts;
use sav_domain::twin::Wishes;
use sav_domain::{Moment, Route, Selection, SelectionSpec};
use sav_infrastructure::aws::AwsGateway;
use sav_infrastructure::ledger::SqliteLedger;
use sav_infrastructure::metadata::MetadataTable;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Duration, Instant, timeout};

use crate::args::{Copy, Global};
use crate::commands::again::Again;
use crate::commands::validate::Preflight;
use crate::compose;
use crate::exit::Exit;
use crate::interrupt;
use crate::problem::Problem;
use crate::ui::Screen;

use on_event::Events;

/// How long the last events may take when nobody waits at the console, and when somebody does.
const TO_TELL_THE_END: Duration = Duration::from_secs(10);
const TO_TELL_THE_INTERRUPTION: Duration = Duration::from_secs(1);

/// Whether somebody wants the run to end.
type Stop = watch::Receiver<Option<StopReason>>;

/// What the options come to, before anybody was asked anything.
struct Intent<'a> {
    copy: &'a Copy,
    global: &'a Global,
    screen: &'a Screen,
    route: Route,
    selection: Arc<Selection>,
    /// The same in words, for the ledger.
    made_with: Arc<str>,
    metadata: Option<Arc<MetadataTable>>,
    terms: Arc<CopyTerms>,
    /// What the destination's vaults are to be like.
    wishes: Wishes,
    now: Moment,
    began: Instant,
}

/// Both accounts, confirmed to be the right ones, and the ledger, held.
struct Ground {
    source: Arc<Calls<AwsGateway>>,
    /// None: `--source-only`.
    destination: Option<Arc<Calls<AwsGateway>>>,
    ledger: Arc<SqliteLedger>,
    /// As asked for, with the names of vaults that the ledger remembers.
    terms: Arc<CopyTerms>,
    /// None: `--skip-validation`.
    preflight: Option<Preflight>,
}

/// How it ended, as far as it is known without the ledger.
struct Ended {
    how: &'static str,
    came_to: CameTo,
    counts: engine::Counts,
    at: Moment,
    /// What is to be said besides the summary.
    remarks: Vec<String>,
}

pub async fn run(copy: &Copy, global: &Global, configured: SelectionSpec, screen: &Screen) -> Result<Exit, Problem> {
    if copy.validation.validate_permissions {
        return Box::pin(dry_run::validate(copy, global, configured, screen)).await;
    }
    if global.dry_run {
        return Box::pin(dry_run::run(copy, global, configured, screen)).await;
    }
    let stop = interrupt::stopping()?;
    let begun = async {
        let intent = Intent::read(copy, global, configured, screen).await?;
        let ground = prepare::ground(&intent).await?;
        Ok::<_, Problem>((intent, ground))
    };
    let (intent, ground) = tokio::select! {
        begun = begun => begun?,
        () = asked_to_stop(stop.clone()) => {
            screen.explain(&interrupted());
            return Ok(Exit::Incomplete);
        }
    };
    let (events, caller) = on_event::announcing(copy.telling.on_event.as_deref(), screen);
    let exit = async {
        let exit = follow(&intent, &ground, &stop, &events).await;
        drop(events);
        exit
    };
    let Some(caller) = caller else { return exit.await };
    // The caller goes on by itself until the last event is told; how long it may, only the end knows.
    let (mut exit, mut calling) = (std::pin::pin!(exit), std::pin::pin!(caller.run()));
    let exit = tokio::select! {
        exit = &mut exit => exit,
        () = &mut calling => exit.await,
    };
    let patience = if stop.borrow().is_some() {
        TO_TELL_THE_INTERRUPTION
    } else {
        TO_TELL_THE_END
    };
    if timeout(patience, calling).await.is_err() {
        screen.warn("the --on-event command was not waited for any longer");
    }
    exit
}

/// Plans, copies and reports. Whatever happens, the ledger's counts are told at the end.
async fn follow(intent: &Intent<'_>, ground: &Ground, stop: &Stop, events: &Events) -> Result<Exit, Problem> {
    let ended = match tokio::select! {
        planned = prepare::plan(intent, ground) => Some(planned),
        () = asked_to_stop(stop.clone()) => None,
    } {
        Some(Ok(())) => window::run(intent, ground, stop, events).await,
        Some(Err(problem)) => Err(problem),
        None => Ok(Ended {
            how: "interrupted while planning",
            came_to: CameTo::MoreToDo,
            counts: engine::Counts::default(),
            at: compose::now(),
            remarks: Vec::new(),
        }),
    };
    conclude(intent, ground, ended, events)
}

fn conclude(
    intent: &Intent<'_>,
    ground: &Ground,
    ended: Result<Ended, Problem>,
    events: &Events,
) -> Result<Exit, Problem> {
    let screen = intent.screen;
    let (ended, problem) = match ended {
        Ok(ended) => (ended, None),
        Err(problem) => (Ended::with_problem(), Some(problem)),
    };
    let told = tokio::task::block_in_place(|| tell_summary(intent, ground, &ended));
    ended.remarks.iter().for_each(|remark| screen.warn(remark));
    let exit = match &told {
        Ok((_, exit)) => *exit,
        Err(_) => Exit::Failed,
    };
    let name = if exit == Exit::Failed { "failed" } else { "finished" };
    let counts = told.as_ref().ok().map(|(counts, _)| counts);
    let error = problem.as_ref().map(Problem::what);
    let detail = json!({ "how": ended.how, "exit_code": exit.code(), "counts": counts, "error": error });
    events.tell(event(name, &intent.route, ended.at, &detail));
    match (problem, told) {
        (Some(problem), _) | (None, Err(problem)) => Err(problem),
        (None, Ok(_)) => Ok(exit),
    }
}

fn tell_summary(intent: &Intent<'_>, ground: &Ground, ended: &Ended) -> Result<(Counts, Exit), Problem> {
    let mut reader = ground.ledger.reader()?;
    let progress = intent.screen.progress("summing up");
    let summary = Summary::of(&mut reader, ended.at)?;
    drop(progress);
    let exit = exit_of(ended.came_to, &summary.counts, intent.copy.telling.fail_on_blocked);
    let run = report::Run {
        route: intent.route.clone(),
        again: Again::with(
            &intent.route,
            intent.copy.migration.state_file.as_deref(),
            intent.global,
        ),
        started: intent.now,
        ended: ended.at,
        lasted: intent.began.elapsed(),
        counts: ended.counts,
        exit,
        how: ended.how,
        source_calls: ground.source.counts(),
        destination_calls: ground.destination.as_ref().map(|calls| calls.counts()),
        source_only: ground.destination.is_none(),
    };
    report::show(intent.screen, &run, &summary);
    if let Some(path) = &intent.copy.telling.summary_output {
        report::write(path, &run, &summary, &reader)?;
    }
    if let Some(path) = &intent.copy.telling.report {
        let _progress = intent.screen.progress("writing the report");
        let report = Report::of(&mut reader, false, ended.at)?;
        crate::commands::report::write_page(path, &report, &reader, &run.again)?;
    }
    Ok((summary.counts, exit))
}

/// Blocked points are no failure unless the operator says so.
fn exit_of(came_to: CameTo, counts: &Counts, fail_on_blocked: bool) -> Exit {
    match came_to {
        CameTo::AllDone if fail_on_blocked && counts.blocked > 0 => Exit::Failed,
        CameTo::AllDone => Exit::Done,
        CameTo::Trouble => Exit::Failed,
        CameTo::MoreToDo => Exit::Incomplete,
    }
}

fn event(name: &str, route: &Route, at: Moment, detail: &Value) -> Value {
    let mut event = json!({
        "event": name,
        "at": at,
        "source_account": route.source().as_str(),
        "dest_account": route.destination().as_str(),
        "region": route.region().as_str(),
    });
    if let (Some(event), Some(detail)) = (event.as_object_mut(), detail.as_object()) {
        event.extend(detail.clone());
    }
    event
}

async fn asked_to_stop(mut stop: Stop) {
    if stop.wait_for(Option::is_some).await.is_err() {
        // Nobody can ask any more: the process is about to end by itself.
        std::future::pending::<()>().await;
    }
}

fn interrupted() -> Problem {
    Problem::new("interrupted before anything was begun").help("nothing was changed; run the same command again")
}

impl Ended {
    fn with_problem() -> Self {
        Self {
            how: "ended by an error",
            came_to: CameTo::Trouble,
            counts: engine::Counts::default(),
            at: compose::now(),
            remarks: Vec::new(),
        }
    }
}

impl From<LedgerError> for Ended {
    fn from(error: LedgerError) -> Self {
        Self {
            remarks: vec![error.to_string()],
            ..Self::with_problem()
        }
    }
}
