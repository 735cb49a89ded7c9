//! An error as a person reads it: what was being done, why it failed, what to do now.

use std::fmt;

use sav_application::identity::IdentityError;
use sav_application::ports::{CallError, LedgerError, Side};
use sav_application::reading::VaultsError;
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    what: String,
    causes: Vec<String>,
    help: Vec<String>,
}

impl Problem {
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            causes: Vec::new(),
            help: Vec::new(),
        }
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    pub fn what(&self) -> &str {
        &self.what
    }

    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    pub fn advice(&self) -> &[String] {
        &self.help
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for cause in &self.causes {
            write!(f, "\n  cause: {cause}")?;
        }
        for help in &self.help {
            write!(f, "\n   help: {help}")?;
        }
        Ok(())
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        let side = error.side;
        let on = error
            .subject
            .as_deref()
            .map(|subject| format!(" for `{subject}`"))
            .unwrap_or_default();
        let request = error
            .request_id
            .as_deref()
            .map(|id| format!(" (request {id})"))
            .unwrap_or_default();
        let problem = Self::new(format!(
            "{}{on} failed in the {side} account {}",
            error.operation.action(),
            error.account
        ))
        .because(format!("{}: {}{request}", error.code, error.message));
        advise(problem, &error)
    }
}

fn advise(problem: Problem, error: &CallError) -> Problem {
    let profile = profile_option(error.side);
    if error.operation == Operation::AssumeRole && !error.kind.passes_by_itself() {
        let role = match error.side {
            Side::Source => "--source-role-arn",
            Side::Destination => "--dest-role-arn",
        };
        return problem
            .help(format!("correct {role}, or the role in the profile of {profile}"))
            .help("the role's trust policy must admit these credentials, their own policies must allow `sts:AssumeRole` on it, and --external-id must be the one that it asks for");
    }
    match error.kind {
        FaultKind::AccessDenied => problem
            .help(format!("add `{}` to the policies of the role or user these credentials belong to", error.operation.action()))
            .help("an explicit deny, a permissions boundary or an organization's service control policy also refuses; renewing the credentials does not help"),
        FaultKind::CredentialsExpired => problem
            .help(format!("sign in again, so that the credentials of {profile} are new, and run the same command again")),
        FaultKind::CredentialsInvalid => problem
            .help(format!("AWS does not take these credentials: check the profile of {profile}, its key, secret and session token, and --region")),
        FaultKind::ClockSkewed => problem
            .help("AWS refuses the signature's date: set this machine's clock, then run the same command again"),
        FaultKind::CredentialsAbsent => problem
            .help(format!("name a profile with {profile}, or set AWS_PROFILE or AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN")),
        FaultKind::Throttled => problem
            .help("something else uses up the account's call rate: try later, or lower --api-rate"),
        FaultKind::Unavailable => problem
            .help("check the network, --region, --endpoint-url, HTTPS_PROXY and --ca-bundle, then run the same command again"),
        FaultKind::NotOptedIn => problem.help("this account has not switched the service on in this Region"),
        FaultKind::NotFound => problem.help("it was there when the vaults were listed; run the same command again"),
        FaultKind::LimitReached | FaultKind::Rejected | FaultKind::Unexpected => problem
            .help("run again with -vv to see every call, and keep the request id for AWS support"),
    }
}

/// The options that say whose credentials a side uses.
fn profile_option(side: Side) -> &'static str {
    match side {
        Side::Source => "--source-profile",
        Side::Destination => "--dest-profile",
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Call { error, origin } => {
                let about_them = matches!(
                    error.kind,
                    FaultKind::CredentialsExpired | FaultKind::CredentialsInvalid | FaultKind::ClockSkewed
                );
                let problem = Self::from(error);
                if about_them {
                    problem.because(format!("the credentials come from {origin}"))
                } else {
                    problem
                }
            }
            IdentityError::WrongAccount {
                side,
                expected,
                found,
                arn,
                origin,
            } => {
                let option = match side {
                    Side::Source => "--source-account",
                    Side::Destination => "--dest-account",
                };
                Self::new(format!(
                    "these are not the {side} account's credentials; nothing was read or written"
                ))
                .because(format!(
                    "{option} is {expected}, but AWS says that the credentials belong to {found} ({arn})"
                ))
                .because(format!("they come from {origin}"))
                .help(format!(
                    "name the right profile with {}, or correct {option}",
                    profile_option(side)
                ))
            }
        }
    }
}

/// A ledger's trouble says by itself what to do next.
impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<VaultsError> for Problem {
    fn from(error: VaultsError) -> Self {
        match error {
            VaultsError::Call(error) => error.into(),
            VaultsError::NoSuchVault(error) => Self::new(error.to_string())
                .help("`list --summary` shows the account's vaults; `*` and `?` stand for any characters"),
        }
    }
}
