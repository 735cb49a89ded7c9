//! `state show`: what the ledger holds.

use std::io::{self, Write};
use std::path::Path;

use sav_application::ports::{Holder, LedgerReader};
use sav_application::status::{self, Status};
use sav_domain::ledger::{GroupStanding, PlanRecord};
use sav_domain::{Moment, ResourceType, Route, size};
use sav_infrastructure::ledger::{Happened, SqliteReader, holder};
use serde_json::{Value, json};

use super::history::{plan_json, write_plans};
use super::story::event_json;
use crate::args::{Global, OutputFormat};
use crate::commands::status::{migration_json, window_json, write_windows};
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Align, Output, ended, write_json, write_table};
use crate::which_ledger::{Place, when};

/// Everything that is shown, of one moment.
struct Held {
    route: Route,
    size_bytes: u64,
    schema_version: u64,
    created_at: Moment,
    holder: Option<Holder>,
    status: Status,
    plans: Vec<PlanRecord>,
    parked: Vec<GroupStanding>,
    last_events: Vec<Happened>,
}

pub fn run(place: &Place, events: usize, global: &Global) -> Result<Exit, Problem> {
    let now = compose::now();
    let held = read(&mut place.open()?, &place.path, events, now)?;
    let mut out = Output::to_stdout();
    ended(match global.output {
        OutputFormat::Table => show(&mut out, &place.path, &held, now),
        OutputFormat::Csv => write_csv(&mut out, &held),
        format => write_json(&mut out, &as_json(&place.path, &held), format),
    })
}

fn read(reader: &mut SqliteReader, path: &Path, events: usize, now: Moment) -> Result<Held, Problem> {
    let holder = holder(path);
    let status = status::read(reader, holder.is_some(), now)?;
    let groups = reader.groups()?.into_iter();
    Ok(Held {
        route: reader.route().clone(),
        size_bytes: std::fs::metadata(path).map_or(0, |file| file.len()),
        schema_version: reader.schema_version()?,
        created_at: reader.created_at()?,
        plans: reader.plans()?,
        parked: groups.filter(|group| group.parked.is_some()).collect(),
        last_events: reader.last_events(events)?,
        holder,
        status,
    })
}

fn as_json(path: &Path, held: &Held) -> Value {
    let particulars = &held.status.particulars;
    let named = |(stage, count): (&sav_domain::transfer::Stage, &u64)| (stage.name().to_owned(), json!(count));
    json!({
        "state_file": path.display().to_string(),
        "size_bytes": held.size_bytes,
        "schema_version": held.schema_version,
        "migration": migration_json(&held.route),
        "created_at": held.created_at,
        "in_use_by": held.holder.as_ref().map(|holder| json!({
            "pid": holder.pid, "host": holder.host, "since": holder.since,
        })),
        "counts": held.status.counts,
        "stages": held.status.standing.stages.iter().map(named).collect::<serde_json::Map<_, _>>(),
        "already_there": particulars.already_there,
        "rulings": particulars.rulings.iter().map(|ruled| json!({
            "verdict": ruled.verdict, "reason": ruled.reason, "points": ruled.points,
        })).collect::<Vec<_>>(),
        "causes": particulars.causes,
        "parked_groups": held.parked.iter().map(|group| json!({
            "vault_name": group.group.vault,
            "resource_type": group.group.resource_type,
            "encryption_key_arn": group.group.encryption_key_arn,
            "cause": group.parked,
            "waiting": group.waiting,
        })).collect::<Vec<_>>(),
        "plans": held.plans.iter().map(plan_json).collect::<Vec<_>>(),
        "windows": held.status.windows.iter().map(window_json).collect::<Vec<_>>(),
        "last_events": held.last_events.iter().map(|happened| {
            let mut event = event_json(&happened.event);
            event["recovery_point_arn"] = json!(happened.recovery_point_arn);
            event
        }).collect::<Vec<_>>(),
    })
}

/// What stands where, in three columns: what kind of count, of what, how many.
fn counts(held: &Held) -> Vec<[String; 3]> {
    let row = |kind: &str, name: String, count: u64| [kind.to_owned(), name, count.to_string()];
    let stages = held.status.standing.stages.iter();
    let stages = stages.map(|(stage, count)| row("transfer", stage.name().to_owned(), *count));
    let rulings = held.status.particulars.rulings.iter().map(|ruled| {
        let reason = ruled.reason.as_deref().unwrap_or("(no reason)");
        row(ruled.verdict.name(), reason.to_owned(), ruled.points)
    });
    let causes = held.status.particulars.causes.iter();
    let causes = causes.map(|(category, count)| row("failed or parked", category.to_string(), *count));
    let parked = held.parked.iter().map(|group| {
        let cause = group.parked.as_ref().map(|cause| &*cause.category).unwrap_or_default();
        let kind = group
            .group
            .resource_type
            .as_ref()
            .map_or("(no type)", ResourceType::name);
        row(
            "parked group",
            format!("{} {kind}: {cause}", group.group.vault),
            group.waiting,
        )
    });
    stages.chain(rulings).chain(causes).chain(parked).collect()
}

fn write_csv(out: &mut Output, held: &Held) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["what", "name", "count"])?;
    for row in counts(held) {
        csv.write_record(row)?;
    }
    csv.flush()
}

fn show(out: &mut Output, path: &Path, held: &Held, now: Moment) -> io::Result<()> {
    let in_use = held
        .holder
        .as_ref()
        .map_or_else(|| "nobody".to_owned(), Holder::to_string);
    writeln!(out, "ledger     {}", path.display())?;
    writeln!(
        out,
        "           {}, schema {}, made {}",
        size::human(held.size_bytes),
        held.schema_version,
        when(held.created_at, now)
    )?;
    writeln!(out, "migration  {}", held.route)?;
    writeln!(out, "in use by  {in_use}")?;
    let counts = counts(held);
    if !counts.is_empty() {
        writeln!(out)?;
        let headers = [("WHAT", Align::Left), ("", Align::Left), ("COUNT", Align::Right)];
        write_table(out, &headers, &counts.into_iter().map(Vec::from).collect::<Vec<_>>())?;
    }
    if !held.plans.is_empty() {
        writeln!(out)?;
        write_plans(out, &held.plans)?;
    }
    if !held.status.windows.is_empty() {
        writeln!(out)?;
        write_windows(out, &held.status.windows, held.status.running)?;
    }
    if !held.last_events.is_empty() {
        writeln!(out)?;
        let headers = [
            ("LAST EVENTS", Align::Left),
            ("STEP", Align::Left),
            ("POINT", Align::Left),
        ];
        let rows = held.last_events.iter().map(|happened| {
            vec![
                happened.event.at.to_string(),
                happened.event.step.name().to_owned(),
                happened.recovery_point_arn.to_string(),
            ]
        });
        write_table(out, &headers, &rows.collect::<Vec<_>>())?;
    }
    out.flush()
}
