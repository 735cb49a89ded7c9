//! The writing thread: takes what has come in, writes it in one transaction, and answers after the commit.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use sav_application::ports::{Change, Ledger, LedgerError};
use sav_domain::ledger::{
    Entry, GroupId, Learned, PlanChanges, PlanId, PlannedPoint, PointId, Ruling, WindowEnd, WindowId,
};
use sav_domain::transfer::{Cause, Transfer};
use sav_domain::{Moment, Route};
use tokio::sync::oneshot;

use super::fault;
use super::file::{self, SCHEMA_STEPS};
use super::lock::Lock;
use super::reader::SqliteReader;
use super::store::{Refusal, Store};

/// How many pieces of work share a transaction at most, so that the first of them is not kept waiting by a flood.
const GROUP: usize = 1024;

/// A ledger that this process holds. Dropping it waits for what was asked of it, then lets the lock go.
#[derive(Debug)]
pub struct SqliteLedger {
    path: PathBuf,
    route: Route,
    inbox: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

/// Runs inside the transaction, or hears why there is none.
type Work = Box<dyn FnOnce(Result<&mut Store, LedgerError>) -> Worked + Send>;
/// Answers once it is known what became of the transaction.
type Answer = Box<dyn FnOnce(Result<(), LedgerError>) + Send>;

struct Worked {
    answer: Answer,
    /// The file's trouble, which ends the transaction for all.
    trouble: Option<LedgerError>,
}

impl SqliteLedger {
    /// Opens the ledger of this migration, or makes it. `now` is what another process will be told.
    pub fn open(path: &Path, route: &Route, now: Moment) -> Result<Self, LedgerError> {
        Self::open_with(path, route, now, SCHEMA_STEPS)
    }

    pub(super) fn open_with(path: &Path, route: &Route, now: Moment, steps: &[&str]) -> Result<Self, LedgerError> {
        if file::look_at(path)? == file::Look::Absent
            && let Some(folder) = path.parent()
        {
            std::fs::create_dir_all(folder).map_err(|error| fault::of_io(path, "created", &error))?;
        }
        let lock = Lock::take(path, now)?;
        let mut store = Store::over(file::open_to_write(path, route, now, steps)?, path);
        store.connection.set_prepared_statement_cache_capacity(64);
        store.take_up().map_err(|error| store.explain(&error))?;
        let (inbox, work) = channel();
        let thread = std::thread::Builder::new()
            .name("ledger".into())
            .spawn(move || {
                write(store, &work);
                drop(lock);
            })
            .map_err(|error| fault::of_io(path, "opened", &error))?;
        Ok(Self {
            path: path.into(),
            route: route.clone(),
            inbox: Some(inbox),
            thread: Some(thread),
        })
    }

    pub(super) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |store| {
            let (outcome, trouble) = match store {
                Ok(store) => worked(store, work),
                Err(trouble) => (Err(trouble), None),
            };
            let answer = Box::new(move |ended: Result<(), LedgerError>| {
                // Nobody may be left to hear it: a caller that stopped waiting.
                let _ = answer.send(ended.and(outcome));
            });
            Worked { answer, trouble }
        });
        let inbox = self.inbox.as_ref().expect("taken only when the ledger is dropped");
        inbox.send(work).map_err(|_| LedgerError::Closed)?;
        answered.await.map_err(|_| LedgerError::Closed)?
    }
}

impl Drop for SqliteLedger {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been told to everybody who waited, by a channel that closed.
            let _ = thread.join();
        }
    }
}

/// One piece of work in a savepoint of its own: what it is refused for leaves no trace and harms no neighbour. The second
/// value is the file's trouble, if it is that.
fn worked<T>(
    store: &mut Store,
    work: impl FnOnce(&mut Store) -> Result<T, Refusal>,
) -> (Result<T, LedgerError>, Option<LedgerError>) {
    let ended = match in_savepoint(store, work) {
        Err(Refusal::Asked(refusal)) => {
            store.forget_numbers();
            let undone = store.connection.execute_batch("ROLLBACK TO work; RELEASE work");
            undone.map(|()| Err(refusal))
        }
        Err(Refusal::File(error)) => Err(error),
        Ok(done) => Ok(Ok(done)),
    };
    ended.map_or_else(
        |error| {
            let trouble = store.explain(&error);
            (Err(trouble.clone()), Some(trouble))
        },
        |outcome| (outcome, None),
    )
}

fn in_savepoint<T>(store: &mut Store, work: impl FnOnce(&mut Store) -> Result<T, Refusal>) -> Result<T, Refusal> {
    store.connection.execute_batch("SAVEPOINT work")?;
    let done = work(store)?;
    store.connection.execute_batch("RELEASE work")?;
    Ok(done)
}

fn write(mut store: Store, inbox: &Receiver<Work>) {
    while let Ok(first) = inbox.recv() {
        let mut answers = Vec::new();
        let ended = group(&mut store, first, inbox, &mut answers);
        if ended.is_err() {
            // SQLite may have rolled back by itself already; then this says so, and nothing is lost by it.
            let _ = store.connection.execute_batch("ROLLBACK");
            store.forget();
        }
        for answer in answers {
            answer(ended.clone());
        }
    }
}

/// Everything that has come in by now, in one transaction.
fn group(store: &mut Store, first: Work, inbox: &Receiver<Work>, answers: &mut Vec<Answer>) -> Result<(), LedgerError> {
    if let Err(error) = store.connection.execute_batch("BEGIN IMMEDIATE") {
        let trouble = store.explain(&error);
        answers.push(first(Err(trouble.clone())).answer);
        return Err(trouble);
    }
    let mut next = Some(first);
    while let Some(work) = next {
        let worked = work(Ok(&mut *store));
        answers.push(worked.answer);
        if let Some(trouble) = worked.trouble {
            return Err(trouble);
        }
        next = if answers.len() < GROUP {
            inbox.try_recv().ok()
        } else {
            None
        };
    }
    store
        .connection
        .execute_batch("COMMIT")
        .map_err(|error| store.explain(&error))
}

impl Ledger for SqliteLedger {
    type Reader = SqliteReader;

    fn reader(&self) -> Result<SqliteReader, LedgerError> {
        SqliteReader::open(&self.path, Some(&self.route))
    }

    async fn record(&self, changes: Vec<Change>) -> Result<Vec<Transfer>, LedgerError> {
        self.submit(move |store| store.record(&changes)).await
    }

    async fn begin_plan(&self, listed_at: Moment, made_with: Arc<str>) -> Result<PlanId, LedgerError> {
        self.submit(move |store| store.begin_plan(listed_at, &made_with)).await
    }

    async fn plan(&self, plan: PlanId, points: Vec<PlannedPoint>) -> Result<Vec<PointId>, LedgerError> {
        self.submit(move |store| store.plan(plan, &points)).await
    }

    async fn rule(&self, plan: PlanId, rulings: Vec<(PointId, Ruling)>) -> Result<(), LedgerError> {
        self.submit(move |store| store.rule(plan, &rulings)).await
    }

    async fn queue(&self, places: Vec<(PointId, u64)>) -> Result<(), LedgerError> {
        self.submit(move |store| store.queue(&places)).await
    }

    async fn finish_plan(&self, plan: PlanId, at: Moment) -> Result<PlanChanges, LedgerError> {
        self.submit(move |store| store.finish_plan(plan, at)).await
    }

    async fn park(&self, group: GroupId, cause: Cause) -> Result<(), LedgerError> {
        self.submit(move |store| store.park(group, &cause)).await
    }

    async fn unpark(&self, groups: Vec<GroupId>) -> Result<(), LedgerError> {
        self.submit(move |store| store.unpark(&groups)).await
    }

    async fn open_window(&self, at: Moment) -> Result<WindowId, LedgerError> {
        self.submit(move |store| store.open_window(at)).await
    }

    async fn close_window(&self, window: WindowId, end: WindowEnd) -> Result<(), LedgerError> {
        self.submit(move |store| store.close_window(window, end)).await
    }

    async fn learn(&self, learned: Vec<Learned>) -> Result<(), LedgerError> {
        self.submit(move |store| store.learn(&learned)).await
    }

    async fn note(&self, entries: Vec<Entry>) -> Result<(), LedgerError> {
        self.submit(move |store| store.note(&entries)).await
    }
}
