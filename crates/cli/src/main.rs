//! The binary: parse, run, say how it ended.
#![expect(
    unreachable_pub,
    reason = "a binary has no outside: `pub` says what a module offers to the others"
)]

mod args;
mod commands;
mod compose;
mod config;
mod exit;
mod interrupt;
mod keypress;
mod panics;
mod problem;
mod signing_in;
mod ui;
mod version;
mod which_ledger;

use std::process::ExitCode;

use crate::exit::Exit;
use crate::ui::Screen;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    panics::tell_plainly();
    panics::survived(run).into()
}

fn run() -> Exit {
    let invocation = match args::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(usage) => return usage.show(),
    };
    panics::tell_as(&invocation.global);
    let screen = Screen::for_terminal(&invocation.global);
    let exit = commands::run(invocation, &screen);
    keypress::restore();
    match exit {
        Ok(exit) => exit,
        Err(problem) => screen.explain(&problem),
    }
}
