//! The operator's table: which application a resource belongs to, as a CSV file with all that such files have in practice.

use std::io::{self, Write};

use super::dice::Dice;
use super::index::mix;
use super::names::{self, Application};
use super::{MetadataPlan, ResourceId, World, WorldPlan};

/// What is in a table that was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetadataCounts {
    /// Without the header.
    pub rows: usize,
    pub resources_without_row: usize,
    pub blank_apmids: usize,
    /// Resources with two rows.
    pub duplicates: usize,
    /// Rows of resources that have no points.
    pub unknown_resources: usize,
}

const COLUMNS: [&str; 5] = ["resourceArn", "APMID", "Application", "Owner", "Environment"];

impl World {
    /// Writes the table of the source account's resources row by row: equal plans and worlds, equal bytes.
    pub fn metadata_csv(&self, plan: &WorldPlan, out: &mut impl Write) -> io::Result<MetadataCounts> {
        let mut table = Table::begin(&plan.metadata, out)?;
        let mut counts = MetadataCounts::default();
        let mut strangers = Strangers {
            world: self,
            plan,
            dice: Dice::new(plan.seed, "metadata strangers"),
        };
        let mut later = Vec::new();
        for resource in self.resources_with_points_of(&plan.source_account) {
            let entry = Entry::of(plan, resource);
            let arn = self.resource_arn(resource);
            counts.blank_apmids += usize::from(entry.row && entry.apmid.trim().is_empty());
            match (entry.row, &entry.outdated) {
                (false, _) => counts.resources_without_row += 1,
                (true, None) => table.row(&entry.fields(&arn, &entry.apmid))?,
                (true, Some(outdated)) => {
                    table.row(&entry.fields(&arn, outdated))?;
                    later.push(resource);
                }
            }
            if strangers.dice.chance(plan.metadata.unknown_resources) {
                counts.unknown_resources += 1;
                strangers.row(&mut table)?;
            }
        }
        counts.duplicates = later.len();
        while table.rows + later.len() < plan.metadata.rows_at_least {
            counts.unknown_resources += 1;
            strangers.row(&mut table)?;
        }
        for resource in later {
            let entry = Entry::of(plan, resource);
            table.row(&entry.fields(&self.resource_arn(resource), &entry.apmid))?;
        }
        counts.rows = table.rows;
        Ok(counts)
    }

    /// The APMID that a careful reader of the table ends with: the last row's, trimmed; none when the row or the value is
    /// missing.
    pub fn apmid_of(&self, plan: &WorldPlan, resource: ResourceId) -> Option<String> {
        let entry = Entry::of(plan, resource);
        let apmid = entry.apmid.trim();
        (entry.row && !apmid.is_empty()).then(|| apmid.to_owned())
    }

    /// Resources of which a point lies, or lay, in a vault of the account.
    pub fn resources_with_points_of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = ResourceId> + 'a {
        let count = u32::try_from(self.resources.len()).expect("fewer than 2^32 resources");
        (0..count).map(ResourceId).filter(move |resource| {
            self.points_of_resource(*resource)
                .iter()
                .any(|id| self.vault(self.point(*id).vault).account == account)
        })
    }
}

/// What the table says of one resource: drawn from the seed and the resource alone, so that the truth about each can be
/// told without the others.
struct Entry {
    row: bool,
    apmid: String,
    /// The APMID of an earlier row.
    outdated: Option<String>,
    application: Application,
}

impl Entry {
    fn of(plan: &WorldPlan, resource: ResourceId) -> Self {
        let shares = &plan.metadata;
        let mut dice = Dice::new(plan.seed ^ mix(u64::from(resource.0)), "metadata");
        let mut application = names::application_of(plan.seed, resource.0);
        let row = !dice.chance(shares.missing_rows);
        let (blank, kind_of_blank) = (dice.chance(shares.blank_apmids), *dice.pick(&["", " ", "   ", "\t"]));
        let (duplicate, other) = (dice.chance(shares.duplicates), dice.below(400));
        let (awkward, way) = (dice.chance(shares.awkward_fields), dice.below(6));
        let mut apmid = application.apmid.clone();
        let outdated = duplicate
            .then(|| names::apmid(other))
            .map(|old| if old == apmid { names::apmid(401) } else { old });
        if awkward {
            match way {
                0 => application.name = format!("{}, {}", application.name, application.environment),
                1 => application.name = format!("\"{}\" (new)", application.name),
                2 => application.name = format!("{}\nsecond line", application.name),
                3 => "Zoë Ångström <zoë@example.com>".clone_into(&mut application.owner),
                4 => apmid = format!("  {apmid} "),
                _ => application.owner = format!("Team \"{}\", 東京", application.owner),
            }
        }
        if blank {
            kind_of_blank.clone_into(&mut apmid);
        }
        Self {
            row,
            apmid,
            outdated,
            application,
        }
    }

    fn fields<'a>(&'a self, arn: &'a str, apmid: &'a str) -> [&'a str; 5] {
        [
            arn,
            apmid,
            &self.application.name,
            &self.application.owner,
            self.application.environment,
        ]
    }
}

/// Resources that the table knows and no vault does.
struct Strangers<'a> {
    world: &'a World,
    plan: &'a WorldPlan,
    dice: Dice,
}

impl Strangers<'_> {
    fn row<W: Write>(&mut self, table: &mut Table<'_, W>) -> io::Result<()> {
        let World { partition, region, .. } = self.world;
        let account = &self.plan.source_account;
        let id = self.dice.bits();
        let arn = match id % 4 {
            0 | 1 => format!("arn:{partition}:ec2:{region}:{account}:volume/vol-1{id:016x}"),
            2 => format!("arn:{partition}:ec2:{region}:{account}:instance/i-1{id:016x}"),
            _ => format!("arn:{partition}:dynamodb:{region}:{account}:table/unknown-{id:016x}"),
        };
        let resource = u32::try_from(self.dice.below(1 << 32)).expect("32 bits");
        let application = names::application_of(self.plan.seed, resource);
        let Application {
            apmid,
            name,
            owner,
            environment,
            ..
        } = &application;
        table.row(&[&arn, apmid, name, owner, environment])
    }
}

/// Writes rows in the dialect of the plan, quoting only what has to be.
struct Table<'a, W> {
    plan: &'a MetadataPlan,
    out: &'a mut W,
    line: String,
    rows: usize,
}

impl<'a, W: Write> Table<'a, W> {
    fn begin(plan: &'a MetadataPlan, out: &'a mut W) -> io::Result<Self> {
        if plan.byte_order_mark {
            out.write_all("\u{feff}".as_bytes())?;
        }
        let mut table = Self {
            plan,
            out,
            line: String::new(),
            rows: 0,
        };
        table.line(&COLUMNS)?;
        Ok(table)
    }

    fn row(&mut self, fields: &[&str; 5]) -> io::Result<()> {
        self.rows += 1;
        self.line(fields)
    }

    fn line(&mut self, fields: &[&str; 5]) -> io::Result<()> {
        let end = if self.plan.carriage_returns { "\r\n" } else { "\n" };
        self.line.clear();
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                self.line.push(self.plan.delimiter);
            }
            let special = |letter: char| letter == self.plan.delimiter || matches!(letter, '"' | '\n' | '\r');
            if !field.contains(special) {
                self.line.push_str(field);
                continue;
            }
            self.line.push('"');
            for letter in field.chars() {
                match letter {
                    '"' => self.line.push_str("\"\""),
                    '\n' => self.line.push_str(end),
                    other => self.line.push(other),
                }
            }
            self.line.push('"');
        }
        self.line.push_str(end);
        self.out.write_all(self.line.as_bytes())
    }
}

#[cfg(test)]
mod tests;
