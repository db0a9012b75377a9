"""A broken file does not affect other files, and no instance is removed by mistake."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.instance import Key
from desired_state.snapshot import Changes, build, diff
from tests.desired_state.manifests import (
    DEVELOP,
    FOUR,
    ROOTS,
    build_from,
    example_files,
    file_of,
    keys,
    known,
    messages,
    module,
    names,
    platform,
    repositories,
    service,
    to_yaml,
)


def test_a_dependency_on_a_broken_manifest_is_not_missing() -> None:
    snapshot = build_from(platform(), service("orders", dependsOn=["payments"]), service("payments", cpu=1))
    assert keys(snapshot) == {"develop/platform", "develop/orders"}
    assert Key("develop", "payments") in snapshot.instances[Key("develop", "orders")].depends_on
    assert snapshot.invalid == {"payments"}


def test_services_keep_the_dependency_on_a_broken_platform() -> None:
    good, bad = build_from(platform(), service()), build_from(platform(alb=None), service())
    orders = Key("develop", "orders")
    assert bad.instances == {orders: good.instances[orders]}
    assert bad.platforms == {"develop": Key("develop", "platform")}


def test_services_are_invalid_while_an_unreadable_file_may_hold_their_platform() -> None:
    snapshot = build_from(service(), module(), lost=b"\x00")
    assert messages(snapshot.problems) == ["the character U+0000 is not allowed: remove it"]
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
def test_a_file_with_unreadable_parts_stops_all_removal(content: bytes, invalid: set[str]) -> None:
    snapshot = build_from(platform(), broken=content)
    assert snapshot.unreadable == ("broken.yaml",)
    assert snapshot.invalid == invalid
    gone = Key("develop", "gone")
    assert diff(snapshot, {gone: "x"}) == Changes(
        changed=frozenset(snapshot.instances), removed=frozenset(), invalid=frozenset({gone}), unchanged=frozenset()
    )


def test_an_invalid_manifest_stops_only_the_removal_of_its_name() -> None:
    snapshot = build_from(platform(), service("bad", cpu=1))
    assert snapshot.unreadable == ()
    records = {Key("develop", "bad"): "x", Key("qa", "bad"): "x", Key("develop", "gone"): "x"}
    changes = diff(snapshot, records)
    assert changes.removed == {Key("develop", "gone")}
    assert changes.invalid == {Key("develop", "bad"), Key("qa", "bad")}


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
    """Draw the example repository with one to three random edits in one of its files."""
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
def test_no_damage_makes_build_raise_or_removes_a_broken_manifest(files: dict[str, bytes]) -> None:
    snapshot = build(commit="c", files=files, roots=ROOTS, environments=FOUR)
    changes = diff(snapshot, known(build(commit="c", files=example_files(), roots=ROOTS, environments=FOUR)))
    assert list(snapshot.problems) == sorted(snapshot.problems)
    assert not (snapshot.unreadable and changes.removed)
    assert not {key.name for key in changes.removed} & snapshot.invalid
