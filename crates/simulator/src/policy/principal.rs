//! Who a statement speaks of: `Principal` and `NotPrincipal`.

use serde_json::Value;

use super::texts;

/// Who makes the request.
#[derive(Clone, Copy, Debug)]
pub enum Asker<'a> {
    Aws {
        account: &'a str,
        /// Every ARN that names it: of a role session both the role's and the session's.
        arns: &'a [&'a str],
    },
    /// `backup.amazonaws.com`
    Service(&'a str),
}

/// Which part of a `Principal` element caught the asker. Within one account a policy that names the account hands the
/// decision to the account's own identity policies, one that names the principal itself decides alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The statement has no such element, as in identity policies.
    Unsaid,
    Everyone,
    Account,
    Itself,
    Service,
    /// By not being among those of a `NotPrincipal`.
    NotListed,
}

/// How the statement names the asker; `None` when it speaks of somebody else.
pub(super) fn named_by(statement: &Value, asker: Option<&Asker>) -> Option<Named> {
    if let Some(listed) = statement.get("Principal") {
        return named_in(listed, asker?);
    }
    if let Some(listed) = statement.get("NotPrincipal") {
        return named_in(listed, asker?).is_none().then_some(Named::NotListed);
    }
    Some(Named::Unsaid)
}

fn named_in(listed: &Value, asker: &Asker) -> Option<Named> {
    if listed.as_str() == Some("*") {
        return Some(Named::Everyone);
    }
    match asker {
        Asker::Aws { account, arns } => {
            let of_aws = texts(listed.get("AWS"));
            // The closest naming counts: it is the one that makes the grant direct.
            let mut best = None;
            for name in of_aws {
                if arns.contains(&name) {
                    return Some(Named::Itself);
                }
                if name == "*" {
                    best = Some(Named::Everyone);
                } else if best.is_none() && names_account(name, account) {
                    best = Some(Named::Account);
                }
            }
            best
        }
        Asker::Service(service) => {
            if texts(listed.get("Service")).any(|name| name == *service) {
                return Some(Named::Service);
            }
            texts(listed.get("AWS"))
                .any(|name| name == "*")
                .then_some(Named::Everyone)
        }
    }
}

/// `111111111111` or `arn:aws:iam::111111111111:root`.
fn names_account(name: &str, account: &str) -> bool {
    if name == account {
        return true;
    }
    let mut parts = name.splitn(6, ':');
    let arn = parts.next() == Some("arn");
    let _partition = parts.next();
    let iam = parts.next() == Some("iam");
    let _region = parts.next();
    arn && iam && parts.next() == Some(account) && parts.next() == Some("root")
}
