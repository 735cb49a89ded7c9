//! A run as a person follows it: what has come of it so far, in two voices.

mod console;
mod rate;
mod view;
mod voices;

pub use console::RunConsole;
pub use view::in_words;
