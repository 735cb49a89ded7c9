//! The whole ledger as one JSON document, written as it is read: memory does not grow with the number of points.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sav_application::ports::{LedgerError, LedgerReader};
use sav_domain::Moment;
use sav_domain::ledger::PointId;
use serde::Serialize;

use super::document::{
    CauseDocument, EntryDocument, EventDocument, FORMAT, Header, LearnedDocument, Migration, ParkedDocument,
    PlanDocument, PointDocument, VERSION, WindowDocument,
};
use super::lock::private;
use super::path::beside;
use super::reader::SqliteReader;

/// Points that are read at once.
const PAGE: usize = 1000;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// To stdout, or wherever the caller sends it.
    #[error("the export could not be written: {0}")]
    Write(#[from] io::Error),
    #[error(
        "the export {} could not be {doing}: {why}; {} was left as it was; make room or permit it, or name another file",
        .path.display(),
        .path.display()
    )]
    File {
        path: PathBuf,
        doing: &'static str,
        why: String,
    },
    #[error("the export was interrupted")]
    Interrupted,
}

/// Writes the ledger as it is at this moment, whatever its writer does meanwhile. Answers how many points there are.
/// `go_on` hears how many are written so far, and says whether to.
pub fn export(
    reader: &mut SqliteReader,
    out: &mut dyn Write,
    now: Moment,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<u64, ExportError> {
    reader.at_one_moment()?;
    let unfit = |why: String| LedgerError::Damaged {
        path: reader.path().into(),
        why,
    };
    let header = Header {
        format: FORMAT.into(),
        version: VERSION,
        migration: Migration::of(reader.route()),
        created_at: reader.created_at()?,
        exported_at: Some(now),
    };
    write!(out, "{{\n \"ledger\": ")?;
    write_json(out, &header)?;
    let plans: Result<Vec<_>, _> = reader.plans()?.iter().map(PlanDocument::of).collect();
    write_section(out, "plans", plans.map_err(unfit)?)?;
    write_section(out, "windows", reader.windows()?.iter().map(WindowDocument::of))?;
    write_section(
        out,
        "learned",
        reader.learned()?.into_iter().filter_map(LearnedDocument::of),
    )?;
    let parked = reader.groups()?.into_iter().filter_map(|standing| {
        let cause = CauseDocument::of(standing.parked?);
        Some(ParkedDocument::of(&standing.group, cause))
    });
    write_section(out, "parked_groups", parked)?;
    let journal: Result<Vec<_>, _> = reader.entries(None)?.iter().map(EntryDocument::of).collect();
    write_section(out, "journal", journal.map_err(unfit)?)?;
    write!(out, ",\n \"points\": [")?;
    let mut written = 0;
    let mut after = PointId(0);
    loop {
        let page = reader.whole_points(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.known.id;
        for whole in page {
            out.write_all(if written == 0 { b"\n  " } else { b",\n  " })?;
            let point = PointDocument::of(whole.known, whole.first_seen, whole.changed).map_err(unfit)?;
            write_point(out, &point, whole.events)?;
            written += 1;
        }
        if !go_on(written) {
            return Err(ExportError::Interrupted);
        }
    }
    out.write_all(if written == 0 { b"]\n}\n" } else { b"\n ]\n}\n" })?;
    out.flush()?;
    Ok(written)
}

fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(out, value).map_err(io::Error::from)
}

/// A member whose elements stand one on a line.
fn write_section(
    out: &mut dyn Write,
    name: &str,
    elements: impl IntoIterator<Item = impl Serialize>,
) -> io::Result<()> {
    write!(out, ",\n \"{name}\": [")?;
    let mut any = false;
    for element in elements {
        out.write_all(if any { b",\n  " } else { b"\n  " })?;
        write_json(out, &element)?;
        any = true;
    }
    out.write_all(if any { b"\n ]" } else { b"]" })
}

/// What planning knows on one line, and every event on one of its own.
fn write_point(out: &mut dyn Write, point: &PointDocument, events: Vec<sav_domain::transfer::Event>) -> io::Result<()> {
    if events.is_empty() {
        return write_json(out, point);
    }
    let mut line = serde_json::to_vec(point).map_err(io::Error::from)?;
    line.pop();
    out.write_all(&line)?;
    out.write_all(b",\n   \"events\": [")?;
    for (index, event) in events.into_iter().enumerate() {
        out.write_all(if index == 0 { b"\n    " } else { b",\n    " })?;
        write_json(out, &EventDocument::of(event))?;
    }
    out.write_all(b"\n   ]}")
}

/// The same into a file that appears whole or not at all. What is no regular file (a pipe, a terminal) is written directly.
pub fn export_to_file(
    reader: &mut SqliteReader,
    file: &Path,
    now: Moment,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<u64, ExportError> {
    // What a link points to is what is replaced, not the link.
    let path = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let trouble = |doing: &'static str| {
        let path = path.clone();
        move |error: io::Error| ExportError::File {
            path,
            doing,
            why: error.to_string(),
        }
    };
    match std::fs::metadata(&path) {
        Ok(known) if known.is_dir() => {
            return Err(trouble("written")(io::Error::other("it is a folder")));
        }
        Ok(known) if !known.is_file() => {
            let file = OpenOptions::new().write(true).open(&path).map_err(trouble("opened"))?;
            return export(reader, &mut BufWriter::new(file), now, go_on);
        }
        _ => {}
    }
    let unfinished = Unfinished::beside(&path).map_err(trouble("created"))?;
    let mut out = BufWriter::with_capacity(1 << 18, &unfinished.file);
    let written = export(reader, &mut out, now, go_on).map_err(|error| match error {
        ExportError::Write(error) => trouble("written")(error),
        other => other,
    })?;
    drop(out);
    unfinished.become_(&path).map_err(trouble("written"))?;
    Ok(written)
}

/// A file under another name until it is whole; without that it goes.
pub(crate) struct Unfinished {
    pub(crate) file: File,
    path: PathBuf,
    whole: bool,
}

impl Unfinished {
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let path = beside(path, &format!(".unfinished-{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        private(&mut options);
        let file = options.open(&path)?;
        Ok(Self {
            file,
            path,
            whole: false,
        })
    }

    pub(crate) fn become_(mut self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, path)?;
        self.whole = true;
        sync_folder_of(path)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.whole {
            // Nobody misses it; and there is nobody to tell if it stays.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes a new name in a folder last.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
