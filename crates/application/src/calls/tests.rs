use std::sync::Mutex;

use sav_domain::AccountId;
use tokio::time::Instant;

use super::*;
use crate::ports::Side;

/// Answers every call with the next of these; an absent fault is an answer.
struct Scripted(Mutex<Vec<Option<FaultKind>>>);

impl Scripted {
    fn next<T>(&self, answer: T) -> Result<T, CallError> {
        match self.0.lock().unwrap().pop().flatten() {
            None => Ok(answer),
            Some(kind) => Err(CallError {
                kind,
                operation: Operation::GetCallerIdentity,
                side: Side::Source,
                account: self.account(),
                subject: None,
                code: format!("{kind:?}"),
                message: String::new(),
                request_id: None,
            }),
        }
    }
}

impl Gateway for Scripted {
    fn side(&self) -> Side {
        Side::Source
    }

    fn account(&self) -> AccountId {
        "111111111111".parse().unwrap()
    }

    async fn caller(&self) -> Result<Caller, CallError> {
        self.next(Caller {
            account: self.account(),
            arn: "arn:aws:iam::111111111111:user/me".to_owned(),
        })
    }

    async fn vaults(&self, token: Option<&str>) -> Result<Page<VaultSeen>, CallError> {
        let vault = |name: &str| VaultSeen {
            name: VaultName::new(name).unwrap(),
            arn: None,
            recovery_points: None,
            locked: None,
            min_retention_days: None,
            max_retention_days: None,
            encryption_key_arn: None,
            created: None,
        };
        let first = token.is_none();
        let items = if first {
            vec![vault("b"), vault("a")]
        } else {
            vec![vault("b"), vault("c")]
        };
        self.next(Page {
            items,
            token: first.then(|| "more".to_owned()),
        })
    }

    async fn points(&self, _: &PointsAsked, _: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
        self.next(Page {
            items: Vec::new(),
            token: None,
        })
    }
}

fn facing(mut faults: Vec<Option<FaultKind>>) -> Arc<Calls<Scripted>> {
    faults.reverse();
    Calls::new(Scripted(Mutex::new(faults)), Governor::new(50.0))
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_is_waited_out() {
    let calls = facing(vec![Some(FaultKind::Unavailable), Some(FaultKind::Throttled), None]);
    assert!(calls.caller().await.is_ok());
    assert_eq!(
        calls.counts(),
        CallCounts {
            sent: 3,
            throttled: 1,
            repeated: 2
        }
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_endpoint_is_given_up_within_a_minute() {
    let calls = facing(vec![Some(FaultKind::Unavailable); 100]);
    let began = Instant::now();
    assert_eq!(calls.caller().await.unwrap_err().kind, FaultKind::Unavailable);
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert_eq!(calls.counts().sent, u64::from(TRIES_WHEN_UNAVAILABLE));
}

#[tokio::test(start_paused = true)]
async fn what_asking_again_does_not_cure_is_told_at_once() {
    for kind in [
        FaultKind::AccessDenied,
        FaultKind::CredentialsExpired,
        FaultKind::LimitReached,
        FaultKind::Rejected,
    ] {
        let calls = facing(vec![Some(kind)]);
        assert_eq!(calls.caller().await.unwrap_err().kind, kind);
        assert_eq!(calls.counts().sent, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn vaults_are_listed_to_the_end_once_each_though_a_token_was_refused() {
    let calls = facing(vec![None, Some(FaultKind::Rejected), None, None]);
    let names: Vec<String> = calls
        .vaults()
        .await
        .unwrap()
        .into_iter()
        .map(|vault| vault.name.to_string())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
}
