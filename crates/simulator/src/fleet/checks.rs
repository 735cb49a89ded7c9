//! What stands between an accepted job and its copy, in the order in which AWS Backup finds out. Messages are our own
//! sentences around the fragments that users of AWS know.

use super::job::{Category, Failure, Job};
use super::settings::{FleetSettings, MissingVault, Treatment};
use super::stock::Stock;
use super::{admission, permits};
use crate::policy::Context;
use crate::world::{
    KeyManager, KeyState, Point, PointKind, PointStatus, ResourceType, StorageClass, VaultId, VaultKind, World,
};

pub(super) struct Checks<'a> {
    pub(super) world: &'a World,
    pub(super) settings: &'a FleetSettings,
    pub(super) stock: &'a Stock,
}

impl Checks<'_> {
    /// The vault to copy into, or why not.
    pub(super) fn pass(&self, job: &Job) -> Result<VaultId, Failure> {
        let point = self.world.point(job.source_point);
        self.point_allows(point, job.parent.is_some())?;
        let across = admission::account_of(&job.route.destination_vault_arn) != Some(job.route.account.as_str());
        if across {
            self.organization_allows(job)?;
        }
        let destination = self.destination(job)?;
        let tagged = point.resource_type.fully_managed() && self.has_tags(point);
        let context = permits::context(self.world, &job.route, destination);
        permits::role_lets(self.world, &job.route, destination, &context, tagged)?;
        if across {
            self.vaults_allow(job, point, destination, &context)?;
            self.source_key_allows(job, point, destination)?;
        }
        self.destination_key_allows(destination)?;
        self.type_allows(point, destination)?;
        self.lock_allows(job, destination)?;
        self.room_allows(point, destination)?;
        Ok(destination)
    }

    fn point_allows(&self, point: &Point, as_part: bool) -> Result<(), Failure> {
        if point.deleted {
            return fail(
                Category::ResourceNotFound,
                "The source recovery point does not exist any more.",
            );
        }
        if point.storage != StorageClass::Warm {
            return fail(
                Category::InvalidState,
                "Recovery points in cold storage or archived cannot be copied.",
            );
        }
        let doubtful = admission::treatment(self.settings.doubtful, point);
        if doubtful == Some(Treatment::FailsLater) {
            let category = if point.status == PointStatus::Expired {
                Category::InvalidState
            } else {
                Category::UnsupportedOperation
            };
            return fail(category, "Copying a recovery point of this kind is not supported.");
        }
        if doubtful.is_none() && !matches!(point.status, PointStatus::Completed | PointStatus::Available) {
            let message = format!(
                "The recovery point is in state {} and cannot be copied.",
                point.status.wire_name()
            );
            return fail(Category::InvalidState, message);
        }
        if !point.resource_type.cross_account() {
            let message = format!(
                "Copying is not supported for this type of resource: {}.",
                point.resource_type.wire_name()
            );
            return fail(Category::ResourceNotSupported, message);
        }
        if point.kind == PointKind::CompositeState && !as_part {
            let message = "This part of a composite recovery point cannot be copied by itself.";
            return fail(Category::UnsupportedOperation, message);
        }
        Ok(())
    }

    fn organization_allows(&self, job: &Job) -> Result<(), Failure> {
        let destination = admission::account_of(&job.route.destination_vault_arn).unwrap_or_default();
        let member = |account: &str| {
            self.world
                .accounts
                .get(account)
                .is_some_and(|account| account.in_organization)
        };
        if !member(&job.route.account) || !member(destination) {
            let message =
                "Access denied: the source and destination accounts must be members of the same organization.";
            return fail(Category::AccessDenied, message);
        }
        if !self.world.organization.cross_account_backup {
            let message =
                "Cross-account copy is not enabled in this organization. Its management account can enable it.";
            return fail(Category::FeatureNotEnabled, message);
        }
        Ok(())
    }

    fn destination(&self, job: &Job) -> Result<VaultId, Failure> {
        let arn = &job.route.destination_vault_arn;
        self.world
            .vault_with_arn(arn)
            .ok_or_else(|| match self.settings.missing_vault {
                MissingVault::NotFound => Failure::new(
                    Category::ResourceNotFound,
                    format!("Backup vault {arn} does not exist."),
                ),
                MissingVault::AccessDenied => Failure::new(
                    Category::AccessDenied,
                    format!("Insufficient privileges to copy into backup vault {arn}."),
                ),
            })
    }

    fn vaults_allow(&self, job: &Job, point: &Point, destination: VaultId, context: &Context) -> Result<(), Failure> {
        let vault = self.world.vault(destination);
        let managed = vault
            .key
            .is_none_or(|key| self.world.keys[key.0 as usize].manager == KeyManager::Aws);
        if vault.is_default() || managed && !point.resource_type.fully_managed() {
            let message = "Access denied: the destination Backup vault is encrypted with the default Backup service \
                           managed key. Copy into a vault with a customer managed key.";
            return fail(Category::AccessDenied, message);
        }
        if !permits::vault_lets_in(self.world, &job.route, destination, context) {
            let message = format!(
                "Access denied: the access policy of backup vault {} does not allow account {} to perform \
                 backup:CopyIntoBackupVault.",
                job.route.destination_vault_arn, job.route.account
            );
            return fail(Category::AccessDenied, message);
        }
        Ok(())
    }

    fn source_key_allows(&self, job: &Job, point: &Point, destination: VaultId) -> Result<(), Failure> {
        let Some(id) = point.key else { return Ok(()) };
        let key = &self.world.keys[id.0 as usize];
        let ours = point.resource_type.fully_managed();
        match (key.manager, key.state) {
            (KeyManager::Aws, _) if ours => return Ok(()),
            (KeyManager::Aws, _) if point.resource_type == ResourceType::Ebs => {
                let message = "Snapshots encrypted with the AWS managed key can't be shared: the EBS default key cannot \
                               be shared with another account.";
                return fail(Category::AccessDenied, message);
            }
            (KeyManager::Aws, _) => {
                return fail(
                    Category::AccessDenied,
                    "Snapshots encrypted with the AWS managed key can't be shared.",
                );
            }
            (KeyManager::Customer, KeyState::Disabled | KeyState::PendingDeletion) => {
                let message = "The source KMS key is either disabled or pending deletion or access to it is denied.";
                return fail(Category::KmsKeyError, message);
            }
            (KeyManager::Customer, KeyState::Enabled) => {}
        }
        if !permits::key_admits(self.world, id, &self.world.vault(destination).account) {
            let databases = point.resource_type.pool() == crate::world::Pool::DatabaseSnapshots;
            let message = if databases {
                "The source snapshot KMS key does not exist, is not enabled or you do not have permissions to access it."
            } else {
                "Given key ID is not accessible. You must have DescribeKey permissions on the source key."
            };
            return fail(Category::AccessDenied, message);
        }
        let copies = &self.settings.copies;
        if copies.leave_grants && self.stock.grants(id) >= copies.grants_per_key {
            let message = format!(
                "The KMS key {} has reached its limit of grants.",
                self.world.key_arn(id)
            );
            return fail(Category::LimitExceeded, message);
        }
        debug_assert!(
            job.destination_point.is_none(),
            "a job that has ended is not checked again"
        );
        Ok(())
    }

    fn destination_key_allows(&self, destination: VaultId) -> Result<(), Failure> {
        let key = self
            .world
            .vault(destination)
            .key
            .map(|key| &self.world.keys[key.0 as usize]);
        if key.is_some_and(|key| key.state != KeyState::Enabled) {
            let message = "The KMS key of the destination vault is either disabled or pending deletion or access to it \
                           is denied.";
            return fail(Category::KmsKeyError, message);
        }
        Ok(())
    }

    fn type_allows(&self, point: &Point, destination: VaultId) -> Result<(), Failure> {
        use ResourceType as T;
        let vault = self.world.vault(destination);
        let owner = self.world.accounts.get(&vault.account);
        let kind = point.resource_type;
        if kind == T::Ec2 && owner.is_some_and(|account| account.allowed_amis_exclude_source) {
            let message = "The source AMI was not found: the Allowed AMIs of the destination account do not name the \
                           source account.";
            return fail(Category::ResourceNotFound, message);
        }
        if vault.kind == VaultKind::LogicallyAirGapped {
            let unencrypted = point.key.is_none();
            let managed = point
                .key
                .is_some_and(|key| self.world.keys[key.0 as usize].manager == KeyManager::Aws);
            let barred = match kind {
                T::Rds | T::FsxOpenZfs | T::SapHana | T::CloudFormation => true,
                T::Aurora | T::DocumentDb | T::Neptune => unencrypted || managed,
                _ => managed && !kind.fully_managed(),
            };
            if barred {
                let message = "This recovery point cannot be copied into a logically air-gapped vault.";
                return fail(Category::ResourceNotSupported, message);
            }
        }
        Ok(())
    }

    fn lock_allows(&self, job: &Job, destination: VaultId) -> Result<(), Failure> {
        let Some(lock) = self.world.vault(destination).lock else {
            return Ok(());
        };
        let days = job.lifecycle.delete_after_days;
        let too_short = days
            .zip(lock.min_retention_days)
            .is_some_and(|(days, least)| days < least);
        let too_long = lock
            .max_retention_days
            .is_some_and(|most| days.is_none_or(|days| days > most));
        if !too_short && !too_long {
            return Ok(());
        }
        let or_none = |days: Option<u32>| days.map_or_else(|| "none".to_owned(), |days| days.to_string());
        let message = format!(
            "The retention of the copy (days: {}) is outside the range of the destination vault's lock (minimum: {}, \
             maximum: {}).",
            days.map_or_else(|| "always".to_owned(), |days| days.to_string()),
            or_none(lock.min_retention_days),
            or_none(lock.max_retention_days),
        );
        fail(Category::InvalidLifecycle, message)
    }

    fn room_allows(&self, point: &Point, destination: VaultId) -> Result<(), Failure> {
        if !self.settings.capacity_binds {
            return Ok(());
        }
        match self.stock.lacks_room(self.world, point.resource_type, destination) {
            Some(message) => fail(Category::LimitExceeded, message),
            None => Ok(()),
        }
    }

    /// Whether there are tags to put on the copy.
    fn has_tags(&self, point: &Point) -> bool {
        self.settings.copies.carry_tags
            && !point.copy.untagged
            && !self.world.resources[point.resource.0 as usize].tags.is_empty()
    }
}

fn fail<T>(category: Category, message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::new(category, message))
}
