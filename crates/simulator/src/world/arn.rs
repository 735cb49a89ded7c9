//! The ARN forms of points and resources, one per type, each made from the few fields of a row: a million strings are
//! never kept. Points that AWS Backup does not manage fully carry the ARN of the service that owns the snapshot.

use super::index::mix;
use super::{Point, PointId, PointKind, ResourceId, ResourceType, World};
use crate::clock::Moment;

impl World {
    /// Appends the point's ARN to `out`.
    pub fn write_point_arn(&self, id: PointId, out: &mut String) {
        self.write_arn_of(self.point(id), out);
    }

    pub fn point_arn(&self, id: PointId) -> String {
        let mut text = String::with_capacity(112);
        self.write_point_arn(id, &mut text);
        text
    }

    /// Appends the ARN of what points are backups of to `out`.
    pub fn write_resource_arn(&self, id: ResourceId, out: &mut String) {
        let resource = &self.resources[id.0 as usize];
        let owner = resource.account.as_str();
        let (service, account, kind) = match resource.resource_type {
            ResourceType::Ebs => ("ec2", owner, "volume/"),
            ResourceType::Ec2 => ("ec2", owner, "instance/"),
            ResourceType::Rds => ("rds", owner, "db:"),
            ResourceType::RdsMultiAzCluster
            | ResourceType::Aurora
            | ResourceType::DocumentDb
            | ResourceType::Neptune => ("rds", owner, "cluster:"),
            ResourceType::AuroraDsql => ("dsql", owner, "cluster/"),
            ResourceType::DynamoDb | ResourceType::DynamoDbBasic => ("dynamodb", owner, "table/"),
            ResourceType::Efs => ("elasticfilesystem", owner, "file-system/"),
            ResourceType::S3 => {
                // Buckets are the world's, not an account's or a Region's.
                out.extend(["arn:", &self.partition, ":s3:::", &resource.local_id]);
                return;
            }
            ResourceType::FsxLustre | ResourceType::FsxWindows | ResourceType::FsxOpenZfs => {
                ("fsx", owner, "file-system/")
            }
            ResourceType::FsxOntap => ("fsx", owner, "volume/"),
            ResourceType::StorageGateway => ("storagegateway", owner, "gateway/"),
            ResourceType::Redshift => ("redshift", owner, "cluster:"),
            ResourceType::Timestream => ("timestream", owner, "database/"),
            ResourceType::VirtualMachine => ("backup-gateway", owner, "vm/"),
            ResourceType::SapHana => ("ssm-sap", owner, "HANA/"),
            ResourceType::CloudFormation => ("cloudformation", owner, "stack/"),
            ResourceType::Eks => ("eks", owner, "cluster/"),
            ResourceType::Unheard => ("braket", owner, "job/"),
        };
        self.write_head(service, account, out);
        out.extend([kind, &resource.local_id]);
    }

    pub fn resource_arn(&self, id: ResourceId) -> String {
        let mut text = String::with_capacity(96);
        self.write_resource_arn(id, &mut text);
        text
    }

    pub(super) fn write_arn_of(&self, point: &Point, out: &mut String) {
        use ResourceType as T;
        let account = self.vault(point.vault).account.as_str();
        let name = self
            .resources
            .get(point.resource.0 as usize)
            .map_or("", |resource| &resource.local_id);
        match (point.resource_type, point.kind) {
            (T::Ebs | T::StorageGateway, _) => {
                self.write_head("ec2", "", out);
                out.push_str("snapshot/snap-0");
                write_hex(point.serial, 16, out);
            }
            (T::Ec2, _) => {
                self.write_head("ec2", "", out);
                out.push_str("image/ami-0");
                write_hex(point.serial, 16, out);
            }
            (T::Rds, PointKind::Continuous) => {
                self.write_head("rds", account, out);
                out.push_str("auto-backup:ab-");
                write_base32(point.serial, out);
            }
            (T::Aurora, PointKind::Continuous) => {
                self.write_head("backup", account, out);
                out.extend(["recovery-point:continuous:cluster-", name, "-"]);
                write_short_hash(point.serial, out);
            }
            (T::SapHana, PointKind::Continuous) => {
                self.write_head("backup", account, out);
                out.push_str("recovery-point:continuous:");
                write_uuid(point.serial, out);
            }
            (T::Rds, _) => self.write_database_snapshot("snapshot:", account, point, out),
            (T::RdsMultiAzCluster | T::Aurora | T::DocumentDb | T::Neptune, _) => {
                self.write_database_snapshot("cluster-snapshot:", account, point, out);
            }
            (T::DynamoDbBasic, _) => {
                self.write_head("dynamodb", account, out);
                out.extend(["table/", name, "/backup/"]);
                write_digits(point.created.millis(), 14, out);
                out.push('-');
                write_short_hash(point.serial, out);
            }
            (T::DynamoDb | T::AuroraDsql | T::Timestream | T::VirtualMachine | T::SapHana, _) => {
                self.write_head("backup", account, out);
                out.push_str("recovery-point:");
                write_uuid(point.serial, out);
            }
            (T::Efs, _) => {
                self.write_head("backup", account, out);
                out.push_str("recovery-point:");
                let from = out.len();
                write_uuid(point.serial, out);
                out[from..].make_ascii_uppercase();
            }
            (T::S3, kind) => {
                self.write_head("backup", account, out);
                out.extend(["recovery-point:", name, "-"]);
                if kind != PointKind::Continuous {
                    write_date_and_time(point.created, out);
                    out.push('-');
                }
                write_short_hash(point.serial, out);
            }
            (T::FsxLustre | T::FsxWindows | T::FsxOpenZfs | T::FsxOntap, _) => {
                self.write_head("fsx", account, out);
                out.push_str("backup/backup-0");
                write_hex(point.serial, 16, out);
            }
            (T::Redshift, _) => {
                self.write_head("redshift", account, out);
                out.extend(["snapshot:", name, "/awsbackup:job-"]);
                write_uuid(point.serial, out);
            }
            (T::CloudFormation, kind) => {
                self.write_part_of_composite("cloudformation/", account, name, kind, point, out);
            }
            (T::Eks, kind) => self.write_part_of_composite("eks/", account, name, kind, point, out),
            (T::Unheard, _) => {
                self.write_head("braket", account, out);
                out.push_str("job-backup/");
                write_uuid(point.serial, out);
            }
        }
    }

    fn write_database_snapshot(&self, kind: &str, account: &str, point: &Point, out: &mut String) {
        self.write_head("rds", account, out);
        let job = if point.copied_from.is_some() {
            "awsbackup:copyjob-"
        } else {
            "awsbackup:job-"
        };
        out.extend([kind, job]);
        write_uuid(point.serial, out);
    }

    /// The composite itself, or the part that describes the cluster or the stack; its other parts have their own types.
    fn write_part_of_composite(
        &self,
        kind_of_unit: &str,
        account: &str,
        name: &str,
        kind: PointKind,
        point: &Point,
        out: &mut String,
    ) {
        self.write_head("backup", account, out);
        out.push_str("recovery-point:");
        if kind == PointKind::Composite {
            out.push_str("composite:");
        }
        let name = name.split('/').next().unwrap_or(name);
        out.extend([kind_of_unit, name, "-"]);
        write_date_and_time(point.created, out);
        out.push('-');
        write_short_hash(point.serial, out);
    }

    fn write_head(&self, service: &str, account: &str, out: &mut String) {
        let region = self.region.as_str();
        out.extend(["arn:", &self.partition, ":", service, ":", region, ":", account, ":"]);
    }
}

/// The UUID in the ARNs of points with this serial, in lower case.
pub fn uuid_of(serial: u64) -> String {
    let mut text = String::with_capacity(36);
    write_uuid(serial, &mut text);
    text
}

fn write_uuid(serial: u64, out: &mut String) {
    let (high, low) = (mix(serial), mix(!serial));
    write_hex(high >> 32, 8, out);
    out.push('-');
    write_hex(high >> 16, 4, out);
    out.push_str("-4"); // version 4: random
    write_hex(high, 3, out);
    out.push('-');
    write_hex((low >> 48) & 0x3fff | 0x8000, 4, out);
    out.push('-');
    write_hex(low, 12, out);
}

fn write_short_hash(serial: u64, out: &mut String) {
    write_hex(mix(serial) >> 32, 8, out);
}

fn write_hex(value: u64, digits: u32, out: &mut String) {
    for place in (0..digits).rev() {
        let digit = value >> (4 * place) & 15;
        out.push(char::from_digit(u32::try_from(digit).expect("four bits"), 16).expect("a hexadecimal digit"));
    }
}

/// 26 letters and digits, as in the names of RDS automated backups.
fn write_base32(serial: u64, out: &mut String) {
    for word in [mix(serial), mix(!serial)] {
        for place in 0..13 {
            let digit = u8::try_from(word >> (5 * place) & 31).expect("five bits");
            out.push(char::from(if digit < 26 { b'a' + digit } else { b'2' + (digit - 26) }));
        }
    }
}

fn write_digits(value: i64, digits: u32, out: &mut String) {
    for place in (0..digits).rev() {
        let digit = (value / 10_i64.pow(place)).rem_euclid(10);
        out.push(char::from(b'0' + u8::try_from(digit).expect("a remainder by ten")));
    }
}

/// `YYYYMMDDHHMMSS` in UTC.
fn write_date_and_time(moment: Moment, out: &mut String) {
    let seconds = moment.secs();
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date, counted from 1 March of year 0 in eras of 400 years, so that leap days come last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    write_digits(year, 4, out);
    for part in [month, day, of_day / 3600, of_day / 60 % 60, of_day % 60] {
        write_digits(part, 2, out);
    }
}

#[cfg(test)]
mod tests;
