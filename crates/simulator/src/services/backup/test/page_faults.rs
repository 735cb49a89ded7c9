//! Short pages, rows that come twice and rows that come late: annoying, but in the end every row has come.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;

prop_compose! {
    fn fault()(at_most in prop::option::of(0..8_usize), repeat in 0..5_usize, late in 0..5_usize) -> Listing {
        Listing { at_most, repeat, late }
    }
}

const ROWS: u64 = 40;

/// In every listing there are forty rows.
fn forty() -> Sim {
    let mut sim = small_box();
    let volume = resource(&mut sim.world, ResourceType::Ebs, "vol-1");
    let place = daily(&sim.world);
    for number in 1..=ROWS {
        add(&mut sim.world, place, volume, number);
        if number > 2 {
            sim.world.add_vault(vault(SOURCE, &format!("vault-{number}")));
        }
    }
    let arn = sim.world.vault_arn(place);
    let tags: Tags = (0..ROWS)
        .map(|number| (format!("key-{number}"), String::new()))
        .collect();
    sim.world.set_tags(&arn, tags);
    sim
}

/// The keys of all rows of all pages; each fault strikes one page.
fn listed(
    sim: &mut Sim,
    operation: &'static str,
    list: &str,
    key: &str,
    mut params: Value,
    faults: &[Listing],
) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut faults = faults.iter();
    loop {
        sim.page_fault = faults.next().copied().unwrap_or_default();
        let page = sim.ask(operation, params.clone()).unwrap();
        let before = keys.len();
        match &page[list] {
            Value::Array(rows) => keys.extend(rows.iter().map(|row| row[key].to_string())),
            Value::Object(tags) => keys.extend(tags.keys().cloned()),
            other => panic!("no list: {other}"),
        }
        let size = params["MaxResults"].as_u64().unwrap();
        assert!(keys.len() - before <= usize::try_from(size).unwrap());
        if page["NextToken"].is_null() {
            return keys;
        }
        params["NextToken"] = page["NextToken"].clone();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_row_comes_in_the_end(faults in prop::collection::vec(fault(), 0..30), size in 1..50_u64) {
        let mut sim = forty();
        let arn = sim.world.vault_arn(daily(&sim.world));
        let resource_arn = sim.world.resource_arn(ResourceId(0));
        for (operation, list, key, params) in [
            ("ListRecoveryPointsByBackupVault", "RecoveryPoints", "RecoveryPointArn", json!({"BackupVaultName": "daily"})),
            ("ListRecoveryPointsByResource", "RecoveryPoints", "RecoveryPointArn", json!({"ResourceArn": resource_arn})),
            ("ListBackupVaults", "BackupVaultList", "BackupVaultName", json!({})),
            ("ListTags", "Tags", "", json!({"ResourceArn": arn})),
        ] {
            let mut params = params;
            params["MaxResults"] = size.into();
            let keys = listed(&mut sim, operation, list, key, params, &faults);
            prop_assert_eq!(keys.len() as u64, ROWS, "{}", operation);
        }
    }
}

#[test]
fn each_fault_does_what_it_is_named_for() {
    let mut sim = forty();
    let pages = |sim: &mut Sim, faults: [Listing; 2]| -> Vec<Vec<u64>> {
        let mut params = json!({"BackupVaultName": "daily", "MaxResults": 5});
        faults
            .into_iter()
            .map(|fault| {
                sim.page_fault = fault;
                let page = sim.ask("ListRecoveryPointsByBackupVault", params.clone()).unwrap();
                params["NextToken"] = page["NextToken"].clone();
                let sizes = page["RecoveryPoints"].as_array().unwrap().iter();
                sizes
                    .map(|row| row["BackupSizeInBytes"].as_u64().unwrap() >> 30)
                    .collect()
            })
            .collect()
    };
    let none = Listing::default();
    let empty = Listing {
        at_most: Some(0),
        ..none
    };
    let short = Listing {
        at_most: Some(2),
        ..none
    };
    let again = Listing { repeat: 2, ..none };
    let late = Listing { late: 2, ..none };
    assert_eq!(pages(&mut sim, [empty, none]), [vec![], vec![1, 2, 3, 4, 5]]);
    assert_eq!(pages(&mut sim, [short, none]), [vec![1, 2], vec![3, 4, 5, 6, 7]]);
    assert_eq!(
        pages(&mut sim, [again, none]),
        [vec![1, 2, 3, 4, 5], vec![4, 5, 6, 7, 8]]
    );
    assert_eq!(pages(&mut sim, [late, none]), [vec![1, 2, 3], vec![6, 7, 8, 4, 5]]);
}
