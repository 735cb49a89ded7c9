//! stdout: data, and nothing else.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write, stdout};

use crate::args::OutputFormat;
use crate::exit::Exit;
use crate::problem::Problem;

/// What a command writes its data to.
pub struct Output {
    writer: BufWriter<StdoutLock<'static>>,
    /// Columns of the terminal; none if it is no terminal, where nothing is cut.
    pub width: Option<usize>,
}

impl Output {
    pub fn to_stdout() -> Self {
        let out = stdout();
        let width = out
            .is_terminal()
            .then(|| terminal_size::terminal_size_of(&out))
            .flatten();
        Self {
            writer: BufWriter::with_capacity(1 << 16, out.lock()),
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
