//! AWS's service models, cut down to the operations answered here: what the wire checks requests against, and tests
//! check answers against. The files beside `crates/simulator/model/extract.py` are what that script wrote.

mod load;
mod output;
mod pattern;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

pub use pattern::Pattern;

/// The services that answer, named in requests by the scope of their signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    Backup,
    Sts,
    Iam,
    Kms,
    Organizations,
    ServiceQuotas,
}

impl Service {
    pub const ALL: [Self; 6] = [
        Self::Backup,
        Self::Sts,
        Self::Iam,
        Self::Kms,
        Self::Organizations,
        Self::ServiceQuotas,
    ];

    /// As in the credential scope, and as the prefix of IAM actions.
    pub const fn signing_name(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::Kms => "kms",
            Self::Organizations => "organizations",
            Self::ServiceQuotas => "servicequotas",
        }
    }

    pub fn from_signing_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.signing_name() == name)
    }

    pub fn model(self) -> &'static ServiceModel {
        &Model::get().services[self as usize]
    }

    /// One endpoint for a whole partition, in one Region, whatever Region the client is in.
    pub const fn is_global(self) -> bool {
        matches!(self, Self::Sts | Self::Iam | Self::Organizations)
    }
}

/// How requests and answers of a service are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Method and path name the operation; members in path, query and a JSON body.
    RestJson,
    /// `X-Amz-Target` names the operation; one JSON body.
    Json11,
    /// A form with `Action` and `Version`; answers in XML.
    Query,
}

/// Every service's model. There is one, parsed on first use.
#[derive(Debug)]
pub struct Model {
    services: Vec<ServiceModel>,
}

#[derive(Debug)]
pub struct ServiceModel {
    pub service: Service,
    pub protocol: Protocol,
    /// `2018-11-15`: the version in query requests.
    pub version: &'static str,
    /// JSON 1.1: what precedes the operation in `X-Amz-Target`.
    pub target_prefix: &'static str,
    /// Query: the namespace of answers.
    pub xml_namespace: &'static str,
    operations: Vec<Operation>,
    shapes: Vec<Shape>,
    shape_by_name: HashMap<&'static str, ShapeId>,
}

#[derive(Debug)]
pub struct Operation {
    pub name: &'static str,
    pub method: &'static str,
    pub path: Vec<Segment>,
    pub input: Option<ShapeId>,
    pub output: Option<ShapeId>,
    /// Names of the error shapes it declares; common errors are not among them.
    pub errors: Vec<&'static str>,
}

/// A part of a path between slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    Literal(&'static str),
    /// The name of a label, which is the wire name of an input member.
    Label(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeId(u32);

#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    pub kind: Kind,
    /// Of a string or list: length. Of a number: value.
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub values: Vec<&'static str>,
    pub pattern: Option<Pattern>,
    pub error: Option<ErrorFacts>,
}

#[derive(Debug)]
pub enum Kind {
    Structure(Vec<Member>),
    List(ShapeId),
    Map(ShapeId, ShapeId),
    String,
    Integer,
    Double,
    Boolean,
    Timestamp,
    Blob,
}

#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    /// In a path, a query or a body; mostly the same as `name`.
    pub wire_name: &'static str,
    pub location: Location,
    pub shape: ShapeId,
    pub required: bool,
    pub idempotency_token: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    Body,
    Path,
    QueryString,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorFacts {
    /// What the query protocol calls it, where that is not the shape's name.
    pub code: Option<Cow<'static, str>>,
    pub status: u16,
}

static MODEL: LazyLock<Model> = LazyLock::new(Model::load);

impl Model {
    pub fn get() -> &'static Self {
        &MODEL
    }
}

impl ServiceModel {
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    pub fn shape_named(&self, name: &str) -> Option<&Shape> {
        self.shape_by_name.get(name).map(|id| self.shape(*id))
    }

    /// The members of a structure; of anything else none.
    pub fn members(&self, id: ShapeId) -> &[Member] {
        match &self.shape(id).kind {
            Kind::Structure(members) => members,
            _ => &[],
        }
    }

    /// The error shape of that name, or that the query protocol writes with that code.
    pub fn error(&self, name_or_code: &str) -> Option<(&Shape, &ErrorFacts)> {
        let by_name = self.shape_named(name_or_code);
        let shape = by_name.filter(|shape| shape.error.is_some()).or_else(|| {
            self.shapes.iter().find(|shape| {
                shape
                    .error
                    .as_ref()
                    .is_some_and(|facts| facts.code.as_deref() == Some(name_or_code))
            })
        })?;
        Some((shape, shape.error.as_ref()?))
    }
}
