"""Problems between manifests have a place, and make only the instances concerned invalid."""

from typing import Any

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.files.tree import Unavailable
from desired_state.snapshot import build
from tests.desired_state.manifests import (
    DEVELOP,
    ROOTS,
    build_from,
    file_of,
    keys,
    messages,
    module,
    platform,
    public,
    service,
    to_yaml,
)


def test_a_cycle_is_printed_and_makes_only_its_members_invalid() -> None:
    snapshot = build_from(
        platform(),
        service("a", dependsOn=["b"]),
        service("b", dependsOn=["c"]),
        service("c", dependsOn=["a"]),
        service("d", dependsOn=["a"]),
    )
    assert messages(snapshot.problems) == [
        "dependency cycle in develop: a → b → c → a",
        "dependency cycle in develop: b → c → a → b",
        "dependency cycle in develop: c → a → b → c",
    ]
    assert keys(snapshot) == {"develop/platform", "develop/d"}
    assert snapshot.invalid == {"a", "b", "c"}


def test_a_service_that_depends_on_itself_is_a_cycle() -> None:
    assert messages(build_from(platform(), service("a", dependsOn=["a"])).problems) == [
        "dependency cycle in develop: a → a"
    ]


def test_a_missing_dependency_is_a_problem_where_it_is_written() -> None:
    text = to_yaml(service("orders", dependsOn=["payment", "ledger"]))
    snapshot = build(
        commit="c",
        files={
            "a.yaml": text,
            "b.yaml": to_yaml(platform(), service("payments"), service("ledger", environments=["qa"])),
        },
        roots=ROOTS,
        environments=None,
    )
    lines = text.decode().splitlines()
    assert [(lines[problem.line - 1].strip(), problem.message) for problem in snapshot.problems] == [
        ('"payment",', 'the dependency "payment" does not exist: did you mean "payments"?'),
        ('"ledger"', 'the dependency "ledger" is not deployed to develop'),
    ]
    assert "develop/orders" not in keys(snapshot)


def test_a_name_is_used_once_per_environment_whatever_the_kind() -> None:
    snapshot = build_from(
        platform(), service("audit"), module("audit"), service("audit", environments=["qa"]), environments=None
    )
    assert keys(snapshot) == {"develop/platform", "qa/audit"}
    assert snapshot.invalid == {"audit"}
    assert [str(problem) for problem in snapshot.problems] == [
        "module-audit-develop.yaml:5:11: develop/audit is declared twice: also at service-audit-develop.yaml:5:11",
        "service-audit-develop.yaml:5:11: develop/audit is declared twice: also at module-audit-develop.yaml:5:11",
    ]


def test_two_platforms_in_an_environment_are_invalid_and_so_are_its_services() -> None:
    snapshot = build_from(platform(), platform(name="other"), service(), module())
    assert messages(snapshot.problems) == [
        "develop has two Platforms: the other one is at platform-platform-develop.yaml:5:11",
        "develop has two Platforms: the other one is at platform-other-develop.yaml:5:11",
    ]
    assert keys(snapshot) == set()
    assert snapshot.invalid == {"platform", "other", "orders", "audit"}


def test_two_public_services_cannot_share_a_priority() -> None:
    snapshot = build_from(
        platform(), public("a", paths=["/a"], priority=5), public("b", paths=["/b"], priority=5), service("c")
    )
    assert [message.partition(" at ")[0] for message in messages(snapshot.problems)] == [
        "priority 5 is already used by develop/b",
        "priority 5 is already used by develop/a",
    ]
    assert keys(snapshot) == {"develop/platform", "develop/c"}


def test_a_path_covered_by_another_service_is_a_problem_of_both() -> None:
    snapshot = build_from(
        platform(),
        public("wide", paths=["/x", "/shop/*"], priority=5),
        public("narrow", paths=["/shop/cart/*", "/y"], priority=6),
        public("first", paths=["/shop/checkout"], priority=4),
    )
    assert [message.partition(" at ")[0] for message in messages(snapshot.problems)] == [
        'no request reaches "/shop/cart/*": "/shop/*" (priority 5) of develop/wide',
        '"/shop/*" (priority 5) matches all requests to "/shop/cart/*" of develop/narrow',
    ]
    assert keys(snapshot) == {"develop/platform", "develop/first"}


def test_routes_of_different_environments_do_not_conflict() -> None:
    one = public("a", paths=["/*"], priority=5, environments=["develop"])
    other = public("b", paths=["/*"], priority=5, environments=["qa"])
    assert build_from(one, other, environments=None).problems == ()


def test_an_environment_of_tier_prod_must_be_redundant_whatever_its_name() -> None:
    live = {"live": EnvironmentFacts("prod"), "develop": EnvironmentFacts("develop")}
    snapshot = build_from(
        platform("live", network={"nat": "single"}, cluster={"spot": True}),
        platform("develop", network={"nat": "single", "cidr": "10.20.0.0/16"}),
        service("orders", environments=["develop", "live"]),
        {**service("ledger", environments=["develop", "live"]), "overrides": {"live": {"scaling": {"min": 2}}}},
        environments=live,
    )
    assert messages(snapshot.problems) == [
        'nat "single" is not allowed in live (tier prod): write one_per_az',
        "spot is not allowed in live (tier prod): AWS may stop Spot tasks at any time",
        "scaling.min is 1, but live (tier prod) needs at least 2",
    ]
    assert keys(snapshot) == {"develop/platform", "develop/orders", "develop/ledger", "live/ledger"}


def test_tier_prod_shares_no_addresses_with_another_tier() -> None:
    facts = {"live": EnvironmentFacts("prod"), "develop": EnvironmentFacts("develop"), "test": EnvironmentFacts("test")}
    snapshot = build_from(
        platform("live", network={"cidr": "10.96.0.0/16"}),
        platform("develop", network={"cidr": "10.96.16.0/20"}),
        platform("test", network={"cidr": "10.96.16.0/20"}),
        environments=facts,
    )
    found = messages(snapshot.problems)
    assert len(found) == 3, "each of the other two overlaps with prod, which names both; they may overlap each other"
    assert all("overlaps" in message and "tier prod needs a range of its own" in message for message in found)
    assert not snapshot.instances


def test_tier_prod_peers_only_with_allow_prod_peering() -> None:
    live = {"live": EnvironmentFacts("prod")}
    peerings = {"data": {"vpcId": "vpc-0a1b2c3d", "cidr": "10.50.0.0/16"}}
    refused = build_from(platform("live", network={"peerings": peerings}), environments=live)
    assert messages(refused.problems) == ["peerings of live (tier prod) need allowProdPeering: true beside them"]
    allowed = {"peerings": peerings, "allowProdPeering": True}
    assert build_from(platform("live", network=allowed), environments=live).problems == ()


def test_a_tier_rule_points_into_the_override() -> None:
    text = to_yaml({**service(scaling={"min": 2}), "overrides": {"develop": {"scaling": {"min": 1}}}})
    files = {"a.yaml": text, "p.yaml": to_yaml(platform())}
    snapshot = build(commit="c", files=files, roots=ROOTS, environments={"develop": EnvironmentFacts("prod")})
    assert [problem.line for problem in snapshot.problems] == [text.decode().splitlines().index('    "min": 1') + 1]


def test_a_module_needs_a_root_that_exists() -> None:
    snapshot = build_from(platform(), module(root="audits"))
    assert messages(snapshot.problems) == ['there is no root "audits": did you mean "audit"?']
    assert build(commit="c", files={"a.yaml": to_yaml(module())}, roots={}, environments=None).problems == ()


def test_a_broken_root_is_reported_once_and_makes_its_instances_invalid() -> None:
    files = {file_of(one): to_yaml(one) for one in (platform(), service("a"), service("b"))}
    roots = {**ROOTS, "modules/service/shared.tf": Unavailable.because("is a symlink: copy it")}
    snapshot = build(commit="c", files=files, roots=roots, environments=DEVELOP)
    assert [str(problem) for problem in snapshot.problems] == [
        "roots/service:1:1: modules/service/shared.tf is a symlink: copy it"
    ]
    assert (keys(snapshot), snapshot.invalid) == (frozenset({"develop/platform"}), frozenset({"a", "b"}))


def test_a_sidecar_cannot_have_the_name_of_its_service() -> None:
    proxy = {"name": "orders", "image": "registry.example/proxy:1"}
    snapshot = build_from(platform(), service("orders", sidecars=[proxy]), service("ledger", sidecars=[proxy]))
    assert messages(snapshot.problems) == ['"orders" is the name of the service\'s own container: choose another']
    assert keys(snapshot) == {"develop/platform", "develop/ledger"}


def pointed(*manifests: dict[str, Any], facts: dict[str, EnvironmentFacts] | None = None) -> list[tuple[str, str]]:
    """Return the value that each problem points at, and its message up to the first colon."""
    files = {file_of(one): to_yaml(one) for one in manifests}
    snapshot = build(commit="c", files=files, roots=ROOTS, environments=facts)
    found = []
    for problem in snapshot.problems:
        line = files[problem.path].decode().splitlines()[problem.line - 1]
        found.append((line[problem.column - 1 :].rstrip(","), problem.message))
    return sorted(found)


def test_each_problem_points_at_the_value_that_has_to_change() -> None:
    assert pointed(platform(), public("a", paths=["/a"], priority=5), public("b", paths=["/b"], priority=5)) == sorted(
        ("5", f"priority 5 is already used by develop/{other} at service-{other}-develop.yaml:5:11: choose another")
        for other in "ab"
    )
    facts = {"live": EnvironmentFacts("prod"), "develop": EnvironmentFacts("develop")}
    one, other = '"10.96.0.0/16"', '"10.96.16.0/20"'
    assert pointed(
        platform("live", network={"cidr": "10.96.0.0/16"}),
        platform("develop", network={"cidr": "10.96.16.0/20"}),
        facts=facts,
    ) == [
        (
            one,
            "10.96.0.0/16 overlaps 10.96.16.0/20 of develop/platform at platform-platform-develop.yaml:5:11: tier prod"
            " needs a range of its own",
        ),
        (
            other,
            "10.96.16.0/20 overlaps 10.96.0.0/16 of live/platform at platform-platform-live.yaml:5:11: tier prod needs"
            " a range of its own",
        ),
    ]


def test_the_rules_of_tier_prod_and_of_sidecars_point_at_their_values_too() -> None:
    facts = {"live": EnvironmentFacts("prod")}
    peerings = {"data": {"vpcId": "vpc-0a1b2c3d", "cidr": "10.50.0.0/16"}}
    proxy = {"name": "orders", "image": "registry.example/proxy:1"}
    found = pointed(
        platform("live", network={"nat": "single", "peerings": peerings}, cluster={"spot": True}),
        service("orders", environments=["live"], scaling={"min": 1, "max": 2}, sidecars=[proxy]),
        facts=facts,
    )
    assert [value for value, _ in found] == ['"orders"', '"single"', "1", "true", "{"]


def test_all_other_places_of_a_name_are_listed() -> None:
    snapshot = build_from(platform(), service("audit"), module("audit"), other=to_yaml(service("audit")))
    assert [str(problem) for problem in snapshot.problems] == [
        "module-audit-develop.yaml:5:11: develop/audit is declared twice: also at other.yaml:5:11,"
        " service-audit-develop.yaml:5:11",
        "other.yaml:5:11: develop/audit is declared twice: also at module-audit-develop.yaml:5:11,"
        " service-audit-develop.yaml:5:11",
        "service-audit-develop.yaml:5:11: develop/audit is declared twice: also at module-audit-develop.yaml:5:11,"
        " other.yaml:5:11",
    ]
