"""Rules of different tenants at one load balancer: none takes requests that belong to another tenant."""

from collections.abc import Mapping
from typing import Any

import pytest

from desired_state.instance import Key
from desired_state.snapshot import Incumbent, Snapshot, build
from desired_state.tenants.tenant import Tenant, Tenants
from tests.desired_state.manifests import DEVELOP, ROOTS, platform, public, service, to_yaml

WEB = Tenant("web", ("web/",), ("develop",), routes=("/",))
SHOP = Tenant("shop", ("shop/",), ("develop",), routes=("/orders", "/both"))
OTHER = Tenant("other", ("other/",), ("develop",), routes=("/both",))
BASE = Tenant("base", ("platform.yaml",), ("develop",), kinds=("Platform",), names=("platform",))
TENANTS = Tenants({one.name: one for one in (WEB, SHOP, OTHER, BASE)}, frozenset({"develop"}))


def rule(tenant: str, path: str, priority: int, name: str = "") -> tuple[str, bytes]:
    """Return the file of a public service of a tenant."""
    return f"{tenant}/{name or tenant}.yaml", to_yaml(public(name or tenant, paths=[path], priority=priority))


def snapshot(*rules: tuple[str, bytes], before: Snapshot | None = None, tenants: Tenants | None = TENANTS) -> Snapshot:
    known = {key: Incumbent(one) for key, one in before.instances.items()} if before else {}
    files = {"platform.yaml": to_yaml(platform()), **dict(rules)}
    return build(commit="c", files=files, roots=ROOTS, environments=DEVELOP, tenants=tenants, known=known)


def refused(found: Snapshot) -> set[str]:
    return {problem.path for problem in found.problems}


def test_the_narrower_grant_comes_first_and_the_wider_one_gets_the_rest() -> None:
    assert snapshot(rule("web", "/*", 500), rule("shop", "/orders/*", 120)).problems == ()


def test_a_rule_that_takes_requests_of_a_narrower_grant_is_refused() -> None:
    found = snapshot(rule("web", "/*", 1), rule("shop", "/orders/*", 120))
    assert [problem.message for problem in found.problems if "share" in problem.message] == [
        '"/*" (priority 1) would share requests with "/orders/*" (priority 120) of develop/shop of the tenant shop'
        " at shop/shop.yaml:5:11: take another path"
    ]
    assert Key("develop", "shop") in found.instances


@pytest.mark.parametrize("path", ["/o*", "/?rders/x", "/*/checkout", "/orders/c*"])
def test_a_pattern_that_overlaps_in_part_is_refused(path: str) -> None:
    found = snapshot(rule("web", path, 1), rule("shop", "/orders/*", 120))
    assert refused(found) == {"web/web.yaml"}


def test_the_rule_that_was_there_stays_and_the_message_says_which_priority_is_free() -> None:
    before = snapshot(rule("web", "/w*", 100))
    found = snapshot(rule("web", "/w*", 100), rule("shop", "/orders/*", 200), before=before)
    assert found.problems == ()
    before = snapshot(rule("web", "/*/checkout", 100))
    found = snapshot(rule("web", "/*/checkout", 100), rule("shop", "/orders/*", 200), before=before)
    assert refused(found) == {"shop/shop.yaml"}
    assert found.problems[0].message.endswith("at web/web.yaml:5:11: take a priority below 100")
    assert snapshot(rule("web", "/*/checkout", 100), rule("shop", "/orders/*", 99), before=before).problems == ()


@pytest.mark.parametrize("priority", [1, 200])
def test_of_two_tenants_with_the_same_grant_the_newcomer_is_refused(priority: int) -> None:
    before = snapshot(rule("shop", "/both/a*", 100))
    found = snapshot(rule("shop", "/both/a*", 100), rule("other", "/both/*b", priority), before=before)
    assert refused(found) == {"other/other.yaml"}
    assert found.instances.keys() >= before.instances.keys()
    both = snapshot(rule("shop", "/both/a*", 100), rule("other", "/both/*b", priority))
    assert refused(both) == {"shop/shop.yaml", "other/other.yaml"}


@pytest.mark.parametrize("broken", [to_yaml(service("shop", colour="red")), b"\xff"])
def test_a_broken_manifest_keeps_its_rule(broken: bytes) -> None:
    before = snapshot(rule("shop", "/both/a*", 100))
    found = snapshot(("shop/shop.yaml", broken), rule("other", "/both/*b", 1), before=before)
    assert refused(found) == {"shop/shop.yaml", "other/other.yaml"}
    assert Key("develop", "other") not in found.instances


def test_within_a_tenant_the_priority_decides() -> None:
    rules = (rule("shop", "/orders/c*", 1, "shop-checkout"), rule("shop", "/orders/*", 120))
    assert snapshot(*rules).problems == ()
    assert snapshot(*rules, tenants=None).problems == ()


def test_rules_of_two_environments_do_not_compete() -> None:
    changes: Mapping[str, Any] = {"environments": ["qa"]}
    web = Tenant("web", ("web/",), ("qa",), routes=("/",))
    tenants = Tenants({**TENANTS.by_name, "web": web}, frozenset({"develop", "qa"}))
    content = to_yaml(public("web", paths=["/*"], priority=1, **changes))
    found = build(
        commit="c",
        files={"platform.yaml": to_yaml(platform()), "web/web.yaml": content, **dict([rule("shop", "/orders/*", 9)])},
        roots=ROOTS,
        environments=None,
        tenants=tenants,
    )
    assert found.problems == ()
