//! What a listing of a vault's points may be narrowed to. All filters that are given have to fit.

use super::super::wanted::Wanted;
use crate::clock::Moment;
use crate::wire::{Call, Refusal};
use crate::world::{ON_DEMAND, Point, PointId, ResourceId, World};

pub(super) struct Filter<'a> {
    pub(super) resource: Wanted<ResourceId>,
    resource_type: Option<&'a str>,
    /// By position in `World::rules`: whether the rule belongs to the plan.
    rules_of_plan: Option<Vec<bool>>,
    created_before: Option<Moment>,
    created_after: Option<Moment>,
    parent: Wanted<PointId>,
}

impl<'a> Filter<'a> {
    pub(super) fn read(world: &World, call: &'a Call) -> Result<Self, Refusal> {
        let params = &call.params;
        let plan = params.text("ByBackupPlanId");
        Ok(Self {
            resource: Wanted::read(world, call, "ByResourceArn", |arn| world.resource_with_arn(arn))?,
            resource_type: params.text("ByResourceType"),
            rules_of_plan: plan.map(|plan| world.rules.iter().map(|rule| rule.plan_id == plan).collect()),
            created_before: params.moment("ByCreatedBefore"),
            created_after: params.moment("ByCreatedAfter"),
            parent: Wanted::read(world, call, "ByParentRecoveryPointArn", |arn| world.point_with_arn(arn))?,
        })
    }

    pub(super) fn admits(&self, point: &Point) -> bool {
        self.resource.admits(Some(point.resource))
            && self.parent.admits(point.parent)
            && self
                .resource_type
                .is_none_or(|wanted| point.resource_type.wire_name() == wanted)
            && self.created_before.is_none_or(|limit| point.created < limit)
            && self.created_after.is_none_or(|limit| point.created > limit)
            && self.rules_of_plan.as_deref().is_none_or(|rules| made_by(rules, point))
    }

    /// It names something that does not exist.
    pub(super) fn admits_nothing(&self) -> bool {
        self.resource == Wanted::Nothing || self.parent == Wanted::Nothing
    }
}

fn made_by(rules: &[bool], point: &Point) -> bool {
    point.plan != ON_DEMAND && !rules.is_empty() && rules[usize::from(point.plan) % rules.len()]
}
