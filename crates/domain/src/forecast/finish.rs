//! The end is the last of several things that are each more or less uncertain: played through many times with dice that always
//! fall alike.

/// Lanes of a pool share its slots, so what is wrong about the slots is wrong for all of them.
#[derive(Clone, Debug)]
pub(super) struct PoolEnd<T> {
    pub(super) what: T,
    /// Of all its work at the measured rate.
    pub(super) seconds: f64,
    /// Standard deviation of its logarithm.
    pub(super) error: f64,
    pub(super) lanes: Vec<LaneEnd<T>>,
}

#[derive(Clone, Debug)]
pub(super) struct LaneEnd<T> {
    pub(super) what: T,
    /// Until its turn comes.
    pub(super) waits: f64,
    pub(super) points: f64,
    /// Its copies, one after the other: the mean.
    pub(super) seconds: f64,
    /// Standard deviations of its logarithm: of its own, and of what all lanes of the type have in common.
    pub(super) own_error: f64,
    pub(super) shared_error: f64,
}

const PLAYS: u32 = 600;

#[derive(Clone, Debug)]
pub(super) struct Finish<T> {
    /// Seconds from now after which it is as likely over as not, and nine times of ten.
    pub(super) p50: f64,
    pub(super) p90: f64,
    /// What was last most often.
    pub(super) last: Option<T>,
}

/// When windows are open: turns seconds of them into seconds from now.
pub(super) trait Calendar {
    fn until_over(&self, seconds: f64) -> f64;

    /// Of so many copies one after the other, the first of which can be asked for after some seconds of open windows.
    fn until_lane_is_over(&self, waits: f64, points: f64, seconds: f64) -> f64;
}

/// `at_least`: nothing is over before so many seconds of open windows.
pub(super) fn play<T: Clone>(pools: &[PoolEnd<T>], at_least: f64, calendar: &impl Calendar) -> Finish<T> {
    let pools = pools.iter().map(PoolEnd::without_hopeless).collect::<Vec<_>>();
    let mut dice = Dice(0x5bd1_e995);
    let mut ends = Vec::with_capacity(PLAYS as usize);
    let mut lasts: Vec<((usize, usize), u32)> = Vec::new();
    let at_least = calendar.until_over(at_least);
    for _ in 0..PLAYS {
        let (mut end, mut last) = (at_least, None);
        for (number, pool) in pools.iter().enumerate() {
            let slots = (pool.error * dice.normal()).exp();
            let common = dice.normal();
            let over = calendar.until_over(pool.seconds * slots);
            if over > end {
                (end, last) = (over, Some((number, 0)));
            }
            for (place, lane) in pool.lanes.iter().enumerate() {
                let variance = lane.own_error.powi(2) + lane.shared_error.powi(2);
                let own = (lane.own_error * dice.normal() - variance / 2.0 + lane.shared_error * common).exp();
                let over = calendar.until_lane_is_over(lane.waits * slots, lane.points, lane.seconds * own);
                if over > end {
                    (end, last) = (over, Some((number, place + 1)));
                }
            }
        }
        ends.push(end);
        if let Some(last) = last {
            match lasts.iter_mut().find(|(known, _)| *known == last) {
                Some((_, times)) => *times += 1,
                None => lasts.push((last, 1)),
            }
        }
    }
    ends.sort_by(f64::total_cmp);
    let at = |part: usize| ends[ends.len() * part / 10];
    let last = lasts
        .into_iter()
        .max_by_key(|(_, times)| *times)
        .map(|((pool, lane), _)| {
            let pool = &pools[pool];
            lane.checked_sub(1)
                .map_or(&pool.what, |lane| &pool.lanes[lane].what)
                .clone()
        });
    Finish {
        p50: at(5),
        p90: at(9),
        last,
    }
}

impl<T: Clone> PoolEnd<T> {
    /// Lanes that will not be the last whatever happens only cost time.
    fn without_hopeless(&self) -> Self {
        let typical = |lane: &LaneEnd<T>| lane.waits + lane.seconds;
        let latest = self.lanes.iter().map(typical).fold(self.seconds, f64::max);
        let at_worst = |lane: &&LaneEnd<T>| {
            let error = 3.0 * (lane.own_error.powi(2) + lane.shared_error.powi(2)).sqrt();
            lane.waits + lane.seconds * error.exp() >= latest * 0.8
        };
        Self {
            lanes: self.lanes.iter().filter(at_worst).cloned().collect(),
            ..self.clone()
        }
    }
}

/// Splitmix: the same every time, so that the same ledger has the same forecast.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits are left, which is what a float holds"
        )]
        let bits = ((z ^ (z >> 31)) >> 11) as f64;
        #[expect(clippy::cast_precision_loss, reason = "a power of two")]
        let whole = (1_u64 << 53) as f64;
        bits / whole
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One window without an end.
    struct Always;

    impl Calendar for Always {
        fn until_over(&self, seconds: f64) -> f64 {
            seconds
        }

        fn until_lane_is_over(&self, waits: f64, _: f64, seconds: f64) -> f64 {
            waits + seconds
        }
    }

    fn pool(seconds: f64, error: f64, lanes: Vec<LaneEnd<&'static str>>) -> PoolEnd<&'static str> {
        PoolEnd {
            what: "slots",
            seconds,
            error,
            lanes,
        }
    }

    fn lane(waits: f64, seconds: f64, own_error: f64) -> LaneEnd<&'static str> {
        LaneEnd {
            what: "lane",
            waits,
            points: 1.0,
            seconds,
            own_error,
            shared_error: 0.0,
        }
    }

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 0.05, "{found} instead of {expected}");
    }

    #[test]
    fn of_one_the_middle_is_its_estimate() {
        let finish = play(&[pool(1000.0, 0.3, Vec::new())], 0.0, &Always);
        near(finish.p50, 1000.0);
        near(finish.p90, 1000.0 * (1.2816_f64 * 0.3).exp());
        assert_eq!(finish.last, Some("slots"));
        assert!((play::<&str>(&[], 7.0, &Always).p50 - 7.0).abs() < 1e-9);
    }

    #[test]
    fn the_last_of_many_alike_comes_later_than_each() {
        let many = vec![lane(0.0, 1000.0, 0.2); 20];
        // Twenty are over with one half when each is with the twentieth root of it.
        near(
            play(&[pool(10.0, 0.0, many)], 0.0, &Always).p50,
            1000.0 * (1.818_f64 * 0.2 - 0.02).exp(),
        );
        let short = play(&[pool(1000.0, 0.1, vec![lane(0.0, 10.0, 0.1)])], 0.0, &Always);
        assert_eq!(short.last, Some("slots"), "what is long over delays nothing");
    }

    #[test]
    fn a_long_lane_whose_turn_comes_late_is_the_end() {
        let finish = play(&[pool(1000.0, 0.05, vec![lane(900.0, 500.0, 0.05)])], 0.0, &Always);
        near(finish.p50, 1400.0);
        assert_eq!(finish.last, Some("lane"));
    }
}
