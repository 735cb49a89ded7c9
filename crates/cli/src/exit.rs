//! How a command may end. Nothing else is ever returned, so that a wrapper can rely on it.

use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All done, nothing failed.
    Done,
    /// An error, something failed, or wrong usage.
    Failed,
    /// Not everything was done; running the same command again goes on.
    Incomplete,
}

impl Exit {
    pub const fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Incomplete => 2,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(u8::try_from(exit.code()).expect("exit codes are 0, 1 and 2"))
    }
}
