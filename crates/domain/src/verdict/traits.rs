//! What a point is, told from its ARN and its resource's: lists have no member for it.

use crate::arn::Arn;
use crate::recovery_point::RecoveryPoint;
use crate::resource_type::ResourceType;

use super::Uncopyable;

/// Points of a type that AWS Backup copies to no other account.
pub fn uncopyable_type(point: &RecoveryPoint) -> Option<Uncopyable> {
    use ResourceType as T;
    let arn = Arn::parse(&point.arn);
    let resource = point.resource_arn.as_deref().and_then(Arn::parse);
    let resource_kind = resource.and_then(|arn| arn.kind());
    match point.resource_type.as_ref()? {
        T::Redshift | T::RedshiftServerless => Some(Uncopyable::Redshift),
        // Lustre, Windows and OpenZFS are backed up as file systems, ONTAP volume by volume.
        T::Fsx if resource_kind == Some("volume") => Some(Uncopyable::FsxOntap),
        T::DynamoDb if arn.is_some_and(|arn| arn.service == "dynamodb") => Some(Uncopyable::DynamoDbBasic),
        T::Rds if resource_kind == Some("cluster") => Some(Uncopyable::RdsMultiAzCluster),
        _ => None,
    }
}

/// Whether the point is a continuous (point-in-time) one.
pub fn is_continuous(point: &RecoveryPoint) -> bool {
    let Some(arn) = Arn::parse(&point.arn) else {
        return false;
    };
    if arn.kind() == Some("auto-backup") || arn.name().starts_with("continuous:") {
        return true;
    }
    let bucket = point.resource_arn.as_deref().and_then(Arn::parse);
    match (&point.resource_type, bucket) {
        (Some(ResourceType::S3), Some(bucket)) if arn.service == "backup" => {
            is_continuous_bucket(arn.name(), bucket.resource)
        }
        _ => false,
    }
}

/// `bucket-hash` is continuous, `bucket-timestamp-hash` is not. A name of another form is taken for a snapshot: then AWS
/// decides.
fn is_continuous_bucket(name: &str, bucket: &str) -> bool {
    name.strip_prefix(bucket)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|rest| !rest.is_empty() && !rest.contains('-'))
}
