//! What a world should look like, before it is made.

use super::{AccountId, ResourceType};
use crate::clock::Moment;

/// A description from which `World::seeded` makes a world. The default is what a test environment holds.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldPlan {
    /// Equal plans with equal seeds make equal worlds.
    pub seed: u64,
    /// How many recovery points the source account has, exactly. Parts of composites count.
    pub points: usize,
    /// How many vaults the source account has, the special ones included.
    pub vaults: usize,
    /// When the world begins: every point was made before.
    pub start: Moment,
    pub partition: String,
    pub region: String,
    pub source_account: AccountId,
    pub destination_account: AccountId,
    pub management_account: AccountId,
    /// How unequal the vaults are: the n-th has a share of 1 / n^skew. 0 makes them equal.
    pub vault_skew: f64,
    /// How many points a resource has on average.
    pub points_per_resource: f64,
    /// How long the tail of chain lengths is: above 1; the smaller, the longer.
    pub chain_tail: f64,
    /// No resource has more points by one rule; the first resource of the first vault has as many if there is room.
    pub longest_chain: usize,
    /// No point is older.
    pub history_days: u32,
    /// How often resources are of which type. The odd types have their own shares.
    pub weights: Vec<(ResourceType, f64)>,
    pub special_vaults: SpecialVaults,
    pub shares: Shares,
    pub destination: DestinationPlan,
    pub metadata: MetadataPlan,
}

/// Vaults that are not like the others. They are made as long as one plain vault is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a vault of its own, to be had or not"
)]
pub struct SpecialVaults {
    /// Locked for ever since some months, with a range of retention.
    pub compliance_locked: bool,
    /// Locked with a range of retention, removable.
    pub governance_locked: bool,
    /// Locked for ever a few days after the start.
    pub lock_in_grace_time: bool,
    /// `Default`, with the key that the service manages.
    pub default: bool,
    /// `aws/efs/automatic-backup-vault`, whose name nobody could give.
    pub efs_automatic: bool,
    pub air_gapped: bool,
    /// One without a single point.
    pub empty: bool,
}

/// How much of everything is odd, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Of the points: `PARTIAL`, `DELETING`, and `EXPIRED` (due, but the deletion failed).
    pub partial: f64,
    pub deleting: f64,
    pub expired: f64,
    /// Of the newest points of the resources: still `CREATING`.
    pub creating: f64,
    /// Of the continuous points: `STOPPED` rather than `AVAILABLE`.
    pub stopped: f64,
    /// Of the points whose type has a cold tier: moved there.
    pub cold: f64,
    /// Of the points whose type has a cold tier: to be moved there within five days.
    pub about_to_go_cold: f64,
    /// Of the points: due within a week.
    pub about_to_expire: f64,
    /// Of the points: without a size, without a completion date, without a date of initiation.
    pub missing_size: f64,
    pub missing_completion: f64,
    pub missing_initiation: f64,
    /// Of the chains: full, so that their oldest points are due within a week, the next ones after them.
    pub full_chains: f64,
    /// Of the chains: kept for ever; of those in locked vaults: kept longer than the lock would let a new one.
    pub without_expiry: f64,
    pub outside_lock_range: f64,
    /// Of the chains: of a resource that another rule backs up too, mostly into another vault.
    pub second_chain: f64,
    /// Of the resources: backed up no more for some time.
    pub retired: f64,
    /// Of the resources whose type can be backed up continuously: with a continuous point besides their snapshots.
    pub continuous: f64,
    /// Of the resources with a key of their own: the service's managed key; none at all; a customer's key that the
    /// destination may not use; one that is disabled.
    pub aws_managed_key: f64,
    pub unencrypted: f64,
    pub unshared_key: f64,
    pub disabled_key: f64,
    /// Of the plain vaults: with the service's managed key; with a customer's key that the destination may not use.
    pub vaults_with_managed_key: f64,
    pub vaults_with_unshared_key: f64,
    /// Of the vaults: with an access policy, with notifications, with tags.
    pub vault_policies: f64,
    pub vault_notifications: f64,
    pub vault_tags: f64,
    /// Of the resources: without a name, with a name that hurts (unicode, quotes, commas, 250 letters), with tags.
    pub unnamed: f64,
    pub odd_names: f64,
    pub tagged: f64,
    /// Of the resources: of the types that are never copied to another account.
    pub uncopyable_types: f64,
    /// Of the resources: stacks and clusters with parts.
    pub composites: f64,
    /// Of the resources: of a type that nobody has heard of yet.
    pub unheard_type: f64,
}

/// What is in the destination account besides the vault `Default`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DestinationPlan {
    /// Vaults named like the source's, with a customer's key, open for copies from the source.
    pub vaults: bool,
    /// Of the points in vaults that have a like-named one: the share that lies there already, oldest first per resource.
    pub copies: f64,
    /// Points of the destination's own that have nothing to do with the source, in its vault `Default`.
    pub own_points: usize,
}

/// What the operator's table of resources looks like. Shares are of the source account's resources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetadataPlan {
    /// Without a row.
    pub missing_rows: f64,
    /// With a row whose APMID is empty or blank.
    pub blank_apmids: f64,
    /// With two rows that differ. The last one counts.
    pub duplicates: f64,
    /// With commas, quotes or line breaks in a quoted field, or letters beyond ASCII.
    pub awkward_fields: f64,
    /// Rows of resources that have no points, for each resource that has.
    pub unknown_resources: f64,
    /// Further unknown resources until there are so many rows.
    pub rows_at_least: usize,
    pub byte_order_mark: bool,
    pub carriage_returns: bool,
    pub delimiter: char,
}

impl Default for WorldPlan {
    fn default() -> Self {
        use ResourceType as T;
        Self {
            seed: 1,
            points: 10_000,
            vaults: 12,
            start: Moment::from_secs(1_785_556_800), // 2026-08-01T04:00:00Z
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            source_account: "111111111111".to_owned(),
            destination_account: "222222222222".to_owned(),
            management_account: "333333333333".to_owned(),
            vault_skew: 1.0,
            points_per_resource: 30.0,
            chain_tail: 1.6,
            longest_chain: 3000,
            history_days: 730,
            weights: vec![
                (T::Ebs, 38.0),
                (T::Ec2, 11.0),
                (T::Rds, 11.0),
                (T::Aurora, 7.0),
                (T::DynamoDb, 9.0),
                (T::Efs, 8.0),
                (T::S3, 6.0),
                (T::FsxLustre, 1.5),
                (T::FsxWindows, 2.0),
                (T::FsxOpenZfs, 0.8),
                (T::DocumentDb, 1.0),
                (T::Neptune, 0.5),
                (T::StorageGateway, 0.8),
                (T::VirtualMachine, 1.0),
                (T::Timestream, 0.5),
                (T::SapHana, 0.4),
                (T::AuroraDsql, 0.3),
            ],
            special_vaults: SpecialVaults::default(),
            shares: Shares::default(),
            destination: DestinationPlan {
                vaults: false,
                copies: 0.0,
                own_points: 0,
            },
            metadata: MetadataPlan::default(),
        }
    }
}

impl WorldPlan {
    /// Nothing odd: every point is complete, warm, far from its expiry, and may be copied.
    pub fn plain() -> Self {
        Self {
            special_vaults: SpecialVaults::NONE,
            shares: Shares::NONE,
            metadata: MetadataPlan::PLAIN,
            ..Self::default()
        }
    }
}

impl SpecialVaults {
    pub const NONE: Self = Self {
        compliance_locked: false,
        governance_locked: false,
        lock_in_grace_time: false,
        default: false,
        efs_automatic: false,
        air_gapped: false,
        empty: false,
    };
}

impl Default for SpecialVaults {
    fn default() -> Self {
        Self {
            compliance_locked: true,
            governance_locked: true,
            default: true,
            efs_automatic: true,
            empty: true,
            ..Self::NONE
        }
    }
}

impl Shares {
    /// Nothing odd. Resources have tags and vaults have policies all the same: these are ordinary.
    pub const NONE: Self = Self {
        partial: 0.0,
        deleting: 0.0,
        expired: 0.0,
        creating: 0.0,
        stopped: 0.0,
        cold: 0.0,
        about_to_go_cold: 0.0,
        about_to_expire: 0.0,
        missing_size: 0.0,
        missing_completion: 0.0,
        missing_initiation: 0.0,
        full_chains: 0.0,
        without_expiry: 0.0,
        outside_lock_range: 0.0,
        second_chain: 0.0,
        retired: 0.0,
        continuous: 0.0,
        aws_managed_key: 0.0,
        unencrypted: 0.0,
        unshared_key: 0.0,
        disabled_key: 0.0,
        vaults_with_managed_key: 0.0,
        vaults_with_unshared_key: 0.0,
        vault_policies: 0.5,
        vault_notifications: 0.3,
        vault_tags: 0.7,
        unnamed: 0.0,
        odd_names: 0.0,
        tagged: 0.9,
        uncopyable_types: 0.0,
        composites: 0.0,
        unheard_type: 0.0,
    };
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            partial: 0.004,
            deleting: 0.002,
            expired: 0.006,
            creating: 0.01,
            stopped: 0.2,
            cold: 0.05,
            about_to_go_cold: 0.01,
            about_to_expire: 0.02,
            missing_size: 0.005,
            missing_completion: 0.003,
            missing_initiation: 0.3,
            full_chains: 0.2,
            without_expiry: 0.05,
            outside_lock_range: 0.05,
            second_chain: 0.1,
            retired: 0.12,
            continuous: 0.15,
            aws_managed_key: 0.08,
            unencrypted: 0.1,
            unshared_key: 0.03,
            disabled_key: 0.005,
            vaults_with_managed_key: 0.15,
            vaults_with_unshared_key: 0.1,
            vault_policies: 0.6,
            vault_notifications: 0.4,
            vault_tags: 0.8,
            unnamed: 0.1,
            odd_names: 0.03,
            tagged: 0.85,
            uncopyable_types: 0.03,
            composites: 0.015,
            unheard_type: 0.003,
        }
    }
}

impl MetadataPlan {
    /// One row for each resource, and nothing else.
    pub const PLAIN: Self = Self {
        missing_rows: 0.0,
        blank_apmids: 0.0,
        duplicates: 0.0,
        awkward_fields: 0.0,
        unknown_resources: 0.0,
        rows_at_least: 0,
        byte_order_mark: false,
        carriage_returns: false,
        delimiter: ',',
    };
}

impl Default for MetadataPlan {
    fn default() -> Self {
        Self {
            missing_rows: 0.05,
            blank_apmids: 0.03,
            duplicates: 0.02,
            awkward_fields: 0.1,
            unknown_resources: 0.1,
            ..Self::PLAIN
        }
    }
}
