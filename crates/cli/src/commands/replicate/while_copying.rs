//! What `copy` does of it by itself, told in a few lines.

use sav_application::replicating::{self, Came, VaultTold};
use sav_application::terms::CopyTerms;
use sav_domain::VaultName;
use sav_domain::selection::VaultChoice;
use sav_domain::twin::{What, Wishes};
use sav_infrastructure::ledger::SqliteLedger;

use super::{Sides, journal, some, tell_refused};
use crate::compose;
use crate::problem::Problem;
use crate::ui::Screen;

/// Makes the destination's vaults ready for the copies that are about to be planned.
pub async fn twins_for_copies(
    (source, destination): Sides<'_>,
    ledger: &SqliteLedger,
    chosen: VaultChoice<'_>,
    terms: &CopyTerms,
    wishes: &Wishes,
    screen: &Screen,
) -> Result<(), Problem> {
    let progress = screen.progress("replicating vaults");
    let read = replicating::differences(source, destination, chosen, &terms.vault_map, wishes, |name| {
        progress.say(name.to_string());
    });
    let pairs = read.await?;
    tell_refused(ledger, &pairs, terms.retention, screen).await?;
    let told = replicating::replicate(destination, pairs, wishes, |vault| {
        progress.say(vault.target.to_string());
    })
    .await?;
    drop(progress);
    journal(ledger, &told, compose::now()).await?;
    tell(&told, screen);
    Ok(())
}

fn tell(told: &[VaultTold], screen: &Screen) {
    let with = |wanted: &dyn Fn(&VaultTold) -> bool| -> Vec<&VaultName> {
        told.iter()
            .filter(|vault| wanted(vault))
            .map(|vault| &vault.target)
            .collect()
    };
    let created = with(&|vault| {
        vault
            .actions
            .iter()
            .any(|it| it.what == What::Vault && it.came == Came::Done)
    });
    let changed = with(&|vault| vault.has(Came::Done));
    if !created.is_empty() {
        screen.note(&format!("created {} vaults: {}", created.len(), some(&created)));
    }
    if changed.len() > created.len() {
        let changed: Vec<&VaultName> = changed.into_iter().filter(|name| !created.contains(name)).collect();
        screen.note(&format!("completed {} vaults: {}", changed.len(), some(&changed)));
    }
    let actions = told
        .iter()
        .flat_map(|vault| vault.actions.iter().map(move |action| (vault, action)));
    for (vault, action) in actions {
        let important = match action.came {
            Came::Failed => true,
            // A vault that was made under AWS Backup's own key, or that forbids the copies.
            Came::Done => action.what == What::Key && !action.detail.starts_with("arn:"),
            Came::Differs => action.what == What::PolicyStatement,
            _ => false,
        };
        if important {
            screen.warn(&format!(
                "vault {}, {}: {}",
                vault.target,
                action.what.name(),
                action.detail
            ));
        }
    }
    let odd = with(&|vault| vault.has(Came::Differs) || vault.has(Came::NotCarried));
    if !odd.is_empty() {
        screen.note(&format!(
            "{} vaults are not in all like their sources ({}): `replicate --dry-run` shows in what and why",
            odd.len(),
            some(&odd)
        ));
    }
}
