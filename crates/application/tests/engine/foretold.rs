//! The end as it was foretold when a quarter had arrived, and as it came.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sav_application::copying;
use sav_application::engine::{Ending, Parties, RunEvent};
use sav_application::forecasting::{self, OpenWindow};
use sav_application::ports::{Clock, Ledger, Side};
use sav_domain::Moment;
use sav_domain::forecast::{Determinant, Forecast};
use sav_simulator::faults::FaultPlan;
use sav_simulator::fleet::{Durations, FleetSettings, LimitChange, Limits, NewLimit, Spread, Surplus};
use sav_simulator::world::{Pool, ResourceType as T, WorldPlan};
use tokio::sync::{mpsc, watch};

use crate::story::{Story, plain};

/// Hours from the moment of asking.
pub(crate) struct Foretold {
    pub(crate) windows: usize,
    pub(crate) truth: f64,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    /// By a straight line through what has arrived.
    pub(crate) line: f64,
    pub(crate) waits_for: String,
}

/// Numbers that look thrown, the same for a seed.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = u32::try_from((z ^ (z >> 31)) >> 32).unwrap();
        f64::from(bits) / f64::from(u32::MAX)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// As likely between 1 and 10 as between 10 and 100.
    fn of_any_size(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers of a test"
)]
fn whole(number: f64) -> usize {
    number.round() as usize
}

struct Scene {
    plan: WorldPlan,
    fleet: FleetSettings,
    /// How long windows are and how far apart they begin. None: one window to the end.
    windows: Option<(Duration, Duration)>,
}

fn scene(seed: u64) -> Scene {
    let mut dice = Dice(seed.wrapping_mul(7919));
    let points = whole(dice.of_any_size(1000.0, 4000.0));
    let kinds = [
        T::Ebs,
        T::Ec2,
        T::Rds,
        T::Aurora,
        T::Efs,
        T::DynamoDb,
        T::S3,
        T::FsxLustre,
    ];
    let weights = kinds.map(|kind| (kind, dice.unit().powi(2)));
    let plan = WorldPlan {
        weights: weights.to_vec(),
        points_per_resource: dice.of_any_size(2.0, 15.0),
        longest_chain: whole(dice.of_any_size(10.0, 200.0)),
        ..plain(seed, points)
    };
    let mut limits = Limits::default();
    for pool in Pool::ALL {
        *limits.of_mut(pool) = u32::try_from(whole(dice.of_any_size(3.0, 40.0))).unwrap();
    }
    let mut fleet = FleetSettings {
        seed,
        limits,
        durations: Durations {
            base: Duration::from_secs_f64(dice.of_any_size(60.0, 600.0)),
            bytes_per_second: dice.of_any_size(200e6, 2e9),
            incremental_share: dice.of_any_size(0.02, 0.3),
            spread: Spread::LongTailed {
                sigma: dice.between(0.2, 0.9),
            },
            scale: 1.0,
        },
        ..FleetSettings::default()
    };
    if dice.unit() < 0.2 {
        fleet.over_limit = Surplus::Refused;
    }
    if dice.unit() < 0.15 {
        let pool = Pool::ALL[whole(dice.between(0.0, 4.4)).min(4)];
        let limit = f64::from(limits.of(pool)) * dice.of_any_size(0.5, 2.0);
        fleet.limit_changes.push(LimitChange {
            at: plan.start + Duration::from_secs_f64(dice.between(1.0, 48.0) * 3600.0),
            to: NewLimit::Pool(pool, u32::try_from(whole(limit)).unwrap().max(1)),
        });
    }
    let windows = (dice.unit() < 0.3).then(|| {
        let length = Duration::from_secs_f64(dice.between(2.0, 8.0) * 3600.0);
        (length, Duration::from_hours(24))
    });
    Scene { plan, fleet, windows }
}

#[derive(Clone)]
struct Asked {
    at: Moment,
    left: f64,
    arrived: f64,
    open_hours: f64,
    forecast: Forecast,
}

/// Copies the world of this seed to its end.
pub(crate) async fn world(seed: u64) -> Foretold {
    let Scene { plan, fleet, windows } = scene(seed);
    let mut story = Story::new(plan, fleet, FaultPlan::none());
    story.settings.max_runtime = windows.map(|(length, _)| length);
    story.plan().await;
    let all = story.eligible().len();
    let began = story.time.now();
    let (mut arrived, mut asked, mut last) = (0, None::<Asked>, began);
    let mut count = 0;
    let mut open_before = 0.0;
    loop {
        let opened = story.time.now();
        let (tell, mut heard) = mpsc::unbounded_channel();
        let (_stop, stopped) = watch::channel(None);
        let parties = Parties {
            source: story.desk(Side::Source),
            destination: Some(story.desk(Side::Destination)),
            ledger: story.ledger.clone(),
            terms: story.terms(),
            clock: Arc::new(story.time.clone()),
        };
        let listen = async {
            while let Some(event) = heard.recv().await {
                if !matches!(event, RunEvent::Arrived { .. }) {
                    continue;
                }
                arrived += 1;
                last = story.time.now();
                if arrived * 4 >= all && asked.is_none() {
                    let reader = story.ledger.reader().unwrap();
                    let open = OpenWindow {
                        running: true,
                        planned: story.settings.max_runtime,
                    };
                    asked = Some(Asked {
                        at: last,
                        left: float(all - arrived),
                        arrived: float(arrived),
                        open_hours: open_before + hours(opened, last),
                        forecast: forecasting::read(&reader, open, last).unwrap().unwrap(),
                    });
                }
            }
        };
        let (over, ()) = tokio::join!(
            copying::window(story.settings.clone(), parties, stopped, tell, |_, _| 2),
            listen
        );
        let over = over.unwrap();
        story.time.tick();
        count += 1;
        open_before += hours(opened, story.time.now());
        if over.run.how == Ending::Finished {
            break;
        }
        assert_eq!(over.run.how, Ending::WindowOver, "seed {seed}");
        let (_, period) = windows.unwrap();
        let next = opened.plus_millis(i64::try_from(period.as_millis()).unwrap());
        let wait = u64::try_from(next.millis_since(story.time.now())).unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    let asked = asked.unwrap();
    let line = asked.left * asked.open_hours / asked.arrived;
    Foretold {
        windows: count,
        truth: hours(asked.at, last),
        p50: hours(asked.at, asked.forecast.finish_p50),
        p90: hours(asked.at, asked.forecast.finish_p90),
        line: by_calendar(line, began, asked.at, windows),
        waits_for: match asked.forecast.determined_by {
            Determinant::Slots { pool, .. } => format!("slots of {}", pool.name()),
            Determinant::Resource { points, .. } => format!("a resource with {points} points"),
            Determinant::Submissions { .. } => "submissions".to_owned(),
        },
    }
}

/// When so many hours of open windows are over, in hours from the moment of asking.
fn by_calendar(open_hours: f64, began: Moment, at: Moment, windows: Option<(Duration, Duration)>) -> f64 {
    let Some((length, period)) = windows else {
        return open_hours;
    };
    let (length, period) = (length.as_secs_f64() / 3600.0, period.as_secs_f64() / 3600.0);
    let since = hours(began, at);
    let start = (since / period).floor() * period;
    let rest = start + length - since;
    if open_hours <= rest {
        return open_hours;
    }
    let behind = open_hours - rest;
    let whole = (behind / length).ceil() - 1.0;
    start + period - since + whole * period + (behind - whole * length)
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

#[expect(clippy::cast_precision_loss, reason = "spans of a test")]
fn hours(from: Moment, until: Moment) -> f64 {
    until.millis_since(from) as f64 / 3_600_000.0
}

/// How often who was right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) worlds: f64,
    pub(crate) under_p50: f64,
    pub(crate) under_p90: f64,
    pub(crate) closer_than_line: f64,
    /// By which part p50 was wrong, and the line.
    wrong: Vec<(f64, f64)>,
}

impl Tally {
    pub(crate) fn add(&mut self, truth: f64, p50: f64, p90: f64, line: f64) {
        let count = |is: bool| if is { 1.0 } else { 0.0 };
        let wrong = ((p50 - truth).abs(), (line - truth).abs());
        self.worlds += 1.0;
        self.under_p50 += count(truth <= p50);
        self.under_p90 += count(truth <= p90);
        self.closer_than_line += count(wrong.0 < wrong.1);
        self.wrong.push((wrong.0 / truth, wrong.1 / truth));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |count: f64| count * 100.0 / self.worlds;
        let middle = |which: fn(&(f64, f64)) -> f64| {
            let mut wrong: Vec<f64> = self.wrong.iter().map(which).collect();
            wrong.sort_by(f64::total_cmp);
            wrong.get(wrong.len() / 2).copied().unwrap_or_default() * 100.0
        };
        write!(
            f,
            "{} worlds: the end came before p50 in {:.0} %, before p90 in {:.0} %; p50 was closer than a straight line in {:.0} %; \
             wrong by {:.0} % in the median, the line by {:.0} %",
            self.worlds,
            share(self.under_p50),
            share(self.under_p90),
            share(self.closer_than_line),
            middle(|wrong| wrong.0),
            middle(|wrong| wrong.1)
        )
    }
}
