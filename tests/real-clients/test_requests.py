"""What no service would take: each is refused in its service's own words, by the service and not by the client."""

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from sandbox import COPY_ROLE, DESTINATION, REGION, SOURCE, refused

VAULT_ARN = f"arn:aws:backup:{REGION}:{DESTINATION}:backup-vault:landing"
POINT_ARN = f"arn:aws:ec2:{REGION}::snapshot/snap-0123456789abcdef0"


@pytest.fixture(scope="module")
def backup(still):
    """Sends what it is given."""
    return still.unchecked("backup")


def copy(**changes):
    order = {
        "RecoveryPointArn": POINT_ARN,
        "SourceBackupVaultName": "prod-daily",
        "DestinationBackupVaultArn": VAULT_ARN,
        "IamRoleArn": COPY_ROLE,
        **changes,
    }
    return {name: value for name, value in order.items() if value is not None}


@pytest.mark.parametrize("operation", ["list_backup_vaults", "list_copy_jobs"])
@pytest.mark.parametrize("results", [0, -1, 1001])
def test_pages_have_1_to_1000_items(backup, operation, results):
    with refused("InvalidParameterValueException", says="maxResults"):
        getattr(backup, operation)(MaxResults=results)


@pytest.mark.parametrize("results", [0, 1001])
def test_the_same_holds_for_points(backup, results):
    with refused("InvalidParameterValueException", says="maxResults"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName="prod-daily", MaxResults=results)
    with refused("InvalidParameterValueException", says="maxResults"):
        backup.list_recovery_points_by_resource(ResourceArn=POINT_ARN, MaxResults=results)


@pytest.mark.parametrize(
    "member", ["RecoveryPointArn", "SourceBackupVaultName", "DestinationBackupVaultArn", "IamRoleArn"]
)
def test_what_a_copy_cannot_do_without(backup, member):
    name = member[0].lower() + member[1:]
    with refused("MissingParameterValueException", says=f"Value null at '{name}'"):
        backup.start_copy_job(**copy(**{member: None}))


def test_two_things_missing_are_told_together(backup):
    with refused("MissingParameterValueException", says="2 validation errors detected") as said:
        backup.start_copy_job(**copy(IamRoleArn=None, RecoveryPointArn=None))
    assert "iamRoleArn" in said.message and "recoveryPointArn" in said.message


@pytest.mark.parametrize("name", ["x", "a" * 51, "two words", "dots.are.out", "größe"])
def test_names_that_no_vault_can_have(backup, name):
    with refused("InvalidParameterValueException", says="backupVaultName"):
        backup.create_backup_vault(BackupVaultName=name)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("list_copy_jobs", {"ByState": "SLEEPING"}),
        ("list_copy_jobs", {"ByState": "completed"}),
        ("list_backup_vaults", {"ByVaultType": "SAFE"}),
        (
            "put_backup_vault_notifications",
            {
                "BackupVaultName": "not-used-yet",
                "SNSTopicArn": f"arn:aws:sns:{REGION}:{SOURCE}:alerts",
                "BackupVaultEvents": ["NOTHING_HAPPENED"],
            },
        ),
    ],
)
def test_words_that_the_model_does_not_know(backup, operation, arguments):
    with refused("InvalidParameterValueException", says="enum value set"):
        getattr(backup, operation)(**arguments)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"RecoveryPointArn": "snap-0123456789abcdef0"}, "RecoveryPointArn"),
        ({"RecoveryPointArn": POINT_ARN.replace(REGION, "eu-west-1")}, "Region"),
        ({"RecoveryPointArn": POINT_ARN.replace(":aws:", ":aws-cn:")}, "partition"),
        ({"DestinationBackupVaultArn": VAULT_ARN.replace(DESTINATION, "2222")}, "twelve digits"),
        ({"DestinationBackupVaultArn": VAULT_ARN.replace(REGION, "eu-west-1")}, "Region"),
        ({"DestinationBackupVaultArn": VAULT_ARN.replace("backup-vault", "backup-plan")}, "backup vault"),
        ({"DestinationBackupVaultArn": f"arn:aws:backup:{REGION}:{SOURCE}:backup-vault:prod-daily"}, "already"),
        ({"IamRoleArn": "AWSBackupDefaultServiceRole"}, "IamRoleArn"),
        ({"IamRoleArn": f"arn:aws:iam::{SOURCE}:user/operator"}, "IamRoleArn"),
    ],
)
def test_arns_that_do_not_fit_a_copy(backup, changes, says):
    with refused("InvalidParameterValueException", says=says):
        backup.start_copy_job(**copy(**changes))


def test_a_role_of_another_account_cannot_be_passed(backup):
    with refused("AccessDeniedException", 403, says="pass"):
        backup.start_copy_job(**copy(IamRoleArn=COPY_ROLE.replace(SOURCE, DESTINATION)))


def test_values_of_the_wrong_type(backup):
    with refused("SerializationException"):
        backup.list_backup_vaults(MaxResults="many")
    with refused("SerializationException"):
        backup.start_copy_job(**copy(Lifecycle={"DeleteAfterDays": "ten"}))
    with refused("SerializationException"):
        backup.start_copy_job(**copy(RecoveryPointArn=["a", "list"]))


def test_other_services_have_their_own_words(still):
    with refused("ValidationException", says="keyId"):
        still.unchecked("kms").describe_key()
    with refused("ValidationError", says="roleName"):
        still.unchecked("iam").get_role()
    with refused("ValidationError", says="roleSessionName"):
        still.unchecked("sts").assume_role(RoleArn=COPY_ROLE)
    with refused("IllegalArgumentException", says="quotaCode"):
        still.unchecked("service-quotas").get_service_quota(ServiceCode="backup")


# Requests that no client would make, signed by the real signer.


def send(sandbox, service, method="POST", path="/", body=b"", headers=None):
    keys = sandbox.session().get_credentials().get_frozen_credentials()
    request = AWSRequest(method=method, url=sandbox.endpoint + path, data=body, headers=headers or {})
    SigV4Auth(keys, service, REGION).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, answer.headers, answer.content.decode()


def json_error(answer):
    status, headers, body = answer
    kind = headers.get("x-amzn-errortype") or json.loads(body)["__type"]
    return status, kind.split(":")[0].split("#")[-1]


def test_an_operation_that_backup_does_not_have(still):
    assert json_error(send(still, "backup", "GET", "/no-such-thing/")) == (404, "UnknownOperationException")
    assert json_error(send(still, "backup", "PATCH", "/backup-vaults/")) == (404, "UnknownOperationException")


def test_an_operation_that_is_not_simulated(still):
    # It is in the model, so the client sends it.
    with refused("UnknownOperationException", 404):
        still.client("backup").list_backup_plans()
    still.aws("backup", "list-backup-plans").assert_refused("UnknownOperationException", "ListBackupPlans")


def test_an_operation_that_the_other_protocols_do_not_have(still):
    headers = {"X-Amz-Target": "TrentService.DoAnything", "Content-Type": "application/x-amz-json-1.1"}
    assert json_error(send(still, "kms", body=b"{}", headers=headers)) == (400, "UnknownOperationException")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, body = send(still, "sts", body=b"Action=DoAnything&Version=2011-06-15", headers=headers)
    assert status == 400
    assert "<Code>InvalidAction</Code>" in body
    with refused("UnknownOperationException"):
        still.client("kms").list_keys()
    with refused("InvalidAction"):
        still.client("iam").list_users()


def test_members_that_the_model_does_not_know(still):
    answer = send(still, "backup", "GET", "/backup-vaults/?maxResults=5&colour=blue")
    assert json_error(answer) == (400, "InvalidParameterValueException")
    body = json.dumps({"BackupVaultTags": {}, "Colour": "blue"}).encode()
    answer = send(still, "backup", "PUT", "/backup-vaults/coloured", body, {"Content-Type": "application/json"})
    assert json_error(answer) == (400, "InvalidParameterValueException")


def test_a_body_that_is_no_json(still):
    answer = send(still, "backup", "PUT", "/copy-jobs", b"{not json", {"Content-Type": "application/json"})
    assert json_error(answer) == (400, "SerializationException")


def test_nothing_of_all_this_had_an_effect(still, backup):
    assert len(backup.list_backup_vaults()["BackupVaultList"]) == 12
    assert backup.list_copy_jobs()["CopyJobs"] == []
    assert backup.describe_backup_vault(BackupVaultName="not-used-yet")["Locked"] is False
