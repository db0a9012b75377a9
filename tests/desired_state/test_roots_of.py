"""Environments with a Terraform source of their own."""

from desired_state.snapshot import build, diff
from tests.desired_state.manifests import FOUR, ROOTS, example_files

CHANGED = {**ROOTS, "roots/service/main.tf": b"# another version"}


def test_an_environment_with_its_own_source_has_its_own_trees() -> None:
    files = example_files()
    common = build(commit="c", files=files, roots=ROOTS, environments=FOUR)
    split = build(commit="c", files=files, roots=ROOTS, environments=FOUR, roots_of={"prod": CHANGED})
    changed = {key for key, one in split.instances.items() if one.tree_id != common.instances[key].tree_id}
    services = {key for key, one in common.instances.items() if one.kind == "Service"}
    assert changed == {key for key in services if key.environment == "prod"}
    for key in changed:
        assert split.instances[key].source_digest != common.instances[key].source_digest, (
            "a changed tree makes the instance due"
        )
        assert split.instances[key].tree_id in split.trees


def test_an_unreadable_source_removes_nothing_and_does_not_affect_other_environments() -> None:
    before = build(commit="c", files=example_files(), roots=ROOTS, environments=FOUR)
    known = {key: one.source_digest for key, one in before.instances.items()}
    sources = {"prod": None, "qa": ROOTS}
    snapshot = build(commit="c", files=example_files(), roots=ROOTS, environments=FOUR, roots_of=sources)
    assert {key.environment for key in snapshot.instances} == {"develop", "test", "qa"}
    changes = diff(snapshot, known)
    assert changes.invalid == {key for key in known if key.environment == "prod"}
    assert not changes.removed
    assert not changes.changed
    assert any("could not be read" in problem.message for problem in snapshot.problems)
