//! Keeper and gate on paused time.

mod office;

use std::sync::Mutex;
use std::time::Duration;

use sav_domain::Moment;
use sav_domain::fault::FaultKind;
use tokio::time::{Instant, sleep, timeout};

use self::office::{ACCOUNT, Kept, Key, MINUTE, Office, Time};
use super::{Standing, Why, keep};
use crate::calls::Calls;
use crate::governor::Governor;
use crate::identity;

#[tokio::test(start_paused = true)]
async fn ten_calls_that_see_one_expiry_are_one_renewal_and_all_are_answered() {
    let kept = Kept::working().await;
    kept.refuse(1, FaultKind::CredentialsExpired);
    kept.world().keys.insert(2, Key::good());
    kept.world().file = Some(2);
    let calls: Vec<_> = (0..10).map(|_| kept.call()).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(kept.reads(), 1);
    assert_eq!(kept.refusals(), 10);
    assert!(matches!(kept.standing(), Standing::Open(_)));
}

#[tokio::test(start_paused = true)]
async fn after_three_renewals_in_vain_it_pauses_until_the_file_changes() {
    let kept = Kept::working().await;
    kept.refuse(1, FaultKind::CredentialsExpired);
    let call = kept.call();
    assert!(matches!(kept.until_paused().await, Why::Refused(_)));
    assert_eq!(kept.reads(), 3);
    sleep(Duration::from_hours(8)).await;
    assert!(!call.is_finished());
    let tries = kept.reads();
    assert!((90..=110).contains(&tries), "every five minutes at last: {tries}");
    assert_eq!(kept.refusals(), 1, "none but the first left");
    kept.write_new(2, Key::good());
    let waited = Instant::now();
    call.await.unwrap().unwrap();
    assert!(waited.elapsed() < Duration::from_secs(3), "{:?}", waited.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_knock_is_reason_enough_to_try() {
    let kept = Kept::working().await;
    kept.refuse(1, FaultKind::CredentialsInvalid);
    let call = kept.call();
    kept.until_paused().await;
    kept.calls.gate().knock();
    sleep(Duration::from_secs(2)).await;
    assert!(!call.is_finished());
    assert_eq!(kept.reads(), 4, "a knock alone cures nothing");
    // Nothing that is watched has changed: the new ones come from elsewhere.
    kept.world().keys.insert(2, Key::good());
    kept.world().file = Some(2);
    kept.calls.gate().knock();
    let waited = Instant::now();
    call.await.unwrap().unwrap();
    assert!(waited.elapsed() < Duration::from_secs(1), "{:?}", waited.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_s_credentials_are_never_used() {
    for (account, role) in [("222222222222", "Operator"), (ACCOUNT, "Reader")] {
        let kept = Kept::working().await;
        kept.refuse(1, FaultKind::CredentialsExpired);
        let stranger = Key {
            account,
            role,
            ..Key::good()
        };
        kept.world().keys.insert(2, stranger);
        kept.world().file = Some(2);
        let call = kept.call();
        let Why::Stranger { found, .. } = kept.until_paused().await else {
            panic!("{:?}", kept.standing());
        };
        assert!(
            found.as_str().contains(account) && found.as_str().ends_with(role),
            "{found}"
        );
        assert_eq!(kept.reads(), 1, "to read them again would not make them ours");
        let said = kept.standing().paused().unwrap().to_string();
        assert!(
            said.contains("are another's now") && said.contains("the file"),
            "{said}"
        );
        sleep(MINUTE).await;
        kept.write_new(3, Key::good());
        call.await.unwrap().unwrap();
        assert!(kept.world().calls.iter().all(|(key, _)| *key != 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_s_credentials_in_the_file_do_not_replace_good_ones() {
    let kept = Kept::working().await;
    let stranger = Key {
        account: "222222222222",
        ..Key::good()
    };
    kept.write_new(2, stranger);
    sleep(MINUTE).await;
    kept.calls.vaults().await.unwrap();
    assert_eq!((kept.in_use(), kept.refusals()), (1, 0));
    kept.write_new(3, Key::good());
    sleep(MINUTE).await;
    kept.calls.vaults().await.unwrap();
    assert_eq!((kept.in_use(), kept.reads()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn without_an_sts_it_is_tried_less_and_less_often() {
    let kept = Kept::working().await;
    kept.refuse(1, FaultKind::CredentialsExpired);
    kept.world().sts = Some(FaultKind::Unavailable);
    kept.write_new(2, Key::good());
    let call = kept.call();
    sleep(Duration::from_hours(1)).await;
    let tries = kept.reads();
    assert!((55..=75).contains(&tries), "{tries}");
    let said = kept.standing().paused().unwrap().to_string();
    assert!(said.contains("cannot be checked"), "{said}");
    kept.world().sts = None;
    let waited = Instant::now();
    call.await.unwrap().unwrap();
    assert!(waited.elapsed() <= MINUTE + Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_absent_or_half_written_is_waited_for() {
    let kept = Kept::working().await;
    kept.write(None);
    sleep(MINUTE).await;
    kept.calls.vaults().await.unwrap();
    assert_eq!(kept.refusals(), 0, "the old ones hold, whatever the file says");
    kept.refuse(1, FaultKind::CredentialsExpired);
    let call = kept.call();
    kept.until_paused().await;
    kept.write(None);
    sleep(MINUTE).await;
    kept.write_new(2, Key::good());
    let waited = Instant::now();
    call.await.unwrap().unwrap();
    assert!(waited.elapsed() < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_only_sts_takes_do_not_make_a_busy_loop() {
    let kept = Kept::working().await;
    kept.world().backup = Some(FaultKind::CredentialsInvalid);
    let call = kept.call();
    sleep(Duration::from_hours(1)).await;
    let (reads, refusals) = (kept.reads(), kept.refusals());
    assert!(reads < 30 && refusals < 30, "{reads} {refusals}");
    assert!(kept.standing().paused().is_some() && !call.is_finished());
    kept.world().backup = None;
    timeout(Duration::from_mins(6), call).await.unwrap().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_call_refused_among_many_that_go_well_is_told_to_its_caller() {
    let kept = Kept::working().await;
    let busy = async {
        loop {
            sleep(Duration::from_millis(20)).await;
            let _ = kept.calls.caller().await;
        }
    };
    kept.world().backup = Some(FaultKind::CredentialsInvalid);
    let answer = tokio::select! {
        answer = kept.calls.vaults() => answer,
        () = busy => panic!("it never ends"),
    };
    assert_eq!(answer.unwrap_err().kind, FaultKind::CredentialsInvalid);
    let reads = kept.reads();
    assert!(reads < 10, "{reads}");
}

#[tokio::test(start_paused = true)]
async fn what_credentials_are_not_to_blame_for_is_told_at_once() {
    let kept = Kept::working().await;
    kept.refuse(1, FaultKind::AccessDenied);
    assert_eq!(kept.calls.vaults().await.unwrap_err().kind, FaultKind::AccessDenied);
    assert_eq!(kept.reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_never_worked_are_an_error_and_no_pause() {
    let kept = Kept::working().await;
    let time = Time(Instant::now());
    let office = Office {
        world: Mutex::default(),
        time: time.clone(),
    };
    let calls = Calls::new(office, Governor::new(50.0));
    let keeper = tokio::spawn(keep(calls.clone(), time));
    sleep(MINUTE).await;
    let error = identity::confirm(&calls, ACCOUNT.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, identity::IdentityError::Call { .. }));
    keeper.abort();
    drop(kept);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_named_as_the_likely_cause() {
    let kept = Kept::working().await;
    kept.refuse(1, FaultKind::ClockSkewed);
    let call = kept.call();
    kept.until_paused().await;
    let said = kept.standing().paused().unwrap().to_string();
    assert!(said.contains("this machine's clock is the likely cause"), "{said}");
    // Somebody sets it, and no file changes.
    kept.world().keys.get_mut(&1).unwrap().refused = None;
    timeout(MINUTE, call).await.unwrap().unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn sessions_of_fifteen_minutes_are_renewed_ahead_for_a_day() {
    let kept = Kept::working().await;
    kept.world().issues = Some(MINUTE * 15);
    kept.refuse(1, FaultKind::CredentialsExpired);
    kept.calls.vaults().await.unwrap();
    assert_eq!(kept.refusals(), 1, "the first key was none of theirs");
    for _ in 0..24 * 60 * 4 {
        sleep(MINUTE / 4).await;
        kept.calls.vaults().await.unwrap();
    }
    assert_eq!(kept.refusals(), 1);
    let reads = kept.reads();
    assert!((140..150).contains(&reads), "every ten minutes: {reads}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_rewritten_in_time_costs_no_refused_call() {
    let kept = Kept::working().await;
    for hour in 2..26 {
        let key = Key {
            expires: Some(Moment::from_millis(i64::from(hour) * 3_600_000)),
            ..Key::good()
        };
        kept.write_new(hour, key);
        for _ in 0..59 {
            sleep(MINUTE).await;
            kept.calls.vaults().await.unwrap();
        }
    }
    assert_eq!(kept.refusals(), 0);
}
