"""Manifests of an earlier version are read as those of the current one, and rewritten without another difference."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.kinds.manifest import read
from desired_state.kinds.versions import CURRENT, FORMER, current, renames
from desired_state.migration.upgrading import upgrade
from desired_state.reading.document import parse
from desired_state.snapshot import build
from tests.desired_state.manifests import DEVELOP, ROOTS, platform, services, to_yaml

OLD = """\
# Orders, before its field had another name.
apiVersion: reconciler/v1beta1  # a version
kind: Service
metadata: {name: orders}
spec:
  environments: [develop]
  type: internal
  runtime: python
  repository: acme/orders
  image: {tag: v1}
  cpu: 256
  memory: 512
  scaling: {min: 1, max: 2}
  "migration":   # runs first
    command: [migrate, migration]
overrides:
  develop: {migration: {timeout: 5m}, env: {migration: "migration: x"}}
"""
NEW = (
    OLD.replace("v1beta1", "v1")
    .replace('"migration":', '"preDeployment":')
    .replace("{migration: {timeout", "{preDeployment: {timeout")
)


def snapshot(text: str) -> Any:
    return build(
        commit="c", files={"a.yaml": text.encode(), "p.yaml": to_yaml(platform())}, roots=ROOTS, environments=DEVELOP
    )


def test_an_earlier_version_is_read_as_the_current_one() -> None:
    old, new = snapshot(OLD), snapshot(NEW)
    assert (old.problems, new.problems) == ((), ())
    assert old.instances == new.instances, "migrating plans nothing: the digests are those of before"
    assert [str(note) for note in old.deprecated] == [
        "a.yaml:2:13: reconciler/v1beta1 is deprecated: reconciler/v1 is current, and `reconciler migrate` writes it",
        "a.yaml:14:3: migration is called preDeployment since reconciler/v1: `reconciler migrate` renames it",
        "a.yaml:17:13: migration is called preDeployment since reconciler/v1: `reconciler migrate` renames it",
    ]
    assert new.deprecated == ()


def test_a_file_is_rewritten_at_the_places_that_are_out_of_date() -> None:
    for text in (OLD, OLD.replace("\n", "\r\n"), "\ufeff" + OLD, f"{OLD}---\n{OLD}"):
        found = upgrade("a.yaml", text.encode())
        expected = text.replace("v1beta1", "v1").replace('"migration":', '"preDeployment":')
        expected = expected.replace("{migration: {timeout", "{preDeployment: {timeout")
        assert found.content is not None
        assert found.content.decode() == expected
        assert upgrade("a.yaml", found.content).content is None


def test_problems_have_the_names_of_now_at_the_places_of_then() -> None:
    (problem,) = snapshot(OLD.replace("[migrate, migration]", "[]")).problems
    assert str(problem) == "a.yaml:15:14: spec.preDeployment.command needs at least 1"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (OLD.replace("v1beta1", "v1"), 'unknown field "migration"'),
        (NEW.replace("reconciler/v1 ", "reconciler/v0 "), '"reconciler/v0" is not a choice for apiVersion'),
        (OLD.replace("overrides:", "  preDeployment: {command: [a]}\noverrides:"), 'unknown field "migration"'),
    ],
)
def test_a_name_counts_in_its_version_only(changed: str, says: str) -> None:
    assert any(says in problem.message for problem in snapshot(changed).problems)


@pytest.mark.parametrize("text", ["", "a: [", OLD.replace("[migrate,", "*x"), OLD + "kind: Service\n", "\x00", "- 1\n"])
def test_what_is_not_read_is_not_rewritten(text: str) -> None:
    assert upgrade("a.yaml", text.encode()).content is None


@pytest.mark.parametrize("written", [">-\n  reconciler/v1beta1\n", '"reconciler/v1bet\\x61\\u0031"'])
def test_a_word_that_is_not_written_as_it_is_stays_for_its_author(written: str) -> None:
    found = upgrade("a.yaml", OLD.replace("reconciler/v1beta1  # a version", written).encode())
    assert found.content is None
    assert [problem.message for problem in found.problems] == [
        f"cannot be rewritten: write {CURRENT} and the new names"
    ]


def former(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest in the words of the oldest version."""
    changed = {**manifest, "apiVersion": next(iter(FORMER))}
    rows = [row for version in FORMER.values() for row in version if row.kind == manifest["kind"]]
    assert all(row.around == () for row in rows)
    parts = [changed["spec"], *changed.get("overrides", {}).values()]
    for row in rows:
        parts = [{row.old if name == row.new else name: value for name, value in part.items()} for part in parts]
    changed["spec"] = parts[0]
    if "overrides" in changed:
        changed["overrides"] = dict(zip(changed["overrides"], parts[1:], strict=True))
    return changed


@settings(max_examples=60)
@given(manifest=services(), style=st.sampled_from([None, '"', "'"]), flow=st.sampled_from([None, False, True]))
def test_each_service_of_then_is_the_service_of_now(
    manifest: dict[str, Any], style: str | None, flow: bool | None
) -> None:
    text = yaml.safe_dump(former(manifest), default_style=style, default_flow_style=flow, sort_keys=False)
    (document,) = parse("a.yaml", text.encode()).documents
    if document.problems:
        return  # YAML of the other writer that this project reads strictly
    upgraded = upgrade("a.yaml", text.encode())
    assert upgraded.content is not None
    (after,) = parse("a.yaml", upgraded.content).documents
    assert read(after) == read(current(document)[0])
    assert len(upgraded.content.splitlines()) == len(text.splitlines())
    assert renames(after) == ()
    assert after.data["apiVersion"] == CURRENT
