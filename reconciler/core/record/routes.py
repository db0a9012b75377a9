"""The rule of a public service at the load balancer: what AWS may have now, and what was chosen for the next apply.

All rules of an environment belong to one listener, where a priority exists once and a request goes to one service.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Priority and path patterns of one rule. A path of a rule with hosts has one of them before its first slash."""

    priority: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routes:
    """The rules of one instance over time.

    `possible` are the rules that AWS may have now: one, unless an apply did not succeed. `chosen` is the rule that the
    next apply makes, reserved for this instance. `why` says why that is not the rule of the manifest. `serves`: its
    tasks were healthy since it has a rule.
    """

    possible: tuple[Rule, ...] = ()
    chosen: Rule | None = None
    why: str | None = None
    serves: bool = False


def at_hosts(hosts: Sequence[str], paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths of a rule with these hosts, as `Rule` has them."""
    return tuple(f"{host}{path}" for path in paths for host in hosts or ("",))


def split_host(path: str) -> tuple[str, str]:
    """Return host and path of a path of a rule; the host is "" if the rule has none."""
    host, slash, rest = path.partition("/")
    return host, slash + rest


def split_hosts(paths: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the hosts and the paths of a rule. Its conditions admit each of the paths at each of the hosts."""
    pairs = [split_host(path) for path in paths]
    hosts = dict.fromkeys(host for host, _ in pairs)
    return tuple(hosts) if any(hosts) else (), tuple(dict.fromkeys(path for _, path in pairs))
