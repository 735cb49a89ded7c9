//! Writing: line by line, into a file that appears whole or not at all.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::{AFTER_SUM, BEFORE_SUM, Chain, FOOTER, FORMAT, HEADER, POINT, VERSION};
use crate::ledger::Unfinished;

#[derive(Debug, thiserror::Error)]
#[error("the evidence {} could not be written: {why}; make room or permit it, or name another file", .path.display())]
pub struct EvidenceError {
    path: PathBuf,
    why: String,
}

#[derive(Serialize)]
struct Entry<'a, T> {
    line: u64,
    kind: &'a str,
    #[serde(flatten)]
    content: &'a T,
}

#[derive(Serialize)]
struct Header<'a> {
    format: &'static str,
    version: u64,
    #[serde(flatten)]
    content: &'a Value,
}

#[derive(Serialize)]
struct Footer<'a> {
    points: u64,
    #[serde(flatten)]
    content: &'a Value,
}

/// Writes the file, and answers its seal. `header` and what `footer` makes of the number of points are objects.
pub fn write_evidence<T: Serialize>(
    path: &Path,
    header: &Value,
    points: impl Iterator<Item = T>,
    footer: impl FnOnce(u64) -> Value,
) -> Result<String, EvidenceError> {
    let trouble = |error: io::Error| EvidenceError {
        path: path.into(),
        why: error.to_string(),
    };
    if path.is_dir() {
        return Err(trouble(io::Error::other("it is a folder")));
    }
    let unfinished = Unfinished::beside(path).map_err(trouble)?;
    let out = BufWriter::with_capacity(1 << 18, &unfinished.file);
    let seal = write_lines(out, header, points, footer).map_err(trouble)?;
    unfinished.become_(path).map_err(trouble)?;
    Ok(seal)
}

fn write_lines<T: Serialize>(
    out: impl Write,
    header: &Value,
    points: impl Iterator<Item = T>,
    footer: impl FnOnce(u64) -> Value,
) -> io::Result<String> {
    let mut sheet = Sheet {
        out,
        chain: Chain::default(),
        lines: 0,
    };
    let header = Header {
        format: FORMAT,
        version: VERSION,
        content: header,
    };
    sheet.put(HEADER, &header)?;
    for point in points {
        sheet.put(POINT, &point)?;
    }
    let points = sheet.lines - 1;
    let content = footer(points);
    let footer = Footer {
        points,
        content: &content,
    };
    sheet.put(FOOTER, &footer)?;
    sheet.out.flush()?;
    Ok(sheet.chain.sum)
}

struct Sheet<W> {
    out: W,
    chain: Chain,
    lines: u64,
}

impl<W: Write> Sheet<W> {
    fn put(&mut self, kind: &str, content: &impl Serialize) -> io::Result<()> {
        self.lines += 1;
        let line = Entry {
            line: self.lines,
            kind,
            content,
        };
        let mut text = serde_json::to_vec(&line)?;
        // The sum comes before the brace that ends the object.
        text.pop();
        self.out.write_all(&text)?;
        let sum = self.chain.next(&text);
        self.out.write_all(BEFORE_SUM.as_bytes())?;
        self.out.write_all(sum.as_bytes())?;
        self.out.write_all(AFTER_SUM.as_bytes())?;
        self.out.write_all(b"\n")
    }
}
