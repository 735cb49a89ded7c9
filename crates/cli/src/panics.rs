//! A defect of ours, told as any other error: no Rust panic reaches a user, and no stack trace who did not ask for it.

use std::backtrace::Backtrace;
use std::panic::{self, PanicHookInfo, UnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::args::{Global, LogFormat};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui;

/// From so many `-v` on, stack traces are shown.
const TRACES_FROM: u8 = 2;

/// Until the command line is read.
pub fn tell_plainly() {
    tell(false, false);
}

pub fn tell_as(global: &Global) {
    tell(global.log_format == LogFormat::Json, global.verbose >= TRACES_FROM);
}

fn tell(as_json: bool, with_trace: bool) {
    // What panics next is only what waited for the first; said once is enough.
    let told = AtomicBool::new(false);
    panic::set_hook(Box::new(move |info| {
        if told.swap(true, Ordering::Relaxed) && !with_trace {
            return;
        }
        let problem = describe(info, with_trace);
        if as_json {
            let (message, causes, help) = (problem.what(), problem.causes(), problem.advice());
            ui::say(json!({ "level": "error", "message": message, "causes": causes, "help": help }));
        } else {
            ui::say(format_args!("error: {problem}"));
        }
        if with_trace {
            ui::say(Backtrace::force_capture());
        }
    }));
}

fn describe(info: &PanicHookInfo<'_>, with_trace: bool) -> Problem {
    let place = info.location().map(|at| format!(" ({at})")).unwrap_or_default();
    let problem = Problem::new("the program came upon something that must not happen, and stopped")
        .because(format!(
            "{}{place}",
            info.payload_as_str().unwrap_or("it did not say what")
        ))
        .help("this is a defect of the program, not of your input: please report it with these lines");
    if with_trace {
        problem
    } else {
        problem.help("run the same command again with -vv for a stack trace")
    }
}

/// What `run` comes to, and a failure if it panics.
pub fn survived(run: impl FnOnce() -> Exit + UnwindSafe) -> Exit {
    panic::catch_unwind(run).unwrap_or(Exit::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_like_any_other() {
        assert_eq!(survived(|| panic!("as told")), Exit::Failed);
        assert_eq!(survived(|| Exit::Incomplete), Exit::Incomplete);
    }
}
