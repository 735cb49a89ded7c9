//! How things get into the world and change there.

use super::{Point, PointId, Resource, ResourceId, ResourceType, Tags, Vault, VaultId, World, index};

/// What a copy says it is a backup of. AWS documents it for no type, so both ways exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedResource {
    /// The ARN of the copy's resource has the account that the copy lies in, instead of the account it came from.
    pub in_own_account: bool,
    /// EC2 gives copied snapshots a volume id that means nothing.
    pub arbitrary_volume: bool,
}

impl Default for CopiedResource {
    fn default() -> Self {
        Self {
            in_own_account: false,
            arbitrary_volume: true,
        }
    }
}

/// The id that EC2 shows for the volume of a copied snapshot.
const ARBITRARY_VOLUME: &str = "vol-ffffffff";

impl World {
    pub fn vault_mut(&mut self, id: VaultId) -> &mut Vault {
        &mut self.vaults[id.0 as usize]
    }

    pub fn add_vault(&mut self, vault: Vault) -> VaultId {
        let id = VaultId(u32::try_from(self.vaults.len()).expect("fewer than 2^32 vaults"));
        self.vault_by_name
            .insert((vault.account.clone(), vault.name.clone()), id);
        self.vaults.push(vault);
        id
    }

    /// Takes an empty vault out of every listing; its id stays valid.
    pub fn remove_vault(&mut self, id: VaultId) {
        let vault = self.vault(id);
        let at = (vault.account.clone(), vault.name.clone());
        self.vault_by_name.remove(&at);
    }

    pub fn add_resource(&mut self, resource: Resource) -> ResourceId {
        let id = ResourceId(u32::try_from(self.resources.len()).expect("fewer than 2^32 resources"));
        self.resources.push(resource);
        let arn = self.resource_arn(id);
        self.resource_by_arn.claim(&arn, id);
        id
    }

    /// What a copy of the point into that account is a backup of, made if it does not exist yet.
    pub fn resource_of_copy(&mut self, point: PointId, account: &str, told: CopiedResource) -> ResourceId {
        let original = self.point(point).resource;
        let resource = &self.resources[original.0 as usize];
        let owner = if told.in_own_account {
            account
        } else {
            &resource.account
        };
        let anonymous = told.arbitrary_volume && resource.resource_type == ResourceType::Ebs;
        if owner == resource.account && !anonymous {
            return original;
        }
        let mut copied = Resource {
            account: owner.to_owned(),
            ..resource.clone()
        };
        if anonymous {
            ARBITRARY_VOLUME.clone_into(&mut copied.local_id);
            copied.name = None;
            copied.tags = Tags::new();
        }
        let id = self.add_resource(copied);
        let arn = self.resource_arn(id);
        match self.resource_with_arn(&arn) {
            Some(known) if known != id => {
                self.resources.pop();
                known
            }
            _ => id,
        }
    }

    /// Its serial, type, kind, vault, resource, creation date and origin must not change: its ARN is made from them.
    pub fn point_mut(&mut self, id: PointId) -> &mut Point {
        &mut self.points[id.0 as usize]
    }

    /// Stores a point and puts it at the end of its vault's list. A serial whose ARN is taken is replaced.
    pub fn add_point(&mut self, mut point: Point) -> PointId {
        let id = PointId(u32::try_from(self.points.len()).expect("fewer than 2^32 points"));
        let mut arn = String::with_capacity(112);
        self.write_arn_of(&point, &mut arn);
        while !self.point_by_arn.claim(&arn, id) {
            point.serial = index::mix(point.serial);
            arn.clear();
            self.write_arn_of(&point, &mut arn);
        }
        self.file_under_resource(&point, id);
        self.vault_mut(point.vault).points.push(id);
        self.points.push(point);
        id
    }

    fn file_under_resource(&mut self, point: &Point, id: PointId) {
        let resource = point.resource.0 as usize;
        if self.points_by_resource.len() <= resource {
            self.points_by_resource.resize_with(resource + 1, Vec::new);
        }
        let mut chain = std::mem::take(&mut self.points_by_resource[resource]);
        // Copies of all volumes meet under the one arbitrary id: keeping those in order would cost more with each of them,
        // and says nothing about any volume.
        let nobodys = self
            .resources
            .get(resource)
            .is_some_and(|resource| resource.local_id == ARBITRARY_VOLUME);
        let later = |other: &PointId| self.points[other.0 as usize].created > point.created;
        let place = match chain.last() {
            Some(last) if !nobodys && later(last) => chain.partition_point(|other| !later(other)),
            _ => chain.len(),
        };
        chain.insert(place, id);
        self.points_by_resource[resource] = chain;
    }

    pub(super) fn expect_points(&mut self, count: usize) {
        self.points.reserve_exact(count);
        self.point_by_arn.reserve(count);
    }

    pub fn set_tags(&mut self, arn: &str, tags: Tags) {
        self.tags.insert(arn.to_owned(), tags);
    }
}
