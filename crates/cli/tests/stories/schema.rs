//! Holds a document against a JSON schema. It knows the words that our own schemas use and refuses every other, so that no rule
//! is passed over in silence.

use serde_json::Value;

/// Everything that is wrong, each with where it is.
pub fn complaints(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { root: schema }.hold(schema, document, "", &mut found);
    found
}

struct Check<'a> {
    root: &'a Value,
}

impl Check<'_> {
    fn hold(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        for (word, rule) in schema.as_object().expect("a schema is an object") {
            let fits = match word.as_str() {
                "$schema" | "$defs" | "title" | "description" => true,
                "$ref" => {
                    let path = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    self.hold(self.root.pointer(path).unwrap(), value, at, found);
                    true
                }
                "type" => match rule {
                    Value::Array(kinds) => kinds.iter().any(|kind| is_a(value, kind)),
                    kind => is_a(value, kind),
                },
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maxItems" => value
                    .as_array()
                    .is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
                "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
                "anyOf" => rule.as_array().unwrap().iter().any(|one| {
                    let mut wrong = Vec::new();
                    self.hold(one, value, at, &mut wrong);
                    wrong.is_empty()
                }),
                "required" => {
                    let names = rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                    let missing: Vec<&str> = names.filter(|name| value.get(name).is_none()).collect();
                    found.extend(missing.iter().map(|name| format!("{at}: {name} is missing")));
                    true
                }
                "properties" => {
                    for (name, rule) in rule.as_object().unwrap() {
                        if let Some(member) = value.get(name) {
                            self.hold(rule, member, &format!("{at}/{name}"), found);
                        }
                    }
                    true
                }
                "additionalProperties" => {
                    assert_eq!(rule, &Value::Bool(false), "{at}");
                    let known = schema["properties"].as_object().unwrap();
                    let members = value.as_object().into_iter().flatten();
                    let unknown = members.filter(|(name, _)| !known.contains_key(*name));
                    found.extend(unknown.map(|(name, _)| format!("{at}: nobody knows {name}")));
                    true
                }
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.hold(rule, item, &format!("{at}/{index}"), found);
                    }
                    true
                }
                other => panic!("the schema says `{other}`, which is not looked at here"),
            };
            if !fits {
                found.push(format!("{at}: {value} does not fit {word} {rule}"));
            }
        }
    }
}

fn is_a(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("no kind of value: {other}"),
    }
}

/// Of regular expressions: fixed characters, `[0-9]{n}` and `\.`, from beginning to end.
fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.strip_prefix('^').unwrap().strip_suffix('$').unwrap();
    let mut letters = text.chars();
    while let Some(next) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("[0-9]{") {
            let (count, behind) = behind.split_once('}').unwrap();
            let digits = (0..count.parse().unwrap()).all(|_| letters.next().is_some_and(|c| c.is_ascii_digit()));
            if !digits {
                return false;
            }
            rest = behind;
        } else {
            let literal = rest.strip_prefix('\\').unwrap_or(rest);
            let wanted = literal.chars().next().unwrap_or(next);
            if letters.next() != Some(wanted) {
                return false;
            }
            rest = &literal[wanted.len_utf8()..];
        }
    }
    letters.next().is_none()
}

#[test]
fn what_does_not_fit_is_found() {
    let schema = serde_json::json!({
        "type": "object", "required": ["a", "b"], "additionalProperties": false,
        "properties": { "a": { "type": ["integer", "null"], "minimum": 1 }, "b": { "pattern": "^[0-9]{2}\\.x$" } },
    });
    let found = |document| complaints(&schema, &document).len();
    assert_eq!(found(serde_json::json!({ "a": 1, "b": "12.x" })), 0);
    assert_eq!(found(serde_json::json!({ "a": null, "b": "12.x" })), 0);
    assert_eq!(found(serde_json::json!({ "a": 0, "b": "12.x" })), 1);
    assert_eq!(found(serde_json::json!({ "a": 1.5, "b": "12ax" })), 2);
    assert_eq!(found(serde_json::json!({ "a": 1, "c": 1 })), 2);
}
