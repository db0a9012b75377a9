"""The control protocol of the warm provider: one JSON object per line, over `control.sock`.

    {"op": "attach", "binary": …, "package": …, "source": …, "environment": {…}, "directory": …}
        → {"ok": true, "run": …, "reattach": {…}}   the run belongs to this connection
    {"op": "locate", "source": …, "version": …, "hashes": […], "directories": […]}
        → {"ok": true, "binary": …, "package": …}
    {"op": "detach" | "cancel", "run": …}, {"op": "status"}, {"op": "stop", "seconds": …}
    on an error → {"ok": false, "error": "unsupported" | "invalid" | "stopping" | "failed", "message": …}

Input is not trusted: an invalid line ends its connection.

    Refused       the warm provider rejected the request, with a reason
    Unreachable   no warm provider is running, or it does not answer
    Foreign       another user owns the directory, or listens in it; nothing was sent
"""

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from reconciler.local import peer
from reconciler.local.folder import Untrusted, check_private, followed, private
from reconciler.provider.protocol import shape

PROTOCOL = 1
LONGEST_LINE = 4 * 1024 * 1024
_LONGEST_SOCKET = 60  # a socket's path has at most 104 to 108 bytes; the rest is for names inside
_CALL_SECONDS = 90.0
ATTACHED = {"run": str, "reattach": dict}
DETACHED = {"trouble": (str, type(None))}
LOCATED = {"binary": str, "package": str}
_PROCESS = {
    "pid": int,
    "rss_bytes": int,
    "age_seconds": shape.NUMBER,
    "calls": int,
    "sessions": int,
    "seat": (str, type(None)),
    "draining": object,
    "configured": bool,
}
STATUS = {
    "status": {
        "pid": int,
        "uptime_seconds": shape.NUMBER,
        "rss_bytes": int,
        "stopping": bool,
        "runs": [dict],
        "runs_total": int,
        "processes": [_PROCESS],
        "processes_started_total": int,
        "processes_ended_total": {"*": int},
        "calls_total": [{"method": str, "outcome": str, "count": int}],
        "answers_total": [{"answer": str, "result": str, "count": int}],
        "phase_seconds": {"*": {"count": int, "sum": shape.NUMBER}},
        "admission": {"plans": int, "applies": int},
    }
}


@dataclass(frozen=True, slots=True)
class AttachRequest:
    """The run that a caller is about to start."""

    binary: str
    package: str
    source: str
    environment: Mapping[str, str]
    directory: str
    data_directory: str | None = None
    types: tuple[str, ...] = ()
    full_schema: bool = False


class Refused(Exception):
    """The warm provider rejected a request; `error` is the kind of the rejection."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


class Unreachable(Exception):
    """No warm provider answers at the control socket."""


class Foreign(Unreachable):
    """Another user owns the directory, or listens in it; nothing was sent."""


class InvalidMessage(ValueError):
    """The line is not a message of this protocol."""


def socket_path(directory: Path) -> Path:
    """Return the path of a directory's control socket. Raises ValueError if the path is too long for sockets, OSError.

    Links are followed, so that a long path may lead to a short one."""
    real = followed(directory)
    if _too_long(real):
        raise ValueError(f"{directory} is too long for sockets: choose a directory of at most {_LONGEST_SOCKET} bytes")
    return real / "control.sock"


def runtime_directory(name: str) -> Path:
    """Return the directory of this user's warm provider of that name: in XDG_RUNTIME_DIR, else in the user's cache."""
    if base := _runtime():
        return runtime_directory_in(base, name)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return runtime_directory_in(Path(cache) / "reconciler", name)


def runtime_directory_in(base: Path, name: str) -> Path:
    """Return the directory of that warm provider in a user's runtime directory."""
    return base / f"reconciler-{PROTOCOL}-{name}"


def short_directory(path: Path) -> Path:
    """Create a private directory for sockets at the path. Returns it, with its links followed.

    If the path is too long, the directory is a fresh one with a random name, and a link at the path leads to it.
    Raises Untrusted for a path of another user, OSError."""
    private(path.parent)
    if path.is_symlink():
        try:
            return check_private(path)
        except OSError:  # removed with other temporary files, or in another user's hands since
            path.unlink(missing_ok=True)
    if not _too_long(followed(path)):
        return private(path)
    if path.is_dir():  # made when its parent had a shorter name
        shutil.rmtree(path)
    fresh = Path(tempfile.mkdtemp(prefix="rc-", dir=_short_base()))
    try:
        path.symlink_to(fresh)
    except FileExistsError:  # another process was faster
        fresh.rmdir()
        return check_private(path)
    return fresh


def _too_long(path: Path) -> bool:
    return len(os.fsencode(path)) > _LONGEST_SOCKET


def _runtime() -> Path | None:
    """Return XDG_RUNTIME_DIR if it is as the XDG Base Directory Specification wants it: this user's, mode 0700."""
    if not (base := os.environ.get("XDG_RUNTIME_DIR")):
        return None
    try:
        return check_private(Path(base))
    except OSError:
        return None


def _short_base() -> Path:
    """Return a directory for temporary files that leaves room for a random name."""
    bases = [base for base in (_runtime(), Path(tempfile.gettempdir())) if base is not None]
    return next((base for base in bases if not _too_long(base / "rc-01234567")), Path("/tmp"))  # noqa: S108 - mkdtemp


def encode(message: Mapping[str, Any]) -> bytes:
    """Write a message as one line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Read a message from one line. Raises InvalidMessage."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("not JSON") from error
    if not isinstance(message, dict):
        raise InvalidMessage("not an object")
    return message


def check_answer(message: Mapping[str, Any], wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer with `ok` true and the wanted shape. Raises Refused, or Unreachable for another shape."""
    if message.get("ok") is not True:
        raise Refused(str(message.get("error", "failed")), str(message.get("message", "no reason given")))
    try:
        shape.check(message, wanted)
    except shape.Malformed as error:
        raise Unreachable(f"the warm provider answers in another form ({error}): stop it, and run this again") from None
    return message


def read_attach(message: Mapping[str, Any]) -> AttachRequest:
    """Read an attach message. Raises InvalidMessage."""
    named = {name: message.get(name) for name in ("binary", "package", "source", "directory")}
    for name, value in named.items():
        if not isinstance(value, str) or not value:
            raise InvalidMessage(f"`{name}` must be a string")
    environment, types = message.get("environment"), message.get("types", [])
    data = message.get("data_directory")
    if not isinstance(environment, dict) or not all(_plain(part) for pair in environment.items() for part in pair):
        raise InvalidMessage("`environment` must map names to strings")
    if not is_strings(types):
        raise InvalidMessage("`types` must be a list of strings")
    if not isinstance(message.get("full_schema", False), bool) or not isinstance(data, str | None):
        raise InvalidMessage("`full_schema` must be a boolean, `data_directory` a string")
    if not Path(str(named["directory"])).is_absolute() or not Path(str(named["binary"])).is_absolute():
        raise InvalidMessage("`binary` and `directory` must be absolute paths")
    return AttachRequest(
        binary=str(named["binary"]),
        package=str(named["package"]),
        source=str(named["source"]),
        environment=environment,
        directory=str(named["directory"]),
        data_directory=data,
        types=tuple(types),
        full_schema=message.get("full_schema", False),
    )


def is_strings(value: object) -> TypeGuard[list[str]]:
    """Return whether the value is a list of strings without NUL characters."""
    return isinstance(value, list) and all(_plain(item) for item in value)


def call(directory: Path, message: Mapping[str, Any], wanted: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Send one message on a new connection and wait for the answer; blocking. Raises Refused, Unreachable."""
    with connect(directory) as connection:
        return request(connection, message, wanted)


def status(directory: Path) -> Mapping[str, Any]:
    """Return the status of the warm provider of a directory; blocking. Raises Refused, Unreachable."""
    found: Mapping[str, Any] = call(directory, {"op": "status"}, STATUS)["status"]
    return found


def connect(directory: Path, *, seconds: float = _CALL_SECONDS) -> socket.socket:
    """Connect to the warm provider of a directory; blocking. Raises Unreachable, Foreign."""
    try:
        check_private(directory)
        return peer.connect(socket_path(directory), seconds=seconds)
    except Untrusted as error:
        raise Foreign(str(error)) from error
    except (OSError, ValueError) as error:
        raise Unreachable(f"no warm provider answers in {directory}") from error


def request(
    connection: socket.socket, message: Mapping[str, Any], wanted: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Send one message on an open connection and wait for the answer; blocking. Raises Refused, Unreachable."""
    try:
        connection.sendall(encode(message))
        with connection.makefile("rb") as lines:
            return check_answer(decode(lines.readline(LONGEST_LINE)), wanted or {})
    except (OSError, InvalidMessage) as error:
        raise Unreachable("the warm provider does not answer") from error


def _plain(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value
