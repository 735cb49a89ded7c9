"""Roles: who may take them on, what the session is, what it may do."""

import datetime
import json

import pytest

from sandbox import AUDIT_EXTERNAL_ID, AUDIT_ROLE, COPY_ROLE, DESTINATION, OPERATOR, REGION, SOURCE, refused


def role(name, account=SOURCE):
    return f"arn:aws:iam::{account}:role/{name}"


@pytest.fixture(scope="module")
def sts(still):
    return still.client("sts")


@pytest.fixture(scope="module")
def audit(sts):
    """A session of the role that may only look."""
    return sts.assume_role(RoleArn=AUDIT_ROLE, RoleSessionName="yearly-audit", ExternalId=AUDIT_EXTERNAL_ID)


def test_a_session_is_who_it_says(still, audit):
    credentials, user = audit["Credentials"], audit["AssumedRoleUser"]
    assert credentials["AccessKeyId"].startswith("ASIA") and len(credentials["AccessKeyId"]) == 20
    left = credentials["Expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(minutes=58) < left <= datetime.timedelta(hours=1)
    # The path of the role is not in the ARN of its session.
    assert user["Arn"] == f"arn:aws:sts::{SOURCE}:assumed-role/BackupAudit/yearly-audit"
    assert user["AssumedRoleId"].startswith("AROA") and user["AssumedRoleId"].endswith(":yearly-audit")
    identity = still.client_with("sts", credentials).get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (SOURCE, user["Arn"])
    assert identity["UserId"] == user["AssumedRoleId"]


def test_a_session_may_do_what_its_role_may_and_no_more(still, audit):
    backup = still.client_with("backup", audit["Credentials"])
    assert len(backup.list_backup_vaults()["BackupVaultList"]) == 12
    with refused("AccessDeniedException", 403, says="no identity-based policy allows the backup:CreateBackupVault"):
        backup.create_backup_vault(BackupVaultName="forbidden")
    with refused("AccessDeniedException", 403, says="backup:StartCopyJob"):
        backup.start_copy_job(
            RecoveryPointArn=f"arn:aws:ec2:{REGION}::snapshot/snap-0123456789abcdef0",
            SourceBackupVaultName="prod-daily",
            DestinationBackupVaultArn=f"arn:aws:backup:{REGION}:{DESTINATION}:backup-vault:landing",
            IamRoleArn=COPY_ROLE,
        )


@pytest.mark.parametrize("external_id", [{}, {"ExternalId": "guessed"}])
def test_the_external_id_has_to_be_known(sts, external_id):
    with refused("AccessDenied", 403, says="sts:AssumeRole"):
        sts.assume_role(RoleArn=AUDIT_ROLE, RoleSessionName="guess", **external_id)


@pytest.mark.parametrize(
    "arn",
    [
        COPY_ROLE,  # trusts AWS Backup only
        role("NoSuchRole"),
        role("BackupAudit"),  # not its path
        role(OPERATOR, "999999999999"),
    ],
)
def test_trust_refused_and_no_such_role_look_the_same(sts, arn):
    with refused("AccessDenied", 403, says=f"is not authorized to perform: sts:AssumeRole on resource: {arn}"):
        sts.assume_role(RoleArn=arn, RoleSessionName="try", ExternalId=AUDIT_EXTERNAL_ID)


def test_a_role_in_another_account_that_trusts_ours(still, sts):
    assumed = sts.assume_role(RoleArn=role(OPERATOR, DESTINATION), RoleSessionName="across")
    assert still.client_with("sts", assumed["Credentials"]).get_caller_identity()["Account"] == DESTINATION
    vaults = still.client_with("backup", assumed["Credentials"]).list_backup_vaults()["BackupVaultList"]
    assert all(f":{DESTINATION}:" in vault["BackupVaultArn"] for vault in vaults)


def test_a_session_policy_narrows(still, sts):
    only_lists = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "backup:List*", "Resource": "*"}],
    }
    narrow = sts.assume_role(RoleArn=role(OPERATOR), RoleSessionName="narrow", Policy=json.dumps(only_lists))
    assert 0 <= narrow["PackedPolicySize"] <= 100
    backup = still.client_with("backup", narrow["Credentials"])
    assert backup.list_backup_vaults()["BackupVaultList"]
    with refused("AccessDeniedException", 403, says="no session policy allows the backup:DescribeBackupVault"):
        backup.describe_backup_vault(BackupVaultName="prod-daily")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"RoleArn": "arn:aws:iam::111:role/x"}, "ValidationError"),
        ({"RoleSessionName": "not a name"}, "ValidationError"),
        ({"DurationSeconds": 60}, "ValidationError"),
        ({"DurationSeconds": 43201}, "ValidationError"),
        ({"Policy": "{"}, "MalformedPolicyDocument"),
    ],
)
def test_what_is_wrong_with_the_request(still, wrong, code):
    sts = still.unchecked("sts")
    with refused(code):
        sts.assume_role(**{"RoleArn": role(OPERATOR), "RoleSessionName": "wrong", **wrong})


def test_a_chained_session_lasts_an_hour_at_most(still, sts):
    first = sts.assume_role(RoleArn=role(OPERATOR), RoleSessionName="first")["Credentials"]
    with refused("ValidationError", says="1 hour session limit for roles assumed by role chaining"):
        still.client_with("sts", first).assume_role(
            RoleArn=role(OPERATOR), RoleSessionName="second", DurationSeconds=7200
        )


def test_the_cli_takes_on_roles_by_itself(still, tmp_path):
    config = tmp_path / "config"
    by_role = "[profile {name}]\nregion = {region}\nsource_profile = source\nrole_arn = {arn}\n{more}\n"
    config.write_text(
        (still.folder / "config").read_text()
        + "\n"
        + by_role.format(name="audit", region=REGION, arn=AUDIT_ROLE, more=f"external_id = {AUDIT_EXTERNAL_ID}")
        + by_role.format(name="guess", region=REGION, arn=AUDIT_ROLE, more="external_id = guessed")
    )
    identity = still.aws("sts", "get-caller-identity", profile="audit", config=config).json
    assert identity["Arn"].startswith(f"arn:aws:sts::{SOURCE}:assumed-role/BackupAudit/")
    told = still.aws(
        "backup", "delete-backup-vault", "--backup-vault-name", "not-used-yet", profile="audit", config=config
    )
    told.assert_refused("AccessDeniedException", "DeleteBackupVault")
    told = still.aws("backup", "list-backup-vaults", profile="guess", config=config)
    told.assert_refused("AccessDenied", "AssumeRole")
