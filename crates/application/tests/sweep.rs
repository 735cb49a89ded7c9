//! A sweep tells every point once, whatever the listing does, and does not wait for one page after the other.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use sav_application::calls::Calls;
use sav_application::governor::Governor;
use sav_application::ports::{CallError, Caller, Gateway, Page, PointsAsked, Side, VaultSeen};
use sav_application::sweep::{self, SweepPlan, Swept};
use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::slice::Slice;
use sav_domain::{AccountId, Moment, RecoveryPoint, VaultName};
use tokio::time::{Instant, sleep};

/// An account whose listing has every bad habit AWS's may have.
struct Shelf {
    vaults: HashMap<VaultName, Vec<RecoveryPoint>>,
    page_size: usize,
    latency: Duration,
    habits: Habits,
    calls: Mutex<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "each says how often")]
struct Habits {
    /// Every n-th call answers a short page (0: never); every fifth of those is empty.
    short_every: u64,
    /// Every n-th call repeats the last item of the page before.
    repeat_every: u64,
    /// Every n-th call with a token refuses it.
    refuse_every: u64,
    throttle_every: u64,
    unavailable_every: u64,
}

impl Shelf {
    fn error(kind: FaultKind) -> CallError {
        CallError {
            kind,
            operation: Operation::ListRecoveryPointsByBackupVault,
            side: Side::Source,
            account: "111111111111".parse().unwrap(),
            subject: None,
            code: format!("{kind:?}"),
            message: "as told".to_owned(),
            request_id: None,
        }
    }
}

const fn is_due(call: u64, every: u64) -> bool {
    every != 0 && call % every == every - 1
}

impl Gateway for Shelf {
    fn side(&self) -> Side {
        Side::Source
    }

    fn account(&self) -> AccountId {
        "111111111111".parse().unwrap()
    }

    async fn caller(&self) -> Result<Caller, CallError> {
        Err(Self::error(FaultKind::Unexpected))
    }

    async fn vaults(&self, _token: Option<&str>) -> Result<Page<VaultSeen>, CallError> {
        Err(Self::error(FaultKind::Unexpected))
    }

    async fn points(&self, asked: &PointsAsked, token: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        sleep(self.latency).await;
        let habits = self.habits;
        if is_due(call, habits.throttle_every) {
            return Err(Self::error(FaultKind::Throttled));
        }
        if is_due(call, habits.unavailable_every) {
            return Err(Self::error(FaultKind::Unavailable));
        }
        if token.is_some() && is_due(call, habits.refuse_every) {
            return Err(Self::error(FaultKind::Rejected));
        }
        let matching: Vec<&RecoveryPoint> = self.vaults[&asked.vault]
            .iter()
            .filter(|point| {
                asked
                    .created_after
                    .is_none_or(|after| point.created.is_some_and(|at| at > after))
            })
            .filter(|point| {
                asked
                    .created_before
                    .is_none_or(|before| point.created.is_some_and(|at| at < before))
            })
            .collect();
        let start: usize = token.map_or(0, |token| token.parse().unwrap());
        let short = is_due(call, habits.short_every);
        let size = match (
            short,
            (call.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40).is_multiple_of(5),
        ) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => self.page_size,
        };
        let end = (start + size).min(matching.len());
        let repeated = usize::from(start > 0 && is_due(call, habits.repeat_every));
        Ok(Page {
            items: matching[start - repeated..end]
                .iter()
                .map(|point| (*point).clone())
                .collect(),
            token: (end < matching.len()).then(|| end.to_string()),
        })
    }
}

fn vault(number: usize) -> VaultName {
    VaultName::new(format!("vault-{number}")).unwrap()
}

fn point(vault: &VaultName, number: usize, created: i64) -> RecoveryPoint {
    RecoveryPoint {
        created: Some(Moment::from_millis(created)),
        ..RecoveryPoint::new(format!("arn:{vault}:{number}"), vault.clone())
    }
}

/// A year of daily points for one resource after the other, listed in an order that an account might have: by age either
/// way, by resource, or none.
fn shelf_of(points: usize, vaults: usize, order: usize) -> HashMap<VaultName, Vec<RecoveryPoint>> {
    (0..vaults)
        .map(|number| {
            let name = vault(number);
            let share = points >> (number + 1).min(30);
            let mut list: Vec<RecoveryPoint> = (0..share)
                .map(|n| {
                    let (resource, day) = (n / 365, n % 365);
                    let seconds = day * 86_400 + resource * 7919 % 86_400;
                    point(&name, n, i64::try_from(seconds * 1000 + n % 7).unwrap())
                })
                .collect();
            match order {
                0 => list.sort_by_key(|point| point.created),
                1 => list.sort_by_key(|point| std::cmp::Reverse(point.created)),
                2 => {}
                _ => list.sort_by_key(|point| {
                    point
                        .created
                        .map(|at| at.millis().wrapping_mul(0x9E37_79B9_7F4A_7C15_u64.cast_signed()))
                }),
            }
            (name, list)
        })
        .collect()
}

async fn swept(shelf: Shelf, rate: f64, part_size: u64, estimate: f64) -> (Swept, Vec<String>, Duration) {
    let slices = shelf
        .vaults
        .iter()
        .map(|(name, points)| {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a guess"
            )]
            let expected = (points.len() as f64 * estimate) as u64;
            Slice::whole(name.clone(), expected)
        })
        .collect();
    let plan = SweepPlan {
        part_size,
        ..SweepPlan::for_slices(slices)
    };
    let calls = Calls::new(shelf, Governor::new(rate));
    let began = Instant::now();
    let project = |points: Vec<RecoveryPoint>| {
        points
            .into_iter()
            .map(|point| point.arn.into_string())
            .collect::<Vec<_>>()
    };
    let (mut heard, sweeping) = sweep::start(Arc::clone(&calls), plan, project);
    let mut arns = Vec::new();
    while let Some(page) = heard.recv().await {
        arns.extend(page);
    }
    (sweeping.await.unwrap().unwrap(), arns, began.elapsed())
}

fn paused<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(story)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_point_is_told_exactly_once(
        points in 0_usize..6000,
        vaults in 1_usize..5,
        order in 0_usize..4,
        page_size in 1_usize..120,
        part_size in 20_u64..2000,
        estimate in 0.1..5.0_f64,
        latency_ms in 0_u64..300,
        short_every in prop::sample::select(vec![0_u64, 2, 3, 7]),
        repeat_every in prop::sample::select(vec![0_u64, 2, 5]),
        refuse_every in prop::sample::select(vec![0_u64, 41, 97]),
        throttle_every in prop::sample::select(vec![0_u64, 9, 50]),
        unavailable_every in prop::sample::select(vec![0_u64, 13, 60]),
    ) {
        // Slices are restarted at most ten times, so a slice of very many pages must not be refused all the time.
        let refuse_every = if points / page_size > 300 { 0 } else { refuse_every };
        let shelf = Shelf {
            vaults: shelf_of(points, vaults, order),
            page_size,
            latency: Duration::from_millis(latency_ms),
            habits: Habits { short_every, repeat_every, refuse_every, throttle_every, unavailable_every },
            calls: Mutex::default(),
        };
        let mut expected: Vec<String> =
            shelf.vaults.values().flatten().map(|point| point.arn.to_string()).collect();
        let (report, mut arns, _) = paused(swept(shelf, 5000.0, part_size, estimate));
        prop_assert_eq!(report.points, arns.len() as u64);
        arns.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(arns, expected);
    }
}

/// One vault holds half of everything, so that reading vaults in parallel alone could not be three times as fast.
#[test]
fn slow_pages_are_read_at_least_three_times_as_fast_as_one_by_one() {
    for order in 0..4 {
        let shelf = Shelf {
            vaults: shelf_of(400_000, 12, order),
            page_size: 1000,
            latency: Duration::from_millis(200),
            habits: Habits::default(),
            calls: Mutex::default(),
        };
        let pages: usize = shelf
            .vaults
            .values()
            .map(|points| points.len().div_ceil(1000).max(1))
            .sum();
        let one_by_one = Duration::from_millis(200) * u32::try_from(pages).unwrap();
        let (report, _, took) = paused(swept(shelf, 50.0, 12_500, 1.0));
        assert!(
            took * 3 <= one_by_one,
            "order {order}: {took:?} against {one_by_one:?} ({report:?})"
        );
    }
}

/// The estimate of the vault's size says 100 points; the list goes on and on while nobody else has anything to do.
#[test]
fn a_slice_far_larger_than_thought_is_shared_after_all() {
    let shelf = Shelf {
        vaults: shelf_of(400_000, 1, 1),
        page_size: 1000,
        latency: Duration::from_millis(200),
        habits: Habits::default(),
        calls: Mutex::default(),
    };
    let (report, arns, took) = paused(swept(shelf, 50.0, 12_500, 0.0005));
    assert_eq!(arns.len(), 200_000);
    assert!(report.cuts > 0);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

/// However large the vaults are: what nobody takes is not read ahead.
#[test]
fn no_page_is_read_for_which_there_is_no_room() {
    let shelf = Shelf {
        vaults: shelf_of(100_000, 12, 1),
        page_size: 1000,
        latency: Duration::from_millis(200),
        habits: Habits::default(),
        calls: Mutex::default(),
    };
    let slices = shelf.vaults.keys().map(|name| Slice::whole(name.clone(), 1)).collect();
    let pages = paused(async {
        let calls = Calls::new(shelf, Governor::new(50.0));
        let plan = SweepPlan {
            readers: 5,
            ..SweepPlan::for_slices(slices)
        };
        let (mut heard, sweeping) = sweep::start(Arc::clone(&calls), plan, |points| points.len());
        sleep(Duration::from_hours(1)).await;
        assert_eq!(*calls.gateway().calls.lock().unwrap(), 5);
        heard.recv().await.unwrap();
        sleep(Duration::from_hours(1)).await;
        assert_eq!(*calls.gateway().calls.lock().unwrap(), 6);
        drop(heard);
        sweeping.await.unwrap().unwrap().pages
    });
    assert_eq!(pages, 6);
}

/// Another implementation may leave ARNs out, and count its points as it likes.
#[test]
fn points_without_an_arn_and_absurd_counts_lose_nothing() {
    let nameless = (0..50).map(|n| RecoveryPoint {
        arn: "".into(),
        ..point(&vault(0), n, i64::try_from(n).unwrap() * 1000)
    });
    let shelf = Shelf {
        vaults: HashMap::from([(vault(0), nameless.collect()), (vault(1), vec![point(&vault(1), 1, 1)])]),
        page_size: 7,
        latency: Duration::ZERO,
        habits: Habits {
            repeat_every: 2,
            ..Habits::default()
        },
        calls: Mutex::default(),
    };
    let (report, _, _) = paused(swept(shelf, 5000.0, 1000, f64::MAX));
    assert_eq!(report.points, 51);
}

#[test]
fn a_listing_that_leads_round_and_round_ends_with_an_error() {
    struct Carousel;
    impl Gateway for Carousel {
        fn side(&self) -> Side {
            Side::Source
        }
        fn account(&self) -> AccountId {
            "111111111111".parse().unwrap()
        }
        async fn caller(&self) -> Result<Caller, CallError> {
            Err(Shelf::error(FaultKind::Unexpected))
        }
        async fn vaults(&self, _token: Option<&str>) -> Result<Page<VaultSeen>, CallError> {
            Ok(Page {
                items: Vec::new(),
                token: Some("again".to_owned()),
            })
        }
        async fn points(&self, asked: &PointsAsked, _: Option<&str>) -> Result<Page<RecoveryPoint>, CallError> {
            Ok(Page {
                items: vec![point(&asked.vault, 1, 1)],
                token: Some("again".to_owned()),
            })
        }
    }
    let error = paused(async { Calls::new(Carousel, Governor::new(50.0)).vaults().await.unwrap_err() });
    assert_eq!(error.code, "EndlessListing");
    let error = paused(async {
        let calls = Calls::new(Carousel, Governor::new(50.0));
        let plan = SweepPlan::for_slices(vec![Slice::whole(vault(0), 1)]);
        let (mut heard, sweeping) = sweep::start(calls, plan, |points| points.len());
        while heard.recv().await.is_some() {}
        sweeping.await.unwrap().unwrap_err()
    });
    assert_eq!(error.code, "EndlessListing");
}
