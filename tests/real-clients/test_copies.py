"""Copy jobs as real clients see them: started, followed, repeated, failed, listed, forgotten."""

import json
import uuid
from datetime import timedelta
from functools import cached_property

import pytest

from sandbox import COPY_ROLE, DESTINATION, MODELS, REGION, SOURCE, Sandbox, refused


class Route:
    """The way from the source account to vaults in the destination that real clients made."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.source = sandbox.client("backup")
        self.dest = sandbox.client("backup", "dest")
        key = sandbox.client("kms", "dest").describe_key(KeyId="alias/backup-vaults")["KeyMetadata"]["Arn"]
        self.key = key
        self.open = self.vault("landing")
        self.closed = self.vault("closed", policy=False)
        self.brief = self.vault("brief")
        self.dest.put_backup_vault_lock_configuration(BackupVaultName="brief", MaxRetentionDays=2)

    def vault(self, name, policy=True):
        arn = self.dest.create_backup_vault(BackupVaultName=name, EncryptionKeyArn=self.key)["BackupVaultArn"]
        if policy:
            allow = {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{SOURCE}:root"},
                "Action": "backup:CopyIntoBackupVault",
                "Resource": "*",
            }
            document = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
            self.dest.put_backup_vault_access_policy(BackupVaultName=name, Policy=document)
        return arn

    def points(self, suits=lambda point: True):
        """Points that can be copied: whole, warm, under a key that the destination may use."""
        return (point for point in self.calm if suits(point) and self.is_warm(point))

    @cached_property
    def everything(self):
        """Every point of the source account."""
        paginator = self.source.get_paginator("list_recovery_points_by_backup_vault")
        return [
            point
            for vault in self.source.list_backup_vaults()["BackupVaultList"]
            for page in paginator.paginate(BackupVaultName=vault["BackupVaultName"])
            for point in page["RecoveryPoints"]
        ]

    @cached_property
    def calm(self):
        kms = self.sandbox.client("kms")
        aliases = ["backup-vaults", "databases", "volumes", "file-shares"]
        shared = [kms.describe_key(KeyId=f"alias/{alias}")["KeyMetadata"]["Arn"] for alias in aliases]
        return [
            point
            for point in self.everything
            if point["Status"] == "COMPLETED"
            and not point["IsParent"]
            and "ParentRecoveryPointArn" not in point
            and point.get("EncryptionKeyArn") in shared
        ]

    def composite(self):
        return next(point for point in self.everything if point["IsParent"] and point["Status"] == "COMPLETED")

    def is_warm(self, point):
        described = self.source.describe_recovery_point(
            BackupVaultName=point["BackupVaultName"], RecoveryPointArn=point["RecoveryPointArn"]
        )
        return described["StorageClass"] == "WARM"

    def point(self, resource_type, number=0):
        suiting = self.points(lambda point: point["ResourceType"] == resource_type)
        return next(point for at, point in enumerate(suiting) if at == number)

    def start(self, point, to=None, **more):
        return self.source.start_copy_job(**self.order(point, to, **more))

    def order(self, point, to=None, **more):
        return {
            "RecoveryPointArn": point["RecoveryPointArn"],
            "SourceBackupVaultName": point["BackupVaultName"],
            "DestinationBackupVaultArn": to or self.open,
            "IamRoleArn": COPY_ROLE,
            **more,
        }

    def job(self, job_id):
        return self.source.describe_copy_job(CopyJobId=job_id)["CopyJob"]

    def ended(self, job_id):
        """The job as it is after its end."""
        for _ in range(100):
            job = self.job(job_id)
            if job["State"] not in {"CREATED", "RUNNING"}:
                return job
            self.sandbox.advance(hours=2)
        raise AssertionError(f"copy job {job_id} has not ended in 200 hours")


@pytest.fixture(scope="module")
def route(sandbox):
    return Route(sandbox)


def test_a_copy_from_start_to_end(route):
    point = route.point("EFS")
    began = route.start(point, IdempotencyToken="first-copy", Lifecycle={"DeleteAfterDays": 3650})
    assert uuid.UUID(began["CopyJobId"]) and began["IsParent"] is False

    job = route.job(began["CopyJobId"])
    assert job["State"] == "CREATED"
    assert job["CreationDate"] == began["CreationDate"]
    assert "CompletionDate" not in job and "DestinationRecoveryPointArn" not in job
    assert job["AccountId"] == SOURCE
    assert job["SourceRecoveryPointArn"] == point["RecoveryPointArn"]
    assert job["SourceBackupVaultArn"] == point["BackupVaultArn"]
    assert job["DestinationBackupVaultArn"] == route.open
    assert job["IamRoleArn"] == COPY_ROLE
    assert (job["ResourceArn"], job["ResourceType"]) == (point["ResourceArn"], "EFS")

    route.sandbox.advance(minutes=1)
    assert route.job(began["CopyJobId"])["State"] == "RUNNING"
    job = route.ended(began["CopyJobId"])
    assert job["State"] == "COMPLETED"
    assert job["CompletionDate"] > job["CreationDate"]
    assert job["BackupSizeInBytes"] == point["BackupSizeInBytes"]
    assert job["DestinationRecoveryPointLifecycle"]["DeleteAfterDays"] == 3650

    copy = route.dest.describe_recovery_point(
        BackupVaultName="landing", RecoveryPointArn=job["DestinationRecoveryPointArn"]
    )
    assert copy["RecoveryPointArn"] != point["RecoveryPointArn"]
    assert copy["CreationDate"] == point["CreationDate"]
    assert copy["SourceBackupVaultArn"] == point["BackupVaultArn"]
    assert copy["Status"] == "COMPLETED"
    assert copy["ResourceType"] == "EFS"
    assert copy["EncryptionKeyArn"] == route.key
    assert copy["BackupSizeInBytes"] == point["BackupSizeInBytes"]
    assert copy["CalculatedLifecycle"]["DeleteAt"] == point["CreationDate"] + timedelta(days=3650)
    in_vault = route.dest.list_recovery_points_by_backup_vault(BackupVaultName="landing")["RecoveryPoints"]
    assert [found["RecoveryPointArn"] for found in in_vault] == [copy["RecoveryPointArn"]]

    (listed,) = route.source.list_copy_jobs(BySourceRecoveryPointArn=point["RecoveryPointArn"])["CopyJobs"]
    assert listed == job


def test_the_cli_copies_too(route):
    point = route.point("DynamoDB")
    began = route.sandbox.aws(
        "backup", "start-copy-job", "--recovery-point-arn", point["RecoveryPointArn"],
        "--source-backup-vault-name", point["BackupVaultName"], "--destination-backup-vault-arn", route.open,
        "--iam-role-arn", COPY_ROLE, "--idempotency-token", "by-cli", "--lifecycle", "DeleteAfterDays=400",
    ).json  # fmt: skip
    # The same again: the same job, told by the other client.
    again = route.start(point, IdempotencyToken="by-cli", Lifecycle={"DeleteAfterDays": 400})
    assert again["CopyJobId"] == began["CopyJobId"]
    route.ended(began["CopyJobId"])
    told = route.sandbox.aws("backup", "describe-copy-job", "--copy-job-id", began["CopyJobId"]).json
    assert told["CopyJob"]["State"] == "COMPLETED"
    assert told["CopyJob"]["DestinationRecoveryPointLifecycle"] == {"DeleteAfterDays": 400}


def test_the_same_token_twice_is_one_job(route):
    point = route.point("S3")
    first = route.start(point, IdempotencyToken="once")
    again = route.start(point, IdempotencyToken="once")
    assert again["CopyJobId"] == first["CopyJobId"]
    assert again["CreationDate"] == first["CreationDate"]
    route.sandbox.advance(hours=20)
    assert route.start(point, IdempotencyToken="once")["CopyJobId"] == first["CopyJobId"]
    assert len(route.source.list_copy_jobs(BySourceRecoveryPointArn=point["RecoveryPointArn"])["CopyJobs"]) == 1


def test_a_known_token_with_other_parameters_is_refused(route):
    point = route.point("S3", 1)
    route.start(point, IdempotencyToken="taken")
    with refused("InvalidParameterValueException", says="token"):
        route.start(point, IdempotencyToken="taken", Lifecycle={"DeleteAfterDays": 900})


def test_another_token_is_another_job(route):
    point = route.point("S3", 2)
    jobs = {route.start(point, IdempotencyToken=f"attempt-{number}")["CopyJobId"] for number in range(2)}
    assert len(jobs) == 2
    copies = {route.ended(job)["DestinationRecoveryPointArn"] for job in jobs}
    assert len(copies) == 2


def test_one_copy_of_a_resource_at_a_time(route):
    volume = route.point("EBS")["ResourceArn"]
    points = list(route.points(lambda point: point["ResourceArn"] == volume))[:2]
    first, second = (route.start(point)["CopyJobId"] for point in points)
    route.sandbox.advance(seconds=30)
    assert route.job(first)["State"] == "RUNNING"
    assert route.job(second)["State"] == "CREATED"
    assert route.ended(first)["CompletionDate"] <= route.ended(second)["CompletionDate"]


@pytest.mark.parametrize(
    ("vault", "category", "says"),
    [
        ("closed", "ACCESS_DENIED", "backup:CopyIntoBackupVault"),
        ("brief", "INVALID_LIFECYCLE", "retention"),
        ("Default", "ACCESS_DENIED", "default Backup service managed key"),
        ("nowhere", "RESOURCE_NOT_FOUND", "does not exist"),
    ],
)
def test_a_copy_that_cannot_land_fails_and_says_why(route, vault, category, says):
    point = route.point("EFS", 1)
    target = f"arn:aws:backup:{REGION}:{DESTINATION}:backup-vault:{vault}"
    job = route.ended(route.start(point, to=target)["CopyJobId"])
    assert (job["State"], job["MessageCategory"]) == ("FAILED", category)
    assert says in job["StatusMessage"]
    assert job["CompletionDate"] >= job["CreationDate"]
    assert "DestinationRecoveryPointArn" not in job


def test_a_key_that_is_not_shared_fails_the_copy(route):
    key = route.sandbox.client("kms").describe_key(KeyId="alias/payments-hsm")["KeyMetadata"]["Arn"]
    mine = (point for point in route.everything if point.get("EncryptionKeyArn") == key)
    point = next(point for point in mine if point["Status"] == "COMPLETED" and not point["IsParent"])
    job = route.ended(route.start(point)["CopyJobId"])
    assert (job["State"], job["MessageCategory"]) == ("FAILED", "ACCESS_DENIED")
    assert "key" in job["StatusMessage"].lower()


def test_a_composite_is_copied_with_its_parts(route):
    began = route.start(route.composite())
    assert began["IsParent"] is True
    parent = route.ended(began["CopyJobId"])
    assert parent["State"] in {"COMPLETED", "PARTIAL"}
    children = route.source.list_copy_jobs(ByParentJobId=began["CopyJobId"])["CopyJobs"]
    assert len(children) == parent["NumberOfChildJobs"] == sum(parent["ChildJobsInState"].values()) > 0
    assert {child["ParentJobId"] for child in children} == {began["CopyJobId"]}


def test_the_destination_does_not_see_the_sources_jobs(route):
    job = route.start(route.point("EFS", 2))["CopyJobId"]
    with refused("ResourceNotFoundException"):
        route.dest.describe_copy_job(CopyJobId=job)
    assert route.dest.list_copy_jobs()["CopyJobs"] == []


def test_what_cannot_be_copied_is_refused_at_once(route):
    point = route.point("EFS")
    continuous = next(point for point in route.everything if point["Status"] == "AVAILABLE")
    with refused("InvalidRequestException", says="Continuous"):
        route.start(continuous)
    with refused("ResourceNotFoundException"):
        route.start({**point, "RecoveryPointArn": point["RecoveryPointArn"][:-4] + "0000"})
    with refused("ResourceNotFoundException"):
        route.start({**point, "BackupVaultName": "no-such-vault"})
    with refused("ResourceNotFoundException"):
        # It is there, but in another vault.
        route.start({**point, "BackupVaultName": "not-used-yet"})
    with refused("InvalidParameterValueException", says="90"):
        route.start(point, Lifecycle={"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 100})
    with refused("InvalidParameterValueException", says="Region"):
        route.start(point, to=f"arn:aws:backup:eu-west-1:{DESTINATION}:backup-vault:landing")
    with refused("InvalidParameterValueException", says="DestinationBackupVaultArn"):
        route.start(point, to="landing")


# Listing

JOB_FILTERS = {
    "ByResourceArn": lambda jobs: (jobs[-1]["ResourceArn"], lambda j, v: j["ResourceArn"] == v),
    "BySourceRecoveryPointArn": lambda jobs: (
        jobs[-1]["SourceRecoveryPointArn"],
        lambda j, v: j["SourceRecoveryPointArn"] == v,
    ),
    "ByState": lambda jobs: ("FAILED", lambda j, v: j["State"] == v),
    "ByResourceType": lambda jobs: ("EBS", lambda j, v: j["ResourceType"] == v),
    "ByDestinationVaultArn": lambda jobs: (
        jobs[0]["DestinationBackupVaultArn"],
        lambda j, v: j["DestinationBackupVaultArn"] == v,
    ),
    "ByCreatedBefore": lambda jobs: (middle(jobs, "CreationDate"), lambda j, v: j["CreationDate"] < v),
    "ByCreatedAfter": lambda jobs: (middle(jobs, "CreationDate"), lambda j, v: j["CreationDate"] > v),
    "ByCompleteBefore": lambda jobs: (
        middle(jobs, "CompletionDate"),
        lambda j, v: "CompletionDate" in j and j["CompletionDate"] < v,
    ),
    "ByCompleteAfter": lambda jobs: (
        middle(jobs, "CompletionDate"),
        lambda j, v: "CompletionDate" in j and j["CompletionDate"] > v,
    ),
    "ByMessageCategory": lambda jobs: ("ACCESS_DENIED", lambda j, v: j.get("MessageCategory") == v),
    "ByParentJobId": lambda jobs: (
        next(j["ParentJobId"] for j in jobs if "ParentJobId" in j),
        lambda j, v: j.get("ParentJobId") == v,
    ),
    "ByAccountId": lambda jobs: (SOURCE, lambda j, v: j["AccountId"] == v),
}


def middle(jobs, member):
    dates = sorted(job[member] for job in jobs if member in job)
    return dates[len(dates) // 2]


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Jobs of many kinds, most of them at their end."""
    sandbox = Sandbox(tmp_path_factory.mktemp("history"))
    route = Route(sandbox)
    types = ["EBS", "EFS", "RDS", "S3", "DynamoDB", "EC2"]
    for number, kind in enumerate(types * 4):
        to = [route.open, route.open, route.closed, route.brief][number // len(types)]
        route.start(route.point(kind, number // len(types)), to=to)
        sandbox.advance(minutes=5)
    route.start(route.composite())
    sandbox.advance(minutes=90)
    route.start(route.point("EBS", 5))
    yield route
    sandbox.stop()


@pytest.fixture(scope="module")
def jobs(history):
    page = history.source.list_copy_jobs(MaxResults=1000)
    assert page.get("NextToken") is None
    return page["CopyJobs"]


@pytest.mark.parametrize("size", [3, 1000])
@pytest.mark.parametrize("member", JOB_FILTERS)
def test_each_filter_of_the_job_list_gives_what_it_says(history, jobs, member, size):
    value, passes = JOB_FILTERS[member](jobs)
    paginator = history.source.get_paginator("list_copy_jobs")
    found = paginator.paginate(**{member: value}, PaginationConfig={"PageSize": size}).build_full_result()["CopyJobs"]
    assert found == [job for job in jobs if passes(job, value)]
    assert 0 < len(found) <= len(jobs)


def test_no_filter_of_the_job_list_was_forgotten():
    model = MODELS.load_service_model("backup", "service-2")
    members = set(model["shapes"]["ListCopyJobsInput"]["members"])
    assert members - {"NextToken", "MaxResults"} == set(JOB_FILTERS)


def test_the_job_list_is_whole_in_pages_of_any_size(history, jobs):
    assert len({job["CopyJobId"] for job in jobs}) == len(jobs) >= 26
    assert {job["State"] for job in jobs} >= {"CREATED", "COMPLETED", "FAILED"}
    paginator = history.source.get_paginator("list_copy_jobs")
    for size in (1, 4, 25):
        paged = paginator.paginate(PaginationConfig={"PageSize": size}).build_full_result()
        assert paged["CopyJobs"] == jobs


def test_the_cli_lists_jobs_by_state(history, jobs):
    told = history.sandbox.aws("backup", "list-copy-jobs", "--by-state", "FAILED", "--page-size", 2).json
    listed = {job["CopyJobId"]: job["StatusMessage"] for job in told["CopyJobs"]}
    assert listed == {job["CopyJobId"]: job["StatusMessage"] for job in jobs if job["State"] == "FAILED"}


def test_another_accounts_jobs_cannot_be_listed(history):
    with refused("AccessDeniedException", 403):
        history.source.list_copy_jobs(ByAccountId=DESTINATION)


def test_a_job_is_forgotten_thirty_days_after_its_end(history):
    job = history.start(history.point("EFS", 7))["CopyJobId"]
    history.ended(job)
    history.sandbox.advance(days=29)
    assert history.job(job)["State"] == "COMPLETED"
    history.sandbox.advance(days=2)
    with refused("ResourceNotFoundException"):
        history.job(job)
    assert history.source.list_copy_jobs()["CopyJobs"] == []


# Limits and time

def test_beyond_the_limit_the_call_is_refused_where_the_service_is_set_so(tmp_path):
    sandbox = Sandbox(tmp_path, fleet={"limits": {"fully_managed": 2}, "over_limit": "refused"})
    route = Route(sandbox)
    points = [route.point("EFS", 0), route.point("S3", 0), route.point("DynamoDB", 0)]
    for point in points[:2]:
        route.start(point)
    with refused("LimitExceededException"):
        route.start(points[2])
    sandbox.advance(days=3)
    assert route.start(points[2])["CopyJobId"]
    sandbox.stop()


def test_time_may_run_fast_by_itself(tmp_path):
    sandbox = Sandbox(tmp_path, points=500, time_factor=20_000)
    route = Route(sandbox)
    job = route.start(route.point("EFS"))["CopyJobId"]
    # Several hours pass in a second.
    for _ in range(2000):
        state = route.job(job)["State"]
        if state not in {"CREATED", "RUNNING"}:
            break
    assert state == "COMPLETED"
    sandbox.stop()
