//! What a comparison costs by itself: `cargo run --release -p sav-domain --example compare_million -- [POINTS] [recorded]`.
//!
//! Prints CPU seconds and this process's peak memory (Linux) for as many points on either side, whose copies are known by what they are
//! or, with `recorded`, by the ledger. Points are invented one by one, so what is held is what the comparison holds.

#![expect(clippy::print_stdout, reason = "a measurement is for reading")]

use sav_domain::recovery_point::PointStatus;
use sav_domain::verification::{Circumstances, Comparison, Expectation, Standing};
use sav_domain::{Moment, RecoveryPoint, ResourceType, Route, VaultName};

const START: i64 = 1_700_000_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let points: u32 = words.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let recorded = words.next().is_some_and(|word| word == "recorded");
    let route = Route::between("111111111111".parse()?, "222222222222".parse()?, "us-east-1".parse()?)?;
    let vaults: Vec<VaultName> = (0..12).filter_map(|n| VaultName::new(format!("vault-{n}"))).collect();
    let vault_arns: Vec<String> = vaults
        .iter()
        .map(|vault| format!("arn:aws:backup:us-east-1:111111111111:backup-vault:{vault}"))
        .collect();
    let before = cpu_seconds();
    let invented: usize = (0..points).map(|n| point(n, &vaults).arn.len()).sum();
    let inventing = cpu_seconds() - before;

    let before = cpu_seconds();
    let mut comparison = Comparison::between(&route);
    for n in 0..points {
        let point = point(n, &vaults);
        let row = comparison.expect(&Expectation {
            point: &point,
            vault: &point.vault,
            source_vault_arn: &vault_arns[n as usize % vaults.len()],
            standing: Standing::Due,
            lifecycle: Some(point.lifecycle),
            id: n,
        });
        if recorded {
            comparison.record(row, comparison.copy_named(&copy_arn(n)));
        }
    }
    comparison.all_expected();
    for n in 0..points {
        // AWS lists in another order.
        let n = u32::try_from(u64::from(n) * 7_919 % u64::from(points))?;
        let mut copy = point(n, &vaults);
        copy.arn = copy_arn(n).into();
        copy.source_vault_arn = Some(vault_arns[n as usize % vaults.len()].as_str().into());
        comparison.see(&copy);
    }
    let verified = comparison.conclude(&Circumstances {
        now: Moment::from_millis(START),
        keys: Vec::new(),
    });
    let summary = verified.summary();
    let told = verified
        .findings()
        .filter_map(|found| found.recovery_point_arn)
        .map(|arn| arn.len())
        .sum::<usize>();
    assert_eq!((summary.verified, told), (u64::from(points), invented));
    println!(
        "{points} points against {points}: {:.2} s CPU without the {:.2} s to invent them, peak memory {} MiB",
        cpu_seconds() - before - 2.0 * inventing,
        2.0 * inventing,
        peak_mib()
    );
    Ok(())
}

fn copy_arn(n: u32) -> String {
    format!("arn:aws:backup:us-east-1:222222222222:recovery-point:{n:08x}-1111-4d3e-9f00-{n:012x}")
}

fn point(n: u32, vaults: &[VaultName]) -> RecoveryPoint {
    let mixed = n.wrapping_mul(0x9e37_79b9);
    let arn = format!("arn:aws:backup:us-east-1:111111111111:recovery-point:{mixed:08x}-5b1c-4d3e-9f00-{n:012x}");
    RecoveryPoint {
        resource_arn: Some(
            format!(
                "arn:aws:dynamodb:us-east-1:111111111111:table/table-{}",
                n / 12 % 40_000
            )
            .into(),
        ),
        resource_type: Some(ResourceType::DynamoDb),
        status: Some(PointStatus::Completed),
        created: Some(Moment::from_millis(START + i64::from(n) * 12_345)),
        completed: Some(Moment::from_millis(START + i64::from(n) * 12_345 + 900_000)),
        size_bytes: Some(u64::from(n) << 20),
        ..RecoveryPoint::new(arn, vaults[n as usize % vaults.len()].clone())
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
