"""The words between the warm provider and those who use it: one JSON object a line, over `control.sock`.

    {"op": "attach", "binary": …, "package": …, "source": …, "environment": {…}, "directory": …}
        → {"ok": true, "run": …, "reattach": {…}}   the run belongs to this connection
    {"op": "locate", "source": …, "version": …, "hashes": […], "directories": […]}
        → {"ok": true, "binary": …, "package": …}
    {"op": "detach" | "cancel", "run": …}, {"op": "status"}, {"op": "stop", "seconds": …}
    what goes wrong → {"ok": false, "error": "unsupported" | "invalid" | "stopping" | "failed", "message": …}

What comes in is not trusted: a line that is not such an object ends its connection.

    Refused     the warm provider said no, and why
    Unreachable there is no warm provider, or it does not answer
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
_LONGEST_SOCKET = 60  # of the 104 to 108 bytes that a socket's path may have, the rest is for names inside
_CALL_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller says of the run that it is about to start."""

    binary: str
    package: str
    source: str
    environment: Mapping[str, str]
    directory: str
    data_directory: str | None = None
    types: tuple[str, ...] = ()
    full_schema: bool = False


class Refused(Exception):
    """An answer with `ok` false; `error` is its kind."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


class Unreachable(Exception):
    """Nobody answers at the control socket."""


class InvalidMessage(ValueError):
    """A line that is not a message of this protocol."""


def socket_path(directory: Path) -> Path:
    """The control socket of a directory. Raises: ValueError when the path is too long for a socket."""
    if len(os.fsencode(directory)) > _LONGEST_SOCKET:
        raise ValueError(f"{directory}: at most {_LONGEST_SOCKET} bytes, since sockets are made in it")
    return directory / "control.sock"


def runtime_directory(name: str) -> Path:
    """A short private place for the sockets of this user's warm provider of that name."""
    base = os.environ.get("XDG_RUNTIME_DIR")
    if base and len(os.fsencode(base)) < _LONGEST_SOCKET // 2 and Path(base).is_dir():
        return runtime_directory_in(Path(base), name)
    return Path(tempfile.gettempdir()) / f"reconciler-{os.getuid()}-{PROTOCOL}-{name}"


def runtime_directory_in(base: Path, name: str) -> Path:
    """That place in a user's own runtime directory."""
    return base / f"reconciler-{PROTOCOL}-{name}"


def private_directory(path: Path) -> Path:
    """Make a directory that only this user can enter. Raises: PermissionError when it is somebody else's."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if status.st_uid != os.getuid() or path.is_symlink():
        raise PermissionError(f"{path} belongs to somebody else")
    path.chmod(0o700)
    return path


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """A line as a message. Raises: InvalidMessage."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("not JSON") from error
    if not isinstance(message, dict):
        raise InvalidMessage("not an object")
    return message


def answered(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """An answer, if it says yes. Raises: Refused."""
    if message.get("ok") is not True:
        raise Refused(str(message.get("error", "failed")), str(message.get("message", "no reason given")))
    return message


def read_ask(message: Mapping[str, Any]) -> Ask:
    """What an attach message asks for. Raises: InvalidMessage."""
    named = {name: message.get(name) for name in ("binary", "package", "source", "directory")}
    for name, value in named.items():
        if not isinstance(value, str) or not value:
            raise InvalidMessage(f"`{name}` must be a text")
    environment, types = message.get("environment"), message.get("types", [])
    data = message.get("data_directory")
    if not isinstance(environment, dict) or not all(_plain(part) for pair in environment.items() for part in pair):
        raise InvalidMessage("`environment` must map names to texts")
    if not texts(types):
        raise InvalidMessage("`types` must be a list of texts")
    if not isinstance(message.get("full_schema", False), bool) or not isinstance(data, str | None):
        raise InvalidMessage("`full_schema` must be a truth value, `data_directory` a text")
    if not Path(str(named["directory"])).is_absolute() or not Path(str(named["binary"])).is_absolute():
        raise InvalidMessage("`binary` and `directory` must be absolute paths")
    return Ask(
        binary=str(named["binary"]),
        package=str(named["package"]),
        source=str(named["source"]),
        environment=environment,
        directory=str(named["directory"]),
        data_directory=data,
        types=tuple(types),
        full_schema=message.get("full_schema", False),
    )


def texts(value: object) -> TypeGuard[list[str]]:
    """True for a list of texts."""
    return isinstance(value, list) and all(_plain(item) for item in value)


def call(directory: Path, message: Mapping[str, Any], *, seconds: float = _CALL_SECONDS) -> Mapping[str, Any]:
    """Ask one question and wait for the answer; blocking. Raises: Refused, Unreachable."""
    with connect(directory, seconds=seconds) as connection:
        return ask(connection, message)


def connect(directory: Path, *, seconds: float = _CALL_SECONDS) -> socket.socket:
    """A connection to the warm provider; blocking. Raises: Unreachable."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    try:
        connection.connect(str(socket_path(directory)))
    except (OSError, ValueError) as error:
        connection.close()
        raise Unreachable(f"no warm provider answers in {directory}") from error
    return connection


def ask(connection: socket.socket, message: Mapping[str, Any]) -> Mapping[str, Any]:
    """One question on an open connection. Raises: Refused, Unreachable."""
    try:
        connection.sendall(encode(message))
        with connection.makefile("rb") as lines:
            return answered(decode(lines.readline(LONGEST_LINE)))
    except (OSError, InvalidMessage) as error:
        raise Unreachable("the warm provider does not answer") from error


def _plain(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value
