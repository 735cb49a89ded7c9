//! What a listing of copy jobs may be narrowed to. All filters that are given have to fit.

use super::super::find::denied;
use super::super::wanted::Wanted;
use crate::clock::Moment;
use crate::fleet::{Fleet, Job};
use crate::wire::{Call, Refusal};
use crate::world::{PointId, ResourceId, World};

pub(super) struct Filter<'a> {
    world: &'a World,
    fleet: &'a Fleet,
    now: Moment,
    /// Whose jobs; `None` for those of the whole organization.
    account: Option<&'a str>,
    pub(super) resource: Wanted<ResourceId>,
    pub(super) source_point: Wanted<PointId>,
    pub(super) parent: Option<&'a str>,
    pub(super) state: Option<&'a str>,
    resource_type: Option<&'a str>,
    destination_vault_arn: Option<&'a str>,
    category: Option<String>,
    pub(super) created_before: Option<Moment>,
    pub(super) created_after: Option<Moment>,
    pub(super) complete_before: Option<Moment>,
    pub(super) complete_after: Option<Moment>,
}

impl<'a> Filter<'a> {
    pub(super) fn read(world: &'a World, fleet: &'a Fleet, call: &'a Call) -> Result<Self, Refusal> {
        let params = &call.params;
        Ok(Self {
            world,
            fleet,
            now: call.now,
            account: account(world, call)?,
            resource: Wanted::read(world, call, "ByResourceArn", |arn| world.resource_with_arn(arn))?,
            source_point: Wanted::read(world, call, "BySourceRecoveryPointArn", |arn| {
                world.point_ever_with_arn(arn)
            })?,
            parent: params.text("ByParentJobId"),
            state: params.text("ByState"),
            resource_type: params.text("ByResourceType"),
            destination_vault_arn: params.text("ByDestinationVaultArn"),
            category: params
                .text("ByMessageCategory")
                .filter(|word| !ALL_CATEGORIES.contains(word))
                .map(plain),
            created_before: params.moment("ByCreatedBefore"),
            created_after: params.moment("ByCreatedAfter"),
            complete_before: params.moment("ByCompleteBefore"),
            complete_after: params.moment("ByCompleteAfter"),
        })
    }

    pub(super) fn admits(&self, job: &Job) -> bool {
        self.state.is_none_or(|wanted| job.state.wire_name() == wanted)
            && self.resource.admits(Some(job.resource))
            && self.source_point.admits(Some(job.source_point))
            && self
                .resource_type
                .is_none_or(|wanted| job.resource_type.wire_name() == wanted)
            && self.created_before.is_none_or(|limit| job.created < limit)
            && self.created_after.is_none_or(|limit| job.created > limit)
            && self
                .complete_before
                .is_none_or(|limit| job.completed.is_some_and(|at| at < limit))
            && self
                .complete_after
                .is_none_or(|limit| job.completed.is_some_and(|at| at > limit))
            && self
                .destination_vault_arn
                .is_none_or(|wanted| job.route.destination_vault_arn == wanted)
            && self
                .category
                .as_deref()
                .is_none_or(|wanted| self.has_category(job, wanted))
            && self
                .parent
                .is_none_or(|wanted| self.fleet.parent(job).is_some_and(|parent| parent.id() == wanted))
            && self
                .account
                .is_none_or(|account| self.fleet.is_visible_to(self.world, job, account))
            && self.fleet.is_listed(job, self.now)
    }

    fn has_category(&self, job: &Job, wanted: &str) -> bool {
        self.fleet
            .shown_category(job)
            .is_some_and(|shown| plain(shown) == wanted)
    }

    /// It names something that does not exist.
    pub(super) fn admits_nothing(&self) -> bool {
        self.resource == Wanted::Nothing || self.source_point == Wanted::Nothing
    }
}

/// Words for "any" among the categories.
const ALL_CATEGORIES: [&str; 2] = ["ANY", "AGGREGATE_ALL"];

/// The console spells `ACCESS_DENIED` what the API's examples spell `AccessDenied`.
fn plain(category: &str) -> String {
    category
        .chars()
        .filter(|letter| *letter != '_')
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// Only the organization's management account sees jobs of other accounts; `*` stands for all of them.
fn account<'a>(world: &World, call: &'a Call) -> Result<Option<&'a str>, Refusal> {
    let own = call.caller.account.as_str();
    let manages = own == world.organization.management_account;
    match call.params.text("ByAccountId") {
        Some("*") if manages => Ok(None),
        None | Some("*") => Ok(Some(own)),
        Some(wanted) if manages || wanted == own => Ok(Some(wanted)),
        Some(wanted) => Err(denied(&format!(
            "{} is not authorized to perform backup:ListCopyJobs on account {wanted}: only the organization's management \
             account is",
            call.caller.arn
        ))),
    }
}
