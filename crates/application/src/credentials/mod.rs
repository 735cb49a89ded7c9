//! Credentials that end while there is work to do.
//!
//! ```text
//!   calls ──> gate ──────────> AWS            Open ── a call is refused ──> Renewing ── three in vain ──> Paused
//!     ^        │ "expired"                     ^                              │  ^                          │
//!     │        v                               └── the right one's, renewed ──┘  └─ files changed, a key, ──┘
//!     └──── keeper ──> reads anew, asks STS                                         or some time passed
//! ```
//!
//! Every call passes its side's gate and remembers the generation of credentials that it left with. A refusal closes the gate
//! once for a generation, however many calls meet it; the keeper renews, and each refused call is made again. Credentials
//! that say when they end, or whose files change, are renewed ahead, with the gate open.

mod course;
mod gate;
mod keeper;
mod standing;
#[cfg(test)]
mod tests;

pub use gate::Gate;
pub use keeper::keep;
pub use standing::{Generation, Standing, Trouble, Why};
