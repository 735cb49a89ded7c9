//! Whom a statement is about.

use super::Holds;
use crate::AccountId;
use crate::arn::Arn;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    /// A session of this role, whatever its name is.
    Role { arn: &'a str, account: AccountId },
    /// A service of AWS on its own account.
    Service(&'a str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principals {
    These(Vec<Named>),
    AllBut(Vec<Named>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// `"Principal": "*"`
    Anybody,
    /// `{"AWS": …}`: an account, a role, a user, a session, `*`.
    Aws(String),
    Service(String),
    /// Federated users and the ids that only S3 knows.
    Else,
}

impl Named {
    pub(super) fn of_kind(kind: &str, name: String) -> Self {
        match kind {
            "AWS" => Self::Aws(name),
            "Service" => Self::Service(name),
            _ => Self::Else,
        }
    }
}

/// How well a name fits who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    None,
    /// It may be one of the role's sessions, or something that AWS would not take.
    Perhaps,
    /// The account as a whole.
    Account,
    Exact,
    Anybody,
}

impl Principals {
    pub(super) fn include(&self, asker: Asker<'_>, doubts: &mut Vec<String>) -> Holds {
        let fits = |named: &[Named]| -> Vec<Fit> { named.iter().map(|name| name.fit(asker)).collect() };
        let holds = match self {
            Self::These(named) => included(&fits(named)),
            Self::AllBut(named) => spared(&fits(named), asker).negated(),
        };
        if holds == Holds::Unknown {
            doubts.push("whether it is about this principal cannot be told from it".to_owned());
        }
        holds
    }
}

fn included(fits: &[Fit]) -> Holds {
    Holds::any(fits.iter().map(|fit| match fit {
        Fit::None => Holds::No,
        Fit::Perhaps => Holds::Unknown,
        Fit::Account | Fit::Exact | Fit::Anybody => Holds::Yes,
    }))
}

/// AWS spares a role only if its account is named, too, and documents nothing for one without the other.
fn spared(fits: &[Fit], asker: Asker<'_>) -> Holds {
    let has = |fit| fits.contains(&fit);
    let account_too = has(Fit::Account) || matches!(asker, Asker::Service(_));
    if has(Fit::Anybody) || (has(Fit::Exact) && account_too) {
        Holds::Yes
    } else if has(Fit::Exact) || has(Fit::Account) || has(Fit::Perhaps) {
        Holds::Unknown
    } else {
        Holds::No
    }
}

impl Named {
    fn fit(&self, asker: Asker<'_>) -> Fit {
        match (self, asker) {
            (Self::Anybody, _) => Fit::Anybody,
            (Self::Service(name), Asker::Service(service)) if name == service => Fit::Exact,
            // AWS calls the two ways to write a star equal, and not where a service asks.
            (Self::Aws(name), Asker::Service(_)) if name == "*" => Fit::Perhaps,
            (Self::Aws(name), Asker::Role { arn, account }) => fit_of_role(name, arn, account),
            _ => Fit::None,
        }
    }
}

fn fit_of_role(name: &str, role_arn: &str, account: AccountId) -> Fit {
    if name == "*" {
        return Fit::Anybody;
    }
    if name == account.as_str() {
        return Fit::Account;
    }
    if name == role_arn {
        return Fit::Exact;
    }
    // Part of a name followed by a star is nothing that AWS takes here.
    if name.contains(['*', '?']) {
        return Fit::Perhaps;
    }
    let (Some(named), Some(role)) = (Arn::parse(name), Arn::parse(role_arn)) else {
        return Fit::None;
    };
    if named.partition != role.partition || named.account != account.as_str() {
        return Fit::None;
    }
    let role_name = role.resource.rsplit('/').next().unwrap_or_default();
    match (named.service, named.resource) {
        ("iam", "root") => Fit::Account,
        ("sts", session)
            if session
                .strip_prefix("assumed-role/")
                .and_then(|session| session.split('/').next())
                == Some(role_name) =>
        {
            Fit::Perhaps
        }
        _ => Fit::None,
    }
}
