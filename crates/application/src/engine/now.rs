//! The moment at which something is decided.

use std::time::Duration;

use sav_domain::Moment;

/// By the calendar, for what is written down, and since the run began, for what is waited for: calendars jump.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) at: Moment,
    pub(super) since: Duration,
}

impl Now {
    pub(super) fn plus(self, span: Duration) -> Moment {
        self.at.plus_millis(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
    }
}
