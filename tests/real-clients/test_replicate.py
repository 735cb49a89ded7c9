"""`replicate` of twelve vaults with everything on them: what boto3 reads in the destination is what it reads in the source."""

import json
import os
import subprocess

import pytest

from sandbox import DESTINATION, REGION, SOURCE

RENAMED = {"Default": "legacy", "aws/efs/automatic-backup-vault": "efs-automatic"}
WRITING = [
    "CreateBackupVault",
    "PutBackupVaultAccessPolicy",
    "PutBackupVaultLockConfiguration",
    "PutBackupVaultNotifications",
    "TagResource",
]
OWN = {
    "Sid": "OwnAccount",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{SOURCE}:root"},
    "Action": ["backup:DescribeBackupVault", "backup:StartBackupJob"],
    "Resource": "*",
}


def vaults(backup):
    return [vault["BackupVaultName"] for vault in backup.list_backup_vaults()["BackupVaultList"]]


def arn(name, account):
    return f"arn:aws:backup:{REGION}:{account}:backup-vault:{name}"


def run(sandbox, *options):
    command = [os.environ["SAV_BINARY"], "replicate", "--source-account", SOURCE, "--source-profile", "source"]
    command += ["--dest-account", DESTINATION, "--dest-profile", "dest", "--output", "json", "--api-rate", "5000"]
    command += ["--state-file", str(sandbox.folder / "ledger.db"), *options]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(sandbox.folder),
        "AWS_SHARED_CREDENTIALS_FILE": str(sandbox.folder / "credentials"),
        "AWS_CONFIG_FILE": str(sandbox.folder / "config"),
        "AWS_ENDPOINT_URL": sandbox.endpoint,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["vaults"]


def wrote(sandbox):
    return sum(sandbox.calls(operation) for operation in WRITING)


@pytest.fixture(scope="module")
def replicated(sandbox):
    """Every source vault gets what it may lack, then its twin."""
    source = sandbox.client("backup")
    for name in vaults(source):
        source.put_backup_vault_access_policy(
            BackupVaultName=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [OWN]})
        )
        source.put_backup_vault_notifications(
            BackupVaultName=name,
            SNSTopicArn=f"arn:aws:sns:{REGION}:{SOURCE}:backup-alerts",
            BackupVaultEvents=["COPY_JOB_FAILED", "BACKUP_JOB_COMPLETED"],
        )
        source.tag_resource(ResourceArn=arn(name, SOURCE), Tags={"team": "storage", "vault": name})
    key = sandbox.client("kms", "dest").describe_key(KeyId="alias/backup-vaults")["KeyMetadata"]["Arn"]
    renamed = ",".join("=".join(pair) for pair in RENAMED.items())
    told = run(sandbox, "--kms-key-arn", key, "--sns-topic", "same", "--vault-map", renamed)
    return told, key


def test_every_vault_has_its_twin(sandbox, replicated):
    told, key = replicated
    source, dest = sandbox.client("backup"), sandbox.client("backup", "dest")
    names = vaults(source)
    assert len(names) == 12 and {vault["name"] for vault in told} == set(names)
    for name in names:
        twin = RENAMED.get(name, name)
        original = source.describe_backup_vault(BackupVaultName=name)
        copy = dest.describe_backup_vault(BackupVaultName=twin)
        assert copy["EncryptionKeyArn"] == key
        for member in ["Locked", "MinRetentionDays", "MaxRetentionDays"]:
            assert copy.get(member) == original.get(member), (name, member)
        assert "LockDate" not in copy, "never locked for ever by itself"

        tags = dest.list_tags(ResourceArn=arn(twin, DESTINATION))["Tags"]
        assert tags == source.list_tags(ResourceArn=arn(name, SOURCE))["Tags"]

        told_of = dest.get_backup_vault_notifications(BackupVaultName=twin)
        original = source.get_backup_vault_notifications(BackupVaultName=name)
        assert told_of["SNSTopicArn"] == original["SNSTopicArn"].replace(SOURCE, DESTINATION)
        assert sorted(told_of["BackupVaultEvents"]) == sorted(original["BackupVaultEvents"])

        own, admits = json.loads(dest.get_backup_vault_access_policy(BackupVaultName=twin)["Policy"])["Statement"]
        assert own == {**OWN, "Principal": {"AWS": f"arn:aws:iam::{DESTINATION}:root"}}
        assert admits["Principal"] == {"AWS": f"arn:aws:iam::{SOURCE}:root"}
        assert (admits["Effect"], admits["Action"]) == ("Allow", "backup:CopyIntoBackupVault")


def test_a_second_run_writes_nothing(sandbox, replicated):
    _, key = replicated
    before = wrote(sandbox)
    told = run(sandbox, "--kms-key-arn", key, "--sns-topic", "same")
    assert wrote(sandbox) == before
    assert {action["result"] for vault in told for action in vault["actions"]} == {"already_so"}
