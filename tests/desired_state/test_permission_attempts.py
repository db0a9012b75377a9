"""Attempts of one tenant on the data of another: each is refused with file and line, and nothing of others changes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from desired_state.tenants.tenant import Tenants
from tests.desired_state.manifests import to_yaml
from tests.desired_state.tenants import BEFORE, FILE, TENANTS, VICTIMS, attempt, overridden, own, snapshot

Files = Mapping[str, bytes]
DATA = "the tenant intruder may not use"


def file(manifest: Mapping[str, Any]) -> Files:
    return {FILE: to_yaml(manifest)}


def permission(service: str, resource: str) -> Files:
    levels = ("sns", "events", "secrets", "ssm", "service")
    access = {} if service in levels else {"access": "read"}
    beside = {"service": "s3", "resources": ["intruder"], "access": "read"}  # through which keys are used
    return file(own(permissions=[beside, {"service": service, "resources": [resource], **access}]))


ATTEMPTS: dict[str, tuple[Files, str, str]] = {
    "data of another": (permission("s3", "orders-uploads"), DATA, "orders-uploads"),
    "data of another in another case": (permission("dynamodb", "Orders_carts"), DATA, "Orders_carts"),
    "data that begins like the own name": (permission("sqs", "intruders"), DATA, "intruders"),
    "data that another tenant names closer": (permission("sns", "intruder-eu"), DATA, "intruder-eu"),
    "all data that begins alike, another's included": (permission("s3", "intruder-*"), DATA, "intruder-*"),
    "all data that begins with less than the own name": (permission("s3", "intr*"), DATA, "intr*"),
    "all data": (permission("s3", "*"), "is no resource of s3", '"*"'),
    "data by its ARN": (permission("sqs", "arn:aws:sqs:eu-central-1:111122223333:develop-intruder"), DATA, "arn:aws"),
    "data of a granted account by another ARN": (permission("s3", "arn:aws:s3:::partner-intruder"), DATA, "partner"),
    "another's topic of Kafka": (permission("kafka", "intruder/orders.created"), DATA, "orders.created"),
    "another's parameters": (permission("ssm", "orders/*"), DATA, "orders/*"),
    "another's secret for the code": (permission("secrets", "orders/key"), DATA, "orders/key"),
    "another's key": (permission("kms", "orders"), DATA, '"orders"'),
    "another's service in Cloud Map": (permission("service", "orders"), DATA, '"orders"'),
    "data in an override": (
        file(overridden(own(), permissions=[{"service": "s3", "resources": ["orders"], "access": "read"}])),
        DATA,
        '"orders"',
    ),
    "a managed policy": (file(own(policies=["bedrock"])), "may not use the policy", '"bedrock"'),
}


@pytest.mark.parametrize("title", ATTEMPTS)
def test_an_attempt_is_refused_at_its_line_and_the_others_keep_their_wanted_state(title: str) -> None:
    files, message, written = ATTEMPTS[title]
    outcome = attempt(files)
    assert any(written in line for line in outcome.lines(message)), [str(one) for one in outcome.after.problems]
    outcome.check_others()


PERMITTED = [
    {"service": "s3", "resources": ["intruder-uploads", "intruder"], "access": "readwrite"},
    {"service": "sqs", "resources": ["intruder-inbox.fifo"], "access": "read"},
    {"service": "dynamodb", "resources": ["intruder-carts-*", "intruder_night"], "access": "write"},
    {"service": "kafka", "resources": ["events/intruder.created"], "access": "read"},
    {"service": "secrets", "resources": ["intruder/f", "shared/g"]},
    {"service": "ssm", "resources": ["intruder/flags", "intruder/*", "shared/*"]},
    {"service": "kms", "resources": ["intruder-data"], "access": "read"},
    {"service": "service", "resources": ["intruder-queue"]},
    {"service": "telemetry"},
]


def test_permissions_on_the_own_data_of_the_same_tenant_are_accepted() -> None:
    outcome = attempt(file(own(permissions=PERMITTED)))
    assert outcome.after.problems == ()
    outcome.check_others()


GRANTS = ("sqs:orders-events", "s3:arn:aws:s3:::partner-*", "ssm:partners/*", "service:orders", "policy:bedrock")


@pytest.mark.parametrize(
    ("asked", "denied"),
    [
        ({"service": "sqs", "resources": ["orders-events"], "access": "read"}, ()),
        ({"service": "sqs", "resources": ["orders-events2"], "access": "read"}, ("orders-events2",)),
        ({"service": "sns", "resources": ["orders-events"]}, ("orders-events",)),
        (
            {"service": "s3", "resources": ["arn:aws:s3:::partner-a", "arn:aws:s3:::other"], "access": "read"},
            ("other",),
        ),
        ({"service": "ssm", "resources": ["partners/a", "partners/*", "partner/a"]}, ("partner/a",)),
        ({"service": "service", "resources": ["orders", "basket"]}, ("basket",)),
    ],
    ids=str,
)
def test_what_is_granted_is_exactly_what_an_entry_says(asked: dict[str, Any], denied: tuple[str, ...]) -> None:
    granted = Tenants(
        {**TENANTS.by_name, "intruder": replace(TENANTS.by_name["intruder"], permissions=GRANTS)}, TENANTS.environments
    )
    manifest = own(permissions=[asked])
    # In develop, ARNs are allowed by the tier; policies need a list of the configuration, too.
    found = snapshot({**VICTIMS, **file(manifest)}, BEFORE, granted).problems
    assert len(found) == len(denied)
    assert all(name in problem.message for name, problem in zip(denied, found, strict=True))


def test_the_messages_about_permissions_say_what_is_granted() -> None:
    outcome = attempt(permission("sqs", "orders-inbox"))
    assert [problem.message for problem in outcome.after.problems] == [
        'the tenant intruder may not use "orders-inbox" of sqs, only its own names'
    ]
