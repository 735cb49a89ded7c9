//! The table as its users see it, and what they read when it cannot be had.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;

use proptest::prelude::*;

use super::*;

fn read_with(text: &[u8], options: &CsvOptions) -> Result<MetadataTable, MetadataError> {
    MetadataTable::read(text, None, Path::new("cmdb.csv"), options, |_| ())
}

fn read(text: &str) -> MetadataTable {
    read_with(text.as_bytes(), &CsvOptions::default()).unwrap()
}

fn refusal(text: impl AsRef<[u8]>) -> String {
    read_with(text.as_ref(), &CsvOptions::default())
        .unwrap_err()
        .to_string()
}

fn cell(table: &MetadataTable, arn: &str, column: &str) -> Option<String> {
    table.get(arn).and_then(|row| row.get(column).map(str::to_owned))
}

#[test]
fn rows_are_found_by_arn_with_every_column() {
    let table =
        read("\u{feff}Name, RESOURCEARN ,ApmId,Cost Center\r\n disk ,arn:a, APM1 ,\"7, 8\"\r\nhost,arn:b,,\r\n");
    let row = table.get("arn:a").unwrap();
    assert_eq!(row.apmid(), Some("APM1"));
    let cells: Vec<_> = row.cells().collect();
    assert_eq!(
        cells,
        [
            ("Name", Some("disk")),
            ("ApmId", Some("APM1")),
            ("Cost Center", Some("7, 8"))
        ]
    );
    let blank = table.get("arn:b").unwrap();
    assert_eq!(
        (blank.apmid(), blank.get("NAME"), blank.get("cost center")),
        (None, Some("host"), None)
    );
    assert!(table.get("ARN:A").is_none(), "ARNs tell upper from lower case");
    let columns = table.columns();
    assert_eq!(
        (columns.names, columns.apmid),
        (vec!["Name", "ApmId", "Cost Center"], Some("ApmId"))
    );
}

#[test]
fn other_column_names_and_delimiters_can_be_given() {
    let options = CsvOptions {
        delimiter: Some("|".parse().unwrap()),
        arn_column: Some("id".into()),
        apmid_column: Some("app".into()),
    };
    let table = read_with(b"APP|APMID|ID\nx|y|arn:a", &options).unwrap();
    assert_eq!(table.get("arn:a").unwrap().apmid(), Some("x"));
    for (delimiter, text) in [
        (";", "resourceArn;a,b\narn:a;1,5"),
        ("tab", "resourceArn\ta,b\narn:a\t1,5"),
    ] {
        assert_eq!(
            cell(&read(text), "arn:a", "a,b").as_deref(),
            Some("1,5"),
            "{delimiter} is found by itself"
        );
    }
}

#[test]
fn the_last_of_duplicate_rows_wins_and_they_are_counted() {
    let table = read("resourceArn,APMID\narn:a,1\narn:b,2\n\n,3\n,\narn:a,\narn:a,4\n");
    assert_eq!(cell(&table, "arn:a", "APMID").as_deref(), Some("4"));
    assert_eq!(table.len(), 2);
    assert_eq!(
        table.oddities().duplicates,
        Counted {
            count: 2,
            first_lines: vec![7, 8]
        }
    );
    assert_eq!(
        table.oddities().without_arn,
        Counted {
            count: 1,
            first_lines: vec![5]
        }
    );
}

#[test]
fn rows_that_nobody_asked_for_are_known() {
    let table = read("resourceArn\narn:a/1\narn:a/2\narn:a/3\n");
    assert!(table.get("arn:a/2").is_some() && table.get("arn:a/2").is_some() && table.get("arn:a/9").is_none());
    assert_eq!(table.used(), 1);
    assert_eq!(table.unused().collect::<Vec<_>>(), ["arn:a/1", "arn:a/3"]);
}

#[test]
fn a_header_alone_is_an_empty_table() {
    let table = read("\n resourceArn , , x\n");
    assert!(table.is_empty());
    assert_eq!(table.columns().names, ["column_2", "x"]);
}

#[test]
fn surplus_delimiters_are_taken_surplus_values_are_not() {
    assert_eq!(
        cell(&read("resourceArn,a\narn:a,1,, ,\n"), "arn:a", "a").as_deref(),
        Some("1")
    );
    assert_eq!(
        refusal("resourceArn,a\n\"two\nlines\",x\narn:a,1,,2\n"),
        "cmdb.csv:4:10: here begins a value more than the header has columns, expected 2"
    );
}

#[test]
fn every_refusal_says_where_and_what_was_expected() {
    assert_eq!(
        refusal("resourceArn,APMID\narn:a\r\n"),
        "cmdb.csv:2:6: the line ends after 1 value, expected 2 as in the header: `APMID` is missing"
    );
    assert_eq!(
        refusal("resourceArn,APMID\narn:a,\"x\" y\n"),
        "cmdb.csv:2:11: found 'y' behind the quote that ends the value, expected ',' or the end of the line; \
         a quote inside a value is written twice"
    );
    assert_eq!(
        refusal("resourceArn,APMID\narn:ä,\"x\narn:b,y\n"),
        "cmdb.csv:2:7: the quote that opens this value is never closed, expected another `\"`"
    );
    assert_eq!(
        refusal(b"resourceArn,Owner\narn:a,J\xfcrgen\n"),
        "cmdb.csv:2:8: this is not UTF-8; export the file as UTF-8 and try again"
    );
    assert_eq!(
        refusal(b"\xff\xfer\0e\0"),
        "cmdb.csv:1:1: this is not UTF-8, it looks like UTF-16; export the file as UTF-8 and try again"
    );
    let empty =
        "the metadata file cmdb.csv is empty; expected a line with the columns' names, one of them `resourceArn`";
    assert_eq!(refusal(""), empty);
    assert_eq!(refusal("\u{feff} \r\n\n"), empty);
    assert_eq!(
        refusal("Name;resource_arn\nx;y"),
        "the metadata file cmdb.csv has no column `resourceArn`; found `Name`, `resource_arn` (separated by ';'); \
         did you mean `resource_arn`?; --arn-column names the right one"
    );
    assert_eq!(
        refusal("resourceArn,Env,ENV\n"),
        "the metadata file cmdb.csv names the column `ENV` twice, as number 2 and number 3; rename one of them"
    );
    let options = CsvOptions {
        apmid_column: Some("Application".into()),
        ..CsvOptions::default()
    };
    assert_eq!(
        read_with(b"resourceArn,App\n", &options).unwrap_err().to_string(),
        "the metadata file cmdb.csv has no column `Application`; found `resourceArn`, `App` (separated by ','); \
         --apmid-column names the right one"
    );
}

#[test]
fn a_file_that_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let load = |path: &Path| {
        let error = MetadataTable::load(path, &CsvOptions::default(), |_| ())
            .unwrap_err()
            .to_string();
        error.replace(&folder.path().display().to_string(), "DIR")
    };
    assert_eq!(
        load(folder.path()),
        "the metadata file DIR is a directory; name the CSV file in it with --metadata-csv"
    );
    assert_eq!(
        load(&folder.path().join("gone.csv")),
        "cannot open the metadata file DIR/gone.csv: there is no such file; check the path given with --metadata-csv"
    );
}

/// Gives its bytes a few at a time, and then perhaps fails.
struct Trickle<'a> {
    rest: &'a [u8],
    step: usize,
    fails: bool,
}

impl Read for Trickle<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() && self.fails {
            return Err(io::Error::other("the disk is gone"));
        }
        let count = self.step.min(self.rest.len()).min(into.len());
        into[..count].copy_from_slice(&self.rest[..count]);
        self.rest = &self.rest[count..];
        Ok(count)
    }
}

fn many_rows(count: usize) -> String {
    let rows = (0..count).map(|serial| format!("arn:{serial:08},value\n"));
    ["resourceArn,APMID\n".to_owned()]
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>()
        .concat()
}

#[test]
fn a_read_error_says_how_far_it_came() {
    let text = many_rows(20_000);
    let source = Trickle {
        rest: text.as_bytes(),
        step: 4096,
        fails: true,
    };
    let error = MetadataTable::read(source, None, Path::new("f"), &CsvOptions::default(), |_| ()).unwrap_err();
    let MetadataError::Read { line, .. } = &error else {
        panic!("{error}")
    };
    assert!((10_000..20_000).contains(line), "{error}");
}

#[test]
fn progress_is_told_and_a_quote_that_never_closes_does_not_eat_the_memory() {
    let text = many_rows(400_000);
    let mut told = Vec::new();
    let total = Some(text.len() as u64);
    MetadataTable::read(text.as_bytes(), total, Path::new("f"), &CsvOptions::default(), |now| {
        told.push(now);
    })
    .unwrap();
    assert!(told.len() > 10 && told.is_sorted_by_key(|now| now.bytes_read));
    assert_eq!(
        told.last(),
        Some(&Progress {
            bytes_read: text.len() as u64,
            bytes_total: total,
            rows: 400_000
        })
    );

    assert_eq!(
        refusal("resourceArn,".repeat(500_000)),
        "cmdb.csv:1:1: this line goes on for more than 4 MiB, expected a table with short lines"
    );
    let open = text.replacen("arn:00000001,", "arn:00000001, \"", 1);
    assert_eq!(
        refusal(open),
        "cmdb.csv:3:15: the quote that opens this value is never closed, expected another `\"`"
    );
}

/// Cells as a CMDB could hold them, trimmed as the table trims them.
fn any_cell() -> impl Strategy<Value = String> {
    let odd = "[a-c,;\t\"'\n\r é\u{a0}]{0,6}".prop_map(|text| text.trim().to_owned());
    prop_oneof![4 => "[a-c]{0,3}", 4 => odd, 1 => any::<String>().prop_map(|text| text.trim().to_owned())]
}

proptest! {
    #[test]
    fn any_valid_csv_is_read_back_as_it_was_written(
        rows in prop::collection::vec(("[a-d:/é]{1,4}", any_cell(), any_cell()), 0..60),
        (delimiter, told) in (prop::sample::select(vec![b',', b';', b'\t']), any::<bool>()),
        (crlf, always_quoted, bom, last_line_end) in any::<(bool, bool, bool, bool)>(),
        step in 1_usize..40,
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(if always_quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .from_writer(if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() });
        writer.write_record(["Owner", "ResourceARN", "apmid"]).unwrap();
        let mut expected: HashMap<&str, (&str, &str)> = HashMap::new();
        for (arn, owner, apmid) in &rows {
            writer.write_record([owner, arn, apmid]).unwrap();
            expected.insert(arn, (owner, apmid));
        }
        let mut text = writer.into_inner().unwrap();
        if !last_line_end {
            text.truncate(text.len() - if crlf { 2 } else { 1 });
        }

        let options = CsvOptions {
            delimiter: told.then(|| char::from(delimiter).to_string().parse().unwrap()),
            ..CsvOptions::default()
        };
        let source = Trickle { rest: &text, step, fails: false };
        let table = MetadataTable::read(source, None, Path::new("f"), &options, |_| ()).unwrap();
        prop_assert_eq!(table.len(), expected.len());
        prop_assert_eq!(table.oddities().duplicates.count, (rows.len() - expected.len()) as u64);
        for (arn, (owner, apmid)) in expected {
            let row = table.get(arn).unwrap();
            prop_assert_eq!(row.get("owner").unwrap_or_default(), owner);
            prop_assert_eq!(row.apmid().unwrap_or_default(), apmid);
        }
        prop_assert_eq!(table.used(), table.len());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>(), with_header in any::<bool>(), step in 1_usize..9) {
        let mut text = if with_header { b"a,resourceArn\n".to_vec() } else { Vec::new() };
        text.extend(bytes);
        let source = Trickle { rest: &text, step, fails: false };
        let _ = MetadataTable::read(source, None, Path::new("f"), &CsvOptions::default(), |_| ());
    }

    #[test]
    fn nearly_valid_csv_never_panics(text in "(resourceArn,a\n)?[a\",;\t\r\n\u{feff}é ]{0,60}") {
        let _ = read_with(text.as_bytes(), &CsvOptions::default());
    }
}
