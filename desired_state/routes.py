"""Load balancer path patterns: which requests a pattern takes from another.

The rule: two public services of one environment never compete for a request by accident.
`*` stands for any run of characters, `?` for one.
"""

import re
from typing import Final

_WILDCARDS: Final = re.compile(r"[*?]+")


def covers(wide: str, narrow: str) -> bool:
    """Does the first pattern match everything that the second one matches?

    The second pattern is matched like a text whose `?` only a wildcard takes and whose `*` only a `*` takes.
    Linear in memory, quadratic in time: patterns are untrusted, and at most 128 characters long."""
    wide, narrow = _normal(wide), _normal(narrow)
    if not narrow.startswith(_WILDCARDS.split(wide, maxsplit=1)[0]):
        return False
    reachable = [True] + [False] * len(narrow)  # reachable[i]: the part of `wide` so far takes narrow[:i]
    for symbol in wide:
        if symbol == "*":
            first = next((index for index, there in enumerate(reachable) if there), len(reachable))
            reachable = [index >= first for index in range(len(reachable))]
        else:
            steps = [there and _takes(symbol, other) for there, other in zip(reachable, narrow, strict=False)]
            reachable = [False, *steps]
    return reachable[-1]


def _takes(symbol: str, other: str) -> bool:
    return other != "*" if symbol == "?" else symbol == other


def _normal(pattern: str) -> str:
    """The same pattern with every run of wildcards as `?`s and at most one `*` after them."""
    return _WILDCARDS.sub(lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), pattern)
