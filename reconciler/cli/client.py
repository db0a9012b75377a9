"""Client of the daemon's HTTP API for the commands, over its unix socket or over TCP.

The standard library's client is enough for one request at a time, and keeps `reconciler get` quick to start.
Every failure becomes one sentence that says what to check.
"""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_error
from reconciler.core.access.loopback import is_loopback
from reconciler.local.folder import Untrusted
from reconciler.local.peer import connect as connect_to_socket

_TIMEOUT = 30.0
_ANSWER_LIMIT = 64 * 1024 * 1024


class DaemonUnreachable(CommandFailed):
    """No daemon answered; the message says at which address and what to check."""


class DaemonRefused(CommandFailed):
    """The daemon answered with an error: `status` is its HTTP status, `error` its body."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        invalid = status in {400, 404}
        super().__init__(str(error.get("message", "refused")), code=Exit.INVALID if invalid else Exit.FAILED)
        self.status = status
        self.error = error


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = connect_to_socket(self._path, seconds=_TIMEOUT)


@dataclass(frozen=True, slots=True)
class Daemon:
    """The API of one daemon; `remedy` says what to check when it does not answer."""

    connect: Callable[[], http.client.HTTPConnection]
    where: str
    remedy: str
    base: str = ""
    token: str | None = None

    @classmethod
    def at_socket(cls, path: Path) -> Self:
        """Connect to the daemon on this machine."""
        remedy = "start it with `reconciler run`, or give its address with --url or RECONCILER_URL"
        return cls(connect=lambda: _UnixConnection(path), where=str(path), remedy=remedy)

    @classmethod
    def at_url(cls, url: str, *, token: str | None, insecure: bool = False) -> Self:
        """Connect to a daemon over TCP.

        Raises: CommandFailed for a URL that is not valid, and for a token that would travel in clear unless `insecure`.
        """
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if parts.scheme not in {"http", "https"} or not host:
            raise CommandFailed(f"{url!r} is not a URL such as http://127.0.0.1:8080", code=Exit.INVALID)
        if token and parts.scheme == "http" and not is_loopback(host):
            _check_insecure(host, insecure=insecure)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return cls(
            connect=lambda: kind(host, port, timeout=_TIMEOUT),
            where=f"{parts.scheme}://{host}" + (f":{port}" if port else ""),
            remedy="check --url or RECONCILER_URL, and that the daemon listens there (http.host, http.port)",
            base=parts.path.rstrip("/"),
            token=token,
        )

    def get(self, path: str, **query: str | int | None) -> Any:
        """Return the JSON answer to a GET. Raises: DaemonUnreachable, DaemonRefused."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", path + (f"?{urlencode(given)}" if given else ""), None)

    def pages(self, path: str, name: str, **query: str | int | None) -> list[Any]:
        """Return a whole list of the API, page after page. Raises: DaemonUnreachable, DaemonRefused."""
        found: list[Any] = []
        after = None
        while True:
            answer = self.get(path, after=after, **query)
            found += answer[name]
            after = answer.get("next")
            if after is None:
                return found

    def post(self, path: str, **body: str | None) -> Any:
        """Return the JSON answer to a POST. Raises: DaemonUnreachable, DaemonRefused."""
        given = {name: value for name, value in body.items() if value is not None}
        return self._ask("POST", path, json.dumps(given).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Accept": "application/json", "Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        connection = self.connect()
        try:
            connection.request(method, self.base + path, body, headers)
            response = connection.getresponse()
            status, content = response.status, response.read(_ANSWER_LIMIT)
        except Untrusted as error:
            raise DaemonUnreachable(f"nothing was sent: {error}") from None
        except PermissionError:
            message = f"{self.where}: permission denied: run as the daemon's user, or use --url with RECONCILER_TOKEN"
            raise DaemonUnreachable(message) from None
        except TimeoutError:
            message = f"the daemon at {self.where} did not answer within {_TIMEOUT:.0f} s: check its log, then retry"
            raise DaemonUnreachable(message) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise DaemonUnreachable(f"no daemon answers at {self.where} ({reason}): {self.remedy}") from None
        finally:
            connection.close()
        return self._read(status, content)

    def _read(self, status: int, content: bytes) -> Any:
        try:
            answer = json.loads(content)
        except ValueError:
            message = f"{self.where} does not serve the reconciler's API (HTTP {status}): {self.remedy}"
            raise DaemonUnreachable(message) from None
        if status < 400:
            return answer
        error = answer.get("error") if isinstance(answer, dict) else None
        raise DaemonRefused(status, error if isinstance(error, dict) else {"message": f"the daemon answered {status}"})


def _check_insecure(host: str, *, insecure: bool) -> None:
    """Warn of a token in clear, or refuse to send it. Raises: CommandFailed."""
    if not insecure:
        raise CommandFailed(
            f"the token is not sent to {host} over plain HTTP, where others can read it: use https, or add --insecure",
            code=Exit.INVALID,
        )
    print_error(f"warning: the token is sent to {host} over plain HTTP, where others can read it")


def instance_path(key: Any, part: str = "") -> str:
    """Return the API path of an instance, or of a part of it such as `plan`."""
    path = f"/api/v1/instances/{quote(key.environment, safe='')}/{quote(key.name, safe='')}"
    return f"{path}/{part}" if part else path
