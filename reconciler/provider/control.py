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
"""

import json
import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

PROTOCOL = 1
LONGEST_LINE = 4 * 1024 * 1024
_LONGEST_SOCKET = 60  # a socket's path has at most 104 to 108 bytes; the rest is for names inside
_CALL_SECONDS = 90.0


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


class InvalidMessage(ValueError):
    """The line is not a message of this protocol."""


def socket_path(directory: Path) -> Path:
    """Return the path of a directory's control socket. Raises ValueError if the path is too long for sockets."""
    if len(os.fsencode(directory)) > _LONGEST_SOCKET:
        raise ValueError(f"{directory} is too long for sockets: choose a directory of at most {_LONGEST_SOCKET} bytes")
    return directory / "control.sock"


def runtime_directory(name: str) -> Path:
    """Return the directory of this user's warm provider of that name; its path is short enough for sockets."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and len(os.fsencode(base)) < _LONGEST_SOCKET // 2 and Path(base).is_dir():
        return runtime_directory_in(Path(base), name)
    return Path(tempfile.gettempdir()) / f"reconciler-{os.getuid()}-{PROTOCOL}-{name}"


def runtime_directory_in(base: Path, name: str) -> Path:
    """Return the directory of that warm provider in a user's runtime directory."""
    return base / f"reconciler-{PROTOCOL}-{name}"


def private_directory(path: Path) -> Path:
    """Create a directory with mode 0700. Raises PermissionError if it is another user's or a symbolic link."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if status.st_uid != os.getuid() or path.is_symlink():
        raise PermissionError(f"{path} is a symbolic link or belongs to another user: remove it, or use another path")
    path.chmod(0o700)
    return path


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


def check_answer(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer with `ok` true. Raises Refused for any other answer."""
    if message.get("ok") is not True:
        raise Refused(str(message.get("error", "failed")), str(message.get("message", "no reason given")))
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


def call(directory: Path, message: Mapping[str, Any], *, seconds: float = _CALL_SECONDS) -> Mapping[str, Any]:
    """Send one message on a new connection and wait for the answer; blocking. Raises Refused, Unreachable."""
    with connect(directory, seconds=seconds) as connection:
        return request(connection, message)


def connect(directory: Path, *, seconds: float = _CALL_SECONDS) -> socket.socket:
    """Connect to the warm provider of a directory; blocking. Raises Unreachable."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    try:
        connection.connect(str(socket_path(directory)))
    except (OSError, ValueError) as error:
        connection.close()
        raise Unreachable(f"no warm provider answers in {directory}") from error
    return connection


def request(connection: socket.socket, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Send one message on an open connection and wait for the answer; blocking. Raises Refused, Unreachable."""
    try:
        connection.sendall(encode(message))
        with connection.makefile("rb") as lines:
            return check_answer(decode(lines.readline(LONGEST_LINE)))
    except (OSError, InvalidMessage) as error:
        raise Unreachable("the warm provider does not answer") from error


def _plain(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value
