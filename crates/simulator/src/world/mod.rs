//! What exists: accounts, vaults, keys, resources and recovery points. Plain data with look-ups; rules of copying live in
//! `fleet`, the making of a world from a seed in `world::seeded`.

mod arn;
mod dice;
mod find;
mod index;
mod metadata;
mod names;
mod plan;
mod point;
pub mod seeded;
mod store;
mod types;

use std::collections::{BTreeMap, HashMap};

pub use arn::uuid_of;
pub use metadata::MetadataCounts;
pub use plan::{DestinationPlan, MetadataPlan, Shares, SpecialVaults, WorldPlan};
pub use point::{CopyFacts, Lifecycle, ON_DEMAND, Point, PointId, PointKind, PointStatus, StorageClass};
pub use store::CopiedResource;
pub use types::{Pool, ResourceType};

use crate::clock::Moment;
use index::ArnIndex;

/// Twelve digits.
pub type AccountId = String;

/// Tags as AWS keeps them: at most 50, unique keys.
pub type Tags = BTreeMap<String, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

/// Everything there is, in one partition and Region.
#[derive(Debug)]
pub struct World {
    pub partition: String,
    pub region: String,
    pub organization: Organization,
    /// Keyed by account id. A seeded world has a source and a destination, in one organization.
    pub accounts: BTreeMap<AccountId, Account>,
    pub keys: Vec<Key>,
    /// What made the points: `Point::plan` is an index into it.
    pub rules: Vec<BackupRule>,
    /// Grows through `add_resource`, which also makes a resource findable by its ARN.
    pub resources: Vec<Resource>,
    resource_by_arn: ArnIndex<ResourceId>,
    vaults: Vec<Vault>,
    vault_by_name: HashMap<(AccountId, String), VaultId>,
    points: Vec<Point>,
    point_by_arn: ArnIndex<PointId>,
    /// By resource: its points, oldest first.
    points_by_resource: Vec<Vec<PointId>>,
    /// Tags of vaults, and of points whose tags were set one by one; a generated point otherwise has its resource's tags.
    tags: HashMap<String, Tags>,
}

#[derive(Clone, Debug)]
pub struct Organization {
    pub id: String,
    /// `o-…/r-…/ou-…/`, as `aws:PrincipalOrgPaths` sees it.
    pub path: String,
    pub management_account: AccountId,
    /// The global setting `isCrossAccountBackupEnabled`.
    pub cross_account_backup: bool,
}

#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    /// Moved out of the organization: copies to and from it are refused.
    pub in_organization: bool,
    /// Roles and users by name.
    pub principals: BTreeMap<String, Principal>,
    /// `ResourceTypeOptInPreference` and `ResourceTypeManagementPreference` of `DescribeRegionSettings`, by wire name.
    pub opted_in: BTreeMap<String, bool>,
    pub managed_by_backup: BTreeMap<String, bool>,
    /// Applied quotas, by (service code, quota code).
    pub quotas: BTreeMap<(String, String), f64>,
    /// EC2's Allowed AMIs is on and does not name the other account.
    pub allowed_amis_exclude_source: bool,
}

/// A role or a user.
#[derive(Clone, Debug)]
pub struct Principal {
    pub name: String,
    /// `/`, `/service-role/`, `/aws-service-role/backup.amazonaws.com/`, …
    pub path: String,
    pub kind: PrincipalKind,
    /// Managed policies, attached by ARN, with their documents.
    pub attached: Vec<(String, serde_json::Value)>,
    pub inline: BTreeMap<String, serde_json::Value>,
    /// The managed policy that bounds what the others can allow, by ARN, with its document.
    pub boundary: Option<(String, serde_json::Value)>,
    /// A role's trust policy.
    pub trust: Option<serde_json::Value>,
    pub unique_id: String,
    pub created: Moment,
    pub description: Option<String>,
    pub tags: Tags,
    /// A role's longest session, 3,600 to 43,200.
    pub max_session_secs: u32,
}

impl Principal {
    /// A role that nobody can assume and that may do nothing yet.
    pub fn role(name: &str, path: &str, unique_id: &str, created: Moment) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            kind: PrincipalKind::Role,
            attached: Vec::new(),
            inline: BTreeMap::new(),
            boundary: None,
            trust: None,
            unique_id: unique_id.to_owned(),
            created,
            description: None,
            tags: Tags::new(),
            max_session_secs: 3600,
        }
    }

    /// A user that may do nothing yet.
    pub fn user(name: &str, path: &str, unique_id: &str, created: Moment) -> Self {
        Self {
            kind: PrincipalKind::User,
            ..Self::role(name, path, unique_id, created)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    User,
    Role,
}

/// A KMS key.
#[derive(Clone, Debug)]
pub struct Key {
    pub account: AccountId,
    /// The UUID at the end of its ARN.
    pub id: String,
    /// With its `alias/`.
    pub alias: Option<String>,
    pub manager: KeyManager,
    pub state: KeyState,
    pub policy: serde_json::Value,
    pub created: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyManager {
    /// Made and shared by its owner.
    Customer,
    /// `aws/backup`, `aws/ebs`, …: its policy cannot be changed, so it can never be shared.
    Aws,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Enabled,
    Disabled,
    PendingDeletion,
}

/// What points are backups of.
#[derive(Clone, Debug)]
pub struct Resource {
    pub account: AccountId,
    pub resource_type: ResourceType,
    /// The last part of its ARN: `vol-…`, a bucket's or a table's name, …
    pub local_id: String,
    pub name: Option<String>,
    pub tags: Tags,
}

/// One rule of a backup plan: what `CreatedBy` and `IamRoleArn` of a point tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupRule {
    pub account: AccountId,
    pub plan_id: String,
    pub plan_name: String,
    pub plan_version: String,
    pub rule_id: String,
    pub rule_name: String,
    pub cron: String,
    /// A role of the same account, by name.
    pub role: String,
}

#[derive(Clone, Debug)]
pub struct Vault {
    pub account: AccountId,
    pub name: String,
    pub kind: VaultKind,
    /// Fixed when the vault is made.
    pub key: Option<KeyId>,
    pub created: Moment,
    pub creator_request_id: Option<String>,
    pub lock: Option<Lock>,
    pub policy: Option<serde_json::Value>,
    pub notifications: Option<Notifications>,
    /// Listed in this order; new points are appended.
    pub points: Vec<PointId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultKind {
    Plain,
    LogicallyAirGapped,
}

/// Governance when `lock_date` is absent; compliance otherwise, for ever from that date on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    pub min_retention_days: Option<u32>,
    pub max_retention_days: Option<u32>,
    pub lock_date: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notifications {
    pub topic_arn: String,
    pub events: Vec<String>,
}

impl Vault {
    /// The vault AWS makes by itself in every Region; never a destination of a cross-account copy.
    pub fn is_default(&self) -> bool {
        self.name == "Default"
    }
}

impl World {
    pub fn empty(partition: &str, region: &str, organization: Organization) -> Self {
        Self {
            partition: partition.to_owned(),
            region: region.to_owned(),
            organization,
            accounts: BTreeMap::new(),
            keys: Vec::new(),
            rules: Vec::new(),
            resources: Vec::new(),
            resource_by_arn: ArnIndex::new(),
            vaults: Vec::new(),
            vault_by_name: HashMap::new(),
            points: Vec::new(),
            point_by_arn: ArnIndex::new(),
            points_by_resource: Vec::new(),
            tags: HashMap::new(),
        }
    }
}
