//! Why a metadata file could not be used: where, what stands there, what was expected.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::arns::Arns;
use sav_domain::text::{near_names, quoted};

#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error("cannot open the metadata file {}: {}", .path.display(), why_not(.source))]
    Open { path: PathBuf, source: io::Error },
    #[error("the metadata file {} is a directory; name the CSV file in it with --metadata-csv", .path.display())]
    Directory { path: PathBuf },
    #[error("reading the metadata file {} failed after line {line}: {source}", .path.display())]
    Read {
        path: PathBuf,
        line: u64,
        source: io::Error,
    },
    #[error(
        "the metadata file {} is empty; expected a line with the columns' names, one of them `{arn_column}`",
        .path.display()
    )]
    Empty { path: PathBuf, arn_column: String },
    #[error(
        "{}:{line}:{column}: this is not UTF-8{}; export the file as UTF-8 and try again",
        .path.display(),
        if *.utf16 { ", it looks like UTF-16" } else { "" }
    )]
    NotUtf8 {
        path: PathBuf,
        line: u64,
        column: u64,
        utf16: bool,
    },
    #[error("{}:{line}:{column}: {flaw}", .path.display())]
    Malformed {
        path: PathBuf,
        line: u64,
        column: u64,
        flaw: Flaw,
    },
    #[error(
        "the metadata file {} has no column `{wanted}`; {}; {option} names the right one",
        .path.display(),
        found(.columns, .wanted, *.delimiter)
    )]
    NoColumn {
        path: PathBuf,
        option: &'static str,
        wanted: String,
        columns: Vec<String>,
        delimiter: char,
    },
    #[error(
        "the metadata file {} names the column {} twice, as number {first} and number {second}; rename one of them",
        .path.display(),
        quoted(.name)
    )]
    RepeatedColumn {
        path: PathBuf,
        name: String,
        first: usize,
        second: usize,
    },
    #[error("the metadata file {} holds more than a table can: at most 4 GiB of one column's text; split it", .path.display())]
    TooLarge { path: PathBuf },
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Fewer cells than columns.
    TooFew {
        cells: usize,
        columns: usize,
        missing: String,
    },
    /// More cells than columns, and not just empty ones.
    TooMany { columns: usize },
    /// Text behind the quote that ends a cell.
    AfterQuote { found: char, delimiter: char },
    /// A quoted cell without an end.
    NeverClosed,
    /// No ARN is that long.
    LongArn { length: usize },
    /// A line longer than any record.
    Endless,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew {
                cells,
                columns,
                missing,
            } => write!(
                f,
                "the line ends after {cells} {}, expected {columns} as in the header: {} is missing",
                if *cells == 1 { "value" } else { "values" },
                quoted(missing)
            ),
            Self::TooMany { columns } => {
                write!(
                    f,
                    "here begins a value more than the header has columns, expected {columns}"
                )
            }
            Self::AfterQuote { found, delimiter } => write!(
                f,
                "found {found:?} behind the quote that ends the value, expected {delimiter:?} or the end of the line; \
                 a quote inside a value is written twice"
            ),
            Self::LongArn { length } => {
                write!(
                    f,
                    "this is no resource's ARN: it has {length} bytes, expected at most {}",
                    Arns::LONGEST
                )
            }
            Self::Endless => f.write_str("this line goes on for more than 4 MiB, expected a table with short lines"),
            Self::NeverClosed => f.write_str("the quote that opens this value is never closed, expected another `\"`"),
        }
    }
}

/// A `--csv-delimiter` that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot separate values; expected one character such as `,`, `;`, `|`, or `tab`", quoted(.given))]
pub struct BadDelimiter {
    pub given: String,
}

fn why_not(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::NotFound => "there is no such file; check the path given with --metadata-csv".into(),
        io::ErrorKind::PermissionDenied => "this user may not read it; check the permissions of the file".into(),
        _ => source.to_string(),
    }
}

fn found(columns: &[String], wanted: &str, delimiter: char) -> String {
    let shown: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
    let plain = |name: &str| {
        name.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let alike = columns
        .iter()
        .map(String::as_str)
        .find(|name| plain(name) == plain(wanted));
    let near = alike.or_else(|| near_names(wanted, columns.iter().map(String::as_str)).first().copied());
    let hint = near
        .map(|near| format!("; did you mean {}?", quoted(near)))
        .unwrap_or_default();
    format!("found {} (separated by {delimiter:?}){hint}", shown.join(", "))
}
