//! Reads the extracted models.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;

use serde::Deserialize;

use super::{
    ErrorFacts, Kind, Location, Member, Model, Operation, Pattern, Protocol, Segment, Service, ServiceModel, Shape,
    ShapeId,
};

fn text(service: Service) -> &'static str {
    match service {
        Service::Backup => include_str!("../../model/backup.json"),
        Service::Sts => include_str!("../../model/sts.json"),
        Service::Iam => include_str!("../../model/iam.json"),
        Service::Kms => include_str!("../../model/kms.json"),
        Service::Organizations => include_str!("../../model/organizations.json"),
        Service::ServiceQuotas => include_str!("../../model/service-quotas.json"),
    }
}

#[derive(Deserialize)]
struct ModelFile<'a> {
    protocol: WrittenProtocol,
    version: &'a str,
    #[serde(default)]
    target_prefix: &'a str,
    #[serde(default)]
    xml_namespace: &'a str,
    #[serde(borrow)]
    operations: BTreeMap<&'a str, WrittenOperation<'a>>,
    #[serde(borrow)]
    shapes: BTreeMap<&'a str, WrittenShape<'a>>,
}

#[derive(Deserialize)]
enum WrittenProtocol {
    #[serde(rename = "rest-json")]
    RestJson,
    #[serde(rename = "json")]
    Json,
    #[serde(rename = "query")]
    Query,
}

#[derive(Deserialize)]
struct WrittenOperation<'a> {
    method: &'a str,
    uri: &'a str,
    input: Option<&'a str>,
    output: Option<&'a str>,
    errors: Vec<&'a str>,
}

#[derive(Deserialize)]
struct WrittenShape<'a> {
    r#type: &'a str,
    #[serde(default, borrow)]
    members: Members<'a>,
    member: Option<&'a str>,
    key: Option<&'a str>,
    value: Option<&'a str>,
    #[serde(default)]
    r#enum: Vec<&'a str>,
    #[serde(borrow)]
    pattern: Option<Cow<'a, str>>,
    min: Option<f64>,
    max: Option<f64>,
    #[serde(borrow)]
    error: Option<WrittenError<'a>>,
}

#[derive(Deserialize)]
struct WrittenMember<'a> {
    shape: &'a str,
    #[serde(default)]
    required: bool,
    location: Option<&'a str>,
    r#as: Option<&'a str>,
    #[serde(default)]
    token: bool,
}

#[derive(Deserialize)]
struct WrittenError<'a> {
    code: Option<&'a str>,
    status: u16,
}

/// Members in the order of the model, which is the order in which AWS writes and checks them.
#[derive(Default)]
struct Members<'a>(Vec<(&'a str, WrittenMember<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> serde::de::Visitor<'de> for InOrder<'a> {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of members")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members<'a>, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

impl Model {
    pub(super) fn load() -> Self {
        Self {
            services: Service::ALL.into_iter().map(load).collect(),
        }
    }
}

fn load(service: Service) -> ServiceModel {
    let file: ModelFile<'static> =
        serde_json::from_str(text(service)).expect("the extracted models are read by the tests");
    let shape_by_name: HashMap<&'static str, ShapeId> = file.shapes.keys().copied().zip((0..).map(ShapeId)).collect();
    let shapes = file
        .shapes
        .into_iter()
        .map(|(name, shape)| to_shape(name, shape, &shape_by_name))
        .collect();
    let operations = file
        .operations
        .into_iter()
        .map(|(name, operation)| Operation {
            name,
            method: operation.method,
            path: segments(operation.uri),
            input: operation.input.map(|shape| shape_by_name[shape]),
            output: operation.output.map(|shape| shape_by_name[shape]),
            errors: operation.errors,
        })
        .collect();
    ServiceModel {
        service,
        protocol: match file.protocol {
            WrittenProtocol::RestJson => Protocol::RestJson,
            WrittenProtocol::Json => Protocol::Json11,
            WrittenProtocol::Query => Protocol::Query,
        },
        version: file.version,
        target_prefix: file.target_prefix,
        xml_namespace: file.xml_namespace,
        operations,
        shapes,
        shape_by_name,
    }
}

fn segments(uri: &'static str) -> Vec<Segment> {
    uri.split('/')
        .filter(|part| !part.is_empty())
        .map(
            |part| match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(label) => Segment::Label(label),
                None => Segment::Literal(part),
            },
        )
        .collect()
}

fn to_shape(name: &'static str, shape: WrittenShape<'static>, by_name: &HashMap<&'static str, ShapeId>) -> Shape {
    let part = |part: Option<&'static str>| by_name[part.expect("lists and maps name their parts")];
    let kind = match shape.r#type {
        "structure" => Kind::Structure(
            shape
                .members
                .0
                .into_iter()
                .map(|member| to_member(member, by_name))
                .collect(),
        ),
        "list" => Kind::List(part(shape.member)),
        "map" => Kind::Map(part(shape.key), part(shape.value)),
        "string" => Kind::String,
        "integer" | "long" => Kind::Integer,
        "double" | "float" => Kind::Double,
        "boolean" => Kind::Boolean,
        "timestamp" => Kind::Timestamp,
        "blob" => Kind::Blob,
        other => unreachable!("the service models know no type {other}"),
    };
    Shape {
        name,
        kind,
        min: shape.min,
        max: shape.max,
        values: shape.r#enum,
        pattern: shape.pattern.map(|written| Pattern::new(&written)),
        error: shape.error.map(|error| ErrorFacts {
            code: error.code.map(Cow::Borrowed),
            status: error.status,
        }),
    }
}

fn to_member(
    (name, member): (&'static str, WrittenMember<'static>),
    by_name: &HashMap<&'static str, ShapeId>,
) -> Member {
    Member {
        name,
        wire_name: member.r#as.unwrap_or(name),
        location: match member.location {
            None => Location::Body,
            Some("uri") => Location::Path,
            Some("querystring") => Location::QueryString,
            Some(other) => unreachable!("no operation answered here has members in {other}"),
        },
        shape: by_name[member.shape],
        required: member.required,
        idempotency_token: member.token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_six_services_is_there() {
        let counts: Vec<(Service, usize)> = Service::ALL
            .into_iter()
            .map(|service| (service, service.model().operations().len()))
            .collect();
        let expected = [
            (Service::Backup, 24),
            (Service::Sts, 2),
            (Service::Iam, 3),
            (Service::Kms, 2),
            (Service::Organizations, 1),
            (Service::ServiceQuotas, 1),
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn members_keep_their_place_name_and_constraints() {
        let model = Service::Backup.model();
        let list = model.operation("ListCopyJobs").unwrap();
        let members = model.members(list.input.unwrap());
        let limit = members.iter().find(|member| member.name == "MaxResults").unwrap();
        assert_eq!((limit.wire_name, limit.location), ("maxResults", Location::QueryString));
        assert_eq!(
            (model.shape(limit.shape).min, model.shape(limit.shape).max),
            (Some(1.0), Some(1000.0))
        );

        let start = model.operation("StartCopyJob").unwrap();
        assert_eq!(
            (start.method, start.path.as_slice()),
            ("PUT", [Segment::Literal("copy-jobs")].as_slice())
        );
        let members = model.members(start.input.unwrap());
        let tokens: Vec<&str> = members
            .iter()
            .filter(|member| member.idempotency_token)
            .map(|m| m.name)
            .collect();
        assert_eq!(tokens, ["IdempotencyToken"]);
        let required: Vec<&str> = members
            .iter()
            .filter(|member| member.required)
            .map(|m| m.name)
            .collect();
        assert_eq!(
            required,
            [
                "RecoveryPointArn",
                "SourceBackupVaultName",
                "DestinationBackupVaultArn",
                "IamRoleArn"
            ]
        );
    }

    #[test]
    fn errors_are_found_by_shape_and_by_code() {
        let iam = Service::Iam.model();
        let (shape, facts) = iam.error("NoSuchEntity").unwrap();
        assert_eq!((shape.name, facts.status), ("NoSuchEntityException", 404));
        assert_eq!(iam.error("NoSuchEntityException").unwrap().1, facts);
        assert!(iam.error("GetRoleRequest").is_none());
        assert_eq!(
            Service::Backup
                .model()
                .error("ServiceUnavailableException")
                .unwrap()
                .1
                .status,
            500
        );
    }
}
