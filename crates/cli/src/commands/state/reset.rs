//! `state reset`: forget everything, or a part that a new plan finds again.

use std::io::{IsTerminal, Write, stderr, stdin};

use sav_application::ports::LedgerReader;
use sav_application::state;
use sav_domain::status::Counts;
use sav_domain::transfer::Stage;
use sav_domain::{Route, VaultName};
use sav_infrastructure::ledger::{Forget, Forgotten, SqliteLedger, SqliteReader, forget, set_aside};
use serde_json::{Value, json};

use crate::args::{Global, OutputFormat, StateReset};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Output, Screen, ended, say, write_json};
use crate::which_ledger::Place;

pub async fn run(place: &Place, reset: &StateReset, global: &Global, screen: &Screen) -> Result<Exit, Problem> {
    let reader = place.open()?;
    let route = reader.route().clone();
    let done = if reset.failed {
        requeue(place, &route, &reader, global.dry_run).await?
    } else if reset.inventory {
        forget_part(place, &route, &reader, &Forget::Inventory, global.dry_run)?
    } else if let Some(name) = &reset.vault {
        forget_part(
            place,
            &route,
            &reader,
            &Forget::Vault(vault(&reader, name)?),
            global.dry_run,
        )?
    } else {
        forget_all(place, &route, reader, reset.yes, global.dry_run)?
    };
    if let Some(warning) = &done.warning {
        screen.warn(warning);
    }
    let mut out = Output::to_stdout();
    ended(match global.output {
        OutputFormat::Table | OutputFormat::Csv => writeln!(out, "{}", done.sentence).and_then(|()| out.flush()),
        format => write_json(&mut out, &done.document, format),
    })
}

/// What was done or would be.
struct Done {
    sentence: String,
    document: Value,
    warning: Option<String>,
}

fn points(count: u64) -> String {
    if count == 1 {
        "1 point".to_owned()
    } else {
        format!("{count} points")
    }
}

async fn requeue(place: &Place, route: &Route, reader: &SqliteReader, dry_run: bool) -> Result<Done, Problem> {
    let requeued = if dry_run {
        state::failed(reader)?
    } else {
        let now = compose::now();
        let ledger = SqliteLedger::open(&place.path, route, now)?;
        state::requeue_failed(&ledger, now).await?
    };
    let all = requeued.failed + requeued.partial;
    let verb = if dry_run { "would go" } else { "went" };
    let warning = (requeued.partial > 0).then(|| {
        format!(
            "among them composites of which some parts were copied ({}): AWS copies a composite as a whole, so those parts \
             {} be in the destination twice",
            requeued.partial,
            if dry_run { "would" } else { "will" }
        )
    });
    Ok(Done {
        sentence: format!("{} that failed {verb} back into the queue", points(all)),
        document: json!({
            "dry_run": dry_run,
            "part": "failed",
            "requeued": { "failed": requeued.failed, "partial": requeued.partial },
        }),
        warning,
    })
}

fn vault(reader: &SqliteReader, name: &str) -> Result<VaultName, Problem> {
    let vault = VaultName::new(name).ok_or_else(|| Problem::new("--vault names no vault: it is empty"))?;
    if reader.knows_vault(&vault)? {
        return Ok(vault);
    }
    Err(
        Problem::new(format!("the ledger knows no vault `{name}`; nothing was forgotten"))
            .help("a vault's name tells upper from lower case, and is no pattern here"),
    )
}

fn forget_part(
    place: &Place,
    route: &Route,
    reader: &SqliteReader,
    what: &Forget,
    dry_run: bool,
) -> Result<Done, Problem> {
    let Forgotten {
        points: count,
        with_events,
    } = if dry_run {
        reader.would_forget(what)?
    } else {
        forget(&place.path, route, what, compose::now())?
    };
    let verb = if dry_run { "would be" } else { "were" };
    let (part, of) = match what {
        Forget::Inventory => ("inventory", "that nothing ever happened to".to_owned()),
        Forget::Vault(name) => ("vault", format!("of `{name}`, {with_events} of them with a story,")),
    };
    Ok(Done {
        sentence: format!(
            "{} {of} {verb} forgotten; what has arrived or is under way {} kept",
            points(count),
            if dry_run { "would be" } else { "was" }
        ),
        document: json!({
            "dry_run": dry_run,
            "part": part,
            "vault": match what { Forget::Vault(name) => Some(name), Forget::Inventory => None },
            "forgotten": { "points": count, "with_events": with_events },
        }),
        warning: None,
    })
}

fn forget_all(place: &Place, route: &Route, reader: SqliteReader, yes: bool, dry_run: bool) -> Result<Done, Problem> {
    let standing = reader.standing()?;
    let known: u64 = standing.stages.values().chain(standing.ruled.values()).sum();
    let counts = Counts::of(&standing, &reader.particulars()?);
    // It must not stand in the way of what it has shown.
    drop(reader);
    let arrived = standing.stages.get(&Stage::Arrived).copied().unwrap_or_default();
    let open = counts.in_progress;
    let aside = if dry_run {
        None
    } else {
        if !yes {
            confirm(route, known, arrived, open)?;
        }
        Some(set_aside(&place.path, route, compose::now())?)
    };
    let sentence = match &aside {
        None => format!(
            "everything would be forgotten: {}, {arrived} of them arrived, {open} under way; the ledger would be kept beside it \
             under another name",
            points(known)
        ),
        Some(aside) => format!(
            "everything is forgotten: {}, {arrived} of them arrived; the ledger is kept as {}; to have it back, move it to {}",
            points(known),
            aside.display(),
            place.path.display()
        ),
    };
    let warning = (open > 0).then(|| {
        format!("AWS goes on with what is under way ({open}); the next plan finds it, or what has come of it")
    });
    Ok(Done {
        sentence,
        document: json!({
            "dry_run": dry_run,
            "part": "all",
            "forgotten": { "points": known, "arrived": arrived, "in_progress": open },
            "set_aside": aside.map(|aside| aside.display().to_string()),
        }),
        warning,
    })
}

/// What a person types to say that all of this migration is meant.
fn name_of(route: &Route) -> String {
    format!("{}->{}", route.source(), route.destination())
}

/// Asks on the terminal. Where there is none, nobody was asked, and nothing happens.
fn confirm(route: &Route, known: u64, arrived: u64, open: u64) -> Result<(), Problem> {
    let name = name_of(route);
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        return Err(Problem::new(
            "everything would be forgotten, and nobody is there to confirm it; nothing was changed",
        )
        .because(format!(
            "the ledger knows {}, {arrived} of them arrived, {open} under way",
            points(known)
        ))
        .help("say so with --yes, or look first with --dry-run")
        .help("a part is forgotten without asking: --inventory, --failed, --vault NAME"));
    }
    say(format_args!(
        "This forgets all of {route}: {}, {arrived} of them arrived, {open} under way.\nType {name} to go on:",
        points(known)
    ));
    let mut typed = String::new();
    // What cannot be read was not typed.
    let read = stdin().read_line(&mut typed);
    if read.is_ok() && typed.trim() == name {
        return Ok(());
    }
    Err(Problem::new("nothing was changed")
        .because(format!("what was typed is not {name}"))
        .help("type it exactly, or look first with --dry-run"))
}
