//! The one door that every call of an account goes through. While it is closed calls wait in front of it and none leaves.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::fault::FaultKind;
use tokio::sync::{Notify, watch};

use super::course::Course;
use super::standing::{Generation, Standing, Why};
use crate::identity::Principal;
use crate::ports::{CallError, Clock, Origin, Side};

pub struct Gate {
    course: Mutex<Course>,
    standing: watch::Sender<Standing>,
    /// Whose credentials are expected, once it is known that they work.
    expected: Mutex<Option<Principal>>,
    /// Tells the time. Absent: nobody keeps the credentials, and whoever calls is told when they are refused.
    clock: OnceLock<Box<dyn Clock>>,
    /// The generation of the last call that went well, so that the many that follow need not lock anything.
    proven: AtomicU64,
    keeper: Notify,
    knocked: AtomicBool,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("standing", &*self.standing.borrow())
            .finish_non_exhaustive()
    }
}

impl Gate {
    pub(crate) fn of(side: Side) -> Self {
        let course = Course::of(side);
        Self {
            standing: watch::Sender::new(course.standing()),
            course: Mutex::new(course),
            expected: Mutex::default(),
            clock: OnceLock::new(),
            proven: AtomicU64::new(u64::MAX),
            keeper: Notify::new(),
            knocked: AtomicBool::new(false),
        }
    }

    /// Waits until the gate is open. Whoever passes leaves with these credentials.
    pub async fn pass(&self) -> Generation {
        let mut standing = self.standing.subscribe();
        loop {
            if let Standing::Open(generation) = &*standing.borrow_and_update() {
                return *generation;
            }
            // The sender lives as long as the gate, which is borrowed here.
            let _ = standing.changed().await;
        }
    }

    /// The credentials that a call which leaves now leaves with. It has passed, or is let through all the same: the gate may have
    /// closed since.
    pub(crate) fn generation(&self) -> Generation {
        self.course().generation()
    }

    /// How the credentials stand from now on.
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Somebody says that it may go well now.
    pub fn knock(&self) {
        self.knocked.store(true, Ordering::Relaxed);
        self.keeper.notify_one();
    }

    /// These credentials work and are this one's. Others are never used from now on.
    pub fn expect(&self, principal: Principal) {
        *lock(&self.expected) = Some(principal);
    }

    pub fn expected(&self) -> Option<Principal> {
        lock(&self.expected).clone()
    }

    /// A call with credentials of this generation was refused. Whether it is to be made again, once the gate is open: not when
    /// nobody keeps the credentials, when they have never worked, or when they are not what is wrong.
    pub(crate) fn refused(&self, generation: Generation, error: &CallError) -> bool {
        let concerns_credentials = matches!(
            error.kind,
            FaultKind::CredentialsExpired
                | FaultKind::CredentialsInvalid
                | FaultKind::CredentialsAbsent
                | FaultKind::ClockSkewed
        );
        let Some(clock) = self
            .clock
            .get()
            .filter(|_| concerns_credentials && self.expected().is_some())
        else {
            return false;
        };
        if self.change(|course| course.refused(generation, Why::Refused(error.clone()), clock.now())) {
            tracing::info!("calls to the {} account wait: {error}", error.side);
            self.keeper.notify_one();
        }
        true
    }

    /// Whether a call with credentials of this generation went well lately.
    pub(crate) fn has_seen_go_well(&self, generation: Generation) -> bool {
        self.proven.load(Ordering::Relaxed) == generation.0
    }

    pub(crate) fn went_well(&self, generation: Generation) {
        if self.proven.swap(generation.0, Ordering::Relaxed) != generation.0 {
            self.course().went_well(generation);
        }
    }

    /// From now on a refusal closes the gate: somebody is there to open it again.
    pub(super) fn keep(&self, clock: impl Clock) {
        // A second keeper of one account would only do the same.
        let _ = self.clock.set(Box::new(clock));
    }

    pub(super) fn now(&self) -> Option<Moment> {
        self.clock.get().map(|clock| clock.now())
    }

    /// Waits for a refusal or for somebody who knocks.
    pub(super) async fn woken(&self) {
        self.keeper.notified().await;
    }

    pub(super) fn was_knocked_at(&self) -> bool {
        self.knocked.swap(false, Ordering::Relaxed)
    }

    pub(super) fn wait(&self) -> Option<Duration> {
        self.course().wait()
    }

    pub(super) fn begin_renewal(&self, origin: Origin) {
        self.change(|course| course.begin_renewal(origin));
    }

    pub(super) fn not_renewed(&self, why: Why) {
        self.change(|course| course.not_renewed(why));
    }

    pub(super) fn renewed(&self) {
        self.change(Course::renewed);
    }

    /// What follows from a change is told before anybody else may make one.
    fn change<T>(&self, change: impl FnOnce(&mut Course) -> T) -> T {
        let mut course = self.course();
        let outcome = change(&mut course);
        let standing = course.standing();
        self.standing.send_if_modified(|before| {
            let differs = *before != standing;
            *before = standing;
            differs
        });
        outcome
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        lock(&self.course)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
