//! What a person sees. Data goes to stdout, everything else to stderr, and nothing moves unless stderr is a terminal.

mod age;
mod log;
mod outlook;
mod output;
mod points;
mod progress;
mod run;
mod screen;
mod stderr;
mod table;

pub use age::age;
pub use outlook::{copies, outlook};
pub use output::{Output, ended, write_json};
pub use points::{PointSink, PointsFormat, Rendered};
pub use progress::Progress;
pub use run::{Outlook, RunConsole, in_words};
pub use screen::Screen;
pub use stderr::say;
pub use table::{Align, Table, write_table};
