//! `copy --dry-run`: what would be copied, which is what `plan --dry-run` shows. The plan is made on a copy of the ledger, or
//! with `--reset` on an empty one; nothing is changed anywhere.

use sav_domain::SelectionSpec;

use crate::args::{Copy, Global, Plan, Validate};
use crate::commands::{plan, validate};
use crate::exit::Exit;
use crate::interrupt::interruptible;
use crate::problem::Problem;
use crate::ui::Screen;

pub(super) async fn run(
    copy: &Copy,
    global: &Global,
    configured: SelectionSpec,
    screen: &Screen,
) -> Result<Exit, Problem> {
    let mut plan = Plan {
        migration: copy.migration.clone(),
        fail_on_blocked: copy.telling.fail_on_blocked,
        terms: copy.terms.clone(),
        choosing: copy.choosing.clone(),
    };
    let nowhere = tempfile::tempdir()
        .map_err(|error| Problem::new("a dry run needs a temporary folder").because(error.to_string()))?;
    if copy.ledger.reset {
        plan.migration.state_file = Some(nowhere.path().join("ledger.db"));
    }
    interruptible(screen, async |_| plan::run(&plan, global, configured, screen).await).await
}

/// `copy --validate-permissions`: what `validate` says of the same options.
pub(super) async fn validate(
    copy: &Copy,
    global: &Global,
    configured: SelectionSpec,
    screen: &Screen,
) -> Result<Exit, Problem> {
    let asked = Validate {
        migration: copy.migration.clone(),
        no_replicate: copy.twins.no_replicate,
        terms: copy.terms.clone(),
        choosing: copy.choosing.clone(),
    };
    interruptible(screen, async |_| {
        Box::pin(validate::run(&asked, global, configured, screen)).await
    })
    .await
}
