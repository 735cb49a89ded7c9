#!/usr/bin/env python3
"""Copies points whose jobs take no time at all, to the end, and says how fast that went and what it took.

    cargo build --release
    python3 benches/copy_throughput.py

The whole binary against the sandbox on the same machine: identities, plan, engine, ledger on disk, summary. The sandbox's jobs
end in the moment they begin, and no call rate holds anything up, so what is measured is the tool. Exit code 1 if it misses a target:
1,000 transfers per second from the first to the last one at 100,000 points, peak memory under 150 MiB, and no more than 1.3 times that
of a fifth of the points.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import urllib.request

from measuring import Sandbox, measure

# Jobs that end as they begin, under limits that never bind.
FLEET = {
    "start": {"shortest": 0, "longest": 0},
    "durations": {"scale": 0.0},
    "limits": {name: 1_000_000 for name in
               ["ec2_snapshots", "database_snapshots", "fsx", "storage_gateway", "fully_managed", "other"]},
    "capacity_binds": False,
}


def run(binary: str, points: int, seed: int, options: list[str]) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        fleet = pathlib.Path(folder, "fleet.json")
        fleet.write_text(json.dumps(FLEET))
        sandbox = Sandbox(binary, "--points", str(points), "--seed", str(seed), "--plain", "--dest-vaults", "--longest-chain", "30",
                          "--fleet", str(fleet), "--folder", folder)
        with sandbox:
            summary = pathlib.Path(folder, "summary.json")
            took = measure(
                [binary, "copy", "--source-account", "111111111111", "--source-profile", "source",
                 "--dest-account", "222222222222", "--dest-profile", "dest",
                 "--state-file", str(pathlib.Path(folder, "ledger.db")), "--summary-output", str(summary),
                 "--api-rate", "1000000", "--workers", "50", "--quiet", *options],
                sandbox.environment,
            )
            with urllib.request.urlopen(f"{sandbox.endpoint}/_sandbox/account") as answer:
                truth = json.load(answer)["copies"]
        told = json.loads(summary.read_text())
        size = pathlib.Path(folder, "ledger.db").stat().st_size
    assert told["completed"] == points == truth["points_copied"], told
    assert truth["duplicate_copies"] == truth["overlapping_jobs"] == truth["order_violations"] == 0, truth
    took |= {"points": points, "copying": truth["makespan_seconds"], "calls": told["api_calls"]["source"]["sent"],
             "ledger": size / (1 << 20)}
    return took


def main() -> int:
    here = pathlib.Path(__file__).resolve().parent
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", here.parent / "target"))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--poll-interval", default="0.02")
    options.add_argument("--ours", default=str(target / "release/shuffle-aws-vaults"))
    given = options.parse_args()
    runs = [run(given.ours, points, given.seed, ["--poll-interval", given.poll_interval])
            for points in (given.points // 5, given.points)]
    print("| points | transfers/s | wall s | CPU s | peak MiB | calls | ledger MiB |\n|---|---|---|---|---|---|---|")
    for one in runs:
        print(f"| {one['points']:,} | {one['points'] / one['copying']:,.0f} | {one['wall']:.1f} | {one['cpu']:.1f} "
              f"| {one['peak']:.0f} | {one['calls']:,} | {one['ledger']:.0f} |")
    fifth, whole = runs
    missed = []
    if whole["points"] / whole["copying"] < 1000:
        missed.append("fewer than 1,000 transfers a second")
    if whole["peak"] > 150:
        missed.append("more than 150 MiB")
    if whole["peak"] > 1.3 * fifth["peak"]:
        missed.append("memory grows with the points")
    for miss in missed:
        print(f"missed: {miss}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
