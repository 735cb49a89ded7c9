//! The whole: requests in, outcomes out, with or without a socket between.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};

use crate::clock::{Clock, Moment};
use crate::control;
use crate::faults::{Asked, Counts, Ending, FaultPlan, Faults, Listing, Proceed, Verdict};
use crate::fleet::Fleet;
use crate::identities::{Credentials, Identities};
use crate::journal::{Ended, Entry, Journal, Snapshot};
use crate::model::Service;
use crate::services;
use crate::settings::Settings;
use crate::state::State;
use crate::wire::input::Route;
use crate::wire::output::{self, Envelope};
use crate::wire::sigv4::{self, Arrival, Authorization};
use crate::wire::{Call, Params, Refusal, Reply, address};
use crate::world::World;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Outcome {
    Answer {
        response: Response<Bytes>,
        delay: Duration,
    },
    /// The connection is reset and nothing has happened.
    ResetBefore,
    /// The connection is reset; what was asked for is done.
    ResetAfter {
        delay: Duration,
    },
    /// The connection ends after that many bytes of the body.
    CutAfter {
        response: Response<Bytes>,
        bytes: usize,
        delay: Duration,
    },
}

/// AWS Backup in a box. Clones are the same simulator.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

/// Whoever needs two of these locks takes them in this order.
struct Inner {
    state: RwLock<State>,
    faults: Mutex<Faults>,
    journal: Mutex<Journal>,
    clock: Arc<dyn Clock>,
    wire_clock: Arc<dyn Clock>,
    requests: AtomicU64,
}

/// What is known of a request by the time it is answered, for the journal.
#[derive(Default)]
struct Known {
    operation: &'static str,
    account: String,
}

impl Simulator {
    /// A simulator of the world that the settings describe.
    pub fn new(settings: Settings) -> Self {
        Self::over(World::seeded(&settings.world), settings)
    }

    /// A simulator of a world that is there already; the settings' own description of one is not looked at.
    pub fn over(world: World, settings: Settings) -> Self {
        let Settings {
            seed,
            fleet,
            faults,
            backup,
            world: _,
            clock,
            wire_clock,
        } = settings;
        let identities = Identities::seeded(&world, seed, Arc::clone(&wire_clock));
        let faults = Faults::new(faults, seed, wire_clock.now(), clock.now());
        let state = State {
            world,
            fleet: Fleet::new(fleet),
            identities,
            backup,
        };
        let inner = Inner {
            state: RwLock::new(state),
            faults: Mutex::new(faults),
            journal: Mutex::default(),
            clock,
            wire_clock,
            requests: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Answers a request in process.
    pub fn respond(&self, request: Request<Bytes>) -> Outcome {
        let (parts, body) = request.into_parts();
        if let Some(response) = control::answer(self, &parts, &body) {
            return Outcome::Answer {
                response,
                delay: Duration::ZERO,
            };
        }
        let header = parts
            .headers
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let authorization = header.and_then(Authorization::parse);
        let service = address::service_of(&parts, authorization.as_ref());
        let request_id = self.next_request_id();
        let envelope = Envelope {
            service,
            request_id: &request_id,
            now: self.inner.wire_clock.now(),
        };

        let mut known = Known::default();
        let outcome = self
            .handle(envelope, &parts, &body, authorization.as_ref(), &mut known)
            .unwrap_or_else(|refusal| (refused(envelope, &refusal, Duration::ZERO), Some(refusal.code)));
        self.note(envelope, &known, body.len(), &outcome);
        outcome.0
    }

    /// The outcome, with the code when it is an error.
    fn handle(
        &self,
        envelope: Envelope<'_>,
        parts: &Parts,
        body: &[u8],
        authorization: Option<&Authorization<'_>>,
        known: &mut Known,
    ) -> Result<(Outcome, Option<String>), Refusal> {
        let route = Route::find(envelope.service, parts, body)?;
        let operation = route.operation;
        known.operation = operation.name;
        let caller = {
            let state = self.read();
            let (region, partition) = (state.world.region.as_str(), state.world.partition.as_str());
            let arrival = Arrival {
                service: envelope.service,
                region,
                partition,
                now: envelope.now,
            };
            sigv4::verify(arrival, parts, body, authorization, &state.identities)?
        };
        known.account.clone_from(&caller.account);
        let (params, invalid) = match route.params(parts, body) {
            Ok(params) => (params, None),
            Err(refusal) => (Params::default(), Some(refusal)),
        };
        let (now, request_id) = (self.inner.clock.now(), envelope.request_id.to_owned());
        let listing = Listing::default();
        let mut call = Call {
            operation: operation.name,
            caller,
            params,
            now,
            request_id,
            listing,
        };
        let access_key = authorization.map_or("", |authorization| authorization.access_key);
        let Proceed { delay, listing, ending } = match self.judge(envelope, &call, access_key) {
            Verdict::Proceed(proceed) => proceed,
            Verdict::Refuse(refusal, delay) => {
                return Ok((refused(envelope, &refusal, delay), Some(refusal.code)));
            }
            Verdict::ResetBefore => return Ok((Outcome::ResetBefore, None)),
            Verdict::Html(status, delay) => {
                return Ok((
                    Outcome::Answer {
                        response: output::proxy_page(status),
                        delay,
                    },
                    None,
                ));
            }
        };
        call.listing = listing;
        let replied = invalid.map_or_else(|| self.perform(envelope.service, &call), Err);
        let (response, code) = match (replied, ending) {
            (_, Ending::ResetAfter) => return Ok((Outcome::ResetAfter { delay }, None)),
            (Ok(_), Ending::RefusedAfter(refusal)) | (Err(refusal), _) => {
                (output::error(envelope, &refusal), Some(refusal.code))
            }
            (Ok(reply), Ending::CutAfter(bytes)) => {
                let response = output::answer(envelope, operation, reply);
                return Ok((Outcome::CutAfter { response, bytes, delay }, None));
            }
            (Ok(reply), Ending::Whole) => (output::answer(envelope, operation, reply), None),
        };
        Ok((Outcome::Answer { response, delay }, code))
    }

    fn judge(&self, envelope: Envelope<'_>, call: &Call, access_key: &str) -> Verdict {
        if lock(&self.inner.faults).plan().is_empty() {
            return Verdict::Proceed(Proceed::default());
        }
        let resource = services::resource(envelope.service, &self.read().world, call);
        let page_token = call.params.text("NextToken").or_else(|| call.params.text("Marker"));
        lock(&self.inner.faults).judge(&Asked {
            service: envelope.service.signing_name(),
            operation: call.operation,
            account: &call.caller.account,
            principal: &call.caller.principal,
            caller_arn: &call.caller.arn,
            access_key,
            resource: &resource,
            page_token,
            wire_now: envelope.now,
        })
    }

    fn perform(&self, service: Service, call: &Call) -> Result<Reply, Refusal> {
        self.catch_up(call.now);
        if let Some(looked) = services::look(service, &self.read(), call) {
            return looked;
        }
        let mut state = self.write();
        state.catch_up(call.now);
        services::act(service, &mut state, call)
    }

    /// Lets happen what is due by `now`.
    fn catch_up(&self, now: Moment) {
        if self.read().is_behind(now) {
            self.write().catch_up(now);
        }
        let keys_change = lock(&self.inner.faults).next_key_change().is_some_and(|due| due <= now);
        if keys_change {
            let mut state = self.write();
            lock(&self.inner.faults).change_keys(&mut state.world, now);
        }
    }

    fn note(&self, envelope: Envelope<'_>, known: &Known, bytes_in: usize, outcome: &(Outcome, Option<String>)) {
        let (ended, bytes_out) = match outcome {
            (Outcome::Answer { response, .. }, Some(code)) => (Ended::Refused(code), response.body().len()),
            (Outcome::Answer { response, .. }, None) if output::is_proxy_page(response) => {
                (Ended::Lost("html"), response.body().len())
            }
            (Outcome::Answer { response, .. }, None) => (Ended::Well, response.body().len()),
            (Outcome::ResetBefore, _) => (Ended::Lost("reset-before"), 0),
            (Outcome::ResetAfter { .. }, _) => (Ended::Lost("reset-after"), 0),
            (Outcome::CutAfter { bytes, .. }, _) => (Ended::Lost("cut"), *bytes),
        };
        lock(&self.inner.journal).note(Entry {
            service: envelope.service.signing_name(),
            operation: known.operation,
            account: &known.account,
            ended,
            bytes_in,
            bytes_out,
            at: envelope.now,
        });
    }

    /// Looks into the state, or changes it, between requests; the copy jobs are brought up to date first.
    pub fn with_state<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        let now = self.now();
        self.catch_up(now);
        use_it(&mut self.write())
    }

    /// Every call so far, by what it was and how it ended.
    pub fn journal(&self) -> Snapshot {
        lock(&self.inner.journal).snapshot()
    }

    /// How often each fault struck.
    pub fn fault_counts(&self) -> Counts {
        lock(&self.inner.faults).counts()
    }

    pub fn set_faults(&self, plan: FaultPlan) {
        lock(&self.inner.faults).put(plan, self.inner.wire_clock.now(), self.now());
    }

    /// The key that a user, or a session of a role, has from the start.
    pub fn credentials(&self, account: &str, principal: &str) -> Option<Credentials> {
        self.read().identities.credentials(account, principal)
    }

    /// The world's time.
    pub fn now(&self) -> Moment {
        self.inner.clock.now()
    }

    /// Moves the world's clock ahead, if it is one that can be moved, and lets happen what is due by then.
    pub fn advance(&self, by: Duration) -> Option<Moment> {
        self.inner.clock.skip(by).then(|| {
            let now = self.now();
            self.catch_up(now);
            now
        })
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.inner.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.inner.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A UUID in form; numbers scattered by a bijection, so none comes twice.
    fn next_request_id(&self) -> String {
        let scattered = |number: u64| {
            let mut bits = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            bits ^ (bits >> 31)
        };
        let number = self.inner.requests.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (scattered(number), scattered(!number));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xFFFF,
            high >> 4 & 0xFFF,
            low >> 48 & 0xFFF,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

fn refused(envelope: Envelope<'_>, refusal: &Refusal, delay: Duration) -> Outcome {
    Outcome::Answer {
        response: output::error(envelope, refusal),
        delay,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
