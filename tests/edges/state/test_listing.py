"""The list of the states in a bucket of the stand-in: states only, page by page."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local import standin
from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.record.state import StatePlace
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.state.listing import S3States
from reconciler.edges.state.settings import StateSettings
from tests.edges.callers import caller

SETTINGS = StateSettings(bucket="listed-{account}", prefix="team/")
ONE = {"mode": "managed", "type": "a_b", "name": "one", "instances": [{}, {}]}
DATA = {"mode": "data", "type": "a_b", "name": "read", "instances": [{}]}


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsClients]:
    made = caller(monkeypatch)
    yield made
    made.close()


def where(aws: standin.StandIn) -> Environment:
    return Environment("develop", "develop", "123456789012", "eu-central-1", endpoint=aws.endpoint)


def fill(aws: standin.StandIn, objects: dict[str, Any]) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="listed-123456789012", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for name, content in objects.items():
        s3.put_object(Bucket="listed-123456789012", Key=name, Body=json.dumps(content).encode())


async def test_states_are_listed_and_their_resources_counted(aws: standin.StandIn, clients: AwsClients) -> None:
    aws.reset()
    fill(
        aws,
        {
            "team/develop/orders/terraform.tfstate": {"resources": [ONE, DATA]},
            "team/develop/gone/terraform.tfstate": {"resources": []},
            "team/develop/orders/terraform.tfstate.tflock": {"ID": "1"},
            "team/develop/a/b/terraform.tfstate": {"resources": [ONE]},
            "team/develop-2/other/terraform.tfstate": {"resources": [ONE]},
            "develop/elsewhere/terraform.tfstate": {"resources": [ONE]},
            "team/develop/damaged/terraform.tfstate": "not a state",
        },
    )
    states = S3States(clients, SETTINGS)
    found = await states.stored(where(aws))
    assert [(str(state.key), state.elsewhere) for state in found] == [
        ("develop/damaged", False),
        ("develop/elsewhere", True),
        ("develop/gone", False),
        ("develop/orders", False),
    ]
    damaged, _, gone, orders = found
    assert (await states.size(orders, where(aws)), await states.size(gone, where(aws))) == (2, 0)
    with pytest.raises(LiveUnavailable, match="is not a state"):
        await states.size(damaged, where(aws))
    aws.client("s3").delete_object(Bucket=orders.bucket, Key=orders.object)
    assert await states.size(orders, where(aws)) == 0, "deleted after it was listed"


async def test_more_states_than_a_page_holds_are_all_found(aws: standin.StandIn, clients: AwsClients) -> None:
    aws.reset()
    fill(aws, {f"team/develop/s{number}/terraform.tfstate": {} for number in range(5)})
    assert len(await S3States(clients, SETTINGS, page=2).stored(where(aws))) == 5


async def test_an_account_without_a_bucket_has_no_states(aws: standin.StandIn, clients: AwsClients) -> None:
    aws.reset()
    assert await S3States(clients, SETTINGS).stored(where(aws)) == []


async def test_a_state_has_a_place_and_a_version(aws: standin.StandIn, clients: AwsClients) -> None:
    aws.reset()
    state = {"lineage": "l1", "serial": 7, "resources": [ONE, DATA]}
    fill(aws, {"team/develop/orders/terraform.tfstate": state, "team/develop/bad/terraform.tfstate": "no"})
    states = S3States(clients, SETTINGS)
    orders, gone, bad = (states.place(Key("develop", name), where(aws)) for name in ("orders", "gone", "bad"))
    name = "team/develop/orders/terraform.tfstate"
    assert orders == StatePlace("123456789012", "eu-central-1", "listed-123456789012", name, "reconciler-locks")
    assert await states.version(orders, where(aws)) == StateVersion("l1", 7, 1)
    assert await states.version(gone, where(aws)) == StateVersion()
    with pytest.raises(LiveUnavailable, match="is not a state"):
        await states.version(bad, where(aws))
    with pytest.raises(LiveUnavailable, match="cannot be read"):
        await states.version(dataclasses.replace(orders, bucket="nobodys"), where(aws))
