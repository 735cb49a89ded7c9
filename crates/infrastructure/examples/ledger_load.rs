//! How the ledger bears a million points: `cargo run --release --example ledger_load -- [POINTS] [CHANGES]`.
//!
//! Prints CPU and wall seconds, the file's size and this process's peak memory (Linux) for writing a plan, for opening it and
//! asking who is next, and for state changes of which every one is answered only when it is on disk.

#![expect(clippy::print_stdout, reason = "a measurement is for reading")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::path::Path;
use std::time::Instant;

use futures::future::try_join_all;
use sav_application::ports::{Change, Ledger, LedgerReader};
use sav_domain::ledger::{PlanChanges, PlannedPoint, PointId, Ruling};
use sav_domain::transfer::{DestinationArn, Event, JobId, Step, Token};
use sav_domain::{Moment, RecoveryPoint, ResourceType, Route, VaultName};
use sav_infrastructure::ledger::{SqliteLedger, default_path};

const BATCH: u32 = 5_000;
/// Tasks that wait for an answer at the same time.
const AT_ONCE: usize = 256;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u32>());
    let points = numbers.next().transpose()?.unwrap_or(1_000_000);
    let changes = numbers.next().transpose()?.unwrap_or(100_000).min(points * 3);
    let folder = tempfile::tempdir()?;
    let region = "eu-west-1".parse()?;
    let route = Route::between("111111111111".parse()?, "222222222222".parse()?, region)?;
    let path = default_path(folder.path(), &route);

    let ledger = SqliteLedger::open(&path, &route, Moment::from_millis(0))?;
    let told = plan(&ledger, points, "planned").await?;
    assert_eq!(told.new, u64::from(points));
    drop(ledger);
    tell_sizes(&path)?;

    let watch = Stopwatch::started();
    let ledger = SqliteLedger::open(&path, &route, Moment::from_millis(0))?;
    let reader = ledger.reader()?;
    let standing = reader.standing()?;
    let groups = reader.groups()?;
    let waiting: u64 = groups.iter().map(|group| group.waiting).sum();
    assert_eq!(waiting, u64::from(points));
    let ready = reader.ready(groups[0].id, None, 1_000)?;
    assert!(!ready.is_empty());
    let open = reader.open_transfers()?.len();
    watch.tell(&format!(
        "opened; {open} open, {} groups counted, {} ready in the first, {} stages counted",
        groups.len(),
        ready.len(),
        standing.stages.len()
    ));

    let watch = Stopwatch::started();
    let mut heads = Vec::new();
    for group in &groups {
        heads.extend(reader.ready(group.id, None, changes as usize / 3)?);
    }
    heads.truncate(changes as usize / 3);
    for group in heads.chunks(AT_ONCE) {
        try_join_all(group.iter().map(|head| travel(&ledger, head.id))).await?;
    }
    let changes = heads.len() * 3;
    let seconds = watch.tell(&format!("{changes} state changes, each answered when durable"));
    println!(
        "  {:.0} per second with {AT_ONCE} tasks waiting at once",
        f64::from(u32::try_from(changes)?) / seconds
    );

    let told = plan(&ledger, points, "planned again, all as it was").await?;
    assert_eq!(told.unchanged, u64::from(points));
    tell_sizes(&path)?;
    Ok(())
}

/// As `plan` does it: the points as they are listed, then the whole queue, then the end.
async fn plan(ledger: &SqliteLedger, points: u32, what: &str) -> Outcome<PlanChanges> {
    let watch = Stopwatch::started();
    let plan = ledger.begin_plan(Moment::from_millis(0), "{}".into()).await?;
    let mut building = 0.0;
    for from in (0..points).step_by(BATCH as usize) {
        let started = cpu_seconds();
        let batch: Vec<PlannedPoint> = (from..(from + BATCH).min(points))
            .map(planned)
            .collect::<Outcome<_>>()?;
        building += cpu_seconds() - started;
        ledger.plan(plan, batch).await?;
    }
    // Oldest first in every resource: the order of the ids here, and a round of all resources after the other.
    for from in (0..points).step_by(BATCH as usize) {
        let batch = (from..(from + BATCH).min(points)).map(|n| (PointId(n + 1), u64::from(n)));
        ledger.queue(batch.collect()).await?;
    }
    let told = ledger.finish_plan(plan, Moment::from_millis(1)).await?;
    watch.tell(&format!(
        "{points} points {what} ({building:.2} s CPU of it to invent them)"
    ));
    Ok(told)
}

fn tell_sizes(path: &Path) -> Outcome<()> {
    let bytes = std::fs::metadata(path)?.len();
    println!("  file {} MiB, peak memory {} MiB", bytes >> 20, peak_mib());
    Ok(())
}

fn planned(n: u32) -> Outcome<PlannedPoint> {
    let vault = VaultName::new(format!("vault-{}", n % 12)).ok_or("a vault has a name")?;
    let mixed = n.wrapping_mul(0x9e37_79b9);
    let arn = format!("arn:aws:backup:eu-west-1:111111111111:recovery-point:{mixed:08x}-5b1c-4d3e-9f00-{n:012x}");
    let mut point = RecoveryPoint::new(arn, vault);
    let resource = n % 40_000;
    point.resource_arn = Some(format!("arn:aws:ec2:eu-west-1:111111111111:volume/vol-{resource:017x}").into());
    point.resource_name = Some(format!("volume-{resource}").into());
    point.resource_type = Some(ResourceType::Ebs);
    point.created = Some(Moment::from_millis(1_700_000_000_000 + i64::from(n)));
    point.completed = Some(Moment::from_millis(1_700_000_900_000 + i64::from(n)));
    point.size_bytes = Some(u64::from(n) << 20);
    point.encryption_key_arn = Some("arn:aws:kms:eu-west-1:111111111111:key/7f3c".into());
    point.expires_at = Some(Moment::from_millis(1_800_000_000_000 + i64::from(n)));
    point.lifecycle.delete_after_days = Some(365);
    Ok(PlannedPoint {
        point,
        metadata: Some(
            format!(
                "{{\"APMID\":\"APM{:04}\",\"owner\":\"team {}\"}}",
                resource % 900,
                resource % 90
            )
            .into(),
        ),
        ruling: Ruling::COPY,
        position: None,
    })
}

async fn travel(ledger: &SqliteLedger, id: PointId) -> Result<(), sav_application::ports::LedgerError> {
    let word = format!("{:08x}-0000-4000-8000-{:012x}", id.0, id.0);
    let steps = [
        Token::new(word.clone()).map(|token| Step::Meant { token }),
        JobId::new(word.clone()).map(|job| Step::Accepted { job }),
        DestinationArn::new(word).map(|destination| Step::Landed { destination }),
    ];
    for step in steps.into_iter().flatten() {
        let event = Event::new(Moment::from_millis(5), step);
        ledger.record(vec![Change { point: id, event }]).await?;
    }
    Ok(())
}

struct Stopwatch {
    wall: Instant,
    cpu: f64,
}

impl Stopwatch {
    fn started() -> Self {
        Self {
            wall: Instant::now(),
            cpu: cpu_seconds(),
        }
    }

    fn tell(&self, what: &str) -> f64 {
        let wall = self.wall.elapsed().as_secs_f64();
        println!("{what}: {:.2} s CPU, {wall:.2} s wall", cpu_seconds() - self.cpu);
        wall
    }
}

/// User and system time of all threads, in the kernel's hundredths of a second; 0 where there is no /proc.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = behind_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .split_whitespace()
            .next()?
            .parse::<u64>()
            .ok()
    });
    peak.unwrap_or_default() >> 10
}
