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
    pub const fn byte(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Incomplete => 2,
        }
    }

    pub fn code(self) -> i32 {
        i32::from(self.byte())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.byte())
    }
}
