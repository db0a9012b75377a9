"""The newcomer's page of CONTRIBUTING.md names every file that a manifest field touches, in order, and no other.

The page is held to the field that it takes as its example, `spec.stopTimeout`.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import pytest

from tests.structure.sources import ROOT

HEADING = "## Add a manifest field that reaches the task definition\n"
FIELD = re.compile(r"stop_?timeout", re.IGNORECASE)
# In which order the layers come, by how their paths begin.
LAYERS = (
    "desired_state/",
    "reconciler/core/",
    "terraform/modules/",
    "terraform/roots/",
    "tests/",
    "docs/",
    "CHANGELOG.md",
)
# These follow the code of both Terraform layers.
AFTER_TERRAFORM = re.compile(r"terraform/examples/.*|.*/README\.md")
PATH = r"`([\w./-]+\.\w+)`"

Tree = Mapping[str, str]


def page() -> str:
    """Return the section of CONTRIBUTING.md."""
    _, found, rest = (ROOT / "CONTRIBUTING.md").read_text().partition(HEADING)
    assert found, f"CONTRIBUTING.md has no section {HEADING!r}"
    return rest.partition("\n## ")[0]


def tracked() -> Tree:
    """Return the text of every file that Git tracks, by its path, and of those that are new."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [path for path in listing.stdout.split("\0") if path and (ROOT / path).is_file()]
    return {path: (ROOT / path).read_text(errors="replace") for path in paths}


def steps(text: str) -> list[str]:
    """Return the numbered items of the page, each on one line."""
    items = re.findall(r"^\d+\. (.*(?:\n +.*)*)", text, re.MULTILINE)
    return [" ".join(item.split()) for item in items]


def files_of(step: str) -> list[str]:
    """Return the files that a step touches: the paths before its colon."""
    return re.findall(PATH, step.partition("`:")[0] + "`")


def guards_of(step: str) -> list[str]:
    """Return the tests that fail when the step is forgotten."""
    return re.findall(PATH, step.partition("Guard: ")[2])


def layer(path: str) -> int:
    """Return the place of a path in LAYERS. Raises ValueError for a path of no layer."""
    if AFTER_TERRAFORM.fullmatch(path):
        return LAYERS.index("terraform/roots/")
    for place, start in enumerate(LAYERS):
        if path.startswith(start):
            return place
    raise ValueError(f"{path} is in no layer of the page")


def absent(text: str, tree: Tree) -> Iterator[str]:
    """Yield every path of the page that is no file."""
    for path in re.findall(PATH, text):
        if "/" in path and path not in tree:
            yield f"{path} does not exist"


def without_the_field(text: str, tree: Tree) -> Iterator[str]:
    """Yield every file of a step that does not carry the field."""
    for step in steps(text):
        for path in files_of(step) or [step]:
            if not FIELD.search(tree.get(path, "")):
                yield f"{path} does not carry the field"


def out_of_order(text: str, _: Tree) -> Iterator[str]:
    """Yield every file that comes after one of a later layer."""
    paths = [path for step in steps(text) for path in files_of(step)]
    for before, after in pairwise(paths):
        if layer(after) < layer(before):
            yield f"{after} comes after {before}"


def unnamed(text: str, tree: Tree) -> Iterator[str]:
    """Yield every file of code that carries the field and that the page does not name. Prose may speak of it freely."""
    named = set(re.findall(PATH, text))
    for path, content in tree.items():
        if not path.endswith(".md") and path not in named and FIELD.search(content):
            yield f"{path} carries the field and is not on the page"


def unguarded(text: str, _: Tree) -> Iterator[str]:
    """Yield every step of the product, not of tests or words, without a test that fails when it is forgotten."""
    for step in steps(text):
        first = (files_of(step) or [step])[0]
        if not first.startswith(("tests/", "CHANGELOG")) and not guards_of(step):
            yield f"{first} has no guard"
        for guard in guards_of(step):
            if not re.fullmatch(r"tests/.*/test_\w+\.py", guard):
                yield f"{guard} is no test"


CHECKS = (absent, without_the_field, out_of_order, unnamed, unguarded)


@pytest.mark.parametrize("check", CHECKS)
def test_the_page_is_true(check: Callable[[str, Tree], Iterator[str]]) -> None:
    assert list(check(page(), tracked())) == []


def test_the_page_goes_from_the_manifest_to_the_changelog() -> None:
    paths = [path for step in steps(page()) for path in files_of(step)]
    assert {layer(path) for path in paths} == set(range(len(LAYERS)))
    assert page().count("\n") <= 60, "it is one page"
    assert max(map(len, page().splitlines())) <= 120


GOOD = """
1. `desired_state/a.py`: the field. Guard: `tests/core/test_a.py`.
2. `terraform/modules/service/a.tf`,
   `terraform/roots/service/a.tf`: it too. Guard: `tests/core/test_a.py`.
3. `tests/core/test_a.py`: its test.
"""
CARRIES = {path: "stop_timeout" for step in steps(GOOD) for path in files_of(step)}


def test_a_good_page_has_no_problems() -> None:
    assert len(CARRIES) == 4
    assert [problem for check in CHECKS for problem in check(GOOD, CARRIES)] == []


@pytest.mark.parametrize(
    ("check", "text", "tree", "problem"),
    [
        (absent, GOOD + "See `docs/b.md`.", CARRIES, "docs/b.md does not exist"),
        (without_the_field, GOOD, CARRIES | {"desired_state/a.py": "timeout"}, "desired_state/a.py does not carry"),
        (without_the_field, GOOD + "4. Look around.\n", CARRIES, "Look around. does not carry"),
        (out_of_order, GOOD + "4. `reconciler/core/a.py`: late.\n", CARRIES, "core/a.py comes after tests/core/test_a"),
        (unnamed, GOOD, CARRIES | {"reconciler/b.py": "stopTimeout"}, "reconciler/b.py carries the field"),
        (unguarded, GOOD.replace(" Guard: `tests/core/test_a.py`.", "", 1), CARRIES, "desired_state/a.py has no guard"),
        (unguarded, GOOD.replace("Guard: `tests/core/test_a.py`", "Guard: `a/b.py`"), CARRIES, "a/b.py is no test"),
    ],
)
def test_each_check_finds_what_it_looks_for(
    check: Callable[[str, Tree], Iterator[str]], text: str, tree: Tree, problem: str
) -> None:
    found = list(check(text, tree))
    assert found
    assert problem in found[0]


def test_a_path_of_no_layer_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"Makefile\.x is in no layer"):
        layer("Makefile.x")
