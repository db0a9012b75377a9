"""Check the Host of each request over TCP, and the Origin of those that act.

A page on a name that an attacker lets point to this machine is, for a browser, of the same origin as the daemon (DNS
rebinding). Its requests carry that name as their Host. So a name must be configured; an address cannot be rebound.
"""

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import web

from reconciler.core.access.refusals import CredentialRefused

_HOST = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9.-]+))(?::\d{1,5})?")


def check_host(request: web.Request, allowed: Collection[str]) -> None:
    """Check that the Host is an address, `localhost` or an allowed name. Raises: CredentialRefused."""
    given = request.headers.getall("Host", [])
    host = _host_of(given[0]) if len(given) == 1 else ""
    if not (_is_address(host) or host == "localhost" or host in allowed):
        raise CredentialRefused("host", "this daemon is not served under that host: add its name to http.hosts")


def check_origin(request: web.Request, allowed: Collection[str]) -> None:
    """Check that a browser's acting request comes from the daemon's own page or an allowed one.

    Raises: CredentialRefused. Clients other than browsers send no Origin.
    """
    origin = request.headers.get("Origin")
    if origin is None or origin in allowed:
        return
    try:
        is_own = urlsplit(origin).netloc.lower() == request.headers.get("Host", "").lower() != ""
    except ValueError:
        is_own = False
    if not is_own:
        raise CredentialRefused("origin", "a page of another origin may not act here: add it to http.origins")


def _host_of(text: str) -> str:
    found = _HOST.fullmatch(text)
    return (found["address"] or found["name"]).lower().rstrip(".") if found else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
