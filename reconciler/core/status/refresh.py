"""Refreshes: applies of an empty plan that only let the state learn what is in AWS, and the provider that wrote it."""

from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.record.model import Record, StateWriter


def written(record: Record, providers: str) -> Record:
    """Return the record after an apply with these providers wrote the state."""
    known = record.writer
    if not providers or (known and known.providers == providers):
        return record
    return record.replace(writer=StateWriter(providers))


def refreshed(record: Record, providers: str) -> Record:
    """Return the record after a refresh with these providers; empty: there was none."""
    return record.replace(writer=StateWriter(providers, refreshed=True)) if providers else record


def may_be_outdated(record: Record, plan: Plan) -> bool:
    """Return whether the state was written with other versions of the providers, or with unknown ones."""
    return bool(plan.providers) and (record.writer is None or record.writer.providers != plan.providers)


def is_due(record: Record, plan: Plan, finding: DriftFinding) -> bool:
    """Return whether the state alone is behind, and was not refreshed yet with these versions of the providers."""
    if not finding.outdated or finding.unexplained or not plan.is_empty:
        return False
    return may_be_outdated(record, plan) or (record.writer is not None and not record.writer.refreshed)
