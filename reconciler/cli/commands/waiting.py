"""Commands that wait for an instance to converge: `wait`, and `reconcile --wait`.

`verdict` decides from the API's answer; it is a pure function, so that its cases are tested without a clock.
A commit counts as seen when the daemon has read it, or a later commit of which it is an ancestor according to the Git
repository in the current folder, if any; after that, the instance's current content must be live.
"""

import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from reconciler.cli.client import DaemonUnreachable, instance_path
from reconciler.cli.commands.acting import request
from reconciler.cli.live import is_live
from reconciler.cli.options import CONNECTED, Connected, KeyText, Output, Why, read_key
from reconciler.cli.outcome import CommandFailed, Exit
from reconciler.cli.output import print_json, print_line, progress, short_commit

if TYPE_CHECKING:
    from desired_state.instance import Key

_POLL = 1.0
_BAD_ROLLOUTS = {"RolledBack", "RolloutFailed", "RolloutTimeout"}
_NEEDS_OPERATOR = {"Suspended", "PruneConfirmationNeeded", "PruneGuard"}


@dataclass(frozen=True, slots=True)
class Live:
    """The instance is applied and healthy."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The instance will not converge without intervention."""

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The instance has not converged yet."""

    reason: str


Verdict = Live | Failed | Waiting


def verdict(detail: dict[str, Any]) -> Verdict:
    """Classify the progress of an instance towards the content that Git asks for now.

    `detail` is the API's answer for the instance.
    """
    why = ": ".join(part for part in (detail["reason"], detail["message"]) if part) or "not visited yet"
    if detail["removed_at"]:
        return Failed(f"its manifest was removed ({why})")
    stalled = next((item for item in detail["conditions"] if item["type"] == "Stalled"), None)
    considered = detail["digests"]["desired_source"] == detail["digests"]["source"]
    if stalled and (considered or stalled["reason"] == "InvalidManifest"):
        return Failed(f"{stalled['reason']}: {stalled['message']}")
    if detail["suspended"] and not detail["current"]:
        return Failed("it is suspended: resume it with `reconciler resume`")
    if detail["reason"] == "StateLost":
        return Failed(why)
    if detail["reason"] in _NEEDS_OPERATOR and not detail["current"]:
        return Failed(why)
    if not detail["current"]:
        return Waiting(why)
    if detail["reason"] in _BAD_ROLLOUTS:
        return Failed(why)
    return Live() if is_live(detail) else Waiting(why)


def wait(
    key: KeyText,
    /,
    *,
    commit: Annotated[str, Parameter(help="A commit, or a revision that the Git repository in this folder resolves.")],
    timeout: Annotated[str, Parameter(help="How long to wait, such as 90s or 15m.")] = "30m",
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Wait until one instance is applied and healthy at a commit or a later one. For CI.

    Exits 1 with the reason as soon as the instance fails, or at the timeout.

    Example: `reconciler wait develop/orders --commit $(git rev-parse HEAD) --timeout 15m`
    """
    name, limit, wanted = read_key(key), _duration(timeout), _resolve(commit)
    daemon = options.daemon()
    seen: set[str] = set()

    def poll() -> tuple[Verdict, dict[str, Any] | None]:
        source = daemon.get("/api/v1/source", limit=1)
        known = source["commit"] or ""
        if known not in seen and not _includes(known, wanted):
            at = f"at {short_commit(known)}" if known else "at no commit yet"
            error = f": {source['error']}" if source["error"] else ""
            return Waiting(f"the daemon is {at}, not at {short_commit(wanted)}{error}"), None
        seen.add(known)
        detail = daemon.get(instance_path(name))
        return verdict(detail), detail

    _finish(name, _until_live(poll, limit, name), output)


def reconcile(
    key: KeyText,
    /,
    *,
    wait: Annotated[
        bool, Parameter(negative=(), help="Wait until the instance is applied and healthy, or has failed.")
    ] = False,
    timeout: Annotated[str, Parameter(help="How long to wait, such as 90s or 15m.")] = "30m",
    override_window: Annotated[
        bool, Parameter(negative=(), help="Apply outside the change windows in one pass; needs --reason.")
    ] = False,
    from_empty: Annotated[
        bool,
        Parameter(negative=(), help="Create an instance whose state is lost anew, from an empty one; needs --reason."),
    ] = False,
    reason: Why = None,
    output: Output = "table",
    options: Connected = CONNECTED,
) -> None:
    """Reconcile one instance now, before its interval is over, and reset its failures.

    The instance is promoted to a changed Terraform root ahead of others that wait for it. Approval, freeze, policy and
    suspension apply with --override-window too. With --from-empty, resources that still exist are created twice.

    Example: `reconciler reconcile develop/orders --wait`
    """
    daemon, name, limit = options.daemon(), read_key(key), _duration(timeout)
    if (override_window or from_empty) and reason is None:
        message = "--override-window and --from-empty need a reason: add --reason"
        raise CommandFailed(message, code=Exit.INVALID)
    why = {"override_window": reason if override_window else None, "from_empty": reason if from_empty else None}
    why |= {"reason": reason}
    requested = request(daemon, name, "reconcile", **why)
    if not wait:
        print_json(requested) if output == "json" else print_line(f"{name}: reconcile requested")
        return

    def poll() -> tuple[Verdict, dict[str, Any] | None]:
        detail = daemon.get(instance_path(name))
        failed_since = detail["failures"] is not None
        busy = any(item["type"] == "Reconciling" for item in detail["conditions"])
        if detail["requested_at"] or busy:
            return Waiting("the requested pass has not ended"), detail
        found = verdict(detail)
        return (Failed(found.reason) if failed_since and isinstance(found, Waiting) else found), detail

    _finish(name, _until_live(poll, limit, name), output)


def _until_live(
    poll: Callable[[], tuple[Verdict, dict[str, Any] | None]], limit: timedelta, key: "Key"
) -> dict[str, Any]:
    """Poll until the instance is live. Returns its detail. A daemon that restarts in the meantime is waited for.

    Raises: CommandFailed when the instance fails or at the limit, DaemonUnreachable when no daemon answered at all.
    """
    deadline = time.monotonic() + limit.total_seconds()
    last, reached = "", False
    with progress() as report:
        while True:
            try:
                found, detail = poll()
                reached = True
            except DaemonUnreachable as unreachable:
                if not reached:
                    raise
                found, detail = Waiting(str(unreachable)), None
            if isinstance(found, Live) and detail is not None:
                return detail
            reason = found.reason if isinstance(found, Failed | Waiting) else ""
            if isinstance(found, Failed):
                raise CommandFailed(f"{key} failed: {reason}")
            if time.monotonic() >= deadline:
                raise CommandFailed(f"{key} was not live before the timeout: {reason}")
            if reason != last:
                report(f"{key}: {reason}")
                last = reason
            time.sleep(_POLL)


def _finish(key: "Key", detail: dict[str, Any], output: Output) -> None:
    if output == "json":
        print_json(detail)
    else:
        print_line(f"{key}: live and healthy at {short_commit(detail['applied_commit'])}")


def _duration(text: str) -> timedelta:
    from reconciler.config.values import read_duration

    try:
        return read_duration(text)
    except ValueError as error:
        raise CommandFailed(f"--timeout: {text!r} {error}", code=Exit.INVALID) from None


def _resolve(revision: str) -> str:
    """Return the full commit as Git resolves it, else the revision itself if it has the form of a commit.

    Raises: CommandFailed.
    """
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if found:
        return found
    if re.fullmatch(r"[0-9a-f]{7,64}|worktree-[0-9a-f]+", revision):
        return revision
    message = f"{revision!r} is not a commit, and no Git repository in this folder resolves it: give a commit"
    raise CommandFailed(message, code=Exit.INVALID)


def _includes(known: str, wanted: str) -> bool:
    if not known:
        return False
    if known.startswith(wanted):
        return True
    # git exits 0 for an ancestor, 1 for no ancestor, 128 when it does not know one of the two commits.
    return _git("merge-base", "--is-ancestor", wanted, known) is not None


def _git(*arguments: str) -> str | None:
    """Return the output of git in this folder; None when it fails or is not installed."""
    from reconciler.edges.source.environ import of_user

    variables = of_user(os.environ)
    try:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, timeout=10, check=False, env=variables
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
