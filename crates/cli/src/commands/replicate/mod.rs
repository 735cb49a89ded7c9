//! `replicate`: make the destination's vaults like the source's; `--dry-run` shows the difference.

mod options;
mod page;
mod while_copying;

use std::sync::Arc;

use sav_application::calls::Calls;
use sav_application::identity;
use sav_application::ports::{Ledger, LedgerError};
use sav_application::replicating::{self, Came, Paired, VaultTold, vault_map};
use sav_domain::ledger::Entry;
use sav_domain::retention::Retention;
use sav_domain::twin::{LockWish, Wishes};
use sav_domain::{Moment, SelectionSpec, VaultName};
use sav_infrastructure::aws::AwsGateway;
use sav_infrastructure::ledger::SqliteLedger;
use serde_json::json;

use crate::args::{Global, Replicate, Terms};
use crate::commands::plan::Place;
use crate::compose;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::ui::{Screen, ended};

pub(super) use options::check_copy;
pub(super) use while_copying::twins_for_copies;

pub async fn run(
    replicate: &Replicate,
    global: &Global,
    configured: SelectionSpec,
    screen: &Screen,
) -> Result<Exit, Problem> {
    let now = compose::now();
    let region = compose::region(global).await?;
    let route = compose::route(&replicate.migration, &region)?;
    let terms = Terms {
        lifecycle: Retention::AsSource,
        vault_map: replicate.vault_map.clone(),
        copy_role_arn: replicate.copy_role_arn.clone(),
        source_only: false,
    };
    let terms = compose::terms(&terms, &route)?;
    let wishes = options::wishes(
        &replicate.twins,
        options::lock(replicate)?,
        &terms.copy_role_arn,
        &route,
    )?;
    let selection = options::vaults(replicate.vault.clone(), configured, now)?;

    let source = compose::source(global, route.source(), &region).await?;
    identity::confirm(&source, route.source()).await?;
    let destination = compose::destination(global, route.destination(), &region).await?;
    identity::confirm(&destination, route.destination()).await?;
    let place = Place::of(
        compose::ledger_path(&replicate.migration, &route)?,
        &route,
        global.dry_run,
    )?;
    let ledger = SqliteLedger::open(place.path(), &route, now)?;
    let (terms, replaced) = vault_map::settle(&ledger, &terms, now).await?;
    tell_replaced(&replaced, screen);

    let progress = screen.progress("reading vaults");
    let chosen = selection.vaults();
    let read = replicating::differences(&source, &destination, chosen, &terms.vault_map, &wishes, |name| {
        progress.say(name.to_string());
    });
    let pairs = read.await?;
    drop(progress);
    check_confirmed(&wishes, &pairs)?;
    tell_refused(&ledger, &pairs, terms.retention, screen).await?;
    for name in replicating::locks_for_ever(&pairs) {
        let days = replicate.changeable_for_days.unwrap_or_default();
        let until = Moment::from_millis(now.millis() + days * 86_400_000);
        screen.warn(&format!(
            "the lock of {name} can be removed until {until}, and never after"
        ));
    }

    let mut page = page::Page::begin(global.output);
    if global.dry_run {
        let told = replicating::shown(&pairs);
        return ended(page.all(&told, true));
    }
    let mut written = Ok(());
    let told = replicating::replicate(&destination, pairs, &wishes, |vault| {
        if written.is_ok() {
            written = page.one(vault);
        }
    })
    .await?;
    journal(&ledger, &told, compose::now()).await?;
    let exit = ended(written.and_then(|()| page.end(&told)))?;
    Ok(if told.iter().any(|vault| vault.has(Came::Failed)) {
        Exit::Failed
    } else {
        exit
    })
}

/// An option that contradicts what was said before replaces it, and not in silence: copies may lie in the other vault already.
pub(super) fn tell_replaced(replaced: &[vault_map::Replaced], screen: &Screen) {
    for vault_map::Replaced { from, before, now } in replaced {
        screen.warn(&format!(
            "copies of {from} go into {now} from now on; until now they went into {before}, and what is there stays there"
        ));
    }
}

/// A lock binds copies that are still to come.
pub(super) async fn tell_refused(
    ledger: &SqliteLedger,
    pairs: &[Paired],
    retention: Retention,
    screen: &Screen,
) -> Result<(), LedgerError> {
    let refused = tokio::task::block_in_place(|| replicating::refused_by_locks(&ledger.reader()?, pairs, retention))?;
    for (vault, points) in refused {
        screen.warn(&format!(
            "the lock of {vault}'s twin will refuse {points} copies that are still to be made, because their retention is outside its \
             range; --lock-mode none leaves it open until they have arrived"
        ));
    }
    Ok(())
}

pub(super) async fn journal(ledger: &SqliteLedger, told: &[VaultTold], at: Moment) -> Result<(), LedgerError> {
    let vaults: Vec<_> = told
        .iter()
        .filter(|vault| vault.has(Came::Done) || vault.has(Came::Failed))
        .map(|vault| {
            let of = |came: Came| -> Vec<&str> {
                let actions = vault.actions.iter().filter(|action| action.came == came);
                let mut words: Vec<&str> = actions.map(|action| action.what.name()).collect();
                words.dedup();
                words
            };
            json!({ "name": vault.source.as_str(), "twin": vault.target.as_str(), "done": of(Came::Done), "failed": of(Came::Failed) })
        })
        .collect();
    if vaults.is_empty() {
        return Ok(());
    }
    let entry = Entry {
        at,
        kind: "replicated".into(),
        detail: json!({ "vaults": vaults }).to_string().into(),
    };
    ledger.note(vec![entry]).await
}

/// Whoever repeats a vault's name means it: a name that locks nothing is a slip.
fn check_confirmed(wishes: &Wishes, pairs: &[Paired]) -> Result<(), Problem> {
    let LockWish::Compliance { confirmed, .. } = &wishes.lock else {
        return Ok(());
    };
    for name in confirmed {
        let of_this = |pair: &&Paired| pair.difference.target == *name;
        let why = match pairs.iter().find(of_this) {
            None => "none of the chosen vaults has a twin of this name",
            Some(pair) if pair.source.lock.is_none() => {
                "its source is not locked, so there is no retention range to take over"
            }
            Some(_) => continue,
        };
        return Err(Problem::new(format!("--confirm-lock {name} locks nothing"))
            .because(why)
            .help("name destination vaults, as `replicate --dry-run` shows them; nothing was changed"));
    }
    Ok(())
}

/// Both accounts' calls.
pub(super) type Sides<'a> = (&'a Arc<Calls<AwsGateway>>, &'a Arc<Calls<AwsGateway>>);

/// For a sentence: `a, b and 3 more`.
fn some(names: &[&VaultName]) -> String {
    const MOST: usize = 5;
    let shown: Vec<&str> = names.iter().take(MOST).map(|name| name.as_str()).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
