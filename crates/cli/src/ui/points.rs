//! Points on stdout: a table for people, JSON, JSON lines or CSV for machines. Pages are rendered where they were read and
//! written here, in the order they arrive.

use std::io::{self, Write};

use sav_application::reading::Judged;
use sav_domain::metadata::MetadataRow;
use sav_domain::recovery_point::PointView;
use sav_domain::{Judgement, Moment, RecoveryPoint, arn, size};

use super::age::age;
use super::table::{Align, Table};
use crate::args::OutputFormat;

/// Rows looked at before a table's widths are settled; a table that ends sooner is also put in order.
const ROWS_TO_SETTLE: usize = 5_000;

/// How points are written, and with what besides their own fields.
#[derive(Clone, Debug)]
pub struct PointsFormat {
    pub output: OutputFormat,
    pub now: Moment,
    /// Columns of the metadata table, for CSV.
    pub metadata_columns: Vec<String>,
    /// Whether a table shows the APMID.
    pub apmid: bool,
    /// Whether the reason is shown why a point is out.
    pub reasons: bool,
}

/// A page's points, ready to be written.
#[derive(Debug)]
pub enum Rendered {
    /// Values each followed by a newline, JSON or CSV.
    Lines(Vec<u8>),
    Rows(Vec<Vec<String>>),
}

impl PointsFormat {
    pub fn nothing(&self) -> Rendered {
        match self.output {
            OutputFormat::Table => Rendered::Rows(Vec::new()),
            _ => Rendered::Lines(Vec::new()),
        }
    }

    pub fn add(&self, judged: &Judged<'_>, to: &mut Rendered) {
        match to {
            Rendered::Rows(rows) => rows.push(self.row(judged)),
            Rendered::Lines(lines) if self.output == OutputFormat::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(lines);
                // Writing to memory does not fail.
                let _ = writer.write_record(self.record(judged));
            }
            Rendered::Lines(lines) => {
                let view = PointView::of(judged.point, judged.row);
                let written = match self.reason(judged) {
                    Some((code, text)) => serde_json::to_writer(&mut *lines, &view.because(code, &text)),
                    None => serde_json::to_writer(&mut *lines, &view),
                };
                debug_assert!(written.is_ok(), "a point is always representable");
                lines.push(b'\n');
            }
        }
    }

    fn reason(&self, judged: &Judged<'_>) -> Option<(&'static str, String)> {
        match judged.judgement {
            Judgement::Excluded(reason) | Judgement::Undecidable(reason) if self.reasons => {
                Some((reason.code(), reason.to_string()))
            }
            _ => None,
        }
    }

    fn table(&self) -> Table {
        let mut headers = vec![
            ("VAULT", Align::Left),
            ("TYPE", Align::Left),
            ("CREATED", Align::Right),
            ("AGE", Align::Right),
            ("SIZE", Align::Right),
            ("STATUS", Align::Left),
            ("RESOURCE", Align::Left),
        ];
        if self.apmid {
            headers.push(("APMID", Align::Left));
        }
        if self.reasons {
            headers.push(("REASON", Align::Left));
        }
        headers.push(("RECOVERY POINT", Align::Left));
        Table::new(headers.into_iter().map(|(name, align)| (name.to_owned(), align)))
    }

    fn row(&self, judged: &Judged<'_>) -> Vec<String> {
        let point = judged.point;
        let mut row = vec![
            point.vault.to_string(),
            point.resource_type.as_ref().map_or_else(dash, ToString::to_string),
            point.created.map_or_else(dash, |at| {
                at.to_string().chars().take(16).collect::<String>().replace('T', " ")
            }),
            point.created.map_or_else(dash, |at| age(at, self.now)),
            point.size_bytes.map_or_else(dash, size::human),
            point.status.as_ref().map_or_else(dash, ToString::to_string),
            named(point),
        ];
        if self.apmid {
            row.push(judged.row.and_then(MetadataRow::apmid).map_or_else(dash, str::to_owned));
        }
        if self.reasons {
            row.push(self.reason(judged).map_or_else(dash, |(_, text)| text));
        }
        row.push(arn::short(&point.arn).to_owned());
        row
    }

    fn csv_header(&self) -> Vec<String> {
        let mut names: Vec<String> = CSV_FIELDS.iter().map(|name| (*name).to_owned()).collect();
        if self.reasons {
            names.push("reason".to_owned());
        }
        names.extend(self.metadata_columns.iter().cloned());
        names
    }

    fn record(&self, judged: &Judged<'_>) -> Vec<String> {
        let point = judged.point;
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let time = |value: Option<Moment>| value.map(|at| at.to_string()).unwrap_or_default();
        let mut record = vec![
            point.arn.to_string(),
            point.vault.to_string(),
            text(point.resource_arn.as_deref()),
            text(point.resource_name.as_deref()),
            point
                .resource_type
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            time(point.created),
            time(point.completed),
            point.status.as_ref().map(ToString::to_string).unwrap_or_default(),
            point.size_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
            point
                .size_bytes
                .map(|bytes| format!("{:.2}", size::size_gb(bytes)))
                .unwrap_or_default(),
            text(point.encryption_key_arn.as_deref()),
            time(point.expires_at),
        ];
        if self.reasons {
            record.push(self.reason(judged).map(|(code, _)| code.to_owned()).unwrap_or_default());
        }
        let value = |column: &String| {
            judged
                .row
                .and_then(|row| row.value(column))
                .unwrap_or_default()
                .to_owned()
        };
        record.extend(self.metadata_columns.iter().map(value));
        record
    }
}

const CSV_FIELDS: [&str; 12] = [
    "recovery_point_arn",
    "vault_name",
    "resource_arn",
    "resource_name",
    "resource_type",
    "creation_date",
    "completion_date",
    "status",
    "size_bytes",
    "size_gb",
    "encryption_key_arn",
    "expires_at",
];

fn dash() -> String {
    "-".to_owned()
}

/// The resource's name if it has one, else the end of its ARN.
fn named(point: &RecoveryPoint) -> String {
    let name = point.resource_name.as_deref().filter(|name| !name.is_empty());
    name.or_else(|| point.resource_arn.as_deref().map(arn::short))
        .map_or_else(dash, str::to_owned)
}

/// Writes pages as they come, as one whole document.
pub struct PointSink<'a> {
    format: &'a PointsFormat,
    out: &'a mut dyn Write,
    width: Option<usize>,
    table: Table,
    /// Rows held back until the table's widths are settled.
    waiting: Option<Vec<Vec<String>>>,
    any: bool,
}

impl<'a> PointSink<'a> {
    pub fn begin(format: &'a PointsFormat, out: &'a mut dyn Write, width: Option<usize>) -> io::Result<Self> {
        match format.output {
            OutputFormat::Json => out.write_all(b"[")?,
            OutputFormat::Csv => {
                csv::Writer::from_writer(&mut *out)
                    .write_record(format.csv_header())
                    .map_err(into_io)?;
            }
            OutputFormat::Table | OutputFormat::Jsonl => {}
        }
        Ok(Self {
            format,
            out,
            width,
            table: format.table(),
            waiting: Some(Vec::new()),
            any: false,
        })
    }

    pub fn write(&mut self, page: Rendered) -> io::Result<()> {
        match page {
            Rendered::Lines(lines) if self.format.output == OutputFormat::Json => self.write_elements(&lines),
            Rendered::Lines(lines) => self.out.write_all(&lines),
            Rendered::Rows(rows) => self.write_rows(rows),
        }
    }

    /// Every line is a value of the array.
    fn write_elements(&mut self, lines: &[u8]) -> io::Result<()> {
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            self.out.write_all(if self.any { b",\n " } else { b"\n " })?;
            self.out.write_all(line.strip_suffix(b"\n").unwrap_or(line))?;
            self.any = true;
        }
        Ok(())
    }

    fn write_rows(&mut self, rows: Vec<Vec<String>>) -> io::Result<()> {
        let Some(waiting) = &mut self.waiting else {
            return rows.iter().try_for_each(|row| self.table.write_row(self.out, row));
        };
        waiting.extend(rows);
        if waiting.len() >= ROWS_TO_SETTLE {
            self.settle()
        } else {
            Ok(())
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        let rows = self.waiting.take().unwrap_or_default();
        for row in &rows {
            self.table.fit(row);
        }
        self.table.cut_to(self.width);
        if !rows.is_empty() {
            self.table.write_header(self.out)?;
        }
        rows.iter().try_for_each(|row| self.table.write_row(self.out, row))
    }

    /// Ends the document. Also right after an error: what was written stays a whole document.
    pub fn end(mut self) -> io::Result<()> {
        match self.format.output {
            OutputFormat::Json => self.out.write_all(if self.any { b"\n]\n" } else { b"]\n" })?,
            OutputFormat::Table => {
                if let Some(rows) = &mut self.waiting {
                    rows.sort();
                    self.settle()?;
                }
            }
            OutputFormat::Jsonl | OutputFormat::Csv => {}
        }
        self.out.flush()
    }
}

fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
