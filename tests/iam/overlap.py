"""Whether a pattern of a policy can mean something of a form of AWS's reference, as in `task/${Cluster}/${Task}`."""

from __future__ import annotations

import re
from functools import cache

_TOKEN = re.compile(r"\$\{([^}]+)\}|(.)", re.DOTALL)
_HOLE, _SEGMENT = "\ue000", "\ue001"  # private use: any text, and any text without a slash
_WITHOUT_SLASH = {"BucketName", "ClusterName", "PipelineName", "StageName"}


def arns_meet(pattern: str, form: str) -> bool:
    """Say whether some ARN matches both, field by field."""
    fields = zip(pattern.split(":", 5), form.split(":", 5), strict=False)
    return pattern == "*" or (pattern.count(":") >= 5 and all(meets(mine, theirs) for mine, theirs in fields))


@cache
def meets(pattern: str, form: str) -> bool:
    """Say whether some text matches both: a pattern with `*` and `?`, and a form with `${Name}` for what varies."""
    return _meets(pattern, tuple(_tokens(form)))


def _tokens(form: str) -> list[str]:
    found = []
    for name, character in _TOKEN.findall(form):
        hole = _SEGMENT if name in _WITHOUT_SLASH else _HOLE
        found.append(hole if name else character)
    return found


def _meets(pattern: str, form: tuple[str, ...]) -> bool:
    """Follow all ways through both at once; a way is the place in each."""
    seen: set[tuple[int, int]] = set()
    ways = [(0, 0)]
    while ways:
        way = ways.pop()
        if way == (len(pattern), len(form)):
            return True
        if way not in seen:
            seen.add(way)
            ways += _steps(way, pattern[way[0] : way[0] + 1], form[way[1] : way[1] + 1])
    return False


def _steps(way: tuple[int, int], mine: str, theirs: tuple[str, ...]) -> list[tuple[int, int]]:
    here, there = way
    token = theirs[0] if theirs else ""
    steps = []
    if mine == "*":
        steps.append((here + 1, there))
        if token:
            steps.append((here, there + 1))
    elif mine and token in (_HOLE, _SEGMENT):
        if token == _HOLE or mine != "/":
            steps += [(here + 1, there), (here + 1, there + 1)]
    elif mine and mine in (token, "?") and token:
        steps.append((here + 1, there + 1))
    return steps
