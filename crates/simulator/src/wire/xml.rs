//! The XML of the query protocol.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Params, Refusal, time};
use crate::model::{Kind, Operation, Service, ShapeId};

/// `<XResponse><XResult>…</XResult><ResponseMetadata>…`
pub(super) fn answer(service: Service, operation: &Operation, members: &Value, request_id: &str) -> String {
    let name = operation.name;
    let mut out = format!("<{name}Response xmlns=\"{}\">\n  ", service.model().xml_namespace);
    if let Some(shape) = operation.output {
        element(&format!("{name}Result"), &mut out, |out| {
            write(service, shape, members, out);
        });
    }
    let _ = write!(
        out,
        "\n  <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\n</{name}Response>\n"
    );
    out
}

/// `<ErrorResponse><Error>…`
pub(super) fn error(service: Service, code: &str, refusal: &Refusal, ours: bool, request_id: &str) -> String {
    let mut out = format!("<ErrorResponse xmlns=\"{}\">\n  ", service.model().xml_namespace);
    element("Error", &mut out, |out| {
        element("Type", out, |out| {
            out.push_str(if ours { "Receiver" } else { "Sender" });
        });
        element("Code", out, |out| escape(code, out));
        element("Message", out, |out| escape(&refusal.message, out));
    });
    let _ = write!(out, "\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n");
    out
}

fn write(service: Service, id: ShapeId, value: &Value, out: &mut String) {
    let model = service.model();
    match (&model.shape(id).kind, value) {
        (_, Value::Null) => {}
        (Kind::Structure(members), value) => {
            for member in members {
                match value.get(member.name) {
                    None | Some(Value::Null) => {}
                    Some(inner) => element(member.wire_name, out, |out| write(service, member.shape, inner, out)),
                }
            }
        }
        (Kind::List(item), Value::Array(items)) => {
            for inner in items {
                element("member", out, |out| write(service, *item, inner, out));
            }
        }
        (Kind::Map(key, item), Value::Object(entries)) => {
            for (name, inner) in entries {
                element("entry", out, |out| {
                    element("key", out, |out| write(service, *key, &Value::from(name.as_str()), out));
                    element("value", out, |out| write(service, *item, inner, out));
                });
            }
        }
        (Kind::Timestamp, value) => {
            let one = Params([(String::new(), value.clone())].into_iter().collect());
            out.push_str(&one.moment("").map(time::iso_8601).unwrap_or_default());
        }
        (_, Value::String(text)) => escape(text, out),
        (_, other) => escape(&other.to_string(), out),
    }
}

fn element(name: &str, out: &mut String, inner: impl FnOnce(&mut String)) {
    let _ = write!(out, "<{name}>");
    inner(out);
    let _ = write!(out, "</{name}>");
}

/// Characters that XML cannot hold at all are left out.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\n' | '\t' => out.push(character),
            other if other.is_control() && u32::from(other) < 0x20 => {}
            '\u{FFFE}' | '\u{FFFF}' => {}
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn structures_lists_and_times_follow_the_model() {
        let members = json!({
            "Role": {"Path": "/a/", "RoleName": "R<&>", "CreateDate": 1_709_210_096.0, "Description": null,
                     "Tags": [{"Key": "k", "Value": "v"}], "MaxSessionDuration": 3600},
        });
        let operation = Service::Iam.model().operation("GetRole").unwrap();
        let written = answer(Service::Iam, operation, &members, "id-1");
        assert_eq!(
            written,
            "<GetRoleResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  <GetRoleResult><Role><Path>/a/</Path>\
             <RoleName>R&lt;&amp;&gt;</RoleName><CreateDate>2024-02-29T12:34:56Z</CreateDate>\
             <MaxSessionDuration>3600</MaxSessionDuration><Tags><member><Key>k</Key><Value>v</Value></member></Tags></Role>\
             </GetRoleResult>\n  <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>\n</GetRoleResponse>\n"
        );
    }

    #[test]
    fn errors_name_code_and_request() {
        let refusal = Refusal::with_status(404, "NoSuchEntity", "no \u{1}role \"x\"");
        let written = error(Service::Iam, "NoSuchEntity", &refusal, false, "id-2");
        assert!(written.contains(
            "<Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no role &quot;x&quot;</Message></Error>"
        ));
        assert!(written.contains("<RequestId>id-2</RequestId>"));
    }
}
