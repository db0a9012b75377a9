"""Conditions of two rules at the load balancer beside their paths: whether one admits every request of the other.

A request fulfils a rule if it fulfils each of its conditions, by one of the condition's values. Hosts, headers and
queries are compared without regard to case; `*` and `?` are wildcards in all three.
Source: Elastic Load Balancing API reference, RuleCondition and its configurations.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from desired_state.checks.routes import covers, overlaps
from desired_state.kinds.service.rules import Conditions


def admits(wide: Conditions, narrow: Conditions) -> bool:
    """Return whether each request that fulfils the conditions of `narrow` fulfils those of `wide`, the paths aside."""
    return (
        _all_covered(wide.hosts, narrow.hosts)
        and (not wide.methods or (bool(narrow.methods) and {*narrow.methods} <= {*wide.methods}))
        and (
            not wide.sources or (bool(narrow.sources) and all(_is_within(one, wide.sources) for one in narrow.sources))
        )
        and all(_implied(name, values, narrow.headers) for name, values in wide.headers.items())
        and all(_implied(name, values, narrow.query) for name, values in wide.query.items())
    )


def may_share(one: Conditions, other: Conditions) -> bool:
    """Return whether one request may fulfil the conditions of both rules, the paths aside.

    A request has one host, one method and one source. It may have a header or a part of its query more than once, so
    these keep no two rules apart."""
    return (
        (not one.hosts or not other.hosts or any(overlaps(host, more) for host in one.hosts for more in other.hosts))
        and (not one.methods or not other.methods or bool({*one.methods} & {*other.methods}))
        and (not one.sources or not other.sources or any(_meet(a, b) for a in one.sources for b in other.sources))
    )


def shown(rule: Conditions, path: str) -> str:
    """Return a path of a rule as messages name it, behind the hosts of the rule."""
    return f"{','.join(rule.hosts)}{path}"


def _all_covered(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    return not wide or (bool(narrow) and all(any(covers(one, each) for one in wide) for each in narrow))


def _implied(name: str, values: Iterable[str], conditions: Mapping[str, Sequence[str]]) -> bool:
    """Return whether one of the conditions is fulfilled only by what has such a name and one of the values."""
    return any(
        _covers_text(name, other) and all(any(_covers_text(value, each) for value in values) for each in narrow)
        for other, narrow in conditions.items()
    )


def _covers_text(wide: str, narrow: str) -> bool:
    """Compare text that may have a backslash before a wildcard: then only the same text is known to be covered."""
    wide, narrow = wide.lower(), narrow.lower()
    return wide == narrow or ("\\" not in wide + narrow and covers(wide, narrow))


def _is_within(one: str, ranges: Iterable[str]) -> bool:
    network = ip_network(one)
    return any(_holds(ip_network(each), network) for each in ranges)


def _meet(one: str, other: str) -> bool:
    first, second = ip_network(one), ip_network(other)
    return _holds(first, second) or _holds(second, first)


def _holds(wide: IPv4Network | IPv6Network, narrow: IPv4Network | IPv6Network) -> bool:
    start, end = wide.network_address, wide.broadcast_address
    return (
        wide.version == narrow.version
        and int(start) <= int(narrow.network_address) <= int(end)
        and (wide.prefixlen <= narrow.prefixlen)
    )
