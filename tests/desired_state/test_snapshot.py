"""Snapshots: the instances of a commit, and the changes since the known ones."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.instance import Key
from desired_state.snapshot import Changes, build, diff
from tests.desired_state.manifests import (
    DEVELOP,
    FOUR,
    ROOTS,
    build_from,
    example_files,
    keys,
    known,
    messages,
    module,
    platform,
    repositories,
    service,
    to_yaml,
)

ACCOUNT = Path(__file__).parents[2] / "terraform" / "roots" / "account" / "variables.tf"


def test_the_examples_are_a_complete_repository() -> None:
    environments = FOUR | {"account": EnvironmentFacts("prod")}
    roots = ROOTS | {"roots/account/variables.tf": ACCOUNT.read_bytes()}
    snapshot = build(commit="c1", files=example_files(), roots=roots, environments=environments)
    assert snapshot.problems == ()
    manifests = ("platform", "orders", "catalog", "payments", "ledger")
    assert keys(snapshot) == {f"{environment}/{name}" for environment in FOUR for name in manifests} | {
        "account/account"
    }
    assert snapshot.platforms == {environment: Key(environment, "platform") for environment in FOUR}
    assert snapshot.commit == "c1"


def test_dependencies_and_the_platform_come_first() -> None:
    snapshot = build(commit="c1", files=example_files(), roots=ROOTS, environments={"develop": FOUR["develop"]})
    assert [key.name for key in snapshot.order()] == ["platform", "catalog", "payments", "ledger", "orders"]
    assert snapshot.dependants(Key("develop", "payments")) == {Key("develop", "ledger"), Key("develop", "orders")}


def test_a_snapshot_has_the_trees_of_its_instances_by_id() -> None:
    snapshot = build_from(platform(), service())
    instance = snapshot.instances[Key("develop", "orders")]
    assert set(snapshot.trees[instance.tree_id]) == {"roots/service/main.tf", "modules/service/main.tf"}
    assert set(snapshot.trees) == {one.tree_id for one in snapshot.instances.values()}


def test_files_in_dot_folders_and_files_that_are_not_yaml_are_ignored() -> None:
    files = {".github/x.yaml": b"a: 1", "a/.b/c.yml": b"a: 1", "README.md": b"#", "platform.yml": to_yaml(platform())}
    snapshot = build(commit="c", files=files, roots=ROOTS, environments=DEVELOP)
    assert (keys(snapshot), snapshot.problems) == (frozenset({"develop/platform"}), ())


def test_an_unknown_environment_is_a_problem_with_a_suggestion() -> None:
    snapshot = build_from(platform(), service(environments=["develop", "develp"]))
    assert messages(snapshot.problems) == ['there is no environment "develp": remove it']
    assert keys(snapshot) == {"develop/platform", "develop/orders"}
    assert snapshot.invalid == {"orders"}


def test_an_environment_with_a_platform_that_is_not_configured_is_served_elsewhere() -> None:
    snapshot = build_from(platform(), platform("qa"), service(environments=["develop", "qa"]))
    assert snapshot.problems == ()
    assert keys(snapshot) == {"develop/platform", "develop/orders"}
    assert snapshot.elsewhere == {Key("qa", "platform"), Key("qa", "orders")}
    records = {Key("qa", "orders"): "sha256:x"} | known(snapshot)
    assert diff(snapshot, records).removed == frozenset(), "another daemon serves it"


def test_without_configuration_every_environment_is_accepted() -> None:
    assert keys(build_from(service(environments=["a", "b"]), environments=None)) == {"a/orders", "b/orders"}


def test_a_service_needs_a_platform_and_a_module_does_not() -> None:
    snapshot = build_from(service(), module())
    assert messages(snapshot.problems) == ["develop has no Platform: a service needs one to run in"]
    assert keys(snapshot) == {"develop/audit"}
    assert snapshot.instances[Key("develop", "audit")].depends_on == frozenset()


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
def test_an_accepted_snapshot_has_no_changes(manifests: list[dict[str, Any]]) -> None:
    snapshot = build_from(platform(), *manifests)
    changes = diff(snapshot, known(snapshot))
    assert (changes.changed, changes.removed, changes.invalid) == (frozenset(), frozenset(), frozenset())


def test_removed_changed_and_new_manifests_are_told_apart() -> None:
    before = build_from(platform(), service("a"), service("b"), service("c"))
    after = build_from(platform(), service("a"), service("b", memory=1024), service("d"))
    assert diff(after, known(before)) == Changes(
        changed=frozenset({Key("develop", "b"), Key("develop", "d")}),
        removed=frozenset({Key("develop", "c")}),
        invalid=frozenset(),
        unchanged=frozenset({Key("develop", "a"), Key("develop", "platform")}),
    )
