//! Chains: what one backup rule left of one resource in one vault. Vault by vault, until each has its number of points.

use super::keys::Keys;
use super::resources::{Made, Maker};
use super::vaults::{PlannedVault, Role};
use crate::clock::Moment;
use crate::world::dice::Dice;
use crate::world::{BackupRule, ON_DEMAND, ResourceType, VaultId, World, WorldPlan};

pub(super) const HOUR: i64 = 3_600_000;
pub(super) const DAY: i64 = 24 * HOUR;

/// Retentions, in days, as people choose them.
const RETENTIONS: [u32; 14] = [7, 14, 30, 35, 60, 90, 120, 180, 365, 545, 730, 1095, 2555, 3650];

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) kind: ChainKind,
    /// The resource itself; of a composite also its parts, in whose place each step leaves a point each.
    pub(super) members: Vec<Made>,
    pub(super) vault: VaultId,
    pub(super) rule: u16,
    pub(super) newest: Moment,
    pub(super) step_millis: i64,
    pub(super) length: usize,
    pub(super) retention_days: Option<u32>,
    /// Where a lock limits what a new point could have.
    pub(super) least_days: u32,
    pub(super) most_days: u32,
    /// The newest point is still being made.
    pub(super) being_made: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChainKind {
    Snapshots,
    Continuous,
    Composite,
}

impl Chain {
    pub(super) fn points(&self) -> usize {
        self.length * self.members.len()
    }

    /// When the n-th step from the oldest was due.
    pub(super) fn due(&self, step: usize) -> Moment {
        let from_end = i64::try_from(self.length - 1 - step).expect("a chain's length");
        Moment::from_millis(self.newest.millis() - from_end * self.step_millis)
    }
}

/// How often backups run: name, hours, cron expression, weight.
const CADENCES: [(&str, i64, &str, f64); 6] = [
    ("hourly", 1, "cron(0 * ? * * *)", 2.0),
    ("every-4-hours", 4, "cron(0 0/4 ? * * *)", 5.0),
    ("twice-daily", 12, "cron(0 5,17 ? * * *)", 8.0),
    ("daily", 24, "cron(0 5 ? * * *)", 60.0),
    ("weekly", 168, "cron(0 5 ? * 1 *)", 15.0),
    ("monthly", 730, "cron(0 5 1 * ? *)", 10.0),
];

pub(super) fn schedule(world: &mut World, plan: &WorldPlan, keys: &Keys, vaults: &[PlannedVault]) -> Vec<Chain> {
    let mut scheduler = Scheduler {
        plan,
        maker: Maker::new(plan, keys),
        dice: Dice::new(plan.seed, "chains"),
        chains: Vec::new(),
        first_rule: 0,
    };
    for vault in vaults {
        scheduler.first_rule = write_rules(world, plan, vault);
        scheduler.fill(world, vault);
    }
    scheduler.chains
}

/// A backup plan for each vault, with a rule for each cadence. Returns the number of the first rule.
fn write_rules(world: &mut World, plan: &WorldPlan, vault: &PlannedVault) -> u16 {
    let first = world.rules.len();
    let mut dice = Dice::new(plan.seed, &world.vault(vault.id).name);
    let vault_name = world.vault(vault.id).name.replace('/', "-");
    let (plan_id, version) = (dice.uuid(), dice.hex(32));
    for (cadence, _, cron, _) in CADENCES {
        world.rules.push(BackupRule {
            account: plan.source_account.clone(),
            plan_id: plan_id.clone(),
            plan_name: format!("{vault_name}-plan"),
            plan_version: version.clone(),
            rule_id: dice.uuid(),
            rule_name: format!("{vault_name}-{cadence}"),
            cron: cron.to_owned(),
            role: super::BACKUP_ROLE.to_owned(),
        });
    }
    // With more vaults than numbers, the last plans are those of other vaults: only `CreatedBy` tells.
    u16::try_from(first).unwrap_or(0)
}

struct Scheduler<'a> {
    plan: &'a WorldPlan,
    maker: Maker<'a>,
    dice: Dice,
    chains: Vec<Chain>,
    first_rule: u16,
}

impl Scheduler<'_> {
    fn fill(&mut self, world: &mut World, vault: &PlannedVault) {
        let mut left = vault.points;
        while left > 0 {
            let shares = &self.plan.shares;
            let again = self.dice.chance(shares.second_chain);
            let composite = self.dice.chance(shares.composites);
            let chain = if let Some(known) = again.then(|| self.known_resource(vault)).flatten() {
                self.snapshots(known, vault, left)
            } else if composite && left >= 6 && !matches!(vault.role, Role::EfsAutomatic | Role::AirGapped) {
                self.composite(world, vault, left)
            } else {
                let resource_type = self.resource_type(vault);
                let made = self.maker.make(world, resource_type);
                let continuous = self.dice.chance(shares.continuous);
                if continuous && resource_type.continuous() && left > 1 {
                    let chain = self.continuous(made, vault);
                    left -= 1;
                    self.chains.push(chain);
                }
                self.snapshots(made, vault, left)
            };
            left -= chain.points();
            self.chains.push(chain);
        }
    }

    fn known_resource(&mut self, vault: &PlannedVault) -> Option<Made> {
        if self.chains.is_empty() {
            return None;
        }
        let chain = self.dice.index(self.chains.len());
        let chain = &self.chains[chain];
        let made = chain.members[0];
        (chain.kind == ChainKind::Snapshots && vault.takes(made.resource_type)).then_some(made)
    }

    fn resource_type(&mut self, vault: &PlannedVault) -> ResourceType {
        const UNCOPYABLE: [ResourceType; 4] = [
            ResourceType::RdsMultiAzCluster,
            ResourceType::DynamoDbBasic,
            ResourceType::FsxOntap,
            ResourceType::Redshift,
        ];
        let shares = &self.plan.shares;
        let (uncopyable, unheard) = (
            self.dice.chance(shares.uncopyable_types),
            self.dice.chance(shares.unheard_type),
        );
        let uncopyable_type = *self.dice.pick(&UNCOPYABLE);
        let weights = self
            .plan
            .weights
            .iter()
            .map(|(kind, weight)| if vault.takes(*kind) { *weight } else { 0.0 });
        let ordinary = match self.dice.weighted(weights) {
            at if self.plan.weights.get(at).is_some_and(|(kind, _)| vault.takes(*kind)) => self.plan.weights[at].0,
            _ => ResourceType::Efs, // what every vault takes
        };
        match (
            uncopyable && vault.takes(uncopyable_type),
            unheard && vault.takes(ResourceType::Unheard),
        ) {
            (true, _) => uncopyable_type,
            (false, true) => ResourceType::Unheard,
            (false, false) => ordinary,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "cut to the longest chain first"
    )]
    fn snapshots(&mut self, made: Made, vault: &PlannedVault, left: usize) -> Chain {
        let drawn = self.dice.long_tail(self.plan.points_per_resource, self.plan.chain_tail);
        let mut length = drawn.min(1e6) as usize;
        if self.chains.is_empty() {
            length = left / 4; // the long one
        }
        self.chain(ChainKind::Snapshots, vec![made], vault, length.clamp(1, left))
    }

    fn continuous(&mut self, made: Made, vault: &PlannedVault) -> Chain {
        let began = self.plan.start.millis() - self.dice.between(DAY, 25 * DAY);
        let mut chain = self.chain(ChainKind::Continuous, vec![made], vault, 1);
        chain.newest = Moment::from_millis(began);
        chain.retention_days = Some(35);
        chain.being_made = false;
        chain
    }

    /// A stack or a cluster: itself, the description of its state, and what it consists of.
    fn composite(&mut self, world: &mut World, vault: &PlannedVault, left: usize) -> Chain {
        const OF_STACK: [ResourceType; 4] = [
            ResourceType::DynamoDb,
            ResourceType::Ebs,
            ResourceType::Efs,
            ResourceType::Rds,
        ];
        const OF_CLUSTER: [ResourceType; 3] = [ResourceType::Ebs, ResourceType::S3, ResourceType::Efs];
        let cluster = self.dice.chance(0.5);
        let unit = if cluster {
            ResourceType::Eks
        } else {
            ResourceType::CloudFormation
        };
        let parts: &[ResourceType] = if cluster { &OF_CLUSTER } else { &OF_STACK };
        let made = self.maker.make(world, unit);
        let mut members = vec![made, made];
        for _ in 0..self.dice.between(1, 4) {
            let part = *self.dice.pick(parts);
            members.push(self.maker.make(world, part));
        }
        let length = usize::try_from(self.dice.between(1, 30)).expect("positive");
        let length = length.clamp(1, left / members.len());
        self.chain(ChainKind::Composite, members, vault, length)
    }

    fn chain(&mut self, kind: ChainKind, members: Vec<Made>, vault: &PlannedVault, length: usize) -> Chain {
        let plan = self.plan;
        let history = i64::from(plan.history_days.max(1)) * DAY;
        let steps_of = |length: usize| i64::try_from(length).expect("a chain's length") + 1;
        let fits = |hours: i64, length: usize| steps_of(length) * hours * HOUR + 6 * HOUR <= history;
        let longest = usize::try_from((history / HOUR - 8).max(1))
            .expect("positive")
            .min(plan.longest_chain.clamp(1, 60_000));
        let length = length.min(longest);
        let weights = CADENCES.map(|(_, hours, _, weight)| if fits(hours, length) { weight } else { 0.0 });
        let cadence = if weights.iter().sum::<f64>() > 0.0 {
            self.dice.weighted(weights.into_iter())
        } else {
            0
        };
        let step_millis = CADENCES[cadence].1 * HOUR;

        let spare = (history - steps_of(length) * step_millis - 6 * HOUR).max(0);
        let retired_for = if self.dice.chance(plan.shares.retired) {
            self.dice.between(30 * DAY, 200 * DAY)
        } else {
            0
        };
        let ended = 4 * HOUR + self.dice.between(0, step_millis) + retired_for.min(spare);
        // Hours are counted from the world's start, not on the clock's face: otherwise neighbours would change places with
        // the minute in which the world begins.
        let newest = plan.start.millis() - (ended + HOUR - 1) / HOUR * HOUR;
        let oldest = newest - i64::try_from(length - 1).expect("a chain's length") * step_millis;
        let oldest_days = u32::try_from((plan.start.millis() - oldest) / DAY).unwrap_or(0);

        let (least_days, most_days) = vault.lock.map_or((1, u32::MAX), |lock| {
            (
                lock.min_retention_days.unwrap_or(1),
                lock.max_retention_days.unwrap_or(u32::MAX),
            )
        });
        let retention_days = self.retention(oldest_days, least_days, most_days);
        let on_demand = length == 1 && self.dice.chance(0.5);
        let rule = self
            .first_rule
            .saturating_add(u16::try_from(cadence).expect("six cadences"));
        Chain {
            kind,
            members,
            vault: vault.id,
            rule: if on_demand { ON_DEMAND } else { rule },
            newest: Moment::from_millis(newest),
            step_millis,
            length,
            retention_days,
            least_days,
            most_days,
            being_made: self.dice.chance(plan.shares.creating),
        }
    }

    /// Long enough that the oldest point is still there: for another month, or, in a chain that is full, for some days.
    fn retention(&mut self, oldest_days: u32, least_days: u32, most_days: u32) -> Option<u32> {
        let shares = &self.plan.shares;
        let (full, for_ever) = (
            self.dice.chance(shares.full_chains),
            self.dice.chance(shares.without_expiry),
        );
        let (misfit, longer) = (self.dice.chance(shares.outside_lock_range), self.dice.chance(0.3));
        if most_days < u32::MAX && misfit {
            return Some(most_days + 365);
        }
        if most_days == u32::MAX && for_ever {
            return None;
        }
        if full {
            return Some((oldest_days + 1).next_multiple_of(7).max(least_days));
        }
        let enough = (oldest_days + 31).max(least_days);
        let mut choices = RETENTIONS
            .into_iter()
            .filter(|days| (enough..=most_days).contains(days));
        let shortest = choices.next();
        Some(if longer { choices.next().or(shortest) } else { shortest }.unwrap_or(enough))
    }
}
