//! A ledger made of an export, edited or not. It is built beside its place under a name and in a state in which nobody takes
//! it for a ledger, and put into its place when it is whole.

mod builder;
mod reading;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sav_application::ports::LedgerError;
use sav_domain::{Moment, Route};

use self::builder::Builder;
use super::export::sync_folder_of;
use super::fault;
use super::file::{self, Look};
use super::lock::Lock;
use super::path::{beside, remove_leavings};

/// Why something is not taken: the document's fault, or none of its.
#[derive(Debug)]
enum Wrong {
    Document(String),
    Other(ImportError),
}

impl From<Wrong> for ImportError {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Document(why) => Self::Document { why },
            Wrong::Other(error) => error,
        }
    }
}

/// What an import brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub route: Route,
    pub points: u64,
    pub events: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(
        "there is a file at {} already, and an import replaces nothing; `state reset` sets a ledger aside, or name another \
         file with --state-file",
        .path.display()
    )]
    Exists { path: PathBuf },
    #[error(
        "the document is no export of a ledger that can be taken back: {why}; nothing was imported; correct it and try again"
    )]
    Document { why: String },
    #[error(
        "the document was written by a newer version of this program (version {found}, this one knows up to {known}); use that one"
    )]
    NewerDocument { found: u32, known: u32 },
    #[error(
        "the document belongs to another migration, {found}, and this one is {wanted}; nothing was imported; check \
         --source-account, --dest-account and --region"
    )]
    OtherMigration { wanted: String, found: Route },
    #[error("the document could not be read: {0}; nothing was imported")]
    Read(#[from] io::Error),
    #[error("the import was interrupted; nothing was imported")]
    Interrupted,
}

/// Whether a document of this migration is wanted.
pub type Whose<'a> = &'a dyn Fn(&Route) -> Result<(), ImportError>;

/// Makes the ledger at `path` of the document. `whose` says whether it is the right migration's.
/// `go_on` hears how many points have come so far, and says whether to.
pub fn import(
    document: &mut dyn Read,
    path: &Path,
    whose: Whose<'_>,
    now: Moment,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Imported, ImportError> {
    nothing_there(path)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| fault::of_io(path, "created", &error))?;
    }
    let _lock = Lock::take(path, now)?;
    nothing_there(path)?;
    let unfinished = Unfinished::beside(path)?;
    let mut builder = Builder::create(&unfinished.0, path)?;
    let route = reading::read(document, &mut builder, whose, go_on)?;
    let (points, events) = builder.finish()?;
    let put = || {
        File::open(&unfinished.0)?.sync_all()?;
        remove_leavings(path)?;
        std::fs::rename(&unfinished.0, path)?;
        sync_folder_of(path)
    };
    put().map_err(|error| fault::of_io(path, "put into its place", &error))?;
    Ok(Imported { route, points, events })
}

/// Neither a file, nor what SQLite would take for the latest changes of the file to come.
fn nothing_there(path: &Path) -> Result<(), ImportError> {
    let wal = beside(path, "-wal");
    if std::fs::metadata(&wal).is_ok_and(|file| file.len() > 0) {
        return Err(ImportError::Exists { path: wal });
    }
    match file::look_at(path) {
        Ok(Look::Absent) => Ok(()),
        Err(error @ (LedgerError::Io { .. } | LedgerError::ReadOnly { .. })) => Err(error.into()),
        Ok(Look::Database) | Err(_) => Err(ImportError::Exists { path: path.into() }),
    }
}

/// The file under its name of the meantime, which goes with it. One that a killed import left is begun anew: the lock says
/// that nobody else is at it.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(path: &Path) -> Result<Self, LedgerError> {
        let unfinished = beside(path, ".importing");
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault::of_io(path, "created", &error)),
            _ => Ok(Self(unfinished)),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Renamed by now if all went well; else nobody misses it.
        let _ = std::fs::remove_file(&self.0);
    }
}
