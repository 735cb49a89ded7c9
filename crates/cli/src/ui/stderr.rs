//! The one way to stderr. Where it cannot be written (a full disk, a closed pipe) there is nobody to tell, and the program
//! goes on: `eprintln!` would panic instead.
//!
//! On a terminal a block of lines may stand at the bottom. What is said meanwhile, the log included, goes above it.

use std::fmt::{Display, Write as _};
use std::io::{self, Write, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lines that stand at the bottom.
static BLOCK: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub fn say(text: impl Display) {
    above(&mut block(), &format!("{text}\n"));
}

/// Draws the block anew. Its lines must not be wider than the terminal.
pub fn draw(lines: Vec<String>) {
    let mut block = block();
    let mut text = cleared(&block);
    *block = lines;
    text.push_str(&standing(&block));
    let _ = stderr().write_all(text.as_bytes());
}

/// Takes the block away.
pub fn erase() {
    draw(Vec::new());
}

/// Where the log goes: a write is one whole message.
#[derive(Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        above(&mut block(), &String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn block() -> MutexGuard<'static, Vec<String>> {
    BLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn above(block: &mut MutexGuard<'static, Vec<String>>, text: &str) {
    let text = cleared(block) + text + &standing(block);
    let _ = stderr().write_all(text.as_bytes());
}

/// Brings the cursor to where the block began, and clears from there.
fn cleared(block: &[String]) -> String {
    match block.len() {
        0 => String::new(),
        lines => format!("\u{1b}[{lines}A\r\u{1b}[J"),
    }
}

fn standing(block: &[String]) -> String {
    block.iter().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}
