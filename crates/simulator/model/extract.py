#!/usr/bin/env python3
"""Writes the service models the simulator follows: AWS's own, cut down to the operations it answers.

    pip install botocore && python3 crates/simulator/model/extract.py

Reads the models of the installed botocore and writes one JSON file per service beside this script: operations, the shapes
they reach and the shapes' constraints; no documentation. One operation or shape per line, so that a newer botocore gives a
readable diff. The version it came from is recorded in each file.
"""

import gzip
import json
from pathlib import Path

import botocore

OPERATIONS = {
    "backup": """
        CreateBackupVault DeleteBackupVault DeleteBackupVaultAccessPolicy DeleteBackupVaultLockConfiguration
        DeleteBackupVaultNotifications DescribeBackupVault DescribeCopyJob DescribeGlobalSettings DescribeRecoveryPoint
        DescribeRegionSettings GetBackupVaultAccessPolicy GetBackupVaultNotifications GetSupportedResourceTypes
        ListBackupVaults ListCopyJobs ListRecoveryPointsByBackupVault ListRecoveryPointsByResource ListTags
        PutBackupVaultAccessPolicy PutBackupVaultLockConfiguration PutBackupVaultNotifications StartCopyJob TagResource
        UntagResource""",
    "iam": "GetRole ListAttachedRolePolicies SimulatePrincipalPolicy",
    "kms": "DescribeKey GetKeyPolicy",
    "organizations": "DescribeOrganization",
    "service-quotas": "GetServiceQuota",
    "sts": "AssumeRole GetCallerIdentity",
}

CONSTRAINTS = ("enum", "pattern", "min", "max")


def main():
    here = Path(__file__).parent
    data = Path(botocore.__file__).parent / "data"
    for service, operations in OPERATIONS.items():
        newest = max(data.glob(f"{service}/*/service-2.json.gz"))
        with gzip.open(newest) as file:
            full = json.load(file)
        (here / f"{service}.json").write_text(written(extract(full, operations.split())))


def extract(full, names):
    """The part of a model that the named operations reach."""
    reached = set()

    def reach(reference):
        name = reference["shape"]
        if name in reached:
            return
        reached.add(name)
        shape = full["shapes"][name]
        for member in shape.get("members", {}).values():
            reach(member)
        for part in ("member", "key", "value"):
            if part in shape:
                reach(shape[part])

    operations = {}
    for name in sorted(names):
        operation = full["operations"][name]
        kept = {"method": operation["http"]["method"], "uri": operation["http"]["requestUri"]}
        for side in ("input", "output"):
            if side in operation:
                kept[side] = operation[side]["shape"]
                reach(operation[side])
        kept["errors"] = [error["shape"] for error in operation.get("errors", [])]
        for error in operation.get("errors", []):
            reach(error)
        operations[name] = kept

    metadata = full["metadata"]
    head = {
        "source": f"botocore {botocore.__version__}",
        "signing_name": metadata.get("signingName", metadata["endpointPrefix"]),
        "protocol": metadata["protocol"],
        "version": metadata["apiVersion"],
        "target_prefix": metadata.get("targetPrefix"),
        "xml_namespace": metadata.get("xmlNamespace"),
    }
    shapes = {name: shape_facts(full["shapes"][name]) for name in sorted(reached)}
    return head, operations, shapes


def shape_facts(shape):
    facts = {"type": shape["type"]}
    facts.update({key: shape[key] for key in CONSTRAINTS if key in shape})
    if shape["type"] == "structure":
        required = set(shape.get("required", []))
        facts["members"] = {
            name: member_facts(name, member, name in required) for name, member in shape["members"].items()
        }
    for part in ("member", "key", "value"):
        if part in shape:
            facts[part] = shape[part]["shape"]
    if shape.get("exception"):
        error = shape.get("error", {})
        facts["error"] = {
            "code": error.get("code"),
            "status": error.get("httpStatusCode", 500 if shape.get("fault") else 400),
        }
    return facts


def member_facts(name, member, required):
    facts = {"shape": member["shape"]}
    if required:
        facts["required"] = True
    if "location" in member:
        facts["location"] = member["location"]
    if member.get("locationName", name) != name:
        facts["as"] = member["locationName"]
    if member.get("idempotencyToken"):
        facts["token"] = True
    return facts


def written(parts):
    head, operations, shapes = parts
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items() if value is not None]
    for title, entries in (("operations", operations), ("shapes", shapes)):
        inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(facts)}" for name, facts in entries.items())
        lines.append(f'"{title}": {{\n{inner}\n}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
