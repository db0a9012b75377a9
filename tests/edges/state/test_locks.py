"""State locks in AWS, and the proof that their holder is dead."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.record.runs import Holder
from reconciler.edges.aws.clients import AwsClients, AwsFailed, Place
from reconciler.edges.state.locks import StateLocks, whoami
from tests.edges.conftest import STATE, Stage

pytestmark = pytest.mark.aws

ORDERS = Key("develop", "orders")
TASK = "arn:aws:ecs:eu-central-1:123456789012:task/platform/0a1b"
ME = Holder("reconciler@here")
BUCKET = "states-123456789012"
STATE_KEY = "test/develop/orders/terraform.tfstate"
INFO = {"ID": "0f6c", "Who": "ann@laptop", "Operation": "OperationTypePlan", "Created": "2026-03-02T09:00:00Z"}


@pytest.fixture
async def clients(remote: Stage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsClients]:
    for name, value in remote.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv(
        "AWS_ENDPOINT_URL", remote.where.endpoint or ""
    )  # the daemon's own account has no setting for it
    made = AwsClients()
    yield made
    made.close()


@pytest.fixture
def locks(remote: Stage, clients: AwsClients) -> StateLocks:
    return StateLocks(clients, STATE, work=remote.directory / "work", me=ME)


async def test_a_free_state_has_no_lock(remote: Stage, locks: StateLocks) -> None:
    assert await locks.read(ORDERS, remote.where) is None


async def test_either_half_of_a_lock_is_found(remote: Stage, clients: AwsClients, locks: StateLocks) -> None:
    row = {"LockID": {"S": f"{BUCKET}/{STATE_KEY}"}, "Info": {"S": json.dumps(INFO)}}
    await clients.call(remote.where, "dynamodb", "put_item", TableName="locks", Item=row)
    found = await locks.read(ORDERS, remote.where)
    assert found is not None
    assert (found.id, found.who, found.operation) == ("0f6c", "ann@laptop", "OperationTypePlan")
    item = {"LockID": row["LockID"]}
    await clients.call(remote.where, "dynamodb", "delete_item", TableName="locks", Key=item)
    body = json.dumps(INFO | {"ID": "77aa"}).encode()
    await clients.call(remote.where, "s3", "put_object", Bucket=BUCKET, Key=f"{STATE_KEY}.tflock", Body=body)
    found = await locks.read(ORDERS, remote.where)
    assert found is not None
    assert found.id == "77aa"


async def test_an_unreadable_lock_is_still_a_lock(remote: Stage, clients: AwsClients, locks: StateLocks) -> None:
    await clients.call(remote.where, "s3", "put_object", Bucket=BUCKET, Key=f"{STATE_KEY}.tflock", Body=b"{")
    found = await locks.read(ORDERS, remote.where)
    assert found is not None
    assert found.who == ""


async def test_a_failed_read_is_not_a_free_lock(remote: Stage, clients: AwsClients, locks: StateLocks) -> None:
    await clients.call(remote.where, "dynamodb", "delete_table", TableName="locks")
    with pytest.raises(LiveUnavailable, match="develop/orders"):
        await locks.read(ORDERS, remote.where)


async def test_a_run_of_the_daemon_on_this_machine_is_dead_once_its_workspace_is_free(locks: StateLocks) -> None:
    assert await locks.is_dead(ME, certain=True)
    assert not await locks.is_dead(Holder("reconciler@elsewhere"), certain=True)


async def test_another_terraform_on_this_machine_matters_unless_the_lock_is_certain(
    locks: StateLocks, tmp_path: Path
) -> None:
    """Run a program named terraform, as an operator would beside the daemon."""
    program = tmp_path / "terraform"
    program.symlink_to("/bin/sleep")
    other = await asyncio.create_subprocess_exec(str(program), "60", cwd=tmp_path)
    try:
        assert not await locks.is_dead(ME, certain=False)
        assert await locks.is_dead(ME, certain=True)
    finally:
        other.kill()
        await other.wait()


class Tasks(AwsClients):
    """Clients with ECS's answer to `describe_tasks` as in its API reference; the stand-in reports no failures."""

    def __init__(self, **answer: list[dict[str, str]]) -> None:
        super().__init__()
        self.answer: Mapping[str, Any] = {"tasks": [], "failures": []} | answer

    async def call(self, place: Place, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        assert (service, operation, place.region) == ("ecs", "describe_tasks", "eu-central-1")
        assert parameters == {"cluster": "platform", "tasks": [TASK]}
        if not self.answer:
            raise AwsFailed("ClusterNotFoundException", "no", operation=operation)
        return self.answer


@pytest.mark.parametrize(
    ("answer", "dead"),
    [
        ({"tasks": [{"lastStatus": "STOPPED"}]}, True),
        ({"tasks": [{"lastStatus": "RUNNING"}]}, False),
        ({"tasks": [{"lastStatus": "DEACTIVATING"}]}, False),
        ({"failures": [{"arn": TASK, "reason": "MISSING"}]}, True),
        ({"failures": [{"arn": TASK, "reason": "ACCESS"}]}, False),
        ({}, False),
    ],
)
async def test_another_container_is_dead_when_ecs_reports_its_task_stopped(
    answer: dict[str, list[dict[str, str]]], dead: bool, tmp_path: Path
) -> None:
    mine = Holder("reconciler@here", TASK.replace("0a1b", "9f9f"))
    locks = StateLocks(Tasks(**answer), STATE, work=tmp_path, me=mine)
    assert await locks.is_dead(Holder("reconciler@there", TASK), certain=True) is dead
    assert not await locks.is_dead(Holder("ann@laptop"), certain=True), "a holder without a task cannot be checked"


class Metadata(BaseHTTPRequestHandler):
    """The part of ECS's task metadata endpoint that the daemon reads."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"TaskARN": "arn:task" if self.path == "/v4/one/task" else None}).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Log nothing."""


def test_in_a_container_the_holder_is_its_task() -> None:
    assert whoami({}).task is None
    with HTTPServer(("127.0.0.1", 0), Metadata) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/v4/one"
        found = whoami({"ECS_CONTAINER_METADATA_URI_V4": address})
        server.shutdown()
    assert found.task == "arn:task"
    assert found.who == whoami({}).who
