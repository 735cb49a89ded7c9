//! Loads a metadata CSV and joins the resource ARNs of a text file, one per line, to it, in pages and on every processor as
//! a listing does. What `benches/metadata_vs_duckdb_polars.py` runs for our side; prints what was found as one line of JSON.
//!
//! `cargo run --release -p sav-infrastructure --example metadata_join -- table.csv arns.txt`

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;

use sav_infrastructure::metadata::{CsvOptions, MetadataTable};

/// As many as AWS puts on a page of its list.
const POINTS_PER_PAGE: usize = 1000;

#[derive(Default)]
struct Found {
    matched: u64,
    unmatched: u64,
    apmid_bytes: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, arns] = arguments.as_slice() else {
        return Err("usage: metadata_join TABLE.csv ARNS.txt".into());
    };
    let table = MetadataTable::load(Path::new(table), &CsvOptions::default(), |_| ())?;
    let points = Mutex::new(BufReader::with_capacity(256 << 10, File::open(arns)?));

    let workers = thread::available_parallelism()?.get();
    let parts: io::Result<Vec<Found>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| join_pages(&table, &points)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker does not panic"))
            .collect()
    });
    let found = parts?.into_iter().fold(Found::default(), |sum, part| Found {
        matched: sum.matched + part.matched,
        unmatched: sum.unmatched + part.unmatched,
        apmid_bytes: sum.apmid_bytes + part.apmid_bytes,
    });

    let Found {
        matched,
        unmatched,
        apmid_bytes,
    } = found;
    let (rows, unused) = (table.len(), table.len() - table.used());
    writeln!(
        io::stdout(),
        r#"{{"rows":{rows},"matched":{matched},"unmatched":{unmatched},"unused":{unused},"apmid_bytes":{apmid_bytes}}}"#
    )?;
    Ok(())
}

fn join_pages(table: &MetadataTable, points: &Mutex<impl BufRead>) -> io::Result<Found> {
    let mut found = Found::default();
    let mut page = String::new();
    loop {
        page.clear();
        {
            let mut points = points.lock().unwrap_or_else(PoisonError::into_inner);
            for _ in 0..POINTS_PER_PAGE {
                points.read_line(&mut page)?;
            }
        }
        if page.is_empty() {
            return Ok(found);
        }
        let arns: Vec<&str> = page.lines().collect();
        for row in table.get_all(&arns) {
            match row {
                Some(row) => {
                    found.matched += 1;
                    found.apmid_bytes += row.apmid().map_or(0, str::len);
                }
                None => found.unmatched += 1,
            }
        }
    }
}
