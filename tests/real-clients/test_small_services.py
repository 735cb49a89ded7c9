"""What a migration asks of KMS, Organizations and Service Quotas, and the settings of AWS Backup itself."""

import json

import pytest

from sandbox import DESTINATION, REGION, SOURCE, refused


@pytest.fixture(scope="module")
def kms(still):
    return still.client("kms")


def test_a_key_is_found_by_alias_id_and_arn(kms):
    key = kms.describe_key(KeyId="alias/backup-vaults")["KeyMetadata"]
    assert (key["AWSAccountId"], key["KeyManager"], key["KeyState"]) == (SOURCE, "CUSTOMER", "Enabled")
    assert key["Arn"] == f"arn:aws:kms:{REGION}:{SOURCE}:key/{key['KeyId']}"
    assert key["CreationDate"].tzinfo is not None
    for name in [key["KeyId"], key["Arn"], f"arn:aws:kms:{REGION}:{SOURCE}:alias/backup-vaults"]:
        assert kms.describe_key(KeyId=name)["KeyMetadata"] == key
    assert kms.describe_key(KeyId="alias/aws/backup")["KeyMetadata"]["KeyManager"] == "AWS"
    assert kms.describe_key(KeyId="alias/decommissioned")["KeyMetadata"]["Enabled"] is False


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("alias/no-such-key", "NotFoundException"),
        ("00000000-0000-0000-0000-000000000000", "NotFoundException"),
        (f"arn:aws:kms:eu-west-1:{SOURCE}:key/00000000-0000-0000-0000-000000000000", "InvalidArnException"),
        (f"arn:aws:s3:::{SOURCE}", "InvalidArnException"),
    ],
)
def test_what_is_no_key(kms, name, code):
    with refused(code):
        kms.describe_key(KeyId=name)


def test_the_policy_of_a_key_says_who_may_use_it(kms):
    shared = kms.get_key_policy(KeyId=kms.describe_key(KeyId="alias/volumes")["KeyMetadata"]["KeyId"])
    assert shared["PolicyName"] == "default"
    principals = [statement["Principal"] for statement in json.loads(shared["Policy"])["Statement"]]
    assert {"AWS": f"arn:aws:iam::{DESTINATION}:root"} in principals
    hidden = kms.get_key_policy(KeyId=kms.describe_key(KeyId="alias/payments-hsm")["KeyMetadata"]["KeyId"])
    assert DESTINATION not in hidden["Policy"]
    with refused("NotFoundException"):
        kms.get_key_policy(KeyId=kms.describe_key(KeyId="alias/volumes")["KeyMetadata"]["KeyId"], PolicyName="other")


def test_the_destination_sees_the_keys_that_are_shared_with_it(still, kms):
    elsewhere = still.client("kms", "dest")
    arns = {name: kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["Arn"] for name in ["volumes", "payments-hsm"]}
    assert elsewhere.describe_key(KeyId=arns["volumes"])["KeyMetadata"]["AWSAccountId"] == SOURCE
    with refused("AccessDeniedException", says="no resource-based policy allows the kms:DescribeKey action"):
        elsewhere.describe_key(KeyId=arns["payments-hsm"])
    with refused("AccessDeniedException"):
        elsewhere.get_key_policy(KeyId=arns["volumes"])


def test_both_accounts_are_in_one_organization(still):
    seen = [still.client("organizations", profile).describe_organization() for profile in ("source", "dest")]
    organizations = [answer["Organization"] for answer in seen]
    assert organizations[0] == organizations[1]
    organization = organizations[0]
    assert organization["Id"].startswith("o-")
    assert organization["FeatureSet"] == "ALL"
    assert organization["MasterAccountId"] not in (SOURCE, DESTINATION)
    told = still.aws("organizations", "describe-organization", "--query", "Organization.Id", profile="dest").json
    assert told == organization["Id"]


def test_quotas(still):
    quotas = still.client("service-quotas", "dest")
    quota = quotas.get_service_quota(ServiceCode="backup", QuotaCode="L-514878B6")["Quota"]
    assert (quota["Value"], quota["Adjustable"], quota["GlobalQuota"]) == (1_000_000.0, True, False)
    assert quotas.get_service_quota(ServiceCode="ebs", QuotaCode="L-309BACF6")["Quota"]["Value"] == 100_000.0
    for service, code in [("backup", "L-00000000"), ("no-such-service", "L-514878B6")]:
        with refused("NoSuchResourceException"):
            quotas.get_service_quota(ServiceCode=service, QuotaCode=code)


def test_settings_of_the_organization_and_the_region(still):
    backup = still.client("backup")
    settings = backup.describe_global_settings()
    assert settings["GlobalSettings"]["isCrossAccountBackupEnabled"] == "true"
    assert settings["LastUpdateTime"].tzinfo is not None
    region = backup.describe_region_settings()
    assert region["ResourceTypeOptInPreference"]["EBS"] is True
    assert region["ResourceTypeManagementPreference"]["DynamoDB"] is True
    types = backup.get_supported_resource_types()["ResourceTypes"]
    assert {"EBS", "EC2", "RDS", "Aurora", "DynamoDB", "EFS", "S3", "FSx"} <= set(types)
