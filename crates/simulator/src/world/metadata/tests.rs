use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::world::index::fingerprint;

fn table(plan: &WorldPlan) -> (World, Vec<u8>, MetadataCounts) {
    let world = World::seeded(plan);
    let mut bytes = Vec::new();
    let counts = world.metadata_csv(plan, &mut bytes).unwrap();
    (world, bytes, counts)
}

/// All rows, in order, read by somebody else's reader.
fn rows(plan: &WorldPlan, bytes: &[u8]) -> Vec<[String; 5]> {
    let delimiter = u8::try_from(plan.metadata.delimiter).unwrap();
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
    reader
        .records()
        .map(|row| std::array::from_fn(|at| row.as_ref().unwrap()[at].to_owned()))
        .collect()
}

#[test]
fn the_truth_is_what_the_last_row_of_each_resource_says() {
    let plan = WorldPlan {
        points: 20_000,
        ..WorldPlan::default()
    };
    let (world, bytes, counts) = table(&plan);
    let rows = rows(&plan, &bytes);
    assert_eq!(rows.len(), counts.rows);
    let last: BTreeMap<&str, &str> = rows.iter().map(|row| (row[0].as_str(), row[1].trim())).collect();
    let known: Vec<ResourceId> = world.resources_with_points_of(&plan.source_account).collect();
    assert_eq!(known.len(), world.resources.len());
    for resource in &known {
        let read = last
            .get(world.resource_arn(*resource).as_str())
            .copied()
            .filter(|apmid| !apmid.is_empty());
        assert_eq!(world.apmid_of(&plan, *resource).as_deref(), read);
    }
    let without = known
        .iter()
        .filter(|resource| !last.contains_key(world.resource_arn(**resource).as_str()))
        .count();
    assert_eq!(without, counts.resources_without_row);
    assert_eq!(rows.len() - last.len(), counts.duplicates);
    assert_eq!(known.len() - without + counts.unknown_resources, last.len());
}

#[test]
fn everything_that_such_files_have_is_there() {
    let plan = WorldPlan {
        points: 60_000,
        ..WorldPlan::default()
    };
    let (world, bytes, counts) = table(&plan);
    let rows = rows(&plan, &bytes);
    assert!(counts.resources_without_row > 0 && counts.blank_apmids > 0 && counts.duplicates > 0);
    assert!(counts.unknown_resources > 0);
    for wanted in [",", "\"", "\n"] {
        assert!(rows.iter().any(|row| row[2].contains(wanted)), "{wanted:?}");
    }
    assert!(rows.iter().any(|row| !row[3].is_ascii()));
    assert!(
        rows.iter()
            .any(|row| row[1].trim() != row[1] && row[1].starts_with("  APM"))
    );
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for row in &rows {
        if let Some(before) = seen.insert(&row[0], row[1].trim()) {
            assert_ne!(before, row[1].trim(), "the rows of a duplicate differ");
        }
    }
    let apmids: BTreeSet<String> = world
        .resources_with_points_of(&plan.source_account)
        .filter_map(|id| world.apmid_of(&plan, id))
        .collect();
    assert!(apmids.len() > 50, "{}", apmids.len());
}

#[test]
fn a_plain_table_has_one_row_for_each_resource() {
    let plan = WorldPlan {
        points: 5000,
        ..WorldPlan::plain()
    };
    let (world, bytes, counts) = table(&plan);
    assert_eq!(
        counts,
        MetadataCounts {
            rows: world.resources.len(),
            ..MetadataCounts::default()
        }
    );
    assert!(!bytes.contains(&b'"'));
    let rows = rows(&plan, &bytes);
    for (row, resource) in rows.iter().zip(world.resources_with_points_of(&plan.source_account)) {
        assert_eq!(row[0], world.resource_arn(resource));
        assert_eq!(Some(&row[1]), world.apmid_of(&plan, resource).as_ref());
    }
}

#[test]
fn a_table_can_be_as_long_and_in_whichever_dialect_one_likes() {
    for delimiter in [',', ';', '\t'] {
        let mut plan = WorldPlan {
            points: 500,
            ..WorldPlan::default()
        };
        plan.metadata.delimiter = delimiter;
        plan.metadata.rows_at_least = 4000;
        let (_, usual, counts) = table(&plan);
        assert_eq!(counts.rows, 4000);
        assert_eq!(rows(&plan, &usual).len(), 4000);
        plan.metadata.byte_order_mark = true;
        plan.metadata.carriage_returns = true;
        let (_, windows, _) = table(&plan);
        let windows = String::from_utf8(windows).unwrap();
        let unmarked = windows.strip_prefix('\u{feff}').unwrap();
        assert_eq!(unmarked.matches('\n').count(), unmarked.matches("\r\n").count());
        assert_eq!(unmarked.replace("\r\n", "\n"), String::from_utf8(usual).unwrap());
    }
}

#[test]
fn the_same_plan_writes_the_same_bytes_for_ever() {
    let plan = WorldPlan {
        points: 2000,
        ..WorldPlan::default()
    };
    let (_, bytes, _) = table(&plan);
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        fingerprint(&text),
        10_912_774_381_613_103_245,
        "tables of old seeds changed: say so in the changelog"
    );
}

#[test]
fn a_full_disk_is_told() {
    let world = World::seeded(&WorldPlan {
        points: 100,
        ..WorldPlan::default()
    });
    let mut room = [0_u8; 300];
    let failed = world.metadata_csv(&WorldPlan::default(), &mut room.as_mut_slice());
    assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::WriteZero);
}
