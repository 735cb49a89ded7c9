//! Every call that reached the simulator, counted by what it was and how it ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Moment;

/// How a call ended, as its caller saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended<'a> {
    Well,
    /// With this error code.
    Refused(&'a str),
    /// Without a whole answer: `reset-before`, `reset-after`, `cut`, `html`.
    Lost(&'a str),
}

/// What is known of a finished call. Service, operation or account are empty when the request never got that far.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub service: &'a str,
    pub operation: &'a str,
    pub account: &'a str,
    pub ended: Ended<'a>,
    /// Bodies, without headers.
    pub bytes_in: usize,
    pub bytes_out: usize,
    /// The wire's time.
    pub at: Moment,
}

#[derive(Clone, Debug, Default)]
pub struct Journal {
    calls: BTreeMap<Kind, Count>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    service: String,
    operation: String,
    account: String,
    result: String,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    calls: u64,
    bytes_in: u64,
    bytes_out: u64,
    first: Moment,
    last: Moment,
}

/// The calls of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub service: String,
    pub operation: String,
    pub account: String,
    /// `ok`, an error code, or how the answer was lost.
    pub result: String,
    pub calls: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub first_ms: i64,
    pub last_ms: i64,
}

/// A copy of the journal, by service, operation, account and result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub calls: u64,
    pub lines: Vec<Line>,
}

impl Journal {
    pub fn note(&mut self, entry: Entry) {
        let result = match entry.ended {
            Ended::Well => "ok",
            Ended::Refused(how) | Ended::Lost(how) => how,
        };
        let kind = Kind {
            service: entry.service.to_owned(),
            operation: entry.operation.to_owned(),
            account: entry.account.to_owned(),
            result: result.to_owned(),
        };
        let count = self.calls.entry(kind).or_insert(Count {
            first: entry.at,
            last: entry.at,
            ..Count::default()
        });
        count.calls += 1;
        count.bytes_in += u64::try_from(entry.bytes_in).unwrap_or(u64::MAX);
        count.bytes_out += u64::try_from(entry.bytes_out).unwrap_or(u64::MAX);
        count.first = count.first.min(entry.at);
        count.last = count.last.max(entry.at);
    }

    pub fn snapshot(&self) -> Snapshot {
        let lines: Vec<Line> = self
            .calls
            .iter()
            .map(|(kind, count)| Line {
                service: kind.service.clone(),
                operation: kind.operation.clone(),
                account: kind.account.clone(),
                result: kind.result.clone(),
                calls: count.calls,
                bytes_in: count.bytes_in,
                bytes_out: count.bytes_out,
                first_ms: count.first.millis(),
                last_ms: count.last.millis(),
            })
            .collect();
        Snapshot {
            calls: lines.iter().map(|line| line.calls).sum(),
            lines,
        }
    }

    pub fn clear(&mut self) {
        self.calls.clear();
    }
}

impl Snapshot {
    /// Calls of an operation, however they ended.
    pub fn of(&self, operation: &str) -> u64 {
        self.sum(|line| line.operation == operation)
    }

    /// Calls of an operation that ended with `ok`, an error code or a loss.
    pub fn ended(&self, operation: &str, result: &str) -> u64 {
        self.sum(|line| line.operation == operation && line.result == result)
    }

    /// Calls with a result, whatever the operation.
    pub fn with_result(&self, result: &str) -> u64 {
        self.sum(|line| line.result == result)
    }

    /// Calls made with an account's credentials.
    pub fn by_account(&self, account: &str) -> u64 {
        self.sum(|line| line.account == account)
    }

    fn sum(&self, wanted: impl Fn(&Line) -> bool) -> u64 {
        self.lines
            .iter()
            .filter(|line| wanted(line))
            .map(|line| line.calls)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(operation: &'static str, ended: Ended<'static>, at: i64) -> Entry<'static> {
        let at = Moment::from_secs(at);
        Entry {
            service: "backup",
            operation,
            account: "111111111111",
            ended,
            bytes_in: 10,
            bytes_out: 200,
            at,
        }
    }

    #[test]
    fn calls_are_counted_by_kind_with_bytes_and_span() {
        let mut journal = Journal::default();
        journal.note(entry("StartCopyJob", Ended::Well, 7));
        journal.note(entry("StartCopyJob", Ended::Well, 5));
        journal.note(entry("StartCopyJob", Ended::Refused("ThrottlingException"), 8));
        journal.note(entry("ListCopyJobs", Ended::Lost("reset-after"), 9));
        let snapshot = journal.snapshot();
        assert_eq!((snapshot.calls, snapshot.of("StartCopyJob")), (4, 3));
        assert_eq!(snapshot.ended("StartCopyJob", "ok"), 2);
        assert_eq!(snapshot.with_result("ThrottlingException"), 1);
        assert_eq!(snapshot.with_result("reset-after"), 1);
        assert_eq!(snapshot.by_account("111111111111"), 4);
        let fine = snapshot.lines.iter().find(|line| line.result == "ok").unwrap();
        assert_eq!(
            (fine.first_ms, fine.last_ms, fine.bytes_in, fine.bytes_out),
            (5000, 7000, 20, 400)
        );
        let written = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&written).unwrap(), snapshot);
    }
}
