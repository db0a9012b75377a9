"""Which instances may take a changed root tree: few at a time, lower tiers first, none after the first failure."""

from collections.abc import Iterable, Iterator, Mapping

from desired_state.instance import Key
from reconciler.core.decide.consent import effective_mode
from reconciler.core.environment import Environment
from reconciler.core.record.model import Record
from reconciler.core.status.promotion import admitted, failed_with_tree, settled, wants_tree
from reconciler.core.vocabulary import Reason
from reconciler.core.wording import first_few

_TIERS = {"develop": 0, "test": 1, "qa": 2, "prod": 3}


_NAMED = 3


def reason_to_wait(
    record: Record, records: Mapping[Key, Record], environments: Mapping[str, Environment], *, max_in_flight: int
) -> str | None:
    """Return why this instance may not take the tree that Git asks for now; None when it may, or has it already.

    `reconciler reconcile` lets a single instance through, whatever the state of the others.
    """
    environment = environments.get(record.key.environment)
    if environment is None or not wants_tree(record) or _is_asked(record) or _never_applies(record, environment):
        return None
    others = list(_others(record, records.values(), environments))
    return (
        _dependency(record, records)
        or _failed(others)
        or (None if admitted(record) else _lower_tiers(environment, others, environments))
        or _full(others, environments, max_in_flight)
    )


def in_flight(record: Record, environment: Environment) -> bool:
    """Return whether the instance is on its way to the tree that Git asks for."""
    promoted = record.promoted
    if promoted is None or not admitted(record) or promoted.settled or promoted.asked:
        return False
    return not (wants_tree(record) and _never_applies(record, environment))


def _others(record: Record, records: Iterable[Record], environments: Mapping[str, Environment]) -> Iterator[Record]:
    """Yield the other instances that Git asks to run the same tree, without removed ones and unknown environments."""
    for other in records:
        same = (other.instance.root, other.instance.tree_id) == (record.instance.root, record.instance.tree_id)
        if same and other.key != record.key and other.removed is None and other.key.environment in environments:
            yield other


def _never_applies(record: Record, environment: Environment) -> bool:
    """Return whether its own settings keep the instance from applying, so that no other instance waits for it."""
    stopped = record.suspended or environment.floor.suspends(record.instance.policy)
    stopped = stopped or record.reason == Reason.TENANT_DENIED
    return stopped or effective_mode(record.instance.policy, environment) == "observe"


def _is_asked(record: Record) -> bool:
    return record.requested_at is not None or (
        admitted(record) and record.promoted is not None and record.promoted.asked
    )


def _dependency(record: Record, records: Mapping[Key, Record]) -> str | None:
    for key in sorted(record.instance.depends_on):
        other = records.get(key)
        if other and other.promoted and other.promoted.held:
            return f"{key} is held back from its new Terraform tree and goes first"
    return None


def _failed(others: Iterable[Record]) -> str | None:
    names = _listed(other for other in others if failed_with_tree(other))
    if not names:
        return None
    return f"stopped: {names} failed with this Terraform tree. Fix it, move the ref, or let this one through"


def _lower_tiers(
    environment: Environment, others: Iterable[Record], environments: Mapping[str, Environment]
) -> str | None:
    tier = _TIERS[environment.tier]
    first = (
        other
        for other in others
        if _TIERS[environments[other.key.environment].tier] < tier
        and not settled(other)
        and not (wants_tree(other) and _never_applies(other, environments[other.key.environment]))
    )
    names = _listed(first)
    return f"{names} of a lower tier goes first with this Terraform tree" if names else None


def _full(others: Iterable[Record], environments: Mapping[str, Environment], max_in_flight: int) -> str | None:
    flying = [other for other in others if in_flight(other, environments[other.key.environment])]
    if len(flying) < max_in_flight:
        return None
    return f"{len(flying)} are on their way to this Terraform tree ({_listed(flying)}): `rollout.max_in_flight`"


def _listed(records: Iterable[Record]) -> str:
    """List a few of them by name, and count the rest."""
    names = sorted(f"{record.key}{f' ({record.reason})' if record.reason else ''}" for record in records)
    return first_few(names, _NAMED)
