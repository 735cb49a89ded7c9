//! SQLite's and the system's troubles in the words of the port.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;
use sav_application::ports::LedgerError;

pub(super) fn of_sqlite(path: &Path, doing: &'static str, error: &rusqlite::Error) -> LedgerError {
    let path = path.to_path_buf();
    let why = error.to_string();
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        // The statements are ours and tested: what does not fit them is what stands in the file.
        return LedgerError::Damaged { path, why };
    };
    match failure.code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => LedgerError::Damaged { path, why },
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
            LedgerError::ReadOnly { path, why }
        }
        ErrorCode::DiskFull => LedgerError::Full { path, why },
        ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_WRITE => {
            // A quota or a size limit says so with an error of its own, not with "no space left".
            let why = String::from("the system refused a write: a quota, a size limit or a failing disk");
            LedgerError::Full { path, why }
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => LedgerError::Held { path, holder: None },
        _ => LedgerError::Io { path, doing, why },
    }
}

pub(super) fn of_io(path: &Path, doing: &'static str, error: &io::Error) -> LedgerError {
    let path = path.to_path_buf();
    let why = error.to_string();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => LedgerError::ReadOnly { path, why },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            LedgerError::Full { path, why }
        }
        _ => LedgerError::Io { path, doing, why },
    }
}
