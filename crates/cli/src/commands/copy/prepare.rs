//! What comes before the first copy: the right accounts, a ledger of our own, a plan, and vaults to copy into.

use std::sync::Arc;

use sav_application::copying;
use sav_application::identity::{self, Principal};
use sav_application::planning::{self, Planning};
use sav_application::ports::{Ledger, LedgerReader, Side};
use sav_application::replicating::vault_map;
use sav_domain::arn::Arn;
use sav_domain::text::quoted;
use sav_domain::{AccountId, SelectionSpec, category};
use sav_infrastructure::ledger::{SqliteLedger, set_aside};
use tokio::time::Instant;

use super::{Ground, Intent, tags};
use crate::args::{Copy, Global};
use crate::commands::plan::{made_with, notes, said};
use crate::commands::replicate;
use crate::commands::validate::{Preflight, with_remembered_names};
use crate::compose;
use crate::problem::Problem;
use crate::ui::Screen;

impl<'a> Intent<'a> {
    pub(super) async fn read(
        copy: &'a Copy,
        global: &'a Global,
        configured: SelectionSpec,
        screen: &'a Screen,
    ) -> Result<Self, Problem> {
        let (now, began) = (compose::now(), Instant::now());
        let region = compose::region(global).await?;
        let route = compose::route(&copy.migration, &region)?;
        let terms = compose::terms(&copy.terms, &route)?;
        check_role(&terms.copy_role_arn, route.source())?;
        let wishes = replicate::check_copy(&copy.twins, &terms.copy_role_arn, &route)?;
        let made_with = made_with(&copy.choosing, &configured).into();
        let selection = compose::selection(&copy.choosing, configured, now)?;
        selection.doubts().iter().for_each(|doubt| screen.warn(doubt));
        if let Some(doubt) = copy.ledger.cause.as_deref().and_then(category::doubt) {
            screen.warn(&format!("--cause: {doubt}"));
        }
        let metadata = compose::metadata(&copy.choosing, &selection, screen).await?;
        tags::check(copy.twins.tag_copies.as_ref(), metadata.as_deref())?;
        Ok(Self {
            copy,
            global,
            screen,
            route,
            selection: Arc::new(selection),
            made_with,
            metadata,
            terms,
            wishes,
            now,
            began,
        })
    }
}

/// A role of another account would be refused by AWS for each point anew.
fn check_role(role: &str, account: AccountId) -> Result<(), Problem> {
    let fits = Arn::parse(role).is_some_and(|arn| {
        arn.service == "iam" && arn.account_id() == Some(account) && arn.resource.starts_with("role/")
    });
    if fits {
        return Ok(());
    }
    Err(Problem::new(format!("AWS Backup cannot copy under {}", quoted(role)))
        .because(format!(
            "--copy-role-arn has to name a role of the source account, like `arn:aws:iam::{account}:role/NAME`"
        ))
        .help("nothing was asked of AWS"))
}

/// Confirms who we are on both sides before anything is written, the ledger included.
pub(super) async fn ground(intent: &Intent<'_>) -> Result<Ground, Problem> {
    let (route, global) = (&intent.route, intent.global);
    let source = compose::source(global, route.source(), route.region()).await?;
    let source_caller = identity::confirm(&source, route.source()).await?;
    let (destination, destination_caller) = if intent.copy.terms.source_only {
        (None, None)
    } else {
        let destination = compose::destination(global, route.destination(), route.region()).await?;
        let caller = identity::confirm(&destination, route.destination()).await?;
        (Some(destination), Some(caller))
    };
    let path = compose::ledger_path(&intent.copy.migration, route)?;
    let preflight = if intent.copy.validation.skip_validation {
        None
    } else {
        let sides = (&source, destination.as_ref());
        let callers = (source_caller.clone(), destination_caller.clone());
        let terms = with_remembered_names(&path, route, Arc::clone(&intent.terms));
        let makes_vaults = !intent.copy.twins.no_replicate;
        Some(Preflight::look(sides, callers, &terms, &intent.selection, makes_vaults, intent.screen).await?)
    };
    if intent.copy.ledger.reset && path.exists() {
        let aside = set_aside(&path, route, intent.now)?;
        intent
            .screen
            .note(&format!("the ledger was set aside as `{}`", aside.display()));
    }
    let ledger = Arc::new(SqliteLedger::open(&path, route, intent.now)?);
    let (terms, replaced) = vault_map::settle(&*ledger, &intent.terms, intent.now).await?;
    replicate::tell_replaced(&replaced, intent.screen);
    let callers = [
        (Side::Source, Some(&source_caller)),
        (Side::Destination, destination_caller.as_ref()),
    ];
    for (side, caller) in callers.into_iter().filter_map(|(side, caller)| Some((side, caller?))) {
        if let Some(before) = identity::remember(&*ledger, side, caller, intent.now).await? {
            intent.screen.warn(&format!(
                "so far {before} worked for the {side} account of this migration, from now on it is {}",
                Principal::of(&caller.arn)
            ));
        }
    }
    Ok(Ground {
        source,
        destination,
        ledger,
        terms,
        preflight,
    })
}

/// Makes the destination's vaults ready, unless that was not wanted.
async fn twins(intent: &Intent<'_>, ground: &Ground) -> Result<(), Problem> {
    let Some(destination) = ground.destination.as_ref().filter(|_| !intent.copy.twins.no_replicate) else {
        return Ok(());
    };
    let chosen = intent.selection.vaults();
    let sides = (&ground.source, destination);
    replicate::twins_for_copies(
        sides,
        &ground.ledger,
        chosen,
        &ground.terms,
        &intent.wishes,
        intent.screen,
    )
    .await
}

/// Lists both sides, decides about every point, and makes sure that there is a vault for each copy.
pub(super) async fn plan(intent: &Intent<'_>, ground: &Ground) -> Result<(), Problem> {
    twins(intent, ground).await?;
    let progress = intent.screen.progress("planning");
    let planning = Planning {
        selection: Arc::clone(&intent.selection),
        metadata: intent.metadata.clone(),
        terms: Arc::clone(&ground.terms),
        now: intent.now,
        made_with: Arc::clone(&intent.made_with),
    };
    let destination = ground.destination.as_ref();
    let planned = planning::plan(&ground.source, destination, &*ground.ledger, planning, |at| {
        progress.say(said(at));
    })
    .await?;
    drop(progress);
    notes(&planned, intent.screen);
    let groups = tokio::task::block_in_place(|| ground.ledger.reader()?.groups())?;
    let missing = copying::needed_and_missing(&groups, &planned.notes.missing_vaults, &ground.terms);
    if missing.is_empty() {
        return match &ground.preflight {
            Some(preflight) => {
                let sides = (&ground.source, destination);
                preflight
                    .groups(sides, &ground.terms, &ground.ledger, intent.now, intent.screen)
                    .await
            }
            None => Ok(()),
        };
    }
    let names: Vec<&str> = missing.iter().map(sav_domain::VaultName::as_str).collect();
    let account = intent.route.destination();
    Err(
        Problem::new("there are points to copy into vaults that do not exist yet; nothing was copied")
            .because(format!("account {account} has no vault {}", names.join(", ")))
            .help("run `replicate`, or `copy` without --no-replicate; or send the copies elsewhere with --vault-map FROM=TO")
            .help("the plan is in the ledger; run the same command again"),
    )
}
