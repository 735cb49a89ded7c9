"""Vaults: made, locked, opened, watched, tagged and deleted, by both clients."""

import json
from datetime import timedelta

import pytest

from sandbox import DESTINATION, REGION, SOURCE, refused

TOPIC = f"arn:aws:sns:{REGION}:{DESTINATION}:backup-alerts"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "CopiesFromTheOrganization",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "backup:CopyIntoBackupVault",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        }
    ],
}


@pytest.fixture(scope="module")
def dest(sandbox):
    return sandbox.client("backup", "dest")


@pytest.fixture(scope="module")
def source(sandbox):
    return sandbox.client("backup")


@pytest.fixture(scope="module")
def key(sandbox):
    return sandbox.client("kms", "dest").describe_key(KeyId="alias/backup-vaults")["KeyMetadata"]["Arn"]


@pytest.fixture
def vault(dest, request):
    """A vault with the test's own name."""
    name = request.node.name.removeprefix("test_")[:50].strip("_")
    dest.create_backup_vault(BackupVaultName=name)
    return name


def arn(name, account=DESTINATION):
    return f"arn:aws:backup:{REGION}:{account}:backup-vault:{name}"


# Creation


def test_a_vault_is_made_and_described(dest, key):
    made = dest.create_backup_vault(
        BackupVaultName="gold", EncryptionKeyArn=key, CreatorRequestId="request-1", BackupVaultTags={"team": "storage"}
    )
    assert (made["BackupVaultName"], made["BackupVaultArn"]) == ("gold", arn("gold"))
    described = dest.describe_backup_vault(BackupVaultName="gold")
    assert described["CreationDate"] == made["CreationDate"]
    assert described["EncryptionKeyArn"] == key
    assert described["CreatorRequestId"] == "request-1"
    assert (described["NumberOfRecoveryPoints"], described["Locked"]) == (0, False)
    assert described["VaultType"] == "BACKUP_VAULT"
    assert not {"LockDate", "MinRetentionDays", "MaxRetentionDays"} & set(described)
    assert dest.list_tags(ResourceArn=arn("gold"))["Tags"] == {"team": "storage"}
    assert "gold" in [listed["BackupVaultName"] for listed in dest.list_backup_vaults()["BackupVaultList"]]


def test_without_a_key_a_vault_gets_the_services_own(sandbox, dest, vault):
    own = sandbox.client("kms", "dest").describe_key(KeyId="alias/aws/backup")["KeyMetadata"]["Arn"]
    assert dest.describe_backup_vault(BackupVaultName=vault)["EncryptionKeyArn"] == own


def test_a_name_is_taken_once(dest):
    first = dest.create_backup_vault(BackupVaultName="taken", CreatorRequestId="mine")
    # The same request again is no new one.
    assert dest.create_backup_vault(BackupVaultName="taken", CreatorRequestId="mine")["BackupVaultArn"] == arn("taken")
    with refused("AlreadyExistsException", says="taken") as said:
        dest.create_backup_vault(BackupVaultName="taken", CreatorRequestId="yours")
    assert said.response["Arn"] == first["BackupVaultArn"]
    assert said.response["CreatorRequestId"] == "mine"
    with pytest.raises(dest.exceptions.AlreadyExistsException):
        dest.create_backup_vault(BackupVaultName="taken")


def test_a_key_has_to_be_a_key_of_this_place(dest, key):
    for wrong in [
        "alias/backup-vaults",
        f"arn:aws:kms:{REGION}:{DESTINATION}:alias/backup-vaults",
        key[:-4] + "0000",
        key.replace(REGION, "eu-west-1"),
    ]:
        with refused("InvalidParameterValueException"):
            dest.create_backup_vault(BackupVaultName="keyless", EncryptionKeyArn=wrong)


def test_an_account_has_three_hundred_vaults_at_most(fresh):
    backup = fresh.client("backup", "dest")
    there = len(backup.list_backup_vaults()["BackupVaultList"])
    for number in range(300 - there):
        backup.create_backup_vault(BackupVaultName=f"vault-{number}")
    with refused("LimitExceededException"):
        backup.create_backup_vault(BackupVaultName="one-too-many")


def test_a_vault_that_is_not_there(dest):
    for call in [
        dest.describe_backup_vault,
        dest.delete_backup_vault,
        dest.get_backup_vault_access_policy,
        dest.get_backup_vault_notifications,
        dest.put_backup_vault_lock_configuration,
        dest.list_recovery_points_by_backup_vault,
    ]:
        with refused("ResourceNotFoundException"):
            call(BackupVaultName="nowhere")
    with refused("ResourceNotFoundException"):
        dest.list_tags(ResourceArn=arn("nowhere"))


# Locks


def test_a_governance_lock_comes_and_goes(dest, vault):
    dest.put_backup_vault_lock_configuration(BackupVaultName=vault, MinRetentionDays=7, MaxRetentionDays=365)
    described = dest.describe_backup_vault(BackupVaultName=vault)
    assert described["Locked"] is True
    assert (described["MinRetentionDays"], described["MaxRetentionDays"]) == (7, 365)
    assert "LockDate" not in described
    dest.delete_backup_vault_lock_configuration(BackupVaultName=vault)
    assert dest.describe_backup_vault(BackupVaultName=vault)["Locked"] is False


def test_a_compliance_lock_can_be_changed_until_its_date_and_never_after(fresh):
    dest = fresh.client("backup", "dest")
    made = dest.create_backup_vault(BackupVaultName="vault")
    dest.put_backup_vault_lock_configuration(BackupVaultName="vault", MinRetentionDays=30, ChangeableForDays=3)
    described = dest.describe_backup_vault(BackupVaultName="vault")
    assert described["Locked"] is True
    assert timedelta(days=3) <= described["LockDate"] - made["CreationDate"] < timedelta(days=3, hours=1)

    fresh.advance(days=2)
    dest.delete_backup_vault_lock_configuration(BackupVaultName="vault")
    dest.put_backup_vault_lock_configuration(BackupVaultName="vault", MinRetentionDays=30, ChangeableForDays=3)
    fresh.advance(days=4)
    with refused("InvalidRequestException", says="compliance"):
        dest.delete_backup_vault_lock_configuration(BackupVaultName="vault")
    with refused("InvalidRequestException", says="compliance"):
        dest.put_backup_vault_lock_configuration(BackupVaultName="vault", MinRetentionDays=1)
    # It is empty, so it may still be deleted.
    dest.delete_backup_vault(BackupVaultName="vault")


def test_a_lock_that_took_hold_months_ago_holds(source):
    before = source.describe_backup_vault(BackupVaultName="compliance-locked")
    assert before["Locked"] is True and before["LockDate"]
    with refused("InvalidRequestException", says="compliance"):
        source.delete_backup_vault_lock_configuration(BackupVaultName="compliance-locked")


@pytest.mark.parametrize(
    "days",
    [
        {"ChangeableForDays": 2},
        {"MinRetentionDays": 0},
        {"MaxRetentionDays": 36501},
        {"MinRetentionDays": 10, "MaxRetentionDays": 9},
    ],
)
def test_a_lock_has_its_bounds(dest, days):
    with refused("InvalidParameterValueException"):
        dest.put_backup_vault_lock_configuration(BackupVaultName="Default", **days)


# Policies


def test_a_policy_comes_and_goes(dest, vault):
    with refused("ResourceNotFoundException"):
        dest.get_backup_vault_access_policy(BackupVaultName=vault)
    dest.put_backup_vault_access_policy(BackupVaultName=vault, Policy=json.dumps(POLICY))
    got = dest.get_backup_vault_access_policy(BackupVaultName=vault)
    assert json.loads(got["Policy"]) == POLICY
    assert (got["BackupVaultName"], got["BackupVaultArn"]) == (vault, arn(vault))
    dest.delete_backup_vault_access_policy(BackupVaultName=vault)
    with refused("ResourceNotFoundException"):
        dest.get_backup_vault_access_policy(BackupVaultName=vault)


def bent(**changes):
    return json.dumps({**POLICY, "Statement": [{**POLICY["Statement"][0], **changes}]})


@pytest.mark.parametrize(
    "text",
    ["no JSON", "{}", bent(Effect="Maybe"), bent(Action="backup:*"), bent(Action="s3:GetObject"), bent(Principal=None)],
)
def test_a_policy_that_makes_no_sense_is_refused(dest, text):
    with refused("InvalidParameterValueException"):
        dest.put_backup_vault_access_policy(BackupVaultName="Default", Policy=text)


def test_a_policy_may_be_missing_no_more_than_a_vault(dest):
    with refused("MissingParameterValueException"):
        dest.put_backup_vault_access_policy(BackupVaultName="Default")


# Notifications


def test_notifications_come_and_go(dest, vault):
    with refused("ResourceNotFoundException"):
        dest.get_backup_vault_notifications(BackupVaultName=vault)
    events = ["COPY_JOB_STARTED", "COPY_JOB_FAILED"]
    dest.put_backup_vault_notifications(BackupVaultName=vault, SNSTopicArn=TOPIC, BackupVaultEvents=events)
    got = dest.get_backup_vault_notifications(BackupVaultName=vault)
    assert (got["SNSTopicArn"], got["BackupVaultEvents"]) == (TOPIC, events)
    assert got["BackupVaultArn"] == arn(vault)
    dest.delete_backup_vault_notifications(BackupVaultName=vault)
    with refused("ResourceNotFoundException"):
        dest.get_backup_vault_notifications(BackupVaultName=vault)


def test_notifications_go_to_standard_topics_of_the_own_account(dest):
    for topic in [TOPIC.replace(DESTINATION, SOURCE), TOPIC + ".fifo", TOPIC.replace("sns", "sqs"), "backup-alerts"]:
        with refused("InvalidParameterValueException"):
            dest.put_backup_vault_notifications(
                BackupVaultName="Default", SNSTopicArn=topic, BackupVaultEvents=["COPY_JOB_STARTED"]
            )


# Tags


def test_tags_come_and_go(dest, vault):
    dest.tag_resource(ResourceArn=arn(vault), Tags={"team": "storage", "größe": "klein", "empty": ""})
    dest.tag_resource(ResourceArn=arn(vault), Tags={"team": "backup"})
    assert dest.list_tags(ResourceArn=arn(vault))["Tags"] == {"team": "backup", "größe": "klein", "empty": ""}
    dest.untag_resource(ResourceArn=arn(vault), TagKeyList=["größe", "empty"])
    assert dest.list_tags(ResourceArn=arn(vault))["Tags"] == {"team": "backup"}


def test_fifty_tags_are_enough(dest, vault):
    dest.tag_resource(ResourceArn=arn(vault), Tags={f"tag-{number}": "x" for number in range(50)})
    with refused("LimitExceededException"):
        dest.tag_resource(ResourceArn=arn(vault), Tags={"tag-50": "x"})
    page = dest.list_tags(ResourceArn=arn(vault), MaxResults=20)
    rest = dest.list_tags(ResourceArn=arn(vault), NextToken=page["NextToken"])
    assert len(page["Tags"]) == 20
    assert {**page["Tags"], **rest["Tags"]} == {f"tag-{number}": "x" for number in range(50)}


def test_some_tags_are_awss_own(dest, vault):
    with refused("InvalidParameterValueException"):
        dest.tag_resource(ResourceArn=arn(vault), Tags={"aws:owner": "me"})


def test_points_that_backup_does_not_fully_manage_keep_their_tags_elsewhere(source):
    points = source.list_recovery_points_by_backup_vault(BackupVaultName="prod-daily", MaxResults=1000)
    by_type = {point["ResourceType"]: point["RecoveryPointArn"] for point in points["RecoveryPoints"]}
    assert isinstance(source.list_tags(ResourceArn=by_type["EFS"])["Tags"], dict)
    with refused("InvalidParameterValueException"):
        source.list_tags(ResourceArn=by_type["EBS"])


def test_another_accounts_vault_cannot_be_tagged(source):
    with refused("AccessDeniedException", 403):
        source.tag_resource(ResourceArn=arn("Default"), Tags={"mine": "now"})


# The end


def test_an_empty_vault_can_be_deleted(dest, vault):
    dest.delete_backup_vault(BackupVaultName=vault)
    with refused("ResourceNotFoundException"):
        dest.describe_backup_vault(BackupVaultName=vault)


def test_a_vault_with_points_cannot_be_deleted(source):
    with refused("InvalidRequestException"):
        source.delete_backup_vault(BackupVaultName="prod-daily")


def test_the_cli_leads_a_vault_through_its_life(sandbox, tmp_path):
    def backup(*arguments):
        return sandbox.aws("backup", *arguments, profile="dest")

    vault = ("--backup-vault-name", "by-cli")
    made = backup("create-backup-vault", *vault, "--backup-vault-tags", "team=storage,stage=test").json
    assert made["BackupVaultArn"] == arn("by-cli")
    backup("create-backup-vault", *vault).assert_refused("AlreadyExistsException", "CreateBackupVault")

    document = tmp_path / "policy.json"
    document.write_text(json.dumps(POLICY))
    assert backup("put-backup-vault-access-policy", *vault, "--policy", f"file://{document}").json is None
    assert json.loads(backup("get-backup-vault-access-policy", *vault).json["Policy"]) == POLICY

    lock = ("--min-retention-days", 10, "--max-retention-days", 100, "--changeable-for-days", 5)
    assert backup("put-backup-vault-lock-configuration", *vault, *lock).json is None
    events = ("--backup-vault-events", "COPY_JOB_FAILED", "COPY_JOB_SUCCESSFUL")
    assert backup("put-backup-vault-notifications", *vault, "--sns-topic-arn", TOPIC, *events).json is None
    described = backup("describe-backup-vault", *vault).json
    assert (described["Locked"], described["MaxRetentionDays"]) == (True, 100)
    assert described["LockDate"] > described["CreationDate"]
    assert backup("list-tags", "--resource-arn", arn("by-cli")).json["Tags"] == {"team": "storage", "stage": "test"}

    assert backup("delete-backup-vault", *vault).json is None
    backup("describe-backup-vault", *vault).assert_refused("ResourceNotFoundException", "DescribeBackupVault")
