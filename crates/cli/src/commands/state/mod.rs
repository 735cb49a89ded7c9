//! `state`: the ledger itself, to look at, to take away, to bring back and to forget.

mod document;
mod history;
mod reset;
mod show;
mod story;

use crate::args::{Global, State, StateAction};
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::problem::Problem;
use crate::ui::Screen;
use crate::which_ledger::place;

pub async fn run(state: &State, global: &Global, screen: &Screen, interrupt: &Interrupt) -> Result<Exit, Problem> {
    let place = place(&state.ledger, global).await?;
    match &state.action {
        StateAction::Show(show) => match &show.point {
            Some(arn) => story::run(&place, arn, global),
            None => show::run(&place, show.events, global),
        },
        StateAction::History => history::run(&place, global),
        StateAction::Export(export) => document::export(&place, &export.file, global, screen, interrupt).await,
        StateAction::Import(import) => document::import(&place, &import.file, global, screen, interrupt).await,
        StateAction::Reset(reset) => reset::run(&place, reset, global, screen).await,
    }
}
