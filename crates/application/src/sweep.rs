//! Reads whole vaults: every point to the last token, several vaults and several slices of one vault at once.
//!
//! ```text
//!   slices (largest first) ──> readers, up to `readers` at once ──> pages, projected ──> the caller's channel
//!         ^                        │
//!         └── parts of a slice <───┘   when its pages so far show that it is worth cutting
//! ```
//!
//! A page is asked for when there is room for it in the channel, which has one place per reader: a slow consumer slows the readers
//! down, and no more pages than that are in memory, be they on their way or waiting to be consumed. What is kept per
//! open slice is a fingerprint of each point told, because AWS may repeat points between pages and because a refused token
//! starts the slice over.

use std::collections::{BinaryHeap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sav_domain::fault::FaultKind;
use sav_domain::operation::Operation;
use sav_domain::slice::Slice;
use sav_domain::{Moment, RecoveryPoint};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::calls::{Calls, IDLE_ROUNDS, going_round};
use crate::ports::{CallError, Gateway, PointsAsked};

/// A slice that outgrew what was thought of it is taken to be this many times as large as what was read of it.
const OVERGROWN: u64 = 8;

#[derive(Clone, Debug)]
pub struct SweepPlan {
    pub slices: Vec<Slice>,
    /// Ask AWS for this type only.
    pub resource_type: Option<String>,
    /// Slices read at the same time, and pages in memory.
    pub readers: usize,
    /// Points a slice should hold for the readers to share the work well.
    pub part_size: u64,
}

impl SweepPlan {
    const READERS: usize = 16;
    /// A slice smaller than this is not worth a cut, which reads a page twice.
    const SMALLEST_PART: u64 = 4_000;
    /// Bounds what a reader remembers of the points it told.
    const LARGEST_PART: u64 = 32_000;

    pub fn for_slices(slices: Vec<Slice>) -> Self {
        // AWS's counts are approximate, and another implementation's may be anything.
        let expected = slices
            .iter()
            .fold(0_u64, |sum, slice| sum.saturating_add(slice.expected));
        let part_size = (expected / (2 * Self::READERS as u64)).clamp(Self::SMALLEST_PART, Self::LARGEST_PART);
        Self {
            slices,
            resource_type: None,
            readers: Self::READERS,
            part_size,
        }
    }
}

/// What a sweep came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub pages: u64,
    pub points: u64,
    pub cuts: u64,
    pub restarts: u64,
}

/// Starts to read all slices. Every page's points, passed through `project` where they were read, arrive in the channel. The task ends
/// with the first error that patience did not cure, or when nobody listens any more.
pub fn start<G, P, T>(
    calls: Arc<Calls<G>>,
    plan: SweepPlan,
    project: P,
) -> (mpsc::Receiver<T>, JoinHandle<Result<Swept, CallError>>)
where
    G: Gateway,
    P: Fn(Vec<RecoveryPoint>) -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    let (told, heard) = mpsc::channel(plan.readers.max(1));
    (heard, tokio::spawn(sweep(calls, plan, project, told)))
}

async fn sweep<G, P, T>(
    calls: Arc<Calls<G>>,
    plan: SweepPlan,
    project: P,
    told: mpsc::Sender<T>,
) -> Result<Swept, CallError>
where
    G: Gateway,
    P: Fn(Vec<RecoveryPoint>) -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    let mut waiting: BinaryHeap<Task> = plan.slices.iter().cloned().map(Task::new).collect();
    let hands_free = Arc::new(AtomicBool::new(false));
    let project = Arc::new(project);
    let hasher = RandomState::new();
    let mut readers = JoinSet::new();
    let mut total = Swept::default();
    loop {
        while readers.len() < plan.readers
            && let Some(task) = waiting.pop()
        {
            let reader = Reader {
                calls: calls.clone(),
                resource_type: plan.resource_type.clone(),
                part_size: plan.part_size,
                hands_free: hands_free.clone(),
                hasher: hasher.clone(),
                swept: Swept::default(),
            };
            let (project, told) = (project.clone(), told.clone());
            readers.spawn(async move { reader.read(task, project.as_ref(), &told).await });
        }
        hands_free.store(waiting.is_empty() && readers.len() < plan.readers, Ordering::Relaxed);
        let Some(done) = readers.join_next().await else {
            return Ok(total);
        };
        let (swept, parts) = done.expect("a reader neither panics nor is cancelled while the sweep runs")?;
        total.pages += swept.pages;
        total.points += swept.points;
        total.cuts += u64::from(!parts.is_empty());
        total.restarts += swept.restarts;
        waiting.extend(parts);
    }
}

/// A slice to read, and the points of it that an earlier reader has told.
#[derive(Debug)]
struct Task {
    slice: Slice,
    told_before: Option<Arc<HashSet<u64>>>,
    whole: Arc<Whole>,
}

/// What a slice was cut from in the first place.
#[derive(Debug)]
struct Whole {
    expected: u64,
    told: AtomicU64,
}

impl Whole {
    /// Points still to be told, as far as was expected; None if more came already, so that nobody knows.
    fn left(&self) -> Option<u64> {
        self.expected.checked_sub(self.told.load(Ordering::Relaxed))
    }
}

impl Task {
    fn new(slice: Slice) -> Self {
        let whole = Whole {
            expected: slice.expected,
            told: AtomicU64::new(0),
        };
        Self {
            slice,
            told_before: None,
            whole: Arc::new(whole),
        }
    }

    /// The parts of a slice. What was `told` of it is read again with them, and not told again.
    fn parts(parts: Vec<Slice>, told: Option<HashSet<u64>>, whole: &Arc<Whole>) -> Vec<Self> {
        let told_before = told.map(Arc::new);
        let part = |slice| Self {
            slice,
            told_before: told_before.clone(),
            whole: whole.clone(),
        };
        parts.into_iter().map(part).collect()
    }
}

// The largest first, so that no large one is left alone at the end.
impl Ord for Task {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.slice
            .expected
            .cmp(&other.slice.expected)
            .then_with(|| other.slice.vault.cmp(&self.slice.vault))
    }
}

impl PartialOrd for Task {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Task {}

struct Reader<G> {
    calls: Arc<Calls<G>>,
    resource_type: Option<String>,
    part_size: u64,
    /// Whether another reader would have time for a part of ours.
    hands_free: Arc<AtomicBool>,
    hasher: RandomState,
    swept: Swept,
}

impl<G: Gateway> Reader<G> {
    /// Reads one slice to its end, or to where it is better cut: then its parts are what is left to do.
    async fn read<T>(
        mut self,
        task: Task,
        project: &(dyn Fn(Vec<RecoveryPoint>) -> T + Send + Sync),
        listener: &mpsc::Sender<T>,
    ) -> Result<(Swept, Vec<Task>), CallError> {
        let Task {
            slice,
            told_before,
            whole,
        } = task;
        let asked = PointsAsked {
            vault: slice.vault.clone(),
            resource_type: self.resource_type.clone(),
            created_after: slice.asked_after(),
            created_before: slice.asked_before(),
        };
        let mut told: HashSet<u64> = HashSet::new();
        let mut dates: Vec<Option<Moment>> = Vec::new();
        let mut token: Option<String> = None;
        let mut idle_restarts = 0;
        let mut led_to_itself = 0;
        loop {
            let Ok(room) = listener.reserve().await else {
                return Ok((self.swept, Vec::new()));
            };
            let page = match self.calls.points(&asked, token.as_deref()).await {
                Ok(page) => page,
                Err(error) if token.is_some() && error.kind == FaultKind::Rejected && idle_restarts < IDLE_ROUNDS => {
                    tracing::debug!(vault = %slice.vault, %error, "the token was refused: this part of the list starts over");
                    idle_restarts += 1;
                    self.swept.restarts += 1;
                    token = None;
                    // It is all read again anyway, and a shorter list runs into a refusal less easily.
                    if let Some(parts) = cut_again(&slice, &dates, dates.len() as u64 / 4, None) {
                        let told = all_told(told, told_before.as_deref());
                        return Ok((self.swept, Task::parts(parts, Some(told), &whole)));
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.swept.pages += 1;
            dates.extend(page.items.iter().map(|point| point.created));
            let first = token.is_none() && told.is_empty() && told_before.is_none();
            if first
                && page.token.is_some()
                && let Some(parts) = slice.cut(&dates, self.part_size)
            {
                // Nothing of this page was told: it is read again as part of the parts.
                return Ok((self.swept, Task::parts(parts, None, &whole)));
            }
            let mut fresh = page.items;
            fresh.retain(|point| {
                let print = fingerprint(&self.hasher, point);
                slice.holds(point)
                    && told_before.as_ref().is_none_or(|before| !before.contains(&print))
                    && told.insert(print)
            });
            if !fresh.is_empty() {
                idle_restarts = 0;
                self.swept.points += fresh.len() as u64;
                whole.told.fetch_add(fresh.len() as u64, Ordering::Relaxed);
                room.send(project(fresh));
            }
            let Some(next) = page.token else {
                return Ok((self.swept, Vec::new()));
            };
            led_to_itself = if token.as_ref() == Some(&next) {
                led_to_itself + 1
            } else {
                0
            };
            if led_to_itself > IDLE_ROUNDS {
                return Err(going_round(
                    self.calls.gateway(),
                    Operation::ListRecoveryPointsByBackupVault,
                    Some(slice.vault.to_string()),
                ));
            }
            token = Some(next);
            // Far larger than thought, others have nothing to do, and calls have not to queue: cut after all.
            if dates.len() as u64 >= self.part_size
                && self.hands_free.load(Ordering::Relaxed)
                && self.calls.governor().is_idle()
                && let Some(parts) = cut_again(&slice, &dates, self.part_size, whole.left())
            {
                let told = all_told(told, told_before.as_deref());
                return Ok((self.swept, Task::parts(parts, Some(told), &whole)));
            }
        }
    }
}

/// What tells a point from the others. One whose ARN was left out is known by everything else that was said of it.
fn fingerprint(hasher: &RandomState, point: &RecoveryPoint) -> u64 {
    if point.arn.is_empty() {
        hasher.hash_one((
            &point.resource_arn,
            &point.resource_name,
            point.created,
            point.initiated,
            point.completed,
            point.size_bytes,
        ))
    } else {
        hasher.hash_one(&point.arn)
    }
}

/// Cuts a slice of which pages have been read. They will be read again, so far more than that must be left.
fn cut_again(slice: &Slice, dates: &[Option<Moment>], part_size: u64, left: Option<u64>) -> Option<Vec<Slice>> {
    let seen = dates.len() as u64;
    let expected = match left {
        Some(left) if left < 2 * seen => return None,
        Some(left) => seen + left,
        None => seen * OVERGROWN,
    };
    let grown = Slice {
        expected,
        ..slice.clone()
    };
    grown.cut(dates, part_size.max(1))
}

/// The points told of a slice, those of earlier readers with them.
fn all_told(mut told: HashSet<u64>, before: Option<&HashSet<u64>>) -> HashSet<u64> {
    told.extend(before.into_iter().flatten());
    told
}
