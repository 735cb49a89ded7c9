//! A ledger written as a document and made again of it is the same ledger.

mod eventful;
mod random;
mod refusals;

use std::path::Path;

use sav_application::ports::{Ledger, LedgerReader};
use sav_domain::ledger::{GroupStanding, LedgerPoint, PointId};
use sav_domain::{Moment, VaultName};
use sav_infrastructure::ledger::{ImportError, SqliteReader, export, export_to_file, import};

use self::eventful::{Apart, eventful};
use super::world::*;

fn reader(path: &Path) -> SqliteReader {
    SqliteReader::open(path, Some(&route("eu-west-1"))).unwrap()
}

fn exported(path: &Path) -> String {
    let mut document = Vec::new();
    export(&mut reader(path), &mut document, at(99), &mut |_| true).unwrap();
    String::from_utf8(document).unwrap()
}

fn imported(document: &str, path: &Path) -> Result<(u64, u64), ImportError> {
    let imported = import(&mut document.as_bytes(), path, &|_| Ok(()), at(0), &mut |_| true)?;
    Ok((imported.points, imported.events))
}

/// Everything that can be asked of a ledger, without the numbers that it gave by itself.
fn all_of(path: &Path) -> impl PartialEq + std::fmt::Debug {
    let reader = reader(path);
    let points = reader.points(None, usize::MAX).unwrap();
    let without_id = |point: LedgerPoint| LedgerPoint {
        id: PointId(0),
        ..point
    };
    let stories: Vec<_> = points
        .iter()
        .map(|point| (reader.events(point.id).unwrap(), reader.attempts(point.id).unwrap()))
        .collect();
    let groups = reader.groups().unwrap();
    let ready: Vec<_> = groups
        .iter()
        .map(|group| {
            let heads = reader.ready(group.id, None, usize::MAX).unwrap();
            let heads: Vec<_> = heads.into_iter().map(without_id).collect();
            let GroupStanding {
                group,
                parked,
                waiting,
                copied,
                ..
            } = group.clone();
            (format!("{group:?}"), parked, waiting, copied, heads)
        })
        .filter(|(_, parked, waiting, copied, _)| parked.is_some() || *waiting > 0 || *copied > 0)
        .collect();
    let mut ready = ready;
    ready.sort_by(|one, other| one.0.cmp(&other.0));
    (
        points.into_iter().map(without_id).collect::<Vec<_>>(),
        stories,
        ready,
        (reader.standing(), reader.particulars(), reader.arrivals(Moment::MIN)),
        (
            reader.plans(),
            reader.windows(),
            reader.learned(),
            reader.created_at(),
            reader.entries(None),
        ),
    )
}

/// There and back: the same answers to every question, and the same document.
fn survives(path: &Path) -> String {
    let document = exported(path);
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    imported(&document, &copy).unwrap();
    reader(&copy).check().unwrap();
    assert_eq!(all_of(&copy), all_of(path));
    assert_eq!(exported(&copy), document);
    document
}

#[tokio::test]
async fn everything_a_ledger_can_hold_survives() {
    let folder = tempfile::tempdir().unwrap();
    let path = eventful(folder.path()).await;
    let document = survives(&path);
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(value["ledger"]["format"], "shuffle-aws-vaults ledger");
    assert_eq!(value["ledger"]["migration"]["dest_account"], "222222222222");
    assert_eq!(value["points"][0]["events"][0]["step"], "meant");
    assert_eq!(value["points"][0]["events"][0]["at"], at(20).to_string());

    // A formatter that sorts members and spreads lines changes nothing.
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("copy.db");
    imported(&pretty, &copy).unwrap();
    assert_eq!(reader(&copy).standing(), reader(&path).standing());
    let before = reader(&path).points(None, 99).unwrap();
    assert_eq!(reader(&copy).points(None, 99).unwrap(), before);
}

#[tokio::test]
async fn events_come_back_in_the_order_in_which_they_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = eventful(folder.path()).await;
    let copy = folder.path().join("copy.db");
    imported(&exported(&path), &copy).unwrap();
    let last = |path: &Path| reader(path).last_events(3).unwrap();
    assert_eq!(last(&copy), last(&path));
    let told: Vec<Moment> = reader(&copy)
        .last_events(99)
        .unwrap()
        .iter()
        .map(|told| told.event.at)
        .collect();
    assert!(told.len() > 15 && told[0] == at(43), "{told:?}");
}

#[tokio::test]
async fn an_export_is_of_one_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = eventful(folder.path()).await;
    let before = exported(&path);
    let mut reader = reader(&path);
    reader.at_one_moment().unwrap();
    let ledger = open(folder.path());
    ledger.open_window(at(77)).await.unwrap();
    let mut document = Vec::new();
    export(&mut reader, &mut document, at(99), &mut |_| true).unwrap();
    assert_eq!(String::from_utf8(document).unwrap(), before);
    assert_ne!(exported(&path), before);
}

#[tokio::test]
async fn an_export_that_is_interrupted_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = eventful(folder.path()).await;
    let file = folder.path().join("export.json");
    std::fs::write(&file, "old").unwrap();
    let stopped = export_to_file(&mut reader(&path), &file, at(99), &mut |_| false);
    assert!(stopped.is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    let names = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    assert_eq!(names(folder.path()), 2, "the ledger's folder and the old export");

    export_to_file(&mut reader(&path), &file, at(99), &mut |_| true).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), exported(&path));
    assert_eq!(names(folder.path()), 2);
    let into_folder = export_to_file(&mut reader(&path), folder.path(), at(99), &mut |_| true).unwrap_err();
    assert!(into_folder.to_string().contains("it is a folder"), "{into_folder}");
    // No regular file is ever replaced.
    export_to_file(&mut reader(&path), Path::new("/dev/null"), at(99), &mut |_| true).unwrap();
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

/// At the size of a tenth of a migration, with a story for every second point.
#[tokio::test]
async fn a_hundred_thousand_points_survive() {
    const POINTS: u32 = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
    let mut ids = Vec::new();
    for first in (0..POINTS).step_by(5000) {
        let points = (first..first + 5000).map(|n| {
            let mut planned = if n % 7 == 0 { bare(n) } else { planned(n) };
            planned.planned_position_apart();
            // Every point a lane of its own, or half of them could not begin.
            planned.point.resource_arn = Some(format!("arn:of:{n}").into());
            planned
        });
        ids.extend(ledger.plan(plan, points.collect()).await.unwrap());
    }
    ledger.finish_plan(plan, at(1)).await.unwrap();
    for page in ids.chunks(5000) {
        let even = page.iter().filter(|id| id.0 % 2 == 0 && (id.0 - 1) % 7 != 0);
        let told = even.flat_map(|id| {
            let steps = [meant(&format!("t{}", id.0)), accepted(&format!("j{}", id.0)), landed()];
            (0..).zip(steps).map(|(n, step)| change(*id, n, step))
        });
        ledger.record(told.collect()).await.unwrap();
    }
    drop(ledger);
    survives(&ledger_path(folder.path()));
}

#[test]
fn a_vault_of_any_name_survives() {
    let mut planned = planned(0);
    planned.point.vault = VaultName::new("aws/efs/\u{1F512} \"x\"\\").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let plan = ledger.begin_plan(at(0), made_with()).await.unwrap();
        ledger.plan(plan, vec![planned]).await.unwrap();
        ledger.finish_plan(plan, at(1)).await.unwrap();
    });
    drop(ledger);
    survives(&ledger_path(folder.path()));
}
