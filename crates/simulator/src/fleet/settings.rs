//! How the copy jobs of this world behave. Defaults follow AWS's documents; where those are silent or disagree there is
//! a switch, and clients are to be tried with it both ways.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::doom::FailurePlan;
use super::durations::Durations;
use crate::clock::Moment;
use crate::world::{CopiedResource, Pool};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FleetSettings {
    pub seed: u64,
    pub limits: Limits,
    pub limit_changes: Vec<LimitChange>,
    /// What becomes of a job for which its pool or the account has no slot.
    pub over_limit: Surplus,
    /// What becomes of a job whose resource already has one.
    pub same_resource: Surplus,
    /// How many jobs may be open beyond a pool's limit (and beyond the account's) before the call itself is refused.
    pub longest_queue: Option<u32>,
    pub start: Latency,
    pub durations: Durations,
    /// Scheduled backups, which take their turn on the same resources.
    pub backups: Option<ScheduledBackups>,
    pub failures: FailurePlan,
    pub tokens: Tokens,
    /// A job is forgotten this long after its end.
    #[serde(with = "seconds")]
    pub history: Duration,
    pub listing: Listing,
    pub doubtful: Doubtful,
    pub copies: Copies,
    pub missing_vault: MissingVault,
    /// Points left out of a composite's copy because their type cannot be copied make the job PARTIAL.
    pub left_out_children_are_partial: bool,
    /// Points go at a random time within this span after they are due.
    #[serde(with = "seconds")]
    pub expiry_spread: Duration,
    /// The destination's quotas (snapshots, images, points per vault) bind.
    pub capacity_binds: bool,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            limits: Limits::default(),
            limit_changes: Vec::new(),
            over_limit: Surplus::Queues,
            same_resource: Surplus::Queues,
            longest_queue: None,
            start: Latency::default(),
            durations: Durations::default(),
            backups: None,
            failures: FailurePlan::default(),
            tokens: Tokens::default(),
            history: Duration::from_hours(30 * 24),
            listing: Listing::default(),
            doubtful: Doubtful::default(),
            copies: Copies::default(),
            missing_vault: MissingVault::NotFound,
            left_out_children_are_partial: true,
            expiry_spread: Duration::from_hours(8),
            capacity_binds: true,
        }
    }
}

/// How many copy jobs run at once, over all accounts of the simulated world together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub ec2_snapshots: u32,
    pub database_snapshots: u32,
    pub fsx: u32,
    pub storage_gateway: u32,
    pub fully_managed: u32,
    pub other: u32,
    /// All pools together.
    pub account: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ec2_snapshots: 20,
            database_snapshots: 20,
            fsx: 5,
            storage_gateway: 5,
            fully_managed: 100,
            other: 5,
            account: None,
        }
    }
}

impl Limits {
    /// The same limit for every pool.
    pub fn all(limit: u32) -> Self {
        let mut limits = Self::default();
        for pool in Pool::ALL {
            *limits.of_mut(pool) = limit;
        }
        limits
    }

    pub const fn of(&self, pool: Pool) -> u32 {
        match pool {
            Pool::Ec2Snapshots => self.ec2_snapshots,
            Pool::DatabaseSnapshots => self.database_snapshots,
            Pool::Fsx => self.fsx,
            Pool::StorageGateway => self.storage_gateway,
            Pool::FullyManaged => self.fully_managed,
            Pool::Other => self.other,
        }
    }

    pub const fn of_mut(&mut self, pool: Pool) -> &mut u32 {
        match pool {
            Pool::Ec2Snapshots => &mut self.ec2_snapshots,
            Pool::DatabaseSnapshots => &mut self.database_snapshots,
            Pool::Fsx => &mut self.fsx,
            Pool::StorageGateway => &mut self.storage_gateway,
            Pool::FullyManaged => &mut self.fully_managed,
            Pool::Other => &mut self.other,
        }
    }
}

/// AWS raises a limit, or lowers it, in mid-run. Jobs already running go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitChange {
    pub at: Moment,
    pub to: NewLimit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewLimit {
    Pool(Pool, u32),
    Account(Option<u32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surplus {
    /// The job waits in CREATED.
    Queues,
    /// `StartCopyJob` answers `LimitExceededException`.
    Refused,
    /// The job is accepted, then fails with `LIMIT_EXCEEDED` or `CONCURRENT_JOB`.
    FailsLater,
}

/// From CREATED to RUNNING when a slot is free.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    #[serde(with = "seconds")]
    pub shortest: Duration,
    #[serde(with = "seconds")]
    pub longest: Duration,
    /// This share of jobs starts `late_by` later: AWS retries system errors for about two hours in CREATED.
    pub late_share: f64,
    #[serde(with = "seconds")]
    pub late_by: Duration,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            shortest: Duration::from_secs(2),
            longest: Duration::from_secs(15),
            late_share: 0.0,
            late_by: Duration::from_hours(2),
        }
    }
}

impl Latency {
    pub const NONE: Self = Self {
        shortest: Duration::ZERO,
        longest: Duration::ZERO,
        late_share: 0.0,
        late_by: Duration::ZERO,
    };
}

/// Each resource is backed up at this interval, at its own time of day. A backup and a copy of one resource exclude each
/// other: a copy waits for the backup to end, a backup that finds a copy running is counted as delayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledBackups {
    #[serde(with = "seconds")]
    pub every: Duration,
    #[serde(with = "seconds")]
    pub lasts: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    #[serde(with = "seconds")]
    pub memory: Duration,
    pub mismatch: TokenMismatch,
    pub replay: TokenReplay,
    /// Whether the token of a job that failed still stands for it, so that a retry needs a new one.
    pub failed_jobs_keep_theirs: bool,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            memory: Duration::from_hours(24),
            mismatch: TokenMismatch::Refused,
            replay: TokenReplay::SameJob,
            failed_jobs_keep_theirs: true,
        }
    }
}

/// A known token with other parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenMismatch {
    /// `InvalidParameterValueException`.
    Refused,
    /// The new parameters are ignored and the first job is answered.
    Ignored,
}

/// What a repeated call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenReplay {
    SameJob,
    /// Success, no action, and an id that names no job.
    UnknownJob,
}

/// How jobs show in answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listing {
    /// A job appears in listings this long after it was accepted.
    #[serde(with = "seconds")]
    pub lag: Duration,
    pub order: ListOrder,
    /// The destination account sees jobs into its vaults too.
    pub destination_sees_jobs: bool,
    /// In this share of looks an open job shows a state of the future (COMPLETING, FAILING, …).
    pub odd_states: f64,
    pub categories: CategorySpelling,
    /// Completed jobs carry the category SUCCESS instead of none.
    pub names_success: bool,
}

impl Default for Listing {
    fn default() -> Self {
        Self {
            lag: Duration::ZERO,
            order: ListOrder::NewestFirst,
            destination_sees_jobs: false,
            odd_states: 0.0,
            categories: CategorySpelling::Screaming,
            names_success: true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListOrder {
    NewestFirst,
    OldestFirst,
}

/// `ACCESS_DENIED` in the console, `AccessDenied` in examples of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CategorySpelling {
    Screaming,
    Camel,
}

/// Points of which AWS's own pages disagree whether they can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Doubtful {
    pub continuous: Treatment,
    pub cloud_formation: Treatment,
    pub sap_hana: Treatment,
    pub expired: Treatment,
}

impl Default for Doubtful {
    fn default() -> Self {
        Self {
            continuous: Treatment::RefusedAtCall,
            cloud_formation: Treatment::Copied,
            sap_hana: Treatment::Copied,
            expired: Treatment::RefusedAtCall,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    RefusedAtCall,
    FailsLater,
    Copied,
}

/// What copies look like in the destination.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each one is a switch of its own")]
pub struct Copies {
    /// `ResourceArn` names the destination account instead of the resource's own.
    pub rewrite_resource_account: bool,
    /// EC2 gives copied snapshots a volume id that means nothing.
    pub arbitrary_volume: bool,
    /// `CreationDate` is cut to whole seconds.
    pub whole_seconds: bool,
    pub share_without_source_vault: f64,
    /// EBS and EC2 never carry user tags across accounts.
    pub carry_tags: bool,
    /// The uuid in `awsbackup:copyjob-<uuid>` is the copy job's id.
    pub named_after_job: bool,
    /// Each copy leaves a grant on the source's customer key behind.
    pub leave_grants: bool,
    pub grants_per_key: u32,
    pub lineage: Lineage,
}

impl Default for Copies {
    fn default() -> Self {
        Self {
            rewrite_resource_account: false,
            arbitrary_volume: CopiedResource::default().arbitrary_volume,
            whole_seconds: false,
            share_without_source_vault: 0.0,
            carry_tags: true,
            named_after_job: true,
            leave_grants: false,
            grants_per_key: 50_000,
            lineage: Lineage::Vault,
        }
    }
}

impl Copies {
    pub(super) const fn resource(&self) -> CopiedResource {
        CopiedResource {
            in_own_account: self.rewrite_resource_account,
            arbitrary_volume: self.arbitrary_volume,
        }
    }
}

/// Where an earlier copy of the resource has to lie for the next one to be incremental.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lineage {
    /// In the same destination vault (and so under the same key).
    Vault,
    /// Older wording: the same vault for fully managed types, else the same account under the same key.
    AccountAndKey,
}

/// How a missing destination vault shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingVault {
    NotFound,
    AccessDenied,
}

/// Durations as a plain number of seconds in settings files.
pub(super) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(in crate::fleet) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(span.as_secs_f64())
    }

    pub(in crate::fleet) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_json_and_a_few_lines_are_enough() {
        let changed = FleetSettings {
            limit_changes: vec![LimitChange {
                at: Moment::from_secs(5),
                to: NewLimit::Pool(Pool::Fsx, 9),
            }],
            ..FleetSettings::default()
        };
        let text = serde_json::to_string(&changed).unwrap();
        assert_eq!(serde_json::from_str::<FleetSettings>(&text).unwrap(), changed);
        let few: FleetSettings =
            serde_json::from_str(r#"{"limits": {"fsx": 7}, "over_limit": "refused", "history": 3.5}"#).unwrap();
        assert_eq!((few.limits.fsx, few.limits.other), (7, 5));
        assert_eq!(
            (few.over_limit, few.history),
            (Surplus::Refused, Duration::from_millis(3500))
        );
        assert!(serde_json::from_str::<FleetSettings>(r#"{"limts": {}}"#).is_err());
    }
}
