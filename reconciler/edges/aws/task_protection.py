"""ECS task protection: no deployment and no scale-in ends the daemon's task during an apply.

The agent of an ECS task answers at `$ECS_AGENT_URI`; outside of ECS the variable is absent and nothing is requested.
Protection is optional: the daemon warns once about an agent that refuses or does not answer, and the apply continues.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp

from reconciler.core.wording import shortened

_STATE = "task-protection/v1/state"
_MINUTES = 60  # until the protection of a killed daemon expires; ECS allows 1 to 2880
_RENEW = timedelta(minutes=20)  # leaves two more tries before the protection expires
_AGENT_TIMEOUT = aiohttp.ClientTimeout(total=5)


class TaskProtection:
    """Implements `core.ports.aws.Protection`: active from the first block entered until the last one is left."""

    def __init__(
        self,
        agent: str | None,
        *,
        warn: Callable[[str], None],
        minutes: int = _MINUTES,
        renew: timedelta = _RENEW,
        timeout: aiohttp.ClientTimeout = _AGENT_TIMEOUT,
    ) -> None:
        self._url = f"{agent.rstrip('/')}/{_STATE}" if agent else None
        self._warn = warn
        self._minutes = minutes
        self._renew = renew.total_seconds()
        self._timeout = timeout
        self._applies = 0
        self._turn = asyncio.Lock()  # one request at a time, so that the last one sent takes effect
        self._renewal: asyncio.Task[None] | None = None
        self._warned = False

    @asynccontextmanager
    async def during_apply(self) -> AsyncIterator[None]:
        """Protect the task for the length of the block, if the agent agrees. Raises nothing of its own."""
        self._applies += 1
        try:
            await self._update()
            yield
        finally:
            self._applies -= 1
            await asyncio.shield(self._update())

    async def _update(self) -> None:
        """Request protection for the first apply, and its end after the last one."""
        if self._url is None:
            return
        async with self._turn:
            if self._applies and self._renewal is None:
                # Set before the request: a cancelled request may have reached the agent, and must then be undone.
                self._renewal = asyncio.create_task(self._keep_protected(self._url), name="task protection")
                await self._request(self._url, {"ProtectionEnabled": True, "ExpiresInMinutes": self._minutes})
            elif not self._applies and self._renewal is not None:
                await _cancel(self._renewal)
                self._renewal = None
                await self._request(self._url, {"ProtectionEnabled": False})

    async def _keep_protected(self, url: str) -> None:
        while True:
            await asyncio.sleep(self._renew)
            await self._request(url, {"ProtectionEnabled": True, "ExpiresInMinutes": self._minutes})

    async def _request(self, url: str, state: Mapping[str, Any]) -> None:
        try:
            async with aiohttp.ClientSession(timeout=self._timeout) as session, session.put(url, json=state) as answer:
                text = await answer.text()
                confirmed = answer.status == 200 and _confirms(text, state)
                problem = None if confirmed else f"{answer.status}: {shortened(text, 300)}"
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
        if problem and not self._warned:
            self._warned = True
            self._warn(
                f"the ECS agent does not protect this task ({problem}), so a deployment may end it during an apply;"
                " check that the task's role allows ecs:UpdateTaskProtection"
            )


def _confirms(text: str, state: Mapping[str, Any]) -> bool:
    """Return True when the answer confirms the state: a refusal by ECS is a 200 too, with a failure or an error."""
    try:
        found = json.loads(text)
        return bool(found["protection"]["ProtectionEnabled"] == state["ProtectionEnabled"])
    except (ValueError, KeyError, TypeError):
        return False


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
