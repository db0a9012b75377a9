"""A server that answers as the agent of an ECS task does, and records the requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TASK = "arn:aws:ecs:eu-central-1:123456789012:task/reconciler/0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e"


@dataclass
class Agent:
    """Set `refusal` (a status and a document) to make it refuse. `requests`: every request's document, oldest first."""

    refusal: tuple[int, dict[str, Any]] | None = None
    silent: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    uri: str = ""
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> None:
        """Wait for that many requests."""
        async with self._heard:
            await self._heard.wait_for(lambda: len(self.requests) >= count)

    async def answer(self, request: web.Request) -> web.Response:
        document = await request.json()
        async with self._heard:
            self.requests.append(document)
            self._heard.notify_all()
        if self.silent:
            await self._over.wait()
        if self.refusal:
            status, answer = self.refusal
            return web.json_response(answer, status=status)
        state = {"ProtectionEnabled": document["ProtectionEnabled"], "TaskArn": TASK}
        if document["ProtectionEnabled"]:
            state["ExpirationDate"] = "2026-03-02T10:00:00Z"
        return web.json_response({"protection": state})

    @property
    def states(self) -> list[bool]:
        """The requested protection, request by request."""
        return [request["ProtectionEnabled"] for request in self.requests]


@asynccontextmanager
async def agent() -> AsyncIterator[Agent]:
    """Run the agent on a free port."""
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
