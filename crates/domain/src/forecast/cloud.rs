//! A straight line through a cloud of copies, each weighed by how long it was to take: the long ones scatter most.

use super::calendar::float;
use super::pace::Pace;

/// How far the slope of one type may lie from that of all, as a part of it.
const TYPES_DIFFER: f64 = 0.7;

/// One that was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Copy {
    pub(super) bytes: f64,
    pub(super) seconds: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) base: f64,
    pub(super) slope: f64,
    /// Standard deviation of the slope.
    pub(super) slope_error: f64,
}

/// Sums over the copies of one type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cloud {
    copies: f64,
    mean_bytes: f64,
    mean_seconds: f64,
    /// Weighted sums of squares and products around the means.
    bytes: f64,
    both: f64,
    seconds: f64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Slope {
    value: f64,
    error: f64,
}

impl Cloud {
    pub(super) fn of(copies: &[Copy], expected: &Pace) -> Self {
        let floor = expected.at(0.0).max(1.0) * 0.01;
        let weigh = |copy: &Copy| expected.at(copy.bytes).max(floor).powi(-2);
        let weights: f64 = copies.iter().map(weigh).sum();
        let mean = |value: fn(&Copy) -> f64| copies.iter().map(|copy| weigh(copy) * value(copy)).sum::<f64>() / weights;
        let (mean_bytes, mean_seconds) = (mean(|copy| copy.bytes), mean(|copy| copy.seconds));
        let mut cloud = Self {
            copies: float(copies.len() as u64),
            mean_bytes,
            mean_seconds,
            bytes: 0.0,
            both: 0.0,
            seconds: 0.0,
        };
        for copy in copies {
            let (bytes, seconds) = (copy.bytes - mean_bytes, copy.seconds - mean_seconds);
            let weight = weigh(copy);
            cloud.bytes += weight * bytes * bytes;
            cloud.both += weight * bytes * seconds;
            cloud.seconds += weight * seconds * seconds;
        }
        cloud
    }

    /// None where all are of one size, or too few.
    fn slope(&self) -> Option<Slope> {
        let freedom = self.copies - 2.0;
        if freedom < 1.0 || self.bytes <= 0.0 {
            return None;
        }
        let value = self.both / self.bytes;
        let residuals = (self.seconds - value * self.both).max(0.0);
        let error = (residuals / freedom / self.bytes).sqrt();
        (value.is_finite() && error.is_finite()).then_some(Slope { value, error })
    }

    pub(super) fn line(&self, common: Option<Slope>) -> Line {
        let believed = match (self.slope(), common) {
            (Some(own), Some(common)) => own.and(common),
            (None, Some(common)) => common,
            _ => Slope { value: 0.0, error: 0.0 },
        };
        // No copy takes longer for being smaller, nor less than no time for being empty.
        let slope = believed
            .value
            .max(0.0)
            .min(self.mean_seconds / self.mean_bytes.max(1.0));
        Line {
            base: (self.mean_seconds - slope * self.mean_bytes).max(0.0),
            slope,
            slope_error: believed.error,
        }
    }
}

impl Slope {
    /// Of all types together, each around its own means. None where size tells nothing, or the opposite of what could be.
    pub(super) fn common(clouds: &[Cloud]) -> Option<Self> {
        let sum = |value: fn(&Cloud) -> f64| clouds.iter().map(value).sum::<f64>();
        let freedom = sum(|cloud| cloud.copies - 1.0) - 1.0;
        let (bytes, both, seconds) = (
            sum(|cloud| cloud.bytes),
            sum(|cloud| cloud.both),
            sum(|cloud| cloud.seconds),
        );
        if freedom < 1.0 || bytes <= 0.0 {
            return None;
        }
        let value = both / bytes;
        let error = ((seconds - value * both).max(0.0) / freedom / bytes).sqrt();
        let error = error.hypot(value * TYPES_DIFFER);
        (value.is_finite() && error.is_finite() && value > 0.0).then_some(Self { value, error })
    }

    /// What two sources say, each by how sure it is.
    fn and(self, other: Self) -> Self {
        let sure = |slope: Self| {
            slope
                .error
                .max(slope.value.abs() * 1e-6)
                .max(f64::MIN_POSITIVE)
                .powi(-2)
        };
        let (one, two) = (sure(self), sure(other));
        if !(one + two).is_finite() {
            return if one.is_finite() { other } else { self };
        }
        Self {
            value: (self.value * one + other.value * two) / (one + two),
            error: (one + two).sqrt().recip(),
        }
    }
}
