"""Rules at the load balancer, ways out and Service Connect, generated in all their variety."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.terraform.inputs import Variables

PATH = st.from_regex(r"/[a-z0-9]{1,8}(/[a-z0-9*]{1,6}){0,2}", fullmatch=True)
CONDITIONS = ("hosts", "headers", "methods", "query", "sources")
hosts = st.lists(
    st.from_regex(r"([*]|[a-z]{1,5})[.][a-z]{1,6}[.]example", fullmatch=True), min_size=1, max_size=2, unique=True
)
_values = st.lists(st.from_regex(r"[a-z*]{1,6}", fullmatch=True), min_size=1, max_size=2, unique=True)
_named = st.dictionaries(st.from_regex(r"x-[a-z]{1,6}", fullmatch=True), _values, min_size=1, max_size=1)
_other = {
    "hosts": hosts,
    "headers": _named,
    "methods": st.lists(st.sampled_from(["GET", "POST", "PURGE"]), min_size=1, max_size=2, unique=True),
    "query": _named,
    "sources": st.just(["192.0.2.0/24"]) | st.just(["198.51.100.0/25", "2001:db8::/32"]),
}


@st.composite
def conditions(draw: st.DrawFn, priority: int) -> Variables:
    """Draw a rule with at most five values: one or two conditions beside the paths, or none."""
    names = draw(st.lists(st.sampled_from(CONDITIONS), max_size=2, unique=True))
    others = {name: draw(_other[name]) for name in names}
    return {
        "paths": draw(st.lists(PATH, min_size=1, max_size=1 if len(names) == 2 else 3 if names else 5, unique=True)),
        "priority": priority,
        **others,
    }


_redirects = st.fixed_dictionaries(
    {"host": st.just("new.example.com")},
    optional={
        "path": st.just("/moved/#{path}"),
        "port": st.just("8443"),
        "status_code": st.sampled_from(["HTTP_301", "HTTP_302"]),
    },
)


@st.composite
def routings(draw: st.DrawFn) -> Variables:
    first, *priorities = draw(st.lists(st.integers(1, 50000), min_size=1, max_size=4, unique=True))
    keys = draw(st.permutations(["rule-0", "rule-1", "redirect-0"]))
    rules = {key: draw(conditions(priority)) for key, priority in zip(keys, priorities, strict=False)}
    for key in rules:
        if key.startswith("redirect"):
            rules[key] |= {"redirect": draw(_redirects)}
    algorithm = draw(st.sampled_from([None, "round_robin", "least_outstanding_requests", "weighted_random"]))
    stickiness = st.fixed_dictionaries(
        {"duration": st.integers(1, 604800)}, optional={"cookie": st.just("session_of_shop")}
    )
    slow = draw(st.none() | st.integers(30, 900)) if algorithm in (None, "round_robin") else None
    given = {
        "rules": rules,
        "stickiness": draw(st.none() | stickiness),
        "slow_start": slow,
        "algorithm": algorithm,
        "protocol_version": draw(st.sampled_from([None, "HTTP1", "HTTP2", "GRPC"])),
    }
    return {
        **draw(conditions(first)),
        "deregistration_delay": draw(st.integers(0, 900)),
        **{name: value for name, value in given.items() if value},
    }


groups = st.from_regex(r"sg-[0-9a-f]{17}", fullmatch=True)


@st.composite
def ways_out(draw: st.DrawFn) -> Variables:
    first = draw(st.integers(1, 65535))
    destination = draw(st.sampled_from(["cidr", "group"]))
    return {
        destination: draw(groups)
        if destination == "group"
        else draw(st.sampled_from(["10.50.0.0/16", "192.0.2.7/32"])),
        "protocol": draw(st.sampled_from(["tcp", "udp"])),
        "from": first,
        "to": draw(st.integers(first, 65535)),
    }


@st.composite
def further_networks(draw: st.DrawFn, is_called: bool) -> Variables:
    """Draw security groups, ways out and Service Connect; what nobody calls has no alias."""
    protocol = draw(st.sampled_from([None, "tcp", "http", "http2", "grpc"]))
    given = {
        "alias": draw(st.none() | st.from_regex(r"[a-z]{1,9}", fullmatch=True)) if is_called else None,
        "port": draw(st.none() | st.integers(1, 65535)),
        "protocol": protocol,
        "idle_timeout": draw(st.none() | st.integers(1, 3600)),
        "request_timeout": draw(st.none() | st.integers(1, 3600)) if protocol not in (None, "tcp") else None,
    }
    connect = {name: value for name, value in given.items() if value is not None}
    return {
        "security_groups": draw(st.lists(groups, max_size=2, unique=True)),
        "egress": draw(st.lists(ways_out(), max_size=3)),
        **({"connect": connect} if draw(st.booleans()) else {}),
    }
