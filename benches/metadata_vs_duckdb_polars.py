#!/usr/bin/env python3
"""Joins a million recovery points to a million-row metadata CSV: ours against DuckDB and Polars, in one run.

    cargo build --release -p sav-infrastructure --example metadata_join
    pip install -r benches/requirements.txt        # either one is enough; what is missing is left out
    python3 benches/metadata_vs_duckdb_polars.py

Every contender is a process of its own that reads the same two files from the page cache: the CSV (five columns) and a
text file with one resource ARN a line. Each must find the same number of points and the same sum of APMID lengths, so
that nobody skips the work. Printed are the best wall time, the CPU time of that run and the highest memory of all runs,
and how many times ours each of the others takes. Exit code 1 if ours is not the best in all of them.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from measuring import measure

KINDS = [
    ("ec2", "volume/vol-0", 16), ("ec2", "instance/i-0", 16), ("rds", "db:orders-", 12), ("rds", "cluster:ledger-", 12),
    ("elasticfilesystem", "file-system/fs-0", 16), ("dynamodb", "table/events-", 10), ("fsx", "file-system/fs-0", 16),
    ("storagegateway", "gateway/sgw-1234ABCD/volume/vol-", 10),
]
ENVIRONMENTS = ["prod", "stage", "test", "dev"]


def write_inputs(table: pathlib.Path, points: pathlib.Path, rows: int, seed: int) -> None:
    """Both files for a seed; the points come in an order of their own, and one in a hundred has no row."""
    chance = random.Random(seed)
    arns = []
    with table.open("w", newline="") as out:
        out.write("resourceArn,APMID,Environment,Owner,Name\n")
        for serial in range(rows):
            service, kind, digits = chance.choice(KINDS)
            # Unique by its serial, scattered by its random half.
            unique = f"{chance.getrandbits(4 * digits - 20):0{digits - 5}x}{serial:05x}"
            arn = f"arn:aws:{service}:us-east-1:111111111111:{kind}{unique}"
            arns.append(arn)
            apmid = f"APM{chance.randrange(5000):05d}"
            out.write(f"{arn},{apmid},{chance.choice(ENVIRONMENTS)},t{chance.randrange(400):03d},n{serial:07d}\n")
    chance.shuffle(arns)
    with points.open("w") as out:
        for at, arn in enumerate(arns):
            out.write(f"{arn}-gone\n" if at % 100 == 99 else f"{arn}\n")


def join_with_duckdb(table: str, points: str) -> dict:
    import duckdb

    row = duckdb.sql(
        f"""
        SELECT count(*), count(t.resourceArn), coalesce(sum(length(t.APMID)), 0)
        FROM read_csv('{points}', header = false, columns = {{'arn': 'VARCHAR'}}, delim = '\\x01', quote = '') p
        LEFT JOIN read_csv('{table}', header = true, all_varchar = true) t ON t.resourceArn = p.arn
        """
    ).fetchall()[0]
    return {"matched": row[1], "unmatched": row[0] - row[1], "apmid_bytes": int(row[2])}


def join_with_polars(table: str, points: str) -> dict:
    import polars

    right = polars.scan_csv(table, infer_schema=False)
    left = polars.scan_csv(points, has_header=False, new_columns=["arn"], separator="\x01", quote_char=None)
    joined = left.join(right, left_on="arn", right_on="resourceArn", how="left")
    counts = joined.select(
        polars.len().alias("all"),
        polars.col("APMID").is_not_null().sum().alias("matched"),
        polars.col("APMID").str.len_bytes().sum().alias("bytes"),
    ).collect().row(0, named=True)
    return {
        "matched": counts["matched"],
        "unmatched": counts["all"] - counts["matched"],
        "apmid_bytes": int(counts["bytes"]),
    }


OTHERS = {"duckdb": join_with_duckdb, "polars": join_with_polars}


def main() -> int:
    here = pathlib.Path(__file__).resolve().parent
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", here.parent / "target"))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--runs", type=int, default=5, help="of each contender, in turns (default 5)")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--ours", type=pathlib.Path, default=target / "release/examples/metadata_join")
    options.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()))
    options.add_argument("--as", dest="role", choices=[*OTHERS, "writer"], help=argparse.SUPPRESS)
    options.add_argument("inputs", nargs="*", help=argparse.SUPPRESS)
    given = options.parse_args()
    inputs = f"{given.rows}-{given.seed}"
    table, points = given.folder / f"cmdb-{inputs}.csv", given.folder / f"points-{inputs}.txt"
    if given.role == "writer":
        write_inputs(table, points, given.rows, given.seed)
        return 0
    if given.role:
        print(json.dumps(OTHERS[given.role](*given.inputs)))
        return 0

    if not given.ours.exists():
        sys.exit(f"{given.ours} is not there; build it: cargo build --release -p sav-infrastructure --example metadata_join")
    if not (table.exists() and points.exists()):
        # In a process of its own: what this one holds when it starts a contender counts as that one's memory.
        command = [sys.executable, __file__, "--as", "writer", "--rows", str(given.rows), "--seed", str(given.seed)]
        subprocess.run([*command, "--folder", str(given.folder)], check=True)
    print(f"{given.rows} rows of {table.stat().st_size / 1e6:.0f} MB, {given.rows} points of "
          f"{points.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} processors, best of {given.runs}")
    contenders = {"ours": [str(given.ours), str(table), str(points)]}
    for name in OTHERS:
        if importlib.util.find_spec(name):
            contenders[name] = [sys.executable, __file__, "--as", name, str(table), str(points)]
        else:
            print(f"{name} is not installed and left out")

    runs = {name: [] for name in contenders}
    for _ in range(given.runs):
        for name, command in contenders.items():
            runs[name].append(measure(command))
    fields = ("matched", "unmatched", "apmid_bytes")
    answers = {name: [json.loads(run[0]["last"])[field] for field in fields] for name, run in runs.items()}
    if len(set(map(tuple, answers.values()))) != 1:
        sys.exit(f"the contenders disagree: {answers}")

    best = {}
    for name, of in runs.items():
        fastest = min(of, key=lambda run: run["wall"])
        best[name] = {"wall": fastest["wall"], "cpu": fastest["cpu"], "peak": max(run["peak"] for run in of)}
    print(f"{'':8}{'wall s':>10}{'CPU s':>10}{'peak MiB':>10}   times ours: wall, CPU, memory")
    ours = best["ours"]
    for name, figures in best.items():
        times = "" if name == "ours" else "   " + ", ".join(f"{figures[key] / ours[key]:.1f}" for key in figures)
        print(f"{name:8}{figures['wall']:>10.3f}{figures['cpu']:>10.3f}{figures['peak']:>10.0f}{times}")
    return int(any(figures[key] < ours[key] for figures in best.values() for key in figures))


if __name__ == "__main__":
    sys.exit(main())
