//! From options to a ledger: where it is, whose it must be, and a reader of it.

use std::path::PathBuf;

use sav_application::ports::LedgerReader;
use sav_domain::{AccountId, Moment, Route};
use sav_infrastructure::ledger::SqliteReader;

use crate::args::{Global, Migration, WhichLedger};
use crate::compose;
use crate::problem::Problem;
use crate::ui::age;

/// A place for a ledger, and what was said about whose it is.
#[derive(Clone, Debug)]
pub struct Place {
    pub path: PathBuf,
    /// None: the file tells.
    pub route: Option<Route>,
    source: Option<AccountId>,
    destination: Option<AccountId>,
}

/// Both accounts and the Region tell whose ledger it is and, unless a file is named, where.
pub async fn place(which: &WhichLedger, global: &Global) -> Result<Place, Problem> {
    let (path, route) = match (which.source_account, which.dest_account, &which.state_file) {
        (Some(source_account), Some(dest_account), state_file) => {
            let migration = Migration {
                source_account,
                dest_account,
                state_file: state_file.clone(),
            };
            let route = compose::route(&migration, &compose::region(global).await?)?;
            (compose::ledger_path(&migration, &route)?, Some(route))
        }
        (_, _, Some(file)) => (file.clone(), None),
        (_, _, None) => {
            return Err(Problem::new("which ledger?").help(
                "name both accounts with --source-account and --dest-account, or the file itself with --state-file",
            ));
        }
    };
    Ok(Place {
        path,
        route,
        source: which.source_account,
        destination: which.dest_account,
    })
}

impl Place {
    pub fn open(&self) -> Result<SqliteReader, Problem> {
        let reader = SqliteReader::open(&self.path, self.route.as_ref())?;
        self.check(reader.route())?;
        Ok(reader)
    }

    fn check(&self, found: &Route) -> Result<(), Problem> {
        let Some(said) = self.contradicts(found) else {
            return Ok(());
        };
        Err(Problem::new(format!(
            "the ledger {} belongs to another migration, {found}",
            self.path.display()
        ))
        .because(format!("this one is {said}"))
        .help("correct --source-account and --dest-account, or name another file with --state-file"))
    }

    /// What was said of the migration, if this is another one. One account alone does not say whose ledger it is, but it may
    /// say whose it is not.
    pub fn contradicts(&self, found: &Route) -> Option<String> {
        if let Some(route) = &self.route {
            return (route != found).then(|| route.to_string());
        }
        let other = |wanted: Option<AccountId>, found: AccountId| wanted.filter(|wanted| *wanted != found);
        let source = other(self.source, found.source()).map(|account| format!("from {account}"));
        source.or_else(|| other(self.destination, found.destination()).map(|account| format!("to {account}")))
    }
}

/// A moment to the minute, and how far it is from now.
pub fn when(moment: Moment, now: Moment) -> String {
    let text = moment.to_string();
    let (date, time) = (text.get(..10).unwrap_or_default(), text.get(11..16).unwrap_or_default());
    let age = age(moment, now);
    let ago = if age.starts_with("in ") { "" } else { " ago" };
    format!("{date} {time}Z ({age}{ago})")
}
