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

# The account, the violated statement, a part of the resource's name and the finding.
VIOLATIONS: list[tuple[Account, int, str, str]] = [
    (without("keys"), 5, "alias/prod-ecr", "does not exist"),
    (but("keys", rotates=False), 5, "alias/prod-ecs", "does not rotate"),
    (but("keys", enabled=False), 5, "alias/prod-ecs", "is disabled or waits for deletion"),
    (but("repositories", key=None), 5, "repository prod/orders", "is not encrypted with a key of the environment"),
    (but("log_groups", key=None), 5, "log group /ecs/prod/orders", "is not encrypted with a key of the environment"),
    (but("pipelines", key=None), 5, "pipeline prod-orders", "is not encrypted with a key of the environment"),
    (
        but("projects", key="arn:aws:kms:eu-central-1:1:alias/aws/s3"),
        5,
        "build project prod-orders",
        "is not encrypted with a key of the environment",
    ),
    (but("stores", encryption="AES256"), 5, "bucket prod-artifacts", "is not encrypted with a key of the environment"),
    (
        but("repositories", key="arn:aws:kms:eu-central-1:1:key/of-aws"),
        5,
        "repository prod/orders",
        "is not encrypted with a key of the environment",
    ),
    (but("stores", encryption="aws:kms"), 5, "bucket prod-artifacts", "is not encrypted with a key of the environment"),
    (
        but("stores", 2, encryption="alias/aws/sns"),
        5,
        "topic prod-alarms",
        "is not encrypted with a key of the environment",
    ),
    (
        but("stores", 3, encryption=None),
        5,
        "secret orders/database-url",
        "is not encrypted with a key of the environment",
    ),
    (
        but("balancers", listeners=(OLD_TLS,)),
        6,
        "load balancer prod, port 443",
        "its TLS policy is ELBSecurityPolicy-2016-08, not one of ELBSecurityPolicy-TLS13-1-2-…",
    ),
    (but("balancers", listeners=()), 6, "load balancer prod", "there is no HTTPS listener"),
    (but("repositories", scans=False), 7, "repository prod/orders", "images are not scanned when pushed"),
    (but("vpcs", open_subnets=frozenset({"subnet-3"})), 8, "subnet-3", "gives public addresses to what starts in it"),
    (but("log_groups", days=30), 9, "log group /ecs/prod/orders", "is kept 30 days, not 90 days"),
    (but("log_groups", days=None), 9, "log group /ecs/prod/orders", "is kept for ever, not 90 days"),
    (but("security_groups", 1, ingress=(Rule("tcp", 22, 22, ANY),)), 10, "sg-2", "tcp 22 from 0.0.0.0/0"),
    (but("security_groups", 1, ingress=(Rule("tcp", 443, 443, ANY),)), 10, "sg-2", "tcp 443 from 0.0.0.0/0"),
    (but("security_groups", ingress=(Rule("tcp", 80, 443, ANY),)), 10, "sg-1", "tcp 80-443 from 0.0.0.0/0"),
    (
        but("security_groups", 1, ingress=(Rule("tcp", 5432, 5432, frozenset({"::/0"})),)),
        10,
        "sg-2",
        "tcp 5432 from ::/0",
    ),
    (
        but("security_groups", 1, ingress=(Rule("-1", None, None, frozenset({"10.0.0.0/8"})),)),
        10,
        "sg-2",
        "every protocol from 10.0.0.0/8",
    ),
    (but("clusters", insights="disabled"), 11, "cluster prod", "container insights are disabled"),
    (but("pipelines", source="S3", connection=None), 12, "pipeline prod-orders", "its source is S3, not a connection"),
    (
        but("projects", privileged=False),
        13,
        "build project prod-orders",
        "is not privileged, so it cannot build images",
    ),
    (but("projects", source="GITHUB"), 13, "build project prod-orders", "its source is GITHUB, not the pipeline"),
    (without("projects"), 13, "service orders", "there is no build project prod-orders"),
    (without("pipelines"), 15, "service orders", "there is no pipeline prod-orders"),
    (
        but("pipelines", branches=frozenset({"main"})),
        15,
        "pipeline prod-orders",
        "pushes to main start it, not pushes to prod/*",
    ),
    (
        but("pipelines", branches=None),
        15,
        "pipeline prod-orders",
        "all pushes to its branch start it, not pushes to prod/*",
    ),
    (
        but("pipelines", stages=("Source", "Build", "Deploy")),
        15,
        "pipeline prod-orders",
        "no approval between Build and Deploy",
    ),
    (
        but("services", minimum_percent=50),
        16,
        "service orders",
        "a rollout keeps 50 and 200 % of the tasks, not 100 and 200 %",
    ),
    (but("services", rolls_back=False), 16, "service orders", "the deployment circuit breaker does not roll back"),
    (but("services", breaks_circuit=False), 16, "service orders", "the deployment circuit breaker does not roll back"),
    (without("repositories"), 17, "service orders", "there is no repository prod/orders"),
    (but("repositories", mutability="MUTABLE"), 18, "repository prod/orders", "tags are MUTABLE"),
    (
        but("repositories", untagged_days=None),
        19,
        "repository prod/orders",
        "untagged images expire never, not after 7 days",
    ),
    (
        but("services", public_address=True),
        27,
        "service orders",
        "its tasks have public addresses or run in public subnets",
    ),
    (
        but("services", subnets=frozenset({"subnet-9"})),
        27,
        "service orders",
        "its tasks have public addresses or run in public subnets",
    ),
    (
        but("services", log_groups=frozenset({"/ecs/all"})),
        29,
        "service orders",
        "logs to /ecs/all, not to /ecs/prod/orders",
    ),
    (but("alarms", notifies=False), 30, "alarm prod-orders-CPUUtilization", "notifies no topic"),
    (but("alarms", metric="Other"), 30, "service orders", "no alarm watches CPUUtilization"),
    (but("balancers", log_bucket=None), 31, "load balancer prod", "access logs are off"),
    (
        but("pipelines", events=frozenset()),
        32,
        "pipeline prod-orders",
        "no notification of codepipeline-pipeline-manual-approval-needed,"
        " codepipeline-pipeline-pipeline-execution-failed, codepipeline-pipeline-pipeline-execution-succeeded",
    ),
    (
        but("pipelines", silent=frozenset({"arn:aws:sns:eu-central-1:123456789012:deliveries is UNREACHABLE"})),
        32,
        "pipeline prod-orders",
        "its notifications do not arrive: arn:aws:sns:eu-central-1:123456789012:deliveries is UNREACHABLE",
    ),
    (but("vpcs", logged=frozenset({"REJECT"})), 36, "VPC vpc-1", "flow logs keep REJECT, not ALL"),
    (but("vpcs", logged=frozenset()), 36, "VPC vpc-1", "flow logs keep nothing, not ALL"),
    (
        but("balancers", listeners=(SECURE, PLAIN)),
        40,
        "load balancer prod, port 80",
        "plain HTTP is answered with something else than a redirect to HTTPS",
    ),
    (without("clusters"), 47, "cluster prod", "does not exist"),
    (without("vpcs"), 8, "environment prod", "no VPC is tagged with it"),
    (but("services", tags={}), 51, "service orders", "lacks the tags Environment, Owner, CostCenter"),
    (but("vpcs", tags={**TAGS, "Environment": "qa"}), 51, "VPC vpc-1", "is tagged Environment=qa"),
    (but("stores", tags={**TAGS, "Compliance": ""}), 55, "bucket prod-artifacts", "lacks the tag Compliance"),
    (
        but("pipelines", branches=frozenset()),
        15,
        "pipeline prod-orders",
        "manual starts start it, not pushes to prod/*",
    ),
    (
        but("pipelines", branches=frozenset({"b", "a"})),
        15,
        "pipeline prod-orders",
        "pushes to a, b start it, not pushes to prod/*",
    ),
    (
        but("vpcs", logged=frozenset({"REJECT", "ACCEPT"})),
        36,
        "VPC vpc-1",
        "flow logs keep ACCEPT, REJECT, not ALL",
    ),
    (
        but("security_groups", 1, ingress=(Rule("udp", None, None, frozenset({"::/0", "0.0.0.0/0"})),)),
        10,
        "sg-2",
        "udp all ports from 0.0.0.0/0, ::/0",
    ),
    (
        but("services", log_groups=frozenset()),
        29,
        "service orders",
        "logs to nowhere, not to /ecs/prod/orders",
    ),
    (
        but("services", log_groups=frozenset({"/b", "/a"})),
        29,
        "service orders",
        "logs to /a, /b, not to /ecs/prod/orders",
    ),
    (
        but("pipelines", source="CodeCommit"),
        12,
        "pipeline prod-orders",
        "its source is CodeCommit, not a connection",
    ),
    (
        but("pipelines", connection=None),
        12,
        "pipeline prod-orders",
        "its source is CodeStarSourceConnection, not a connection",
    ),
    (but("clusters", tags={}), 51, "cluster prod", "lacks the tags Environment, Owner, CostCenter"),
    (but("log_groups", tags={}), 51, "log group /ecs/prod/orders", "lacks the tags Environment, Owner, CostCenter"),
    (but("repositories", tags={}), 51, "repository prod/orders", "lacks the tags Environment, Owner, CostCenter"),
    (but("pipelines", tags={}), 51, "pipeline prod-orders", "lacks the tags Environment, Owner, CostCenter"),
    (but("projects", tags={}), 51, "build project prod-orders", "lacks the tags Environment, Owner, CostCenter"),
    (but("balancers", tags={}), 51, "load balancer prod", "lacks the tags Environment, Owner, CostCenter"),
    (but("keys", tags={}), 51, "key alias/prod-ecs", "lacks the tags Environment, Owner, CostCenter"),
    (but("security_groups", tags={}), 51, "(sg-1)", "lacks the tags Environment, Owner, CostCenter"),
]


def test_a_sound_environment_has_no_findings() -> None:
    assert verify(sound(), environment="prod", tier="prod") == ()


@pytest.mark.parametrize(("account", "statement", "resource", "finding"), VIOLATIONS)
def test_a_violation_is_found(account: Account, statement: int, resource: str, finding: str) -> None:
    findings = verify(account, environment="prod", tier="prod")
    (first, *_) = [each for each in findings if each.statement == statement and resource in each.resource]
    assert first.found == finding


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
