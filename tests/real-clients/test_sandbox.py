"""The command itself: what it prints and writes is enough for a client that knows nothing else, and Ctrl-C ends it."""

import collections
import csv
import json
import re
import shlex
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from sandbox import SOURCE, Sandbox


@pytest.fixture(scope="module")
def points(still):
    backup = still.client("backup")
    paginator = backup.get_paginator("list_recovery_points_by_backup_vault")
    return [
        point
        for vault in backup.list_backup_vaults()["BackupVaultList"]
        for page in paginator.paginate(BackupVaultName=vault["BackupVaultName"])
        for point in page["RecoveryPoints"]
    ]


def exports(said):
    """The shell lines that it printed, read by a shell's rules."""
    lines = re.findall(r"^\s*export (.+)$", said, re.MULTILINE)
    return dict(word.split("=", 1) for line in lines for word in shlex.split(line))


def test_the_printed_shell_lines_are_enough(still):
    environment = exports("".join(still.said))
    assert environment["AWS_ENDPOINT_URL"] == still.endpoint
    clean = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_PROFILE": "source", **environment}
    aws = Path(sys.executable).parent / "aws"
    command = [aws, "backup", "list-backup-vaults", "--query", "length(BackupVaultList)"]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "12"), done.stderr


def test_the_folder_is_for_its_owner_only(still):
    assert stat.S_IMODE((still.folder / "credentials").stat().st_mode) == 0o600


def test_the_world_has_as_many_points_as_were_asked_for(points):
    assert len(points) == len({point["RecoveryPointArn"] for point in points}) == 6000


def test_the_world_has_what_a_migration_meets(points):
    common = {"EBS", "EC2", "RDS", "Aurora", "DynamoDB", "EFS", "S3", "FSx"}
    assert {point["ResourceType"] for point in points} >= common
    assert {point["Status"] for point in points} >= {"COMPLETED", "AVAILABLE", "EXPIRED", "PARTIAL"}
    assert {point["IsEncrypted"] for point in points} == {True, False}
    # Keys of customers, and keys that AWS manages, for which there is no word.
    assert {point.get("EncryptionKeyType") for point in points} == {"CUSTOMER_MANAGED_KMS_KEY", None}
    assert any(point["IsParent"] for point in points)
    assert any("BackupSizeInBytes" not in point for point in points)
    assert any("CreatedBy" not in point for point in points)


def test_the_metadata_is_about_these_resources_and_as_odd_as_real_ones(still, points):
    with open(still.folder / "metadata.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    resources = {point["ResourceArn"] for point in points}
    told = collections.Counter(row["resourceArn"] for row in rows)
    assert 0 < len(resources - told.keys()) < len(resources) / 4, "resources without a row"
    assert told.keys() - resources, "rows of resources without points"
    assert max(told.values()) > 1, "resources with two rows"
    assert any(not row["APMID"].strip() for row in rows), "blank APMIDs"
    texts = ["".join(value or "" for value in row.values()) for row in rows]
    assert any("," in text for text in texts), "quoted commas"
    assert any(not text.isascii() for text in texts), "unicode"


def told(point):
    """What does not depend on the date."""
    members = ("ResourceArn", "ResourceName", "Status", "BackupSizeInBytes", "Lifecycle")
    return {name: point.get(name) for name in members}


def test_the_same_seed_makes_the_same_world(still, points, tmp_path):
    twin = Sandbox(tmp_path, points=6000)
    backup = twin.client("backup")
    again = backup.list_recovery_points_by_backup_vault(BackupVaultName="prod-databases", MaxResults=1000)
    # It begins when it is started: points are as old as they were in the other one, which began earlier.
    here = [point for point in points if point["BackupVaultName"] == "prod-databases"]
    assert [told(point) for point in again["RecoveryPoints"]] == [told(point) for point in here]
    later = {new["CreationDate"] - old["CreationDate"] for new, old in zip(again["RecoveryPoints"], here)}
    assert len(later) == 1
    assert (twin.folder / "metadata.csv").read_bytes() == (still.folder / "metadata.csv").read_bytes()
    twin.stop()


def test_ctrl_c_ends_it_cleanly(tmp_path):
    sandbox = Sandbox(tmp_path, points=100)
    assert sandbox.client("sts").get_caller_identity()["Account"] == SOURCE
    assert sandbox.stop() == 0
    with pytest.raises(OSError):
        urllib.request.urlopen(sandbox.endpoint, timeout=5)


def test_it_can_begin_with_faults(tmp_path):
    faults = {"faults": [{"name": "at-first", "what": {"kind": "throttle"}, "aim": {"at_most": 1}}]}
    sandbox = Sandbox(tmp_path, points=100, faults=faults)
    sandbox.aws("backup", "list-backup-vaults").assert_refused("ThrottlingException", "ListBackupVaults")
    assert json.loads(sandbox.aws("backup", "list-backup-vaults").stdout)["BackupVaultList"]
    sandbox.stop()
