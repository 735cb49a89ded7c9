//! Actions that our own principals, and the copy role, have to be allowed: judged by IAM's simulation.

use super::{Bearing, Check, Told, Topic, statement};
use crate::AccountId;

/// What IAM says of one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulated {
    pub action: String,
    pub resource: String,
    pub decision: Decision,
    /// Condition keys that a statement asks for and the question did not give.
    pub missing_keys: Vec<String>,
    /// Whether the organization's policies allow it, if IAM says so.
    pub by_organization: Option<bool>,
    pub by_boundary: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
}

/// How much depends on an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing is copied without it.
    Must,
    /// Points of this kind are not.
    For(Bearing),
    /// This part is left out without it.
    Part(&'static str),
}

/// One action that somebody has to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub topic: Topic,
    pub account: AccountId,
    /// The role or user, for the words.
    pub principal: String,
    pub action: &'static str,
    pub resources: Vec<String>,
    pub need: Need,
}

impl Needed {
    /// From all that was simulated, or why nothing was.
    pub fn judge(&self, told: &Told<Vec<Simulated>>) -> Check {
        let bearing = match &self.need {
            Need::Must => Bearing::Everything,
            Need::For(bearing) => bearing.clone(),
            Need::Part(_) => Bearing::Something,
        };
        let check = Check::new(self.topic, self.account, self.action).bearing_on(bearing);
        let results = match told {
            Ok(results) => results,
            Err(why) => return check.not_checked(why.0.clone()),
        };
        let mine: Vec<&Simulated> = results
            .iter()
            .filter(|simulated| {
                simulated.action.eq_ignore_ascii_case(self.action) && self.resources.contains(&simulated.resource)
            })
            .collect();
        if mine.is_empty() {
            return check.not_checked("IAM's simulation says nothing about it");
        }
        let refused: Vec<&Simulated> = mine
            .iter()
            .copied()
            .filter(|simulated| simulated.decision != Decision::Allowed)
            .collect();
        let Some(first) = refused.first() else {
            return check.passed(format!("{} may do it", self.principal));
        };
        if refused.iter().all(|simulated| !simulated.missing_keys.is_empty()) {
            return check.not_checked(format!(
                "it depends on {}, which only a real call has",
                first.missing_keys.join(", ")
            ));
        }
        let first = refused
            .iter()
            .find(|simulated| simulated.missing_keys.is_empty())
            .unwrap_or(first);
        let (detail, fix) = (self.refusal(first, refused.len()), self.fix(first));
        // Where it is allowed on some, only the others are lost.
        let check = if refused.len() < mine.len() {
            check.bearing_on(Bearing::Something)
        } else {
            check
        };
        match self.need {
            Need::Part(part) => check.not_checked(format!("{detail}; {part}")).with_fix(fix),
            Need::Must | Need::For(_) => check.failed(detail, fix),
        }
    }

    fn refusal(&self, refused: &Simulated, times: usize) -> String {
        let on = match (refused.resource.as_str(), times) {
            ("*", _) => String::new(),
            (resource, 1) => format!(" on {resource}"),
            (resource, times) => format!(" on {resource} and {} more", times - 1),
        };
        format!("{} may not do it{on}: {}", self.principal, because(refused))
    }

    fn fix(&self, refused: &Simulated) -> String {
        let resources: Vec<&str> = self.resources.iter().map(String::as_str).collect();
        let resources = if resources.len() > 4 { vec!["*"] } else { resources };
        let mut text = match (refused.decision, refused.by_organization, refused.by_boundary) {
            (_, Some(false), _) => format!(
                "have the organization's service control policies allow {} in account {}",
                self.action, self.account
            ),
            (_, _, Some(false)) => format!(
                "allow {} in the permissions boundary of {}",
                self.action, self.principal
            ),
            (Decision::ExplicitDeny, ..) => format!(
                "take away the statement that denies {} from the policies of {}",
                self.action, self.principal
            ),
            _ => format!(
                "add to the policies of {}: {}",
                self.principal,
                statement::allow(&[self.action], &resources)
            ),
        };
        if self.action == "iam:PassRole" && refused.decision == Decision::ImplicitDeny {
            text.push_str(" (iam:PassedToService may be restricted to backup.amazonaws.com)");
        }
        text
    }
}

fn because(refused: &Simulated) -> &'static str {
    match (refused.decision, refused.by_organization, refused.by_boundary) {
        (_, Some(false), _) => "a policy of the organization does not allow it",
        (Decision::ExplicitDeny, ..) => "a statement denies it",
        (_, _, Some(false)) => "the permissions boundary does not allow it",
        _ => "no policy allows it",
    }
}

/// Where simulation is not allowed and a harmless call was tried instead.
pub fn tried(needed: &Needed, answer: &Told<()>, was_denied: bool) -> Check {
    let check = Check::new(needed.topic, needed.account, needed.action);
    match answer {
        Ok(()) => check.passed(format!("{} did it just now", needed.principal)),
        Err(why) if was_denied => check.failed(
            why.0.clone(),
            format!(
                "add to the policies of {}: {}",
                needed.principal,
                statement::allow(&[needed.action], &["*"])
            ),
        ),
        Err(why) => check.not_checked(why.0.clone()),
    }
}
