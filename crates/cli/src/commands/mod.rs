//! One file per command: what it asks of the use cases, and how it shows the answer.

mod again;
mod completions;
mod config;
mod copy;
mod demo;
mod dry_run;
mod filter;
mod list;
mod man;
mod plan;
mod replicate;
mod report;
mod sandbox;
mod state;
mod status;
mod validate;
mod verify;
mod world;

use crate::args::{Command, Invocation};
use crate::exit::Exit;
use crate::interrupt::interruptible;
use crate::problem::Problem;
use crate::ui::Screen;

pub fn run(invocation: Invocation, screen: &Screen) -> Result<Exit, Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new("the program could not start its threads").because(error.to_string()))?;
    let Invocation {
        global,
        command,
        configured,
        words,
    } = invocation;
    let exit = runtime.block_on(async {
        match command {
            Command::List(list) => {
                interruptible(screen, async |interrupt| {
                    list::run(&list, &global, configured, screen, interrupt).await
                })
                .await
            }
            Command::Filter(filter) => {
                interruptible(screen, async |_| {
                    filter::run(&filter, &global, configured, screen).await
                })
                .await
            }
            Command::Plan(plan) => {
                interruptible(screen, async |_| plan::run(&plan, &global, configured, screen).await).await
            }
            Command::Status(status) => {
                interruptible(screen, async |_| status::run(&status, &global, screen).await).await
            }
            Command::State(state) => {
                interruptible(screen, async |interrupt| {
                    state::run(&state, &global, screen, interrupt).await
                })
                .await
            }
            Command::Replicate(replicate) => {
                interruptible(screen, async |_| {
                    replicate::run(&replicate, &global, configured, screen).await
                })
                .await
            }
            Command::Validate(validate) => {
                interruptible(screen, async |_| {
                    Box::pin(validate::run(&validate, &global, configured, screen)).await
                })
                .await
            }
            Command::Report(asked) => interruptible(screen, async |_| report::run(&asked, &global, screen).await).await,
            // Its end has an order of its own.
            Command::Copy(copy) => Box::pin(copy::run(&copy, &global, configured, screen)).await,
            Command::Verify(verify) => {
                interruptible(screen, async |_| {
                    Box::pin(verify::run(&verify, &global, configured, screen)).await
                })
                .await
            }
            Command::Config(asked) => config::run(&asked, &global, &words).await,
            Command::Completions(asked) => completions::run(&asked),
            Command::Man(asked) => man::run(&asked),
            // They are there to be ended.
            Command::Sandbox(sandbox) => sandbox::run(&sandbox, &global, screen).await,
            Command::Demo(demo) => demo::run(&demo, &global).await,
        }
    });
    // A thread that still waits for a file is not waited for.
    runtime.shutdown_background();
    exit
}
