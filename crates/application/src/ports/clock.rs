//! The time of day. What waits uses tokio's clock; this one only dates what is recorded.

use sav_domain::Moment;

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Moment;
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }
}
