//! Looking things up: by id, by name, by ARN.

use super::point::ON_DEMAND;
use super::{
    BackupRule, Key, KeyId, Point, PointId, Principal, PrincipalKind, Resource, ResourceId, Tags, Vault, VaultId, World,
};

impl World {
    pub fn vault(&self, id: VaultId) -> &Vault {
        &self.vaults[id.0 as usize]
    }

    pub fn vault_named(&self, account: &str, name: &str) -> Option<VaultId> {
        self.vault_by_name.get(&(account.to_owned(), name.to_owned())).copied()
    }

    /// The vault with this ARN, if partition, service, Region, account and name are all right.
    pub fn vault_with_arn(&self, arn: &str) -> Option<VaultId> {
        let (account, rest) = self.local_part(arn, "backup")?;
        self.vault_named(account, rest.strip_prefix("backup-vault:")?)
    }

    /// An account's vaults, by name.
    pub fn vaults_of(&self, account: &str) -> Vec<VaultId> {
        let mut found: Vec<VaultId> = self
            .vault_by_name
            .iter()
            .filter(|((owner, _), _)| owner == account)
            .map(|(_, id)| *id)
            .collect();
        found.sort_by(|a, b| self.vault(*a).name.cmp(&self.vault(*b).name));
        found
    }

    pub fn vault_arn(&self, id: VaultId) -> String {
        let vault = self.vault(id);
        format!(
            "arn:{}:backup:{}:{}:backup-vault:{}",
            self.partition, self.region, vault.account, vault.name
        )
    }

    pub fn point(&self, id: PointId) -> &Point {
        &self.points[id.0 as usize]
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The living point with this ARN, in whichever account.
    pub fn point_with_arn(&self, arn: &str) -> Option<PointId> {
        self.point_ever_with_arn(arn).filter(|id| !self.point(*id).deleted)
    }

    /// As `point_with_arn`, be the point still there or not: copy jobs outlive the points they copied.
    pub fn point_ever_with_arn(&self, arn: &str) -> Option<PointId> {
        let id = self.point_by_arn.candidate(arn)?;
        (self.point_arn(id) == arn).then_some(id)
    }

    /// Every point of a resource that there ever was, copies included, oldest first; those made at the same moment, and
    /// those of the arbitrary volume id, in the order in which they came.
    pub fn points_of_resource(&self, id: ResourceId) -> &[PointId] {
        self.points_by_resource.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    pub fn resource(&self, id: ResourceId) -> &Resource {
        &self.resources[id.0 as usize]
    }

    pub fn resource_with_arn(&self, arn: &str) -> Option<ResourceId> {
        let id = self.resource_by_arn.candidate(arn)?;
        (self.resource_arn(id) == arn).then_some(id)
    }

    pub fn key(&self, id: KeyId) -> &Key {
        &self.keys[id.0 as usize]
    }

    /// The key that protects a point; none when it is not encrypted.
    pub fn key_of(&self, point: PointId) -> Option<&Key> {
        self.point(point).key.map(|id| self.key(id))
    }

    pub fn key_arn(&self, id: KeyId) -> String {
        let key = self.key(id);
        format!(
            "arn:{}:kms:{}:{}:key/{}",
            self.partition, self.region, key.account, key.id
        )
    }

    pub fn key_with_arn(&self, arn: &str) -> Option<KeyId> {
        let (account, rest) = self.local_part(arn, "kms")?;
        let id = rest.strip_prefix("key/")?;
        self.key_where(|key| key.account == account && key.id == id)
    }

    /// A key by any of the names KMS takes: its id or `alias/name` for the caller's own, or the ARN of either.
    pub fn key_called(&self, caller_account: &str, name: &str) -> Option<KeyId> {
        let (account, local) = match self.local_part(name, "kms") {
            Some((account, rest)) => (account, rest.strip_prefix("key/").unwrap_or(rest)),
            None => (caller_account, name),
        };
        self.key_where(|key| key.account == account && (key.id == local || key.alias.as_deref() == Some(local)))
    }

    fn key_where(&self, fits: impl Fn(&Key) -> bool) -> Option<KeyId> {
        let at = self.keys.iter().position(fits)?;
        Some(KeyId(u32::try_from(at).expect("fewer than 2^32 keys")))
    }

    /// The rule that made a point; none when somebody made it on demand, or a copy job did.
    pub fn rule_of(&self, point: PointId) -> Option<&BackupRule> {
        let plan = self.point(point).plan;
        if plan == ON_DEMAND || self.rules.is_empty() {
            return None;
        }
        self.rules.get(usize::from(plan) % self.rules.len())
    }

    pub fn backup_plan_arn(&self, rule: &BackupRule) -> String {
        format!(
            "arn:{}:backup:{}:{}:backup-plan:{}",
            self.partition, self.region, rule.account, rule.plan_id
        )
    }

    pub fn principal_arn(&self, account: &str, principal: &Principal) -> String {
        let kind = match principal.kind {
            PrincipalKind::User => "user",
            PrincipalKind::Role => "role",
        };
        format!(
            "arn:{}:iam::{account}:{kind}{}{}",
            self.partition, principal.path, principal.name
        )
    }

    /// Tags of a vault, or of a point: those set one by one, else those its resource had.
    pub fn tags_of(&self, arn: &str) -> Tags {
        if let Some(tags) = self.tags.get(arn) {
            return tags.clone();
        }
        self.point_with_arn(arn)
            .filter(|id| !self.point(*id).copy.untagged)
            .map(|id| self.resource(self.point(id).resource).tags.clone())
            .unwrap_or_default()
    }

    /// Tags that were set on this very thing.
    pub fn own_tags(&self, arn: &str) -> Option<&Tags> {
        self.tags.get(arn)
    }

    /// Account and local part of an ARN of this world's partition and Region and of that service.
    fn local_part<'a>(&self, arn: &'a str, service: &str) -> Option<(&'a str, &'a str)> {
        let mut parts = arn.splitn(6, ':');
        let head = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let (account, rest) = (parts.next()?, parts.next()?);
        (head == ["arn", &self.partition, service, &self.region]).then_some((account, rest))
    }
}
