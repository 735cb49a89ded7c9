//! The organization: without one in common, and without its consent, AWS copies nothing between accounts.

use super::{Check, Remedy, Told, Topic};
use crate::route::Route;

/// What an account says about its organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    Of(Organization),
    /// The account is in none.
    None,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: String,
    pub management_account: Option<String>,
}

impl Membership {
    pub const fn organization(&self) -> Option<&Organization> {
        match self {
            Self::Of(organization) => Some(organization),
            Self::None => None,
        }
    }
}

/// One check for each account that is in no organization, or one for both.
pub fn same(route: &Route, source: &Told<Membership>, destination: Option<&Told<Membership>>) -> Vec<Check> {
    let mut checks = Vec::new();
    let ends = [(route.source(), Some(source)), (route.destination(), destination)];
    for (account, told) in ends.into_iter().filter_map(|(account, told)| Some((account, told?))) {
        let check = Check::new(Topic::Organization, account, account.to_string());
        checks.push(match told {
            Err(why) => check.not_checked(why.0.clone()),
            Ok(Membership::None) => check.failed(
                format!("account {account} is a member of no organization"),
                format!(
                    "{}: have the management account invite {account}, and accept the invitation there",
                    Remedy::JoinOrganization.words()
                ),
            ),
            Ok(Membership::Of(organization)) => check.passed(format!("member of {}", organization.id)),
        });
    }
    if let (Ok(Membership::Of(one)), Some(Ok(Membership::Of(other)))) = (source, destination)
        && one.id != other.id
    {
        let account = route.destination();
        checks.retain(|check| check.account != account);
        checks.push(Check::new(Topic::Organization, account, account.to_string()).failed(
            format!(
                "account {account} is a member of {}, and account {} of {}",
                other.id,
                route.source(),
                one.id
            ),
            format!("{}: move {account} into {}", Remedy::JoinOrganization.words(), one.id),
        ));
    }
    checks
}

/// The setting that the management account makes for all.
pub fn cross_account(route: &Route, enabled: &Told<Option<bool>>) -> Check {
    let source = route.source();
    let check = Check::new(Topic::CrossAccountBackup, source, "isCrossAccountBackupEnabled");
    match enabled {
        Err(why) => check.not_checked(why.0.clone()),
        Ok(Some(true)) => check.passed("the organization lets its accounts copy to each other"),
        Ok(Some(false)) => check.failed(
            "the organization does not let its accounts copy to each other",
            format!(
                "{}: aws backup update-global-settings --global-settings isCrossAccountBackupEnabled=true",
                Remedy::EnableCrossAccountBackup.words()
            ),
        ),
        Ok(None) => check.not_checked("AWS does not say whether cross-account backup is enabled"),
    }
}
