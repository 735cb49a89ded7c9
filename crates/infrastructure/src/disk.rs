//! How much room there is where a file lies or is to lie.

use std::io;
use std::path::Path;

/// Of the nearest folder above that exists; what an ordinary user may still write.
pub fn free_bytes(file: &Path) -> io::Result<u64> {
    let absolute = std::path::absolute(file)?;
    let folder = absolute.ancestors().find(|place| place.exists());
    let folder = folder.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no folder above it exists"))?;
    let seen = rustix::fs::statvfs(folder)?;
    Ok(seen.f_bavail.saturating_mul(seen.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_yet_has_the_room_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(&folder.path().join("not/yet/there.db")).unwrap() > 0);
    }
}
