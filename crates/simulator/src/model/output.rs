//! Checks answers against the model: what a strict client would notice.

use serde_json::Value;

use super::{Kind, Model, Service, ServiceModel, ShapeId};

impl Model {
    /// Refuses members that the model does not know, wrong types and missing required members. Nulls pass: AWS sends them.
    pub fn check_output(service: Service, operation: &str, answer: &Value) -> Result<(), String> {
        let model = service.model();
        let known = model
            .operation(operation)
            .ok_or_else(|| format!("{} has no operation {operation}", service.signing_name()))?;
        match known.output {
            Some(shape) => check(model, shape, answer, operation),
            None if answer.is_null() || answer.as_object().is_some_and(serde_json::Map::is_empty) => Ok(()),
            None => Err(format!("{operation}: answers nothing, got {answer}")),
        }
    }
}

fn check(model: &ServiceModel, id: ShapeId, value: &Value, at: &str) -> Result<(), String> {
    let wrong = |expected: &str| Err(format!("{at}: expected {expected}, got {value}"));
    match &model.shape(id).kind {
        Kind::Structure(members) => {
            let Some(object) = value.as_object() else {
                return wrong("a structure");
            };
            if let Some(unknown) = object
                .keys()
                .find(|key| members.iter().all(|member| member.wire_name != **key))
            {
                return Err(format!("{at}: the service model has no member {unknown}"));
            }
            for member in members {
                match object.get(member.wire_name) {
                    None | Some(Value::Null) if member.required => {
                        return Err(format!("{at}: the required member {} is missing", member.name));
                    }
                    None | Some(Value::Null) => {}
                    Some(inner) => check(model, member.shape, inner, &format!("{at}.{}", member.name))?,
                }
            }
            Ok(())
        }
        Kind::List(item) => {
            let Some(items) = value.as_array() else {
                return wrong("a list");
            };
            items
                .iter()
                .enumerate()
                .try_for_each(|(index, inner)| check(model, *item, inner, &format!("{at}[{index}]")))
        }
        Kind::Map(_, item) => {
            let Some(entries) = value.as_object() else {
                return wrong("a map");
            };
            entries
                .iter()
                .try_for_each(|(key, inner)| check(model, *item, inner, &format!("{at}[{key}]")))
        }
        Kind::String | Kind::Blob if !value.is_string() => wrong("a string"),
        Kind::Integer if value.as_i64().is_none() => wrong("a whole number"),
        Kind::Double | Kind::Timestamp if !value.is_number() => wrong("a number"),
        Kind::Boolean if !value.is_boolean() => wrong("true or false"),
        Kind::String | Kind::Blob | Kind::Integer | Kind::Double | Kind::Timestamp | Kind::Boolean => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn describe(answer: &Value) -> Result<(), String> {
        Model::check_output(Service::Kms, "DescribeKey", answer)
    }

    #[test]
    fn a_right_answer_passes() {
        let answer = json!({"KeyMetadata": {"KeyId": "k", "CreationDate": 1.5, "Enabled": true, "Origin": null}});
        assert_eq!(describe(&answer), Ok(()));
    }

    #[test]
    fn what_a_strict_client_would_notice_is_refused() {
        let told = |answer: Value| describe(&answer).unwrap_err();
        assert!(told(json!({"Key": {}})).contains("no member Key"));
        assert!(told(json!({"KeyMetadata": {}})).contains("required member KeyId"));
        assert!(told(json!({"KeyMetadata": {"KeyId": 7}})).contains("expected a string"));
        assert!(told(json!({"KeyMetadata": {"KeyId": "k", "CreationDate": "now"}})).contains("expected a number"));
    }

    #[test]
    fn an_operation_without_an_output_answers_nothing() {
        let check = |answer| Model::check_output(Service::Backup, "TagResource", &answer);
        assert_eq!(check(json!({})), Ok(()));
        assert!(check(json!({"a": 1})).is_err());
        assert!(Model::check_output(Service::Backup, "StartBackupJob", &json!({})).is_err());
    }
}
