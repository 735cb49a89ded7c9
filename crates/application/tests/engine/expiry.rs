//! Credentials that end at moments nobody expects, and come back when somebody has signed in again.

use std::sync::Arc;
use std::time::Duration;

use sav_application::calls::Calls;
use sav_application::copying::{self, WindowOver};
use sav_application::credentials::keep;
use sav_application::engine::{Ending, Parties, StopReason};
use sav_application::identity;
use sav_application::ports::{Gateway, LedgerReader, Side};
use sav_domain::transfer::Stage;
use sav_simulator::faults::{Fault, FaultPlan, What};
use sav_simulator::fleet::Spread;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::desk::Desk;
use crate::seeds_of;
use crate::story::{Story, fleet, plain};

const MEAN: Duration = Duration::from_mins(1);
const HALF_A_DAY: Duration = Duration::from_hours(12);

/// Both sides, looked after.
struct Kept {
    source: Arc<Calls<Desk>>,
    destination: Arc<Calls<Desk>>,
    keepers: Vec<JoinHandle<()>>,
}

impl Kept {
    async fn of(story: &Story) -> Self {
        let (source, destination) = (story.desk(Side::Source), story.desk(Side::Destination));
        let mut keepers = Vec::new();
        for calls in [&source, &destination] {
            keepers.push(tokio::spawn(keep(calls.clone(), story.time.clone())));
            tokio::task::yield_now().await;
            identity::confirm(calls, calls.gateway().account()).await.unwrap();
        }
        Self {
            source,
            destination,
            keepers,
        }
    }

    async fn copy(&self, story: &Story, stop: watch::Receiver<Option<StopReason>>) -> WindowOver {
        let (tell, mut heard) = mpsc::unbounded_channel();
        let parties = Parties {
            source: self.source.clone(),
            destination: Some(self.destination.clone()),
            ledger: story.ledger.clone(),
            terms: story.terms(),
            clock: Arc::new(story.time.clone()),
        };
        let over = copying::window(story.settings.clone(), parties, stop, tell, |_, _| 0).await;
        let mut told = story.told.lock().unwrap();
        while let Ok(event) = heard.try_recv() {
            told.push(event);
        }
        over.unwrap()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keepers.iter().for_each(JoinHandle::abort);
    }
}

fn expire(calls: &Calls<Desk>) {
    let desk = calls.gateway();
    desk.time.tick();
    let key = desk.keys.lock().unwrap().access_key_id.clone();
    desk.simulator.with_state(|state| state.identities.expire_now(&key));
}

/// Somebody signs in again, and the file is written.
fn rewrite(calls: &Calls<Desk>) {
    let desk = calls.gateway();
    let keys = desk.sign_in(HALF_A_DAY);
    let mut file = desk.file.lock().unwrap();
    file.keys = keys;
    file.written += 1;
}

/// Numbers that follow from the seed and look like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Ends and renews credentials of one side, the other or both, for ever.
async fn befall(kept: &Kept, mut chance: Chance) {
    let mut first = true;
    loop {
        sleep(Duration::from_millis(1_000 + chance.below(150_000))).await;
        let sides = match chance.below(3) {
            0 if !first => vec![&kept.destination],
            1 => vec![&kept.source, &kept.destination],
            _ => vec![&kept.source],
        };
        for side in &sides {
            expire(side);
        }
        // Sometimes before anybody notices, sometimes after a night.
        let signed_out = match chance.below(4) {
            _ if first => 600_000,
            0 => chance.below(2_000),
            1 => chance.below(20_000),
            2 => chance.below(600_000),
            _ => chance.below(8 * 3_600_000),
        };
        first = false;
        sleep(Duration::from_millis(signed_out)).await;
        for side in sides {
            rewrite(side);
            sleep(Duration::from_millis(chance.below(5_000))).await;
        }
    }
}

fn entries(story: &Story, kind: &str) -> Vec<Value> {
    let entries = story.ledger.entries(Some(kind)).unwrap();
    entries
        .iter()
        .map(|entry| serde_json::from_str(&entry.detail).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn expiry_at_any_point_fails_nothing_and_copies_nothing_twice() {
    for seed in seeds_of("SAV_EXPIRY_SEEDS", 10) {
        let rough = FaultPlan::none()
            .and(Fault::new(What::ResetAfter).on(["StartCopyJob"]).share(0.02))
            .and(Fault::new(What::ResetBefore).share(0.01));
        let story = Story::new(
            plain(seed, 250),
            fleet(seed, MEAN, Spread::LongTailed { sigma: 0.6 }),
            rough,
        );
        story.plan().await;
        let kept = Kept::of(&story).await;
        let (_stop, stopped) = watch::channel(None);
        let over = tokio::select! {
            over = kept.copy(&story, stopped) => over,
            () = befall(&kept, Chance(seed)) => unreachable!("it goes on for ever"),
        };
        assert_eq!(over.run.how, Ending::Finished, "seed {seed}: {:?}", over.run.counts);
        assert_eq!(over.run.counts.failed, 0, "seed {seed}");
        story.everything_is_as_promised();
        let (paused, resumed) = (entries(&story, "paused"), entries(&story, "resumed"));
        assert!(
            !resumed.is_empty(),
            "seed {seed}: the first sign-out alone lasted ten minutes"
        );
        assert!(paused.len() >= resumed.len(), "seed {seed}");
        let of_source = |detail: &&Value| detail["reason"] == "credentials" && detail["side"] == "source";
        let first = paused.iter().find(of_source).unwrap();
        let message = first["message"].as_str().unwrap();
        assert!(
            message.contains("have expired") && message.contains("the operator's file"),
            "{message}"
        );
        assert!(message.is_ascii() && !message.contains("IQoJb3JpZ2luX2Vj"), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_while_it_waits_for_credentials_is_quick_and_leaves_nothing_in_doubt() {
    let story = Story::new(plain(4, 200), fleet(4, MEAN, Spread::Equal), FaultPlan::none());
    story.plan().await;
    let kept = Kept::of(&story).await;
    let (stop, stopped) = watch::channel(None);
    let (over, asked) = tokio::join!(kept.copy(&story, stopped), async {
        sleep(Duration::from_millis(500)).await;
        expire(&kept.source);
        sleep(Duration::from_mins(30)).await;
        assert!(kept.source.gate().watch().borrow().paused().is_some());
        stop.send(Some(StopReason::Asked)).unwrap();
        tokio::time::Instant::now()
    });
    assert_eq!(over.run.how, Ending::Stopped(StopReason::Asked));
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    assert_eq!(story.stages().get(&Stage::Intended), None, "{:?}", story.stages());
    rewrite(&kept.source);
    let (_stop, stopped) = watch::channel(None);
    assert_eq!(kept.copy(&story, stopped).await.run.how, Ending::Finished);
    story.everything_is_as_promised();
}

#[tokio::test(start_paused = true)]
async fn paused_time_counts_towards_the_window() {
    let mut story = Story::new(plain(5, 300), fleet(5, MEAN, Spread::Equal), FaultPlan::none());
    story.settings.max_runtime = Some(Duration::from_mins(20));
    story.plan().await;
    let kept = Kept::of(&story).await;
    let began = tokio::time::Instant::now();
    let (_stop, stopped) = watch::channel(None);
    let (over, ()) = tokio::join!(kept.copy(&story, stopped), async {
        sleep(Duration::from_millis(700)).await;
        expire(&kept.source);
    });
    assert_eq!(over.run.how, Ending::WindowOver);
    assert!(began.elapsed() < Duration::from_mins(21), "{:?}", began.elapsed());
    assert_eq!(
        over.came_to,
        copying::CameTo::MoreToDo,
        "the same command goes on from here"
    );
}

#[tokio::test(start_paused = true)]
async fn sessions_of_fifteen_minutes_last_a_day_without_a_refused_call() {
    let story = Story::new(
        plain(6, 300),
        fleet(6, Duration::from_hours(3), Spread::Equal),
        FaultPlan::none(),
    );
    story.plan().await;
    let kept = Kept::of(&story).await;
    for calls in [&kept.source, &kept.destination] {
        let desk = calls.gateway();
        let lifetime = Duration::from_mins(15);
        *desk.keys.lock().unwrap() = desk.sign_in(lifetime);
        desk.file.lock().unwrap().issues = Some(lifetime);
    }
    let (_stop, stopped) = watch::channel(None);
    let over = kept.copy(&story, stopped).await;
    assert_eq!(over.run.how, Ending::Finished);
    story.everything_is_as_promised();
    assert!(story.passed() > Duration::from_hours(24), "{:?}", story.passed());
    let lines = story.simulator.journal().lines;
    let refused: Vec<_> = lines
        .iter()
        .filter(|line| line.result.starts_with("ExpiredToken"))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    let asked: u64 = lines
        .iter()
        .filter(|line| line.operation == "GetCallerIdentity")
        .map(|line| line.calls)
        .sum();
    assert!(asked > 2 * 24 * 5, "each renewal is checked: {asked}");
    assert!(entries(&story, "paused").is_empty());
}
