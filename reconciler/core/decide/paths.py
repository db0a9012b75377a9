"""Paths of rules, each perhaps at a host: which share requests, and which one rule can have together."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

from desired_state.checks.routes import covers, overlaps
from reconciler.core.record.routes import at_hosts, split_host, split_hosts

_WILDCARD = re.compile(r"[*?]")


def fits(paths: tuple[str, ...], room: int) -> bool:
    """Return whether one rule can have these paths and no others: it admits each path at each host."""
    hosts, below = split_hosts(paths)
    return len(hosts) + len(below) <= room and {*at_hosts(hosts, below)} == {*paths}


def overlap(some: Iterable[str], more: Iterable[str]) -> bool:
    """Return whether a request may match a pattern of both."""
    return any(_may_meet(one, other) for one, other in product(some, more))


@lru_cache(maxsize=65_536)
def _may_meet(one: str, other: str) -> bool:
    """Return whether a request may match both paths, at a host of both."""
    (host, path), (other_host, other_path) = split_host(one), split_host(other)
    hosts_meet = not host or not other_host or overlaps(host, other_host)
    return hosts_meet and _patterns_meet(path, other_path)


def _patterns_meet(one: str, other: str) -> bool:
    """Return whether a path may match both patterns. Those that differ before their first wildcards have none."""
    if covers(one, other) or covers(other, one):
        return True
    first, second = (_WILDCARD.split(pattern, maxsplit=1) for pattern in (one, other))
    both = len(first) > 1 and len(second) > 1
    return both and (first[0].startswith(second[0]) or second[0].startswith(first[0]))
