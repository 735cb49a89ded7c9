//! `state export` and `state import`: the whole ledger as one JSON document, and back.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sav_domain::Route;
use sav_infrastructure::ledger::{ExportError, ImportError, Imported, export_to_file, import as import_ledger};
use serde_json::json;

use crate::args::{Global, OutputFormat};
use crate::commands::status::migration_json;
use crate::compose;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::problem::Problem;
use crate::ui::{Output, Screen, ended, write_json};
use crate::which_ledger::Place;

/// stdin or stdout, in place of a file.
const STANDARD_STREAM: &str = "-";

pub async fn export(
    place: &Place,
    file: &Path,
    global: &Global,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<Exit, Problem> {
    let mut reader = place.open()?;
    let now = compose::now();
    let to_stdout = file == Path::new(STANDARD_STREAM);
    if global.dry_run {
        screen.note(&format!("{} would be written; nothing was", file.display()));
        return Ok(Exit::Done);
    }
    let path = file.to_path_buf();
    let progress = screen.progress("exporting");
    let exported = unless_interrupted(interrupt, move |go_on| {
        let mut go_on = |points| {
            progress.say(format!("{points} points"));
            go_on()
        };
        if to_stdout {
            sav_infrastructure::ledger::export(&mut reader, &mut Output::to_stdout(), now, &mut go_on)
        } else {
            export_to_file(&mut reader, &path, now, &mut go_on)
        }
    });
    match exported.await {
        Ok(points) if to_stdout => {
            screen.note(&format!("{points} points"));
            Ok(Exit::Done)
        }
        Ok(points) => told(
            global,
            &format!("{points} points of {} in {}", place.path.display(), file.display()),
            &json!({ "file": file.display().to_string(), "points": points }),
        ),
        // Who reads has read enough.
        Err(ExportError::Write(error)) if to_stdout => ended(Err(error)),
        Err(ExportError::Ledger(error)) => Err(error.into()),
        Err(error) => Err(Problem::new(error.to_string())),
    }
}

pub async fn import(
    place: &Place,
    file: &Path,
    global: &Global,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<Exit, Problem> {
    let now = compose::now();
    if global.dry_run {
        screen.note(&format!(
            "{} would be made of {}; nothing was",
            place.path.display(),
            file.display()
        ));
        return Ok(Exit::Done);
    }
    let (place_of_it, named) = (place.clone(), file.to_path_buf());
    let progress = screen.progress("importing");
    let imported = unless_interrupted(interrupt, move |go_on| {
        let mut document = open(&named)?;
        let mut go_on = |points| {
            progress.say(format!("{points} points"));
            go_on()
        };
        let whose = |found: &Route| match place_of_it.contradicts(found) {
            None => Ok(()),
            Some(wanted) => Err(ImportError::OtherMigration {
                wanted,
                found: found.clone(),
            }),
        };
        import_ledger(&mut *document, &place_of_it.path, &whose, now, &mut go_on)
    });
    let Imported { route, points, events } = imported.await.map_err(|error| explain(error, file))?;
    told(
        global,
        &format!(
            "{points} points with {events} events in {}, {route}",
            place.path.display()
        ),
        &json!({
            "state_file": place.path.display().to_string(),
            "migration": migration_json(&route),
            "points": points,
            "events": events,
        }),
    )
}

fn open(file: &PathBuf) -> io::Result<Box<dyn Read>> {
    if file == Path::new(STANDARD_STREAM) {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(file)?))
}

fn explain(error: ImportError, file: &Path) -> Problem {
    match error {
        ImportError::Ledger(error) => error.into(),
        ImportError::Read(error) => Problem::new(format!("the document {} could not be read", file.display()))
            .because(error.to_string())
            .help("nothing was imported; name a file that `state export` wrote, or `-` for stdin"),
        ImportError::Document { why } => Problem::new(format!(
            "the document {} cannot be taken back; nothing was imported",
            file.display()
        ))
        .because(why)
        .help("correct it there and import it again; `state export` writes one as it should be"),
        error => Problem::new(error.to_string()),
    }
}

/// What was done, for people or for programs.
fn told(global: &Global, sentence: &str, document: &serde_json::Value) -> Result<Exit, Problem> {
    let mut out = Output::to_stdout();
    ended(match global.output {
        OutputFormat::Table | OutputFormat::Csv => {
            use io::Write as _;
            writeln!(out, "{sentence}").and_then(|()| out.flush())
        }
        format => write_json(&mut out, document, format),
    })
}

/// Blocking work on a thread of its own, which is told when somebody wants it to end.
async fn unless_interrupted<T: Send + 'static>(
    interrupt: &Interrupt,
    work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
) -> T {
    let asked = Arc::new(AtomicBool::new(false));
    let hears = Arc::clone(&asked);
    let mut working = tokio::task::spawn_blocking(move || work(&|| !hears.load(Ordering::Relaxed)));
    let done = tokio::select! {
        done = &mut working => done,
        () = interrupt.arrived() => {
            asked.store(true, Ordering::Relaxed);
            working.await
        }
    };
    done.expect("the work neither panics nor is cancelled")
}
