//! A world from a seed: the accounts and who acts in them, keys, vaults, resources with their chains of points, and what
//! the destination holds already.

mod accounts;
mod chains;
mod destination;
mod documents;
mod keys;
mod points;
mod resources;
mod vaults;

#[cfg(test)]
mod tests;

use super::{Organization, World, WorldPlan};

pub use accounts::{AUDIT_EXTERNAL_ID, AUDIT_ROLE, BACKUP_ROLE, OPERATOR_ROLE, OPERATOR_USER, SERVICE_LINKED_ROLE};

impl World {
    /// Makes the world that the plan describes: equal plans, equal worlds.
    pub fn seeded(plan: &WorldPlan) -> Self {
        let organization = Organization {
            id: "o-a1b2c3d4e5".to_owned(),
            path: "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/".to_owned(),
            management_account: plan.management_account.clone(),
            cross_account_backup: true,
        };
        let mut world = Self::empty(&plan.partition, &plan.region, organization);
        accounts::open(&mut world, plan);
        let keys = keys::make(&mut world, plan);
        let vaults = vaults::build(&mut world, plan, &keys);
        let chains = chains::schedule(&mut world, plan, &keys, &vaults);
        points::make(&mut world, plan, &chains);
        destination::furnish(&mut world, plan, &keys, &vaults);
        world
    }
}
