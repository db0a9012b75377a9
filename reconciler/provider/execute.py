"""Runs of any terraform command, in any directory, through this user's warm provider.

The command keeps its directory, terminal, signals and exit code. If it cannot attach, it runs plainly. A missing warm
provider is started; it exits when it is unused for half an hour.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.provider import control
from reconciler.provider.command import Command, read_command
from reconciler.provider.launch import launch
from reconciler.provider.package import AWS, read_lock

_IDLE_EXIT_SECONDS = 1800
_READY_SECONDS = 20.0
_STATE_SECONDS = 60.0
_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_TYPE = re.compile(r"(?:^|\.)([a-z][a-z0-9]*_[a-z0-9_]+)\.", re.MULTILINE)
_NOT_FOUND = 127


def execute(arguments: Sequence[str], *, name: str = "default") -> int:
    """Run a command, warm if possible. Returns its exit code, or 128 plus the number of the signal that killed it."""
    if not arguments:
        sys.stderr.write("no command was given: run for example `exec -- terraform plan`\n")
        return 2
    if shutil.which(arguments[0]) is None:
        _say(f"{arguments[0]}: command not found")
        return _NOT_FOUND
    command = read_command(arguments, os.environ, Path.cwd())
    with contextlib.ExitStack() as stack:
        environment = dict(os.environ)
        if command.warm:
            try:
                environment |= _attach(command, name, stack)
            except (OSError, ValueError, control.Unreachable, control.Refused) as error:
                _say(f"no warm provider: {error}")
        return _run(arguments, environment)


def _attach(command: Command, name: str, stack: contextlib.ExitStack) -> Mapping[str, str]:
    """Attach until the stack is closed. Returns variables for the command, none for a root without the AWS provider.

    Raises OSError, ValueError, Unreachable, Refused."""
    locked = read_lock((command.directory / ".terraform.lock.hcl").read_text()).get(AWS)
    if locked is None:
        return {}
    directory = control.short_directory(control.runtime_directory(name))
    connection = stack.enter_context(_connect(directory))
    package = {"version": locked.version, "hashes": sorted(locked.hashes), "source": AWS}
    providers = [str(command.data_directory.absolute() / "providers")]
    binary = control.request(connection, {"op": "locate", "directories": providers, **package}, control.LOCATED)
    types = () if command.full_schema else _state_types(command)
    answer = control.request(
        connection,
        {
            "op": "attach",
            "binary": binary["binary"],
            "package": binary["package"],
            "source": AWS,
            "environment": dict(os.environ),
            "directory": str(command.directory.resolve()),
            "data_directory": str(command.data_directory.absolute()),
            "types": sorted(types or ()),
            "full_schema": command.full_schema or types is None,
        },
        control.ATTACHED,
    )
    stack.callback(_detach, connection, str(answer["run"]))
    return {"TF_REATTACH_PROVIDERS": json.dumps(answer["reattach"])}


def _detach(connection: socket.socket, run: str) -> None:
    """End the run, and print the failure of the warm provider during it, if there was one, to standard error."""
    try:
        trouble = control.request(connection, {"op": "detach", "run": run}, control.DETACHED)["trouble"]
    except (control.Unreachable, control.Refused) as error:
        trouble = str(error)
    if trouble:
        _say(f"warm provider: {trouble}")


def _say(text: str) -> None:
    """Print a line to standard error; what cannot be printed, such as a line break in a path, is written out."""
    shown = (letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    sys.stderr.write("".join(shown) + "\n")


def _connect(directory: Path) -> socket.socket:
    """Connect to the warm provider, and start it if it is missing. Raises Unreachable, Foreign, OSError, ValueError."""
    deadline = time.monotonic() + _READY_SECONDS
    process: subprocess.Popen[bytes] | None = None
    while True:
        try:
            return control.connect(directory)
        except control.Foreign:
            raise
        except control.Unreachable:
            if time.monotonic() > deadline:
                raise
        if process is None or process.poll() is not None:
            process = launch(directory, [f"--idle-exit={_IDLE_EXIT_SECONDS}"])
        time.sleep(0.05)


def _state_types(command: Command) -> frozenset[str] | None:
    """Return the resource types in the state, which terraform lists without a provider; None if that fails."""
    arguments = [command.program or "terraform", f"-chdir={command.directory}", "state", "list"]
    try:
        listed = subprocess.run(arguments, capture_output=True, text=True, timeout=_STATE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if listed.returncode != 0:
        return frozenset() if "No state file was found" in listed.stderr else None
    return frozenset(_TYPE.findall(listed.stdout))


def _run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command and forward signals to it. Returns its exit code."""
    program = shutil.which(arguments[0]) or arguments[0]
    watched = {*_FORWARDED, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    try:
        child = os.posix_spawn(program, list(arguments), dict(environment), setsigmask=before)
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            _forward_signal(child, watched)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _forward_signal(child: int, watched: set[signal.Signals]) -> None:
    """Wait for a signal and forward it, unless the terminal sent it, which signals the whole process group."""
    if not hasattr(signal, "sigtimedwait"):
        number = signal.sigwait(watched)
        if number is not signal.SIGCHLD and not (number is signal.SIGINT and os.isatty(0)):
            os.kill(child, number)
        return
    information = signal.sigtimedwait(watched, 1.0)
    from_kernel = information is not None and information.si_code > 0
    if information is not None and information.si_signo != signal.SIGCHLD and not from_kernel:
        os.kill(child, information.si_signo)
