//! A point as it is written in JSON: fixed names in a fixed order, `null` for what is absent.

use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

use super::RecoveryPoint;
use crate::metadata::MetadataRow;
use crate::size::size_gb;

/// A point with what the metadata table says about its resource, ready to be serialized.
pub struct PointView<'a> {
    point: &'a RecoveryPoint,
    metadata: Option<&'a dyn MetadataRow>,
    reason: Option<(&'a str, &'a str)>,
}

impl<'a> PointView<'a> {
    pub fn of(point: &'a RecoveryPoint, metadata: Option<&'a dyn MetadataRow>) -> Self {
        Self {
            point,
            metadata,
            reason: None,
        }
    }

    /// Adds why the point is out: `reason`, a code that never changes, and `reason_text` for people.
    #[must_use]
    pub fn because(self, code: &'a str, text: &'a str) -> Self {
        Self {
            reason: Some((code, text)),
            ..self
        }
    }
}

impl Serialize for PointView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let point = self.point;
        let arn = Some(&point.arn).filter(|arn| !arn.is_empty());
        let mut fields = serializer.serialize_struct("point", 16 + self.reason.map_or(0, |_| 2))?;
        fields.serialize_field("recovery_point_arn", &arn)?;
        fields.serialize_field("vault_name", &point.vault)?;
        fields.serialize_field("resource_arn", &point.resource_arn)?;
        fields.serialize_field("resource_name", &point.resource_name)?;
        fields.serialize_field("resource_type", &point.resource_type)?;
        fields.serialize_field("creation_date", &point.created)?;
        fields.serialize_field("completion_date", &point.completed)?;
        fields.serialize_field("status", &point.status)?;
        fields.serialize_field("size_bytes", &point.size_bytes)?;
        fields.serialize_field("size_gb", &point.size_bytes.map(size_gb))?;
        fields.serialize_field("encryption_key_arn", &point.encryption_key_arn)?;
        fields.serialize_field("expires_at", &point.expires_at)?;
        fields.serialize_field("moves_to_cold_at", &point.moves_to_cold_at)?;
        fields.serialize_field("is_parent", &point.is_parent)?;
        fields.serialize_field("parent_recovery_point_arn", &point.parent_arn)?;
        fields.serialize_field("metadata", &Cells(self.metadata))?;
        if let Some((code, text)) = self.reason {
            fields.serialize_field("reason", code)?;
            fields.serialize_field("reason_text", text)?;
        }
        fields.end()
    }
}

/// The metadata object; `{}` when the table says nothing.
struct Cells<'a>(Option<&'a dyn MetadataRow>);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut outcome = Ok(());
        if let Some(row) = self.0 {
            row.for_each(&mut |column, cell| {
                if outcome.is_ok() {
                    outcome = map.serialize_entry(column, &cell);
                }
            });
        }
        outcome?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moment, ResourceType, VaultName};

    struct Row;

    impl MetadataRow for Row {
        fn apmid(&self) -> Option<&str> {
            Some("APM1")
        }
        fn value(&self, column: &str) -> Option<&str> {
            column.eq_ignore_ascii_case("apmid").then_some("APM1")
        }
        fn for_each(&self, visit: &mut dyn FnMut(&str, Option<&str>)) {
            visit("APMID", Some("APM1"));
            visit("Owner", None);
        }
    }

    #[test]
    fn a_bare_point_is_written_with_nulls() {
        let point = RecoveryPoint::new("arn:p", VaultName::new("daily").unwrap());
        assert_eq!(
            serde_json::to_string(&PointView::of(&point, None)).unwrap(),
            r#"{"recovery_point_arn":"arn:p","vault_name":"daily","resource_arn":null,"resource_name":null,"#
                .to_owned()
                + r#""resource_type":null,"creation_date":null,"completion_date":null,"status":null,"size_bytes":null,"#
                + r#""size_gb":null,"encryption_key_arn":null,"expires_at":null,"moves_to_cold_at":null,"#
                + r#""is_parent":false,"parent_recovery_point_arn":null,"metadata":{}}"#
        );
    }

    #[test]
    fn times_sizes_metadata_and_reason_have_their_shapes() {
        let point = RecoveryPoint {
            resource_type: Some(ResourceType::Ebs),
            created: Moment::from_epoch_seconds(17.256_999_9),
            size_bytes: Some(1_610_612_736),
            ..RecoveryPoint::new("arn:p", VaultName::new("daily").unwrap())
        };
        let view = PointView::of(&point, Some(&Row)).because("too_small", "smaller than 2 GB");
        let json = serde_json::to_value(view).unwrap();
        assert_eq!(json["creation_date"], "1970-01-01T00:00:17.257Z");
        assert_eq!(json["size_gb"], 1.5);
        assert_eq!(json["resource_type"], "EBS");
        assert_eq!(json["metadata"], serde_json::json!({ "APMID": "APM1", "Owner": null }));
        assert_eq!(json["reason"], "too_small");
    }
}
