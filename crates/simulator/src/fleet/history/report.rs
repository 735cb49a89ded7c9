//! The account as one value, with ARNs instead of positions.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Curve, History, LowerBound};
use crate::clock::Moment;
use crate::fleet::job::JobState;
use crate::world::{Pool, World};

/// Lists name at most this many; the counts beside them are complete.
const MOST_NAMED: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FleetAccount {
    pub jobs_accepted: u64,
    pub jobs_open: u64,
    /// Of the jobs that have ended.
    pub jobs_by_state: BTreeMap<JobState, u64>,
    /// Calls answered from the memory of tokens.
    pub token_replays: u64,
    pub refusals_by_code: BTreeMap<String, u64>,
    /// Source points with at least one accepted job; with a copy; with several jobs; whose jobs all failed.
    pub points_with_jobs: u64,
    pub points_copied: u64,
    pub points_with_several_jobs: u64,
    pub points_only_failed: u64,
    /// Copies made of a point into a vault that had one already.
    pub duplicate_copies: u64,
    pub duplicates: Vec<Duplicate>,
    /// Jobs accepted while another one of the same resource was open.
    pub overlapping_jobs: u64,
    pub resources_with_overlaps: BTreeMap<String, u32>,
    pub most_running_per_resource: u32,
    /// Points copied after a newer one of the same resource.
    pub order_violations: u64,
    pub inversions: Vec<Inversion>,
    pub delayed_backups: u64,
    pub pools: Vec<PoolAccount>,
    pub first_acceptance: Option<Moment>,
    pub last_end: Option<Moment>,
    pub makespan_seconds: f64,
    pub lower_bound: LowerBound,
    pub lower_bound_resource: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    pub recovery_point_arn: String,
    pub copies: u16,
    /// How many of them were into a vault that had one.
    pub duplicates: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inversion {
    pub recovery_point_arn: String,
    pub after: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolAccount {
    pub pool: Pool,
    pub curve: Curve,
}

impl History {
    pub(in crate::fleet) fn report(&self, world: &World) -> FleetAccount {
        let count =
            |fits: fn(&super::PointTally) -> bool| self.points.values().filter(|tally| fits(tally)).count() as u64;
        let mut duplicated: Vec<_> = self.points.iter().filter(|(_, tally)| tally.duplicates > 0).collect();
        duplicated.sort_by_key(|(point, _)| **point);
        let mut overlapping: Vec<_> = self
            .resources
            .iter()
            .filter(|(_, tally)| tally.overlapping > 0)
            .collect();
        overlapping.sort_by_key(|(resource, tally)| (std::cmp::Reverse(tally.overlapping), **resource));
        let lower_bound = self.lower_bound();
        let ended: u64 = self.states.values().sum();
        FleetAccount {
            jobs_accepted: self.accepted,
            jobs_open: self.accepted - ended,
            jobs_by_state: self.states.clone(),
            token_replays: self.replays,
            refusals_by_code: self.refusals.clone(),
            points_with_jobs: self.points.len() as u64,
            points_copied: count(|tally| tally.completed + tally.partial > 0),
            points_with_several_jobs: count(|tally| tally.jobs > 1),
            points_only_failed: count(|tally| tally.failed > 0 && tally.failed == tally.jobs),
            duplicate_copies: self.points.values().map(|tally| u64::from(tally.duplicates)).sum(),
            duplicates: duplicated
                .iter()
                .take(MOST_NAMED)
                .map(|(point, tally)| Duplicate {
                    recovery_point_arn: world.point_arn(**point),
                    copies: tally.completed + tally.partial,
                    duplicates: tally.duplicates,
                })
                .collect(),
            overlapping_jobs: self.resources.values().map(|tally| u64::from(tally.overlapping)).sum(),
            resources_with_overlaps: overlapping
                .iter()
                .take(MOST_NAMED)
                .map(|(resource, tally)| (world.resource_arn(**resource), tally.overlapping))
                .collect(),
            most_running_per_resource: self
                .resources
                .values()
                .map(|tally| tally.most_running)
                .max()
                .unwrap_or_default(),
            order_violations: self.inversions.len() as u64,
            inversions: self
                .inversions
                .iter()
                .take(MOST_NAMED)
                .map(|(late, before)| Inversion {
                    recovery_point_arn: world.point_arn(*late),
                    after: world.point_arn(*before),
                })
                .collect(),
            delayed_backups: self.delayed_backups,
            pools: Pool::ALL
                .into_iter()
                .map(|pool| PoolAccount {
                    pool,
                    curve: self.curves[pool as usize].clone(),
                })
                .collect(),
            first_acceptance: self.first,
            last_end: self.last_end,
            makespan_seconds: self
                .last_end
                .zip(self.first)
                .map_or(0.0, |(end, first)| end.since(first).as_secs_f64()),
            lower_bound_resource: lower_bound
                .longest_chain_resource
                .map(|resource| world.resource_arn(resource)),
            lower_bound,
        }
    }
}
