"""`verify`: a sound account has no findings, and each violation of a statement is found, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.verification.account import Account, Listener, Rule
from reconciler.core.verification.finding import STATEMENTS
from reconciler.core.verification.verify import verify
from tests.core.verification.sound import TAGS, but, sound, without

ANY = frozenset({"0.0.0.0/0"})
OLD_TLS = Listener(443, "HTTPS", "ELBSecurityPolicy-2016-08", redirects_to_https=False)
PLAIN = Listener(80, "HTTP", None, redirects_to_https=False)
SECURE = sound().balancers[0].listeners[1]

# The account, the violated statement, a part of the resource's name and a part of the finding.
VIOLATIONS: list[tuple[Account, int, str, str]] = [
    (without("keys"), 5, "alias/prod-ecr", "does not exist"),
    (but("keys", rotates=False), 5, "alias/prod-ecs", "does not rotate"),
    (but("keys", enabled=False), 5, "alias/prod-ecs", "disabled"),
    (but("repositories", key=None), 5, "repository prod/orders", "not encrypted"),
    (but("log_groups", key=None), 5, "log group /ecs/prod/orders", "not encrypted"),
    (but("pipelines", key=None), 5, "pipeline prod-orders", "not encrypted"),
    (but("projects", key="arn:aws:kms:eu-central-1:1:alias/aws/s3"), 5, "build project prod-orders", "not encrypted"),
    (but("stores", encryption="AES256"), 5, "bucket prod-artifacts", "not encrypted"),
    (but("repositories", key="arn:aws:kms:eu-central-1:1:key/of-aws"), 5, "repository prod/orders", "not encrypted"),
    (but("stores", encryption="aws:kms"), 5, "bucket prod-artifacts", "not encrypted"),
    (but("stores", 2, encryption="alias/aws/sns"), 5, "topic prod-alarms", "not encrypted"),
    (but("stores", 3, encryption=None), 5, "secret orders/database-url", "not encrypted"),
    (but("balancers", listeners=(OLD_TLS,)), 6, "load balancer prod, port 443", "ELBSecurityPolicy-2016-08"),
    (but("balancers", listeners=()), 6, "load balancer prod", "no HTTPS"),
    (but("repositories", scans=False), 7, "repository prod/orders", "not scanned"),
    (but("vpcs", open_subnets=frozenset({"subnet-3"})), 8, "subnet-3", "public addresses"),
    (but("log_groups", days=30), 9, "log group /ecs/prod/orders", "30 days, not 90"),
    (but("log_groups", days=None), 9, "log group /ecs/prod/orders", "for ever"),
    (but("security_groups", 1, ingress=(Rule("tcp", 22, 22, ANY),)), 10, "sg-2", "tcp 22 from 0.0.0.0/0"),
    (but("security_groups", 1, ingress=(Rule("tcp", 443, 443, ANY),)), 10, "sg-2", "443 from"),
    (but("security_groups", ingress=(Rule("tcp", 80, 443, ANY),)), 10, "sg-1", "80-443 from"),
    (but("security_groups", 1, ingress=(Rule("tcp", 5432, 5432, frozenset({"::/0"})),)), 10, "sg-2", "::/0"),
    (but("security_groups", 1, ingress=(Rule("-1", None, None, frozenset({"10.0.0.0/8"})),)), 10, "sg-2", "every"),
    (but("clusters", insights="disabled"), 11, "cluster prod", "disabled"),
    (but("pipelines", source="S3", connection=None), 12, "pipeline prod-orders", "S3"),
    (but("projects", privileged=False), 13, "build project prod-orders", "not privileged"),
    (but("projects", source="GITHUB"), 13, "build project prod-orders", "GITHUB"),
    (without("projects"), 13, "service orders", "no build project"),
    (without("pipelines"), 15, "service orders", "no pipeline prod-orders"),
    (but("pipelines", branches=frozenset({"main"})), 15, "pipeline prod-orders", "pushes to main start it"),
    (but("pipelines", branches=None), 15, "pipeline prod-orders", "all pushes"),
    (but("pipelines", stages=("Source", "Build", "Deploy")), 15, "pipeline prod-orders", "no approval"),
    (but("services", minimum_percent=50), 16, "service orders", "50 and 200"),
    (but("services", rolls_back=False), 16, "service orders", "does not roll back"),
    (but("services", breaks_circuit=False), 16, "service orders", "does not roll back"),
    (without("repositories"), 17, "service orders", "no repository prod/orders"),
    (but("repositories", mutability="MUTABLE"), 18, "repository prod/orders", "MUTABLE"),
    (but("repositories", untagged_days=None), 19, "repository prod/orders", "never"),
    (but("services", public_address=True), 27, "service orders", "public addresses"),
    (but("services", subnets=frozenset({"subnet-9"})), 27, "service orders", "public subnets"),
    (but("services", log_groups=frozenset({"/ecs/all"})), 29, "service orders", "/ecs/all"),
    (but("alarms", notifies=False), 30, "alarm prod-orders-CPUUtilization", "notifies no topic"),
    (but("alarms", metric="Other"), 30, "service orders", "CPUUtilization"),
    (but("balancers", log_bucket=None), 31, "load balancer prod", "off"),
    (but("pipelines", events=frozenset()), 32, "pipeline prod-orders", "manual-approval-needed"),
    (but("vpcs", logged=frozenset({"REJECT"})), 36, "VPC vpc-1", "REJECT"),
    (but("vpcs", logged=frozenset()), 36, "VPC vpc-1", "nothing"),
    (but("balancers", listeners=(SECURE, PLAIN)), 40, "load balancer prod, port 80", "plain HTTP"),
    (without("clusters"), 47, "cluster prod", "does not exist"),
    (without("vpcs"), 8, "environment prod", "no VPC"),
    (but("services", tags={}), 51, "service orders", "Environment, Owner, CostCenter"),
    (but("vpcs", tags={**TAGS, "Environment": "qa"}), 51, "VPC vpc-1", "Environment=qa"),
    (but("stores", tags={**TAGS, "Compliance": ""}), 55, "bucket prod-artifacts", "Compliance"),
]


def test_a_sound_environment_has_no_findings() -> None:
    assert verify(sound(), environment="prod", tier="prod") == ()


@pytest.mark.parametrize(("account", "statement", "resource", "finding"), VIOLATIONS)
def test_a_violation_is_found(account: Account, statement: int, resource: str, finding: str) -> None:
    findings = verify(account, environment="prod", tier="prod")
    (first, *_) = [each for each in findings if each.statement == statement and resource in each.resource]
    assert finding in first.found


def test_every_statement_has_a_violation() -> None:
    assert {statement for _, statement, _, _ in VIOLATIONS} == set(STATEMENTS)


def test_only_the_violation_is_found() -> None:
    narrow = [case for case in VIOLATIONS if case[1] not in (5, 8, 13, 15, 31, 47, 51)]
    for account, statement, _, _ in narrow:
        assert {each.statement for each in verify(account, environment="prod", tier="prod")} <= {statement}


@pytest.mark.parametrize(
    ("tier", "branches"), [("develop", set()), ("test", {"release/*.*.*"}), ("qa", {"release/*.*.*"})]
)
def test_other_tiers_have_other_pipelines_and_retention(tier: str, branches: set[str]) -> None:
    account = but("pipelines", branches=frozenset(branches), stages=("Source", "Build", "Deploy"))
    kept = replace(account, log_groups=(replace(account.log_groups[0], days=30),))
    assert verify(kept, environment="prod", tier=tier) == ()  # type: ignore[arg-type]  # one of the four


@pytest.mark.parametrize("key", ["0123-s3", "alias/prod-s3", "arn:aws:kms:eu-central-1:1:alias/prod-s3"])
def test_a_key_may_be_named_by_its_id_or_its_alias(key: str) -> None:
    assert verify(but("stores", 2, encryption=key), environment="prod", tier="prod") == ()


def test_a_pipeline_that_only_builds_needs_no_approval() -> None:
    events = frozenset(event for event in sound().pipelines[0].events if "approval" not in event)
    assert verify(but("pipelines", stages=("Source", "Build"), events=events), environment="prod", tier="prod") == ()
