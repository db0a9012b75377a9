"""Terraform trees on disk: which files are read, and which trees are refused."""

from pathlib import Path

import pytest

from desired_state.tree import tree_id
from reconciler.edges.store import trees
from reconciler.edges.store.trees import DamagedTree, DirectoryTrees, TreeFailed, read_tree, write_tree

TREE = {"roots/service/main.tf": b"# main", "roots/service/.terraform.lock.hcl": b"# lock", "modules/a/b.tf": b""}


def test_states_plans_and_terraforms_own_folders_are_skipped(tmp_path: Path) -> None:
    write_tree(TREE, tmp_path)
    for extra in (".terraform/x", "roots/service/.terraform/providers/y", ".git/config"):
        write_tree({extra: b"no"}, tmp_path)
    for extra in ("terraform.tfstate", "roots/service/errored.tfstate", "terraform.tfstate.backup", "tfplan"):
        write_tree({extra: b"no"}, tmp_path)
    assert read_tree(tmp_path) == TREE


def test_symlinks_and_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "big.tf").write_bytes(b"12345")
    monkeypatch.setattr(trees, "LARGEST_FILE", 4)
    with pytest.raises(TreeFailed, match=r"big\.tf is larger"):
        read_tree(tmp_path)
    (tmp_path / "big.tf").unlink()
    (tmp_path / "link.tf").symlink_to("/etc/passwd")
    with pytest.raises(TreeFailed, match=r"link\.tf is a symlink"):
        read_tree(tmp_path)
    with pytest.raises(TreeFailed, match="is not a directory"):
        read_tree(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_paths_cannot_leave_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(TreeFailed, match="leaves the tree"):
        write_tree({name: b""}, tmp_path)


async def test_a_tree_has_a_folder_of_its_own(tmp_path: Path) -> None:
    await DirectoryTrees(tmp_path).put(tree_id(TREE), TREE)
    assert read_tree(tmp_path) == {f"{tree_id(TREE).removeprefix('sha256:')}/{name}": TREE[name] for name in TREE}


@pytest.mark.parametrize("extra", [{"modules/a/b.tf": b"changed"}, {"roots/new.tf": b""}])
async def test_a_damaged_tree_is_not_returned(tmp_path: Path, extra: dict[str, bytes]) -> None:
    archive = DirectoryTrees(tmp_path)
    await archive.put(tree_id(TREE), TREE)
    write_tree(extra, tmp_path / tree_id(TREE).removeprefix("sha256:"))
    with pytest.raises(DamagedTree):
        await archive.get(tree_id(TREE))
