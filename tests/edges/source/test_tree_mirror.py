"""Terraform roots from real Git: several refs of one repository, and missing refs."""

import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from desired_state.files.tree import Executable, Unavailable
from reconciler.core.ports.source import Revision
from reconciler.edges.source.repository import Access
from reconciler.edges.source.terraform_roots import Ref, RootsSource
from reconciler.edges.source.tree_mirror import FoundTree, MissingTree, TreeMirror
from reconciler.edges.store import trees
from tests.edges.source.author import TIMEOUT, WHEN, Author

ROOT = "roots/service/main.tf"


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


def mirror(author: Author, path: str = ".") -> TreeMirror:
    return TreeMirror(author.bare.parent / "roots-mirror.git", author.url, path, Access(TIMEOUT))


def tag(author: Author, name: str) -> None:
    author.git("push", "--quiet", "--force", str(author.bare), f"HEAD:refs/tags/{name}")


def tree_of(found: FoundTree | MissingTree) -> FoundTree:
    assert isinstance(found, FoundTree), found
    return found


def test_a_branch_a_tag_and_a_commit_are_read_side_by_side(author: Author) -> None:
    first = author.push(**{ROOT: "# 1", "README.md": "one", ".github/x.tf": "no"})
    tag(author, "v1")
    author.push(**{ROOT: "# 2"})
    found = {ref: tree_of(one) for ref, one in mirror(author).read(["main", "v1", first]).items()}
    assert {ref: one.tree[ROOT] for ref, one in found.items()} == {"main": b"# 2", "v1": b"# 1", first: b"# 1"}
    assert found["v1"].tree.keys() == {ROOT, "README.md", ".github/x.tf"}, "nothing is left out in silence"
    assert not any(one.problem for one in found.values())


def test_a_folder_of_the_repository_may_hold_the_roots(author: Author) -> None:
    author.push(**{f"terraform/{ROOT}": "# here", "app/main.tf": "# not here"})
    assert tree_of(mirror(author, "terraform").read(["main"])["main"]).tree == {ROOT: b"# here"}


def test_a_moved_ref_is_followed(author: Author) -> None:
    author.push("stable", **{ROOT: "# 1"})
    tag(author, "v1")
    follower = mirror(author)
    follower.read(["stable", "v1"])
    author.git("checkout", "--quiet", "--orphan", "other")
    author.push("stable", **{ROOT: "# 2"})
    tag(author, "v1")
    assert [tree_of(one).tree[ROOT] for one in follower.read(["stable", "v1"]).values()] == [b"# 2", b"# 2"]


def test_a_deleted_ref_keeps_the_last_good_tree_across_a_restart(author: Author) -> None:
    author.push("stable", **{ROOT: "# 1"})
    mirror(author).read(["stable"])
    author.git("push", "--quiet", "--force", str(author.bare), "HEAD:refs/heads/main", ":refs/heads/stable")
    found = mirror(author).read(["stable", "main"])
    assert tree_of(found["stable"]).tree == {ROOT: b"# 1"}
    assert "has no branch, tag or commit 'stable'" in str(found["stable"].problem)
    assert "stays in use" in str(found["stable"].problem)
    assert found["main"].problem is None, "a problem of one ref does not affect another"


def test_an_unavailable_remote_keeps_every_tree(author: Author) -> None:
    author.push(**{ROOT: "# 1"})
    follower = mirror(author)
    follower.read(["main"])
    away = author.bare.rename(author.bare.with_suffix(".away"))
    for reader in (follower, mirror(author)):
        found = tree_of(reader.read(["main"])["main"])
        assert found.tree == {ROOT: b"# 1"}
        assert "stays in use" in str(found.problem)
    away.rename(author.bare)
    assert follower.read(["main"])["main"].problem is None


def test_a_ref_that_never_existed_has_no_tree(author: Author) -> None:
    author.push(**{ROOT: "# 1"})
    missing = mirror(author).read(["v9"])["v9"]
    assert isinstance(missing, MissingTree)
    assert "'v9'" in missing.problem


@pytest.mark.parametrize("ref", ["--upload-pack=touch /tmp/x", "main:evil", "../../x", "a b", "main^{tree}", ""])
def test_a_hostile_ref_is_refused_by_name(author: Author, ref: str) -> None:
    author.push(**{ROOT: "# 1"})
    missing = mirror(author).read([ref])[ref]
    assert isinstance(missing, MissingTree)
    assert "is not a branch name" in missing.problem


def test_a_branch_named_like_a_commit_id_is_not_that_commit(author: Author) -> None:
    first = author.push(**{ROOT: "# wanted"})
    author.push(**{ROOT: "# other"})
    author.git("push", "--quiet", str(author.bare), f"HEAD:refs/heads/{first}")
    assert tree_of(mirror(author).read([first])[first]).tree[ROOT] == b"# wanted"


def test_what_cannot_be_handed_to_terraform_is_in_the_tree_with_its_reason(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 7\n"
    author.push(**{ROOT: "# 1", "run.sh": "#!/bin/sh", "data.zip": pointer, "big.bin": "x" * 2000})
    (author.tree / "run.sh").chmod(0o755)
    (author.tree / "link.tf").symlink_to("/etc/passwd")
    commit = author.push()
    author.git("update-index", "--add", "--cacheinfo", f"160000,{commit},other")
    author.git("commit", "--quiet", "-m", "submodule")
    author.git("push", "--quiet", str(author.bare), "HEAD:refs/heads/main")
    monkeypatch.setattr(trees, "LARGEST_FILE", 1500)
    tree = tree_of(mirror(author).read(["main"])["main"]).tree
    assert tree[ROOT] == b"# 1"
    assert tree["run.sh"] == Executable(b"#!/bin/sh")
    refused = {path: content.decode() for path, content in tree.items() if isinstance(content, Unavailable)}
    words = {"link.tf": "is a symlink", "other": "is a submodule", "data.zip": "Git LFS", "big.bin": "is larger than"}
    assert refused.keys() == words.keys()
    assert all(word in refused[path] for path, word in words.items())


@pytest.mark.parametrize("damage", ["objects", "reference"])
def test_a_damaged_mirror_is_cloned_anew(author: Author, damage: str) -> None:
    author.push(**{ROOT: "# 1"})
    mirror(author).read(["main"])
    kept = author.bare.parent / "roots-mirror.git"
    if damage == "objects":
        shutil.rmtree(kept / "objects")
    else:
        (kept / "refs" / "heads" / "main").write_text("nonsense")
    assert tree_of(mirror(author).read(["main"])["main"]).problem is None


@dataclass
class Manifests:
    """A source of manifests that records its calls."""

    calls: list[object] = field(default_factory=list)

    async def fetch(self) -> Revision:
        return Revision("c1", WHEN, {"a.yaml": b"a"})

    async def wait(self, longest: timedelta) -> None:
        self.calls.append(longest)

    def nudge(self) -> None:
        self.calls.append("nudge")


async def test_every_environment_gets_the_tree_of_its_ref_and_problems_name_the_setting(author: Author) -> None:
    author.push(**{ROOT: "# 1"})
    tag(author, "v1")
    author.push(**{ROOT: "# 2"})
    refs = {
        "develop": Ref("main", "terraform.source.git.ref"),
        "prod": Ref("v1", "environments.prod.source.ref"),
        "qa": Ref("v9", "environments.qa.source.ref"),
    }
    manifests = Manifests()
    both = RootsSource(manifests, mirror(author), refs)
    revision = await both.fetch()
    assert (revision.commit, revision.files) == ("c1", {"a.yaml": b"a"})
    assert revision.roots_of == {"develop": {ROOT: b"# 2"}, "prod": {ROOT: b"# 1"}, "qa": None}
    assert list(revision.troubles) == ["environments.qa.source.ref"]
    await both.wait(timedelta(seconds=5))
    both.nudge()
    assert manifests.calls == [timedelta(seconds=5), "nudge"]


def test_the_credentials_of_the_url_are_in_no_problem(tmp_path: Path) -> None:
    secret = "hunter2-canary"
    url = f"https://robot:{secret}@127.0.0.1:9/roots.git"
    found = TreeMirror(tmp_path / "mirror.git", url, ".", Access(timedelta(seconds=20))).read(["main"])["main"]
    assert isinstance(found, MissingTree)
    assert secret not in found.problem
