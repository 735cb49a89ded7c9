//! Job ids are the UUIDs of their serials, in upper case. An id alone leads back to its job, without a table of a million.

use crate::world::uuid_of;

use super::fate::unscramble;

pub(super) fn job_id(serial: u64) -> String {
    let mut text = uuid_of(serial);
    text.make_ascii_uppercase();
    text
}

/// The serials whose id this may be: the UUID's version took the place of four of the 64 scrambled bits it carries.
pub(super) fn serials_of(id: &str) -> impl Iterator<Item = u64> {
    let digits = |part: std::ops::Range<usize>| u64::from_str_radix(id.get(part)?, 16).ok();
    let known = || Some(digits(0..8)? << 32 | digits(9..13)? << 16 | digits(15..18)?);
    known()
        .into_iter()
        .flat_map(|known| (0..16).map(move |lost| unscramble(known | lost << 12)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_leads_back_to_its_serial(serial: u64, any_text in ".{0,40}") {
            let id = job_id(serial);
            prop_assert!(serials_of(&id).any(|found| found == serial), "{}", id);
            prop_assert!(serials_of(&any_text).count() <= 16);
        }
    }
}
