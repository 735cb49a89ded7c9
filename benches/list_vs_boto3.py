#!/usr/bin/env python3
"""Lists a million recovery points in twelve vaults: ours against boto3's paginator, from one sandbox, in one run.

    cargo build --release
    pip install -r benches/requirements.txt
    python3 benches/list_vs_boto3.py

First as fast as the server answers: CPU and peak memory of either client. Then with pages that take 200 ms each, at AWS's
documented rate of 20 pages a second: wall time of ours against one vault after the other, page by page, which is what the
paginator does. Exit code 1 if ours misses a target: a tenth of the CPU, 96 MiB, a third of the wall time.
"""

import argparse
import os
import pathlib
import sys

from measuring import Sandbox, measure

ACCOUNT = "111111111111"


def list_with_boto3() -> None:
    import boto3

    client = boto3.Session(profile_name="source").client("backup")
    count = 0
    for vaults in client.get_paginator("list_backup_vaults").paginate():
        for vault in vaults["BackupVaultList"]:
            pages = client.get_paginator("list_recovery_points_by_backup_vault")
            for page in pages.paginate(BackupVaultName=vault["BackupVaultName"], MaxResults=1000):
                count += len(page["RecoveryPoints"])
    print(count)


def list_with_ours(binary: str, rate: str) -> None:
    """Every point as a line of JSON; nobody looks at them but the kernel."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    os.execv(binary, [binary, "list", "--source-account", ACCOUNT, "--source-profile", "source", "--output", "jsonl",
                      "--api-rate", rate])


def main() -> int:
    here = pathlib.Path(__file__).resolve().parent
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", here.parent / "target"))
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--points", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--ours", default=str(target / "release/shuffle-aws-vaults"))
    options.add_argument("--skip-slow", action="store_true", help="leave out the part with slow pages (five minutes)")
    options.add_argument("--as", dest="role", choices=["boto3", "ours"], help=argparse.SUPPRESS)
    options.add_argument("--rate", default="50", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.role == "boto3":
        list_with_boto3()
        return 0
    if given.role == "ours":
        list_with_ours(given.ours, given.rate)

    me = [sys.executable, str(pathlib.Path(__file__).resolve())]
    missed = False
    with Sandbox(given.ours, "--points", str(given.points), "--seed", str(given.seed)) as sandbox:
        def ours(rate: str) -> dict:
            return measure([*me, "--as", "ours", "--ours", given.ours, "--rate", rate], sandbox.environment)

        def boto3() -> dict:
            return measure([*me, "--as", "boto3"], sandbox.environment)

        print(f"{given.points} points, seed {given.seed}, {os.cpu_count()} processors")
        print(f"{'as fast as the server answers':32}{'wall s':>10}{'CPU s':>10}{'peak MiB':>10}")
        us, them = ours("100000"), boto3()
        if them["last"] != str(given.points):
            sys.exit(f"boto3 saw {them['last']} points of {given.points}")
        for name, run in (("ours", us), ("boto3", them)):
            print(f"{name:32}{run['wall']:>10.2f}{run['cpu']:>10.2f}{run['peak']:>10.0f}")
        print(f"boto3 takes {them['cpu'] / us['cpu']:.1f} times the CPU, {them['wall'] / us['wall']:.1f} times the time")
        missed |= them["cpu"] < 10 * us["cpu"] or us["peak"] > 96
        if not given.skip_slow:
            sandbox.suffer('{"faults": [{"what": {"kind": "slow", "delay_ms": 200}, '
                           '"aim": {"operations": ["ListRecoveryPointsByBackupVault"]}}]}')
            us, them = ours("50"), boto3()
            print(f"{'pages of 200 ms, 20 a second':32}{'wall s':>10}")
            print(f"{'ours':32}{us['wall']:>10.2f}\n{'one after the other':32}{them['wall']:>10.2f}")
            print(f"one after the other takes {them['wall'] / us['wall']:.1f} times as long")
            missed |= them["wall"] < 3 * us["wall"]
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
