"""A Terraform plan as a redacted value: changes, drift, outputs, and the summary that a record keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

UNKNOWN = "(known after apply)"
IMPORT = "import"
_NOTHING = ("no-op",)

Operation = Literal["import", "create", "update", "replace", "destroy"]


@dataclass(frozen=True, slots=True)
class ResourceSummary:
    """One resource of a plan or of drift, redacted: `attributes` maps a path to its old and new value."""

    address: str
    actions: tuple[str, ...]
    attributes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The last plan as readers see it; redacted."""

    digest: str
    changes: tuple[ResourceSummary, ...]
    drift: tuple[ResourceSummary, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """The planned change of one resource, redacted.

    `attributes` maps a dotted path to its old and new value; `before` and `after` are the whole resource, {} where
    there is none. `watched` are attributes that other resources of the state account for. `imports` is the id of an
    existing resource that would be adopted.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    replace_paths: tuple[str, ...]
    attributes: Mapping[str, tuple[Any, Any]]
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    imports: str | None = None

    @property
    def deletes(self) -> bool:
        """Return whether this is a destroy or either kind of replacement."""
        return "delete" in self.actions

    def summary(self) -> ResourceSummary:
        """Return the part that readers see; an import comes first."""
        if self.imports is None:
            return ResourceSummary(self.address, self.actions, self.attributes)
        actions = tuple(action for action in self.actions if action != "no-op")
        return ResourceSummary(self.address, (IMPORT, *actions), {IMPORT: (None, self.imports), **self.attributes})


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: `changes`, what changed outside of Terraform (`drift`), and the names of changed `outputs`.

    `values` are the outputs that are known and not sensitive, `existing` the number of resources in the state.
    `imports` are existing resources that would be adopted; those that would be changed by it are in `changes` too.
    """

    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: tuple[str, ...]
    values: Mapping[str, Any]
    existing: int
    digest: str
    imports: tuple[Change, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether an apply would change nothing, not even the state or an output."""
        return not self.changes and not self.outputs and not self.imports


def summarise(plan: Plan, *, drift: Iterable[Change], now: Any) -> PlanSummary:
    """Return the plan as a record stores it."""
    return PlanSummary(
        digest=plan.digest,
        changes=tuple(change.summary() for change in everything(plan)),
        drift=tuple(change.summary() for change in drift),
        at=now,
    )


def everything(plan: Plan) -> tuple[Change, ...]:
    """Return all changes of a plan, imports first."""
    return (*plan.imports, *(change for change in plan.changes if change.imports is None))


def describe(plan: Plan) -> str:
    """Describe a plan in a phrase: `2 to create, 1 to update`."""
    return describe_counts(counts(change.summary() for change in everything(plan)))


def describe_counts(counted: Mapping[Operation, int]) -> str:
    """Describe counted operations in a phrase; a plan without any can still change outputs."""
    return ", ".join(f"{count} to {name}" for name, count in counted.items() if count) or "outputs change"


def spots(resources: Iterable["ResourceSummary | Change"]) -> frozenset[str]:
    """Return where a difference is: a resource that is gone or new, or an attribute of one, without its place in a
    list.
    """
    return frozenset(
        f"{item.address} {path.split('.', 1)[0]}" if path else item.address
        for item in resources
        for path in (item.attributes if item.actions == ("update",) and item.attributes else [""])
    )


def operation(actions: Iterable[str]) -> Operation:
    """Return Terraform's action list as one word; an imported resource that is replaced at once counts as replaced."""
    present = set(actions)
    if {"create", "delete"} <= present:
        return "replace"
    if "delete" in present or "forget" in present:
        return "destroy"
    if "import" in present:
        return "import"
    return "create" if "create" in present else "update"


def counts(changes: Iterable[ResourceSummary]) -> dict[Operation, int]:
    """Count the resources that a plan imports, creates, updates, replaces and destroys."""
    found = [operation(change.actions) for change in changes]
    return {name: found.count(name) for name in get_args(Operation)}
