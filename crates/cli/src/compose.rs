//! Puts adapters into ports: from options to what the use cases work with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sav_application::calls::Calls;
use sav_application::governor::Governor;
use sav_application::ports::{Clock, Side};
use sav_application::terms::CopyTerms;
use sav_domain::vault_map::VaultMap;
use sav_domain::{AccountId, Moment, Region, Route, Selection, SelectionSpec, arn, size};
use sav_infrastructure::aws::{AwsGateway, Reach, resolve_region};
use sav_infrastructure::ledger::default_path;
use sav_infrastructure::metadata::{CsvOptions, MetadataTable};

use crate::args::{Choosing, Global, Migration, Terms};
use crate::problem::Problem;
use crate::signing_in;
use crate::ui::Screen;

/// What every AWS client falls back to that has no better idea.
pub const FALLBACK_REGION: &str = "us-east-1";

/// The moment that ages count from.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a command learns the time; everything below is told"
)]
pub fn now() -> Moment {
    let millis = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    Moment::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// The time of day, for what is recorded while a command runs.
#[derive(Debug)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        now()
    }
}

/// `--region`, else what the environment or the source profile says.
pub async fn region(global: &Global) -> Result<Region, Problem> {
    if let Some(region) = &global.region {
        return Ok(region.clone());
    }
    let found = resolve_region(global.source_profile.as_deref()).await;
    found
        .as_deref()
        .unwrap_or(FALLBACK_REGION)
        .parse()
        .map_err(|error: sav_domain::region::RegionError| {
            Problem::new("the Region in the environment or the profile is not one")
                .because(error.to_string())
                .help("name the Region with --region, or correct AWS_REGION or the profile")
        })
}

/// The source account, behind its governor.
pub async fn source(global: &Global, account: AccountId, region: &Region) -> Result<Arc<Calls<AwsGateway>>, Problem> {
    let named = (global.source_profile.clone(), global.source_role_arn.clone());
    reach(global, named, Side::Source, account, region).await
}

/// The destination account, behind a governor of its own.
pub async fn destination(
    global: &Global,
    account: AccountId,
    region: &Region,
) -> Result<Arc<Calls<AwsGateway>>, Problem> {
    let named = (global.dest_profile.clone(), global.dest_role_arn.clone());
    reach(global, named, Side::Destination, account, region).await
}

async fn reach(
    global: &Global,
    (profile, role_arn): (Option<String>, Option<String>),
    side: Side,
    account: AccountId,
    region: &Region,
) -> Result<Arc<Calls<AwsGateway>>, Problem> {
    let reach = Reach {
        profile,
        role_arn,
        external_id: global.external_id.clone(),
        endpoint_url: global.endpoint_url.clone(),
        ca_bundle: global.ca_bundle.clone().or_else(ca_bundle_of_environment),
    };
    let gateway = reach.connect(side, account, region).await.map_err(|error| {
        Problem::new("no connection to AWS can be made")
            .because(error.to_string())
            .help("correct --ca-bundle or AWS_CA_BUNDLE")
    })?;
    let calls = Calls::new(gateway, Governor::new(global.api_rate));
    signing_in::look_after(&calls, global);
    Ok(calls)
}

/// The two ends of a migration.
pub fn route(migration: &Migration, region: &Region) -> Result<Route, Problem> {
    let Migration {
        source_account,
        dest_account,
        ..
    } = migration;
    Route::between(*source_account, *dest_account, region.clone()).map_err(|error| Problem::new(error.to_string()))
}

/// Where the migration's ledger is, or is to be.
pub fn ledger_path(migration: &Migration, route: &Route) -> Result<PathBuf, Problem> {
    if let Some(path) = &migration.state_file {
        return Ok(path.clone());
    }
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    home.map(|home| default_path(&home, route)).ok_or_else(|| {
        Problem::new("there is no place for the ledger")
            .because("the environment names no home directory")
            .help("set HOME, or name a file with --state-file")
    })
}

/// What every copy is asked for with.
pub fn terms(terms: &Terms, route: &Route) -> Result<Arc<CopyTerms>, Problem> {
    let vault_map = VaultMap::of(terms.vault_map.iter().cloned())
        .map_err(|error| Problem::new("--vault-map contradicts itself").because(error.to_string()))?;
    let copy_role_arn = match &terms.copy_role_arn {
        Some(role) => role.as_str().into(),
        None => arn::of_default_copy_role(&route.partition(), route.source()).into(),
    };
    Ok(Arc::new(CopyTerms {
        route: route.clone(),
        vault_map,
        retention: terms.lifecycle,
        copy_role_arn,
    }))
}

/// An empty variable is as good as none.
fn ca_bundle_of_environment() -> Option<PathBuf> {
    let path = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty())?;
    Some(path.into())
}

/// The selection of the command line, completed by the configuration file.
pub fn selection(choosing: &Choosing, configured: SelectionSpec, now: Moment) -> Result<Selection, Problem> {
    let mut spec = choosing.spec().or(configured);
    spec.expand_files(|file| {
        std::fs::read_to_string(file).map_err(|error| {
            Problem::new(format!("the list of APMIDs `{file}` cannot be read"))
                .because(error.to_string())
                .help("behind `@` stands a file with one APMID a line; leave the `@` out to name an APMID itself")
        })
    })?;
    let unusable = |error: sav_domain::selection::SelectionError| {
        Problem::new("these options choose no points")
            .because(error.to_string())
            .help("nothing was asked of AWS")
    };
    let selection = Selection::build(&spec, now).map_err(unusable)?;
    if selection.needs_table() && choosing.metadata_csv.is_none() {
        selection.check_table(None).map_err(unusable)?;
    }
    Ok(selection)
}

/// The CMDB's table, if one is named: read on a thread of its own, for it may take a second.
pub async fn metadata(
    choosing: &Choosing,
    selection: &Selection,
    screen: &Screen,
) -> Result<Option<Arc<MetadataTable>>, Problem> {
    let Some(path) = choosing.metadata_csv.clone() else {
        return Ok(None);
    };
    let delimiter = choosing.csv_delimiter.as_deref().map(str::parse).transpose().map_err(
        |error: sav_infrastructure::metadata::BadDelimiter| {
            Problem::new("--csv-delimiter is not usable").because(error.to_string())
        },
    )?;
    let options = CsvOptions {
        delimiter,
        arn_column: choosing.arn_column.clone(),
        apmid_column: choosing.apmid_column.clone(),
    };
    let progress = screen.progress("reading metadata");
    let loading = tokio::task::spawn_blocking(move || {
        MetadataTable::load(&path, &options, |at| {
            let total = at
                .bytes_total
                .map(|total| format!(" of {}", size::human(total)))
                .unwrap_or_default();
            progress.say(format!("{}{total}, {} rows", size::human(at.bytes_read), at.rows));
        })
    });
    let table = loading
        .await
        .expect("loading neither panics nor is cancelled")
        .map_err(|error| {
            Problem::new("the metadata cannot be used")
                .because(error.to_string())
                .help("nothing was asked of AWS")
        })?;
    selection
        .check_table(Some(&table.columns()))
        .map_err(|error| Problem::new("the metadata cannot answer what was asked").because(error.to_string()))?;
    warn_of_oddities(&table, choosing.metadata_csv.as_deref(), screen);
    Ok(Some(Arc::new(table)))
}

fn warn_of_oddities(table: &MetadataTable, path: Option<&Path>, screen: &Screen) {
    let path = path.map(|path| path.display().to_string()).unwrap_or_default();
    let oddities = table.oddities();
    if table.is_empty() && oddities.without_arn.count == 0 {
        screen.warn(&format!("{path}: there is no row under the header"));
    }
    for (counted, what) in [
        (
            &oddities.duplicates,
            "rows replace an earlier one of the same resource; the last one wins",
        ),
        (&oddities.without_arn, "rows name no resource and were left out"),
    ] {
        if counted.count > 0 {
            let lines: Vec<String> = counted.first_lines.iter().map(ToString::to_string).collect();
            let more = if counted.count > lines.len() as u64 {
                ", …"
            } else {
                ""
            };
            screen.warn(&format!(
                "{path}: {} {what} (lines {}{more})",
                counted.count,
                lines.join(", ")
            ));
        }
    }
}
