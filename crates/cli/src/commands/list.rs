//! `list`: what is in the source account?

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use sav_application::calls::Calls;
use sav_application::identity;
use sav_application::ports::VaultSeen;
use sav_application::reading::{self, Reading, Told};
use sav_application::sweep::Swept;
use sav_domain::census::{Census, Heap};
use sav_domain::tally::Sampled;
use sav_domain::{Judgement, Moment, ResourceType, SelectionSpec, Tally, size};
use sav_infrastructure::aws::AwsGateway;
use sav_infrastructure::metadata::MetadataTable;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::dry_run;
use crate::args::{Choosing, Global, List, OutputFormat};
use crate::compose;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::problem::Problem;
use crate::ui::{Align, Output, PointSink, PointsFormat, Progress, Screen, Table, age, ended};

pub async fn run(
    list: &List,
    global: &Global,
    configured: SelectionSpec,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<Exit, Problem> {
    let now = compose::now();
    let region = compose::region(global).await?;
    let selection = compose::selection(&list.choosing, configured, now)?;
    selection.doubts().iter().for_each(|doubt| screen.warn(doubt));
    let metadata = compose::metadata(&list.choosing, &selection, screen).await?;
    if global.dry_run {
        return dry_run::show(list.source.source_account, &region, &selection, global.output);
    }
    let calls = compose::source(global, list.source.source_account, &region).await?;
    identity::confirm(&calls, list.source.source_account).await?;
    let vaults = reading::vaults(&calls, selection.vaults()).await?;
    let reading = Reading {
        vaults: vaults.clone(),
        selection: Arc::new(selection),
        metadata: metadata.clone(),
        account_for_all: false,
    };
    if list.summary {
        summarize(&calls, reading, &vaults, global.output, now, screen).await
    } else {
        let format = points_format(global.output, now, &list.choosing, metadata.as_deref(), false);
        show(&calls, reading, &format, screen, interrupt).await
    }
}

pub fn points_format(
    output: OutputFormat,
    now: Moment,
    choosing: &Choosing,
    metadata: Option<&MetadataTable>,
    reasons: bool,
) -> PointsFormat {
    PointsFormat {
        output,
        now,
        metadata_columns: metadata
            .map(|table| table.columns().names.iter().map(|name| (*name).to_owned()).collect())
            .unwrap_or_default(),
        apmid: choosing.metadata_csv.is_some(),
        reasons,
    }
}

async fn show(
    calls: &Arc<Calls<AwsGateway>>,
    reading: Reading<MetadataTable>,
    format: &PointsFormat,
    screen: &Screen,
    interrupt: &Interrupt,
) -> Result<Exit, Problem> {
    let progress = screen.progress("listing");
    let mut out = Output::to_stdout();
    let width = out.width;
    let mut counted = Counted::default();
    let renderer = format.clone();
    let (mut pages, sweeping) = reading::start(calls.clone(), reading, move |points| {
        let mut page = renderer.nothing();
        points
            .filter(|judged| *judged.judgement == Judgement::Included)
            .for_each(|judged| renderer.add(&judged, &mut page));
        page
    });
    let mut written = PointSink::begin(format, &mut out, width).map(Some);
    while let (Ok(Some(sink)), Some(told)) = (&mut written, next(&mut pages, interrupt).await) {
        counted.add(&told, &progress);
        if let Err(error) = sink.write(told.rendered) {
            written = Err(error);
        } else if counted.tally.undecidable().count() > 0 {
            break;
        }
    }
    drop(pages);
    drop(progress);
    let written = written.and_then(|sink| sink.map_or(Ok(()), PointSink::end));
    conclude(written, sweeping.await, &counted.tally, screen)
}

/// The next page, unless the program is to end: then the document ends here, too.
async fn next<T>(pages: &mut mpsc::Receiver<T>, interrupt: &Interrupt) -> Option<T> {
    tokio::select! {
        biased;
        () = interrupt.arrived() => None,
        page = pages.recv() => page,
    }
}

/// The sums of vaults and types instead of their points.
async fn summarize(
    calls: &Arc<Calls<AwsGateway>>,
    reading: Reading<MetadataTable>,
    vaults: &[VaultSeen],
    output: OutputFormat,
    now: Moment,
    screen: &Screen,
) -> Result<Exit, Problem> {
    let progress = screen.progress("listing");
    let mut counted = Counted::default();
    let (mut pages, sweeping) = reading::start(calls.clone(), reading, |_| ());
    while let Some(told) = pages.recv().await {
        counted.add(&told, &progress);
    }
    drop(progress);
    let swept = sweeping.await;
    let written = match &swept {
        Ok(Ok(_)) if counted.tally.undecidable().count() == 0 => write_summary(vaults, &counted.census, output, now),
        _ => Ok(()),
    };
    conclude(written, swept, &counted.tally, screen)
}

#[derive(Default)]
pub struct Counted {
    pub tally: Tally,
    pub census: Census,
    pages: u64,
}

impl Counted {
    pub fn add<T>(&mut self, told: &Told<T>, progress: &Progress) {
        self.tally.merge(&told.tally);
        self.census.merge(&told.census);
        self.pages += 1;
        progress.say(format!("{} points, {} pages", self.tally.total(), self.pages));
    }
}

/// What is to be said after the last point: errors first, then what was odd.
pub fn conclude(
    written: io::Result<()>,
    swept: Result<Result<Swept, sav_application::ports::CallError>, tokio::task::JoinError>,
    tally: &Tally,
    screen: &Screen,
) -> Result<Exit, Problem> {
    let broken_pipe = matches!(&written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe);
    let exit = ended(written)?;
    if broken_pipe {
        return Ok(exit);
    }
    let swept = swept.expect("a sweep neither panics nor is cancelled")?;
    tracing::info!(?swept, "listed");
    if tally.undecidable().count() > 0 {
        return Err(undecidable(tally.undecidable()));
    }
    warn_of_unknown_owners(tally, screen);
    Ok(exit)
}

pub fn undecidable(points: &Sampled) -> Problem {
    let samples: Vec<&str> = points.samples().collect();
    Problem::new("the metadata does not decide about every point, and --on-missing-metadata is `fail`")
        .because(format!(
            "{} points or more, such as {}",
            points.count(),
            samples.join(", ")
        ))
        .help("complete the metadata, or let such points be left out with --on-missing-metadata exclude")
}

/// Points whose application nobody knows, said once however many they are.
fn warn_of_unknown_owners(tally: &Tally, screen: &Screen) {
    let (without_row, blank) = (tally.without_row(), tally.blank_apmid());
    let count = without_row.count() + blank.count();
    if count == 0 {
        return;
    }
    let samples: Vec<&str> = without_row.samples().chain(blank.samples()).take(3).collect();
    screen.warn(&format!(
        "{count} points have no APMID ({} without a row in the metadata, {} with an empty cell), such as those of {}",
        without_row.count(),
        blank.count(),
        samples.join(", ")
    ));
}

fn write_summary(vaults: &[VaultSeen], census: &Census, output: OutputFormat, now: Moment) -> io::Result<()> {
    let mut out = Output::to_stdout();
    match output {
        OutputFormat::Table => {
            write_heaps(
                &mut out,
                "VAULT",
                vaults
                    .iter()
                    .map(|vault| (vault.name.to_string(), census.vault(&vault.name))),
                now,
            )?;
            writeln!(out)?;
            let types = by_size(census.types());
            let named = types.map(|(name, heap)| (name.unwrap_or_else(|| "(not named)".to_owned()), heap));
            write_heaps(&mut out, "TYPE", named, now)?;
        }
        OutputFormat::Json | OutputFormat::Jsonl => {
            let summary = json!({
                "vaults": vaults.iter().map(|vault| vault_json(vault, census.vault(&vault.name))).collect::<Vec<_>>(),
                "resource_types": by_size(census.types()).map(|(name, heap)| type_json(name.as_deref(), heap)).collect::<Vec<_>>(),
                "total_count": census.total().amount.points,
            });
            if output == OutputFormat::Json {
                serde_json::to_writer_pretty(&mut out, &summary)?;
            } else {
                serde_json::to_writer(&mut out, &summary)?;
            }
            writeln!(out)?;
        }
        OutputFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut out);
            csv.write_record(["vault_name", "recovery_points", "size_bytes", "oldest", "newest"])?;
            for vault in vaults {
                let heap = census.vault(&vault.name);
                let time = |at: Option<Moment>| at.map(|at| at.to_string()).unwrap_or_default();
                csv.write_record([
                    vault.name.to_string(),
                    heap.amount.points.to_string(),
                    heap.amount.bytes.to_string(),
                    time(heap.oldest),
                    time(heap.newest),
                ])?;
            }
            csv.flush()?;
        }
    }
    out.flush()
}

fn by_size(types: &BTreeMap<Option<ResourceType>, Heap>) -> impl Iterator<Item = (Option<String>, Heap)> {
    let mut types: Vec<(Option<String>, Heap)> = types
        .iter()
        .map(|(name, heap)| (name.as_ref().map(ToString::to_string), *heap))
        .collect();
    types.sort_by_key(|(_, heap)| std::cmp::Reverse(heap.amount.points));
    types.into_iter()
}

fn write_heaps(
    out: &mut Output,
    what: &str,
    heaps: impl Iterator<Item = (String, Heap)>,
    now: Moment,
) -> io::Result<()> {
    let mut table = Table::new([
        (what.to_owned(), Align::Left),
        ("POINTS".to_owned(), Align::Right),
        ("SIZE".to_owned(), Align::Right),
        ("OLDEST".to_owned(), Align::Right),
        ("NEWEST".to_owned(), Align::Right),
    ]);
    let mut total = Heap::default();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (name, heap) in heaps {
        total.merge(&heap);
        rows.push(heap_row(name, heap, now));
    }
    rows.push(heap_row("total".to_owned(), total, now));
    for row in &rows {
        table.fit(row);
    }
    table.cut_to(out.width);
    table.write_header(out)?;
    rows.iter().try_for_each(|row| table.write_row(out, row))
}

fn heap_row(name: String, heap: Heap, now: Moment) -> Vec<String> {
    let ago = |at: Option<Moment>| at.map_or_else(|| "-".to_owned(), |at| age(at, now));
    let bytes = u64::try_from(heap.amount.bytes).unwrap_or(u64::MAX);
    vec![
        name,
        heap.amount.points.to_string(),
        size::human(bytes),
        ago(heap.oldest),
        ago(heap.newest),
    ]
}

fn vault_json(vault: &VaultSeen, heap: Heap) -> Value {
    json!({
        "name": vault.name.as_str(),
        "arn": vault.arn,
        "recovery_points": heap.amount.points,
        "size_bytes": whole(heap.amount.bytes),
        "locked": vault.locked,
        "min_retention_days": vault.min_retention_days,
        "max_retention_days": vault.max_retention_days,
        "encryption_key_arn": vault.encryption_key_arn,
        "oldest": heap.oldest,
        "newest": heap.newest,
    })
}

fn type_json(name: Option<&str>, heap: Heap) -> Value {
    json!({
        "name": name,
        "recovery_points": heap.amount.points,
        "size_bytes": whole(heap.amount.bytes),
        "oldest": heap.oldest,
        "newest": heap.newest,
    })
}

/// Sums of sizes stay far below 2^64; JSON knows no larger whole numbers.
fn whole(bytes: u128) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
