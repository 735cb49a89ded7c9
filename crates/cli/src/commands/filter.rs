//! `filter`: what would a selection pick, and why is the rest out?

use std::io::{self, Seek, Write};
use std::sync::Arc;

use sav_application::identity;
use sav_application::reading::{self, Reading};
use sav_domain::tally::Amount;
use sav_domain::{Judgement, SelectionSpec, Tally, size};
use tempfile::SpooledTempFile;

use super::dry_run;
use super::list::{Counted, conclude, points_format};
use crate::args::{Filter, Global, OutputFormat};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Align, Output, PointSink, PointsFormat, Rendered, Screen, Table};

/// Points that are out wait here until those that are in are written; beyond this, in a temporary file.
const HELD_IN_MEMORY: usize = 8 << 20;

pub async fn run(
    filter: &Filter,
    global: &Global,
    configured: SelectionSpec,
    screen: &Screen,
) -> Result<Exit, Problem> {
    let now = compose::now();
    let region = compose::region(global).await?;
    let selection = compose::selection(&filter.choosing, configured, now)?;
    selection.doubts().iter().for_each(|doubt| screen.warn(doubt));
    let metadata = compose::metadata(&filter.choosing, &selection, screen).await?;
    if global.dry_run {
        return dry_run::show(filter.source.source_account, &region, &selection, global.output);
    }
    let calls = compose::source(global, filter.source.source_account, &region).await?;
    identity::confirm(&calls, filter.source.source_account).await?;
    let vaults = reading::vaults(&calls, selection.vaults()).await?;
    let reading = Reading {
        vaults,
        selection: Arc::new(selection),
        metadata: metadata.clone(),
        account_for_all: true,
    };

    let format = points_format(global.output, now, &filter.choosing, metadata.as_deref(), true);
    let with_points = global.output != OutputFormat::Table || global.verbose > 0;
    let progress = screen.progress("filtering");
    let mut counted = Counted::default();
    let renderer = format.clone();
    let (mut pages, sweeping) = reading::start(calls.clone(), reading, move |points| {
        let (mut included, mut excluded) = (renderer.nothing(), renderer.nothing());
        if with_points {
            for judged in points {
                let page = if *judged.judgement == Judgement::Included {
                    &mut included
                } else {
                    &mut excluded
                };
                renderer.add(&judged, page);
            }
        }
        (included, excluded)
    });
    let mut out = Output::to_stdout();
    let mut report = Report::begin(&format, with_points, &mut out);
    let mut held = Ok(());
    while held.is_ok()
        && counted.tally.undecidable().count() == 0
        && let Some(told) = pages.recv().await
    {
        counted.add(&told, &progress);
        let (included, excluded) = told.rendered;
        held = report.add(included, excluded);
    }
    drop(pages);
    drop(progress);
    let swept = sweeping.await;
    let complete = matches!(swept, Ok(Ok(_))) && counted.tally.undecidable().count() == 0;
    let written = held.and_then(|()| report.end(complete.then_some(&counted.tally)));
    let exit = conclude(written, swept, &counted.tally, screen)?;
    if let Some(table) = &metadata {
        let unused = table.len() - table.used();
        if unused > 0 {
            let samples: Vec<String> = table.unused().take(3).collect();
            screen.warn(&format!(
                "{unused} rows of the metadata have no recovery point, such as {}",
                samples.join(", ")
            ));
        }
    }
    Ok(exit)
}

/// The document on stdout: the points that are in, those that are out, and the sums.
struct Report<'a> {
    format: &'a PointsFormat,
    with_points: bool,
    out: &'a mut Output,
    included: Section,
    excluded: Section,
}

/// Points held back until their place in the document comes.
struct Section(SpooledTempFile);

impl<'a> Report<'a> {
    fn begin(format: &'a PointsFormat, with_points: bool, out: &'a mut Output) -> Self {
        let section = || Section(SpooledTempFile::new(HELD_IN_MEMORY));
        Self {
            format,
            with_points,
            out,
            included: section(),
            excluded: section(),
        }
    }

    fn add(&mut self, included: Rendered, excluded: Rendered) -> io::Result<()> {
        self.included.hold(included)?;
        self.excluded.hold(excluded)
    }

    /// Writes the document; without a tally nothing, for half a count would be believed.
    fn end(mut self, tally: Option<&Tally>) -> io::Result<()> {
        let Some(tally) = tally else { return Ok(()) };
        match self.format.output {
            OutputFormat::Json => {
                write!(
                    self.out,
                    "{{\"summary\":{},\n\"included\":",
                    serde_json::to_string(tally)?
                )?;
                self.included.write(self.format, self.out)?;
                write!(self.out, ",\n\"excluded\":")?;
                self.excluded.write(self.format, self.out)?;
                writeln!(self.out, "}}")?;
            }
            OutputFormat::Jsonl => {
                self.included
                    .each_line(|line| writeln!(self.out, "{{\"included\":{line}}}"))?;
                self.excluded
                    .each_line(|line| writeln!(self.out, "{{\"excluded\":{line}}}"))?;
                writeln!(self.out, "{{\"summary\":{}}}", serde_json::to_string(tally)?)?;
            }
            OutputFormat::Csv => {
                PointSink::begin(self.format, self.out, None)?.end()?;
                self.included.copy(self.out)?;
                self.excluded.copy(self.out)?;
            }
            OutputFormat::Table => {
                if self.with_points {
                    self.included.write(self.format, self.out)?;
                    writeln!(self.out)?;
                    self.excluded.write(self.format, self.out)?;
                    writeln!(self.out)?;
                }
                write_tally(self.out, tally)?;
            }
        }
        self.out.flush()
    }
}

impl Section {
    fn hold(&mut self, page: Rendered) -> io::Result<()> {
        self.put(page).map_err(|error| {
            let folder = std::env::temp_dir();
            let why = format!(
                "a temporary file in `{}` cannot be written (TMPDIR names another folder): {error}",
                folder.display()
            );
            io::Error::new(error.kind(), why)
        })
    }

    fn put(&mut self, page: Rendered) -> io::Result<()> {
        match page {
            Rendered::Lines(lines) => self.0.write_all(&lines),
            Rendered::Rows(rows) => rows.iter().try_for_each(|row| {
                serde_json::to_writer(&mut self.0, row)?;
                self.0.write_all(b"\n")
            }),
        }
    }

    fn each_line(&mut self, mut take: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        use io::BufRead;
        self.0.rewind()?;
        let mut reader = io::BufReader::new(&mut self.0);
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            take(line.trim_end_matches('\n'))?;
            line.clear();
        }
        Ok(())
    }

    fn copy(&mut self, out: &mut Output) -> io::Result<()> {
        self.0.rewind()?;
        io::copy(&mut self.0, out).map(|_| ())
    }

    /// As the whole document that `list` would write.
    fn write(&mut self, format: &PointsFormat, out: &mut Output) -> io::Result<()> {
        let width = out.width;
        let mut sink = PointSink::begin(format, out, width)?;
        self.each_line(|line| {
            sink.write(match format.output {
                OutputFormat::Table => Rendered::Rows(vec![serde_json::from_str(line)?]),
                _ => Rendered::Lines(format!("{line}\n").into_bytes()),
            })
        })?;
        sink.end()
    }
}

fn write_tally(out: &mut Output, tally: &Tally) -> io::Result<()> {
    let row = |name: String, amount: Amount| {
        vec![
            name,
            amount.points.to_string(),
            size::human(u64::try_from(amount.bytes).unwrap_or(u64::MAX)),
        ]
    };
    let mut total = tally.included();
    total.merge(tally.excluded());
    let sums = [
        row("included".to_owned(), tally.included()),
        row("excluded".to_owned(), tally.excluded()),
        row("total".to_owned(), total),
    ];
    write_sums(out, "SELECTION", &sums)?;
    writeln!(out, "\ninclusion rate: {:.2} %", tally.inclusion_rate_percent())?;
    if tally.enriched() + tally.without_row().count() > 0 {
        writeln!(
            out,
            "with metadata: {}, without: {}",
            tally.enriched(),
            tally.without_row().count()
        )?;
    }
    let mut reasons: Vec<_> = tally.by_reason().iter().collect();
    reasons.sort_by_key(|(_, amount)| std::cmp::Reverse(amount.points));
    if !reasons.is_empty() {
        writeln!(out)?;
        let rows: Vec<_> = reasons
            .into_iter()
            .map(|(reason, amount)| row(reason.to_string(), *amount))
            .collect();
        write_sums(out, "WHY POINTS ARE OUT", &rows)?;
    }
    Ok(())
}

fn write_sums(out: &mut Output, what: &str, rows: &[Vec<String>]) -> io::Result<()> {
    let headers = [(what, Align::Left), ("POINTS", Align::Right), ("SIZE", Align::Right)];
    let mut table = Table::new(headers.map(|(name, align)| (name.to_owned(), align)));
    for row in rows {
        table.fit(row);
    }
    table.cut_to(out.width);
    table.write_header(out)?;
    rows.iter().try_for_each(|row| table.write_row(out, row))
}
