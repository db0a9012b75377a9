"""Renamed manifests: a claimed instance is never removed, and two competing claims are both invalid."""

from typing import Any

from desired_state.instance import Instance, Key
from desired_state.snapshot import diff
from tests.desired_state.manifests import (
    FOUR,
    build_from,
    keys,
    known,
    messages,
    module,
    platform,
    problems_of,
    service,
)

ORDERS, SHOP = Key("develop", "orders"), Key("develop", "shop")


def renamed(manifest: dict[str, Any], former: str = "orders") -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "formerName": former}}


def test_a_renamed_manifest_is_new_and_its_former_name_is_claimed_instead_of_removed() -> None:
    before = build_from(platform(), service("orders"))
    after = build_from(platform(), renamed(service("shop")))
    changes = diff(after, known(before))
    assert changes.claimed == {ORDERS}
    assert not after.problems
    assert not changes.removed
    assert SHOP in changes.changed
    shop = after.instances[SHOP]
    assert (shop.former, shop.service_name) == ("orders", "orders")
    assert Instance.from_json(shop.to_json()) == shop
    assert shop.source_digest != build_from(platform(), service("shop")).instances[SHOP].source_digest


def test_a_claimed_instance_stays_if_the_claim_is_not_deployed_there_or_not_valid() -> None:
    before = build_from(module("orders", environments=["develop", "test"]), environments=FOUR)
    elsewhere = build_from(renamed(module("shop")), environments=FOUR)
    assert diff(elsewhere, known(before)).claimed == {ORDERS, Key("test", "orders")}
    broken = build_from(renamed(module("shop", colour="blue")), environments=FOUR)
    changes = diff(broken, known(before))
    assert changes.claimed == {ORDERS, Key("test", "orders")}
    assert not changes.removed


def test_a_former_name_that_is_still_used_makes_both_invalid() -> None:
    snapshot = build_from(module("orders"), renamed(module("shop")))
    assert keys(snapshot) == frozenset()
    assert snapshot.invalid == {"orders", "shop"}
    assert sorted(message.split(" at ")[0] for message in messages(snapshot.problems)) == [
        "develop/orders is the former name of develop/shop",
        'formerName "orders" is still the name of develop/orders',
    ]
    claimed = next(problem for problem in snapshot.problems if problem.message.startswith("formerName"))
    assert (claimed.path, claimed.line) == ("module-shop-develop.yaml", 6)


def test_two_claims_of_a_former_name_are_both_invalid() -> None:
    snapshot = build_from(renamed(module("shop")), renamed(module("store")))
    assert keys(snapshot) == frozenset()
    assert len(snapshot.problems) == 2
    assert all("is also claimed by develop/" in message for message in messages(snapshot.problems))


def test_chains_and_cycles_of_renames_are_invalid() -> None:
    for former in ("orders", "store"):
        snapshot = build_from(renamed(module("shop"), "store"), renamed(module("store"), "shop"), module("orders"))
        assert keys(snapshot) == {"develop/orders"}
        chain = build_from(renamed(module("shop"), "store"), renamed(module("store"), former + "-x"))
        assert keys(chain) == frozenset()


def test_the_name_of_a_broken_manifest_cannot_be_claimed() -> None:
    snapshot = build_from(module("orders", colour="blue"), renamed(module("shop")))
    assert keys(snapshot) == frozenset()
    assert any("a manifest that is not valid" in message for message in messages(snapshot.problems))
    other = build_from(
        module("orders", environments=["test"], colour="blue"), renamed(module("shop")), environments=FOUR
    )
    assert keys(other) == {"develop/shop"}


def test_a_former_name_must_differ_from_the_name() -> None:
    assert problems_of(renamed(module("orders"))) == ['formerName "orders" is the name itself: remove it']


def test_the_container_of_a_renamed_service_keeps_the_former_name() -> None:
    sidecars = [{"name": "orders", "image": "public.ecr.aws/x/y:1"}]
    snapshot = build_from(platform(), renamed(service("shop", sidecars=sidecars)))
    assert messages(snapshot.problems) == ['"orders" is the name of the service\'s own container: choose another']
