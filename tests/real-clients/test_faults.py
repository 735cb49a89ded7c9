"""Things go wrong as they do with the real service, and real clients see it as they would there."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from sandbox import COPY_ROLE, DESTINATION, REGION, SOURCE, refused

pytestmark = pytest.mark.usefixtures("no_faults_afterwards")


@pytest.fixture(scope="module")
def backup(sandbox):
    return sandbox.client("backup")


@pytest.fixture(scope="module")
def point(backup):
    listed = backup.list_recovery_points_by_backup_vault(BackupVaultName="prod-daily", MaxResults=1000)
    return next(p for p in listed["RecoveryPoints"] if (p["ResourceType"], p["Status"]) == ("EFS", "COMPLETED"))


def order(point, **more):
    return {
        "RecoveryPointArn": point["RecoveryPointArn"],
        "SourceBackupVaultName": point["BackupVaultName"],
        "DestinationBackupVaultArn": f"arn:aws:backup:{REGION}:{DESTINATION}:backup-vault:landing",
        "IamRoleArn": COPY_ROLE,
        **more,
    }


def fault(kind, *operations, **more):
    aim = {"operations": list(operations), **more.pop("aim", {})}
    return {"what": {"kind": kind, **more}, "aim": aim}


# Throttling


def test_who_asks_too_often_is_throttled(sandbox, backup):
    sandbox.faults(rates={"operations": {"backup:ListBackupVaults": 0.001}, "burst_secs": 3000})
    for _ in range(3):
        assert backup.list_backup_vaults()["BackupVaultList"]
    with refused("ThrottlingException", 400, says="Rate exceeded"):
        backup.list_backup_vaults()
    # Only that operation of that account.
    assert backup.describe_global_settings()["GlobalSettings"]
    assert sandbox.client("backup", "dest").list_backup_vaults()["BackupVaultList"]
    sandbox.aws("backup", "list-backup-vaults").assert_refused("ThrottlingException", "ListBackupVaults")
    assert sandbox.calls("ListBackupVaults", "ThrottlingException") == 2


def test_all_of_an_accounts_calls_have_one_budget(sandbox, backup):
    sandbox.faults(rates={"services": {"backup": 0.002}, "burst_secs": 1000})
    backup.describe_global_settings()
    backup.describe_region_settings()
    with refused("ThrottlingException"):
        backup.list_copy_jobs()


@pytest.mark.parametrize(
    ("service", "code", "call"),
    [
        ("sts", "Throttling", lambda client: client.get_caller_identity()),
        ("iam", "Throttling", lambda client: client.get_role(RoleName="AWSBackupDefaultServiceRole")),
        ("kms", "ThrottlingException", lambda client: client.describe_key(KeyId="alias/aws/backup")),
        ("organizations", "TooManyRequestsException", lambda client: client.describe_organization()),
    ],
)
def test_each_service_has_its_own_word_for_it(sandbox, service, code, call):
    sandbox.faults(fault("throttle"))
    with refused(code):
        call(sandbox.client(service))


def test_boto3s_own_retries_get_through(sandbox):
    sandbox.faults(fault("throttle", "ListBackupVaults", aim={"at_most": 2}))
    patient = sandbox.client("backup", config={"retries": {"total_max_attempts": 4, "mode": "standard"}})
    answer = patient.list_backup_vaults()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert answer["BackupVaultList"]


# The service is not well


def test_errors_of_the_server(sandbox, backup):
    sandbox.faults(fault("unavailable", "ListCopyJobs"), fault("internal", "ListBackupVaults"))
    with refused("ServiceUnavailableException", 500):
        backup.list_copy_jobs()
    with refused("InternalFailure", 500):
        backup.list_backup_vaults()


def test_a_quota_refusal_word_for_word(sandbox, backup, point):
    sandbox.faults(
        fault("refuse", "StartCopyJob", code="LimitExceededException", message="Too many copy jobs", status=400)
    )
    with refused("LimitExceededException", 400, says="Too many copy jobs"):
        backup.start_copy_job(**order(point))
    with pytest.raises(backup.exceptions.LimitExceededException):
        backup.start_copy_job(**order(point))


def test_access_is_denied_for_a_while(sandbox, backup):
    aim = {"accounts": [SOURCE]}
    sandbox.faults(fault("access-denied", "ListTags", because="service-control-policy-denies", aim=aim))
    vault = f"arn:aws:backup:{REGION}:{SOURCE}:backup-vault:prod-daily"
    with refused("AccessDeniedException", 403, says="with an explicit deny in a service control policy"):
        backup.list_tags(ResourceArn=vault)
    sandbox.faults()
    assert backup.list_tags(ResourceArn=vault)


def test_a_proxys_page_in_between(sandbox, backup):
    sandbox.faults(fault("html", "ListBackupVaults", status=503))
    with pytest.raises(ClientError) as caught:
        backup.list_backup_vaults()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


# The line is not well


def test_a_connection_that_breaks_before_anything_happened(sandbox, backup, point):
    sandbox.faults(fault("reset-before", "StartCopyJob"))
    with pytest.raises(ConnectionClosedError):
        backup.start_copy_job(**order(point, IdempotencyToken="before"))
    assert backup.list_copy_jobs()["CopyJobs"] == []


def test_an_answer_that_is_lost_and_asked_for_again(sandbox, backup, point):
    sandbox.faults(fault("reset-after", "StartCopyJob", aim={"at_most": 1}))
    with pytest.raises(ConnectionClosedError):
        backup.start_copy_job(**order(point, IdempotencyToken="lost"))
    # It took effect; the same token asks for the same job.
    (job,) = backup.list_copy_jobs(BySourceRecoveryPointArn=point["RecoveryPointArn"])["CopyJobs"]
    again = backup.start_copy_job(**order(point, IdempotencyToken="lost"))
    assert again["CopyJobId"] == job["CopyJobId"]
    assert len(backup.list_copy_jobs()["CopyJobs"]) == 1


def test_an_answer_that_is_cut(sandbox, backup):
    sandbox.faults(fault("cut", "ListBackupVaults", bytes=100))
    # boto3 does not hold an answer against its length: it takes this one for an answer without members.
    answer = backup.list_backup_vaults()
    assert "BackupVaultList" not in answer
    assert int(answer["ResponseMetadata"]["HTTPHeaders"]["content-length"]) > 1000
    assert sandbox.calls("ListBackupVaults", "cut") == 1


def test_an_answer_that_is_late(sandbox):
    sandbox.faults(fault("slow", "ListBackupVaults", delay_ms=60_000))
    hurried = sandbox.client("backup", config={"read_timeout": 0.3})
    with pytest.raises(ReadTimeoutError):
        hurried.list_backup_vaults()


# Pages are not well


def names(client):
    pages = client.get_paginator("list_backup_vaults").paginate(PaginationConfig={"PageSize": 4})
    return [[vault["BackupVaultName"] for vault in page["BackupVaultList"]] for page in pages]


def test_short_and_empty_pages_are_no_end(sandbox, backup):
    whole = [name for page in names(backup) for name in page]
    sandbox.faults(fault("short-page", "ListBackupVaults", at_most=0, aim={"calls": [2, 3]}))
    pages = names(backup)
    assert pages[1:3] == [[], []]
    assert [name for page in pages for name in page] == whole
    sandbox.faults(fault("repeat-items", "ListBackupVaults", items=1))
    repeated = [name for page in names(backup) for name in page]
    assert len(repeated) > len(whole) and set(repeated) == set(whole)
    sandbox.faults(fault("late-items", "ListBackupVaults", items=1))
    late = [name for page in names(backup) for name in page]
    assert late != whole and sorted(late) == sorted(whole)


def test_a_page_token_that_is_refused(sandbox, backup):
    sandbox.faults(fault("refuse-token", "ListBackupVaults"))
    token = backup.list_backup_vaults(MaxResults=4)["NextToken"]
    with refused("InvalidParameterValueException", says="token"):
        backup.list_backup_vaults(MaxResults=4, NextToken=token)


# What happened is known


def test_every_fault_is_counted(sandbox, backup):
    sandbox.faults({"name": "every-second", **fault("throttle", "ListCopyJobs", aim={"calls": [2, 4]})})
    for number in range(1, 5):
        if number % 2:
            backup.list_copy_jobs()
        else:
            with refused("ThrottlingException"):
                backup.list_copy_jobs()
    assert sandbox.ask("account")["faults"]["every-second"] == {"met": 4, "fired": 2}
