//! Token buckets: one per account and operation, one for all of an account's AWS Backup calls together.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::clock::Moment;

/// Calls per second that an account may make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// By `service:Operation`.
    pub operations: BTreeMap<String, f64>,
    /// For the operations of a service that are not named, by service; others are not limited one by one.
    pub otherwise: BTreeMap<String, f64>,
    /// All calls of an account to one service together, by service.
    pub services: BTreeMap<String, f64>,
    /// A rested bucket holds what this many seconds bring.
    pub burst_secs: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self::published()
    }
}

impl Rates {
    /// What AWS publishes for AWS Backup, and by analogy what it does not (copy jobs, locks and policies).
    pub fn published() -> Self {
        let per_second: [(f64, &[&str]); 4] = [
            (
                5.0,
                &[
                    "CreateBackupVault",
                    "DeleteBackupVault",
                    "DescribeBackupVault",
                    "TagResource",
                    "UntagResource",
                    "StartCopyJob",
                    "PutBackupVaultAccessPolicy",
                    "DeleteBackupVaultAccessPolicy",
                    "PutBackupVaultLockConfiguration",
                    "DeleteBackupVaultLockConfiguration",
                    "PutBackupVaultNotifications",
                    "DeleteBackupVaultNotifications",
                ],
            ),
            (10.0, &["ListRecoveryPointsByResource"]),
            (
                15.0,
                &["DescribeRecoveryPoint", "DescribeCopyJob", "GetBackupVaultAccessPolicy"],
            ),
            (
                20.0,
                &[
                    "ListRecoveryPointsByBackupVault",
                    "ListBackupVaults",
                    "ListCopyJobs",
                    "ListTags",
                ],
            ),
        ];
        let mut operations: BTreeMap<String, f64> = per_second
            .into_iter()
            .flat_map(|(rate, names)| names.iter().map(move |name| (format!("backup:{name}"), rate)))
            .collect();
        operations.insert("kms:DescribeKey".to_owned(), 2000.0);
        Self {
            operations,
            otherwise: BTreeMap::from([("backup".to_owned(), 15.0)]),
            services: BTreeMap::from([("backup".to_owned(), 50.0)]),
            burst_secs: 1.0,
        }
    }

    /// Everything so many times as fast, for a wire that runs ahead of real time.
    #[must_use]
    pub fn times(mut self, factor: f64) -> Self {
        for table in [&mut self.operations, &mut self.otherwise, &mut self.services] {
            for rate in table.values_mut() {
                *rate *= factor;
            }
        }
        self
    }

    #[must_use]
    pub fn with(mut self, service_and_operation: &str, per_second: f64) -> Self {
        self.operations.insert(service_and_operation.to_owned(), per_second);
        self
    }
}

/// The buckets' levels.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    levels: HashMap<(String, String), Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled: Moment,
}

impl Buckets {
    /// Takes a token from every bucket the call falls under, or from none and says no.
    pub(super) fn admit(&mut self, rates: &Rates, account: &str, service: &str, operation: &str, now: Moment) -> bool {
        let name = format!("{service}:{operation}");
        let own = rates
            .operations
            .get(&name)
            .or_else(|| rates.otherwise.get(service))
            .copied();
        let shared = rates.services.get(service).copied();
        let keys = [
            own.map(|rate| ((account.to_owned(), name), rate)),
            shared.map(|rate| ((account.to_owned(), service.to_owned()), rate)),
        ];
        let keys: Vec<_> = keys.into_iter().flatten().collect();
        let enough = keys.iter().fold(true, |enough, (key, rate)| {
            let room = (rate * rates.burst_secs).max(1.0);
            let bucket = self.levels.entry(key.clone()).or_insert(Bucket {
                tokens: room,
                filled: now,
            });
            bucket.tokens = (bucket.tokens + rate * now.since(bucket.filled).as_secs_f64()).min(room);
            bucket.filled = bucket.filled.max(now);
            enough && bucket.tokens >= 1.0
        });
        if enough {
            for (key, _) in &keys {
                if let Some(bucket) = self.levels.get_mut(key) {
                    bucket.tokens -= 1.0;
                }
            }
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(buckets: &mut Buckets, rates: &Rates, operation: &str, calls: usize, now: Moment) -> usize {
        (0..calls)
            .filter(|_| buckets.admit(rates, "111111111111", "backup", operation, now))
            .count()
    }

    #[test]
    fn a_bucket_gives_its_burst_then_its_rate() {
        let rates = Rates::published();
        let mut buckets = Buckets::default();
        let start = Moment::from_secs(1_000_000);
        assert_eq!(admitted(&mut buckets, &rates, "StartCopyJob", 20, start), 5);
        assert_eq!(
            admitted(
                &mut buckets,
                &rates,
                "StartCopyJob",
                20,
                start + std::time::Duration::from_millis(400)
            ),
            2
        );
        let later = start + std::time::Duration::from_mins(1);
        assert_eq!(
            admitted(&mut buckets, &rates, "StartCopyJob", 20, later),
            5,
            "a bucket does not overflow"
        );
    }

    #[test]
    fn all_calls_of_an_account_share_fifty_a_second_and_accounts_share_nothing() {
        let rates = Rates::published();
        let mut buckets = Buckets::default();
        let now = Moment::from_secs(1_000_000);
        let lists = [
            "ListRecoveryPointsByBackupVault",
            "ListBackupVaults",
            "ListCopyJobs",
            "ListTags",
        ];
        let total: usize = lists
            .iter()
            .map(|list| admitted(&mut buckets, &rates, list, 20, now))
            .sum();
        assert_eq!(total, 50);
        assert!(buckets.admit(&rates, "222222222222", "backup", "ListTags", now));
        assert!(buckets.admit(&rates, "111111111111", "sts", "GetCallerIdentity", now));
    }

    #[test]
    fn a_refused_call_costs_nothing() {
        let rates = Rates::published().with("backup:ListTags", 1.0);
        let mut buckets = Buckets::default();
        let now = Moment::from_secs(1_000_000);
        assert_eq!(admitted(&mut buckets, &rates, "ListTags", 100, now), 1);
        assert_eq!(admitted(&mut buckets, &rates, "ListBackupVaults", 100, now), 20);
        assert_eq!(admitted(&mut buckets, &rates, "ListCopyJobs", 100, now), 20);
        assert_eq!(
            admitted(&mut buckets, &rates, "DescribeCopyJob", 100, now),
            9,
            "49 of 50 left for these three"
        );
    }
}
