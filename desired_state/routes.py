"""Path patterns of the load balancer, and whether one makes another unreachable.

Two public services of one environment must not compete for a request by accident. In a pattern `*` matches any number
of characters and `?` exactly one.
"""

import re
from typing import Final

_WILDCARDS: Final = re.compile(r"[*?]+")


def covers(wide: str, narrow: str) -> bool:
    """Return whether `wide` matches every path that `narrow` matches.

    `wide` is matched against the text of `narrow`, in which `?` is matched by wildcards only and `*` by `*` only.
    Linear in memory, quadratic in time: patterns are untrusted, and at most 128 characters long."""
    wide, narrow = _normal(wide), _normal(narrow)
    if not narrow.startswith(_WILDCARDS.split(wide, maxsplit=1)[0]):
        return False
    reachable = [True] + [False] * len(narrow)  # reachable[i]: the part of `wide` read so far matches narrow[:i]
    for symbol in wide:
        if symbol == "*":
            first = next((index for index, reached in enumerate(reachable) if reached), len(reachable))
            reachable = [index >= first for index in range(len(reachable))]
        else:
            steps = [reached and _matches(symbol, other) for reached, other in zip(reachable, narrow, strict=False)]
            reachable = [False, *steps]
    return reachable[-1]


def _matches(symbol: str, other: str) -> bool:
    return other != "*" if symbol == "?" else symbol == other


def _normal(pattern: str) -> str:
    """Rewrite every run of wildcards as its `?`s followed by at most one `*`, which matches the same paths."""
    return _WILDCARDS.sub(lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), pattern)
