//! What goes wrong. A plan says what and when; `Faults` is asked about every call and says how it shall go. The same
//! seed, plan and calls give the same mishaps: a fault's chance hangs on its own count of calls, not on a shared stream.

mod plan;
mod throttle;
mod wording;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

pub use plan::{Aim, Because, Count, Counts, Fault, FaultPlan, KeyChange, What};
pub use throttle::Rates;

use crate::clock::Moment;
use crate::policy::glob;
use crate::wire::Refusal;
use crate::world::{KeyState, World};

/// A call, as far as faults care.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As in the signature's scope.
    pub service: &'a str,
    pub operation: &'a str,
    pub account: &'a str,
    /// The name of the role or user.
    pub principal: &'a str,
    pub caller_arn: &'a str,
    pub access_key: &'a str,
    /// What the call is about, for the text of a denial; `*` when it has no single resource.
    pub resource: &'a str,
    /// `NextToken` or `Marker`, if the call goes on with a listing.
    pub page_token: Option<&'a str>,
    /// The wire's time: buckets, windows and credentials go by it.
    pub wire_now: Moment,
}

/// How the call shall go.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Proceed(Proceed),
    /// Answered with this error after the delay, and nothing happens.
    Refuse(Refusal, Duration),
    /// The connection ends, and nothing happens.
    ResetBefore,
    /// A proxy's page with this status, and nothing happens.
    Html(u16, Duration),
}

/// The call takes effect; its answer may suffer yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proceed {
    pub delay: Duration,
    pub listing: Listing,
    pub ending: Ending,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Ending {
    #[default]
    Whole,
    ResetAfter,
    /// After so many bytes of the body.
    CutAfter(usize),
    /// An error that hides that the call took effect.
    RefusedAfter(Refusal),
}

/// What a listing does to its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Fewer items than asked for; with 0 an empty page that goes on where it would have begun.
    pub at_most: Option<usize>,
    /// The last so many items come again on the next page.
    pub repeat: usize,
    /// The last so many items are left out and come after those of the next page.
    pub late: usize,
}

#[derive(Debug)]
pub struct Faults {
    plan: FaultPlan,
    seed: u64,
    put_at: Moment,
    /// Per fault of the plan.
    tallies: Vec<Count>,
    /// Of faults of earlier plans, and of throttling by operation.
    counts: Counts,
    buckets: throttle::Buckets,
    keys_due: Vec<(Moment, KeyChange)>,
    refused_tokens: HashSet<String>,
    /// By fault and access key: calls so far, and the moment of the first.
    credentials: HashMap<(usize, String), (u64, Moment)>,
}

impl Faults {
    /// `wire_now` and `now` are the moments from which the plan's windows and key changes count.
    pub fn new(plan: FaultPlan, seed: u64, wire_now: Moment, now: Moment) -> Self {
        let mut faults = Self {
            plan: FaultPlan::none(),
            seed,
            put_at: wire_now,
            tallies: Vec::new(),
            counts: Counts::new(),
            buckets: throttle::Buckets::default(),
            keys_due: Vec::new(),
            refused_tokens: HashSet::new(),
            credentials: HashMap::new(),
        };
        faults.put(plan, wire_now, now);
        faults
    }

    /// Puts another plan in force. Counts go on, buckets keep their level, refused tokens and dead credentials are
    /// forgiven.
    pub fn put(&mut self, plan: FaultPlan, wire_now: Moment, now: Moment) {
        self.counts = self.counts();
        self.tallies = vec![Count::default(); plan.faults.len()];
        self.keys_due = plan
            .keys
            .iter()
            .map(|change| (now + Duration::from_millis(change.after_ms), change.clone()))
            .collect();
        self.refused_tokens.clear();
        self.credentials.clear();
        self.plan = plan;
        self.put_at = wire_now;
    }

    pub fn plan(&self) -> &FaultPlan {
        &self.plan
    }

    /// Every fault by name, throttling by bucket under `throttle`, key changes under `key`.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts.clone();
        for (fault, tally) in self.plan.faults.iter().zip(&self.tallies) {
            let count = counts.entry(fault.label().to_owned()).or_default();
            count.met += tally.met;
            count.fired += tally.fired;
        }
        counts
    }

    pub fn judge(&mut self, asked: &Asked) -> Verdict {
        if self.throttles(asked) {
            return Verdict::Refuse(wording::throttled(asked.service), Duration::ZERO);
        }
        let mut proceed = Proceed::default();
        let mut end = None;
        for index in 0..self.plan.faults.len() {
            let fired = self.fires(index, asked, end.is_none());
            if fired {
                end = strike(&self.plan.faults[index].what, asked, self.dice(index), &mut proceed);
            }
        }
        match end {
            None => Verdict::Proceed(proceed),
            Some(End::Now(verdict)) => verdict.delayed(proceed.delay),
            Some(End::Afterwards(ending)) => Verdict::Proceed(Proceed { ending, ..proceed }),
        }
    }

    /// The moment of the next change to a key, in the world's time.
    pub fn next_key_change(&self) -> Option<Moment> {
        self.keys_due.iter().map(|(due, _)| *due).min()
    }

    /// Makes the key changes that are due.
    pub fn change_keys(&mut self, world: &mut World, now: Moment) {
        if self.keys_due.iter().all(|(due, _)| *due > now) {
            return;
        }
        let mut due: Vec<(Moment, KeyChange)> = Vec::new();
        self.keys_due.retain(|entry| {
            let later = entry.0 > now;
            if !later {
                due.push(entry.clone());
            }
            later
        });
        due.sort_by_key(|(moment, _)| *moment);
        for (_, change) in due {
            let count = self.counts.entry("key".to_owned()).or_default();
            count.met += 1;
            count.fired += u64::from(set_key(world, &change.key, change.state));
        }
    }

    fn throttles(&mut self, asked: &Asked) -> bool {
        let Some(rates) = &self.plan.rates else { return false };
        let admitted = self
            .buckets
            .admit(rates, asked.account, asked.service, asked.operation, asked.wire_now);
        let count = self.counts.entry("throttle".to_owned()).or_default();
        count.met += 1;
        count.fired += u64::from(!admitted);
        !admitted
    }

    /// Counts the call for this fault, and says whether it fires, given that no earlier one ended the call.
    fn fires(&mut self, index: usize, asked: &Asked, free: bool) -> bool {
        let Fault { what, aim, .. } = &self.plan.faults[index];
        let tally = &mut self.tallies[index];
        if !aim.catches(asked, self.put_at) || (matches!(what, What::RefuseToken { .. }) && asked.page_token.is_none())
        {
            return false;
        }
        tally.met += 1;
        let turn = tally.met > aim.after_calls
            && (aim.calls.is_empty() || aim.calls.contains(&tally.met))
            && aim.at_most.is_none_or(|most| tally.fired < most)
            && (aim.share >= 1.0 || fraction(mix(self.seed, index, tally.met)) < aim.share);
        let fires = match what {
            What::RefuseToken { for_ever } => {
                let token = asked.page_token.unwrap_or_default();
                let known = self.refused_tokens.contains(token);
                let fires = if known { *for_ever } else { turn };
                if fires && free {
                    self.refused_tokens.insert(token.to_owned());
                }
                fires
            }
            What::ExpireCredentials { after_calls, after_ms } => {
                let key = (index, asked.access_key.to_owned());
                let (calls, first) = self.credentials.entry(key).or_insert((0, asked.wire_now));
                *calls += 1;
                let old = asked.wire_now.since(*first).as_millis();
                turn && (after_calls.is_some_and(|most| *calls > most)
                    || after_ms.is_some_and(|most| old >= u128::from(most)))
            }
            _ => turn,
        };
        tally.fired += u64::from(fires && free);
        fires && free
    }

    /// Another draw for the same call than the one that decided whether the fault fires.
    fn dice(&self, index: usize) -> f64 {
        fraction(mix(!self.seed, index, self.tallies[index].met))
    }
}

/// How a fault ends a call: before it takes effect, or after.
enum End {
    Now(Verdict),
    Afterwards(Ending),
}

fn strike(what: &What, asked: &Asked, dice: f64, proceed: &mut Proceed) -> Option<End> {
    let service = asked.service;
    let refuse = |refusal| Some(End::Now(Verdict::Refuse(refusal, Duration::ZERO)));
    let effect = |after: bool, refusal| {
        if after {
            Some(End::Afterwards(Ending::RefusedAfter(refusal)))
        } else {
            refuse(refusal)
        }
    };
    match what {
        What::Throttle => refuse(wording::throttled(service)),
        What::Unavailable { after_effect } => effect(*after_effect, wording::unavailable(service)),
        What::Internal { after_effect } => effect(*after_effect, wording::internal(service)),
        What::Refuse { code, message, status } => refuse(Refusal::with_status(*status, code, message.clone())),
        What::AccessDenied { because } => refuse(wording::denied(
            service,
            asked.operation,
            asked.caller_arn,
            asked.resource,
            *because,
        )),
        What::RefuseToken { .. } => refuse(wording::bad_token(service)),
        What::ExpireCredentials { .. } => refuse(wording::expired(service)),
        What::ResetBefore => Some(End::Now(Verdict::ResetBefore)),
        What::Html { status } => Some(End::Now(Verdict::Html(*status, Duration::ZERO))),
        What::ResetAfter => Some(End::Afterwards(Ending::ResetAfter)),
        What::Cut { bytes } => Some(End::Afterwards(Ending::CutAfter(*bytes))),
        What::Slow { delay_ms, spread_ms } => {
            proceed.delay += Duration::from_millis(*delay_ms) + Duration::from_millis(*spread_ms).mul_f64(dice);
            None
        }
        What::ShortPage { at_most } => {
            proceed.listing.at_most = Some(proceed.listing.at_most.map_or(*at_most, |before| before.min(*at_most)));
            None
        }
        What::RepeatItems { items } => {
            proceed.listing.repeat += items;
            None
        }
        What::LateItems { items } => {
            proceed.listing.late += items;
            None
        }
    }
}

impl Verdict {
    #[must_use]
    fn delayed(self, by: Duration) -> Self {
        match self {
            Self::Refuse(refusal, delay) => Self::Refuse(refusal, delay + by),
            Self::Html(status, delay) => Self::Html(status, delay + by),
            other => other,
        }
    }
}

impl Aim {
    fn catches(&self, asked: &Asked, put_at: Moment) -> bool {
        let names = |patterns: &[String], name: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| glob::matches(pattern, name))
        };
        let from = put_at + Duration::from_millis(self.from_ms);
        let until = self.for_ms.map(|span| from + Duration::from_millis(span));
        asked.wire_now >= from
            && until.is_none_or(|until| asked.wire_now < until)
            && names(&self.services, asked.service)
            && names(&self.operations, asked.operation)
            && names(&self.accounts, asked.account)
            && names(&self.principals, asked.principal)
    }
}

fn set_key(world: &mut World, name: &str, state: KeyState) -> bool {
    let alias = name.strip_prefix("alias/").unwrap_or(name);
    let mut found = false;
    for key in &mut world.keys {
        let own_alias = key
            .alias
            .as_deref()
            .map(|alias| alias.strip_prefix("alias/").unwrap_or(alias));
        if name.rsplit('/').next() == Some(&key.id) || own_alias == Some(alias) {
            key.state = state;
            found = true;
        }
    }
    found
}

/// `SplitMix64`'s finisher over seed, fault and call: every draw stands for itself.
fn mix(seed: u64, fault: usize, call: u64) -> u64 {
    let fault = u64::try_from(fault).unwrap_or(u64::MAX);
    let mut bits = seed ^ fault.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ call.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for multiplier in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        bits = (bits ^ (bits >> 30)).wrapping_mul(multiplier);
        bits ^= bits >> 27;
    }
    bits ^ (bits >> 31)
}

/// In [0, 1).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
fn fraction(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests;
