//! Sizes: bytes inside, gibibytes in data, the fitting unit for people.

const GIB: u64 = 1 << 30;

/// `size_gb`: bytes / 2^30 with two decimals, halves rounded up.
#[expect(
    clippy::cast_precision_loss,
    reason = "hundredths of a GiB stay below 2^53 for all the bytes there are"
)]
pub fn size_gb(bytes: impl Into<u128>) -> f64 {
    let hundredths = bytes.into().saturating_mul(100).saturating_add(u128::from(GIB / 2)) / u128::from(GIB);
    hundredths as f64 / 100.0
}

/// `999 B`, `1.4 TiB`: one decimal from the first unit that needs it.
pub fn human(bytes: impl Into<u128>) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let bytes = bytes.into();
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes.saturating_mul(10);
    let mut divisor = 1024;
    let mut unit = 0;
    // What would be shown as 1024.0 of one unit is 1.0 of the next.
    while unit + 1 < UNITS.len() && tenths.saturating_add(divisor / 2) / divisor >= 10_240 {
        divisor *= 1024;
        unit += 1;
    }
    tenths = tenths.saturating_add(divisor / 2) / divisor;
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_read_the_fitting_unit() {
        let tib_and_a_bit = (1_u64 << 40) + (4 << 40) / 10;
        assert_eq!(human(0_u64), "0 B");
        assert_eq!(human(1023_u64), "1023 B");
        assert_eq!(human(1024_u64), "1.0 KiB");
        assert_eq!(human(GIB - 1), "1.0 GiB");
        assert_eq!(human(100 * GIB), "100.0 GiB");
        assert_eq!(human(tib_and_a_bit), "1.4 TiB");
        assert_eq!(human(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn gigabytes_have_two_decimals() {
        assert!((size_gb(GIB) - 1.0).abs() < f64::EPSILON);
        assert!((size_gb(1_610_612_736_u64) - 1.5).abs() < f64::EPSILON);
        assert!((size_gb(1_u64) - 0.0).abs() < f64::EPSILON);
        assert_eq!(size_gb(GIB / 200).to_string(), "0", "just under half a hundredth");
        assert_eq!(size_gb(GIB / 200 + 1).to_string(), "0.01");
    }

    proptest! {
        #[test]
        fn gigabytes_are_never_off_by_more_than_half_a_hundredth(bytes in any::<u64>()) {
            #[expect(clippy::cast_precision_loss, reason = "the reference may be coarse")]
            let exact = bytes as f64 / (1_u64 << 30) as f64;
            prop_assert!((size_gb(bytes) - exact).abs() <= 0.005 + exact * 1e-12);
        }
    }
}
