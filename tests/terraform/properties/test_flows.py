"""Flows of AWS's services are allowed end to end, by role, boundary, bucket, key and topic, and no more is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.iam.flows import logs, services
from tests.iam.flows.flow import Flow
from tests.iam.reference import listed
from tests.iam.world import Installed, World, world
from tests.terraform.plans import Plan

TIERS = ("develop", "prod")
DAEMON = "deploy/ecs:once"
SERVICES = {"orders": "public", "ledger": "internal"}

# Statements that no flow needs, by the name of their resource and their own, and why they stay.
TWICE = "role and repository both say it, and within one account one of them is enough"
COVERED = "the key's statement for the account covers it, so its conditions limit nobody"
PEOPLE = "is for people and for Terraform, not for services"
FORMER = "is for connections that were made under the old name of the service"
RECORDER = (
    "Config delivers with its own name where the recorder's role is refused; with the role this is the second way"
)
UNNEEDED = {
    ("ecr", "ThroughTheService"): COVERED,
    ("s3", "ThroughTheService"): COVERED,
    ("secrets", "ThroughTheService"): COVERED,
    ("config", "RecorderLooksAtTheBucket"): RECORDER,
    ("config", "RecorderWrites"): RECORDER,
    ("alarms", "ThisAccount"): PEOPLE,
    ("deliveries", "ThisAccount"): PEOPLE,
    ("this", "PullByTheService"): TWICE,
    ("this", "PushByBuilds"): TWICE,
    ("build", "PushImage"): TWICE,
    ("execution", "PullImage"): TWICE,
    ("build", "UseFormerConnection"): FORMER,
    ("pipeline", "UseFormerConnection"): FORMER,
}


def installed(planned: dict[str, Plan], tier: str) -> World:
    """Put together the daemon, the account, and the platform and both services of a tier."""
    titles = [tier, *(f"{tier} {kind}" for kind in SERVICES.values())]
    chosen = {title: plan for title, plan in planned.items() if title.partition(":")[2] in titles}
    return world({DAEMON: planned[DAEMON], **chosen})


def flows(planned: dict[str, Plan], tier: str) -> list[Flow]:
    groups = [
        group.values["name"]
        for title, plan in planned.items()
        if title.partition(":")[2].startswith(tier)
        for group in plan.of("aws_cloudwatch_log_group")
    ]
    of_services = [
        flow
        for name, kind in SERVICES.items()
        for flow in services.flows(
            tier,
            name,
            f"{name}/database-url",
            planned[f"terraform/roots/service:{tier} {kind}"]
            .one("aws_codebuild_project")
            .values["source"][0]["buildspec"],
            approved=tier == "prod",
        )
    ]
    of_daemon = services.daemon("reconciler", "reconciler/RECONCILER__AUTH__TOKEN-AbCdEf")
    return [*logs.flows(tier, groups), *of_services, *of_daemon]


def refused(account: World, of: list[Flow], changed: Installed | None = None) -> Iterator[str]:
    """Yield why requests are refused, of all flows or of those that one changed document concerns."""
    for flow in of:
        for request in flow.requests:
            if changed is None or account.concerns(changed, request):
                decision = account.decide(request)
                if not decision.allowed:
                    yield f"{flow.title}: {decision.reason} ({flow.page})"


def breaks(account: World, of: list[Flow], old: Installed, new: Installed) -> bool:
    return any(refused(account.changed(old, new), of, new))


def granting(account: World) -> Iterator[tuple[Installed, int, dict[str, Any]]]:
    """Yield each statement that allows a service or a service's role something."""
    for each in account.installed:
        for place, statement in enumerate(each.document.content["Statement"]):
            if statement["Effect"] == "Allow" and statement["Sid"] != "Root" and not is_elsewhere(each):
                yield each, place, statement


def is_elsewhere(each: Installed) -> bool:
    """Say whether a document is a limit, or other tests hold it to its use: of people, and of the daemon's calls."""
    people = ("module.access.aws_iam_role_policy.people", "module.access.aws_iam_role.people")
    code = ("aws_iam_role_policy.task", "aws_iam_role_policy.key")  # tests/deploy/test_permissions.py
    return each.document.kind == "aws_iam_policy" or each.document.address.startswith((*people, *code))


def name(each: Installed) -> str:
    """Return the key of the resource, or its name: `alarms` of `aws_sns_topic_policy.this["alarms"]`."""
    address, _, key = each.document.address.rpartition('["')
    return key.rstrip('"]') if address and key != 'this"]' else each.document.address.split(".")[-1].partition("[")[0]


@pytest.mark.parametrize("tier", TIERS)
def test_every_flow_is_allowed_end_to_end(planned: dict[str, Plan], tier: str) -> None:
    assert list(refused(installed(planned, tier), flows(planned, tier))) == []


def test_every_statement_is_needed_by_a_flow(planned: dict[str, Plan]) -> None:
    account, of = installed(planned, "prod"), flows(planned, "prod")
    unneeded = {
        (name(each), statement["Sid"])
        for each, place, statement in granting(account)
        if not breaks(account, of, each, each.without(place))
    }
    assert unneeded == set(UNNEEDED)


def test_a_key_that_no_page_names_breaks_a_flow_wherever_it_is_demanded(planned: dict[str, Plan]) -> None:
    account, of = installed(planned, "prod"), flows(planned, "prod")
    demanded = 0
    for each, place, statement in granting(account):
        if (name(each), statement["Sid"]) in UNNEEDED:
            continue
        statements = deepcopy(each.document.content["Statement"])
        statements[place].setdefault("Condition", {}).setdefault("StringLike", {})["aws:SourceOrgID"] = "*"
        demanded += 1
        assert breaks(account, of, each, each.having(statements)), (each.document.address, statement["Sid"])
    assert demanded >= 30


@pytest.mark.parametrize(
    ("resource", "title", "change"),
    [
        ("module.storage.module.logs.", "LoadBalancersOfThisAccount", "aws:SourceArn"),
        ("module.monitoring.aws_kms_key.topics", "PublisherAlarms", "aws:SourceAccount"),
        ("module.monitoring.aws_kms_key.topics", "PublisherDeliveries", "aws:SourceAccount"),
        ("module.monitoring.aws_kms_key.topics", "PublisherAlarms", "kms:GenerateDataKey*"),
        ("module.security.aws_kms_key.this", "FargateGrants", "kms:CreateGrant"),
        ('module.monitoring.aws_sns_topic_policy.this["alarms"]', "Publisher", "sns:Publish"),
        ('module.monitoring.aws_sns_topic_policy.this["deliveries"]', "Publisher", "aws:SourceArn"),
        ("module.audit.aws_iam_role.trail", "TheTrail", "aws:SourceArn"),
        ("module.security.aws_iam_policy.boundary", "Keys", "kms:Decrypt"),
        ("module.security.aws_iam_policy.boundary", "HandRolesToTasks", "iam:PassRole"),
    ],
)
def test_the_faults_of_a_real_account_are_found(
    planned: dict[str, Plan], resource: str, title: str, change: str
) -> None:
    account, of = installed(planned, "prod"), flows(planned, "prod")
    found = 0
    for each in account.installed:
        for place, statement in enumerate(each.document.content["Statement"]):
            if each.document.address.startswith(resource) and statement["Sid"] == title:
                statements = deepcopy(each.document.content["Statement"])
                _change(statements[place], change)
                found += 1
                assert breaks(account, of, each, each.having(statements))
    assert found == 1


def _change(statement: dict[str, Any], change: str) -> None:
    """Demand a source key, or take an action away."""
    if change.startswith("aws:"):
        statement.setdefault("Condition", {}).setdefault("StringLike", {})[change] = "*"
    else:
        left = [action for action in listed(statement["Action"]) if action != change]
        statement["Action"] = left or "sts:GetCallerIdentity"
