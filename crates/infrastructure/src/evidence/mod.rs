//! The evidence of a verification: a file of JSON lines for an auditor, each of which vouches for all before it.
//!
//! ```text
//!   {"line":1,"kind":"header",…,"sha256":"a1…"}     sha256 of the text before `,"sha256"`
//!   {"line":2,"kind":"point",…,"sha256":"b2…"}      sha256 of "a1…" followed by the text before `,"sha256"`
//!   {"line":3,"kind":"footer",…,"sha256":"c3…"}     sha256 of "b2…" and so on; this last one is the seal
//! ```
//!
//! Nobody can change, remove, add or move a line without changing the seal, and the seal is noted elsewhere.

mod check;
mod write;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

pub use check::{Checked, EvidenceFault, check};
pub use write::{EvidenceError, write_evidence};

/// What the header says that the file is.
const FORMAT: &str = "shuffle-aws-vaults evidence";
const VERSION: u64 = 1;
const HEADER: &str = "header";
const POINT: &str = "point";
const FOOTER: &str = "footer";
/// Between a line's text and its sum.
const BEFORE_SUM: &str = ",\"sha256\":\"";
const AFTER_SUM: &str = "\"}";
const SUM_LENGTH: usize = 64;

/// The sum of the lines so far.
#[derive(Debug, Default)]
struct Chain {
    sum: String,
}

impl Chain {
    /// Takes the next line in, without its sum, and answers what that is.
    fn next(&mut self, text: &[u8]) -> &str {
        let mut hasher = Sha256::new();
        hasher.update(self.sum.as_bytes());
        hasher.update(text);
        self.sum = in_hex(&hasher.finalize());
        &self.sum
    }
}

fn in_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The SHA-256 of a file, by which it can be recognised.
pub fn digest_of_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(in_hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn evidence(folder: &Path, points: usize) -> (std::path::PathBuf, String) {
        let path = folder.join("evidence.jsonl");
        let lines = (0..points).map(|n| json!({ "recovery_point_arn": format!("arn:{n}"), "finding": "verified" }));
        let seal = write_evidence(
            &path,
            &json!({ "why": "a test" }),
            lines,
            |points| json!({ "seen": points }),
        )
        .unwrap();
        (path, seal)
    }

    fn check_bytes(folder: &Path, bytes: &[u8]) -> Result<Checked, EvidenceFault> {
        let path = folder.join("altered.jsonl");
        std::fs::write(&path, bytes).unwrap();
        check(&path)
    }

    fn lines(bytes: &[u8]) -> Vec<&[u8]> {
        bytes.split_inclusive(|byte| *byte == b'\n').collect()
    }

    #[test]
    fn what_was_written_is_found_whole_and_sealed() {
        let folder = tempfile::tempdir().unwrap();
        for points in [0, 1, 50] {
            let (path, seal) = evidence(folder.path(), points);
            let checked = check(&path).unwrap();
            assert_eq!((checked.seal, checked.points), (seal, points as u64));
            assert_eq!(checked.header["why"], "a test");
            assert_eq!(checked.footer["seen"], points);
            assert_eq!(
                std::fs::read_dir(folder.path()).unwrap().count(),
                1,
                "nothing unfinished is left"
            );
        }
    }

    #[test]
    fn anybody_can_reckon_the_sums() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = evidence(folder.path(), 1);
        let text = std::fs::read_to_string(path).unwrap();
        let mut before = String::new();
        for line in text.lines() {
            let (body, sum) = line.split_once(BEFORE_SUM).unwrap();
            let sum = sum.strip_suffix(AFTER_SUM).unwrap();
            assert_eq!(in_hex(&Sha256::digest(format!("{before}{body}"))), sum);
            assert!(serde_json::from_str::<Value>(line).is_ok());
            before = sum.to_owned();
        }
    }

    #[test]
    fn a_line_that_is_removed_moved_added_or_cut_off_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (path, _) = evidence(folder.path(), 4);
        let whole = std::fs::read(path).unwrap();
        let all = lines(&whole);
        assert_eq!(all.len(), 6);
        let altered = |lines: &[&[u8]]| check_bytes(folder.path(), &lines.concat()).unwrap_err();
        let line_of = |fault: EvidenceFault| match fault {
            EvidenceFault::Altered { line, .. } => line,
            other => panic!("{other}"),
        };
        for removed in 0..all.len() {
            let mut rest = all.clone();
            rest.remove(removed);
            let line = line_of(altered(&rest));
            assert_eq!(line, removed as u64 + 1, "the first that is not what it was");
        }
        for place in 0..all.len() - 1 {
            let mut swapped = all.clone();
            swapped.swap(place, place + 1);
            assert_eq!(line_of(altered(&swapped)), place as u64 + 1);
            let mut twice = all.clone();
            twice.insert(place, all[place]);
            assert_eq!(line_of(altered(&twice)), place as u64 + 2);
        }
        let mut longer = all.clone();
        longer.push(all[5]);
        assert_eq!(line_of(altered(&longer)), 7);
        for end in 0..whole.len() {
            assert!(check_bytes(folder.path(), &whole[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_file_that_is_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b""[..], b"\n", b"{}\n", b"\xff\xfe\n", b"{\"line\":1}\n"] {
            assert!(check_bytes(folder.path(), bytes).is_err(), "{bytes:?}");
        }
        assert!(matches!(
            check(&folder.path().join("none")),
            Err(EvidenceFault::Unreadable { .. })
        ));
    }

    proptest! {
        #[test]
        fn one_changed_byte_anywhere_is_detected_in_its_line(points in 0_usize..12, place in any::<prop::sample::Index>(), flip in 1_u8..=255) {
            let folder = tempfile::tempdir().unwrap();
            let (path, _) = evidence(folder.path(), points);
            let mut bytes = std::fs::read(path).unwrap();
            let place = place.index(bytes.len());
            let line = bytes[..place].split(|byte| *byte == b'\n').count() as u64;
            bytes[place] ^= flip;
            match check_bytes(folder.path(), &bytes) {
                Err(EvidenceFault::Altered { line: named, .. }) => prop_assert_eq!(named, line),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
