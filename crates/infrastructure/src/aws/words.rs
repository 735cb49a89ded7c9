//! Words that repeat within a page, and what was made of them: a page of a thousand rows names a dozen vaults.

use std::collections::HashMap;
use std::sync::Arc;

use sav_domain::ResourceType;
use sav_domain::recovery_point::PointStatus;

#[derive(Default)]
pub(super) struct Words {
    shared: Known<Arc<str>>,
    types: Known<ResourceType>,
    statuses: Known<PointStatus>,
}

impl Words {
    pub(super) fn shared(&mut self, word: &str) -> Arc<str> {
        self.shared.recall(word, |word| Arc::from(word))
    }

    pub(super) fn resource_type(&mut self, name: &str) -> ResourceType {
        self.types.recall(name, ResourceType::named)
    }

    pub(super) fn status(&mut self, name: &str) -> PointStatus {
        self.statuses.recall(name, PointStatus::named)
    }
}

struct Known<T> {
    all: HashMap<Box<str>, T>,
    /// The newest, for where words come in runs.
    last: Option<(Box<str>, T)>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self {
            all: HashMap::new(),
            last: None,
        }
    }
}

impl<T: Clone> Known<T> {
    fn recall(&mut self, word: &str, make: impl FnOnce(&str) -> T) -> T {
        if let Some((last, value)) = &self.last
            && **last == *word
        {
            return value.clone();
        }
        if let Some(value) = self.all.get(word) {
            return value.clone();
        }
        let value = make(word);
        self.all.insert(word.into(), value.clone());
        self.last = Some((word.into(), value.clone()));
        value
    }
}
