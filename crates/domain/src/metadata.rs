//! What the CMDB says about a resource, as far as rules and output need to know.

/// What the header of a metadata table offers to rules.
#[derive(Clone, Debug)]
pub struct TableColumns<'a> {
    /// Every column but the one with the resource ARNs, in the file's order and spelling.
    pub names: Vec<&'a str>,
    /// The column that holds the APMID, if one was found.
    pub apmid: Option<&'a str>,
}

impl TableColumns<'_> {
    pub fn contains(&self, column: &str) -> bool {
        self.names.iter().any(|name| same_column(name, column))
    }
}

/// Column names are the same without regard to case.
pub fn same_column(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

/// One row of the metadata table. A cell that is empty after trimming is absent.
pub trait MetadataRow {
    /// The application that owns the resource, spelled as in the table.
    fn apmid(&self) -> Option<&str>;

    /// The cell under a column, whose name is matched without regard to case. None for an unknown column, too.
    fn value(&self, column: &str) -> Option<&str>;

    /// Every kept column with its cell, in the table's order.
    fn for_each(&self, visit: &mut dyn FnMut(&str, Option<&str>));
}

impl<R: MetadataRow + ?Sized> MetadataRow for &R {
    fn apmid(&self) -> Option<&str> {
        (**self).apmid()
    }

    fn value(&self, column: &str) -> Option<&str> {
        (**self).value(column)
    }

    fn for_each(&self, visit: &mut dyn FnMut(&str, Option<&str>)) {
        (**self).for_each(visit);
    }
}
