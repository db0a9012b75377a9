"""The API with its access rules, over real TCP on loopback and on a unix socket."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from reconciler.core.access.people import People, Person, Token, fingerprint
from reconciler.core.principal import Grant, Role
from reconciler.core.redaction.redactor import Redactor
from reconciler.web.access import Access
from reconciler.web.api.routes import make_app
from reconciler.web.server import serve
from reconciler.web.throttle import Throttle
from tests.web.control import FakeControl, make_control

ANN, BEN, EVE = "reconciler_of-ann", "reconciler_of-ben", "reconciler_of-eve"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SUSPEND = "/api/v1/instances/develop/orders/suspend"
READ = "/api/v1/instances"
_ACTS = {"suspend", "freeze", "unfreeze", "approve", "reconcile", "unlock"}
_SOON, _PAST = datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC)

PEOPLE = People(
    people={
        "ann": Person("ann", (Grant(Role.OPERATE),), frozenset({"ann@example.org", "ann@old.example.org"})),
        "ben": Person("ben", (Grant(Role.READ), Grant(Role.ADMIN, frozenset({"prod"})))),
        "eve": Person("eve", (Grant(Role.ADMIN, None, frozenset({"shop"})),)),
    },
    tokens=(
        Token("ann-1", "ann", fingerprint(ANN), _SOON),
        Token("ben-1", "ben", fingerprint(BEN), _SOON),
        Token("ann-0", "ann", fingerprint("reconciler_of-last-year"), _PAST),
        Token("eve-1", "eve", fingerprint(EVE), _SOON),
    ),
    groups={"deployers": (Grant(Role.APPROVE, frozenset({"develop"})),)},
)


@dataclass
class Api:
    """A running API, the causes that it counted and the tokens that it saw; `base` is its URL over TCP."""

    control: FakeControl = field(default_factory=make_control)
    causes: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    now: float = 0.0
    base: str = ""
    path: Path = Path()

    @contextlib.asynccontextmanager
    async def running(
        self, folder: Path, tls: Any = None, *, for_accounts: bool = False, **rules: Any
    ) -> AsyncIterator["Api"]:
        """Serve with these rules until the block ends; reading needs a role unless they say otherwise."""

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        access = Access(
            people=PEOPLE,
            open_reading=False,
            failed=self.causes.append,
            used=lambda person, token: self.used.append(token),
            throttle=Throttle(clock=lambda: self.now, sleep=sleep),
            clock=lambda: NOW,
        )
        app = make_app(
            self.control,
            metrics=lambda: (b"", "text/plain"),
            token=None,
            version="1",
            redact=Redactor(b"a key for tests").value,
            access=replace(access, **rules),
        )
        self.path = folder / "s"
        async with serve(
            app, host="127.0.0.1", port=0, socket=self.path, tls=tls, for_accounts=for_accounts
        ) as listening:
            self.base = f"{'https' if tls else 'http'}://127.0.0.1:{listening.port}"
            yield self

    async def ask(
        self, path: str = READ, token: str | None = None, *, method: str | None = None, body: Any = None, **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Send a request; a path that acts is a POST. Returns status, body and headers."""
        found = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            found["Authorization"] = f"Bearer {token}"
        acts = path.rpartition("/")[2].partition("?")[0] in {
            "suspend",
            "freeze",
            "unfreeze",
            "approve",
            "reconcile",
            "unlock",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.request(method or ("POST" if acts else "GET"), self.base + path, headers=found, json=body) as got,
        ):
            return got.status, await got.json(), got.headers

    async def refusal(self, *arguments: Any, **more: Any) -> tuple[int, str]:
        """Send a request that is refused. Returns status and code."""
        status, body, _ = await self.ask(*arguments, **more)
        return status, body["error"]["code"] if "error" in body else ""
