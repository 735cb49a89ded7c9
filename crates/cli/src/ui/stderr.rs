//! The one way to stderr. Where it cannot be written (a full disk, a closed pipe) there is nobody to tell, and the program
//! goes on: `eprintln!` would panic instead.

use std::fmt::Display;
use std::io::{Write, stderr};

pub fn say(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}
