//! Who we are, where we are, and whether there is room to write it down.

use super::{Bearing, Check, Told, Topic};
use crate::AccountId;
use crate::arn::Arn;
use crate::region::Partition;
use crate::route::Route;

/// STS has confirmed the account by now; else there would be nothing to check.
pub fn identity(account: AccountId, caller_arn: &str) -> Check {
    Check::new(Topic::Identity, account, caller_arn).passed(format!("the credentials belong to account {account}"))
}

/// A destination that nobody may look at.
pub fn unseen(destination: AccountId) -> Check {
    Check::new(Topic::Identity, destination, "--source-only").not_checked(
        "there are no credentials for the destination: its vaults, keys, quotas and permissions were not looked at",
    )
}

/// Both ends in one Region, and the credentials from its partition.
pub fn region(route: &Route, account: AccountId, caller_arn: &str) -> Check {
    let (region, partition) = (route.region(), route.partition());
    let check = Check::new(Topic::Region, account, region.to_string());
    let of_caller = Arn::parse(caller_arn).map(|arn| Partition::named(arn.partition));
    match of_caller {
        Some(other) if other != partition => check.failed(
            format!("the credentials are of the partition {other}, and {region} is in {partition}"),
            "name a Region of the accounts' own partition with --region, or take that partition's credentials",
        ),
        // The table of features leaves them out; whoever has such accounts knows more than we do.
        Some(Partition::China | Partition::EuropeanSovereign) => check.not_checked(format!(
            "AWS's documents name no copies between accounts in {partition}"
        )),
        Some(_) => check.passed(format!("both vaults of every copy are in {region}")),
        None => check.not_checked(format!("{caller_arn} names no partition")),
    }
}

/// What the ledger takes on disk per point, measured with its journey and indexes, and doubled.
const LEDGER_BYTES_PER_POINT: u64 = 4 * 1024;

/// Whether the ledger has room to grow to its end.
pub fn disk(source: AccountId, place: &str, free_bytes: Told<u64>, points: u64) -> Check {
    let check = Check::new(Topic::Disk, source, place);
    let needed = points.saturating_mul(LEDGER_BYTES_PER_POINT);
    let human = crate::size::human;
    match free_bytes {
        Err(why) => check.bearing_on(Bearing::Something).not_checked(why.0),
        Ok(free) if free < needed => check.failed(
            format!(
                "{} are free, and the ledger of {points} points may grow to {}",
                human(free),
                human(needed)
            ),
            "free some space there, or put the ledger elsewhere with --state-file",
        ),
        Ok(free) => check.passed(format!(
            "{} are free, up to {} may be needed",
            human(free),
            human(needed)
        )),
    }
}
