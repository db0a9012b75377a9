"""Terraform trees on disk: which files are read, and which trees are refused."""

import os
from pathlib import Path

import pytest

from desired_state.files.tree import tree_id
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


def test_what_cannot_be_handed_to_terraform_is_named_and_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "LARGEST_FILE", 200)
    (tmp_path / "big.tf").write_bytes(b"x" * 201)
    (tmp_path / "link.tf").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "lambda.zip").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    tree = read_tree(tmp_path)
    words = {"big.tf": "is larger", "link.tf": "is a symlink", "pipe": "neither a file", "lambda.zip": "Git LFS"}
    assert tree.keys() == words.keys()
    for path, word in words.items():
        with pytest.raises(TreeFailed, match=f"{path} .*{word}"):
            write_tree({path: tree[path]}, tmp_path / "out")
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
