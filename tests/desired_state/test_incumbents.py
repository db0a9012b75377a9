"""In a conflict with an accepted instance only the newcomer is refused, and nothing else is held up."""

from collections.abc import Mapping
from typing import Any

import pytest

from desired_state.instance import Key
from desired_state.snapshot import Snapshot, diff
from tests.desired_state.manifests import known, messages, module, platform, public, service, to_yaml
from tests.desired_state.tenants import named, snapshot

Files = Mapping[str, bytes]
ORDERS, SHOP = Key("develop", "orders"), Key("develop", "shop")


def orders(**changes: Any) -> dict[str, Any]:
    return public("orders", **{"paths": ["/orders/*"], "priority": 120, **changes})


WHOLE: Files = {
    "platform.yaml": to_yaml(platform()),
    "orders.yaml": to_yaml(orders()),
    "shop.yaml": to_yaml(named(module("shop"), formerName="store")),
    "basket.yaml": to_yaml(service("basket")),
}
BEFORE = snapshot(WHOLE, tenants=None)
BROKEN = to_yaml(service("orders", colour="red"))


def after(*newcomers: Mapping[str, Any], **changed: bytes) -> Snapshot:
    """Return the snapshot with newcomers in a file of their own, and with changed files."""
    files = {**WHOLE, **{f"{name}.yaml": content for name, content in changed.items()}}
    return snapshot({**files, "new.yaml": to_yaml(*newcomers)}, BEFORE, tenants=None)


CONFLICTS: dict[str, tuple[dict[str, Any], str]] = {
    "a name": (module("orders"), "develop/orders is already declared at orders.yaml:1: take another name"),
    "a second Platform": (
        platform(name="second"),
        "develop has a Platform already: develop/platform at platform.yaml:1",
    ),
    "a former name that is still used": (
        named(module("new"), formerName="orders"),
        'formerName "orders" is still the name of develop/orders at orders.yaml:1',
    ),
    "a former name that is claimed": (
        named(module("new"), formerName="store"),
        'formerName "store" is already claimed by develop/shop at shop.yaml:1',
    ),
    "a name that was renamed": (
        module("store"),
        "develop/store is the former name of develop/shop at shop.yaml:1, which has its state: remove formerName there",
    ),
    "the addresses of production": (
        platform("prod", name="production", network={"cidr": "10.10.0.0/16"}),
        "10.10.0.0/16 overlaps 10.10.0.0/16 of develop/platform at platform.yaml:1: tier prod needs a range of its own",
    ),
    "a priority": (
        public("new", paths=["/new"], priority=120),
        "priority 120 is already used by develop/orders at orders.yaml:1: choose another",
    ),
    "a path that comes first": (
        public("new", paths=["/n", "/*"], priority=1),
        '"/*" (priority 1) competes with "/orders/*" (priority 120) of develop/orders at orders.yaml:1:'
        ' no request would reach "/orders/*"',
    ),
    "a path that comes later": (
        public("new", paths=["/orders/new"], priority=200),
        '"/orders/new" (priority 200) competes with "/orders/*" (priority 120) of develop/orders at orders.yaml:1:'
        ' no request would reach "/orders/new"',
    ),
}


@pytest.mark.parametrize("title", CONFLICTS)
def test_the_newcomer_alone_is_refused(title: str) -> None:
    newcomer, message = CONFLICTS[title]
    found = after(newcomer)
    assert messages(found.problems) == [message]
    assert {problem.path for problem in found.problems} == {"new.yaml"}
    assert found.instances == BEFORE.instances
    changes = diff(found, known(BEFORE))
    assert not changes.changed | changes.removed | changes.invalid | changes.claimed


@pytest.mark.parametrize("title", CONFLICTS)
def test_without_known_instances_a_conflict_is_a_problem_of_both(title: str) -> None:
    newcomer, _ = CONFLICTS[title]
    found = snapshot({**WHOLE, "new.yaml": to_yaml(newcomer)}, tenants=None)
    assert len({problem.path for problem in found.problems}) == 2 or "former" in title or "renamed" in title
    assert found.instances != BEFORE.instances


@pytest.mark.parametrize(
    "title", ["a name", "a former name that is still used", "a priority", "a path that comes later"]
)
@pytest.mark.parametrize("broken", [BROKEN, BROKEN[:-2], b"\xff"])
def test_a_broken_manifest_keeps_its_claims(title: str, broken: bytes) -> None:
    newcomer, message = CONFLICTS[title]
    found = after(newcomer, orders=broken)
    assert message in messages(found.problems)
    assert found.instances.keys() == BEFORE.instances.keys() - {ORDERS}
    assert ORDERS in diff(found, known(BEFORE)).invalid


def test_an_incumbent_that_takes_what_another_one_has_keeps_its_last_good_state() -> None:
    found = after(basket=to_yaml(public("basket", paths=["/basket"], priority=120)))
    assert messages(found.problems) == [
        "priority 120 is already used by develop/orders at orders.yaml:1: choose another"
    ]
    assert found.problems[0].path == "basket.yaml"
    assert diff(found, known(BEFORE)).invalid == {Key("develop", "basket")}


def test_services_may_swap_their_priorities_in_one_commit() -> None:
    files = {**WHOLE, "basket.yaml": to_yaml(public("basket", paths=["/basket"], priority=130))}
    before = snapshot(files, tenants=None)
    swapped = {
        "basket.yaml": to_yaml(public("basket", paths=["/basket"], priority=120)),
        "orders.yaml": to_yaml(orders(priority=130)),
    }
    found = snapshot({**files, **swapped}, before, tenants=None)
    assert found.problems == ()


def test_a_path_may_pass_to_another_service_in_one_commit() -> None:
    found = after(public("new", paths=["/orders/*"], priority=5), orders=to_yaml(orders(paths=["/elsewhere"])))
    assert found.problems == ()


def test_a_manifest_may_move_to_another_file() -> None:
    files = {path: content for path, content in WHOLE.items() if path != "orders.yaml"}
    found = snapshot({**files, "moved.yaml": WHOLE["orders.yaml"]}, BEFORE, tenants=None)
    assert found.problems == ()
    assert found.instances.keys() == BEFORE.instances.keys()


def test_a_manifest_may_be_split_by_environment() -> None:
    both = to_yaml(module("audit", environments=["develop", "prod"]))
    before = snapshot({**WHOLE, "audit.yaml": both}, tenants=None)
    split = {"audit.yaml": to_yaml(module("audit")), "prod.yaml": to_yaml(module("audit", environments=["prod"]))}
    found = snapshot({**WHOLE, **split}, before, tenants=None)
    assert found.problems == ()
    assert found.instances.keys() == before.instances.keys()


def test_a_rename_takes_over_the_name_that_goes() -> None:
    files = {path: content for path, content in WHOLE.items() if path != "orders.yaml"}
    renamed = named(orders(), name="purchases", formerName="orders")
    found = snapshot({**files, "orders.yaml": to_yaml(renamed)}, BEFORE, tenants=None)
    assert found.problems == ()
    assert diff(found, known(BEFORE)).claimed == {ORDERS}


def test_a_new_dependency_that_closes_a_circle_is_refused_alone() -> None:
    files = {**WHOLE, "basket.yaml": to_yaml(service("basket", dependsOn=["orders"]))}
    before = snapshot(files, tenants=None)
    closing = to_yaml(orders(dependsOn=["basket"]))
    found = snapshot({**files, "orders.yaml": closing}, before, tenants=None)
    assert [(problem.path, problem.message) for problem in found.problems] == [
        ("orders.yaml", "dependency cycle in develop: orders → basket → orders")
    ]
    assert diff(found, known(before)).invalid == {ORDERS}


def test_what_depends_on_a_refused_newcomer_is_not_refused_for_that() -> None:
    found = after(public("new", paths=["/new"], priority=120), basket=to_yaml(service("basket", dependsOn=["new"])))
    assert {problem.path for problem in found.problems} == {"new.yaml"}
    assert Key("develop", "basket") in found.instances
