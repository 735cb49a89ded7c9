//! The options that choose points, the same for every command that does.

use std::path::PathBuf;

use sav_domain::SelectionSpec;
use sav_domain::selection::{CriteriaSpec, OnMissing};

use super::offered;

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Choosing points")]
pub struct Choosing {
    /// Vaults by name or pattern (`*`, `?`); repeatable, comma-separated; none means all
    #[arg(long, value_name = "NAME")]
    vault: Option<Vec<String>>,
    /// The CMDB's table: which application owns which resource
    #[arg(long, value_name = "FILE")]
    pub metadata_csv: Option<PathBuf>,
    /// The table's column with the resources' ARNs [default: resourceArn]
    #[arg(long, value_name = "COLUMN")]
    pub arn_column: Option<String>,
    /// The table's column with the applications [default: APMID]
    #[arg(long, value_name = "COLUMN")]
    pub apmid_column: Option<String>,
    /// The table's delimiter: `,`, `;` or `tab` [default: found by itself]
    #[arg(long, value_name = "CHARACTER")]
    pub csv_delimiter: Option<String>,
    /// Only points of these applications; repeatable, comma-separated; `@FILE`: one a line
    #[arg(long, value_name = "APMID,...")]
    allowed_apmids: Option<Vec<String>>,
    /// No points of these applications; repeatable, comma-separated; `@FILE`: one a line
    #[arg(long, value_name = "APMID,...")]
    excluded_apmids: Option<Vec<String>>,
    /// Only points of these resource types: EBS, RDS, S3, …; repeatable, comma-separated
    #[arg(long, value_name = "TYPE", value_parser = offered::resource_types(), hide_possible_values = true)]
    resource_type: Option<Vec<String>>,
    /// Only points in these states: COMPLETED, AVAILABLE, EXPIRED, …; repeatable, comma-separated
    #[arg(long, value_parser = offered::statuses(), hide_possible_values = true)]
    status: Option<Vec<String>>,
    /// Only points created at or after this date or time: 2026-01-31 (UTC), 2026-01-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    created_after: Option<String>,
    /// Only points created before this date or time
    #[arg(long, value_name = "TIME")]
    created_before: Option<String>,
    /// Only points at least this old, in days, decimals allowed
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    min_age_days: Option<f64>,
    /// Only points at most this old, in days
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    max_age_days: Option<f64>,
    /// Only points of at least this size, in GB (2^30 bytes)
    #[arg(long, value_name = "GB", allow_negative_numbers = true)]
    min_size_gb: Option<f64>,
    /// Only points of at most this size, in GB (2^30 bytes)
    #[arg(long, value_name = "GB", allow_negative_numbers = true)]
    max_size_gb: Option<f64>,
    /// Only points whose row has this value under this column; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    metadata: Option<Vec<String>>,
    /// What becomes of a point whose metadata is missing where it decides [default: exclude]
    #[arg(long, value_name = "exclude|include|fail")]
    on_missing_metadata: Option<OnMissing>,
}

impl Choosing {
    pub fn spec(&self) -> SelectionSpec {
        SelectionSpec {
            criteria: CriteriaSpec {
                vault: self.vault.clone(),
                resource_type: self.resource_type.clone(),
                status: self.status.clone(),
                created_after: self.created_after.clone(),
                created_before: self.created_before.clone(),
                min_age_days: self.min_age_days,
                max_age_days: self.max_age_days,
                min_size_gb: self.min_size_gb,
                max_size_gb: self.max_size_gb,
                allowed_apmids: self.allowed_apmids.clone(),
                excluded_apmids: self.excluded_apmids.clone(),
                metadata: self.metadata.clone(),
            },
            on_missing_metadata: self.on_missing_metadata,
            ..SelectionSpec::default()
        }
    }
}
