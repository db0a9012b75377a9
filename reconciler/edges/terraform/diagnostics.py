"""Terraform's messages with `-json`, and the reason of a failure that they prove.

One line is one JSON message; other lines are kept as text, because a crash writes no JSON. Summaries are matched by
Terraform's own English words, the only stable names they have. Long messages are cut in the middle, never in the error
that AWS gave: the full text stays in the workspace's log.
"""

import json
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.core.ports.terraform import LockInfo, TerraformFailed
from reconciler.core.status.existing import aws_error, exists_already
from reconciler.core.status.recovery import explain_existing
from reconciler.core.vocabulary import Reason
from reconciler.core.wording import first_few, shortened
from reconciler.edges.state import lock_errors

_MAX_ERRORS = 3
_MAX_LENGTH = 400
_MAX_CAUSE = 600  # of AWS's error alone
_MAX_WORD = 200  # such as an encoded authorization failure
_STALE = "Saved plan is stale"
_LOCKED = ("Error acquiring the state lock", "Error locking state")
_NO_HOLDER = "no holder is named. If the lock exists and no Terraform uses the state, delete `<state>.tflock` by hand"
_LOST_STATE = ("Failed to save state", "Failed to persist state", "Error saving state")
# The S3 backend's words when the object is not the one whose checksum is in the lock table, as for a deleted object.
_OTHER_OBJECT = "does not have the expected content"
_RESTORE = (
    "the state in S3 does not have the expected content: its object is missing, older or damaged, or a Terraform was"
    " killed before it wrote the checksum. Restore the last version of the object; only when that is in place, delete"
    " the item `<bucket>/<state>-md5` of the lock table"
)
# Terraform's words when the lock file has no checksum of the package, as when another platform made the file.
_OTHER_CHECKSUMS = "previously recorded in the dependency lock file"
_PLATFORM = f"{sys.platform}_{'arm64' if platform.machine() in {'aarch64', 'arm64'} else 'amd64'}"
_ADD_CHECKSUMS = (
    f"The file is .terraform.lock.hcl of the root, and this is {_PLATFORM}: add its checksums with"
    f" `terraform providers lock -platform={_PLATFORM}`, with -platform=… once more for each other platform in use,"
    " and commit the file"
)
# Terraform's words when the lock file lacks a provider that the root needs; it is not written for the root.
_NOT_LOCKED = "but the lock file is read-only"
_LOCK_IT = (
    "The .terraform.lock.hcl of the root does not name each provider that the root needs: run `terraform init` in the"
    " root and commit the file"
)
# Summaries that accompany another error and add nothing to it.
_CONSEQUENCES = ("execution halted", "Terraform encountered problems during initialisation")
# Warnings about `check` blocks, of which the plan itself says more.
_OF_CHECKS = "Check block assertion"
_LOCK_FIELD = re.compile(r"^\s*(ID|Who|Operation|Created):\s+(.*?)\s*$", re.MULTILINE)
_FRAME = re.compile(r"\x1b\[[0-9;]*m|[│╷╵]")
_NO_PROVIDER = re.compile(
    r"plugin|provider produced|failed to instantiate provider|does not support (resource type|data source)"
    r"|unavailable desc|error while dialing|error reading from server",
    re.IGNORECASE,
)


class RunFailed(TerraformFailed):
    """A command failed. `provider_lost`: it could succeed with another provider process."""

    def __init__(
        self, reason: Reason, message: str, *, lock: LockInfo | None = None, provider_lost: bool = False
    ) -> None:
        super().__init__(reason, message, lock=lock)
        self.provider_lost = provider_lost


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning. `located`: it points into the configuration, not at a resource."""

    summary: str
    detail: str
    place: str
    located: bool

    @property
    def text(self) -> str:
        """Return all of it on one line."""
        detail = " ".join(self.detail.split())
        text = f"{self.place}: {self.summary}" if self.place else self.summary
        return f"{text}: {detail}" if detail else text

    def __str__(self) -> str:
        return _with_cause(self.text)


@dataclass(frozen=True, slots=True)
class Messages:
    """The messages of a run that matter after its end."""

    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    text: str = ""
    not_created: frozenset[str] = frozenset()

    @property
    def provider_lost(self) -> bool:
        """True when the provider process or its schema failed, not the request."""
        return any(_NO_PROVIDER.search(f"{error.summary} {error.detail}") for error in self.errors)


def read(output: str, errors: str = "") -> Messages:
    """Parse the standard output and standard error of a run."""
    diagnostics: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    outputs: Mapping[str, Any] = {}
    interrupted = False
    text: list[str] = []
    not_created: set[str] = set()
    for message in _messages(output, text):
        match message:
            case {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": str(summary)}}:
                if not summary.startswith(_CONSEQUENCES):
                    diagnostics.append(_diagnostic(message["diagnostic"]))
            case {"type": "apply_errored", "hook": {"action": "create", "resource": {"addr": str(address)}}}:
                not_created.add(address)
            case {"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": str(summary)}}:
                if not summary.startswith(_OF_CHECKS):
                    warnings.append(_diagnostic(message["diagnostic"]))
            case {"type": "outputs", "outputs": dict()}:
                outputs = message["outputs"]
            case {"type": "log", "@message": str(line)} if "Interrupt received" in line:
                interrupted = True
    return Messages(
        tuple(diagnostics),
        tuple(warnings),
        outputs,
        interrupted,
        "\n".join([*text, errors]).strip(),
        frozenset(not_created),
    )


def failure(messages: Messages, otherwise: Reason, *, redact: Callable[[str], str] = str) -> RunFailed:
    """Return the failure of a run with its one reason; `otherwise` when Terraform gives no better one.

    Terraform's text is redacted before it is cut short: a secret that was cut would not be recognised.
    """
    messages = replace(
        messages, errors=tuple(_redacted(error, redact) for error in messages.errors), text=redact(messages.text)
    )
    if of_state := _of_state(messages, otherwise):
        return of_state
    if messages.interrupted:
        return RunFailed(Reason.INTERRUPTED, f"terraform was interrupted: {_summary(messages.errors)}")
    if messages.provider_lost:
        return RunFailed(otherwise, _summary(messages.errors), provider_lost=True)
    if messages.errors and all(error.located for error in messages.errors):
        return RunFailed(Reason.INVALID_CONFIGURATION, _summary(messages.errors))
    if messages.errors:
        return RunFailed(otherwise, _with_remedy(messages))
    if any(locked in messages.text for locked in _LOCKED):  # from a command without JSON output
        return _locked(Diagnostic(_LOCKED[0], _FRAME.sub(" ", messages.text), "", located=False), otherwise)
    return RunFailed(otherwise, _plain(messages.text) or "terraform failed and gave no reason")


def _of_state(messages: Messages, otherwise: Reason) -> RunFailed | None:
    """Return the failure when the state or its lock is the reason."""
    for error in messages.errors:
        if error.summary.startswith(_LOCKED):
            return _locked(error, otherwise)
        if error.summary == _STALE:
            return RunFailed(Reason.STATE_CONFLICT, "the state changed after the plan was made: plan again")
        if error.summary.startswith(_LOST_STATE):
            return RunFailed(Reason.STATE_CONFLICT, str(error))
    if any(_OTHER_OBJECT in text for text in (messages.text, *(f"{e.summary} {e.detail}" for e in messages.errors))):
        return RunFailed(Reason.STATE_LOST, _RESTORE)
    return None


def _redacted(error: Diagnostic, redact: Callable[[str], str]) -> Diagnostic:
    return replace(error, summary=redact(error.summary), detail=redact(error.detail), place=redact(error.place))


def _messages(output: str, text: list[str]) -> Iterator[Mapping[str, Any]]:
    for line in output.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            text.append(line)
            continue
        if isinstance(message, dict):
            yield message


def _diagnostic(found: Mapping[str, Any]) -> Diagnostic:
    place, located = str(found.get("address") or ""), False
    if not place and isinstance(span := found.get("range"), dict):
        located = True
        place = f"{span.get('filename')}:{(span.get('start') or {}).get('line')}"
    return Diagnostic(str(found.get("summary") or ""), str(found.get("detail") or ""), place, located)


def _locked(error: Diagnostic, otherwise: Reason) -> RunFailed:
    found = dict(_LOCK_FIELD.findall(error.detail))
    if "ID" not in found:
        if unwritable := lock_errors.remedy(error.text):
            return RunFailed(otherwise, f"{unwritable}. Terraform could not take the state's lock: {error}")
        return RunFailed(Reason.STATE_LOCKED, f"{error}; {_NO_HOLDER}")
    lock = LockInfo(
        id=found["ID"],
        who=found.get("Who", ""),
        operation=found.get("Operation", ""),
        created=found.get("Created", ""),
    )
    holder = f"the state is locked by {lock.who or 'unknown'} since {lock.created or 'an unknown time'}"
    return RunFailed(Reason.STATE_LOCKED, f"{holder} ({lock.operation or 'unknown operation'}, {lock.id})", lock=lock)


def _summary(errors: Sequence[Diagnostic]) -> str:
    """Return the first few distinct errors."""
    return first_few(dict.fromkeys(str(error) for error in errors), _MAX_ERRORS, separator="; ")


def _with_remedy(messages: Messages) -> str:
    """Return the errors, with the remedy for resources that exist already or for an incomplete lock file."""
    if any(_OTHER_CHECKSUMS in error.detail for error in messages.errors):
        return f"{_summary(messages.errors)}. {_ADD_CHECKSUMS}"
    if any(_NOT_LOCKED in " ".join(error.detail.split()) for error in messages.errors):
        return f"{_summary(messages.errors)}. {_LOCK_IT}"
    failed = [error for error in messages.errors if error.place in messages.not_created]
    found = dict.fromkeys(error.place for error in failed if exists_already(f"{error.summary}: {error.detail}"))
    return f"{_summary(messages.errors)}. {explain_existing(found)}" if found else _summary(messages.errors)


def _plain(text: str) -> str:
    """Return Terraform's framed text as one line. Of a long one, what goes before the first error is left out."""
    line = " ".join(_FRAME.sub(" ", text).split())
    begin = max(line.find("Error: "), 0) if len(line) > _MAX_LENGTH else 0
    return _with_cause(line[begin:])


def _with_cause(text: str) -> str:
    """Shorten an error, before AWS's own error rather than in it."""
    text = re.sub(rf"\S{{{_MAX_WORD + 1},}}", lambda word: shortened(word[0], _MAX_WORD), text)
    found = aws_error(text)
    if found is None:
        return shortened(text, _MAX_LENGTH)
    cause = shortened(text[found.start :], _MAX_CAUSE)
    return shortened(text[: found.start], max(_MAX_LENGTH - len(cause), _MAX_LENGTH // 2)) + cause
