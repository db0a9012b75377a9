"""The access rules of one server: who is known, how signed credentials are verified, and what is open to everybody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from aiohttp import web

from reconciler.core.access.people import People
from reconciler.core.access.refusals import Cause
from reconciler.core.ports.identity import Verifier
from reconciler.web.throttle import Throttle

Page = Literal["metrics", "readyz"]


def _ignore(*_: object) -> None:
    """Discard an event: the default callback."""


@dataclass(frozen=True, slots=True)
class Access:
    """The rules. `open_reading` lets everybody read who reaches the daemon, as on loopback.

    `plain_http` accepts tokens that came over the network without TLS. `behind_proxy` takes the client's address from
    the proxy. `failed` is told the cause of each refused
    credential, `used` the id of each token that was accepted.
    """

    people: People = field(default_factory=People)
    bearer: Verifier | None = None
    load_balancer: Verifier | None = None
    open_reading: bool = True
    open_pages: frozenset[Page] = frozenset()
    plain_http: bool = False
    behind_proxy: bool = False
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    throttle: Throttle = field(default_factory=Throttle)
    failed: Callable[[Cause], None] = _ignore
    used: Callable[[str, str], None] = _ignore
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def knows_anybody(self) -> bool:
        """Return whether any credential could be accepted over TCP."""
        return bool(self.people.shared or self.people.tokens or self.bearer or self.load_balancer)


ACCESS: web.AppKey[Access] = web.AppKey("access", Access)
