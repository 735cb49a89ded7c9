#!/usr/bin/env python3
"""Verifies a million points against a million copies, and holds that against `list` of both sides.

    cargo build --release
    python3 benches/verify_vs_list.py

The whole binary against the sandbox on the same machine, whose destination holds a copy of every point. Nobody has a ledger and AWS
remembers no job, which is the hardest case: every pair has to be found by what it is. Exit code 1 if a target is missed: 250 MiB of
memory, and 2.5 times the CPU time of listing both sides.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

from measuring import Sandbox, measure

SIDES = [("--source-account", "111111111111", "source"), ("--source-account", "222222222222", "dest")]


def main() -> int:
    here = pathlib.Path(__file__).resolve().parent
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", here.parent / "target"))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=1_000_000)
    options.add_argument("--ours", default=str(target / "release/shuffle-aws-vaults"))
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Sandbox(
        given.ours, "--points", str(given.points), "--plain", "--dest-copies", "1", "--folder", folder
    ) as sandbox:
        common = ["--api-rate", "1000000", "--quiet"]
        lists = [
            measure([given.ours, "list", option, account, "--source-profile", profile, "--output", "jsonl", *common],
                    sandbox.environment)
            for option, account, profile in SIDES
        ]
        verify = measure(
            [given.ours, "verify", "--source-account", "111111111111", "--source-profile", "source", "--dest-account",
             "222222222222", "--dest-profile", "dest", "--no-ledger", "--output", "jsonl", *common],
            sandbox.environment,
        )
    summary = json.loads(verify["last"])["summary"]
    assert summary["expected"] == summary["verified"], summary
    print(f"{summary['points_of_source']:,} points against {summary['points_of_destination']:,}\n")
    print("| command | wall s | CPU s | peak MiB |\n|---|---|---|---|")
    for name, one in [("`list` of the source", lists[0]), ("`list` of the destination", lists[1]), ("`verify`", verify)]:
        print(f"| {name} | {one['wall']:.1f} | {one['cpu']:.1f} | {one['peak']:.0f} |")
    ratio = verify["cpu"] / sum(one["cpu"] for one in lists)
    print(f"\nCPU: {ratio:.2f} times that of both lists")
    missed = [text for is_missed, text in [(verify["peak"] > 250, "more than 250 MiB"), (ratio > 2.5, "more than 2.5 times the CPU")]
              if is_missed]
    for miss in missed:
        print(f"missed: {miss}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
