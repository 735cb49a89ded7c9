//! A run as a person follows it: what has come of it so far, in two voices.

mod block;
mod console;
#[cfg(test)]
mod cost;
mod rate;
mod sayings;
#[cfg(test)]
mod tests;
mod view;
mod voices;

pub use console::RunConsole;
pub use sayings::Saying;
pub use view::{Outlook, in_words};
