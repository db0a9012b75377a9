"""Rules with conditions: which compete, whose hosts they are, and what a wrong one is told."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.checks.requests import admits, may_share
from desired_state.instance import Key
from desired_state.kinds.service.rules import Conditions
from desired_state.snapshot import Incumbent, Snapshot, build
from desired_state.tenants.tenant import Tenant, Tenants
from tests.desired_state.manifests import (
    DEVELOP,
    ROOTS,
    build_from,
    messages,
    platform,
    problems_of,
    public,
    service,
    to_yaml,
)

SHOP, ANY = "shop.example.com", "*.example.com"
Request = tuple[str, str, str, frozenset[str]]
HOSTS, METHODS, SOURCES = ("a.example", "b.example"), ("GET", "PUT"), ("192.0.2.1", "192.0.2.200")
HEADERS = [frozenset(some) for some in ([], ["x"], ["y"], ["x", "y"])]
some_hosts = st.lists(st.sampled_from(["a.example", "b.example", "*.example"]), max_size=2, unique=True)
some_sources = st.lists(st.sampled_from(["192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25"]), max_size=2, unique=True)
some_headers = st.sampled_from([{}, {"H": ("x",)}, {"h": ("y",)}, {"H": ("x", "y")}, {"h": ("?",)}])
rules = st.builds(
    lambda hosts, methods, sources, headers: Conditions.model_construct(
        paths=("/",), hosts=tuple(hosts), methods=tuple(methods), sources=tuple(sources), headers=headers
    ),
    some_hosts,
    st.lists(st.sampled_from(METHODS), max_size=1),
    st.just([]) | some_sources,
    some_headers,
)


def fulfils(request: Request, rule: Conditions) -> bool:
    """Return whether a request fulfils the conditions, as Elastic Load Balancing documents them."""
    host, method, source, headers = request
    low = source == SOURCES[0]
    ranges = {"192.0.2.0/24": True, "192.0.2.0/25": low, "192.0.2.128/25": not low}
    return (
        (not rule.hosts or host in rule.hosts or "*.example" in rule.hosts)
        and (not rule.methods or method in rule.methods)
        and (not rule.sources or any(ranges[one] for one in rule.sources))
        and all(headers & {*values} or ("?" in values and headers) for values in rule.headers.values())
    )


REQUESTS: list[Request] = list(product(HOSTS, METHODS, SOURCES, HEADERS))


@given(rules, rules)
def test_law_a_rule_that_admits_another_one_takes_each_of_its_requests(wide: Conditions, narrow: Conditions) -> None:
    if admits(wide, narrow):
        assert all(fulfils(one, wide) for one in REQUESTS if fulfils(one, narrow))


@given(rules, rules)
def test_law_rules_share_a_request_exactly_if_there_is_one(one: Conditions, other: Conditions) -> None:
    shared = any(fulfils(request, one) and fulfils(request, other) for request in REQUESTS)
    assert may_share(one, other) is may_share(other, one) is shared


def two(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Return the problems of two services with the same path, the first one before the second."""
    one = public("one", paths=["/*"], priority=1)
    other = public("other", paths=["/*"], priority=2)
    one["spec"]["routing"] |= first
    other["spec"]["routing"] |= second
    return messages(build_from(platform(), one, other).problems)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"hosts": [SHOP]}, {"hosts": ["pay.example.com"]}),
        ({"hosts": [SHOP]}, {"hosts": [ANY]}),
        ({"hosts": [SHOP]}, {}),
        ({"methods": ["GET"]}, {"methods": ["POST"]}),
        ({"headers": {"X-Team": ["shop"]}}, {}),
        ({"query": {"version": ["2"]}}, {"hosts": [SHOP]}),
        ({"sources": ["192.0.2.0/25"]}, {"sources": ["192.0.2.0/24"]}),
    ],
)
def test_a_rule_whose_conditions_leave_requests_to_another_one_does_not_compete(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert two(first, second) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"hosts": [ANY]}, {"hosts": [SHOP]}),
        ({}, {"hosts": [SHOP], "methods": ["GET"]}),
        ({"methods": ["GET", "POST"]}, {"methods": ["GET"]}),
        ({"headers": {"x-team": ["SHOP*"]}}, {"headers": {"X-Team": ["shop-a"]}}),
        ({"sources": ["192.0.2.0/24"]}, {"sources": ["192.0.2.0/25"]}),
    ],
)
def test_a_rule_that_takes_all_requests_of_another_one_is_a_problem_of_both(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    found = two(first, second)
    host = f"{SHOP}" if "hosts" in second else ""
    assert len(found) == 2
    assert any(message.startswith(f'no request reaches "{host}/*"') for message in found), found


def test_each_rule_of_a_service_competes_and_the_problem_is_at_it() -> None:
    more = public("one", paths=["/one"], priority=1)
    more["spec"]["routing"]["rules"] = [{"paths": ["/o*"], "priority": 3}]
    other = public("other", paths=["/other"], priority=3)
    found = build_from(platform(), more, other)
    assert {one.split(":")[0] for one in messages(found.problems)} == {
        "priority 3 is already used by develop/one at service-one-develop.yaml",
        "priority 3 is already used by develop/other at service-other-develop.yaml",
    }
    (at_rule,) = [one for one in found.problems if "service-one" in one.path]
    assert to_yaml(more).decode().split("\n")[at_rule.line - 1].strip() == '"priority": 3'


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"paths": ["/a", "/b", "/c"], "hosts": [SHOP, ANY], "methods": ["GET"]},
        "a rule has at most 5 values in all its conditions, and this one has 6: "
        "write some of them as one more entry of routing.rules",
    ),
    ({"hosts": ["Shop.example.com"]}, '"Shop.example.com" is not a host in lower case, such as shop.example.com'),
    ({"hosts": ["shop"]}, '"shop" is not a host in lower case, such as shop.example.com or *.example.com'),
    ({"headers": {"Host": ["a"]}}, '"Host" is no condition on a header: write the host under hosts'),
    ({"headers": {"X-A": ["a"], "x-a": ["b"]}}, 'the header "x-a" is listed twice'),
    ({"methods": ["get"]}, '"get" is not a method, in capital letters'),
    ({"sources": ["192.0.2.1"]}, '"192.0.2.1" is one address: write 192.0.2.1/32'),
    ({"sources": ["192.0.2.1/24"]}, '"192.0.2.1/24" is not a range of addresses: write it as 192.0.2.0/24'),
    ({"slowStart": "20s"}, "slowStart 20s is out of range: write 30s to 15m"),
    ({"slowStart": "1m", "algorithm": "weighted_random"}, "weighted_random has no slow start: remove slowStart"),
    ({"stickiness": {"cookie": "AWSALBAPP"}}, '"AWSALBAPP" begins as the load balancer\'s own cookies do'),
    ({"redirects": [{"paths": ["/b"], "to": {"path": "/#{path}"}}]}, "this redirect leads to itself: write another"),
    ({"rules": [{"paths": ["/b"], "priority": 1}]}, "priority 1 is used twice by this service"),
]


@pytest.mark.parametrize(("routing", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_rule_is_explained(routing: dict[str, Any], message: str) -> None:
    (found,) = problems_of(service(type="public", routing={"paths": ["/a"], "priority": 1, **routing}))
    assert found.startswith(message), found


@pytest.mark.parametrize(
    ("version", "check", "message"),
    [
        ("GRPC", {}, 'gRPC answers with codes such as "0" or "0-99", not "200-299": write such a matcher'),
        (None, {"matcher": "0-99"}, 'HTTP answers with codes such as "200", not "0-99": write such a matcher'),
    ],
)
def test_a_health_check_expects_codes_of_its_protocol(version: str | None, check: dict[str, Any], message: str) -> None:
    routing = {"paths": ["/a"], "protocolVersion": version}
    assert problems_of(service(type="public", routing=routing, healthCheck={"path": "/", **check})) == [message]


def test_only_a_load_balancer_asks_at_another_port() -> None:
    found = problems_of(service(healthCheck={"path": "/", "port": 9000}))
    assert found == ["port is where the load balancer asks: only a public service has it"]


WEB = Tenant("web", ("web/",), ("develop",), routes=("/",))
PAY = Tenant("pay", ("pay/",), ("develop",), hosts=("pay.example.com",))
INN = Tenant("inn", ("inn/",), ("develop",), hosts=("*.example.com/inn",))
BASE = Tenant("base", ("platform.yaml",), ("develop",), kinds=("Platform",), names=("platform",))
TENANTS = Tenants({one.name: one for one in (WEB, PAY, INN, BASE)}, frozenset({"develop"}))


def rule(tenant: str, path: str, priority: int, *hosts: str) -> tuple[str, bytes]:
    """Return the file of a public service of a tenant."""
    manifest = public(tenant, paths=[path], priority=priority)
    manifest["spec"]["routing"] |= {"hosts": list(hosts)} if hosts else {}
    return f"{tenant}/{tenant}.yaml", to_yaml(manifest)


def of_tenants(*files: tuple[str, bytes], before: Snapshot | None = None) -> Snapshot:
    known = {key: Incumbent(one) for key, one in before.instances.items()} if before else {}
    content = {"platform.yaml": to_yaml(platform()), **dict(files)}
    return build(commit="c", files=content, roots=ROOTS, environments=DEVELOP, tenants=TENANTS, known=known)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (("web", "/*", 1, "pay.example.com"), 'the tenant web may not serve "pay.example.com/*", none is granted'),
        (("web", "/*", 1, ANY), 'the tenant web may not serve "*.example.com/*", none is granted'),
        (("pay", "/*", 1, "pay.example.com", SHOP), 'the tenant pay may not serve "shop.example.com/*"'),
        (("pay", "/*", 1, ANY), 'the tenant pay may not serve "*.example.com/*", only pay.example.com'),
        (("pay", "/orders", 1), 'the tenant pay may not serve "/orders", only /pay'),
        (("inn", "/*", 1, SHOP), 'the tenant inn may not serve "shop.example.com/*", only *.example.com/inn'),
        (("inn", "/inn/*", 1, "pay.example.com"), 'the tenant inn may not serve "pay.example.com/inn/*": pay.'),
    ],
)  # fmt: skip
def test_a_tenant_may_name_only_hosts_that_are_granted(attempt: Any, message: str) -> None:
    found = of_tenants(rule(*attempt))
    assert any(one.startswith(message) for one in messages(found.problems)), messages(found.problems)
    assert Key("develop", attempt[0]) not in found.instances


def test_the_tenant_of_a_host_comes_before_the_one_of_a_path() -> None:
    assert of_tenants(rule("web", "/*", 500), rule("pay", "/*", 1, "pay.example.com")).problems == ()
    before = of_tenants(rule("pay", "/*", 500, "pay.example.com"))
    found = of_tenants(rule("web", "/a*", 1), rule("pay", "/*", 500, "pay.example.com"), before=before)
    assert [one.path for one in found.problems] == ["web/web.yaml"]
    assert "would share requests with" in found.problems[0].message


def test_rules_of_two_tenants_at_different_hosts_do_not_compete() -> None:
    assert of_tenants(rule("pay", "/*", 9, "pay.example.com"), rule("inn", "/inn/*", 10, SHOP)).problems == ()


def test_an_incumbent_that_changes_its_hosts_keeps_its_priority_from_a_newcomer() -> None:
    first = public("first", paths=["/*"], priority=7)
    before = build_from(platform(), first)
    first["spec"]["routing"]["hosts"] = [SHOP]
    files = {"service-first-develop.yaml": to_yaml(first), "platform-platform-develop.yaml": to_yaml(platform()),
             "z.yaml": to_yaml(public("new", paths=["/new"], priority=7))}  # fmt: skip
    known = {key: Incumbent(one) for key, one in before.instances.items()}
    found = build(commit="c", files=files, roots=ROOTS, environments=DEVELOP, known=known)
    assert [one.path for one in found.problems] == ["z.yaml"]
