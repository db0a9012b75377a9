"""ECS's task protection: while something is applied, no deployment and no scale-in ends the task.

The agent of an ECS task answers on `$ECS_AGENT_URI`; where the variable is absent there is nothing to ask. Protection
is help, never a condition: an agent that refuses or is silent is warned about once, and the apply goes on.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp

_STATE = "task-protection/v1/state"
_MINUTES = 60  # how long it outlives a daemon that was killed; ECS allows 1 to 2880
_RENEW = timedelta(minutes=20)  # two more chances before it expires
_ANSWERS_WITHIN = aiohttp.ClientTimeout(total=5)


class TaskProtection:
    """Implements `ports.Protection`: held from the first block that is entered until the last one is left."""

    def __init__(
        self,
        agent: str | None,
        *,
        warn: Callable[[str], None],
        minutes: int = _MINUTES,
        renew: timedelta = _RENEW,
        timeout: aiohttp.ClientTimeout = _ANSWERS_WITHIN,
    ) -> None:
        self._url = f"{agent.rstrip('/')}/{_STATE}" if agent else None
        self._warn = warn
        self._minutes = minutes
        self._renew = renew.total_seconds()
        self._timeout = timeout
        self._holders = 0
        self._turn = asyncio.Lock()  # one request at a time, so that the last one sent is what counts
        self._renewal: asyncio.Task[None] | None = None
        self._warned = False

    @asynccontextmanager
    async def during_apply(self) -> AsyncIterator[None]:
        """Protected for the length of the block, if the agent agrees. Never raises by itself."""
        self._holders += 1
        try:
            await self._follow()
            yield
        finally:
            self._holders -= 1
            await asyncio.shield(self._follow())

    async def _follow(self) -> None:
        """Bring the agent to what the holders need now: it is asked at the first one and after the last one."""
        if self._url is None:
            return
        async with self._turn:
            if self._holders and self._renewal is None:
                # Noted first: an asking that is cut short may have been heard, and then has to be taken back.
                self._renewal = asyncio.create_task(self._keep(self._url), name="task protection")
                await self._ask(self._url, {"ProtectionEnabled": True, "ExpiresInMinutes": self._minutes})
            elif not self._holders and self._renewal is not None:
                await _cancelled(self._renewal)
                self._renewal = None
                await self._ask(self._url, {"ProtectionEnabled": False})

    async def _keep(self, url: str) -> None:
        while True:
            await asyncio.sleep(self._renew)
            await self._ask(url, {"ProtectionEnabled": True, "ExpiresInMinutes": self._minutes})

    async def _ask(self, url: str, state: Mapping[str, Any]) -> None:
        try:
            async with aiohttp.ClientSession(timeout=self._timeout) as session, session.put(url, json=state) as answer:
                said = await answer.text()
                problem = None if answer.status == 200 and _is_done(said, state) else f"{answer.status}: {said[:300]}"
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
        if problem and not self._warned:
            self._warned = True
            self._warn(
                f"the ECS agent does not protect this task while it applies ({problem}); a deployment may end it"
                " mid-way. Does the task's role allow ecs:UpdateTaskProtection?"
            )


def _is_done(said: str, state: Mapping[str, Any]) -> bool:
    """The agent answers 200 also when ECS refused; then there is a failure or an error in place of the protection."""
    try:
        found = json.loads(said)
        return bool(found["protection"]["ProtectionEnabled"] == state["ProtectionEnabled"])
    except (ValueError, KeyError, TypeError):
        return False


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
