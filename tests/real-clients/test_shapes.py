"""Answers as bytes, held against botocore's own model of the services: nothing it does not know, nothing missing that
it requires, every value of its type. Then the same answers as boto3 gives them to people."""

import datetime
import json
import xml.etree.ElementTree as ET

import botocore.session
import pytest

from sandbox import AUDIT_EXTERNAL_ID, AUDIT_ROLE, COPY_ROLE, MODELS, REGION, SOURCE, Sandbox, refused

VAULT = "prod-daily"
VAULT_ARN = f"arn:aws:backup:{REGION}:{SOURCE}:backup-vault:{VAULT}"


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """A sandbox in which a copy has failed and another is open, so that there are jobs to look at."""
    sandbox = Sandbox(tmp_path_factory.mktemp("busy"), points=3000)
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def points(busy):
    listed = busy.client("backup").list_recovery_points_by_backup_vault(BackupVaultName=VAULT, MaxResults=1000)
    return listed["RecoveryPoints"]


@pytest.fixture(scope="module")
def job(busy, points):
    backup = busy.client("backup")
    point = next(p for p in points if (p["ResourceType"], p["Status"]) == ("EFS", "COMPLETED"))
    order = {
        "RecoveryPointArn": point["RecoveryPointArn"],
        "SourceBackupVaultName": VAULT,
        "IamRoleArn": COPY_ROLE,
        "DestinationBackupVaultArn": VAULT_ARN.replace(VAULT, "not-used-yet"),
    }
    there = backup.start_copy_job(**order)["CopyJobId"]
    backup.start_copy_job(**{**order, "DestinationBackupVaultArn": VAULT_ARN.replace(VAULT, "nowhere")})
    busy.advance(days=2)
    assert backup.describe_copy_job(CopyJobId=there)["CopyJob"]["State"] == "COMPLETED"
    return there


def model_of(service):
    return botocore.session.get_session().get_service_model(service)


class Recorder:
    """Keeps the bodies of a client's answers as they came."""

    def __init__(self, client):
        self.client = client
        self.bodies = []
        client.meta.events.register("before-parse", self._keep)

    def _keep(self, response_dict, **_):
        self.bodies.append(response_dict["body"])

    def ask(self, operation, **arguments):
        method = next(name for name, real in self.client.meta.method_to_api_mapping.items() if real == operation)
        parsed = getattr(self.client, method)(**arguments)
        return parsed, self.bodies[-1], self.client.meta.service_model.operation_model(operation).output_shape


def problems(shape, value, at=""):
    """What of a JSON value the model would not expect."""
    kind = shape.type_name
    if value is None:
        return
    types = {
        "structure": dict,
        "map": dict,
        "list": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "long": int,
        "double": (int, float),
        "float": (int, float),
        "timestamp": (int, float),
    }
    if not isinstance(value, types[kind]) or (kind != "boolean" and isinstance(value, bool)):
        yield f"{at} is {value!r}, no {kind}"
        return
    if kind == "structure":
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, inner in value.items():
            if name in known:
                yield from problems(known[name], inner, f"{at}.{name}")
            else:
                yield f"{at}.{name} is not in the model"
        for name in shape.required_members:
            if value.get(shape.members[name].serialization.get("name", name)) is None:
                yield f"{at}.{name} is missing"
    elif kind == "list":
        for inner in value:
            yield from problems(shape.member, inner, f"{at}[]")
    elif kind == "map":
        for name, inner in value.items():
            yield from problems(shape.key, name, f"{at} key")
            yield from problems(shape.value, inner, f"{at}.{name}")
    elif kind == "string" and shape.enum and value not in shape.enum:
        yield f"{at} is {value!r}, none of {shape.enum}"


JSON_ANSWERS = [
    ("backup", "ListBackupVaults", {}),
    ("backup", "DescribeBackupVault", {"BackupVaultName": "compliance-locked"}),
    ("backup", "ListRecoveryPointsByBackupVault", {"BackupVaultName": VAULT}),
    ("backup", "ListRecoveryPointsByResource", lambda points, job: {"ResourceArn": points[0]["ResourceArn"]}),
    (
        "backup",
        "DescribeRecoveryPoint",
        lambda points, job: {"BackupVaultName": VAULT, "RecoveryPointArn": points[0]["RecoveryPointArn"]},
    ),
    ("backup", "ListCopyJobs", {}),
    ("backup", "DescribeCopyJob", lambda points, job: {"CopyJobId": job}),
    (
        "backup",
        "StartCopyJob",
        lambda points, job: {
            "RecoveryPointArn": next(p["RecoveryPointArn"] for p in points if p["Status"] == "COMPLETED"),
            "SourceBackupVaultName": VAULT,
            "IamRoleArn": COPY_ROLE,
            "DestinationBackupVaultArn": VAULT_ARN.replace(VAULT, "not-used-yet"),
        },
    ),
    ("backup", "CreateBackupVault", {"BackupVaultName": "shapely"}),
    ("backup", "ListTags", {"ResourceArn": VAULT_ARN}),
    ("backup", "DescribeGlobalSettings", {}),
    ("backup", "DescribeRegionSettings", {}),
    ("backup", "GetSupportedResourceTypes", {}),
    ("kms", "DescribeKey", {"KeyId": "alias/backup-vaults"}),
    (
        "kms",
        "GetKeyPolicy",
        lambda points, job: {"KeyId": next(p["EncryptionKeyArn"] for p in points if "EncryptionKeyArn" in p)},
    ),
    ("organizations", "DescribeOrganization", {}),
    ("service-quotas", "GetServiceQuota", {"ServiceCode": "backup", "QuotaCode": "L-514878B6"}),
]


def in_words(value):
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(("service", "operation", "arguments"), JSON_ANSWERS, ids=in_words)
def test_json_answers_are_as_the_model_says(busy, points, job, service, operation, arguments):
    given = arguments(points, job) if callable(arguments) else arguments
    parsed, body, shape = Recorder(busy.client(service)).ask(operation, **given)
    told = json.loads(body)
    assert told
    assert sorted(set(problems(shape, told))) == []
    # What is there arrives: the client drops no member but those that are null.
    assert {name for name, value in told.items() if value is not None} == set(parsed) - {"ResponseMetadata"}


# Members that the real service sends with these, as null or with a value, by the operation's reference page.
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [entry[1:] for entry in JSON_ANSWERS if entry[0] == "backup" and entry[1].startswith(("Describe", "List"))],
    ids=in_words,
)
def test_answers_of_backup_have_every_member_of_the_model(busy, points, job, operation, arguments):
    given = arguments(points, job) if callable(arguments) else arguments
    _, body, shape = Recorder(busy.client("backup")).ask(operation, **given)
    assert set(json.loads(body)) == {
        member.serialization.get("name", name) for name, member in shape.members.items()
    }


# What IAM sends although its own model does not list it.
BEYOND_THE_MODEL = {"PolicySourceType": {"IAM Policy"}}


def xml_problems(shape, element, at=""):
    kind = shape.type_name
    if kind == "structure":
        known = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        seen = set()
        for inner in element:
            tag = inner.tag.split("}")[-1]
            if tag in known:
                seen.add(known[tag][0])
                yield from xml_problems(known[tag][1], inner, f"{at}.{tag}")
            else:
                yield f"{at}.{tag} is not in the model"
        yield from (f"{at}.{name} is missing" for name in shape.required_members if name not in seen)
    elif kind == "list":
        for inner in element:
            if inner.tag.split("}")[-1] != "member":
                yield f"{at} has {inner.tag}"
            yield from xml_problems(shape.member, inner, f"{at}[]")
    elif kind == "map":
        for entry in element:
            yield from xml_problems(shape.value, entry[1], f"{at}.{entry[0].text}")
    elif kind == "boolean" and element.text not in ("true", "false"):
        yield f"{at} is {element.text!r}"
    elif kind == "timestamp":
        datetime.datetime.strptime(element.text, "%Y-%m-%dT%H:%M:%SZ")
    elif kind == "string" and shape.enum:
        known = {*shape.enum, *BEYOND_THE_MODEL.get(shape.name, ())}
        if element.text not in known:
            yield f"{at} is {element.text!r}, none of {known}"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("sts", "GetCallerIdentity", {}),
        ("sts", "AssumeRole", {"RoleArn": AUDIT_ROLE, "RoleSessionName": "shapes", "ExternalId": AUDIT_EXTERNAL_ID}),
        ("iam", "GetRole", {"RoleName": "BackupAudit"}),
        ("iam", "ListAttachedRolePolicies", {"RoleName": "AWSBackupDefaultServiceRole"}),
        (
            "iam",
            "SimulatePrincipalPolicy",
            {
                "PolicySourceArn": AUDIT_ROLE,
                "ActionNames": ["backup:StartCopyJob", "backup:ListTags"],
                "ResourceArns": [VAULT_ARN],
            },
        ),
    ],
    ids=in_words,
)
def test_xml_answers_are_as_the_model_says(busy, service, operation, arguments):
    _, body, shape = Recorder(busy.client(service)).ask(operation, **arguments)
    namespace = MODELS.load_service_model(service, "service-2")["metadata"]["xmlNamespace"]
    root = ET.fromstring(body)
    assert root.tag == f"{{{namespace}}}{operation}Response"
    result, metadata = root
    assert result.tag == f"{{{namespace}}}{operation}Result"
    assert metadata.tag == f"{{{namespace}}}ResponseMetadata"
    assert len(metadata[0].text) == 36
    assert sorted(set(xml_problems(shape, result))) == []


def test_answers_without_output_have_no_body(busy):
    recorder = Recorder(busy.client("backup"))
    recorder.client.tag_resource(ResourceArn=VAULT_ARN, Tags={"a": "b"})
    recorder.client.untag_resource(ResourceArn=VAULT_ARN, TagKeyList=["a"])
    assert recorder.bodies == [b"", b""]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code"),
    [
        ("backup", "describe_backup_vault", {"BackupVaultName": "nowhere"}, "ResourceNotFoundException"),
        ("backup", "list_backup_vaults", {"MaxResults": 0}, "InvalidParameterValueException"),
        ("backup", "create_backup_vault", {"BackupVaultName": VAULT}, "AlreadyExistsException"),
        ("backup", "delete_backup_vault", {"BackupVaultName": VAULT}, "InvalidRequestException"),
        ("kms", "describe_key", {"KeyId": "alias/none"}, "NotFoundException"),
        ("service-quotas", "get_service_quota", {"ServiceCode": "ebs", "QuotaCode": "L-0"}, "NoSuchResourceException"),
    ],
)
def test_errors_are_as_the_model_says(busy, service, operation, arguments, code):
    recorder = Recorder(busy.unchecked(service))
    with refused(code):
        getattr(recorder.client, operation)(**arguments)
    told = json.loads(recorder.bodies[-1])
    told.pop("__type", None)
    shape = next(shape for shape in model_of(service).error_shapes if shape.name == code)
    assert sorted(set(problems(shape, told))) == []
    assert any(name.lower() == "message" and text for name, text in told.items())


# As people get them


def dates(value, at=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from dates(inner, f"{at}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from dates(inner, f"{at}[]")
    elif isinstance(value, datetime.datetime):
        yield at, value


def test_times_have_a_zone_and_milliseconds(busy, points, job):
    backup = busy.client("backup")
    found = dict(dates(points))
    found |= dict(dates(backup.describe_copy_job(CopyJobId=job)))
    found |= dict(dates(backup.describe_backup_vault(BackupVaultName="compliance-locked")))
    assert set(found) == {
        "[].CreationDate",
        "[].InitiationDate",
        "[].CompletionDate",
        "[].CalculatedLifecycle.DeleteAt",
        "[].CalculatedLifecycle.MoveToColdStorageAt",
        ".CopyJob.CreationDate",
        ".CopyJob.CompletionDate",
        ".CreationDate",
        ".LockDate",
    }
    for moments in (found.values(), (point["CreationDate"] for point in points)):
        assert all(moment.tzinfo is not None and moment.microsecond % 1000 == 0 for moment in moments)
    fractions = {point["CreationDate"].microsecond for point in points}
    assert len(fractions) > 300
