//! What the CMDB says, by resource.

use sav_domain::metadata::{MetadataRow, TableColumns};

pub trait MetadataTable: Send + Sync + 'static {
    type Row<'a>: MetadataRow;

    /// The rows of a page's resources, by their whole ARNs and in their order. A look-up counts as use of the row.
    fn rows(&self, resource_arns: &[&str]) -> Vec<Option<Self::Row<'_>>>;

    fn columns(&self) -> TableColumns<'_>;
}
