"""Laws of every plan of every root, on every tier: nothing is open or allowed that is not on a short list.

The same plans go to Checkov, with the code: nothing is found that `terraform/checkov.yaml` does not explain.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.iam.reference import actions_like, knows_no_resource
from tests.terraform import scan
from tests.terraform.inputs import TIERS
from tests.terraform.plans import Plan, Resource

# Actions whose resource does not exist when they are called, or about which more is said where they are used. Those
# that the service authorization reference knows no resources for need no line.
EVERYTHING = (
    "cloudtrail:LookupEvents",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTasks",
    "ecs:RegisterTaskDefinition",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:GetAccountPasswordPolicy",
    "iam:ListVirtualMFADevices",
    "ssmmessages:*",
    "xray:Put*",
)
OF_ITSELF = {"aws_kms_key"}  # in the policy of a key "*" is that key
INTERNET = {"0.0.0.0/0", "::/0"}


def allowing_everything(resource: Resource) -> Iterator[str]:
    """The actions that a policy of a resource allows on any resource."""
    for value in resource.values.values():
        if not isinstance(value, str) or '"Statement"' not in value:
            continue
        for statement in json.loads(value)["Statement"]:
            if statement["Effect"] == "Allow" and "*" in as_list(statement.get("Resource")):
                yield from as_list(statement.get("Action", "NotAction"))


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_policy_allows_on_everything_what_could_be_allowed_on_something(planned: dict[str, Plan]) -> None:
    wide = {
        (title, resource.address, action)
        for title, plan in planned.items()
        for resource in plan.resources
        if resource.type not in OF_ITSELF and not is_boundary(resource)
        for pattern in allowing_everything(resource)
        if not any(fnmatchcase(pattern, allowed) for allowed in EVERYTHING)
        for action in actions_like(pattern)
        if not knows_no_resource(action)
    }
    assert wide == set()


def is_boundary(resource: Resource) -> bool:
    """A permissions boundary grants nothing; it is the most that others may."""
    return resource.type == "aws_iam_policy" and "boundary" in resource.address


def test_the_internet_reaches_80_and_443_of_the_load_balancer_and_nothing_else(planned: dict[str, Plan]) -> None:
    doors = {
        (title, resource.address, rule["from_port"], rule["to_port"])
        for title, plan in planned.items()
        for resource in plan.of("aws_security_group", "aws_default_security_group")
        for rule in resource.values.get("ingress") or []
        if INTERNET & {*(rule["cidr_blocks"] or []), *(rule["ipv6_cidr_blocks"] or [])}
    }
    balancer = "module.alb.aws_security_group.this"
    platforms = [title for title in planned if "roots/platform" in title]
    assert len(platforms) == len(TIERS)
    assert doors == {(title, balancer, port, port) for title in platforms for port in (80, 443)}
    separate = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
    assert [resource for plan in planned.values() for resource in plan.of(*separate)] == []


def test_what_checkov_may_find_is_explained_in_one_file_and_at_each_resource() -> None:
    listed = scan.listed()
    assert listed == scan.inline()
    assert all(len(reason.split()) >= 5 for reason in listed.values()), "a reason is a sentence"
    assert len({place.check for place in listed}) <= scan.MOST


@pytest.mark.skipif(not scan.CHECKOV.exists(), reason="Checkov is not installed: `make checkov` installs it")
def test_checkov_finds_nothing_else_in_the_code_and_in_its_plans(documents: dict[str, Any]) -> None:
    code, found = scan.scan_code(), scan.scan_plans(documents)
    assert scan.unexpected(code, found) == []
    seen = {place.directory for place in found.passed | found.failed}
    unneeded = [str(place) for place in scan.listed() if place.directory in seen and place not in found.failed]
    assert unneeded == [], "what Checkov does not find needs no skip"
