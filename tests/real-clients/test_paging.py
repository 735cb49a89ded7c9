"""Listings, page by page, with every filter: what the pages hold together is what the filter says, once each."""

from datetime import timedelta

import pytest

from sandbox import DESTINATION, MODELS, SOURCE, refused

VAULT = "prod-databases"
PAGING = {"NextToken", "MaxResults"}


def pages(call, size, **arguments):
    """Follows NextToken to the end."""
    token = {}
    while True:
        page = call(MaxResults=size, **arguments, **token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def members_of(operation):
    model = MODELS.load_service_model("backup", "service-2")
    return set(model["shapes"][model["operations"][operation]["input"]["shape"]]["members"])


@pytest.fixture(scope="module")
def backup(still):
    return still.client("backup")


@pytest.fixture(scope="module")
def whole(backup):
    """Every point of the vault, from one unfiltered listing."""
    page = backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, MaxResults=1000)
    assert page.get("NextToken") is None
    return page["RecoveryPoints"]


@pytest.fixture(scope="module")
def with_parts(backup):
    """A composite point with its vault and parts."""
    for vault in backup.list_backup_vaults()["BackupVaultList"]:
        name = vault["BackupVaultName"]
        for page in pages(backup.list_recovery_points_by_backup_vault, 1000, BackupVaultName=name):
            for point in page["RecoveryPoints"]:
                if "ParentRecoveryPointArn" in point:
                    return name, point["ParentRecoveryPointArn"]
    raise AssertionError("the world has no composite points")


def middle_date(points):
    return sorted(point["CreationDate"] for point in points)[len(points) // 2]


# One way to use each filter, and what a point has to be like to pass it.
POINT_FILTERS = {
    "ByResourceArn": lambda points: (points[0]["ResourceArn"], lambda p, v: p["ResourceArn"] == v),
    "ByResourceType": lambda points: ("RDS", lambda p, v: p["ResourceType"] == v),
    "ByBackupPlanId": lambda points: (
        next(p["CreatedBy"]["BackupPlanId"] for p in points if "CreatedBy" in p),
        lambda p, v: p.get("CreatedBy", {}).get("BackupPlanId") == v,
    ),
    "ByCreatedBefore": lambda points: (middle_date(points), lambda p, v: p["CreationDate"] < v),
    "ByCreatedAfter": lambda points: (middle_date(points), lambda p, v: p["CreationDate"] > v),
}


@pytest.mark.parametrize("size", [7, 100, 1000])
def test_pages_together_are_the_whole_vault(backup, whole, size):
    listed = list(pages(backup.list_recovery_points_by_backup_vault, size, BackupVaultName=VAULT))
    assert all(len(page["RecoveryPoints"]) <= size for page in listed)
    assert [point for page in listed for point in page["RecoveryPoints"]] == whole
    assert len({point["RecoveryPointArn"] for point in whole}) == len(whole) > 500


@pytest.mark.parametrize("size", [23, 1000])
@pytest.mark.parametrize("member", POINT_FILTERS)
def test_each_filter_gives_what_it_says(backup, whole, member, size):
    value, passes = POINT_FILTERS[member](whole)
    listed = pages(backup.list_recovery_points_by_backup_vault, size, BackupVaultName=VAULT, **{member: value})
    found = [point for page in listed for point in page["RecoveryPoints"]]
    assert found == [point for point in whole if passes(point, value)]
    assert 0 < len(found) <= len(whole)


def test_parts_of_a_composite_are_found_by_their_parent(backup, with_parts):
    vault, parent = with_parts
    everything = [
        point
        for page in pages(backup.list_recovery_points_by_backup_vault, 1000, BackupVaultName=vault)
        for point in page["RecoveryPoints"]
    ]
    narrowed = pages(
        backup.list_recovery_points_by_backup_vault, 1, BackupVaultName=vault, ByParentRecoveryPointArn=parent
    )
    parts = [point for page in narrowed for point in page["RecoveryPoints"]]
    assert parts == [point for point in everything if point.get("ParentRecoveryPointArn") == parent]
    assert parts and all(point["CompositeMemberIdentifier"] for point in parts)
    (composite,) = [point for point in everything if point["RecoveryPointArn"] == parent]
    assert composite["IsParent"] is True


def test_filters_narrow_together(backup, whole):
    middle = middle_date(whole)
    month = timedelta(days=90)
    found = backup.list_recovery_points_by_backup_vault(
        BackupVaultName=VAULT,
        ByResourceType="EBS",
        ByCreatedAfter=middle - month,
        ByCreatedBefore=middle + month,
        MaxResults=1000,
    )["RecoveryPoints"]
    assert found == [
        point
        for point in whole
        if point["ResourceType"] == "EBS" and middle - month < point["CreationDate"] < middle + month
    ]
    assert 0 < len(found) < len(whole)


def test_no_filter_of_the_model_was_forgotten():
    tried = {*POINT_FILTERS, "ByParentRecoveryPointArn", "BackupVaultName", "BackupVaultAccountId"}
    assert members_of("ListRecoveryPointsByBackupVault") - PAGING == tried


def test_what_does_not_exist_has_no_points(backup):
    volume = f"arn:aws:ec2:us-east-1:{SOURCE}:volume/vol-00000000000000000"
    page = backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, ByResourceArn=volume)
    assert page["RecoveryPoints"] == []
    assert page.get("NextToken") is None
    assert backup.list_recovery_points_by_resource(ResourceArn=volume)["RecoveryPoints"] == []


def test_the_own_account_may_be_named_another_may_not(backup, whole):
    page = backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, BackupVaultAccountId=SOURCE)
    assert page["RecoveryPoints"] == whole
    with refused("AccessDeniedException", 403):
        backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, BackupVaultAccountId=DESTINATION)


def test_a_token_is_good_for_its_own_listing_only(backup):
    token = backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, MaxResults=5)["NextToken"]
    with refused("InvalidParameterValueException"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName="prod-daily", NextToken=token)
    with refused("InvalidParameterValueException"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, ByResourceType="RDS", NextToken=token)
    with refused("InvalidParameterValueException"):
        backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT, NextToken=token[:-2] + "xx")


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("managed_only", [True, False])
def test_a_resources_points_page_too(backup, whole, size, managed_only):
    resource = max({p["ResourceArn"] for p in whole}, key=[p["ResourceArn"] for p in whole].count)
    listed = list(
        pages(
            backup.list_recovery_points_by_resource, size, ResourceArn=resource, ManagedByAWSBackupOnly=managed_only
        )
    )
    assert all(len(page["RecoveryPoints"]) <= size for page in listed)
    found = [point["RecoveryPointArn"] for page in listed for point in page["RecoveryPoints"]]
    assert len(found) == len(set(found))
    here = {point["RecoveryPointArn"] for point in whole if point["ResourceArn"] == resource}
    assert here <= set(found) and len(here) > 4


def test_a_resources_points_are_those_of_all_vaults(backup):
    vaults = [vault["BackupVaultName"] for vault in backup.list_backup_vaults()["BackupVaultList"]]
    by_resource = {}
    for vault in vaults:
        for page in pages(backup.list_recovery_points_by_backup_vault, 1000, BackupVaultName=vault):
            for point in page["RecoveryPoints"]:
                by_resource.setdefault(point["ResourceArn"], set()).add((vault, point["RecoveryPointArn"]))
    scattered = next(arn for arn, points in by_resource.items() if len({vault for vault, _ in points}) > 1)
    listed = backup.list_recovery_points_by_resource(ResourceArn=scattered)["RecoveryPoints"]
    assert {(point["BackupVaultName"], point["RecoveryPointArn"]) for point in listed} == by_resource[scattered]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_vaults_page_and_narrow(backup, size):
    whole = backup.list_backup_vaults()["BackupVaultList"]
    assert len(whole) == 12

    def listed(**filters):
        paged = pages(backup.list_backup_vaults, size, **filters)
        return [vault for page in paged for vault in page["BackupVaultList"]]

    assert listed() == whole
    assert listed(ByVaultType="BACKUP_VAULT") == [v for v in whole if v["VaultType"] == "BACKUP_VAULT"]
    assert listed(ByVaultType="LOGICALLY_AIR_GAPPED_BACKUP_VAULT") == []
    assert listed(ByShared=False) == whole
    assert listed(ByShared=True) == []
    assert members_of("ListBackupVaults") - PAGING == {"ByVaultType", "ByShared"}


def test_boto3_paginators_stop_and_go_on(backup, whole):
    paginator = backup.get_paginator("list_recovery_points_by_backup_vault")
    first = paginator.paginate(
        BackupVaultName=VAULT, PaginationConfig={"PageSize": 100, "MaxItems": 250}
    ).build_full_result()
    assert first["RecoveryPoints"] == whole[:250]
    rest = paginator.paginate(
        BackupVaultName=VAULT, PaginationConfig={"PageSize": 90, "StartingToken": first["NextToken"]}
    ).build_full_result()
    # A token to start from names a page and a number of items to leave out there.
    assert first["RecoveryPoints"] + rest["RecoveryPoints"] == whole
    assert "NextToken" not in rest


@pytest.mark.parametrize("operation", ["list_backup_vaults", "list_copy_jobs", "list_recovery_points_by_resource"])
def test_every_listing_has_its_paginator(backup, whole, operation):
    arguments = {"ResourceArn": whole[0]["ResourceArn"]} if operation.endswith("by_resource") else {}
    paged = backup.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **arguments).build_full_result()
    at_once = getattr(backup, operation)(**arguments)
    (result,) = [key for key in at_once if key not in {"ResponseMetadata", "NextToken"}]
    assert paged[result] == at_once[result]


def arns(told):
    return [point["RecoveryPointArn"] for point in told["RecoveryPoints"]]


def test_the_cli_pages_by_itself_stops_and_goes_on(still, whole):
    listing = ["backup", "list-recovery-points-by-backup-vault", "--backup-vault-name", VAULT]
    everything = [point["RecoveryPointArn"] for point in whole]
    assert arns(still.aws(*listing, "--page-size", 150).json) == everything
    first = still.aws(*listing, "--page-size", 100, "--max-items", 230).json
    assert arns(first) == everything[:230]
    rest = still.aws(*listing, "--page-size", 100, "--starting-token", first["NextToken"]).json
    assert arns(rest) == everything[230:]
    one_page = still.aws(*listing, "--no-paginate", "--max-results", 40).json
    assert arns(one_page) == everything[:40]
    assert one_page["NextToken"]


def test_the_cli_filters(still, whole):
    middle = middle_date(whole)
    told = still.aws(
        "backup", "list-recovery-points-by-backup-vault", "--backup-vault-name", VAULT,
        "--by-resource-type", "RDS", "--by-created-before", middle.isoformat(),
    )  # fmt: skip
    assert arns(told.json) == [
        p["RecoveryPointArn"] for p in whole if p["ResourceType"] == "RDS" and p["CreationDate"] < middle
    ]
    names = still.aws("backup", "list-backup-vaults", "--max-items", 3, "--query", "BackupVaultList[].BackupVaultName")
    assert len(names.json) == 3
