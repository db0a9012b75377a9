"""`validate` of a checkout and the daemon on its commit say the same, whatever is in the tree."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from desired_state.files.tree import LFS, SUBMODULE, SYMLINK
from desired_state.limits import LARGEST_FILE
from desired_state.located import Problem
from desired_state.snapshot import Snapshot, build
from reconciler.core.ports.source import Revision
from reconciler.edges.source.directory import read_directory
from reconciler.edges.source.git import read_revision
from tests.cli.conftest import Cli
from tests.cli.test_validate import GOOD
from tests.desired_state import large
from tests.desired_state.manifests import platform, to_yaml
from tests.edges.source.author import TIMEOUT, Author

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


@pytest.fixture
def odd(tmp_path: Path) -> Author:
    """Return an author whose repository holds good manifests, and everything else that Git can hold."""
    author = Author(tmp_path)
    files: dict[str, str | bytes] = {
        "platform.yaml": to_yaml(platform()),
        "shop/orders.yaml": GOOD,
        "shop/ledger.yml": GOOD.replace("name: orders", "name: ledger"),
        "shop/README.md": "# Shop",
        ".github/ci.yaml": "on: push",
        ".hidden.yaml": "[",
        "odd/empty.yaml": "",
        "odd/binary.yaml": b"\x00\x01\xff",
        "odd/latin.yaml": "name: gr\xfcn".encode("latin-1"),
        "odd/huge.yaml": b"#" * (LARGEST_FILE + 1),
        "odd/pointer.yaml": POINTER,
        "odd/new\nline.yaml": "a: 1",
        "odd/\u202egnp.yaml": "a: 1",
        "odd/folder.yaml/orders.txt": "no manifest",
        **large.one_priority(201),
    }
    author.push(**files)
    tree = author.tree
    Path(os.fsdecode(os.fsencode(tree / "odd") + b"/\xff.yaml")).write_text("a: 1")
    for name, target in {
        "same.yaml": "../shop/orders.yaml",
        "outside.yaml": "/etc/passwd",
        "dangling.yaml": "nothing",
        "loop.yaml": "loop.yaml",
        "loop": ".",
        "shop": "../shop",
        "LICENSE": "../shop/README.md",
        ".link": "../shop",
    }.items():
        (tree / "odd" / name).symlink_to(target)
    for name in ("vendor", "vendor.yaml"):
        (tree / name).mkdir()
        (tree / name / "a.yaml").write_text(GOOD)
        author.git("init", "--quiet", cwd=tree / name)
        author.git("add", "--all", cwd=tree / name)
        author.git("commit", "--quiet", "--message", "its own", cwd=tree / name)
    author.push()
    return author


def snapshot(revision: Revision) -> Snapshot:
    return build(commit="c", files=revision.files, roots={}, environments=None)


def shown(problems: tuple[Problem, ...]) -> list[dict[str, Any]]:
    return [{"path": one.path, "line": one.line, "column": one.column, "message": one.message} for one in problems]


def test_validate_of_a_checkout_says_what_the_daemon_says(
    odd: Author, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = snapshot(read_revision(odd.url, timeout=TIMEOUT))
    monkeypatch.chdir(odd.tree)
    said = json.loads(cli("validate", ".", "-o", "json").out)
    assert said == {
        "problems": shown(found.problems),
        "instances": [str(key) for key in sorted(found.instances)],
        "unchecked": shown(found.unchecked),
        "deprecated": shown(found.deprecated),
    }
    watched = snapshot(read_directory(odd.tree))
    assert (watched.problems, watched.unchecked, watched.instances) == (
        found.problems,
        found.unchecked,
        found.instances,
    )
    assert said["instances"] == ["develop/ledger", "develop/orders", "develop/platform"]


def test_each_odd_file_is_one_problem_of_its_path_and_what_is_no_manifest_is_none(odd: Author) -> None:
    found = snapshot(read_revision(odd.url, timeout=TIMEOUT))
    messages = {problem.path: problem.message for problem in found.problems}
    link = f"the file {SYMLINK}"
    assert {path: message for path, message in messages.items() if not path.startswith("services/")} == {
        "odd/\\u202egnp.yaml": messages["odd/new\\nline.yaml"],
        "odd/\\xff.yaml": messages["odd/new\\nline.yaml"],
        "odd/binary.yaml": messages["odd/binary.yaml"],
        "odd/dangling.yaml": link,
        "odd/huge.yaml": f"the file is larger than {LARGEST_FILE} bytes: split it",
        "odd/latin.yaml": "not UTF-8 text: save the file as UTF-8",
        "odd/loop.yaml": link,
        "odd/new\\nline.yaml": messages["odd/new\\nline.yaml"],
        "odd/outside.yaml": link,
        "odd/pointer.yaml": f"the file {LFS}",
        "odd/same.yaml": link,
        "vendor.yaml": f"the file {SUBMODULE}",
    }
    assert found.hidden == {
        "odd/LICENSE": SYMLINK,
        "odd/loop": SYMLINK,
        "odd/shop": SYMLINK,
        "vendor": SUBMODULE,
    }
