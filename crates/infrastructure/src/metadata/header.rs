//! The header: which character separates the values, and which column is which.

use std::path::Path;

use sav_domain::metadata::same_column;

use super::error::{BadDelimiter, MetadataError};
use super::records::{Cells, Step, next_record};

/// How the file is to be read, where the operator said so.
#[derive(Clone, Debug, Default)]
pub struct CsvOptions {
    pub delimiter: Option<Delimiter>,
    /// The column with the resource ARNs; `resourceArn` unless told.
    pub arn_column: Option<String>,
    /// The column with the APMIDs; `APMID`, if there is one, unless told.
    pub apmid_column: Option<String>,
}

/// What stands between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiter(u8);

impl Delimiter {
    /// In the order of preference when a header could be read with several.
    const USUAL: [Self; 3] = [Self(b','), Self(b';'), Self(b'\t')];

    pub(super) fn byte(self) -> u8 {
        self.0
    }
}

impl std::str::FromStr for Delimiter {
    type Err = BadDelimiter;

    fn from_str(text: &str) -> Result<Self, BadDelimiter> {
        match text.as_bytes() {
            _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii_punctuation() && *byte != b'"' || *byte == b'\t' => Ok(Self(*byte)),
            _ => Err(BadDelimiter { given: text.into() }),
        }
    }
}

/// The header, understood.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) delimiter: u8,
    /// Every column's name; one without a name is called by its number.
    pub(super) names: Vec<String>,
    pub(super) arn: usize,
    pub(super) apmid: Option<usize>,
}

impl CsvOptions {
    pub(super) const ARN: &'static str = "resourceArn";
    pub(super) const APMID: &'static str = "APMID";

    pub(super) fn arn_column(&self) -> &str {
        self.arn_column.as_deref().unwrap_or(Self::ARN)
    }

    /// The operator's word; else the first usual one under which the ARN column appears; else the most frequent.
    pub(super) fn delimiter_of(&self, text: &str, from: usize, complete: bool) -> u8 {
        if let Some(delimiter) = self.delimiter {
            return delimiter.byte();
        }
        let columns = |delimiter: Delimiter| {
            let mut cells = Cells::default();
            match next_record(text, from, delimiter.byte(), complete, &mut cells) {
                Ok(Step::Record { .. }) => {
                    let has_arn = (0..cells.len()).any(|at| same_column(cells.get(text, at), self.arn_column()));
                    (has_arn, cells.len())
                }
                _ => (false, 0),
            }
        };
        let best = Delimiter::USUAL
            .into_iter()
            .rev()
            .max_by_key(|delimiter| columns(*delimiter));
        best.map_or(b',', Delimiter::byte)
    }

    pub(super) fn understand(&self, names: Vec<String>, delimiter: u8, path: &Path) -> Result<Header, MetadataError> {
        let find = |wanted: &str| names.iter().position(|name| same_column(name, wanted));
        let missing = |option, wanted: &str| MetadataError::NoColumn {
            path: path.into(),
            option,
            wanted: wanted.into(),
            columns: names.clone(),
            delimiter: char::from(delimiter),
        };
        let arn = find(self.arn_column()).ok_or_else(|| missing("--arn-column", self.arn_column()))?;
        let apmid = match &self.apmid_column {
            Some(wanted) => Some(find(wanted).ok_or_else(|| missing("--apmid-column", wanted))?),
            None => find(Self::APMID),
        };
        for (second, name) in names.iter().enumerate() {
            if let Some(first) = names[..second].iter().position(|earlier| same_column(earlier, name)) {
                let (first, second) = (first + 1, second + 1);
                return Err(MetadataError::RepeatedColumn {
                    path: path.into(),
                    name: name.clone(),
                    first,
                    second,
                });
            }
        }
        Ok(Header {
            delimiter,
            names,
            arn,
            apmid,
        })
    }
}

/// The names as they stand there; a column without one is called `column_5`.
pub(super) fn names(cells: &Cells, text: &str) -> Vec<String> {
    let name = |index: usize| match cells.get(text, index) {
        "" => format!("column_{}", index + 1),
        name => name.to_owned(),
    };
    (0..cells.len()).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_shows_the_arn_column() {
        let found = |header: &str| char::from(CsvOptions::default().delimiter_of(header, 0, true));
        assert_eq!(found("resourceArn,APMID"), ',');
        assert_eq!(found("resourceArn;a,b,c"), ';');
        assert_eq!(found("\"Name, full\"\tRESOURCEARN"), '\t');
        assert_eq!(found("resourceArn"), ',');
        assert_eq!(
            found("a;b;c,d"),
            ';',
            "no ARN column at all: the error shall list columns that make sense"
        );
    }

    #[test]
    fn delimiters_can_be_named() {
        let read = |text: &str| text.parse::<Delimiter>().map(Delimiter::byte);
        assert_eq!(read("tab"), Ok(b'\t'));
        assert_eq!(read("\\t"), Ok(b'\t'));
        assert_eq!(read("|"), Ok(b'|'));
        for bad in ["", "\"", "ab", "x", "\n", "é"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
