"""IAM: simulation of policies, roles and what is attached to them."""

import json

import pytest

from sandbox import AUDIT_ROLE, COPY_ROLE, DESTINATION, OPERATOR, REGION, SOURCE, refused

OPERATOR_ROLE = f"arn:aws:iam::{SOURCE}:role/{OPERATOR}"


@pytest.fixture(scope="module")
def iam(still):
    return still.client("iam")


def decisions(answer):
    return {result["EvalActionName"]: result["EvalDecision"] for result in answer["EvaluationResults"]}


def by_resource(answer):
    (result,) = answer["EvaluationResults"]
    return {one["EvalResourceName"]: one["EvalResourceDecision"] for one in result["ResourceSpecificResults"]}


def test_allowed_and_not_said(iam):
    actions = ["backup:ListBackupVaults", "backup:StartCopyJob", "iam:PassRole"]
    everything = iam.simulate_principal_policy(PolicySourceArn=OPERATOR_ROLE, ActionNames=actions)
    assert set(decisions(everything).values()) == {"allowed"}
    assert [result["EvalActionName"] for result in everything["EvaluationResults"]] == actions
    matched = everything["EvaluationResults"][0]["MatchedStatements"]
    assert matched[0]["SourcePolicyId"] == "AdministratorAccess"
    assert everything["IsTruncated"] is False

    looks = iam.simulate_principal_policy(PolicySourceArn=AUDIT_ROLE, ActionNames=actions)
    assert decisions(looks) == {
        "backup:ListBackupVaults": "allowed",
        "backup:StartCopyJob": "implicitDeny",
        "iam:PassRole": "implicitDeny",
    }


def test_denied_by_a_statement(iam):
    deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "backup:Start*", "Resource": "*"}}
    answer = iam.simulate_principal_policy(
        PolicySourceArn=OPERATOR_ROLE,
        ActionNames=["backup:StartCopyJob", "backup:ListCopyJobs"],
        PolicyInputList=[json.dumps(deny)],
    )
    assert [result["EvalDecision"] for result in answer["EvaluationResults"]] == ["explicitDeny", "allowed"]


def test_context_and_resources_decide(iam):
    pass_role = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": COPY_ROLE,
            "Condition": {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
        },
    }
    arguments = {
        "PolicySourceArn": AUDIT_ROLE,
        "ActionNames": ["iam:PassRole"],
        "ResourceArns": [COPY_ROLE, OPERATOR_ROLE],
        "PolicyInputList": [json.dumps(pass_role)],
    }
    without = iam.simulate_principal_policy(**arguments)
    assert set(by_resource(without).values()) == {"implicitDeny"}
    assert without["EvaluationResults"][0]["MissingContextValues"] == ["iam:PassedToService"]
    service = {
        "ContextKeyName": "iam:PassedToService",
        "ContextKeyType": "string",
        "ContextKeyValues": ["backup.amazonaws.com"],
    }
    answer = iam.simulate_principal_policy(**arguments, ContextEntries=[service])
    assert by_resource(answer) == {COPY_ROLE: "allowed", OPERATOR_ROLE: "implicitDeny"}


def test_results_page(iam):
    actions = [f"backup:Action{number}" for number in range(7)]
    page = iam.simulate_principal_policy(PolicySourceArn=AUDIT_ROLE, ActionNames=actions, MaxItems=3)
    assert (page["IsTruncated"], len(page["EvaluationResults"])) == (True, 3)
    paginator = iam.get_paginator("simulate_principal_policy")
    whole = paginator.paginate(PolicySourceArn=AUDIT_ROLE, ActionNames=actions, PaginationConfig={"PageSize": 2})
    results = whole.build_full_result()["EvaluationResults"]
    assert [result["EvalActionName"] for result in results] == actions


def test_who_can_be_simulated(iam):
    session = f"arn:aws:sts::{SOURCE}:assumed-role/{OPERATOR}/sandbox"
    with refused("InvalidInput"):
        iam.simulate_principal_policy(PolicySourceArn=session, ActionNames=["backup:StartCopyJob"])
    with refused("NoSuchEntity", 404):
        iam.simulate_principal_policy(PolicySourceArn=OPERATOR_ROLE + "X", ActionNames=["backup:StartCopyJob"])
    with refused("AccessDenied", 403):
        elsewhere = OPERATOR_ROLE.replace(SOURCE, DESTINATION)
        iam.simulate_principal_policy(PolicySourceArn=elsewhere, ActionNames=["backup:StartCopyJob"])


def test_a_role_shows_its_path_and_whom_it_trusts(iam):
    role = iam.get_role(RoleName="AWSBackupDefaultServiceRole")["Role"]
    assert role["Arn"] == COPY_ROLE
    assert role["Path"] == "/service-role/"
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}
    assert role["CreateDate"].tzinfo is not None
    with refused("NoSuchEntity", 404, says="NoSuchRole"):
        iam.get_role(RoleName="NoSuchRole")


def test_what_is_attached_to_a_role(iam):
    paginator = iam.get_paginator("list_attached_role_policies")
    paged = paginator.paginate(RoleName="AWSBackupDefaultServiceRole", PaginationConfig={"PageSize": 1})
    policies = paged.build_full_result()["AttachedPolicies"]
    assert {policy["PolicyArn"] for policy in policies} == {
        "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
        "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
    }


def test_the_cli_simulates(still):
    told = still.aws(
        "iam", "simulate-principal-policy", "--policy-source-arn", AUDIT_ROLE,
        "--action-names", "backup:StartCopyJob", "backup:ListCopyJobs",
        "--resource-arns", f"arn:aws:backup:{REGION}:{SOURCE}:recovery-point:1",
        "--query", "EvaluationResults[].EvalDecision",
    )  # fmt: skip
    assert told.json == ["implicitDeny", "allowed"]
    session = f"arn:aws:sts::{SOURCE}:assumed-role/{OPERATOR}/sandbox"
    told = still.aws(
        "iam", "simulate-principal-policy", "--policy-source-arn", session, "--action-names", "backup:StartCopyJob"
    )
    told.assert_refused("InvalidInput", "SimulatePrincipalPolicy")
