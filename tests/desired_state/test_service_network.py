"""Security groups, ways out and Service Connect of a service: what is refused, where, and to whom."""

from typing import Any

import pytest

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.instance import Key
from desired_state.kinds.service.network import WayOut
from desired_state.snapshot import Incumbent, Snapshot, build
from desired_state.tenants.tenant import Tenant, Tenants
from tests.desired_state.manifests import ROOTS, build_from, messages, platform, problems_of, service, to_yaml

GROUP = "sg-0123456789abcdef0"
PUBLIC = {"egress": [{"cidr": "203.0.113.0/24", "ports": [25]}]}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"security": {"groups": ["web"]}}, '"web" is not the id of a security group'),
        (
            {"security": {"egress": [{"cidr": "10.0.0.1/8", "ports": [1]}]}},
            '"10.0.0.1/8" is not a range of IPv4 addresses: write it as 10.50.0.0/16',
        ),
        (
            {"security": {"egress": [{"ports": [1]}]}},
            "a way out leads to either a cidr or a group: write one of them",
        ),
        (
            {"security": {"egress": [{"group": GROUP, "ports": ["90-80"]}]}},
            '"90-80" is not a port or a range of ports from 1 to 65535',
        ),
        ({"connect": {"alias": "a.b"}}, '"a.b" is not a DNS label'),
        ({"connect": {"requestTimeout": "5s"}}, "requestTimeout needs a protocol that has requests"),
        ({"connect": {"alias": "a"}, "port": None}, "a worker (an internal service without port) has no alias"),
    ],
)
def test_a_wrong_network_is_explained(fields: dict[str, Any], message: str) -> None:
    (found,) = problems_of(service(**fields))
    assert found.startswith(message), found


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [("10.50.0.0/16", False), ("100.64.0.0/12", False), ("0.0.0.0/0", True), ("8.8.8.8", True), ("10.0.0.0/7", True)],
)
def test_only_private_networks_are_private(cidr: str, expected: bool) -> None:
    assert WayOut(cidr=cidr, ports=("1",)).is_public is expected


@pytest.mark.parametrize(("security", "name"), [({"groups": [GROUP]}, "security-groups"), (PUBLIC, "public-egress")])
def test_what_loosens_the_network_is_for_environments_that_allow_it(security: dict[str, Any], name: str) -> None:
    manifests = platform("prod"), service(environments=["prod"], scaling={"min": 2, "max": 2}, security=security)
    allowed = {"prod": EnvironmentFacts("prod", frozenset({name}))}
    assert build_from(*manifests, environments=allowed).problems == ()
    (message,) = messages(build_from(*manifests, environments={"prod": EnvironmentFacts("prod")}).problems)
    assert message.endswith(f"{name} added to environments.prod.allow of the daemon's configuration")


SHOP = Tenant("shop", ("shop/",), ("develop",), security_groups=(GROUP,))
BASE = Tenant("base", ("platform.yaml",), ("develop",), kinds=("Platform",), names=("platform",))
TENANTS = Tenants({one.name: one for one in (SHOP, BASE)}, frozenset({"develop"}))


def of_shop(**fields: Any) -> list[str]:
    files = {"platform.yaml": to_yaml(platform()), "shop/shop.yaml": to_yaml(service("shop", **fields))}
    found = build(commit="c", files=files, roots=ROOTS, environments=None, tenants=TENANTS)
    return messages(found.problems)


def test_a_tenant_uses_granted_groups_and_names_of_its_own() -> None:
    assert of_shop(security={"groups": [GROUP]}, connect={"alias": "shop-api"}) == []
    other = "sg-0123456789abcdef9"
    for security in ({"groups": [other]}, {"egress": [{"group": other, "ports": [1]}]}):
        assert of_shop(security=security) == [f'the tenant shop may not use "{other}", only {GROUP}']
    assert of_shop(connect={"alias": "payments"}) == [
        'the tenant shop may not be reached as "payments", only shop, shop-*'
    ]


def snapshot(*manifests: dict[str, Any], before: Snapshot | None = None) -> Snapshot:
    known = {key: Incumbent(one) for key, one in before.instances.items()} if before else {}
    files = {f"{one['metadata']['name']}.yaml": to_yaml(one) for one in (platform(), *manifests)}
    return build(commit="c", files=files, roots=ROOTS, environments=None, known=known)


def test_an_alias_is_of_one_service_and_the_newcomer_is_refused() -> None:
    one, other = service("one", connect={"alias": "api"}), service("other", connect={"alias": "api"})
    both = snapshot(one, other)
    assert {problem.path for problem in both.problems} == {"one.yaml", "other.yaml"}
    late = snapshot(one, other, before=snapshot(one))
    assert messages(late.problems) == ['alias "api" is already used by develop/one at one.yaml:1: choose another']
    assert Key("develop", "one") in late.instances
    passed_on = service("one", connect={"alias": "old-api"})
    assert snapshot(passed_on, other, before=snapshot(one)).problems == ()
