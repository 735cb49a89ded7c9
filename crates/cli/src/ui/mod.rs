//! What a person sees. Data goes to stdout, everything else to stderr, and nothing moves unless stderr is a terminal.

mod age;
mod output;
mod points;
mod progress;
mod screen;
mod stderr;
mod table;

pub use age::age;
pub use output::{Output, ended};
pub use points::{PointSink, PointsFormat, Rendered};
pub use progress::Progress;
pub use screen::Screen;
pub use stderr::say;
pub use table::{Align, Table};
