//! An account's credentials: where they come from, and how they are had anew.

use std::fmt;
use std::future::Future;

use sav_domain::Moment;

use super::{CallError, Caller, Gateway};

/// A gateway whose credentials can be exchanged while it is at work.
pub trait Renewal: Gateway {
    /// What calls are signed with.
    type Keys: Send;

    /// Reads everything again, files and processes alike, and asks STS whose the credentials are that come of it. Calls go on
    /// being signed with the old ones.
    fn read_anew(&self) -> impl Future<Output = Result<Renewed<Self::Keys>, CallError>> + Send;

    /// From now on calls are signed with these.
    fn sign_with(&self, keys: Self::Keys);

    /// When those in use end, if they say so.
    fn expire_at(&self) -> Option<Moment>;

    /// Where credentials come from.
    fn origin(&self) -> impl Future<Output = Origin> + Send;

    /// Differs from the one before when a file that credentials come from has changed, appeared or gone.
    fn stamp(&self) -> impl Future<Output = Stamp> + Send;
}

/// Credentials that are not in use yet, and whose they are.
#[derive(Debug)]
pub struct Renewed<K> {
    pub keys: K,
    pub caller: Caller,
}

/// The state of the files that credentials come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub u64);

/// Where credentials come from, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// For a person: which profile, file or command.
    pub from: String,
    /// Files and folders; a change to one of them is noticed. None: nothing can change while the program runs.
    pub watched: Vec<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.from)
    }
}
