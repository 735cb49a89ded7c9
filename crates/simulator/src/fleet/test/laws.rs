//! What holds in every world, with any settings and any schedule.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::fleet::{
    Category, Copies, FailurePlan, LimitChange, Limits, NewLimit, ScheduledBackups, Spread, Surplus, TokenReplay,
    Tokens,
};
use crate::world::Pool;
use ResourceType as T;

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Submit { point: usize, token: Option<u8> },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0_u64..4_000).prop_map(Step::Wait),
        5 => (0_usize..40, proptest::option::of(0_u8..6)).prop_map(|(point, token)| Step::Submit { point, token }),
    ];
    proptest::collection::vec(step, 1..80)
}

fn surplus() -> impl Strategy<Value = Surplus> {
    prop_oneof![2 => Just(Surplus::Queues), 1 => Just(Surplus::Refused), 1 => Just(Surplus::FailsLater)]
}

fn settings() -> impl Strategy<Value = FleetSettings> {
    let limits = (1_u32..4, proptest::option::of(1_u32..6), proptest::option::of(0_u32..9));
    let changes = proptest::collection::vec((0_i64..20_000, 0_u32..5, any::<bool>()), 0..4);
    let times = (
        0_u64..400,
        prop_oneof![Just(0.0), Just(0.3), Just(1.0)],
        0_u64..600,
        any::<bool>(),
    );
    let luck = (0.0..0.6_f64, 1_u32..3, any::<bool>(), 60_u64..90_000);
    (
        any::<u64>(),
        limits,
        changes,
        surplus(),
        surplus(),
        times,
        luck,
        any::<bool>(),
    )
        .prop_map(
            |(seed, (limit, account, longest_queue), changes, over_limit, same_resource, times, luck, backups)| {
                let start = Story::new().start;
                let (longest, scale, base, long_tailed) = times;
                let (share, attempts, failed_jobs_keep_theirs, memory) = luck;
                let mut limit_changes: Vec<_> = changes
                    .into_iter()
                    .map(|(at, limit, of_account)| LimitChange {
                        at: start + Duration::from_secs(at.unsigned_abs()),
                        to: if of_account {
                            NewLimit::Account(Some(limit))
                        } else {
                            NewLimit::Pool(Pool::FullyManaged, limit)
                        },
                    })
                    .collect();
                // In the end somebody opens the gates again, or jobs would wait for ever.
                let end = start + Duration::from_mins(500);
                limit_changes.push(LimitChange {
                    at: end,
                    to: NewLimit::Account(account),
                });
                limit_changes.push(LimitChange {
                    at: end,
                    to: NewLimit::Pool(Pool::FullyManaged, limit),
                });
                FleetSettings {
                    seed,
                    limits: Limits {
                        account,
                        ..Limits::all(limit)
                    },
                    limit_changes,
                    over_limit,
                    same_resource,
                    longest_queue,
                    start: Latency {
                        longest: Duration::from_secs(longest),
                        late_share: 0.1,
                        ..Latency::NONE
                    },
                    durations: Durations {
                        scale,
                        spread: if long_tailed {
                            Spread::LongTailed { sigma: 1.0 }
                        } else {
                            Spread::Even { width: 0.5 }
                        },
                        ..Durations::fixed(Duration::from_secs(base))
                    },
                    backups: backups.then_some(ScheduledBackups {
                        every: MINUTE * 60,
                        lasts: MINUTE * 5,
                    }),
                    failures: FailurePlan {
                        share,
                        attempts,
                        ..FailurePlan::default()
                    },
                    tokens: Tokens {
                        memory: Duration::from_secs(memory),
                        failed_jobs_keep_theirs,
                        ..Tokens::default()
                    },
                    copies: Copies {
                        leave_grants: true,
                        ..Copies::default()
                    },
                    ..quick()
                }
            },
        )
}

/// Forty points of twelve resources of several pools, one of them a composite with three parts.
fn populate(story: &mut Story) -> Vec<PointId> {
    const TYPES: [ResourceType; 6] = [T::Ebs, T::Ec2, T::Rds, T::Efs, T::DynamoDb, T::FsxLustre];
    let resources: Vec<_> = (0..12).map(|index| story.resource(TYPES[index % 6])).collect();
    let mut points: Vec<_> = (0..36_u16)
        .map(|index| story.point_of(resources[usize::from(index * index) % 12], i64::from(index % 9) + 1))
        .collect();
    let whole = story.point(T::CloudFormation);
    story.world.point_mut(whole).kind = PointKind::Composite;
    points.push(whole);
    for resource_type in [T::Ebs, T::Efs, T::Redshift] {
        let part = story.point(resource_type);
        story.world.point_mut(part).parent = Some(whole);
        points.push(part);
    }
    points
}

/// What a test saw of a run.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    answers: Vec<String>,
    jobs: Vec<String>,
    account: String,
}

/// Plays a schedule, looking at every law after every event.
fn play(settings: &FleetSettings, steps: &[Step], fine: bool) -> (Story, Seen) {
    let mut story = Story::with(settings.clone());
    let points = populate(&mut story);
    let mut laws = Laws::default();
    let mut seen = Seen::default();
    for step in steps {
        match step {
            Step::Wait(seconds) => Laws::pass_time(&mut story, Duration::from_secs(*seconds), fine),
            Step::Submit { point, token } => {
                let token = token.map(|token| format!("token-{token}"));
                let order = CopyOrder {
                    token: token.clone(),
                    ..story.order(points[point % points.len()])
                };
                let answer = story.place(order);
                laws.accepted(&story, token, &answer);
                seen.answers.push(format!("{answer:?}"));
            }
        }
        Laws::look(&story);
    }
    Laws::pass_time(&mut story, Duration::from_hours(10), fine);
    story.finish();
    Laws::look(&story);
    seen.jobs = story.fleet.jobs_from(0).map(|(_, job)| format!("{job:?}")).collect();
    seen.account = serde_json::to_string(&story.fleet.account(&story.world)).unwrap();
    (story, seen)
}

/// Which job each token stands for, since when.
#[derive(Default)]
struct Laws {
    tokens: HashMap<String, (Moment, String)>,
}

impl Laws {
    fn pass_time(story: &mut Story, span: Duration, fine: bool) {
        let until = story.now + span;
        while let Some(next) = story.fleet.next_event().filter(|next| fine && *next <= until) {
            assert!(story.fleet.clock <= next, "an event in the past was left");
            story.now = story.now.max(next);
            story.fleet.advance(&mut story.world, next);
            Laws::look(story);
        }
        story.now = until;
        story.fleet.advance(&mut story.world, until);
        Laws::look(story);
    }

    fn look(story: &Story) {
        let running = story
            .fleet
            .open_jobs()
            .map(|(_, job)| job)
            .filter(|job| job.state == JobState::Running);
        let mut resources = HashSet::new();
        for job in running.filter(|job| !job.is_parent) {
            assert!(resources.insert(job.resource), "two jobs of one resource run");
        }
    }

    fn accepted(&mut self, story: &Story, token: Option<String>, answer: &Result<Accepted, Refusal>) {
        let (Some(token), Ok(accepted)) = (token, answer) else {
            return;
        };
        let settings = story.fleet.settings().tokens;
        assert_eq!(settings.replay, TokenReplay::SameJob);
        let now = story.fleet.clock;
        if let Some((at, id)) = self.tokens.get(&token) {
            let remembered = now.since(*at) < settings.memory;
            let freed = !settings.failed_jobs_keep_theirs && story.state(id) == JobState::Failed;
            assert!(!remembered || freed || *id == accepted.job_id, "one token, two jobs");
            if *id == accepted.job_id {
                return;
            }
        }
        self.tokens.insert(token, (now, accepted.job_id.clone()));
    }
}

/// The limit that holds at a moment.
fn limit_at(settings: &FleetSettings, at: Moment, which: impl Fn(&Limits) -> Option<u32>) -> Option<u32> {
    let mut limits = settings.limits;
    let mut changes = settings.limit_changes.clone();
    changes.sort_by_key(|change| change.at);
    for change in changes.iter().filter(|change| change.at <= at) {
        match change.to {
            NewLimit::Pool(pool, limit) => *limits.of_mut(pool) = limit,
            NewLimit::Account(limit) => limits.account = limit,
        }
    }
    which(&limits)
}

/// From start to end; jobs that took no time crowd nobody out.
fn spans(story: &Story) -> Vec<(Moment, Moment, &Job)> {
    let span = |job: &'_ Job| Some((job.started?, job.completed?));
    let jobs = story
        .fleet
        .jobs_from(0)
        .map(|(_, job)| job)
        .filter(|job| !job.is_parent);
    jobs.filter_map(|job| span(job).map(|(from, to)| (from, to, job)))
        .filter(|(from, to, _)| from < to)
        .collect()
}

/// Whenever a job started there was a slot for it, and no other job of its resource was running.
fn assert_room_at_each_start(story: &Story) {
    let spans = spans(story);
    for (start, _, job) in &spans {
        let running: Vec<&Job> = spans
            .iter()
            .filter(|(from, to, _)| from <= start && start < to)
            .map(|(_, _, job)| *job)
            .collect();
        let of_pool = running.iter().filter(|other| other.pool() == job.pool()).count();
        let of_resource = running.iter().filter(|other| other.resource == job.resource).count();
        let settings = story.fleet.settings();
        let within = |count: usize, limit: Option<u32>| limit.is_none_or(|limit| count <= limit as usize);
        assert_eq!(of_resource, 1, "two jobs of one resource ran");
        assert!(
            within(
                of_pool,
                limit_at(settings, *start, |limits| job.pool().map(|pool| limits.of(pool)))
            ),
            "beyond the pool"
        );
        assert!(
            within(running.len(), limit_at(settings, *start, |limits| limits.account)),
            "beyond the account"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn every_law_holds_in_every_run(settings in settings(), steps in steps()) {
        let (story, seen) = play(&settings, &steps, true);
        let account = story.fleet.account(&story.world);
        prop_assert_eq!(account.jobs_open, 0, "every job ends");
        prop_assert!(account.most_running_per_resource <= 1);
        prop_assert_eq!(account.jobs_accepted, seen.jobs.len() as u64);
        assert_room_at_each_start(&story);

        // Every completed job made exactly one point, and nothing else did.
        let ended: Vec<_> = story.fleet.jobs_from(0).map(|(_, job)| job).collect();
        let copies: HashSet<_> = ended.iter().filter_map(|job| job.destination_point).collect();
        let in_vault = &story.world.vault(story.destination).points;
        prop_assert_eq!(copies.len(), in_vault.len());
        prop_assert!(in_vault.iter().all(|point| copies.contains(point)));
        for job in &ended {
            let well = matches!(job.state, JobState::Completed | JobState::Partial);
            prop_assert_eq!(job.destination_point.is_some(), well);
            prop_assert_eq!(job.state == JobState::Failed, job.category.is_some());
            prop_assert!(job.created <= job.completed.unwrap());
            prop_assert!(job.started.is_none_or(|at| job.created <= at && at <= job.completed.unwrap()));
        }
        let tallied: u64 =
            story.fleet.tallies().map(|(_, tally)| u64::from(tally.completed) + u64::from(tally.partial)).sum();
        prop_assert_eq!(tallied, copies.len() as u64);

        // No run beats its lower bound.
        prop_assert!(account.makespan_seconds + 0.001 >= account.lower_bound.makespan.as_secs_f64());
        let area: u64 = account.pools.iter().map(|pool| pool.curve.running_millis).sum();
        let ran: u128 = account.lower_bound.pools.iter().map(|pool| pool.ran.as_millis()).sum();
        prop_assert_eq!(u128::from(area), ran);
    }

    #[test]
    fn the_same_seed_and_schedule_make_the_same_history_however_often_it_is_looked_at(
        settings in settings(), steps in steps()
    ) {
        let (_, first) = play(&settings, &steps, true);
        let (_, again) = play(&settings, &steps, true);
        prop_assert_eq!(&first, &again);
        let (_, coarse) = play(&settings, &steps, false);
        prop_assert_eq!(&first, &coarse);
    }

    #[test]
    fn surplus_is_never_refused_where_it_queues(mut settings in settings(), steps in steps()) {
        (settings.over_limit, settings.same_resource, settings.longest_queue) = (Surplus::Queues, Surplus::Queues, None);
        let (story, seen) = play(&settings, &steps, false);
        prop_assert!(seen.answers.iter().all(|answer| !answer.contains("LimitExceeded")));
        let account = story.fleet.account(&story.world);
        prop_assert_eq!(account.refusals_by_code.get("LimitExceededException"), None);
        let crowded = |job: &Job| job.category == Some(Category::ConcurrentJob) && !job.doomed;
        prop_assert!(!story.fleet.jobs_from(0).any(|(_, job)| crowded(job)));
    }
}
