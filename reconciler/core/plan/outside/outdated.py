"""Attributes of which only the state has an old value: AWS is as the root says, or the provider did not read them yet.

Two proofs are taken. The root, planned against the stored state, asks for the very value that was found in AWS: then
the state alone is behind. Or the state has no value at all and was written with another version of the provider: then
that version may not have known the attribute (`region` of every resource in the provider's version 6).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.plan.equivalence import both_nothing, same_document
from reconciler.core.plan.model import UNKNOWN, Change, Plan
from reconciler.core.plan.paths import head, steps


def split(
    moved: Iterable[Change], of_state: Plan | None, plan: Plan, *, other_provider: bool
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Split what changed outside into real moves, and what only the state does not know.

    `of_state` is the plan of the root against the stored state, None when it was not made. `other_provider`: the state
    was written with another version of the provider, or with an unknown one.
    """
    pairs = [(change, _outdated(change, of_state, plan, other_provider=other_provider)) for change in moved]
    return tuple(_halves(pairs, outdated=False)), tuple(_halves(pairs, outdated=True))


def _halves(pairs: Iterable[tuple[Change, frozenset[str]]], *, outdated: bool) -> Iterator[Change]:
    for change, paths in pairs:
        mine = {path: values for path, values in change.attributes.items() if (path in paths) is outdated}
        if mine or (change.deletes and not outdated):
            yield replace(change, attributes=mine)


def _outdated(change: Change, of_state: Plan | None, plan: Plan, *, other_provider: bool) -> frozenset[str]:
    if change.deletes:
        return frozenset()
    wanted = next((each for each in of_state.changes if each.address == change.address), None) if of_state else None
    return frozenset(
        path
        for path, (old, _) in change.attributes.items()
        if (wanted and _asks_for_what_was_found(head(path), wanted, change))
        or (other_provider and old is None and plan.schemas.is_attribute(change.type, steps(path)))
    )


def _asks_for_what_was_found(attribute: str, wanted: Change, found: Change) -> bool:
    asked = any(head(path) == attribute for path in wanted.attributes)
    return asked and not wanted.deletes and _agree(wanted.after.get(attribute), found.after.get(attribute))


def _agree(wanted: Any, found: Any) -> bool:
    """Return whether a value in AWS is the one that a plan wants; what is known only after an apply may be any."""
    if wanted in (UNKNOWN, found) or both_nothing(wanted, found) or same_document(wanted, found):
        return True
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(_agree(wanted.get(name), found.get(name)) for name in {*wanted, *found})
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        left = list(found)
        for value in wanted:
            match = next((index for index, other in enumerate(left) if _agree(value, other)), None)
            if match is None:
                return False
            left.pop(match)
        return True
    return False
