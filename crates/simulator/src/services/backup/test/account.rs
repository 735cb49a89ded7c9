use serde_json::json;

use super::*;

#[test]
fn the_global_settings_are_an_organizations() {
    let mut sim = small_box();
    let settings = sim.ask("DescribeGlobalSettings", json!({})).unwrap();
    assert_eq!(settings["GlobalSettings"]["isCrossAccountBackupEnabled"], "true");
    assert_eq!(settings["LastUpdateTime"], 1_690_880_000.123);
    sim.world.organization.cross_account_backup = false;
    let settings = sim.ask("DescribeGlobalSettings", json!({})).unwrap();
    assert_eq!(settings["GlobalSettings"]["isCrossAccountBackupEnabled"], "false");
    sim.world.accounts.get_mut(SOURCE).unwrap().in_organization = false;
    assert_eq!(sim.code("DescribeGlobalSettings", json!({})), "InvalidRequestException");
}

#[test]
fn the_regions_settings_are_the_accounts() {
    let mut sim = small_box();
    assert_eq!(
        sim.ask("DescribeRegionSettings", json!({})).unwrap(),
        json!({
            "ResourceTypeOptInPreference": {"EBS": true, "FSx": false},
            "ResourceTypeManagementPreference": {"DynamoDB": true},
        })
    );
}

#[test]
fn each_supported_type_is_named_once() {
    let types = small_box().ask("GetSupportedResourceTypes", json!({})).unwrap();
    let types: Vec<&str> = types["ResourceTypes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert!(types.is_sorted_by(|a, b| a < b), "{types:?}");
    assert!(types.contains(&"SAP HANA on Amazon EC2") && types.contains(&"FSx"));
    assert!(!types.contains(&ResourceType::Unheard.wire_name()));
}
