"""The permissions of a service's code, proven: the environment's own resources, keys through a service, no surprise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.iam.reference import listed
from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.roles import statements
from tests.terraform.properties.services import MODULE, SERVICE

TABLE = f"{MODULE}permissions.tf"
# What knows no resource, or none that is known before it is asked for; a condition says which is meant.
WITH_CONDITION = {
    "cloudwatch": "cloudwatch:namespace",
    "kms": "kms:ResourceAliases",
    "servicediscovery": "servicediscovery:ServiceName",
}
CHANGES = re.compile(
    r"s3:(Put|Delete)Object|dynamodb:(Put|Update|Delete|BatchWrite).*|sqs:SendMessage|kafka-cluster:Write.*"
)


def granted(service: str, access: str = "") -> Callable[[Variables], bool]:
    """Return the condition that an instance has a grant of this service, and level."""

    def holds(variables: Variables) -> bool:
        grants = variables["permissions"]["grants"]
        return any(grant["service"] == service and access in ("", grant["access"]) for grant in grants)

    return holds


@proof(
    50,
    "Environment-based IAM restrictions",
    of=SERVICE,
    part="permissions",
    broken_by=[
        Edit(TABLE, "table/${var.environment.name}-$1", "table/$1", says="another environment",
             where=granted("dynamodb")),
        Edit(TABLE, "own ? local.own_buckets : null", "own ? null : null", says="another account", where=granted("s3")),
        Edit(TABLE, '{ "kms:ResourceAliases" = sort', '{ "kms:KeySpec" = sort', says="no condition",
             where=granted("kms")),
        Edit(TABLE, '"cloudwatch:namespace" = "${var.environment.name}/${local.name}"',
             '"cloudwatch:namespace" = "${var.environment.name}"', says="other services", where=granted("telemetry")),
        Edit(TABLE, 'writers = ["write", "readwrite"]', 'writers = ["read", "write", "readwrite"]', says="changes",
             where=granted("dynamodb", "read")),
        Edit(f"{MODULE}iam.tf", "[for attachment in aws_iam_role_policy_attachment.task : attachment.policy_arn]", "[]",
             says="not exclusive", where=lambda v: bool(v["permissions"]["policies"])),
    ],
)  # fmt: skip
def test_property_50_environment_based_iam_restrictions_permissions(instance: Instance) -> None:
    """The code reaches what was named, of its own environment, at the level that was asked for, and nothing else."""
    given = instance.variables["permissions"]
    arns = {name for grant in given["grants"] for name in grant["resources"] if name.startswith("arn:")}
    readers = {grant["service"] for grant in given["grants"] if grant["access"] == "read"}
    for statement in statements(instance, "task", "use-data"):
        if statement["Sid"] in ("ReadSecrets", "DecryptSecrets"):
            continue
        service = listed(statement["Action"])[0].partition(":")[0]
        key = WITH_CONDITION.get(service)
        conditions = {name for keys in statement.get("Condition", {}).values() for name in keys}
        if key:
            assert key in conditions, f"{service} has no condition {key}"
        elif service != "xray":
            check_names(instance, statement, arns)
        if service == "s3":
            assert ("aws:ResourceAccount" in conditions) == (not statement["Sid"].endswith("Elsewhere")), (
                "a bucket may be another account's"
            )
        if service == "cloudwatch":
            (space,) = listed(statement["Condition"]["StringEquals"][key])
            own = f"{instance.environment}/{instance.variables['service']['name']}"
            assert space == own, "metrics of other services"
        if service.removesuffix("-cluster") in readers:
            changes = [action for action in listed(statement["Action"]) if CHANGES.fullmatch(action)]
            assert not changes, f"{service} is only read, and changes: {changes}"
    alone = {entry.name: entry for entry in instance.plan.of("aws_iam_role_policy_attachments_exclusive")}
    assert alone["task"].values["policy_arns"] == list(given["policies"].values()), "attachments are not exclusive"
    assert alone["execution"].values["policy_arns"] == []


def check_names(instance: Instance, statement: Any, arns: set[str]) -> None:
    """Assert that each resource bears the environment's name, or is an ARN that was named."""
    for resource in listed(statement["Resource"]):
        if resource not in arns:
            assert re.search(rf"[:/]{instance.environment}[-/]", resource), f"of another environment: {resource}"
