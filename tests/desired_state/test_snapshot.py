"""A commit as a whole: what is there, what is wrong, what changed, and that trouble stays where it is."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.checks import EnvironmentFacts, Tier
from desired_state.instance import Key
from desired_state.snapshot import Changes, Snapshot, build, diff
from tests.desired_state.manifests import (
    DEVELOP,
    ROOTS,
    build_from,
    example_files,
    file_of,
    messages,
    module,
    names,
    platform,
    public,
    service,
    services,
    to_yaml,
)

TIERS: tuple[Tier, ...] = ("develop", "test", "qa", "prod")
FOUR: dict[str, EnvironmentFacts] = {tier: EnvironmentFacts(tier) for tier in TIERS}


def keys(snapshot: Snapshot) -> frozenset[str]:
    return frozenset(map(str, snapshot.instances))


def known(snapshot: Snapshot) -> dict[Key, str]:
    return {key: instance.source_digest for key, instance in snapshot.instances.items()}


def test_the_examples_are_a_whole_repository() -> None:
    snapshot = build(commit="c1", files=example_files(), roots=ROOTS, environments=FOUR)
    assert snapshot.problems == ()
    manifests = ("platform", "orders", "catalog", "payments", "ledger")
    assert keys(snapshot) == {f"{environment}/{name}" for environment in FOUR for name in manifests}
    assert snapshot.platforms == {environment: Key(environment, "platform") for environment in FOUR}
    assert snapshot.commit == "c1"


def test_dependencies_and_the_platform_come_first() -> None:
    snapshot = build(commit="c1", files=example_files(), roots=ROOTS, environments={"develop": FOUR["develop"]})
    assert [key.name for key in snapshot.order()] == ["platform", "catalog", "payments", "ledger", "orders"]
    assert snapshot.dependants(Key("develop", "payments")) == {Key("develop", "ledger"), Key("develop", "orders")}


def test_trees_are_given_by_id() -> None:
    snapshot = build_from(platform(), service())
    instance = snapshot.instances[Key("develop", "orders")]
    assert set(snapshot.trees[instance.tree_id]) == {"roots/service/main.tf", "modules/service/main.tf"}
    assert set(snapshot.trees) == {one.tree_id for one in snapshot.instances.values()}


def test_files_in_dot_folders_and_other_files_are_no_manifests() -> None:
    files = {".github/x.yaml": b"a: 1", "a/.b/c.yml": b"a: 1", "README.md": b"#", "platform.yml": to_yaml(platform())}
    snapshot = build(commit="c", files=files, roots=ROOTS, environments=DEVELOP)
    assert (keys(snapshot), snapshot.problems) == (frozenset({"develop/platform"}), ())


def test_an_unknown_environment_is_a_problem_with_a_suggestion() -> None:
    snapshot = build_from(platform(), service(environments=["develop", "develp"]))
    assert messages(snapshot.problems) == ['there is no environment "develp": did you mean "develop"?']
    assert keys(snapshot) == {"develop/platform", "develop/orders"}
    assert snapshot.invalid == {"orders"}


def test_an_environment_with_a_platform_that_is_not_configured_is_served_elsewhere() -> None:
    snapshot = build_from(platform(), platform("qa"), service(environments=["develop", "qa"]))
    assert snapshot.problems == ()
    assert keys(snapshot) == {"develop/platform", "develop/orders"}
    assert snapshot.elsewhere == {Key("qa", "platform"), Key("qa", "orders")}
    records = {Key("qa", "orders"): "sha256:x"} | known(snapshot)
    assert diff(snapshot, records).removed == frozenset(), "what somebody else serves is not ours to remove"


def test_without_configuration_every_environment_is_accepted() -> None:
    assert keys(build_from(service(environments=["a", "b"]), environments=None)) == {"a/orders", "b/orders"}


def test_a_service_needs_a_platform_and_a_module_does_not() -> None:
    snapshot = build_from(service(), module())
    assert messages(snapshot.problems) == ["develop has no Platform: a service needs one to run in"]
    assert keys(snapshot) == {"develop/audit"}
    assert snapshot.instances[Key("develop", "audit")].depends_on == frozenset()


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


# Trouble stays where it is


def test_a_dependency_on_something_broken_is_not_missing() -> None:
    snapshot = build_from(platform(), service("orders", dependsOn=["payments"]), service("payments", cpu=1))
    assert keys(snapshot) == {"develop/platform", "develop/orders"}
    assert Key("develop", "payments") in snapshot.instances[Key("develop", "orders")].depends_on
    assert snapshot.invalid == {"payments"}


def test_services_still_know_a_broken_platform() -> None:
    good, bad = build_from(platform(), service()), build_from(platform(alb=None), service())
    orders = Key("develop", "orders")
    assert bad.instances == {orders: good.instances[orders]}
    assert bad.platforms == {"develop": Key("develop", "platform")}


def test_a_platform_of_which_nothing_is_left_holds_its_services() -> None:
    snapshot = build_from(service(), module(), lost=b"\x00")
    assert messages(snapshot.problems) == ["the character U+0000 is not allowed"]
    assert (keys(snapshot), snapshot.invalid) == (frozenset({"develop/audit"}), frozenset({"orders"}))
    assert diff(snapshot, {Key("develop", "orders"): "x"}).invalid == {Key("develop", "orders")}


@pytest.mark.parametrize(
    ("content", "invalid"),
    [
        (b"\xff\xfe", set()),
        (b"apiVersion: reconciler/v1\nkind: Service\n", set()),
        (b"- a\n- b\n", set()),
        (b"kind: Service\nmetadata: {name: lost}\nspec: {\n", {"lost"}),
        (b"kind: Service\nmetadata: {name: lost}\nmetadata: {name: found}\n", {"lost"}),
        (b"kind: Service\nmetadata: {name: lost}\n--- {\n", {"lost"}),
        (to_yaml(service("lost")) + b"\n--- [\n", set()),
    ],
)
def test_a_file_that_may_hold_more_than_can_be_read_stops_all_removal(content: bytes, invalid: set[str]) -> None:
    snapshot = build_from(platform(), broken=content)
    assert snapshot.unreadable == ("broken.yaml",)
    assert snapshot.invalid == invalid
    gone = Key("develop", "gone")
    assert diff(snapshot, {gone: "x"}) == Changes(
        changed=frozenset(snapshot.instances), removed=frozenset(), invalid=frozenset({gone}), unchanged=frozenset()
    )


def test_a_bad_manifest_with_a_name_stops_the_removal_of_that_name_only() -> None:
    snapshot = build_from(platform(), service("bad", cpu=1))
    assert snapshot.unreadable == ()
    records = {Key("develop", "bad"): "x", Key("qa", "bad"): "x", Key("develop", "gone"): "x"}
    changes = diff(snapshot, records)
    assert changes.removed == {Key("develop", "gone")}
    assert changes.invalid == {Key("develop", "bad"), Key("qa", "bad")}


repositories = st.lists(
    services(st.sampled_from(["a", "b", "c", "d"])), unique_by=lambda one: one["metadata"]["name"], max_size=3
)
broken_files = (
    st.binary(max_size=40)
    | names.map(lambda name: f"kind: Service\nmetadata: {{name: {name}}}\nspec: {{".encode())
    | names.map(lambda name: f"kind: Platform\nmetadata: {{name: {name}}}\nspec: {{environments: [develop]}}".encode())
    | names.map(lambda name: to_yaml(service(name, dependsOn=["nowhere"], cpu=1)))
)


@settings(max_examples=25)
@given(repositories, broken_files)
def test_one_broken_file_never_changes_the_instances_of_others(manifests: list[dict[str, Any]], broken: bytes) -> None:
    before = build_from(platform(), *manifests)
    after = build_from(platform(), *manifests, broken=broken)
    assert after.instances == before.instances
    assert diff(after, known(before)).unchanged == before.instances.keys()


@settings(max_examples=25)
@given(repositories, st.data())
def test_breaking_one_file_keeps_its_instances_and_all_others(
    manifests: list[dict[str, Any]], data: st.DataObject
) -> None:
    everything = [platform(), *manifests]
    before = build_from(*everything)
    victim = data.draw(st.sampled_from(everything))
    content = to_yaml(victim)
    cut = data.draw(st.integers(0, len(content)))
    files = {file_of(one): to_yaml(one) for one in everything} | {file_of(victim): content[:cut] + b"\n\x00"}
    after = build(commit="c2", files=files, roots=ROOTS, environments=DEVELOP)
    own = Key("develop", victim["metadata"]["name"])
    assert diff(after, known(before)).removed == frozenset()
    assert all(after.instances[key] == before.instances[key] for key in after.instances)
    if victim["kind"] != "Platform":
        assert after.instances.keys() == before.instances.keys() - {own}


@settings(max_examples=25)
@given(repositories, st.lists(broken_files, max_size=2), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(
    manifests: list[dict[str, Any]], broken: list[bytes], random: Random
) -> None:
    files = {file_of(one): to_yaml(one) for one in [platform(), *manifests]}
    files |= {f"broken-{number}.yaml": content for number, content in enumerate(broken)}
    shuffled = list(files.items())
    random.shuffle(shuffled)
    one, other = (build(commit="c", files=each, roots=ROOTS, environments=DEVELOP) for each in (files, dict(shuffled)))
    assert one == other
    assert one.order() == other.order()


FRAGMENTS = [
    b"{",
    b"]",
    b": ",
    b"\n",
    b"- ",
    b"&a ",
    b"*a",
    b"!!int ",
    b"~",
    b"null",
    b"010",
    b"no",
    b'"',
    b"\n---\n",
    b"[1]",
]


@st.composite
def damaged_examples(draw: st.DrawFn) -> dict[str, bytes]:
    """The example repository after somebody's cat walked over one of its files."""
    files = example_files()
    path = draw(st.sampled_from(sorted(files)))
    content = files[path]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 20)))
        content = content[:start] + draw(st.binary(max_size=3) | st.sampled_from(FRAGMENTS)) + content[end:]
    return {**files, path: content}


@settings(max_examples=60)
@given(damaged_examples())
def test_no_damage_makes_build_raise_or_remove_what_is_broken(files: dict[str, bytes]) -> None:
    snapshot = build(commit="c", files=files, roots=ROOTS, environments=FOUR)
    changes = diff(snapshot, known(build(commit="c", files=example_files(), roots=ROOTS, environments=FOUR)))
    assert list(snapshot.problems) == sorted(snapshot.problems)
    assert not (snapshot.unreadable and changes.removed)
    assert not {key.name for key in changes.removed} & snapshot.invalid


# What changed

few_keys = st.builds(Key, st.sampled_from(["develop", "qa"]), st.sampled_from(["a", "b", "c", "platform"]))
records_of = st.dictionaries(few_keys, st.sampled_from(["old", "current"]))


@settings(max_examples=30)
@given(repositories, st.sampled_from([b"", b"\xff", to_yaml(service("c", cpu=1))]), records_of)
def test_every_key_is_in_exactly_one_set(
    manifests: list[dict[str, Any]], extra: bytes, digests: dict[Key, str]
) -> None:
    snapshot = build_from(platform(), *manifests, extra=extra)
    records = {
        key: snapshot.instances[key].source_digest if digest == "current" and key in snapshot.instances else digest
        for key, digest in digests.items()
    }
    changes = diff(snapshot, records)
    sets = (changes.changed, changes.removed, changes.invalid, changes.unchanged)
    assert sum(map(len, sets)) == len(snapshot.instances.keys() | records.keys())
    assert frozenset().union(*sets) == snapshot.instances.keys() | records.keys()
    assert changes.changed | changes.unchanged == snapshot.instances.keys()
    assert changes.removed | changes.invalid == records.keys() - snapshot.instances.keys()


@settings(max_examples=15)
@given(repositories)
def test_after_a_snapshot_was_accepted_nothing_has_changed(manifests: list[dict[str, Any]]) -> None:
    snapshot = build_from(platform(), *manifests)
    changes = diff(snapshot, known(snapshot))
    assert (changes.changed, changes.removed, changes.invalid) == (frozenset(), frozenset(), frozenset())


def test_a_removed_manifest_is_removed_and_a_changed_one_changed() -> None:
    before = build_from(platform(), service("a"), service("b"), service("c"))
    after = build_from(platform(), service("a"), service("b", memory=1024), service("d"))
    assert diff(after, known(before)) == Changes(
        changed=frozenset({Key("develop", "b"), Key("develop", "d")}),
        removed=frozenset({Key("develop", "c")}),
        invalid=frozenset(),
        unchanged=frozenset({Key("develop", "a"), Key("develop", "platform")}),
    )
