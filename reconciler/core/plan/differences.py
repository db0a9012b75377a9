"""Differences between two redacted values, exactly for the digest of a plan and in short for its readers.

`found` is exact: an absent value, null, an empty mapping, true and 1 all differ, and each path is a tuple of steps.
`shown` is made of the same differences, so nothing is hashed that no reader sees, and nothing is shown that no approval
covers. In it an absent value reads as null, and what is created or removed as a whole is listed by attribute.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from reconciler.core.plan.equivalence import identical, same_document
from reconciler.core.plan.paths import Step, written
from reconciler.core.plan.summary import Attributes

_LONGEST = 400


class _Absent(Enum):
    ABSENT = "(absent)"


_ABSENT: Final = _Absent.ABSENT
Difference = tuple[tuple[Step, ...], Any, Any]


def found(old: Any, new: Any, steps: tuple[Step, ...] = ()) -> Iterator[Difference]:
    """Yield the innermost places at which two values differ, with both values."""
    if identical(old, new) or same_document(old, new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from found(old.get(name, _ABSENT), new.get(name, _ABSENT), (*steps, name))
    elif _are_blocks(old) and _are_blocks(new) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from found(before, after, (*steps, index))
    else:
        yield steps, old, new


def shown(differences: Iterable[Difference]) -> Attributes:
    """Return old and new values by path, as readers see them."""
    listed: dict[str, tuple[Any, Any]] = {}
    for steps, old, new in differences:
        inner = dict(_opened(steps, old, new))
        if inner or not steps:
            listed |= inner
        else:
            listed[written(steps)] = _told(old, new)
    return listed


def fingerprint(*parts: Any, differences: Iterable[Difference] = ()) -> str:
    """Return a hash over JSON values and differences, each with its type."""
    places = [[list(steps), _exactly(old), _exactly(new)] for steps, old, new in differences]
    canonical = json.dumps([parts, places], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _exactly(value: Any) -> list[Any]:
    return [] if value is _ABSENT else [value]


def _opened(steps: tuple[Step, ...], old: Any, new: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield what a mapping contains where the other side has nothing, and other values as they are."""
    left, right = (value if isinstance(value, Mapping) else {} for value in (old, new))
    if (left or right) and _opens(old) and _opens(new):
        for name in sorted({*left, *right}):
            yield from _opened((*steps, name), left.get(name), right.get(name))
    elif _plain(old) is not None or _plain(new) is not None:
        yield written(steps), (_short(_plain(old)), _short(_plain(new)))


def _opens(value: Any) -> bool:
    return isinstance(value, Mapping) or _plain(value) is None


def _told(old: Any, new: Any) -> tuple[Any, Any]:
    """Return both values where nothing tells them apart but that one of them is absent, or that one is empty."""
    before, after = (value.value if value is _ABSENT else _short(value) for value in (old, new))
    return before, after


def _plain(value: Any) -> Any:
    return None if value is _ABSENT else value


def _are_blocks(value: Any) -> bool:
    """Return whether it is a list of mappings, which are compared by position; a list of plain values is one value."""
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST:
        digest = hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()[:12]
        return f"{value[:_LONGEST]}… ({len(value)} characters, sha256 {digest})"
    return value
