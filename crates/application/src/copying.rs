//! `copy`: one window of a migration, from the open ledger to the closed one. What is to be copied was planned before; how it is
//! copied is the engine's.

use std::sync::Arc;

use sav_domain::ledger::{Entry, GroupStanding, Learned, WindowEnd};
use sav_domain::status::{Counts, PAUSED};
use sav_domain::{Moment, VaultName};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::engine::{self, Ending, Parties, PauseReason, RunEnd, RunEvent, RunSettings, StopReason};
use crate::ports::{Clock, CopyDesk, Gateway, Ledger, LedgerError, LedgerReader};
use crate::terms::CopyTerms;

/// A window that is over.
#[derive(Debug)]
pub struct WindowOver {
    pub run: RunEnd,
    pub came_to: CameTo,
    pub started: Moment,
    pub ended: Moment,
    /// What could not be written down at the end. What was copied is in the ledger all the same.
    pub unwritten: Option<LedgerError>,
}

/// What a window means for whoever has to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameTo {
    /// Nothing is left and nothing failed.
    AllDone,
    /// Something failed, is held back, or is in a doubt that running again does not settle.
    Trouble,
    /// The same command goes on from here.
    MoreToDo,
}

impl CameTo {
    pub fn of(run: &RunEnd, counts: &Counts) -> Self {
        let more = counts.remaining() > 0;
        match run.how {
            Ending::LedgerLost(_) => Self::Trouble,
            Ending::Stopped(_) | Ending::WindowOver if more => Self::MoreToDo,
            _ if counts.failed > 0 || counts.parked > 0 || run.counts.in_doubt > 0 => Self::Trouble,
            _ if more => Self::MoreToDo,
            _ => Self::AllDone,
        }
    }
}

/// Destination vaults that something waits for and that are not there: the first copy into each would fail.
pub fn needed_and_missing(groups: &[GroupStanding], missing: &[VaultName], terms: &CopyTerms) -> Vec<VaultName> {
    let needed = |vault: &&VaultName| {
        let mut waiting = groups.iter().filter(|group| group.waiting > 0);
        waiting.any(|group| terms.destination_vault(&group.group.vault) == *vault)
    };
    missing.iter().filter(needed).cloned().collect()
}

/// Runs the engine for one window, which the ledger will show with how it ended. `exit_code` says it in the command's words.
pub async fn window<G, D, L, C>(
    settings: RunSettings,
    parties: Parties<G, D, L, Arc<C>>,
    stop: watch::Receiver<Option<StopReason>>,
    tell: mpsc::UnboundedSender<RunEvent>,
    exit_code: impl Fn(CameTo, &Counts) -> u8,
) -> Result<WindowOver, LedgerError>
where
    G: CopyDesk,
    D: Gateway,
    L: Ledger,
    C: Clock,
{
    let (ledger, clock) = (Arc::clone(&parties.ledger), Arc::clone(&parties.clock));
    let started = clock.now();
    let window = ledger.open_window(started).await?;
    forget_pauses(&*ledger, started).await?;
    let (telling, hearing) = mpsc::unbounded_channel();
    let (run, ()) = tokio::join!(
        engine::run(settings, parties, stop, telling),
        note_pauses(&*ledger, &*clock, hearing, tell)
    );
    let ended = clock.now();
    let mut over = WindowOver {
        came_to: CameTo::Trouble,
        run,
        started,
        ended,
        unwritten: None,
    };
    let closed = async {
        let reader = ledger.reader()?;
        let counts = Counts::of(&reader.standing()?, &reader.particulars()?);
        over.came_to = CameTo::of(&over.run, &counts);
        let end = WindowEnd {
            at: ended,
            exit_code: exit_code(over.came_to, &counts),
            completed: over.run.counts.arrived,
            failed: over.run.counts.failed + over.run.counts.partial,
        };
        ledger.close_window(window, end).await
    };
    over.unwritten = closed.await.err();
    Ok(over)
}

/// A process that was killed while it paused left its pause behind.
async fn forget_pauses<L: Ledger>(ledger: &L, now: Moment) -> Result<(), LedgerError> {
    let learned = ledger.reader()?.learned()?;
    let stale = learned
        .into_iter()
        .filter(|learned| &*learned.what == PAUSED && learned.value > 0.0);
    let over: Vec<Learned> = stale.map(|pause| paused(&pause.scope, false, now)).collect();
    if over.is_empty() {
        return Ok(());
    }
    ledger.learn(over).await
}

/// Passes the events on, and writes down since when and why the run pauses, for `status` to tell meanwhile.
async fn note_pauses<L: Ledger, C: Clock>(
    ledger: &L,
    clock: &C,
    mut hearing: mpsc::UnboundedReceiver<RunEvent>,
    tell: mpsc::UnboundedSender<RunEvent>,
) {
    let mut open: Option<&'static str> = None;
    while let Some(event) = hearing.recv().await {
        let before = open;
        match &event {
            RunEvent::Paused { reason, since } => {
                open = Some(word(reason));
                enter(ledger, "paused", clock.now(), &paused_for(reason, *since)).await;
            }
            RunEvent::Resumed { after } => {
                open = None;
                let detail = json!({ "reason": before, "after_seconds": after.as_secs() });
                enter(ledger, "resumed", clock.now(), &detail).await;
            }
            _ => {}
        }
        if before != open {
            note(ledger, before, open, clock.now()).await;
        }
        // Nobody may listen any more.
        let _ = tell.send(event);
    }
    if open.is_some() {
        note(ledger, open, None, clock.now()).await;
    }
}

/// Into the migration's journal.
async fn enter<L: Ledger>(ledger: &L, kind: &str, at: Moment, detail: &Value) {
    let entry = Entry {
        at,
        kind: kind.into(),
        detail: detail.to_string().into(),
    };
    if let Err(error) = ledger.note(vec![entry]).await {
        tracing::debug!("that the run {kind} was not written down: {error}");
    }
}

fn paused_for(reason: &PauseReason, since: Moment) -> Value {
    let (side, message) = match reason {
        PauseReason::Unreachable { message } | PauseReason::Denied { message } => (None, message.clone()),
        PauseReason::Credentials { side, message, .. } => (Some(side.to_string()), message.clone()),
        PauseReason::Everybody { cause } => (None, format!("{}: {}", cause.category, cause.message)),
        PauseReason::Ledger { error } => (None, error.to_string()),
    };
    json!({ "reason": word(reason), "side": side, "message": message, "since": since.to_string() })
}

async fn note<L: Ledger>(ledger: &L, before: Option<&str>, now_open: Option<&str>, at: Moment) {
    let ended = before.map(|scope| paused(scope, false, at));
    let began = now_open.map(|scope| paused(scope, true, at));
    if let Err(error) = ledger.learn(ended.into_iter().chain(began).collect()).await {
        tracing::debug!("a pause was not written down: {error}");
    }
}

fn paused(scope: &str, now: bool, at: Moment) -> Learned {
    Learned {
        what: PAUSED.into(),
        scope: scope.into(),
        value: f64::from(u8::from(now)),
        samples: 1,
        at,
    }
}

/// The reason in a word, for programs.
pub const fn word(reason: &PauseReason) -> &'static str {
    match reason {
        PauseReason::Unreachable { .. } => "unreachable",
        PauseReason::Credentials { .. } => "credentials",
        PauseReason::Denied { .. } => "denied",
        PauseReason::Everybody { .. } => "everybody",
        PauseReason::Ledger { .. } => "ledger",
    }
}

#[cfg(test)]
mod tests {
    use sav_domain::ledger::{Group, GroupId};
    use sav_domain::retention::Retention;
    use sav_domain::vault_map::VaultMap;
    use sav_domain::{Region, Route};

    use super::*;
    use crate::ports::LedgerError;

    fn run(how: Ending, in_doubt: u64) -> RunEnd {
        RunEnd {
            how,
            counts: engine::Counts {
                in_doubt,
                ..engine::Counts::default()
            },
        }
    }

    #[test]
    fn what_a_run_came_to_is_what_the_ledger_says() {
        let done = Counts {
            total_items: 10,
            completed: 8,
            skipped: 1,
            blocked: 1,
            ..Counts::default()
        };
        let failed = Counts { failed: 1, ..done };
        let parked = Counts { parked: 1, ..done };
        let pending = Counts { pending: 1, ..done };
        let open = Counts { in_progress: 1, ..done };
        let both = Counts {
            failed: 1,
            pending: 1,
            ..done
        };
        let finished = || run(Ending::Finished, 0);
        assert_eq!(
            CameTo::of(&finished(), &done),
            CameTo::AllDone,
            "blocked points are no trouble"
        );
        assert_eq!(CameTo::of(&finished(), &failed), CameTo::Trouble);
        assert_eq!(CameTo::of(&finished(), &parked), CameTo::Trouble);
        assert_eq!(CameTo::of(&finished(), &pending), CameTo::MoreToDo);
        assert_eq!(
            CameTo::of(&run(Ending::Finished, 1), &open),
            CameTo::Trouble,
            "the same again would not settle it"
        );
        for how in [
            Ending::WindowOver,
            Ending::Stopped(StopReason::Asked),
            Ending::Stopped(StopReason::AskedAgain),
        ] {
            assert_eq!(CameTo::of(&run(how.clone(), 0), &open), CameTo::MoreToDo);
            assert_eq!(
                CameTo::of(&run(how.clone(), 0), &both),
                CameTo::MoreToDo,
                "the next run tells of what failed"
            );
            assert_eq!(CameTo::of(&run(how.clone(), 0), &failed), CameTo::Trouble);
            assert_eq!(
                CameTo::of(&run(how, 0), &done),
                CameTo::AllDone,
                "there was nothing left to stop"
            );
        }
        assert_eq!(
            CameTo::of(&run(Ending::LedgerLost(LedgerError::Closed), 0), &done),
            CameTo::Trouble
        );
    }

    #[test]
    fn only_vaults_that_something_waits_for_are_missed() {
        let route = Route::between(
            "111111111111".parse().unwrap(),
            "222222222222".parse().unwrap(),
            "us-east-1".parse::<Region>().unwrap(),
        );
        let vault = |name: &str| VaultName::new(name).unwrap();
        let terms = CopyTerms {
            route: route.unwrap(),
            vault_map: VaultMap::of(["daily=archive".parse().unwrap()]).unwrap(),
            retention: Retention::AsSource,
            copy_role_arn: "arn:aws:iam::111111111111:role/copy".into(),
        };
        let group = |number, name: &str, waiting| GroupStanding {
            id: GroupId(number),
            group: Group {
                vault: vault(name),
                resource_type: None,
                encryption_key_arn: None,
            },
            parked: None,
            waiting,
            copied: 0,
        };
        let groups = [group(1, "daily", 3), group(2, "weekly", 0), group(3, "hourly", 1)];
        let missing = ["archive", "daily", "weekly", "monthly"].map(vault);
        assert_eq!(needed_and_missing(&groups, &missing, &terms), [vault("archive")]);
    }
}
