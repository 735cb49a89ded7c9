//! What can be wrong with a selection before the first point was seen.

use crate::text::{did_you_mean, quoted};
use crate::time::MomentError;

/// `option` is how the user gave it: `--min-size-gb`, or the key and the rule of the configuration file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelectionError {
    #[error("{option} is given, but holds nothing to choose; name at least one value or leave the option out")]
    EmptyList { option: String },
    #[error("{option}: {source}")]
    BadMoment {
        option: String,
        #[source]
        source: MomentError,
    },
    #[error("{option} is {value}: it must be a number from 0 up")]
    BadNumber { option: String, value: f64 },
    #[error("{option} is {value}: it must be a number of days from 0 to {most} (100 years)")]
    TooLong { option: String, value: f64, most: f64 },
    #[error("{lower} and {upper} together choose nothing: {why}; change one of them")]
    ImpossibleRange { lower: String, upper: String, why: String },
    #[error("{option} {}: expected KEY=VALUE, a column of the metadata and the value wanted there", quoted(.given))]
    BadPair { option: String, given: String },
    #[error("{option}: the list in the file {} was not read", quoted(.file))]
    UnreadFile { option: String, file: String },
    #[error("{excluded} takes away every APMID of {allowed}, so nothing can be chosen; change one of them")]
    NoApmidLeft { allowed: String, excluded: String },
    #[error("{rule} has no condition, so it would apply to every point; give it one or take it out")]
    EmptyRule { rule: String },
    #[error("{rule}: `excluded-apmids` in an exclude rule would say the opposite of what it looks like; write `apmid`")]
    DoubleNegation { rule: String },
    #[error("two rules are called {}; give each its own name, it is shown as the reason of what it leaves out", quoted(.name))]
    SameName { name: String },
    #[error("{option} needs to know the points' owners; name the table with --metadata-csv FILE")]
    TableNeeded { option: String },
    #[error(
        "the metadata has no APMID column, but APMIDs are asked for; name the column with --apmid-column; {}",
        columns_found(.columns)
    )]
    NoApmidColumn { columns: Vec<String> },
    #[error(
        "the metadata has no column {}{}; {}",
        quoted(.column),
        did_you_mean(.near),
        columns_found(.columns)
    )]
    NoSuchColumn {
        column: String,
        near: Vec<String>,
        columns: Vec<String>,
    },
}

fn columns_found(columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
    if columns.is_empty() {
        "it has no further columns".into()
    } else {
        format!("its columns: {}", columns.join(", "))
    }
}
