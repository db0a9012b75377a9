"""A server that answers as the agent of an ECS task does, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TASK = "arn:aws:ecs:eu-central-1:123456789012:task/reconciler/0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e"


@dataclass
class Agent:
    """Set `says` to let it refuse: a status and a document. `asked` holds every request's document, oldest first."""

    says: tuple[int, dict[str, Any]] | None = None
    silent: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    uri: str = ""
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> None:
        """Wait for that many requests."""
        async with self._heard:
            await self._heard.wait_for(lambda: len(self.asked) >= count)

    async def answer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        async with self._heard:
            self.asked.append(asked)
            self._heard.notify_all()
        if self.silent:
            await self._over.wait()
        if self.says:
            status, document = self.says
            return web.json_response(document, status=status)
        state = {"ProtectionEnabled": asked["ProtectionEnabled"], "TaskArn": TASK}
        if asked["ProtectionEnabled"]:
            state["ExpirationDate"] = "2026-03-02T10:00:00Z"
        return web.json_response({"protection": state})

    @property
    def states(self) -> list[bool]:
        """What it was told to be, request by request."""
        return [asked["ProtectionEnabled"] for asked in self.asked]


@asynccontextmanager
async def agent() -> AsyncIterator[Agent]:
    """The agent, on a free port."""
    found = Agent()
    application = web.Application()
    application.router.add_put("/api/0b1c2d3e/task-protection/v1/state", found.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        found.uri = f"http://{host}:{port}/api/0b1c2d3e"
        yield found
    finally:
        found._over.set()
        await runner.cleanup()
