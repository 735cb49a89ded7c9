//! What the CMDB says of a resource, as tags on the copies of its points.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use crate::metadata::same_column;
use crate::text::quoted;
use crate::twin::Tags;

const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// Columns of the metadata table, whose names become the tags' keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyTags {
    columns: Vec<Box<str>>,
}

/// The tags of one copy, and the cells that AWS would not take as values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub tags: Tags,
    /// Keys with the reason.
    pub unfit: Vec<(Box<str>, Unfit)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unfit {
    TooLong,
    Characters,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than the {LONGEST_VALUE} characters of a tag's value"),
            Self::Characters => f.write_str("holds characters that a tag's value cannot have"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CopyTagsError {
    #[error("{} begins with `aws:`, which AWS reserves for itself", quoted(.key))]
    Reserved { key: String },
    #[error(
        "{} cannot be the key of a tag: 1 to {LONGEST_KEY} letters, digits, spaces or one of + - = . _ : / @ were expected",
        quoted(.key)
    )]
    Key { key: String },
    #[error("{} is named twice", quoted(.key))]
    Twice { key: String },
    #[error("{count} columns are more than the {MOST} tags that a recovery point can have")]
    TooMany { count: usize },
}

impl FromStr for CopyTags {
    type Err = CopyTagsError;

    /// Separated by commas.
    fn from_str(text: &str) -> Result<Self, CopyTagsError> {
        let mut columns: Vec<Box<str>> = Vec::new();
        for key in text.split(',').map(str::trim) {
            let key = || key.to_owned();
            if key().to_ascii_lowercase().starts_with("aws:") {
                return Err(CopyTagsError::Reserved { key: key() });
            }
            if key().is_empty() || key().chars().count() > LONGEST_KEY || !key().chars().all(allowed) {
                return Err(CopyTagsError::Key { key: key() });
            }
            if columns.iter().any(|column| same_column(column, &key())) {
                return Err(CopyTagsError::Twice { key: key() });
            }
            columns.push(key().into());
        }
        if columns.len() > MOST {
            return Err(CopyTagsError::TooMany { count: columns.len() });
        }
        Ok(Self { columns })
    }
}

impl fmt::Display for CopyTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.columns.join(","))
    }
}

impl CopyTags {
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| &**column)
    }

    /// What the copy of a point with this metadata, a JSON object of cells, is to be tagged with. An empty cell makes no tag.
    pub fn of_copy(&self, metadata: Option<&str>) -> Wanted {
        let mut wanted = Wanted::default();
        let cells: Map<String, Value> = metadata
            .and_then(|cells| serde_json::from_str(cells).ok())
            .unwrap_or_default();
        for key in &self.columns {
            let cell = cells.iter().find(|(column, _)| same_column(column, key));
            let Some(value) = cell
                .and_then(|(_, cell)| cell.as_str())
                .filter(|value| !value.is_empty())
            else {
                continue;
            };
            if value.chars().count() > LONGEST_VALUE {
                wanted.unfit.push((key.clone(), Unfit::TooLong));
            } else if value.chars().all(allowed) {
                wanted.tags.insert(key.clone(), value.into());
            } else {
                wanted.unfit.push((key.clone(), Unfit::Characters));
            }
        }
        wanted
    }
}

/// Letters and digits of any script.
fn allowed(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, ' ' | '+' | '-' | '=' | '.' | '_' | ':' | '/' | '@')
}

/// What the ledger remembers of a tagged copy: which one it is and with what, in a number. The same for ever, on every machine
/// (FNV-1a of 64 bits, a byte that no text holds between the texts).
pub fn print_of(copy_arn: &str, tags: &Tags) -> u64 {
    let texts = tags.iter().flat_map(|(key, value)| [&**key, &**value]);
    let bytes = std::iter::once(copy_arn)
        .chain(texts)
        .flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |print, byte| {
        (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|&(key, value)| (key.into(), value.into())).collect()
    }

    #[test]
    fn cells_become_tags_under_the_names_that_were_asked_for() {
        let asked: CopyTags = "APMID, Owner".parse().unwrap();
        let cells = r#"{"apmid":"APM1","OWNER":"Zoë / team","Cost":"7"}"#;
        assert_eq!(
            asked.of_copy(Some(cells)).tags,
            tags(&[("APMID", "APM1"), ("Owner", "Zoë / team")])
        );
        for nothing in [None, Some(r#"{"apmid":null,"owner":""}"#), Some("no JSON"), Some("[1]")] {
            assert_eq!(asked.of_copy(nothing), Wanted::default(), "{nothing:?}");
        }
    }

    #[test]
    fn what_aws_would_refuse_is_left_out_and_told() {
        let asked: CopyTags = "a,b,c".parse().unwrap();
        let cells = serde_json::json!({ "a": "x".repeat(257), "b": "semi;colon", "c": "x".repeat(256) }).to_string();
        let wanted = asked.of_copy(Some(&cells));
        assert_eq!(wanted.tags.keys().map(|key| &**key).collect::<Vec<_>>(), ["c"]);
        assert_eq!(
            wanted.unfit,
            [("a".into(), Unfit::TooLong), ("b".into(), Unfit::Characters)]
        );
    }

    #[test]
    fn keys_keep_to_the_rules_of_aws() {
        let many = (0..51).map(|n| format!("k{n}")).collect::<Vec<_>>().join(",");
        for (text, says) in [
            ("AWS:owner", "reserves"),
            ("", "cannot be the key"),
            ("a,,b", "cannot be the key"),
            ("a;b", "cannot be the key"),
            (&*"x".repeat(129), "cannot be the key"),
            ("Owner,owner", "twice"),
            (&many, "51 columns"),
        ] {
            let refused = text.parse::<CopyTags>().unwrap_err().to_string();
            assert!(refused.contains(says), "{text}: {refused}");
        }
    }

    #[test]
    fn a_print_tells_copies_and_tags_apart_and_never_changes() {
        let one = tags(&[("a", "bc")]);
        let print = print_of("arn:1", &one);
        assert_eq!(print, print_of("arn:1", &one));
        for (arn, other) in [
            ("arn:2", one.clone()),
            ("arn:1", tags(&[("ab", "c")])),
            ("arn:1", tags(&[])),
        ] {
            assert_ne!(print, print_of(arn, &other), "{arn} {other:?}");
        }
        // Ledgers hold such numbers.
        assert_eq!(print_of("arn:1", &Tags::new()), 0xc8f5_63ff_4767_3bb2);
    }
}
