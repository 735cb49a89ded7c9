//! Keeps one side's credentials good: renews them when they are refused, ahead of their end, and when their files change.

use std::sync::Arc;
use std::time::Duration;

use sav_domain::Moment;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::gate::Gate;
use super::standing::{Standing, Why};
use crate::calls::Calls;
use crate::identity::Principal;
use crate::ports::{Clock, Renewal, Renewed, Stamp};

/// How often files and clocks are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A process or a service that takes longer to hand out credentials has hung.
const LONGEST_READ: Duration = Duration::from_mins(1);
/// So long before their end credentials are renewed, or a third of the time that is left if that is less.
const AHEAD: Duration = Duration::from_mins(5);
/// What could not be renewed ahead is tried again no sooner than this.
const AGAIN_AHEAD: Duration = Duration::from_secs(10);

/// Goes on for ever. From when it is first polled, calls that are refused for their credentials wait to be made again.
pub async fn keep<G: Renewal>(calls: Arc<Calls<G>>, clock: impl Clock) {
    calls.gate().keep(clock);
    let mut keeper = Keeper {
        calls: &calls,
        stamp: calls.gateway().stamp().await,
        tried: Instant::now(),
        end: None,
        ahead_at: None,
        warned_of: None,
    };
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = calls.gate().woken() => {}
        }
        keeper.look().await;
    }
}

struct Keeper<'a, G> {
    calls: &'a Calls<G>,
    stamp: Stamp,
    /// When credentials were last read anew.
    tried: Instant,
    /// When those in use end.
    end: Option<Moment>,
    ahead_at: Option<Moment>,
    /// What was found last and cannot be used, so that it is said once.
    warned_of: Option<String>,
}

impl<G: Renewal> Keeper<'_, G> {
    async fn look(&mut self) {
        // Read before the credentials are: what changes meanwhile shows at the next look.
        let stamp = self.calls.gateway().stamp().await;
        let has_changed = std::mem::replace(&mut self.stamp, stamp) != stamp;
        let was_knocked_at = self.gate().was_knocked_at();
        let Some(expected) = self.gate().expected() else {
            return;
        };
        let standing = self.gate().watch().borrow().clone();
        match standing {
            Standing::Open(_) => {
                if has_changed || self.is_time_to_renew() {
                    self.renew_ahead(&expected).await;
                }
            }
            Standing::Renewing(_) | Standing::Paused(_) => {
                let due = self
                    .gate()
                    .wait()
                    .is_some_and(|wait| wait.is_zero() || self.tried.elapsed() >= wait);
                if has_changed || was_knocked_at || due {
                    self.renew(&expected).await;
                }
            }
        }
    }

    fn gate(&self) -> &Gate {
        self.calls.gate()
    }

    async fn renew(&mut self, expected: &Principal) {
        let side = self.calls.gateway().side();
        let was_paused = self.gate().watch().borrow().paused().is_some();
        self.gate().begin_renewal(self.calls.gateway().origin().await);
        let outcome = self.read(expected).await;
        self.tried = Instant::now();
        match outcome {
            Ok(keys) => {
                self.take(keys);
                tracing::info!("the {side} account's credentials are renewed, calls go on");
            }
            Err(why) => {
                self.gate().not_renewed(why);
                let told = self.gate().watch().borrow().paused().cloned();
                if let Some(trouble) = told.filter(|_| !was_paused) {
                    tracing::info!("calls to the {side} account wait: {trouble}");
                }
            }
        }
    }

    /// The gate stays open and the old ones are used until there are new ones that fit.
    async fn renew_ahead(&mut self, expected: &Principal) {
        let side = self.calls.gateway().side();
        let before = self.calls.gateway().expire_at();
        let outcome = self.read(expected).await;
        self.tried = Instant::now();
        match outcome {
            Ok(keys) => {
                self.take(keys);
                tracing::debug!("the {side} account's credentials were read anew");
                if self.calls.gateway().expire_at() == before {
                    self.put_off();
                }
                self.warned_of = None;
            }
            Err(why) => {
                self.put_off();
                let said = match why {
                    Why::Stranger { found, .. } => format!("they are another's, {found}"),
                    Why::Refused(error) => error.to_string(),
                    Why::NotRead => "they could not be read in time".to_owned(),
                };
                if self.warned_of.as_deref() != Some(&said) {
                    tracing::warn!(
                        "new credentials for the {side} account cannot be used, the old ones are kept: {said}"
                    );
                    self.warned_of = Some(said);
                }
            }
        }
    }

    async fn read(&self, expected: &Principal) -> Result<G::Keys, Why> {
        let renewed = timeout(LONGEST_READ, self.calls.gateway().read_anew()).await;
        let Renewed { keys, caller } = renewed.map_err(|_| Why::NotRead)?.map_err(Why::Refused)?;
        let found = Principal::of(&caller.arn);
        if caller.account != self.calls.gateway().account() || found != *expected {
            let expected = expected.clone();
            return Err(Why::Stranger { expected, found });
        }
        Ok(keys)
    }

    fn take(&mut self, keys: G::Keys) {
        self.calls.gateway().sign_with(keys);
        self.gate().renewed();
        self.end = None;
    }

    fn is_time_to_renew(&mut self) -> bool {
        let end = self.calls.gateway().expire_at();
        let Some(now) = self.gate().now() else { return false };
        if self.end != end {
            self.end = end;
            self.ahead_at = end.and_then(|end| {
                let left = left(end, now)?;
                Some(end.plus_millis(-millis(AHEAD.min(left / 3))))
            });
        }
        self.ahead_at.is_some_and(|at| now >= at)
    }

    fn put_off(&mut self) {
        self.end = self.calls.gateway().expire_at();
        let now = self.gate().now();
        let left = self.end.zip(now).and_then(|(end, now)| left(end, now));
        // Past their end a refused call says so.
        self.ahead_at = left
            .zip(now)
            .map(|(left, now)| now.plus_millis(millis(AGAIN_AHEAD.max(left / 3))));
    }
}

/// None: it is over.
fn left(end: Moment, now: Moment) -> Option<Duration> {
    let millis = u64::try_from(end.millis_since(now)).ok()?;
    (millis > 0).then(|| Duration::from_millis(millis))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
