"""Commands that stay until something holds: `wait`, and `reconcile --wait`.

`verdict` decides from what the API says; it is a pure function, so that what counts as done is tested without a clock.
A commit counts as seen when the daemon reads it, or reads a later one of which it is an ancestor (asked of the Git
repository in this folder, if there is one); what then counts is that the instance's present content is live.
"""

import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import DaemonUnreachable, instance_path
from reconciler.cli.commands.acting import ask
from reconciler.cli.options import CONNECTED, Connected, KeyText, Output, read_key
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_json, progress, say, short

if TYPE_CHECKING:
    from desired_state.instance import Key

_POLL = 1.0
_BAD_ROLLOUTS = {"RolledBack", "RolloutFailed", "RolloutTimeout"}
_NEEDS_A_PERSON = {"Suspended", "PruneConfirmationNeeded", "PruneGuard"}


@dataclass(frozen=True, slots=True)
class Live:
    """It is applied and healthy."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not get there without somebody doing something."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not yet."""

    reason: str


Verdict = Live | Failed | Waiting


def verdict(detail: dict[str, Any]) -> Verdict:
    """Where an instance stands on its way to what Git asks for now."""
    why = ": ".join(part for part in (detail["reason"], detail["message"]) if part) or "not visited yet"
    if detail["removed_at"]:
        return Failed(f"its manifest is removed ({why})")
    stalled = next((item for item in detail["conditions"] if item["type"] == "Stalled"), None)
    considered = detail["digests"]["desired_source"] == detail["digests"]["source"]
    if stalled and (considered or stalled["reason"] == "InvalidManifest"):
        return Failed(f"{stalled['reason']}: {stalled['message']}")
    if detail["suspended"] and not detail["current"]:
        return Failed("it is suspended; `reconciler resume` takes it up again")
    if detail["reason"] in _NEEDS_A_PERSON and not detail["current"]:
        return Failed(why)
    if not detail["current"]:
        return Waiting(why)
    if detail["reason"] in _BAD_ROLLOUTS:
        return Failed(why)
    well = detail["ready"] and detail["health"] == "Healthy" and detail["sync"] == "InSync"
    return Live() if well else Waiting(why)


def wait(
    key: KeyText,
    /,
    *,
    commit: Annotated[str, Parameter(help="A commit, or anything the Git repository in this folder can resolve.")],
    timeout: Annotated[str, Parameter(help="How long, such as 90s or 15m.")] = "30m",
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Wait until a commit, or a later state, of one instance is applied and healthy. For CI.

    Exits 1 with the reason as soon as it is known to fail, or when the time is up.

    Example: `reconciler wait develop/orders --commit $(git rev-parse HEAD) --timeout 15m`
    """
    name, limit, wanted = read_key(key), _duration(timeout), _resolve(commit)
    daemon = options.daemon()
    seen: set[str] = set()

    def look() -> tuple[Verdict, dict[str, Any] | None]:
        source = daemon.get("/api/v1/source")
        known = source["commit"] or ""
        if known not in seen and not _includes(known, wanted):
            error = f": {source['error']}" if source["error"] else ""
            return Waiting(f"the daemon reads {short(known) or 'nothing yet'}, not {short(wanted)}{error}"), None
        seen.add(known)
        detail = daemon.get(instance_path(name))
        return verdict(detail), detail

    _finish(name, _until(look, limit, name), output)


def reconcile(
    key: KeyText,
    /,
    *,
    wait: Annotated[bool, Parameter(negative=(), help="Stay until it is applied and healthy, or failed.")] = False,
    timeout: Annotated[str, Parameter(help="How long to stay, such as 90s or 15m.")] = "30m",
    override_window: Annotated[
        bool, Parameter(negative=(), help="Apply outside the change windows, this once; needs --reason.")
    ] = False,
    reason: Annotated[str | None, Parameter(help="Why: it is kept in the log and in the history.")] = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Look at one instance now, whatever its interval says, and forget its failures.

    It is let through to a changed Terraform root that others wait for. Approval, freeze, policy and suspension hold
    with --override-window too.

    Example: `reconciler reconcile develop/orders --wait`
    """
    daemon, name, limit = options.daemon(), read_key(key), _duration(timeout)
    if override_window != (reason is not None):
        raise CommandFailed("--override-window and --reason go together: say why", code=Exit.INVALID)
    asked = ask(daemon, name, "reconcile", override_window=reason)
    if not wait:
        print_json(asked) if output == "json" else say(f"{name}: asked for")
        return

    def look() -> tuple[Verdict, dict[str, Any] | None]:
        detail = daemon.get(instance_path(name))
        failed_since = detail["failures"] is not None
        busy = any(item["type"] == "Reconciling" for item in detail["conditions"])
        if detail["requested_at"] or busy:
            return Waiting("it is being looked at"), detail
        found = verdict(detail)
        return (Failed(found.reason) if failed_since and isinstance(found, Waiting) else found), detail

    _finish(name, _until(look, limit, name), output)


def _until(look: Callable[[], tuple[Verdict, dict[str, Any] | None]], limit: timedelta, key: "Key") -> dict[str, Any]:
    """Look again and again. A daemon that restarts in between is waited for."""
    deadline = time.monotonic() + limit.total_seconds()
    last, reached = "", False
    with progress() as tell:
        while True:
            try:
                found, detail = look()
                reached = True
            except DaemonUnreachable as gone:
                if not reached:
                    raise
                found, detail = Waiting(str(gone)), None
            if isinstance(found, Live) and detail is not None:
                return detail
            reason = found.reason if isinstance(found, Failed | Waiting) else ""
            if isinstance(found, Failed):
                raise CommandFailed(f"{key} failed: {reason}")
            if time.monotonic() >= deadline:
                raise CommandFailed(f"{key} is not live in time: {reason}")
            if reason != last:
                tell(f"{key}: {reason}")
                last = reason
            time.sleep(_POLL)


def _finish(key: "Key", detail: dict[str, Any], output: Output) -> None:
    if output == "json":
        print_json(detail)
    else:
        say(f"{key}: live and healthy at {short(detail['applied_commit'])}")


def _duration(text: str) -> timedelta:
    from reconciler.config.values import read_duration

    try:
        return read_duration(text)
    except ValueError as error:
        raise CommandFailed(f"--timeout: {text!r} {error}", code=Exit.INVALID) from None


def _resolve(revision: str) -> str:
    """A full commit where Git can tell, else what was given, which must then look like one."""
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found:
        return found
    if re.fullmatch(r"[0-9a-f]{7,64}|worktree-[0-9a-f]+", revision):
        return revision
    raise CommandFailed(f"{revision!r} is not a commit, and no Git repository here knows it", code=Exit.INVALID)


def _includes(known: str, wanted: str) -> bool:
    if not known:
        return False
    if known.startswith(wanted):
        return True
    # git exits 0 for an ancestor, 1 for none, 128 when it does not know one of the two
    return _git("merge-base", "--is-ancestor", wanted, known) is not None


def _git(*arguments: str) -> str | None:
    """What git in this folder says, None when it says no or is not there."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
