"""Path patterns of the load balancer: whether one makes another unreachable, or competes with it.

Two public services of one environment must not compete for a request by accident. In a pattern `*` matches any number
of characters and `?` exactly one; the case of letters counts, and the query is not compared.
Source: Elastic Load Balancing API reference, PathPatternConditionConfig.
"""

import re
from functools import lru_cache
from typing import Final

_WILDCARDS: Final = re.compile(r"[*?]+")


def covers(wide: str, narrow: str) -> bool:
    """Return whether `wide` matches every path that `narrow` matches.

    `wide` is matched against the text of `narrow`, in which `?` is matched by wildcards only and `*` by `*` only.
    Linear in the length of `wide`: bit `i` of `reached` is set when the part of `wide` read so far matches
    `narrow[:i]`."""
    wide, narrow = _normal(wide), _normal(narrow)
    if not narrow.startswith(start_of(wide)):
        return False
    every, places = 2 ** (len(narrow) + 1) - 1, _places(narrow)
    reached = 1
    for symbol in wide:
        following = (reached & places.get(symbol, 0)) << 1
        reached = every & -(reached & -reached) if symbol == "*" else following
        if not reached:
            return False
    return bool(reached >> len(narrow))


def overlaps(one: str, other: str) -> bool:
    """Return whether there is a path that both patterns match.

    Walks both at once: `reachable` has the positions in `other` at which a path may stand that `one` has matched so
    far. A `*` stays where it is, whatever the other one reads. Quadratic in the length of patterns."""
    one, other = _normal(one), _normal(other)
    first, second = start_of(one), start_of(other)
    if not (first.startswith(second) or second.startswith(first)):
        return False
    reachable = _skip({0}, other)
    for symbol in one:
        if symbol == "*":
            reachable = set(range(min(reachable), len(other) + 1)) if reachable else set()
        else:
            read = {at for at in reachable if at < len(other)}
            stays = {at for at in read if other[at] == "*"}
            reads = {at + 1 for at in read if other[at] != "*" and _meet(symbol, other[at])}
            reachable = _skip(stays | reads, other)
    return len(other) in reachable


def _skip(positions: set[int], pattern: str) -> set[int]:
    """Add the positions after a `*`, which may match nothing; runs of `*` are one (see `_normal`)."""
    return positions | {at + 1 for at in positions if at < len(pattern) and pattern[at] == "*"}


def _meet(symbol: str, other: str) -> bool:
    return symbol == other or "?" in (symbol, other)


def start_of(pattern: str) -> str:
    """Return the text with which every path begins that the pattern matches."""
    return _WILDCARDS.split(pattern, maxsplit=1)[0]


@lru_cache(maxsize=1)
def _places(text: str) -> dict[str, int]:
    """Return a bit for each place of each symbol of a pattern; `?` as a symbol of another one fits at all but `*`."""
    places: dict[str, int] = {}
    for index, symbol in enumerate(text):
        places[symbol] = places.get(symbol, 0) | 1 << index
    return places | {"?": 2 ** len(text) - 1 & ~places.get("*", 0)}


def _normal(pattern: str) -> str:
    """Rewrite every run of wildcards as its `?`s followed by at most one `*`, which matches the same paths."""
    return _WILDCARDS.sub(lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), pattern)
