"""The permissions of a service: names of resources, levels of access, and what an environment has to allow."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.kinds.service.permissions import LEVELS, SERVICES
from desired_state.kinds.service.spec import ServiceSpec
from tests.desired_state.manifests import build_from, problems_of, service, valid

NAMED = {
    "s3": "orders-uploads", "dynamodb": "orders_Carts", "sqs": "orders.fifo", "sns": "orders-*", "events": "orders",
    "kafka": "events/orders.created", "secrets": "orders/key", "ssm": "orders/*", "kms": "orders", "service": "ledger",
}  # fmt: skip
QUEUE = "arn:aws:sqs:eu-central-1:111122223333:partner"
BESIDE = {"service": "sqs", "resources": ["orders"], "access": "read"}


def permission(name: str, **more: Any) -> dict[str, Any]:
    """Return a permission for one resource."""
    return {"service": name, **({"resources": [NAMED[name]]} if name in NAMED else {}), **more}


@given(st.sampled_from(SERVICES), st.none() | st.sampled_from(["read", "write", "readwrite"]))
def test_a_level_is_one_that_the_service_has_and_may_be_left_out_where_it_is_the_only_one(
    name: str, access: str | None
) -> None:
    manifest = service(permissions=[BESIDE, permission(name, **({"access": access} if access else {}))])
    levels = LEVELS[name]
    if access in levels or (access is None and len(levels) == 1):
        spec = valid(manifest).spec
        assert isinstance(spec, ServiceSpec)
        assert spec.permissions[1].level == (access or levels[0])
    else:
        (message,) = problems_of(manifest)
        assert all(level in message for level in levels)


@pytest.mark.parametrize(
    ("permissions", "message"),
    [
        ([permission("s3")], "s3 needs access: read, write or readwrite"),
        ([permission("sns", access="read")], 'sns has no access "read": the choices are write'),
        ([{"service": "sqs", "access": "read"}], "sqs needs resources: name a queue"),
        ([permission("telemetry", resources=["x"])], "telemetry is the service's own, without resources: remove them"),
        (
            [permission("kms", access="read")],
            "keys are used through another service: add the permission for s3, dynamodb, sqs, sns, secrets or ssm "
            "beside it",
        ),
        (
            [permission("s3", resources=["*"], access="read")],
            '"*" is no resource of s3: write the name of a bucket, without its environment, or its ARN',
        ),
        (
            [permission("s3", resources=["a*b"], access="read")],
            '"a*b" is no resource of s3: write the name of a bucket, without its environment, or its ARN',
        ),
        (
            [permission("sqs", resources=["arn:aws:sns:eu-central-1:111122223333:x"], access="read")],
            '"arn:aws:sns:eu-central-1:111122223333:x" is no resource of sqs: write the name of a queue, '
            "without its environment, or its ARN",
        ),
        (
            [permission("kafka", resources=["orders"], access="read")],
            '"orders" is no resource of kafka: write the name of a topic of a cluster, as in events/orders, '
            "without its environment, or its ARN",
        ),
        (
            [permission("ssm", resources=["/prod/orders"])],
            '"/prod/orders" is no resource of ssm: write the name of a parameter below the environment\'s path, '
            "as in orders/flags or orders/*, without its environment",
        ),
        ([permission("s3", resources=["a", "a"], access="read")], '"a" is listed twice'),
    ],
    ids=str,
)
def test_a_wrong_permission_is_explained(permissions: list[dict[str, Any]], message: str) -> None:
    assert problems_of(service(permissions=permissions)) == [message]


def messages(facts: EnvironmentFacts, **spec: Any) -> list[str]:
    found = build_from(service(**spec), environments={"develop": facts}).problems
    return [problem.message for problem in found if "Platform" not in problem.message]


BY_ARN = {"permissions": [permission("sqs", resources=[QUEUE, "orders"], access="read")]}


@pytest.mark.parametrize(
    ("facts", "spec", "expected"),
    [
        (EnvironmentFacts("develop"), BY_ARN, []),
        (EnvironmentFacts("qa", frozenset({"resource-arns"})), BY_ARN, []),
        (
            EnvironmentFacts("qa"),
            BY_ARN,
            [
                "a permission on a resource of any name or account, by its ARN is not allowed in develop (tier qa): "
                "remove it, or have resource-arns added to environments.develop.allow of the daemon's configuration"
            ],
        ),
        (EnvironmentFacts("test", policies=frozenset({"bedrock"})), {"policies": ["bedrock"]}, []),
        (
            EnvironmentFacts("test", policies=frozenset({"bedrock"})),
            {"policies": ["bedrok"]},
            [
                '"bedrok" is no policy of develop: did you mean "bedrock"?; others are added to '
                "environments.develop.policies of the daemon's configuration"
            ],
        ),
        (
            EnvironmentFacts("qa", policies=frozenset({"bedrock"})),
            {"policies": ["bedrock"]},
            [
                "a managed policy beside the permissions is not allowed in develop (tier qa): remove it, or have "
                "managed-policies added to environments.develop.allow of the daemon's configuration"
            ],
        ),
    ],
)
def test_what_loosens_the_names_is_allowed_by_the_environment(
    facts: EnvironmentFacts, spec: dict[str, Any], expected: list[str]
) -> None:
    assert messages(facts, **spec) == expected
