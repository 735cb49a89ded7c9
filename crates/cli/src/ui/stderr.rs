//! The one way to stderr. Where it cannot be written (a full disk, a closed pipe) there is nobody to tell, and the program
//! goes on: `eprintln!` would panic instead.
//!
//! On a terminal some lines may stand at the bottom. What is said meanwhile, the log included, goes above them, and so does
//! what stdout brings to the same terminal.

use std::fmt::{Display, Write as _};
use std::io::{self, Write, stderr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use unicode_width::UnicodeWidthStr;

use super::Screen;

static BOTTOM: Mutex<Bottom> = Mutex::new(Bottom { parts: Vec::new() });

/// What stands at the bottom, and is on the screen unless somebody holds the lock.
#[derive(Debug)]
struct Bottom {
    parts: Vec<(u64, Vec<String>)>,
}

/// Somebody's lines at the bottom, for as long as it lives. Those of several stand below each other.
#[derive(Debug)]
pub struct Place {
    id: u64,
}

impl Place {
    pub fn at_the_bottom() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        bottom().parts.push((id, Vec::new()));
        Self { id }
    }

    /// Draws these lines in place of those before. They must not be wider than the terminal.
    pub fn draw(&self, lines: Vec<String>) {
        redraw(|parts| {
            if let Some((_, standing)) = parts.iter_mut().find(|(id, _)| *id == self.id) {
                *standing = lines;
            }
        });
    }

    /// Takes them away for good. What follows on the terminal starts on a clean line.
    pub fn leave(&self) {
        redraw(|parts| parts.retain(|(id, _)| *id != self.id));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

pub fn say(text: impl Display) {
    above(&format!("{text}\n"));
}

/// Whole lines that reach the terminal by another way.
pub fn undisturbed<T>(write: impl FnOnce() -> T) -> T {
    let bottom = bottom();
    send(&bottom.cleared());
    let written = write();
    send(&bottom.standing());
    written
}

/// Where the log goes: a write is one whole message.
#[derive(Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        above(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bottom() -> MutexGuard<'static, Bottom> {
    BOTTOM.lock().unwrap_or_else(PoisonError::into_inner)
}

fn above(text: &str) {
    let bottom = bottom();
    send(&(bottom.cleared() + text + &bottom.standing()));
}

fn redraw(change: impl FnOnce(&mut Vec<(u64, Vec<String>)>)) {
    let mut bottom = bottom();
    let cleared = bottom.cleared();
    change(&mut bottom.parts);
    send(&(cleared + &bottom.standing()));
}

fn send(text: &str) {
    if !text.is_empty() {
        let _ = stderr().write_all(text.as_bytes());
    }
}

impl Bottom {
    fn lines(&self) -> impl Iterator<Item = &String> {
        self.parts.iter().flat_map(|(_, lines)| lines)
    }

    /// Brings the cursor to where the lines begin, and clears from there. A terminal that was made narrower since folds them
    /// anew, as most do, and they take more rows than lines.
    fn cleared(&self) -> String {
        if self.lines().next().is_none() {
            return String::new();
        }
        let (columns, _) = Screen::size();
        let rows: usize = self.lines().map(|line| rows(line, columns)).sum();
        format!("\u{1b}[{rows}A\r\u{1b}[J")
    }

    fn standing(&self) -> String {
        self.lines().fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "{line}");
            text
        })
    }
}

fn rows(line: &str, columns: usize) -> usize {
    line.width().div_ceil(columns.max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_folded_takes_several_rows() {
        assert_eq!((rows("", 80), rows("12345678", 8), rows("123456789", 8)), (1, 1, 2));
        assert_eq!(rows("äöüß", 2), 2);
    }
}
