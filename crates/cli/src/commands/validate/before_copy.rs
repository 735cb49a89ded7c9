//! What `copy` asks before it begins. What would stop every copy stops the command, with nothing written; what concerns some
//! points is told, and the others are copied: the first copies of a group have the last word about it.

use std::sync::Arc;

use sav_application::calls::Calls;
use sav_application::ports::{Caller, Ledger, LedgerError, LedgerReader};
use sav_application::terms::CopyTerms;
use sav_application::validating::{self, Asked, Ground, Report, Standpoint};
use sav_domain::checks::{Bearing, Check};
use sav_domain::{Moment, Selection};
use sav_infrastructure::aws::AwsGateway;
use sav_infrastructure::ledger::SqliteLedger;

use super::asked;
use crate::problem::Problem;
use crate::ui::Screen;

/// Both sides, as `copy` has them.
type Sides<'a> = (&'a Arc<Calls<AwsGateway>>, Option<&'a Arc<Calls<AwsGateway>>>);

/// What was found before the ledger was touched.
pub struct Preflight {
    asked: Asked,
    ground: Ground,
}

impl Preflight {
    /// Accounts, organization, permissions, the copy role.
    pub async fn look(
        (source, destination): Sides<'_>,
        callers: (Caller, Option<Caller>),
        terms: &Arc<CopyTerms>,
        selection: &Selection,
        makes_vaults: bool,
        screen: &Screen,
    ) -> Result<Self, Problem> {
        let progress = screen.progress("validating");
        progress.say("permissions".to_owned());
        let asked = asked(terms, callers.0, callers.1, makes_vaults);
        let destination = destination.map(|calls| &**calls);
        let ground = validating::ground(source, destination, &asked, selection.vaults()).await?;
        drop(progress);
        let (fatal, partial): (Vec<&Check>, Vec<&Check>) = ground
            .checks
            .iter()
            .filter(|check| check.is_failed())
            .partition(|check| check.bears_on == Bearing::Everything);
        if !fatal.is_empty() {
            return Err(problem("the copies would not be allowed; nothing was written", &fatal)
                .help("`validate` shows all checks; --skip-validation goes on without them"));
        }
        for check in partial {
            warn(check, screen);
        }
        Ok(Self { asked, ground })
    }

    /// Vaults, keys, types and quotas of what waits in the ledger now.
    pub async fn groups(
        &self,
        (source, destination): Sides<'_>,
        terms: &Arc<CopyTerms>,
        ledger: &SqliteLedger,
        now: Moment,
        screen: &Screen,
    ) -> Result<(), Problem> {
        let (groups, load) = tokio::task::block_in_place(|| {
            let reader = ledger.reader()?;
            let groups = reader.groups()?;
            let load = validating::of_standing(&reader, &groups)?;
            Ok::<_, LedgerError>((groups, load))
        })?;
        // Vaults may have been made since, and the ledger may know other names for them.
        let asked = Asked {
            terms: Arc::clone(terms),
            ..self.asked.clone()
        };
        let ground = Ground {
            twins: match destination {
                Some(calls) => Some(calls.vaults().await?),
                None => None,
            },
            organization: self.ground.organization.clone(),
            ..Ground::default()
        };
        let standpoint = Standpoint {
            asked: &asked,
            ground: &ground,
            load: &load,
        };
        let progress = screen.progress("validating");
        progress.say("vaults and keys".to_owned());
        let destination = destination.map(|calls| &**calls);
        let of_groups = validating::groups(source, destination, standpoint).await?;
        drop(progress);
        let about_groups = Report { checks: of_groups };
        let hopeless = about_groups.holds_back_all(&groups, terms);
        let failed: Vec<&Check> = about_groups.failed().collect();
        let stopped = hopeless.then(|| {
            problem(
                "none of the copies that wait would be allowed; nothing was copied",
                &failed,
            )
        });
        if stopped.is_none() {
            for check in &failed {
                warn(check, screen);
            }
        }
        let mut checks = self.ground.checks.clone();
        checks.extend(about_groups.checks);
        ledger.note(vec![Report { checks }.entry(now)]).await?;
        match stopped {
            Some(problem) => {
                Err(problem.help("the plan is in the ledger; run the same command again, or with --skip-validation"))
            }
            None => Ok(()),
        }
    }
}

fn problem(what: &str, checks: &[&Check]) -> Problem {
    let mut problem = Problem::new(what);
    for check in checks {
        problem = problem.because(format!(
            "{} in {}: {}: {}",
            check.topic.name(),
            check.account,
            check.subject,
            check.detail
        ));
    }
    for fix in checks.iter().filter_map(|check| check.fix.as_deref()) {
        problem = problem.help(fix);
    }
    problem
}

fn warn(check: &Check, screen: &Screen) {
    let fix = check.fix.as_deref().map(|fix| format!("; {fix}")).unwrap_or_default();
    screen.warn(&format!(
        "{} in {}: {}: {}{fix}",
        check.topic.name(),
        check.account,
        check.subject,
        check.detail
    ));
}
