//! When nothing new is asked for, and how it is found out that it may be again.

use std::time::Duration;

use sav_domain::Moment;
use sav_domain::fault::FaultKind;
use sav_domain::ledger::PointId;
use sav_domain::transfer::Cause;

use super::now::Now;
use super::{PauseReason, RunEvent};
use crate::credentials::Trouble;
use crate::ports::{CallError, LedgerError, Side};

/// So many calls in a row without an answer are no hiccup.
const STRIKES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// A cause that is everybody's needs somebody to see to it; that takes longer than a network to come back.
const FIRST_WAIT_FOR_SOMEBODY: Duration = Duration::from_mins(1);
const LONGEST_WAIT_FOR_SOMEBODY: Duration = Duration::from_mins(15);

#[derive(Debug, Default)]
pub(super) struct Pause {
    reason: Option<PauseReason>,
    since: Option<(Moment, Duration)>,
    next_try: Duration,
    wait: Duration,
    strikes: u32,
    /// The one transfer that tries whether everybody's cause has passed.
    scout: Option<PointId>,
    /// Sides whose credentials have ended, which others see to. What they keep waiting waits at its gate.
    credentials: Vec<(Trouble, Duration)>,
}

impl Pause {
    /// Whether nothing new is to be started.
    pub(super) fn is_on(&self) -> bool {
        self.reason.is_some() || self.credentials.iter().any(|(trouble, _)| trouble.side == Side::Source)
    }

    /// Whether a single transfer may be started to see if it goes well again.
    pub(super) fn wants_scout(&self, now: Now) -> bool {
        matches!(self.reason, Some(PauseReason::Everybody { .. })) && self.scout.is_none() && now.since >= self.next_try
    }

    pub(super) fn send_scout(&mut self, id: PointId) {
        self.scout = Some(id);
    }

    /// Whether a call is to be made only to see if somebody answers.
    pub(super) fn wants_call(&self) -> bool {
        matches!(
            self.reason,
            Some(PauseReason::Unreachable { .. } | PauseReason::Denied { .. })
        )
    }

    pub(super) fn next_try(&self) -> Option<Duration> {
        let waits =
            self.wants_call() || matches!(self.reason, Some(PauseReason::Everybody { .. })) && self.scout.is_none();
        waits.then_some(self.next_try)
    }

    pub(super) fn answered(&mut self, now: Now) -> Option<RunEvent> {
        self.strikes = 0;
        self.wants_call().then(|| self.end(now)).flatten()
    }

    pub(super) fn unanswered(&mut self, error: &CallError, now: Now) -> Option<RunEvent> {
        let request = error.request_id.as_deref();
        let request = request.map(|id| format!(" (request {id})")).unwrap_or_default();
        let message = format!("{error}{request}");
        match error.kind {
            FaultKind::CredentialsExpired
            | FaultKind::CredentialsInvalid
            | FaultKind::CredentialsAbsent
            | FaultKind::ClockSkewed
            | FaultKind::NotOptedIn
            | FaultKind::AccessDenied => self.begin(PauseReason::Denied { message }, now),
            FaultKind::Unavailable | FaultKind::Unexpected | FaultKind::Throttled => {
                self.strikes += 1;
                (self.strikes >= STRIKES || self.reason.is_some())
                    .then(|| self.begin(PauseReason::Unreachable { message }, now))
                    .flatten()
            }
            FaultKind::NotFound | FaultKind::LimitReached | FaultKind::Rejected => None,
        }
    }

    /// A call was not answered though it was repeated with patience.
    pub(super) fn out_of_reach(&mut self, error: &CallError, now: Now) -> Option<RunEvent> {
        self.strikes = STRIKES;
        self.unanswered(error, now)
    }

    /// A cause that would fail every copy.
    pub(super) fn everybody(&mut self, id: PointId, cause: Cause, now: Now) -> Option<RunEvent> {
        if self.scout == Some(id) {
            self.scout = None;
        }
        self.begin(PauseReason::Everybody { cause }, now)
    }

    /// A transfer has ended, and not for everybody's cause.
    pub(super) fn settled(&mut self, id: PointId, arrived: bool, now: Now) -> Option<RunEvent> {
        if self.scout != Some(id) {
            return None;
        }
        self.scout = None;
        if arrived {
            return self.end(now);
        }
        self.next_try = now.since;
        None
    }

    pub(super) fn ledger(&mut self, trouble: Option<LedgerError>, now: Now) -> Option<RunEvent> {
        match trouble {
            Some(error) => self.begin(PauseReason::Ledger { error }, now),
            None if matches!(self.reason, Some(PauseReason::Ledger { .. })) => self.end(now),
            None => None,
        }
    }

    /// One side's credentials have ended, or are good again. It is told again when they are refused for something else.
    pub(super) fn credentials(&mut self, side: Side, trouble: Option<Trouble>, now: Now) -> Vec<RunEvent> {
        let known = self.credentials.iter().position(|(known, _)| known.side == side);
        match (known, trouble) {
            (Some(at), Some(trouble)) => {
                let is_news = !self.credentials[at].0.why.is_like(&trouble.why);
                let told = is_news.then(|| paused_for(&trouble));
                self.credentials[at].0 = trouble;
                told.into_iter().collect()
            }
            (None, Some(trouble)) => {
                let told = paused_for(&trouble);
                self.credentials.push((trouble, now.since));
                vec![told]
            }
            (Some(at), None) => {
                let (_, began) = self.credentials.remove(at);
                let after = now.since.saturating_sub(began);
                // What still keeps the run waiting is said last.
                let still = self.credentials.first().map(|(trouble, _)| paused_for(trouble));
                std::iter::once(RunEvent::Resumed { after }).chain(still).collect()
            }
            (None, None) => Vec::new(),
        }
    }

    /// Told once, whatever else comes on top of it; what comes again is waited for longer.
    fn begin(&mut self, reason: PauseReason, now: Now) -> Option<RunEvent> {
        let (first, longest) = match &reason {
            PauseReason::Everybody { .. } => (FIRST_WAIT_FOR_SOMEBODY, LONGEST_WAIT_FOR_SOMEBODY),
            _ => (FIRST_WAIT, LONGEST_WAIT),
        };
        if self.reason.is_some() {
            if now.since >= self.next_try {
                self.wait = (self.wait * 2).min(longest);
                self.next_try = now.since + self.wait;
            }
            return None;
        }
        self.wait = first;
        self.next_try = now.since + first;
        self.since = Some((now.at, now.since));
        self.reason = Some(reason.clone());
        Some(RunEvent::Paused { reason, since: now.at })
    }

    fn end(&mut self, now: Now) -> Option<RunEvent> {
        self.reason = None;
        let (_, began) = self.since.take()?;
        Some(RunEvent::Resumed {
            after: now.since.saturating_sub(began),
        })
    }
}

fn paused_for(trouble: &Trouble) -> RunEvent {
    RunEvent::Paused {
        reason: PauseReason::Credentials {
            side: trouble.side,
            message: trouble.to_string(),
            watched: trouble.origin.watched.clone(),
        },
        since: trouble.since,
    }
}

#[cfg(test)]
mod tests {
    use sav_domain::operation::Operation;

    use super::*;
    use crate::credentials::Why;
    use crate::ports::Origin;

    fn after(secs: u64) -> Now {
        let since = Duration::from_secs(secs);
        let began = Now {
            at: Moment::from_millis(0),
            since: Duration::ZERO,
        };
        Now {
            at: began.plus(since),
            since,
        }
    }

    fn error(kind: FaultKind) -> CallError {
        CallError {
            kind,
            operation: Operation::ListCopyJobs,
            side: Side::Source,
            account: "111111111111".parse().unwrap(),
            subject: None,
            code: format!("{kind:?}"),
            message: String::new(),
            request_id: None,
        }
    }

    #[test]
    fn a_hiccup_is_no_pause_and_an_answer_ends_one() {
        let mut pause = Pause::default();
        for _ in 0..2 {
            assert!(pause.unanswered(&error(FaultKind::Unavailable), after(0)).is_none());
        }
        assert!(pause.answered(after(1)).is_none());
        for _ in 0..2 {
            assert!(pause.unanswered(&error(FaultKind::Unavailable), after(2)).is_none());
        }
        assert!(matches!(
            pause.unanswered(&error(FaultKind::Unavailable), after(3)),
            Some(RunEvent::Paused { .. })
        ));
        let Some(RunEvent::Resumed { after: waited }) = pause.answered(after(100)) else {
            panic!("it goes on");
        };
        assert_eq!(waited, Duration::from_secs(97));
    }

    #[test]
    fn what_is_denied_pauses_at_once_and_a_refused_request_never() {
        let mut pause = Pause::default();
        for _ in 0..9 {
            assert!(pause.unanswered(&error(FaultKind::Rejected), after(0)).is_none());
        }
        let told = pause.unanswered(&error(FaultKind::AccessDenied), after(1));
        assert!(matches!(
            told,
            Some(RunEvent::Paused {
                reason: PauseReason::Denied { .. },
                ..
            })
        ));
    }

    #[test]
    fn tries_come_less_and_less_often() {
        let mut pause = Pause::default();
        let mut tries = 0;
        for second in 0..3_600 {
            if pause.next_try().is_none_or(|due| after(second).since >= due) {
                pause.out_of_reach(&error(FaultKind::Unavailable), after(second));
                tries += 1;
            }
        }
        assert!((60..70).contains(&tries), "{tries}");
    }

    #[test]
    fn one_scout_at_a_time_and_its_arrival_ends_the_pause() {
        let cause = || Cause {
            category: "FEATURE_NOT_ENABLED".into(),
            message: "".into(),
            fix: None,
        };
        let mut pause = Pause::default();
        assert!(pause.everybody(PointId(1), cause(), after(0)).is_some());
        assert!(!pause.wants_scout(after(59)) && pause.wants_scout(after(60)));
        pause.send_scout(PointId(2));
        assert!(!pause.wants_scout(after(999)));
        assert!(
            pause.everybody(PointId(2), cause(), after(1_000)).is_none(),
            "told already"
        );
        assert!(!pause.wants_scout(after(1_001)) && pause.wants_scout(after(1_121)));
        pause.send_scout(PointId(3));
        assert!(
            pause.settled(PointId(9), true, after(1_200)).is_none(),
            "an old job proves nothing"
        );
        assert!(matches!(
            pause.settled(PointId(3), true, after(1_300)),
            Some(RunEvent::Resumed { .. })
        ));
        assert!(!pause.is_on());
    }

    #[test]
    fn credentials_of_either_side_are_told_of_once_each_and_only_the_source_s_hold_up_starts() {
        let trouble = |side, kind| {
            Some(Trouble {
                side,
                since: Moment::from_millis(0),
                why: Why::Refused(error(kind)),
                attempts: 3,
                origin: Origin::default(),
            })
        };
        let (source, destination) = (Side::Source, Side::Destination);
        let mut pause = Pause::default();
        let expired = |side| trouble(side, FaultKind::CredentialsExpired);
        assert_eq!(pause.credentials(destination, expired(destination), after(1)).len(), 1);
        assert!(!pause.is_on(), "the source goes on");
        assert_eq!(pause.credentials(source, expired(source), after(2)).len(), 1);
        assert!(pause.is_on() && pause.next_try().is_none(), "others see to it");
        assert!(
            pause.credentials(source, expired(source), after(3)).is_empty(),
            "told already"
        );
        let now_invalid = trouble(source, FaultKind::CredentialsInvalid);
        assert_eq!(
            pause.credentials(source, now_invalid, after(4)).len(),
            1,
            "that is news"
        );
        let told = pause.credentials(source, None, after(62));
        let [RunEvent::Resumed { after: waited }, RunEvent::Paused { .. }] = &told[..] else {
            panic!("the destination still waits: {told:?}");
        };
        assert_eq!(*waited, Duration::from_mins(1));
        assert!(!pause.is_on());
        assert_eq!(pause.credentials(destination, None, after(63)).len(), 1);
        assert!(pause.credentials(destination, None, after(64)).is_empty());
    }
}
