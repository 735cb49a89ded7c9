//! What a request carries besides action, resource and principal: the values that conditions ask for.

use std::collections::BTreeMap;

/// Values by key; keys are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.set(key, vec![value.into()]);
        self
    }

    #[must_use]
    pub fn with_many<V: Into<String>>(mut self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.set(key, values.into_iter().map(Into::into).collect());
        self
    }

    pub fn set(&mut self, key: &str, values: Vec<String>) {
        self.0.insert(key.to_ascii_lowercase(), values);
    }

    /// Sets a value only where the request brought none.
    pub fn or_set(&mut self, key: &str, values: Vec<String>) {
        self.0.entry(key.to_ascii_lowercase()).or_insert(values);
    }

    pub fn values(&self, key: &str) -> Option<&[String]> {
        let found = if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.0.get(&key.to_ascii_lowercase())
        } else {
            self.0.get(key)
        };
        found.map(Vec::as_slice)
    }
}
