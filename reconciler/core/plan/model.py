"""A Terraform plan as a redacted value: changes, drift, outputs, checks, and the summary that a record keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.plan.outside.schema import ResourceSchemas
from reconciler.core.plan.paths import head
from reconciler.core.plan.summary import (
    IMPORT,
    NO_OP,
    READDRESS,
    Attributes,
    FailedCheck,
    PlanSummary,
    ResourceSummary,
    notes,
    phrase,
)

UNKNOWN = "(known after apply)"


@dataclass(frozen=True, slots=True)
class Change:
    """The planned change of one resource, redacted.

    `attributes` maps a path to its old and new value; `before` and `after` are the whole resource, {} where there is
    none. `watched` are attributes that other resources of the state account for. `imports` is the id of an existing
    resource that would be adopted, `previous` its former address, `deposed` the key of an object that an unfinished
    replacement left beside the present one, `reason` Terraform's word for why. `fingerprint` covers all of it.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    replace_paths: tuple[str, ...]
    attributes: Attributes
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    watched: frozenset[str] = frozenset()
    imports: str | None = None
    previous: str | None = None
    deposed: str | None = None
    reason: str | None = None
    fingerprint: str = ""

    @property
    def deletes(self) -> bool:
        """Return whether this is a destroy or a replacement that destroys."""
        return "delete" in self.actions

    @property
    def is_bookkeeping(self) -> bool:
        """Return whether the state forgets the resource, or an object of it goes that a replacement left behind."""
        return self.actions == ("forget",) or self.deposed is not None

    def summary(self) -> ResourceSummary:
        """Return the part that readers see; an import or a move comes first."""
        first = [*([IMPORT] if self.imports is not None else []), *([READDRESS] if self.previous else [])]
        actions = (*first, *(action for action in self.actions if not (first and action == NO_OP)))
        imported = {IMPORT: (None, self.imports)} if self.imports is not None else {}
        said = notes(
            self.actions,
            previous=self.previous,
            deposed=self.deposed,
            reason=self.reason,
            because_of=self.replace_paths,
        )
        return ResourceSummary(self.address, actions, {**imported, **self.attributes}, said)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: `changes` of resources, what changed outside of Terraform (`drift`), and changed `outputs`.

    `values` are the outputs that are known and not sensitive, `existing` the number of resources in the state.
    `imports` are existing resources that would be adopted; those that would be changed by it are in `changes` too.
    `readdressed` are resources that only get another address. `others` are entries that are no change of a resource:
    invoked actions and what is deferred. `applyable` is Terraform's own word, None from versions that do not say it.
    `partial` says why the plan is not the whole one, `checks` are those that failed.
    `providers` are their versions as a text, `schemas` those of the types in `drift`.
    """

    changes: tuple[Change, ...]
    drift: tuple[Change, ...]
    outputs: tuple[ResourceSummary, ...]
    values: Mapping[str, Any]
    existing: int
    digest: str
    imports: tuple[Change, ...] = ()
    readdressed: tuple[Change, ...] = ()
    others: tuple[ResourceSummary, ...] = ()
    applyable: bool | None = None
    partial: str | None = None
    checks: tuple[FailedCheck, ...] = ()
    warnings: tuple[str, ...] = ()
    providers: str = ""
    schemas: ResourceSchemas = field(default_factory=ResourceSchemas)

    @property
    def is_empty(self) -> bool:
        """Return whether an apply would change nothing, not even the state or an output."""
        return self.applyable is False or not entries(self)

    @property
    def has_bookkeeping(self) -> bool:
        """Return whether it moves or forgets resources, or destroys what a replacement left: that follows from Git or
        from an apply, and never from a change outside.
        """
        return bool(self.readdressed) or any(change.is_bookkeeping or change.previous for change in self.changes)


def summarise(plan: Plan, *, drift: Iterable[Change], now: Any) -> PlanSummary:
    """Return the plan as a record stores it."""
    return PlanSummary(
        digest=plan.digest,
        changes=entries(plan),
        drift=tuple(change.summary() for change in drift),
        at=now,
        checks=plan.checks,
        warnings=plan.warnings,
    )


def entries(plan: Plan) -> tuple[ResourceSummary, ...]:
    """Return everything that a plan would do, imports and moved resources first; a changed output is an entry too."""
    others = (change for change in plan.changes if change.imports is None)
    resources = (*plan.imports, *plan.readdressed, *others)
    return (*(change.summary() for change in resources), *plan.others, *plan.outputs)


def describe(plan: Plan) -> str:
    """Describe a plan in a phrase: `2 to create, 1 to update`."""
    return phrase(entry.actions for entry in entries(plan))


def spots(resources: Iterable["ResourceSummary | Change"]) -> frozenset[str]:
    """Return where a difference is: a resource that is gone or new, or an attribute of one, without its place in a
    list.
    """
    return frozenset(
        f"{item.address} {head(path)}" if path else item.address
        for item in resources
        for path in (item.attributes if item.actions == ("update",) and item.attributes else [""])
    )
