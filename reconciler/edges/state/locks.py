"""State locks as they are kept in AWS, and whether their holder can still be alive.

Terraform's S3 backend keeps a lock twice: as the object `<state>.tflock` and as the item of the lock table named
`<bucket>/<state>` whose attribute `Info` is the same JSON. Either half keeps others out, so both are read.
"""

import asyncio
import getpass
import json
import os
import socket
import urllib.request
from pathlib import Path
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.record.runs import Holder
from reconciler.edges.aws.clients import AwsClients, AwsFailed, Home
from reconciler.edges.state.settings import StateSettings, lock_key

_NO_OBJECT = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
_ENDED = frozenset({"STOPPED", "DEPROVISIONING"})
_METADATA = "ECS_CONTAINER_METADATA_URI_V4"  # Amazon ECS developer guide, "Task metadata endpoint version 4"


class StateLocks:
    """The port's `Locks`. `work` is the folder of our workspaces: a Terraform elsewhere is somebody else's."""

    def __init__(self, aws: AwsClients, settings: StateSettings, *, work: Path, me: Holder) -> None:
        self._aws, self._settings, self._work, self._me = aws, settings, work.absolute(), me

    @property
    def me(self) -> Holder:
        """Who this daemon is."""
        return self._me

    async def read(self, key: Key, environment: Environment) -> LockInfo | None:
        """The lock as it is now. Raises: LiveUnavailable."""
        try:
            return await self._object(key, environment) or await self._item(key, environment)
        except AwsFailed as failed:
            raise LiveUnavailable(f"the lock of {key} cannot be read: {failed}") from failed

    async def is_dead(self, holder: Holder, *, certain: bool) -> bool:
        """True when no Terraform of that holder can still run; see the port.

        Here, the workspace's own lock is the proof: every Terraform of ours inherits it, and the asking pass holds it.
        """
        if holder.task != self._me.task:
            return holder.task is not None and await self._has_stopped(holder.task)
        if holder.who != self._me.who:
            return False
        return certain or not await asyncio.to_thread(_strangers, self._work)

    async def _object(self, key: Key, environment: Environment) -> LockInfo | None:
        where = {"Bucket": self._settings.bucket_in(environment), "Key": f"{self._settings.object_key(key)}.tflock"}
        try:
            answer = await self._aws.call(environment, "s3", "get_object", **where)
        except AwsFailed as failed:
            if failed.code in _NO_OBJECT:
                return None
            raise
        return _read(answer["Body"])

    async def _item(self, key: Key, environment: Environment) -> LockInfo | None:
        if self._settings.lock_table is None:
            return None
        name = {"LockID": {"S": lock_key(self._settings, key, environment)}}
        answer = await self._aws.call(
            environment, "dynamodb", "get_item", TableName=self._settings.lock_table, Key=name, ConsistentRead=True
        )
        info = answer.get("Item", {}).get("Info", {}).get("S")
        return _read(info) if info else None

    async def _has_stopped(self, task: str) -> bool:
        """An ARN is `arn:<partition>:ecs:<region>:<account>:task/<cluster>/<id>`; ECS forgets a task an hour after."""
        _, _, _, region, _, resource = task.split(":", 5)
        home = Home(region)
        try:
            answer = await self._aws.call(home, "ecs", "describe_tasks", cluster=resource.split("/")[1], tasks=[task])
        except AwsFailed:
            return False
        if any(failure.get("reason") == "MISSING" for failure in answer.get("failures", ())):
            return True
        return all(found["lastStatus"] in _ENDED for found in answer["tasks"]) and bool(answer["tasks"])


def whoami(environment: Any = os.environ) -> Holder:
    """This process as Terraform names it in locks, and its ECS task when it runs in one."""
    return Holder(f"{getpass.getuser()}@{socket.gethostname()}", _task(environment.get(_METADATA)))


def _task(metadata: str | None) -> str | None:
    if not metadata:
        return None
    try:
        with urllib.request.urlopen(f"{metadata}/task", timeout=5) as answer:  # noqa: S310 - ECS's own address
            return str(json.load(answer)["TaskARN"])
    except (OSError, ValueError, KeyError):
        return None


def _read(text: str | bytes) -> LockInfo:
    try:
        found = json.loads(text)
        return LockInfo(found["ID"], found.get("Who", ""), found.get("Operation", ""), found.get("Created", ""))
    except (ValueError, KeyError, TypeError):
        return LockInfo("unreadable", "", "", "")


def _strangers(work: Path) -> bool:
    """True when a Terraform runs on this machine outside of our workspaces, or when that cannot be seen."""
    try:
        processes = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except OSError:
        return True
    return any(_is_stranger(process, work) for process in processes)


def _is_stranger(process: Path, work: Path) -> bool:
    try:
        program = (process / "cmdline").read_bytes().split(b"\0", 1)[0]
        return Path(os.fsdecode(program)).name == "terraform" and not (process / "cwd").readlink().is_relative_to(work)
    except OSError:  # it has just ended, or is another user's and so not the one who holds the lock
        return False
