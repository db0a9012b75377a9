"""What is wrong between manifests is located, and takes out the instances concerned."""

from desired_state.checks import EnvironmentFacts
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


def test_a_cycle_is_printed_and_takes_out_its_members_only() -> None:
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


def test_a_service_does_not_wait_for_itself() -> None:
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


def test_a_second_platform_holds_both_and_the_services_between_them() -> None:
    snapshot = build_from(platform(), platform(name="other"), service(), module())
    assert messages(snapshot.problems) == [
        "develop has two Platforms: the other one is at platform-platform-develop.yaml:5:11",
        "develop has two Platforms: the other one is at platform-other-develop.yaml:5:11",
    ]
    assert keys(snapshot) == set()
    assert snapshot.invalid == {"platform", "other", "orders", "audit"}


def test_two_public_services_cannot_have_one_priority() -> None:
    snapshot = build_from(
        platform(), public("a", paths=["/a"], priority=5), public("b", paths=["/b"], priority=5), service("c")
    )
    assert [message.partition(" at ")[0] for message in messages(snapshot.problems)] == [
        "priority 5 is also that of develop/b",
        "priority 5 is also that of develop/a",
    ]
    assert keys(snapshot) == {"develop/platform", "develop/c"}


def test_a_path_that_another_service_takes_is_a_problem_of_both() -> None:
    snapshot = build_from(
        platform(),
        public("wide", paths=["/x", "/shop/*"], priority=5),
        public("narrow", paths=["/shop/cart/*", "/y"], priority=6),
        public("first", paths=["/shop/checkout"], priority=4),
    )
    assert [message.partition(" at ")[0] for message in messages(snapshot.problems)] == [
        'no request reaches "/shop/cart/*": "/shop/*" (priority 5) of develop/wide',
        '"/shop/*" (priority 5) takes all requests to "/shop/cart/*" of develop/narrow',
    ]
    assert keys(snapshot) == {"develop/platform", "develop/first"}


def test_routes_of_different_environments_do_not_meet() -> None:
    one = public("a", paths=["/*"], priority=5, environments=["develop"])
    other = public("b", paths=["/*"], priority=5, environments=["qa"])
    assert build_from(one, other, environments=None).problems == ()


def test_production_is_redundant_whatever_its_name() -> None:
    live = {"live": EnvironmentFacts("prod"), "develop": EnvironmentFacts("develop")}
    snapshot = build_from(
        platform("live", network={"nat": "single"}, cluster={"spot": True}),
        platform("develop", network={"nat": "single"}),
        service("orders", environments=["develop", "live"]),
        {**service("ledger", environments=["develop", "live"]), "overrides": {"live": {"scaling": {"min": 2}}}},
        environments=live,
    )
    assert messages(snapshot.problems) == [
        'nat "single" is not allowed in live (tier prod): write one_per_az',
        "spot is not allowed in live (tier prod), where AWS must not take tasks away",
        "scaling.min is 1, but live (tier prod) needs at least 2",
    ]
    assert keys(snapshot) == {"develop/platform", "develop/orders", "develop/ledger", "live/ledger"}


def test_a_tier_rule_points_into_the_override() -> None:
    text = to_yaml({**service(scaling={"min": 2}), "overrides": {"develop": {"scaling": {"min": 1}}}})
    files = {"a.yaml": text, "p.yaml": to_yaml(platform())}
    snapshot = build(commit="c", files=files, roots=ROOTS, environments={"develop": EnvironmentFacts("prod")})
    assert [problem.line for problem in snapshot.problems] == [text.decode().splitlines().index('    "min": 1') + 1]


def test_a_module_needs_a_root_that_exists() -> None:
    snapshot = build_from(platform(), module(root="audits"))
    assert messages(snapshot.problems) == ['there is no root "audits": did you mean "audit"?']
    assert build(commit="c", files={"a.yaml": to_yaml(module())}, roots={}, environments=None).problems == ()


def test_a_broken_root_is_reported_once_and_holds_what_uses_it() -> None:
    files = {file_of(one): to_yaml(one) for one in (platform(), service("a"), service("b"))}
    roots = {path: content for path, content in ROOTS.items() if path != "modules/service/main.tf"}
    snapshot = build(commit="c", files=files, roots=roots, environments=DEVELOP)
    assert [str(problem) for problem in snapshot.problems] == [
        'roots/service:1:1: the source "../../modules/service" in roots/service/main.tf does not exist'
    ]
    assert (keys(snapshot), snapshot.invalid) == (frozenset({"develop/platform"}), frozenset({"a", "b"}))


def test_a_sidecar_is_not_called_like_its_service() -> None:
    proxy = {"name": "orders", "image": "registry.example/proxy:1"}
    snapshot = build_from(platform(), service("orders", sidecars=[proxy]), service("ledger", sidecars=[proxy]))
    assert messages(snapshot.problems) == ['"orders" is the name of the service\'s own container']
    assert keys(snapshot) == {"develop/platform", "develop/ledger"}
