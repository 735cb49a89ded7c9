//! One writer at a time. The lock is the operating system's, so it ends with its process however that ends; what stands in
//! the file only tells the refused one whom to look for.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use sav_application::ports::{Holder, LedgerError};
use sav_domain::Moment;

use super::fault;
use super::path::beside;

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    pub(super) fn take(ledger: &Path, since: Moment) -> Result<Self, LedgerError> {
        let path = beside(ledger, ".lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        private(&mut options);
        let mut file = options
            .open(&path)
            .map_err(|error| fault::of_io(ledger, "locked", &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LedgerError::Held {
                    path: ledger.into(),
                    holder: holder_in(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(fault::of_io(ledger, "locked", &error)),
        }
        let holder = format!("{}\n{}\n{since}\n", std::process::id(), this_host());
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(holder.as_bytes()))
            .map_err(|error| fault::of_io(ledger, "locked", &error))?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    /// Who looks later need not try the lock to see that nobody holds it. Let go by name: a process that was just being started
    /// may share the file for another moment.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// Who has the ledger open for writing; none if nobody has. What a killed process left in the file is not believed.
pub fn holder(ledger: &Path) -> Option<Holder> {
    let mut file = File::open(beside(ledger, ".lock")).ok()?;
    let holder = holder_in(&mut file)?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder),
        _ => None,
    }
}

fn holder_in(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    Some(Holder {
        pid: lines.next()?.parse().ok()?,
        host: lines.next()?.into(),
        since: Moment::parse(lines.next()?).ok()?,
    })
}

/// The name that this machine goes by, for people; nothing is decided by it.
fn this_host() -> String {
    let told = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .or_else(|| {
            ["HOSTNAME", "COMPUTERNAME"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok())
        });
    let name: String = told.unwrap_or_default().split_whitespace().collect();
    if name.is_empty() {
        String::from("this host")
    } else {
        name
    }
}

/// For the owner's eyes only.
pub(super) fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = options;
}
