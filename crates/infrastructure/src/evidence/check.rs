//! Checking: needs the file and nothing else.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{AFTER_SUM, BEFORE_SUM, Chain, FOOTER, FORMAT, HEADER, POINT, SUM_LENGTH, VERSION};

/// A file in which every line is as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    pub header: Value,
    pub footer: Value,
    pub points: u64,
    /// The last line's sum: as it was told when the file was written, or this is another file.
    pub seal: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    #[error("the evidence {} cannot be read: {why}", .path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("the evidence {} is not as it was written: line {line} is the first that was altered ({why})", .path.display())]
    Altered {
        path: PathBuf,
        line: u64,
        why: &'static str,
    },
    #[error(
        "the evidence {} was written by a newer version of this program (version {found} of its form): check it with that one",
        .path.display()
    )]
    Newer { path: PathBuf, found: u64 },
}

pub fn check(path: &Path) -> Result<Checked, EvidenceFault> {
    let unreadable = |error: std::io::Error| EvidenceFault::Unreadable {
        path: path.into(),
        why: error.to_string(),
    };
    let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(unreadable)?);
    let mut chain = Chain::default();
    let mut header: Option<Value> = None;
    let mut footer: Option<Value> = None;
    let mut points = 0;
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let altered = |why: &'static str| EvidenceFault::Altered {
            path: path.into(),
            line,
            why,
        };
        if file.read_until(b'\n', &mut text).map_err(unreadable)? == 0 {
            let (Some(header), Some(footer)) = (header, footer) else {
                return Err(altered("the file ends before its footer"));
            };
            return Ok(Checked {
                header,
                footer,
                points,
                seal: chain.sum,
            });
        }
        if footer.is_some() {
            return Err(altered("nothing comes after the footer"));
        }
        let body = body(&text, &mut chain).map_err(altered)?;
        let said: Value = serde_json::from_slice(&body).map_err(|_| altered("it is no JSON object"))?;
        if said["line"] != line {
            return Err(altered("it is another line"));
        }
        match (said["kind"].as_str(), header.is_some()) {
            (Some(HEADER), false) if said["format"] == FORMAT => {
                let found = said["version"].as_u64().unwrap_or_default();
                if found > VERSION {
                    return Err(EvidenceFault::Newer {
                        path: path.into(),
                        found,
                    });
                }
                header = Some(said);
            }
            (Some(POINT), true) => points += 1,
            (Some(FOOTER), true) if said["points"] == points => footer = Some(said),
            _ => return Err(altered("it does not belong here")),
        }
    }
    unreachable!("a file has an end")
}

/// The line as JSON without its sum, if that is the right one.
fn body(line: &[u8], chain: &mut Chain) -> Result<Vec<u8>, &'static str> {
    let line = line.strip_suffix(b"\n").ok_or("it is cut off")?;
    let line = line.strip_suffix(AFTER_SUM.as_bytes()).ok_or("it has no sum")?;
    let (text, sum) = line.split_at(line.len().checked_sub(SUM_LENGTH).ok_or("it has no sum")?);
    let text = text.strip_suffix(BEFORE_SUM.as_bytes()).ok_or("it has no sum")?;
    if chain.next(text).as_bytes() != sum {
        return Err("its sum is not that of its text and of the lines before it");
    }
    let mut body = text.to_vec();
    body.push(b'}');
    Ok(body)
}
