"""Sessions for Terraform: credentials of an environment's role, bounded by a policy, handed out on request.

Terraform and its providers get none of the daemon's own credentials. They ask an endpoint of the daemon on the loopback
interface, as containers do (AWS SDKs and Tools reference guide, "Container credential provider"), so that credentials
which expire are renewed in the middle of an apply. The token of the endpoint is in their environment: it yields this
one session and nothing else.
"""

import asyncio
import contextlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from reconciler.edges.aws.clients import Assumed, AwsFailed, Place
from reconciler.edges.process.threads import in_thread

SESSION_NAME = "reconciler"  # CloudTrail shows this name for Terraform's calls
_LONGEST_REQUEST = 16 * 1024
_SECONDS = 10


@dataclass(frozen=True, slots=True)
class _Offer:
    """The credentials behind one path of the endpoint."""

    token: str
    path: str
    credentials: Assumed


class Sessions:
    """Offers sessions by place and policy. `environment` starts the endpoint at its first use; `close` ends it."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._offers: dict[tuple[Place, str], _Offer] = {}
        self._starting = asyncio.Lock()

    async def environment(self, place: Place, policy: str) -> Mapping[str, str]:
        """Return the variables by which a process gets the session. Raises: AwsFailed when there is none."""
        async with self._starting:
            if self._server is None:
                self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LONGEST_REQUEST)
        offer = self._offers.get((place, policy))
        if offer is None:
            credentials = await in_thread(partial(Assumed, place, session_name=SESSION_NAME, policy=policy))
            offer = _Offer(secrets.token_urlsafe(32), f"/{secrets.token_hex(8)}", credentials)
            offer = self._offers.setdefault((place, policy), offer)
        await in_thread(offer.credentials.document)
        port = self._server.sockets[0].getsockname()[1]
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{port}{offer.path}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": offer.token,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    async def close(self) -> None:
        """Hand out no more credentials."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            status, body = await self._respond(head.decode("latin-1"))
            lines = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{lines}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    async def _respond(self, head: str) -> tuple[str, bytes]:
        first, *lines = head.split("\r\n")
        method, path = (*first.split(" "), "", "")[:2]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        token = headers.get("authorization", "")
        for offer in self._offers.values():
            if path == offer.path and method == "GET" and hmac.compare_digest(token.encode(), offer.token.encode()):
                try:
                    return "200 OK", _json(await in_thread(offer.credentials.document))
                except AwsFailed as error:
                    return "502 Bad Gateway", _json({"code": error.code, "message": error.message})
        return "403 Forbidden", _json({"code": "AccessDenied", "message": "no such session"})


def _json(value: Mapping[str, str]) -> bytes:
    return json.dumps(value).encode()
