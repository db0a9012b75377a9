"""Entries of a plan document: changes of resources, outputs, invoked actions, and what is deferred; and its checks.

Each entry comes with a fingerprint over what its readers see, values with their types.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.plan.differences import Difference, fingerprint, found, shown
from reconciler.core.plan.model import UNKNOWN, Change
from reconciler.core.plan.paths import written
from reconciler.core.plan.summary import DEFER, INVOKE, NO_OP, OUTPUT, FailedCheck, ResourceSummary, notes
from reconciler.core.plan.values import Reader, without_images

_Document = Mapping[str, Any]
Fingerprinted = tuple[ResourceSummary, str]


class UnreadablePlan(ValueError):
    """A document that is no plan, or one of a format that is not known here."""


def changes(document: _Document, where: str, reader: Reader, *, pipeline_image: bool = False) -> Iterator[Change]:
    """Yield the changes of managed resources in one list of the document. Raises: UnreadablePlan.

    A resource to which nothing happens is left out, unless it is adopted or gets another address.
    """
    for entry in document.get(where) or ():
        if missing := [name for name in ("address", "type", "change") if name not in entry]:
            raise UnreadablePlan(f"an entry of {where} has no {missing[0]}: Terraform 1.1 and later write one")
        if entry.get("mode") != "data" and _happens(entry):
            yield _change(entry, reader, pipeline_image=pipeline_image)


def reads_data(document: _Document) -> bool:
    """Return whether an apply reads data sources.

    Those within a `check` block are read by each apply, so that Terraform calls each plan of such a root applicable.
    """
    return any(entry.get("mode") == "data" for entry in document.get("resource_changes") or ())


def outputs(document: _Document, reader: Reader) -> Iterator[Fingerprinted]:
    """Yield each changed output; a sensitive value is a mark, which changes with the value."""
    for name, change in sorted((document.get("output_changes") or {}).items()):
        if change.get("actions") not in ([NO_OP], None):
            yield _entry(f"output.{name}", (OUTPUT,), found(*reader.sides(change, name), ("value",)))


def invocations(document: _Document, reader: Reader) -> Iterator[Fingerprinted]:
    """Yield each action that an apply invokes, with its arguments."""
    for invoked in document.get("action_invocations") or ():
        yield _invocation(invoked, (INVOKE,), _triggers(invoked, reader), reader)


def deferred(document: _Document, reader: Reader) -> Iterator[Fingerprinted]:
    """Yield what Terraform leaves to a later plan, with the reason."""
    for later in document.get("deferred_changes") or ():
        change = _change(later["resource_change"], reader)
        said = (*notes(change.actions, reason=later.get("reason")), *change.summary().notes)
        told = replace(change.summary(), actions=(DEFER, *change.actions), notes=said)
        yield told, fingerprint(change.fingerprint, said)
    for later in document.get("deferred_action_invocations") or ():
        said = notes((), reason=later.get("reason"))
        yield _invocation(later["action_invocation"], (DEFER, INVOKE), said, reader)


def failed_checks(document: _Document, reader: Reader) -> Iterator[FailedCheck]:
    """Yield the checks that do not hold, or could not be evaluated. One that is not known yet has not failed."""
    for check in document.get("checks") or ():
        for instance in check.get("instances") or [check]:
            if (status := instance.get("status")) in {"fail", "error"}:
                address = (instance.get("address") or {}).get("to_display") or check["address"]["to_display"]
                problems = (reader.message(problem.get("message", "")) for problem in instance.get("problems") or ())
                yield FailedCheck(reader.name(address), status, tuple(problems))


def _happens(entry: _Document) -> bool:
    change = entry["change"]
    actions = change.get("actions")
    return actions not in ([NO_OP], ["read"]) or (
        actions == [NO_OP] and (change.get("importing") is not None or entry.get("previous_address") is not None)
    )


def _change(entry: _Document, reader: Reader, *, pipeline_image: bool = False) -> Change:
    change, previous = entry["change"], entry.get("previous_address")
    before, after = reader.sides(change)
    differences = tuple(found(before, after))
    hashed = found(without_images(before), without_images(after)) if pipeline_image else differences
    read = Change(
        address=reader.name(entry["address"]),
        type=entry["type"],
        actions=tuple(change["actions"]),
        replace_paths=tuple(sorted(_path(path, reader) for path in change.get("replace_paths") or ())),
        attributes=shown(_opened(differences, reader)),
        before=before or {},
        after=after or {},
        imports=_imported(change.get("importing"), reader),
        previous=None if previous is None else reader.name(previous),
        deposed=entry.get("deposed"),
        reason=entry.get("action_reason"),
    )
    return replace(read, fingerprint=_of(read.summary(), hashed, read.imports))


def _opened(differences: Iterable[Difference], reader: Reader) -> Iterator[Difference]:
    """Yield differences as readers see them, with the environment variables that Git says in the open."""
    for steps, old, new in differences:
        names = [step for step in steps if isinstance(step, str)]
        name = "" if not names else names[-2] if names[-1] == "value" and len(names) > 1 else names[-1]
        yield steps, reader.opened.shown(name, old), reader.opened.shown(name, new)


def _path(path: Iterable[Any], reader: Reader) -> str:
    return written([reader.name(step) if isinstance(step, str) else step for step in path])


def _imported(importing: Any, reader: Reader) -> str | None:
    """Return the id of an adopted resource, or its identity (Terraform 1.12); None when nothing is adopted."""
    if importing is None:
        return None
    if identity := importing.get("identity"):
        return ", ".join(f"{name}={value}" for name, value in sorted(reader.value(identity, False).items()))
    return str(reader.value(importing.get("id", UNKNOWN), False))


def _invocation(invoked: _Document, actions: tuple[str, ...], said: tuple[str, ...], reader: Reader) -> Fingerprinted:
    hidden, unknown = invoked.get("config_sensitive", False), invoked.get("config_unknown", False)
    arguments = reader.value(invoked.get("config_values"), hidden, unknown)
    return _entry(reader.name(invoked["address"]), actions, found(None, arguments), said)


def _triggers(invoked: _Document, reader: Reader) -> tuple[str, ...]:
    trigger = invoked.get("lifecycle_action_trigger") or {}
    address = trigger.get("triggering_resource_address")
    return (f"{trigger.get('action_trigger_event')} of {reader.name(address)}",) if address else ()


def _entry(
    address: str, actions: tuple[str, ...], differences: Iterable[Difference], said: tuple[str, ...] = ()
) -> Fingerprinted:
    listed = tuple(differences)
    entry = ResourceSummary(address, actions, shown(listed), said)
    return entry, _of(entry, listed)


def _of(entry: ResourceSummary, differences: Iterable[Difference], imports: str | None = None) -> str:
    return fingerprint(entry.address, entry.actions, entry.notes, imports, differences=differences)
