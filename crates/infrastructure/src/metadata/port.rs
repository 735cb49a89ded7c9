//! The table as the application's port.

use sav_application::ports;
use sav_domain::metadata::TableColumns;

use super::{MetadataTable, Row};

impl ports::MetadataTable for MetadataTable {
    type Row<'a> = Row<'a>;

    fn rows(&self, resource_arns: &[&str]) -> Vec<Option<Row<'_>>> {
        self.get_all(resource_arns)
    }

    fn columns(&self) -> TableColumns<'_> {
        self.columns()
    }
}
