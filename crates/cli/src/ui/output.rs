//! stdout: data, and nothing else.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write, stdout};

use super::stderr;
use crate::args::OutputFormat;
use crate::exit::Exit;
use crate::problem::Problem;

/// What a command writes its data to.
pub struct Output {
    writer: BufWriter<Way>,
    /// Columns of the terminal; none if it is no terminal, where nothing is cut.
    pub width: Option<usize>,
}

impl Output {
    pub fn to_stdout() -> Self {
        let out = stdout();
        let is_terminal = out.is_terminal();
        let width = is_terminal.then(|| terminal_size::terminal_size_of(&out)).flatten();
        let way = if is_terminal {
            Way::Terminal {
                stdout: out.lock(),
                begun: Vec::new(),
            }
        } else {
            Way::Straight(out.lock())
        };
        Self {
            writer: BufWriter::with_capacity(1 << 16, way),
            width: width.map(|(terminal_size::Width(columns), _)| usize::from(columns)),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Lines may stand at the bottom of the terminal that stdout is as well: data goes above them, a whole line at a time.
enum Way {
    Straight(StdoutLock<'static>),
    Terminal {
        stdout: StdoutLock<'static>,
        /// Of a line whose end is still to come.
        begun: Vec<u8>,
    },
}

impl Write for Way {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (stdout, begun) = match self {
            Self::Straight(stdout) => return stdout.write(bytes),
            Self::Terminal { stdout, begun } => (stdout, begun),
        };
        let ended = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (lines, rest) = bytes.split_at(ended);
        if !lines.is_empty() {
            stderr::undisturbed(|| {
                stdout.write_all(begun)?;
                stdout.write_all(lines)?;
                stdout.flush()
            })?;
            begun.clear();
        }
        begun.extend_from_slice(rest);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Straight(stdout) => stdout.flush(),
            Self::Terminal { stdout, begun } => {
                stdout.write_all(begun)?;
                begun.clear();
                stdout.flush()
            }
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        // Whoever wants to know whether it was written has flushed.
        let _ = self.flush();
    }
}

/// One document: spread over lines for `json`, on one line for `jsonl`.
pub fn write_json(out: &mut Output, document: &serde_json::Value, format: OutputFormat) -> io::Result<()> {
    if format == OutputFormat::Json {
        serde_json::to_writer_pretty(&mut *out, document)?;
    } else {
        serde_json::to_writer(&mut *out, document)?;
    }
    writeln!(out)?;
    out.flush()
}

/// How writing ended. A closed pipe is no error: who reads has read enough.
pub fn ended(written: io::Result<()>) -> Result<Exit, Problem> {
    match written {
        Ok(()) => Ok(Exit::Done),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(error) => Err(Problem::new("the data could not be written")
            .because(error.to_string())
            .help("is the disk full, or the file read-only?")),
    }
}
