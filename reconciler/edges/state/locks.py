"""State locks in AWS, and the proof that their holder is dead.

Terraform's S3 backend keeps a lock twice: as the object `<state>.tflock` and as the item of the lock table named
`<bucket>/<state>` whose attribute `Info` is the same JSON. Either half keeps other runs out, so both are read.
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
    """Implements `core.ports.terraform.Locks`. The daemon's Terraform runs below `work`, any other elsewhere."""

    def __init__(self, aws: AwsClients, settings: StateSettings, *, work: Path, me: Holder) -> None:
        self._aws, self._settings, self._work, self._me = aws, settings, work.absolute(), me

    @property
    def me(self) -> Holder:
        """This daemon as a holder of locks."""
        return self._me

    async def read(self, key: Key, environment: Environment) -> LockInfo | None:
        """Return the current lock of the state; None when it is free. Raises: LiveUnavailable."""
        try:
            return await self._object(key, environment) or await self._item(key, environment)
        except AwsFailed as failed:
            raise LiveUnavailable(f"the lock of {key} cannot be read: {failed}") from failed

    async def is_dead(self, holder: Holder, *, certain: bool) -> bool:
        """Return True when no Terraform of that holder can still run; see the port.

        On this machine, the workspace lock is the proof: every Terraform of the daemon inherits it, and the calling
        pass has it.
        """
        if holder.task != self._me.task:
            return holder.task is not None and await self._has_stopped(holder.task)
        if holder.who != self._me.who:
            return False
        return certain or not await asyncio.to_thread(_others_run, self._work)

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
        """Return True when ECS has stopped the task, which it forgets an hour later.

        The ARN is `arn:<partition>:ecs:<region>:<account>:task/<cluster>/<id>`.
        """
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
    """Return this process as Terraform names it in locks, with its ECS task when it runs in one."""
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


def _others_run(work: Path) -> bool:
    """Return True when a Terraform runs on this machine outside of `work`, or when processes cannot be listed."""
    try:
        processes = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except OSError:
        return True
    return any(_runs_outside(process, work) for process in processes)


def _runs_outside(process: Path, work: Path) -> bool:
    try:
        program = (process / "cmdline").read_bytes().split(b"\0", 1)[0]
        return Path(os.fsdecode(program)).name == "terraform" and not (process / "cwd").readlink().is_relative_to(work)
    except OSError:  # it has just ended, or belongs to another user, so it does not hold the lock
        return False
