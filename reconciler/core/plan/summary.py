"""A plan as a record keeps it and readers see it: its entries, and the words for what they do.

The actions of an entry are Terraform's (`create`, `update`, `delete`, `forget`), and ours for what Terraform says in
other fields of its format (https://developer.hashicorp.com/terraform/internals/json-format).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, get_args

Attributes = Mapping[str, tuple[Any, Any]]  # old and new value by path
Operation = Literal["import", "move", "create", "update", "replace", "destroy", "forget", "invoke", "defer"]

NO_OP: Final = "no-op"
IMPORT: Final = "import"  # `importing` of a change
READDRESS: Final = "move"  # `previous_address` of a change
INVOKE: Final = "invoke"  # an entry of `action_invocations`
DEFER: Final = "defer"  # an entry of `deferred_changes` or `deferred_action_invocations`
OUTPUT: Final = "output"  # an entry of `output_changes`
UNNAMED: Final = "unnamed"  # `applyable` is true, and no field that is read here says why

_SPECIAL: Final[tuple[Literal["defer", "invoke", "output", "unnamed"], ...]] = (DEFER, INVOKE, OUTPUT, UNNAMED)
_REASONS: Mapping[str, str] = {
    "replace_because_cannot_update": "cannot be updated in place",
    "replace_because_tainted": "is tainted",
    "replace_by_request": "its replacement was requested",
    "replace_by_triggers": "`replace_triggered_by` asks for it",
    "delete_because_no_resource_config": "is not in the root any more",
    "delete_because_wrong_repetition": "`count` or `for_each` came or went",
    "delete_because_count_index": "its index is beyond `count`",
    "delete_because_each_key": "its key is not in `for_each` any more",
    "delete_because_no_module": "its module is not in the root any more",
    "delete_because_no_move_target": "was moved to an address that is not in the root",
    "instance_count_unknown": "`count` or `for_each` is not known yet",
    "resource_config_unknown": "its arguments are not known yet",
    "provider_config_unknown": "its provider's arguments are not known yet",
    "deferred_prereq": "what it depends on is deferred",
    "absent_prereq": "what it depends on does not exist yet",
}


@dataclass(frozen=True, slots=True)
class ResourceSummary:
    """One entry of a plan or of drift, redacted: `attributes` maps a path to its old and new value.

    `notes` explain it: its former address, why it is replaced, which object of it.
    """

    address: str
    actions: tuple[str, ...]
    attributes: Attributes
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A `check` block of a root that does not hold (`fail`) or cannot be evaluated (`error`), with its messages."""

    address: str
    status: str
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The last plan as readers see it; redacted. `checks` are the failed ones, `warnings` are Terraform's.

    `applied_at`: nothing of it is left to apply.
    """

    digest: str
    changes: tuple[ResourceSummary, ...]
    drift: tuple[ResourceSummary, ...]
    at: datetime
    checks: tuple[FailedCheck, ...] = ()
    warnings: tuple[str, ...] = ()
    applied_at: datetime | None = None


def operation(actions: Iterable[str]) -> Operation | Literal["output", "unnamed"]:
    """Return the actions of an entry as one word; an imported resource that is replaced at once counts as replaced."""
    present = set(actions) - {NO_OP}
    for special in _SPECIAL:
        if special in present:
            return special
    if "create" in present and present & {"delete", "forget"}:
        return "replace"
    if "delete" in present:
        return "destroy"
    if "forget" in present:
        return "forget"
    if IMPORT in present:
        return "import"
    if present == {READDRESS}:
        return "move"
    return "create" if "create" in present else "update"


def counts(entries: Iterable[Iterable[str]]) -> dict[Operation, int]:
    """Count the operations of entries, of which each is a list of actions. Outputs are not counted."""
    found = [operation(actions) for actions in entries]
    return {name: found.count(name) for name in get_args(Operation)}


def phrase(entries: Iterable[Iterable[str]]) -> str:
    """Describe entries by their actions: `2 to create, 1 to update`; without resources, what else changes."""
    listed = [tuple(actions) for actions in entries]
    if counted := ", ".join(f"{count} to {name}" for name, count in counts(listed).items() if count):
        return counted
    if any(operation(actions) == OUTPUT for actions in listed):
        return "outputs change"
    return "changes that Terraform does not name" if listed else "no changes"


def notes(
    actions: Sequence[str],
    *,
    previous: str | None = None,
    deposed: str | None = None,
    reason: str | None = None,
    because_of: Sequence[str] = (),
) -> tuple[str, ...]:
    """Explain an entry in phrases. `because_of` are the attributes that force a replacement."""
    found = [f"moved from {previous}"] if previous else []
    if deposed:
        found.append(f"deposed object {deposed}, left by a replacement that did not end")
    if "forget" in actions:
        found.append("the old object stays" if "create" in actions else "stays in AWS, Terraform forgets it")
    if reason:
        said = _REASONS.get(reason, reason.replace("_", " "))
        found.append(f"{said}: {', '.join(because_of)}" if because_of else said)
    elif because_of:
        found.append(f"replaced because of {', '.join(because_of)}")
    return tuple(found)
